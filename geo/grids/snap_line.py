"""Lines along streets: the way between two corners, to redraw a boundary or to split a grid on it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from geo.errors import InfeasibleError, NotFoundError, ParameterError
from geo.grids.applied import Line
from geo.grids.arcs import Int64s, to_lattice
from geo.grids.edit import ReshapeArc
from geo.grids.runs import places_of
from geo.grids.split import SNAP_M, SplitAlongStreets
from geo.grids.topology import Coverage
from geo.streets.graph import StreetGraph

Float = npt.NDArray[np.float64]
_DEGREE_M = 111_320.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetLine:
    """A way along streets: vertices on the lattice, names of the streets in order, length."""

    line: Line
    streets: tuple[str, ...]
    metres: float


class StreetLines:
    """Finds lines along the streets of a graph; one-way streets count both ways, since a boundary has no direction."""

    def __init__(self, graph: StreetGraph) -> None:
        self.graph = graph
        tails, heads = graph.tails().astype(np.int64), graph.heads.astype(np.int64)
        low, high = np.minimum(tails, heads), np.maximum(tails, heads)
        metres = np.maximum(graph.metres.astype(np.float64), 1e-3)
        # Of parallel streets the shortest; of equal ones the first.
        order = np.lexsort((np.arange(len(metres)), metres, high, low))
        first = np.r_[True, (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)]
        arcs = order[first]
        arcs = arcs[low[arcs] != high[arcs]]
        n = graph.nodes
        self._arc = csr_array((arcs + 1, (low[arcs], high[arcs])), shape=(n, n))
        self._metres = csr_array((metres[arcs], (low[arcs], high[arcs])), shape=(n, n))
        self._shrink = np.array([np.cos(np.radians(graph.node_lonlat[:, 1].mean())), 1.0]) * _DEGREE_M
        self._tree = cKDTree(graph.node_lonlat * self._shrink)

    def node_at(self, lonlat: tuple[float, float], *, max_m: float = 50.0) -> int:
        """Return the street corner nearest to a place; none within ``max_m`` raises ``NotFoundError``."""
        away, node = self._tree.query(np.asarray(lonlat) * self._shrink)
        if not away <= max_m:
            raise NotFoundError(
                f"No street corner lies within {max_m:g} m of {lonlat[0]:.6f}, {lonlat[1]:.6f}",
                f"{lonlat[0]:.6f}, {lonlat[1]:.6f} 周围 {max_m:g} 米内没有路口",
            )
        return int(node)

    def between(self, start: int, end: int) -> StreetLine:
        """Return the shortest way between two nodes.

        Raises
        ------
        ParameterError
            If both are the same.
        InfeasibleError
            If no street connects them.
        """
        if start == end:
            raise ParameterError("Both ends are the same street corner", "两端是同一个路口")
        search = cast("Any", dijkstra)  # its stubs know no single source
        found, before = search(self._metres, directed=False, indices=start, return_predecessors=True)
        if not np.isfinite(found[end]):
            raise InfeasibleError("No street connects the two corners", "两个路口之间没有相连的道路")
        nodes = [end]
        while nodes[-1] != start:
            nodes.append(int(before[nodes[-1]]))
        nodes.reverse()
        parts, names = [], []
        for a, b in pairwise(nodes):
            arc = int(self._arc[min(a, b), max(a, b)]) - 1
            line = self.graph.arc_lonlat(arc)
            heads_on = int(self.graph.heads[arc]) == b
            parts.append(line if heads_on else line[::-1])
            names.append(self.graph.name(arc))
        named = [name for i, name in enumerate(names) if name and (i == 0 or names[i - 1] != name)]
        return StreetLine(
            line=tuple(places_of(_on_lattice(np.concatenate(parts)))), streets=tuple(named), metres=float(found[end])
        )

    def inside(
        self, area: shapely.Polygon | shapely.MultiPolygon, *, road_classes: tuple[int, ...]
    ) -> list[StreetLine]:
        """Return the streets of some classes that meet an area in degrees, each from corner to corner."""
        kept = np.flatnonzero(np.isin(self.graph.road_class, road_classes))
        kept = kept[(self.graph.reverse[kept] < 0) | (kept < self.graph.reverse[kept])]
        lines = [shapely.LineString(self.graph.arc_lonlat(int(arc))) for arc in kept]
        hits = shapely.STRtree(lines).query(area, predicate="intersects")
        return [
            StreetLine(
                line=tuple(places_of(_on_lattice(shapely.get_coordinates(lines[hit])))),
                streets=tuple(name for name in (self.graph.name(int(kept[hit])),) if name),
                metres=float(self.graph.metres[kept[hit]]),
            )
            for hit in sorted(hits.tolist())
        ]


def reshape_along(coverage: Coverage, arc: int, way: StreetLine) -> ReshapeArc:
    """Return the edit that lays a piece of an arc onto a way along streets.

    The vertices of the arc that are nearest to the two ends of the way stay; what is between them is replaced.

    Raises
    ------
    ParameterError
        If the arc does not exist, or both ends are nearest to the same vertex.
    """
    line = coverage.cut.arcs[arc] if 0 <= arc < len(coverage.cut.arcs) else np.zeros((0, 2), np.int64)
    if not len(line):
        raise ParameterError(
            f"There is no boundary line {arc}; load the boundaries again", f"没有编号为 {arc} 的边界线，请重新载入边界"
        )
    shrink = np.array([np.cos(np.radians(line[:, 1].mean() / 1e7)), 1.0])
    path = np.array(way.line, dtype=np.int64)
    first, last = (int(np.hypot(*((line - end) * shrink).T).argmin()) for end in (path[0], path[-1]))
    if first == last:
        raise ParameterError(
            "Both ends of the street are nearest to the same vertex of the boundary; pick corners further apart",
            "道路两端对应边界上的同一个顶点，请选择相距更远的路口",
        )
    if first > last:
        first, last, path = last, first, path[::-1]
    inner = path[1:] if (path[0] == line[first]).all() else path
    inner = inner[:-1] if (inner[-1] == line[last]).all() else inner
    return ReshapeArc(arc=arc, first=first, last=last, line=tuple(places_of(inner)), streets=way.streets)


def split_along(
    code: str, ways: list[StreetLine], codes: tuple[str, ...], *, snap_m: float = SNAP_M
) -> SplitAlongStreets:
    """Return the edit that splits a grid along ways."""
    names = tuple(dict.fromkeys(name for way in ways for name in way.streets))
    return SplitAlongStreets(
        code=code, lines=tuple(way.line for way in ways), codes=codes, streets=names, snap_m=snap_m
    )


def _on_lattice(lonlat: Float) -> Int64s:
    line = to_lattice(lonlat)
    return line[np.r_[True, (np.diff(line, axis=0) != 0).any(axis=1)]]
