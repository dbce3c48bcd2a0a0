"""Shortest times with no preparation: Dijkstra's search with buckets, one source after another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.streets.buckets import bucket_search
from geo.streets.ends import UNREACHED, Ends
from geo.streets.expand import Expanded, indptr_of
from geo.streets.threads import in_parts
from geo.streets.within import Within, search_within

MOST_BUCKETS: Final = 1 << 16

_Ints = npt.NDArray[np.int32]
_Numbers = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """Arcs of an expanded graph in one direction, nodes renumbered so that neighbours in town are neighbours in memory.

    Attributes
    ----------
    indptr : uint32[size + 1]
    heads : uint32[r]
    weights : int32[r], milliseconds; arcs that may not be passed are left out
    rows : int32[r], row of the expanded graph
    """

    indptr: _Numbers
    heads: _Numbers
    weights: _Ints
    rows: _Ints

    @classmethod
    def of(cls, tails: _Numbers, heads: _Numbers, weights: _Ints, size: int) -> Self:
        """Sort rows by tail and drop those of ``UNREACHED`` milliseconds."""
        rows = np.argsort(tails, kind="stable").astype(np.int32)
        rows = rows[weights[rows] < UNREACHED]
        counts = np.bincount(tails[rows], minlength=size)
        return cls(indptr=indptr_of(counts).astype(np.uint32), heads=heads[rows], weights=weights[rows], rows=rows)


class ColdSearch:
    """One-to-many searches on a weighted expanded graph.

    A bucket holds the nodes within a span of milliseconds; a node that improves inside the open bucket is scanned
    again, so answers are exact whatever the span (the label-correcting form of Dial's algorithm; Cherkassky, Goldberg
    and Radzik 1996).

    Parameters
    ----------
    lonlat
        float64[nodes, 2] of the street nodes; only the order in memory depends on it.
    milliseconds
        int32[m], 1 to ``UNREACHED`` for each street arc.
    """

    def __init__(self, expanded: Expanded, lonlat: npt.NDArray[np.float64], milliseconds: _Ints) -> None:
        self._expanded = expanded
        self._weights = milliseconds[expanded.arcs]
        self._position = np.empty(expanded.size, np.uint32)
        self._position[_along_curve(lonlat[expanded.node])] = np.arange(expanded.size, dtype=np.uint32)
        self._tails = self._position[expanded.tails]
        self._heads = self._position[expanded.heads]
        passable = self._weights[self._weights < UNREACHED]
        longest = int(passable.max(initial=1))
        shift = max(int(np.log2(np.median(passable))) - 1, 0) if len(passable) else 0
        while (longest >> shift) + 2 > MOST_BUCKETS:
            shift += 1
        self._shift = shift
        self._buckets = 1 << int((longest >> shift) + 1).bit_length()

    @cached_property
    def _forward(self) -> Side:
        return Side.of(self._tails, self._heads, self._weights, self._expanded.size)

    @cached_property
    def _backward(self) -> Side:
        return Side.of(self._heads, self._tails, self._weights, self._expanded.size)

    def to_all(self, ends: Ends, *, backward: bool = False, threads: int = 1) -> _Ints:
        """Return milliseconds from each end to every street node, or to each end when ``backward``; int32[k, nodes]."""
        side = self._backward if backward else self._forward
        expanded = self._expanded
        out = np.empty((len(ends), expanded.nodes), np.int32)
        copies = np.empty(0, np.int32) if backward else expanded.node[expanded.nodes :]
        nodes = self._position[ends.nodes]

        def part(first: int, last: int) -> None:
            _to_all(
                side.indptr, side.heads, side.weights, self._shift, self._buckets, self._position, copies,
                ends.indptr, nodes, ends.milliseconds, first, last, out,
            )  # fmt: skip

        in_parts(len(ends), part, threads=threads)
        return out

    def between(self, origins: Ends, destinations: Ends, *, threads: int = 1) -> _Ints:
        """Return milliseconds from each origin to each destination, int32[o, d]."""
        if len(destinations) < len(origins):
            return np.ascontiguousarray(self._between(destinations, origins, self._backward, threads=threads).T)
        return self._between(origins, destinations, self._forward, threads=threads)

    def _between(self, here: Ends, there: Ends, side: Side, *, threads: int) -> _Ints:
        out = np.empty((len(here), len(there)), np.int32)
        nodes, targets = self._position[here.nodes], self._position[there.nodes]

        def part(first: int, last: int) -> None:
            _to_some(
                side.indptr, side.heads, side.weights, self._shift, self._buckets,
                here.indptr, nodes, here.milliseconds, there.indptr, targets, there.milliseconds, first, last, out,
            )  # fmt: skip

        in_parts(len(here), part, threads=threads)
        return out

    def within(
        self,
        origins: Ends,
        destinations: Ends,
        *,
        direct: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], _Ints],
        walk_before: npt.NDArray[np.float64],
        walk_after: npt.NDArray[np.float64],
        limit_seconds: float,
        threads: int = 1,
    ) -> Within:
        """Return the pairs within the limit; ``direct`` = origin, destination, milliseconds of pairs on one arc."""
        side, size = self._forward, self._expanded.size
        at = self._position[destinations.nodes].astype(np.int64)
        owner = np.repeat(np.arange(len(destinations), dtype=np.int32), np.diff(destinations.indptr))
        by_node, by_origin = np.argsort(at, kind="stable"), np.argsort(direct[0], kind="stable")
        target_starts = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=size))]).astype(np.int64)
        direct_counts = np.bincount(direct[0], minlength=len(origins))
        direct_starts = np.concatenate([[0], np.cumsum(direct_counts)]).astype(np.int64)
        seeds, found = self._position[origins.nodes], {}

        def part(first: int, last: int) -> None:
            found[first] = search_within(
                side.indptr, side.heads, side.weights, self._shift, origins.indptr, seeds, origins.milliseconds,
                target_starts, owner[by_node], destinations.milliseconds[by_node],
                direct_starts, direct[1][by_origin].astype(np.int32), direct[2][by_origin],
                walk_before, walk_after, limit_seconds, first, last,
            )  # fmt: skip

        in_parts(len(origins), part, threads=threads)
        parts = [found[first] for first in sorted(found)]
        counts = np.concatenate([np.zeros(1, np.int64), *(p[0] for p in parts)])
        return Within(
            indptr=np.cumsum(counts),
            destinations=np.concatenate([np.zeros(0, np.int32), *(p[1] for p in parts)]),
            seconds=np.concatenate([np.zeros(0), *(p[2] for p in parts)]),
        )

    def way(self, origin: Ends, destination: Ends) -> tuple[int, int, int, _Ints]:
        """Return milliseconds, the entry of each end and the rows between, for one origin and one destination."""
        here, there = self._forward, self._backward
        taken, source, target, rows, length = _way(
            here.indptr, here.heads, here.weights, self._shift, self._buckets,
            there.indptr, there.heads, there.weights, there.rows,
            self._position[origin.nodes], origin.milliseconds,
            self._position[destination.nodes], destination.milliseconds,
        )  # fmt: skip
        return taken, source, target, rows[:length][::-1]


def _along_curve(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the order of points along a Z-shaped space-filling curve."""
    low = lonlat.min(axis=0)
    span = float(np.ptp(lonlat, axis=0).max()) or 1.0
    cells = ((lonlat - low) / span * 65535).astype(np.uint64)
    for shift, mask in ((16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
                        (2, 0x3333333333333333), (1, 0x5555555555555555)):  # fmt: skip
        cells = (cells | (cells << np.uint64(shift))) & np.uint64(mask)
    return np.argsort(cells[:, 0] | (cells[:, 1] << np.uint64(1)), kind="stable")


@compiled()
def _to_all(
    indptr: _Numbers,
    heads: _Numbers,
    weights: _Ints,
    shift: int,
    buckets: int,
    position: _Numbers,
    copies: _Ints,
    seed_indptr: _Ints,
    seeds: _Numbers,
    seed_milliseconds: _Ints,
    first: int,
    last: int,
    out: _Ints,
) -> None:
    """Fill rows ``first .. last - 1`` of ``out``; ``copies`` are the street nodes of the nodes after them."""
    size, nodes = len(indptr) - 1, out.shape[1]
    distance = np.empty(size, np.int32)
    scanned = np.empty(size, np.int32)
    bucket = np.zeros(buckets, np.uint32)
    entry = np.empty(2 * (size + len(heads)) + len(seeds) + 1, np.uint32)
    following = np.empty(len(entry), np.uint32)
    wanted = np.zeros(size, np.uint8)
    for row in range(first, last):
        begin, end = seed_indptr[row], seed_indptr[row + 1]
        bucket_search(
            indptr, heads, weights, shift, seeds[begin:end], seed_milliseconds[begin:end],
            wanted, distance, scanned, bucket, entry, following,
        )  # fmt: skip
        for node in range(nodes):
            out[row, node] = distance[position[node]]
        for copy in range(len(copies)):
            node = copies[copy]
            out[row, node] = min(out[row, node], distance[position[nodes + copy]])


@compiled()
def _to_some(
    indptr: _Numbers,
    heads: _Numbers,
    weights: _Ints,
    shift: int,
    buckets: int,
    seed_indptr: _Ints,
    seeds: _Numbers,
    seed_milliseconds: _Ints,
    target_indptr: _Ints,
    targets: _Numbers,
    target_milliseconds: _Ints,
    first: int,
    last: int,
    out: _Ints,
) -> None:
    """Fill rows ``first .. last - 1`` of ``out`` with the least over the ends of each target."""
    size = len(indptr) - 1
    distance = np.empty(size, np.int32)
    scanned = np.empty(size, np.int32)
    bucket = np.zeros(buckets, np.uint32)
    entry = np.empty(2 * (size + len(heads)) + len(seeds) + 1, np.uint32)
    following = np.empty(len(entry), np.uint32)
    wanted = np.zeros(size, np.uint8)
    for k in range(len(targets)):
        wanted[targets[k]] = 1
    for row in range(first, last):
        begin, end = seed_indptr[row], seed_indptr[row + 1]
        if len(targets) > 0:
            bucket_search(
                indptr, heads, weights, shift, seeds[begin:end], seed_milliseconds[begin:end],
                wanted, distance, scanned, bucket, entry, following,
            )  # fmt: skip
        for column in range(len(target_indptr) - 1):
            best = np.int32(UNREACHED)
            for k in range(target_indptr[column], target_indptr[column + 1]):
                best = min(best, np.int32(distance[targets[k]] + target_milliseconds[k]))
            out[row, column] = best


@compiled()
def _way(
    indptr: _Numbers,
    heads: _Numbers,
    weights: _Ints,
    shift: int,
    buckets: int,
    back_indptr: _Numbers,
    back_heads: _Numbers,
    back_weights: _Ints,
    back_rows: _Ints,
    seeds: _Numbers,
    seed_milliseconds: _Ints,
    targets: _Numbers,
    target_milliseconds: _Ints,
) -> tuple[int, int, int, _Ints, int]:
    """Search forward, then walk back along arcs that explain each distance; they lead down, as no arc takes 0."""
    size = len(indptr) - 1
    distance = np.empty(size, np.int32)
    entry = np.empty(2 * (size + len(heads)) + len(seeds) + 1, np.uint32)
    wanted = np.zeros(size, np.uint8)
    for k in range(len(targets)):
        wanted[targets[k]] = 1
    rows = np.empty(size, np.int32)
    length = 0
    best, source, target = np.int32(UNREACHED), -1, -1
    if len(targets) > 0:
        bucket_search(
            indptr, heads, weights, shift, seeds, seed_milliseconds, wanted, distance,
            np.empty(size, np.int32), np.zeros(buckets, np.uint32), entry, np.empty(len(entry), np.uint32),
        )  # fmt: skip
        for k in range(len(targets)):
            total = np.int32(distance[targets[k]] + target_milliseconds[k])
            if total < best:
                best, target = total, k
    if target >= 0:
        node = targets[target]
        while source < 0:
            for k in range(len(seeds)):
                if seeds[k] == node and seed_milliseconds[k] == distance[node]:
                    source = k
            if source < 0:
                for arc in range(back_indptr[node], back_indptr[node + np.uint32(1)]):
                    tail = back_heads[arc]
                    if distance[tail] + back_weights[arc] == distance[node]:
                        rows[length] = back_rows[arc]
                        length += 1
                        node = tail
                        break
    return int(best), source, target, rows, length
