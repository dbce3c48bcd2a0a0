"""Kernels on a weighted contraction: climbs to the root, sweeps down from it, and meetings of two climbs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.streets.ends import UNREACHED
from geo.streets.lanes import LANES, least_sum, relax, turn

_Ints = npt.NDArray[np.int32]


@compiled()
def chains(indptr: _Ints, nodes: _Ints, milliseconds: _Ints, lowest: _Ints) -> tuple[_Ints, _Ints, _Ints, _Ints, _Ints]:
    """Split the entries of each place into chains, each on one way to the root.

    Returns
    -------
    owner : int32[c], place of each chain; ascending
    leaf : int32[c], the entry that is farthest from the root
    entry_indptr : int32[c + 1]
    entries, entry_milliseconds : int32[e]
    """
    count = len(nodes)
    owner = np.empty(count, np.int32)
    leaf = np.empty(count, np.int32)
    entry_indptr = np.zeros(count + 1, np.int32)
    entries = np.empty(count, np.int32)
    entry_milliseconds = np.empty(count, np.int32)
    taken = np.zeros(count, np.uint8)
    found, top = 0, 0
    for place in range(len(indptr) - 1):
        left = indptr[place + 1] - indptr[place]
        while left > 0:
            deepest = -1
            for k in range(indptr[place], indptr[place + 1]):
                if not taken[k] and (deepest < 0 or nodes[k] < nodes[deepest]):
                    deepest = k
            for k in range(indptr[place], indptr[place + 1]):
                if not taken[k] and lowest[nodes[k]] <= nodes[deepest]:
                    taken[k] = 1
                    left -= 1
                    entries[top] = nodes[k]
                    entry_milliseconds[top] = milliseconds[k]
                    top += 1
            owner[found] = place
            leaf[found] = nodes[deepest]
            found += 1
            entry_indptr[found] = top
    return owner[:found], leaf[:found], entry_indptr[: found + 1], entries, entry_milliseconds


@compiled()
def climb(
    indptr: _Ints,
    head_depth: _Ints,
    parent: _Ints,
    depth: _Ints,
    weights: _Ints,
    leaf: int,
    entries: _Ints,
    milliseconds: _Ints,
    label: _Ints,
) -> None:
    """Fill ``label[k]`` with the time to the ancestor of ``leaf`` at depth ``k`` along upward edges."""
    for k in range(depth[leaf] + 1):
        label[k] = UNREACHED
    for k in range(len(entries)):
        at = depth[entries[k]]
        label[at] = min(label[at], milliseconds[k])
    node = leaf
    while node >= 0:
        here = label[depth[node]]
        if here < UNREACHED:
            for edge in range(indptr[node], indptr[node + 1]):
                at = head_depth[edge]
                label[at] = min(label[at], np.int32(here + weights[edge]))
        node = int(parent[node])


@compiled()
def climb_all(
    indptr: _Ints,
    head_depth: _Ints,
    parent: _Ints,
    depth: _Ints,
    weights: _Ints,
    leaves: _Ints,
    entry_indptr: _Ints,
    entries: _Ints,
    milliseconds: _Ints,
    labels: _Ints,
) -> None:
    """Climb from every chain into the rows of ``labels``."""
    for k in range(len(leaves)):
        begin, end = entry_indptr[k], entry_indptr[k + 1]
        climb(
            indptr, head_depth, parent, depth, weights, int(leaves[k]),
            entries[begin:end], milliseconds[begin:end], labels[k],
        )  # fmt: skip


@compiled()
def sweep(
    indptr: _Ints,
    heads: _Ints,
    head_depth: _Ints,
    parent: _Ints,
    depth: _Ints,
    climbing: _Ints,
    descending: _Ints,
    owner: _Ints,
    leaves: _Ints,
    entry_indptr: _Ints,
    entries: _Ints,
    milliseconds: _Ints,
    first: int,
    last: int,
    table: _Ints,
    touched: npt.NDArray[np.uint8],
    label: _Ints,
) -> None:
    """Fill ``table[:, k]`` with the times from the chains of place ``first + k`` (PHAST; Delling et al. 2011).

    ``touched`` uint8[size] is all 0 before and after; ``label`` holds as many numbers as there are levels.
    """
    begin = np.searchsorted(owner, first)
    end = np.searchsorted(owner, last)
    for chain in range(begin, end):
        lane = owner[chain] - first
        low, high = entry_indptr[chain], entry_indptr[chain + 1]
        node = int(leaves[chain])
        climb(indptr, head_depth, parent, depth, climbing, node, entries[low:high], milliseconds[low:high], label)
        while node >= 0:
            if not touched[node]:
                touched[node] = 1
                for k in range(LANES):
                    table[node, k] = UNREACHED
            table[node, lane] = min(table[node, lane], label[depth[node]])
            node = int(parent[node])
    for node in range(len(indptr) - 2, -1, -1):
        relax(table, heads, descending, indptr[node], indptr[node + 1], node, 1 - touched[node])
    for chain in range(begin, end):
        node = int(leaves[chain])
        while node >= 0 and touched[node]:
            touched[node] = 0
            node = int(parent[node])


@compiled()
def spread(table: _Ints, position: _Ints, copies: _Ints, first: int, last: int, out: _Ints) -> None:
    """Write lanes to rows ``first .. last - 1`` of ``out``, columns in the order of street nodes."""
    nodes = out.shape[1]
    lanes = last - first
    turned = nodes // LANES * LANES if lanes == LANES else 0
    for node in range(0, turned, LANES):
        turn(table, position, node, out, first * nodes, nodes)
    for node in range(turned, nodes):
        here = position[node]
        for lane in range(lanes):
            out[first + lane, node] = table[here, lane]
    for copy in range(len(copies)):
        here, node = position[nodes + copy], copies[copy]
        for lane in range(lanes):
            out[first + lane, node] = min(out[first + lane, node], table[here, lane])


@compiled()
def collect(table: _Ints, indptr: _Ints, nodes: _Ints, milliseconds: _Ints, first: int, last: int, out: _Ints) -> None:
    """Write lanes to rows ``first .. last - 1`` of ``out``, a column for each target's ends."""
    for lane in range(last - first):
        for column in range(len(indptr) - 1):
            best = np.int32(UNREACHED)
            for k in range(indptr[column], indptr[column + 1]):
                best = min(best, np.int32(table[nodes[k], lane] + milliseconds[k]))
            out[first + lane, column] = best


@compiled()
def meet(
    depth: _Ints,
    parent: _Ints,
    lowest: _Ints,
    from_owner: _Ints,
    from_leaf: _Ints,
    from_labels: _Ints,
    to_owner: _Ints,
    to_leaf: _Ints,
    to_labels: _Ints,
    order: npt.NDArray[np.int64],
    first: int,
    last: int,
    out: _Ints,
) -> None:
    """Lower ``out[origin, destination]`` by the meetings of climbs, for origin chains ``first .. last - 1``.

    Two climbs can meet only at common ancestors, which lie at the depths that both labels begin with (2-hop labels
    over the elimination tree). ``order`` sorts the destination leaves; labels are flat rows of a multiple of ``LANES``.
    """
    count = len(order)
    width = len(to_labels) // max(count, 1)
    shared = np.zeros(count, np.int32)
    for k in range(count - 1):
        shared[k] = _common(depth, parent, lowest, to_leaf[order[k]], to_leaf[order[k + 1]])
    for chain in range(first, last):
        leaf, row = from_leaf[chain], from_owner[chain]
        split = 0
        reach = count
        while split < reach:
            middle = (split + reach) >> 1
            if to_leaf[order[middle]] < leaf:
                split = middle + 1
            else:
                reach = middle
        for side in range(2):
            k = split if side == 0 else split - 1
            levels = 0
            while 0 <= k < count:
                if k == (split if side == 0 else split - 1):
                    levels = _common(depth, parent, lowest, leaf, to_leaf[order[k]])
                else:
                    levels = min(levels, int(shared[k - 1]) if side == 0 else int(shared[k]))
                if levels == 0:
                    break
                other = order[k]
                best = least_sum(from_labels, chain * width, to_labels, other * width, levels)
                column = to_owner[other]
                out[row, column] = min(out[row, column], best)
                k += 1 if side == 0 else -1


@compiled()
def _common(depth: _Ints, parent: _Ints, lowest: _Ints, one: int, other: int) -> int:
    """Return how many ancestors two nodes share, themselves counted."""
    low, high = min(one, other), max(one, other)
    node = int(high)
    while node >= 0 and lowest[node] > low:
        node = int(parent[node])
    return int(depth[node]) + 1 if node >= 0 else 0
