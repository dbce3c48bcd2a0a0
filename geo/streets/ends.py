"""Where journeys start and stop: nodes of an expanded graph, each with the milliseconds to or from it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from geo.streets.assemble import runs
from geo.streets.expand import Expanded, indptr_of
from geo.streets.graph import StreetGraph
from geo.streets.snap import Places

UNREACHED: Final = 2**30 - 1
"""Milliseconds of what cannot be reached; the sum of two such still fits int32."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ends:
    """For each of ``k`` places the nodes where a journey enters or leaves the graph.

    Attributes
    ----------
    indptr : int32[k + 1], rows of each place
    nodes : int32[e], nodes of the expanded graph
    milliseconds : int32[e], between the place and the node
    arcs : int32[e], street arc on which the place stands, -1 where it stands at the node
    """

    indptr: npt.NDArray[np.int32]
    nodes: npt.NDArray[np.int32]
    milliseconds: npt.NDArray[np.int32]
    arcs: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        for item in fields(self):
            getattr(self, item.name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @classmethod
    def leaving_nodes(cls, nodes: npt.NDArray[np.int32]) -> Self:
        """Start at street nodes, every turn free."""
        k = len(nodes)
        return cls(
            indptr=np.arange(k + 1, dtype=np.int32),
            nodes=nodes.astype(np.int32),
            milliseconds=np.zeros(k, np.int32),
            arcs=np.full(k, -1, np.int32),
        )

    @classmethod
    def reaching_nodes(cls, expanded: Expanded, nodes: npt.NDArray[np.int32]) -> Self:
        """Stop at street nodes or any of their copies."""
        first = expanded.copy_indptr[nodes].astype(np.int64)
        copies = expanded.copy_indptr[nodes + 1] - first
        owner = np.concatenate([np.arange(len(nodes)), np.repeat(np.arange(len(nodes)), copies)])
        found = expanded.copy_nodes[runs(first, copies)]
        every = np.concatenate([nodes, found])
        return cls.grouped(len(nodes), owner, every, np.zeros(len(every)), np.full(len(every), -1))

    @classmethod
    def grouped(
        cls,
        count: int,
        owner: npt.NDArray[np.integer],
        nodes: npt.NDArray[np.integer],
        milliseconds: npt.NDArray[np.number],
        arcs: npt.NDArray[np.integer],
    ) -> Self:
        """Bring the rows of each owner together."""
        order = np.argsort(owner, kind="stable")
        return cls(
            indptr=indptr_of(np.bincount(owner, minlength=count)),
            nodes=nodes[order].astype(np.int32),
            milliseconds=milliseconds[order].astype(np.int32),
            arcs=arcs[order].astype(np.int32),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stands:
    """Places as positions on arcs that may be driven: one row for each direction of the street.

    Attributes
    ----------
    count : number of places
    owner : int32[e], the place of each row
    arcs : int32[e]
    share : float64[e], position along the arc, 0 at its tail
    elapsed, remaining : int32[e], milliseconds from the tail and to the head
    """

    count: int
    owner: npt.NDArray[np.int32]
    arcs: npt.NDArray[np.int32]
    share: npt.NDArray[np.float64]
    elapsed: npt.NDArray[np.int32]
    remaining: npt.NDArray[np.int32]

    @classmethod
    def of(cls, graph: StreetGraph, milliseconds: npt.NDArray[np.int32], places: Places) -> Self:
        """Read places; one that is not ok, or whose street is closed both ways, has no row."""
        owner = np.flatnonzero(places.ok)
        arcs = places.arc[owner]
        metres = graph.metres[arcs].astype(np.float64)
        along = places.metres_along[owner].astype(np.float64)
        share = np.clip(np.divide(along, metres, out=np.zeros(len(owner)), where=metres > 0), 0.0, 1.0)
        back = graph.reverse[arcs]
        two_way = (back >= 0) & (back != arcs)
        owner = np.concatenate([owner, owner[two_way]])
        arcs = np.concatenate([arcs, back[two_way]])
        share = np.concatenate([share, 1.0 - share[two_way]])
        kept = milliseconds[arcs] < UNREACHED
        owner, arcs, share = owner[kept], arcs[kept], share[kept]
        # Rounded once, so that the parts of an arc always add up to the whole.
        elapsed = np.rint(share * milliseconds[arcs]).astype(np.int32)
        return cls(
            count=len(places),
            owner=owner.astype(np.int32),
            arcs=arcs,
            share=share,
            elapsed=elapsed,
            remaining=milliseconds[arcs] - elapsed,
        )

    def leaving(self, expanded: Expanded) -> Ends:
        """Return the nodes that are driven to first."""
        return Ends.grouped(self.count, self.owner, expanded.entered[self.arcs], self.remaining, self.arcs)

    def reaching(self, expanded: Expanded) -> Ends:
        """Return the nodes from which the places are driven to, at every copy that may turn into the arc."""
        first = expanded.arc_indptr[self.arcs].astype(np.int64)
        counts = expanded.arc_indptr[self.arcs + 1] - first
        rows = expanded.arc_rows[runs(first, counts)]
        return Ends.grouped(
            self.count,
            np.repeat(self.owner, counts),
            expanded.tails[rows],
            np.repeat(self.elapsed, counts),
            np.repeat(self.arcs, counts),
        )

    def ahead(self, other: Self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Return row of self, row of ``other`` and milliseconds wherever the other stands ahead on the same arc."""
        order = np.argsort(other.arcs, kind="stable")
        sorted_arcs = other.arcs[order]
        first = np.searchsorted(sorted_arcs, self.arcs, side="left")
        counts = np.searchsorted(sorted_arcs, self.arcs, side="right") - first
        mine = np.repeat(np.arange(len(self.arcs)), counts)
        theirs = order[runs(first, counts)]
        forward = self.share[mine] <= other.share[theirs]
        mine, theirs = mine[forward], theirs[forward]
        return mine, theirs, other.elapsed[theirs] - self.elapsed[mine]
