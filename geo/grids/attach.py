"""Vertices at which new lines meet shared boundaries: one that is there, or one put in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.grids.applied import Applied
from geo.grids.arcs import Int64s
from geo.grids.edit import SetArcs
from geo.grids.runs import places_of
from geo.grids.topology import Coverage

Float = npt.NDArray[np.float64]


class Attachments:
    """The vertices that lines need on boundaries, gathered over several grids and put in together.

    A vertex put into a locked line (of a community, or the outer one) takes its mirror image along: for an edge from
    p to q and a vertex v near it, p + q - v. The two triangles have the same area on either side of the edge, so
    that not even the rounding to the lattice changes the area of a community by one square step.
    """

    def __init__(self, coverage: Coverage, snap: float) -> None:
        self._coverage = coverage
        self._snap = snap
        self._lines: dict[int, Int64s] = {}

    def place(self, row: int, end: Float, crossings: Float) -> Int64s | None:
        """Return the vertex of the boundary of a grid that a line should run to; None where none is near.

        ``end`` float64[2] is where the line comes within the snapping distance of the boundary, ``crossings``
        float64[c, 2] are where it crosses it; all in steps.
        """
        aim = end
        if len(crossings):
            away = np.hypot(*(crossings - end).T)
            if away.min() <= 4 * self._snap + 2:
                aim = crossings[int(away.argmin())]
        arc, edge, spot, gap = self._nearest_edge(row, aim)
        if gap > 2 * self._snap + 2:
            return None
        line = self._line(arc)
        away = np.hypot(*(line - spot).T)
        nearest = int(away.argmin())
        if away[nearest] <= self._snap:
            return np.asarray(line[nearest])
        return self._put_in(arc, edge, spot)

    def made(self) -> tuple[Coverage, tuple[Applied, ...]]:
        """Return the coverage with all these vertices, and the edit that put them in."""
        if not self._lines:
            return self._coverage, ()
        arcs = tuple((arc, tuple(places_of(line))) for arc, line in sorted(self._lines.items()))
        step = SetArcs(arcs=arcs, allow_parent_change=True, allow_outer_change=True).apply(self._coverage)
        return step.coverage, (step,)

    def _line(self, arc: int) -> Int64s:
        return self._lines.get(arc, self._coverage.cut.arcs[arc])

    def _nearest_edge(self, row: int, aim: Float) -> tuple[int, int, Float, float]:
        """Return arc and edge of the grid nearest to a place, the nearest place on it, and how far that is."""
        best: tuple[int, int, Float, float] | None = None
        refs = (ref for rings in self._coverage.cut.shapes[row] for ring in rings for ref in ring.refs)
        for arc in sorted({ref if ref >= 0 else ~ref for ref in refs}):
            line = self._line(arc)
            p, q = line[:-1].astype(float), line[1:].astype(float)
            along = q - p
            share = np.clip(((aim - p) * along).sum(axis=1) / (along**2).sum(axis=1), 0, 1)
            spots = p + along * share[:, None]
            gaps = np.hypot(*(spots - aim).T)
            edge = int(gaps.argmin())
            if best is None or gaps[edge] < best[3]:
                best = arc, edge, spots[edge], float(gaps[edge])
        assert best is not None  # a grid has a ring, a ring has an arc
        return best

    def _put_in(self, arc: int, edge: int, spot: Float) -> Int64s:
        line = self._line(arc)
        p, q = line[edge], line[edge + 1]
        at = np.rint(spot).astype(np.int64)
        dx, dy = (q - p).tolist()
        off = dx * int(at[1] - p[1]) - dy * int(at[0] - p[0])
        vertices = [at]
        if off and self._coverage.lock_of_arc[arc]:
            mirrored = p + q - at
            if abs(int(((mirrored - at) * (q - p)).sum())) < 4 * (abs(dx) + abs(dy)):
                # Too near to the middle for two vertices: a few steps along make room.
                at = np.rint(spot + 8 * (q - p) / np.hypot(dx, dy)).astype(np.int64)
                mirrored = p + q - at
            vertices = sorted([at, mirrored], key=lambda v: int(((v - p) * (q - p)).sum()))
        self._lines[arc] = np.insert(line, edge + 1, np.array(vertices), axis=0)
        return at
