"""Shortest times on a contraction hierarchy: sixteen sources a sweep, or climbs that meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Self

import numpy as np
import numpy.typing as npt

from geo.streets.contraction import Contraction, Customised
from geo.streets.ends import UNREACHED, Ends
from geo.streets.expand import Expanded
from geo.streets.lanes import LANES
from geo.streets.sweep import chains, climb_all, collect, meet, spread, sweep
from geo.streets.threads import in_parts
from geo.streets.unpack import way_of_meeting

_Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chains:
    """Ends in the numbering of a contraction, see ``geo.streets.sweep.chains``."""

    owner: _Ints
    leaf: _Ints
    indptr: _Ints
    entries: _Ints
    milliseconds: _Ints

    @classmethod
    def of(cls, contraction: Contraction, ends: Ends) -> Self:
        """Translate ends."""
        nodes = contraction.position[ends.nodes]
        owner, leaf, indptr, entries, milliseconds = chains(ends.indptr, nodes, ends.milliseconds, contraction.lowest)
        return cls(owner=owner, leaf=leaf, indptr=indptr, entries=entries, milliseconds=milliseconds)


class WarmSearch:
    """Searches on an expanded graph that is contracted and weighted.

    Parameters
    ----------
    milliseconds
        int32[m], 1 to ``UNREACHED`` for each street arc.
    """

    def __init__(self, expanded: Expanded, contraction: Contraction, milliseconds: npt.NDArray[np.int32]) -> None:
        self._expanded = expanded
        self._contraction = contraction
        self._weights = milliseconds[expanded.arcs]
        self._edges: Customised = contraction.customise(self._weights)
        self._spare: SimpleQueue[tuple[_Ints, npt.NDArray[np.uint8]]] = SimpleQueue()

    def to_all(self, ends: Ends, *, backward: bool = False, threads: int = 1) -> _Ints:
        """Return milliseconds from each end to every street node, or to each end when ``backward``; int32[k, nodes]."""
        expanded = self._expanded
        out = np.empty((len(ends), expanded.nodes), np.int32)
        copies = np.empty(0, np.int32) if backward else expanded.node[expanded.nodes :]
        position = self._contraction.position

        def write(table: _Ints, first: int, last: int) -> None:
            spread(table, position, copies, first, last, out)

        self._sweeps(ends, write, backward=backward, threads=threads)
        return out

    def between(self, origins: Ends, destinations: Ends, *, threads: int = 1) -> _Ints:
        """Return milliseconds from each origin to each destination, int32[o, d]."""
        contraction = self._contraction
        # A meeting costs about as much as its common levels, a source of a sweep as all edges; in units of a lane.
        longest = max(len(origins), len(destinations))
        if longest * contraction.levels < len(contraction.heads):
            return self._meetings(origins, destinations, threads=threads)
        if len(destinations) < len(origins):
            return np.ascontiguousarray(self._collected(destinations, origins, backward=True, threads=threads).T)
        return self._collected(origins, destinations, backward=False, threads=threads)

    def way(self, origin: Ends, destination: Ends) -> tuple[int, int, int, _Ints]:
        """Return milliseconds, the entry of each end and the rows between, for one origin and one destination."""
        contraction = self._contraction
        return way_of_meeting(
            contraction, self._edges, self._weights,
            contraction.position[origin.nodes], origin.milliseconds,
            contraction.position[destination.nodes], destination.milliseconds,
        )  # fmt: skip

    def _collected(self, here: Ends, there: Ends, *, backward: bool, threads: int) -> _Ints:
        out = np.empty((len(here), len(there)), np.int32)
        nodes = self._contraction.position[there.nodes]

        def write(table: _Ints, first: int, last: int) -> None:
            collect(table, there.indptr, nodes, there.milliseconds, first, last, out)

        self._sweeps(here, write, backward=backward, threads=threads)
        return out

    def _meetings(self, origins: Ends, destinations: Ends, *, threads: int) -> _Ints:
        contraction = self._contraction
        here, there = Chains.of(contraction, origins), Chains.of(contraction, destinations)
        from_labels = self._labels(here, self._edges.up, threads=threads)
        to_labels = self._labels(there, self._edges.down, threads=threads)
        order = np.argsort(there.leaf, kind="stable")
        out = np.full((len(origins), len(destinations)), UNREACHED, np.int32)
        starts = np.searchsorted(here.owner, np.arange(len(origins) + 1))

        def part(first: int, last: int) -> None:
            meet(
                contraction.depth, contraction.parent, contraction.lowest,
                here.owner, here.leaf, from_labels, there.owner, there.leaf, to_labels,
                order, int(starts[first]), int(starts[last]), out,
            )  # fmt: skip

        in_parts(len(origins), part, threads=threads)
        return out

    def _labels(self, ends: Chains, weights: _Ints, *, threads: int) -> _Ints:
        contraction = self._contraction
        width = -(-contraction.levels // LANES) * LANES
        labels = np.empty((len(ends.leaf), width), np.int32)

        def part(first: int, last: int) -> None:
            climb_all(
                contraction.indptr, contraction.head_depth, contraction.parent, contraction.depth, weights,
                ends.leaf[first:last], ends.indptr[first : last + 1], ends.entries, ends.milliseconds,
                labels[first:last],
            )  # fmt: skip

        in_parts(len(ends.leaf), part, threads=threads)
        return labels.reshape(-1)

    def _sweeps(self, ends: Ends, write: Callable[[_Ints, int, int], None], *, backward: bool, threads: int) -> None:
        contraction, edges = self._contraction, self._edges
        climbing, descending = (edges.down, edges.up) if backward else (edges.up, edges.down)
        held = Chains.of(contraction, ends)

        def part(first: int, last: int) -> None:
            table, touched = self._borrow()
            label = np.empty(contraction.levels, np.int32)
            for start in range(first, last, LANES):
                stop = min(start + LANES, last)
                sweep(
                    contraction.indptr, contraction.heads, contraction.head_depth, contraction.parent,
                    contraction.depth, climbing, descending,
                    held.owner, held.leaf, held.indptr, held.entries, held.milliseconds,
                    start, stop, table, touched, label,
                )  # fmt: skip
                write(table, start, stop)
            self._spare.put((table, touched))

        in_parts(len(ends), part, threads=threads, step=LANES)

    def _borrow(self) -> tuple[_Ints, npt.NDArray[np.uint8]]:
        """Return the tables of one thread; new memory costs more than a sweep, so they are used again."""
        try:
            return self._spare.get_nowait()
        except Empty:
            size = self._expanded.size
            return np.empty((size, LANES), np.int32), np.zeros(size, np.uint8)
