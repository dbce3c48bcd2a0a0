"""A contraction hierarchy that is built once for a topology and weighted anew in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.streets.ends import UNREACHED
from geo.streets.expand import Expanded, indptr_of
from geo.streets.order import Order


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contraction:
    """Chordal supergraph of an expanded graph (customizable contraction hierarchies; Dibbelt, Strasser, Wagner 2016).

    Nodes are renumbered by a post-order of the elimination tree: what is contracted later has a greater number, a
    subtree is a run of numbers, and all joined nodes of higher number lie on the way to the root.

    Attributes
    ----------
    position : int32[size], number of each node of the expanded graph
    indptr, heads : int32[size + 1], int32[a], upward edges, heads ascending
    head_depth : int32[a], depth of the head of each edge
    parent : int32[size], lowest upward neighbour, -1 at a root
    depth : int32[size], 0 at a root
    lowest : int32[size], least number in the subtree of each node
    row_edge : int32[rows], edge of each row of the expanded graph, -1 for a loop
    row_up : bool[rows], whether the row leads upward
    edge_indptr, edge_rows : int32[a + 1], rows of each edge
    below_indptr, below_edges, below_tails : the edges that enter each node, and their tails
    levels : number of nodes on the longest way to a root
    """

    position: npt.NDArray[np.int32]
    indptr: npt.NDArray[np.int32]
    heads: npt.NDArray[np.int32]
    head_depth: npt.NDArray[np.int32]
    parent: npt.NDArray[np.int32]
    depth: npt.NDArray[np.int32]
    lowest: npt.NDArray[np.int32]
    row_edge: npt.NDArray[np.int32]
    row_up: npt.NDArray[np.bool_]
    edge_indptr: npt.NDArray[np.int32]
    edge_rows: npt.NDArray[np.int32]
    below_indptr: npt.NDArray[np.int32]
    below_edges: npt.NDArray[np.int32]
    below_tails: npt.NDArray[np.int32]
    levels: int

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @classmethod
    def of(cls, expanded: Expanded, order: Order) -> Self:
        """Contract in a given order; the copies of a node go directly after it."""
        sequence = np.lexsort((np.arange(expanded.size), order.rank[expanded.node]))
        position = np.empty(expanded.size, np.int32)
        position[sequence] = np.arange(expanded.size, dtype=np.int32)
        indptr, heads = _upward(position[expanded.tails], position[expanded.heads], expanded.size)
        indptr, heads = _fill(indptr, heads)
        heads = heads[: indptr[-1]]
        # Renumbering by a post-order gives the same supergraph in another layout.
        renumbered = _postorder(_parents(indptr, heads))
        position = renumbered[position]
        low = renumbered[np.repeat(np.arange(expanded.size), np.diff(indptr))]
        indptr, heads = _upward(low, renumbered[heads], expanded.size)
        indptr, heads = _ascending(indptr, heads)
        parent = _parents(indptr, heads)
        depth, lowest = _tree(parent)
        tails, ends = position[expanded.tails], position[expanded.heads]
        row_edge = _edges_of(indptr, heads, np.minimum(tails, ends), np.maximum(tails, ends))
        edge_tails = np.repeat(np.arange(expanded.size, dtype=np.int32), np.diff(indptr))
        below_edges = np.argsort(heads, kind="stable").astype(np.int32)
        kept = np.flatnonzero(row_edge >= 0)
        return cls(
            position=position,
            indptr=indptr,
            heads=heads,
            head_depth=depth[heads],
            parent=parent,
            depth=depth,
            lowest=lowest,
            row_edge=row_edge,
            row_up=tails < ends,
            edge_indptr=indptr_of(np.bincount(row_edge[kept], minlength=len(heads))),
            edge_rows=kept[np.argsort(row_edge[kept], kind="stable")].astype(np.int32),
            below_indptr=indptr_of(np.bincount(heads, minlength=expanded.size)),
            below_edges=below_edges,
            below_tails=edge_tails[below_edges],
            levels=int(depth.max()) + 1,
        )

    def customise(self, weights: npt.NDArray[np.int32]) -> Customised:
        """Weight every edge with the least milliseconds over lower triangles; ``weights`` int32[rows]."""
        up = np.full(len(self.heads), UNREACHED, np.int32)
        down = np.full(len(self.heads), UNREACHED, np.int32)
        _customise(self.indptr, self.heads, self.row_edge, self.row_up, weights, up, down)
        return Customised(up=up, down=down)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Customised:
    """Milliseconds of each edge towards the higher node (``up``) and from it (``down``), int32[a]."""

    up: npt.NDArray[np.int32]
    down: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        self.up.setflags(write=False)
        self.down.setflags(write=False)


def _upward(
    tails: npt.NDArray[np.int32], heads: npt.NDArray[np.int32], size: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return each pair of joined nodes at the lower one."""
    joined = tails != heads
    low, high = np.minimum(tails, heads)[joined], np.maximum(tails, heads)[joined]
    return indptr_of(np.bincount(low, minlength=size)), high[np.argsort(low, kind="stable")]


@compiled()
def _fill(
    indptr: npt.NDArray[np.int32], heads: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Join all higher neighbours of each node: its own and those of its children in the elimination tree.

    The second array has room to spare at its end.
    """
    size = len(indptr) - 1
    first_child = np.full(size, -1, np.int32)
    next_child = np.full(size, -1, np.int32)
    seen = np.full(size, -1, np.int32)
    filled = np.empty(4 * len(heads) + size + 16, np.int32)
    starts = np.zeros(size + 1, np.int32)
    top = 0
    for node in range(size):
        if top + size > len(filled):
            larger = np.empty(2 * len(filled) + size, np.int32)
            for k in range(top):
                larger[k] = filled[k]
            filled = larger
        lowest = size
        for k in range(indptr[node], indptr[node + 1]):
            other = heads[k]
            if seen[other] != node:
                seen[other] = node
                filled[top] = other
                top += 1
                lowest = min(lowest, other)
        child = first_child[node]
        while child >= 0:
            for k in range(starts[child], starts[child + 1]):
                other = filled[k]
                if other != node and seen[other] != node:
                    seen[other] = node
                    filled[top] = other
                    top += 1
                    lowest = min(lowest, other)
            child = next_child[child]
        starts[node + 1] = top
        if lowest < size:
            next_child[node] = first_child[lowest]
            first_child[lowest] = node
    return starts, filled


def _ascending(
    indptr: npt.NDArray[np.int32], heads: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    tails = np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))
    return indptr, heads[np.argsort(tails * (len(indptr) - 1) + heads, kind="stable")]


def _parents(indptr: npt.NDArray[np.int32], heads: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    parent = np.full(len(indptr) - 1, -1, np.int32)
    joined = np.diff(indptr) > 0
    parent[joined] = np.minimum.reduceat(heads, indptr[:-1][joined]) if joined.any() else -1
    return parent


@compiled()
def _postorder(parent: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the post-order number of each node of a forest whose parents have greater numbers."""
    size = len(parent)
    below = np.ones(size, np.int32)
    for node in range(size):
        if parent[node] >= 0:
            below[parent[node]] += below[node]
    number = np.empty(size, np.int32)
    free = np.empty(size, np.int32)
    end = size
    for node in range(size - 1, -1, -1):
        # ``free[p]`` is one past the numbers that are left for the children of p that are still to come.
        up = parent[node]
        if up < 0:
            number[node] = end - 1
            end -= below[node]
        else:
            number[node] = free[up] - 1
            free[up] -= below[node]
        free[node] = number[node]
    return number


@compiled()
def _tree(parent: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    size = len(parent)
    depth = np.zeros(size, np.int32)
    lowest = np.empty(size, np.int32)
    for node in range(size - 1, -1, -1):
        if parent[node] >= 0:
            depth[node] = depth[parent[node]] + 1
        lowest[node] = node
    for node in range(size):
        if parent[node] >= 0:
            lowest[parent[node]] = min(lowest[parent[node]], lowest[node])
    return depth, lowest


@compiled()
def _edges_of(
    indptr: npt.NDArray[np.int32],
    heads: npt.NDArray[np.int32],
    low: npt.NDArray[np.int32],
    high: npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:
    found = np.full(len(low), -1, np.int32)
    for row in range(len(low)):
        begin, end = indptr[low[row]], indptr[low[row] + 1]
        if low[row] == high[row]:
            continue
        while end - begin > 1:
            middle = (begin + end) >> 1
            if heads[middle] <= high[row]:
                begin = middle
            else:
                end = middle
        found[row] = begin
    return found


@compiled()
def _customise(
    indptr: npt.NDArray[np.int32],
    heads: npt.NDArray[np.int32],
    row_edge: npt.NDArray[np.int32],
    row_up: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.int32],
    up: npt.NDArray[np.int32],
    down: npt.NDArray[np.int32],
) -> None:
    for row in range(len(row_edge)):
        edge = row_edge[row]
        if edge < 0:
            continue
        if row_up[row]:
            up[edge] = min(up[edge], weights[row])
        else:
            down[edge] = min(down[edge], weights[row])
    for node in range(len(indptr) - 1):
        last = indptr[node + 1]
        for first in range(indptr[node], last):
            low = heads[first]
            to_low, from_low = up[first], down[first]
            over = indptr[low]
            for second in range(first + 1, last):
                high = heads[second]
                while heads[over] < high:
                    over += 1
                up[over] = min(up[over], np.int32(from_low + up[second]))
                down[over] = min(down[over], np.int32(down[second] + to_low))
