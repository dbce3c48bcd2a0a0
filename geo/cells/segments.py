"""Street segments as cells: both directions of a street between two nodes are one, neighbours meet at a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import shapely

from geo.cells.contiguity import Lists, from_pairs
from geo.streets.graph import StreetGraph

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentCells:
    """Segments of a street graph.

    Attributes
    ----------
    of_arc : int64[m], segment of each directed arc
    arc : int64[k], the arc that draws each segment
    metres : float64[k]
    ends : int64[k, 2], its two nodes
    """

    of_arc: Ints
    arc: Ints
    metres: npt.NDArray[np.float64]
    ends: Ints

    @classmethod
    def of(cls, graph: StreetGraph) -> Self:
        """Return the segments of a graph, in the order of their first arcs."""
        mine = np.arange(graph.arcs, dtype=np.int64)
        other = np.where(graph.reverse >= 0, graph.reverse, mine).astype(np.int64)
        first = np.minimum(mine, other)
        arc, of_arc = np.unique(first, return_inverse=True)
        ends = np.column_stack([graph.tails()[arc], graph.heads[arc]]).astype(np.int64)
        return cls(of_arc=of_arc.reshape(-1), arc=arc, metres=graph.metres[arc].astype(np.float64), ends=ends)

    def __len__(self) -> int:
        return len(self.arc)

    def counts(self, arcs: npt.NDArray[np.integer]) -> Ints:
        """Return how many calls lie on each segment, from the arc that each was snapped to; -1 counts nowhere."""
        good = np.asarray(arcs)[np.asarray(arcs) >= 0]
        return np.bincount(self.of_arc[good], minlength=len(self)).astype(np.int64)

    def shapes(self, graph: StreetGraph) -> npt.NDArray[np.object_]:
        """Return the segments as lines, degrees."""
        return np.array([shapely.LineString(graph.arc_lonlat(int(a))) for a in self.arc], dtype=object)

    def neighbours(self) -> Lists:
        """Return which segments share a node."""
        node = self.ends.T.ravel()
        segment = np.tile(np.arange(len(self), dtype=np.int64), 2)
        order = np.argsort(node, kind="stable")
        node, segment = node[order], segment[order]
        a, b = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        # Those that stand 1, 2, ... places apart in the list and still at the same node, until none are.
        for step in range(1, len(node)):
            same = node[step:] == node[:-step]
            if not same.any():
                break
            a.append(segment[:-step][same])
            b.append(segment[step:][same])
        return from_pairs(np.concatenate(a), np.concatenate(b), count=len(self))
