"""The way behind a time of a contraction hierarchy: two climbs, and their edges taken apart into arcs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.streets.contraction import Contraction, Customised
from geo.streets.ends import UNREACHED

_Ints = npt.NDArray[np.int32]


def way_of_meeting(
    contraction: Contraction,
    edges: Customised,
    weights: _Ints,
    seeds: _Ints,
    seed_milliseconds: _Ints,
    targets: _Ints,
    target_milliseconds: _Ints,
) -> tuple[int, int, int, _Ints]:
    """Return milliseconds, the numbers of seed and target (-1 where none is reached) and the rows between them.

    ``seeds`` and ``targets`` are nodes of the contraction with the milliseconds outside of it.
    """
    taken, source, target, way, way_up, length = _way(
        contraction.indptr, contraction.head_depth, contraction.parent, contraction.depth, contraction.lowest,
        edges.up, edges.down, seeds, seed_milliseconds, targets, target_milliseconds, contraction.levels,
    )  # fmt: skip
    rows, count = _unpacked(
        contraction.indptr, contraction.heads, contraction.edge_indptr, contraction.edge_rows, contraction.row_up,
        contraction.below_indptr, contraction.below_edges, contraction.below_tails,
        edges.up, edges.down, weights, contraction.levels, way, way_up, length,
    )  # fmt: skip
    return taken, source, target, rows[:count]


@compiled()
def _climb_with_edges(
    indptr: _Ints,
    head_depth: _Ints,
    parent: _Ints,
    depth: _Ints,
    weights: _Ints,
    leaf: int,
    start: int,
    label: _Ints,
    last_edge: _Ints,
    last_tail: _Ints,
) -> None:
    """Climb from one node, keeping the edge by which each depth was reached last."""
    for k in range(depth[leaf]):
        label[k] = UNREACHED
    label[depth[leaf]] = start
    last_edge[depth[leaf]] = -1
    node = int(leaf)
    while node >= 0:
        here = label[depth[node]]
        if here < UNREACHED:
            for edge in range(indptr[node], indptr[node + 1]):
                at = head_depth[edge]
                there = np.int32(here + weights[edge])
                if there < label[at]:
                    label[at] = there
                    last_edge[at] = edge
                    last_tail[at] = node
        node = int(parent[node])


@compiled()
def _way(
    indptr: _Ints,
    head_depth: _Ints,
    parent: _Ints,
    depth: _Ints,
    lowest: _Ints,
    up: _Ints,
    down: _Ints,
    seeds: _Ints,
    seed_milliseconds: _Ints,
    targets: _Ints,
    target_milliseconds: _Ints,
    levels: int,
) -> tuple[int, int, int, _Ints, npt.NDArray[np.uint8], int]:
    """Return milliseconds, seed and target of the best meeting, and the edges of its climbs in the order of travel."""
    label, last_edge, last_tail = (
        np.empty((2, levels), np.int32),
        np.empty((2, levels), np.int32),
        np.empty((2, levels), np.int32),
    )
    best, source, target = np.int32(UNREACHED), -1, -1
    way = np.empty(2 * levels, np.int32)
    way_up = np.empty(2 * levels, np.uint8)
    length = 0
    for s in range(len(seeds)):
        _climb_with_edges(
            indptr, head_depth, parent, depth, up, int(seeds[s]), int(seed_milliseconds[s]),
            label[0], last_edge[0], last_tail[0],
        )  # fmt: skip
        for t in range(len(targets)):
            _climb_with_edges(
                indptr, head_depth, parent, depth, down, int(targets[t]),
                int(target_milliseconds[t]), label[1], last_edge[1], last_tail[1],
            )  # fmt: skip
            node = int(max(seeds[s], targets[t]))
            while node >= 0 and lowest[node] > min(seeds[s], targets[t]):
                node = int(parent[node])
            common = depth[node] + 1 if node >= 0 else 0
            at = -1
            for k in range(common):
                total = np.int32(label[0, k] + label[1, k])
                if total < best:
                    best, source, target, at = total, s, t, k
            if at < 0:
                continue
            # From the seed up to the meeting, then down to the target; climbs are read from the meeting backward.
            length = 0
            k = at
            while last_edge[0, k] >= 0:
                way[length], way_up[length] = last_edge[0, k], 1
                length += 1
                k = depth[last_tail[0, k]]
            for k in range(length // 2):
                other = length - 1 - k
                way[k], way[other] = way[other], way[k]
            k = at
            while last_edge[1, k] >= 0:
                way[length], way_up[length] = last_edge[1, k], 0
                length += 1
                k = depth[last_tail[1, k]]
    return int(best), source, target, way, way_up, length


@compiled()
def _unpacked(
    indptr: _Ints,
    heads: _Ints,
    edge_indptr: _Ints,
    edge_rows: _Ints,
    row_up: npt.NDArray[np.bool_],
    below_indptr: _Ints,
    below_edges: _Ints,
    below_tails: _Ints,
    up: _Ints,
    down: _Ints,
    weights: _Ints,
    levels: int,
    way: _Ints,
    way_up: npt.NDArray[np.uint8],
    steps: int,
) -> tuple[_Ints, int]:
    """Replace each edge by the row, or the two edges over a lower node, that explain its milliseconds."""
    # Each edge taken apart leaves one more on the stack and goes one node down the tree; a node is passed once.
    stack = np.empty(len(way) + levels, np.int32)
    direction = np.empty(len(stack), np.uint8)
    rows = np.empty(len(indptr), np.int32)
    top, length = 0, 0
    for k in range(steps - 1, -1, -1):
        stack[top], direction[top] = way[k], way_up[k]
        top += 1
    while top > 0:
        top -= 1
        edge, upward = stack[top], direction[top]
        wanted = up[edge] if upward else down[edge]
        row = -1
        for k in range(edge_indptr[edge], edge_indptr[edge + 1]):
            if row_up[edge_rows[k]] == (upward == 1) and weights[edge_rows[k]] == wanted:
                row = edge_rows[k]
                break
        if row >= 0:
            rows[length] = row
            length += 1
            continue
        # The edge joins low and high; a node below both explains it.
        high = heads[edge]
        low = -1
        begin, end = 0, len(indptr) - 1
        while end - begin > 1:
            middle = (begin + end) >> 1
            if indptr[middle] <= edge:
                begin = middle
            else:
                end = middle
        low = begin
        for k in range(below_indptr[low], below_indptr[low + 1]):
            first = below_edges[k]
            second = _edge_to(indptr, heads, below_tails[k], high, first)
            if second < 0:
                continue
            if upward and int(down[first]) + up[second] == wanted:
                stack[top], direction[top] = second, 1
                stack[top + 1], direction[top + 1] = first, 0
                top += 2
                break
            if not upward and int(down[second]) + up[first] == wanted:
                stack[top], direction[top] = first, 1
                stack[top + 1], direction[top + 1] = second, 0
                top += 2
                break
    return rows, length


@compiled()
def _edge_to(indptr: _Ints, heads: _Ints, tail: int, high: int, after: int) -> int:
    """Return the edge from ``tail`` to ``high`` beyond edge ``after``, or -1."""
    begin, end = int(after) + 1, int(indptr[tail + 1])
    while begin < end:
        middle = (begin + end) >> 1
        if heads[middle] < high:
            begin = middle + 1
        else:
            end = middle
    return int(begin) if begin < indptr[tail + 1] and heads[begin] == high else -1
