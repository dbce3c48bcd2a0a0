"""Positions along the streets, on which calls, people, posts and points are placed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Self, cast

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geo.crs import pick_metric_crs, to_lonlat, to_metric
from geo.streets.graph import CAR, FOOT, ROAD_CLASSES, StreetGraph

Float = npt.NDArray[np.float64]

RESIDENTS: Final = dict.fromkeys(ROAD_CLASSES, 0.0) | {
    "residential": 1.0, "living_street": 1.0, "tertiary": 0.7, "secondary": 0.6, "primary": 0.4,
    "unclassified": 0.4, "service": 0.2, "pedestrian": 0.6, "trunk": 0.1,
}  # fmt: skip
"""How densely people live along a metre of each road class, relative to a residential street (assumed)."""

MAIN: Final = ("motorway", "trunk", "primary", "secondary", "tertiary")
"""Classes that carry the main network; grids are preferably bounded by them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreetPositions:
    """Positions about ``spacing`` metres apart on every street, once for both directions.

    Attributes
    ----------
    crs : str, the metric system of ``xy``
    xy : float64[k, 2] metres
    along : float64[k, 2], unit vector of the street
    metres : float64[k], the length of street that a position stands for
    arc : int32[k], arc of the graph
    road_class : int8[k], index into ``ROAD_CLASSES``
    """

    crs: str
    xy: Float
    along: Float
    metres: Float
    arc: npt.NDArray[np.int32]
    road_class: npt.NDArray[np.int8]

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __len__(self) -> int:
        return len(self.arc)

    @classmethod
    def of(cls, graph: StreetGraph, *, spacing: float = 20.0) -> Self:
        """Sample the streets that a car or a walker can both reach and leave."""
        crs = pick_metric_crs(graph.bounds)
        tails, arcs = graph.tails(), np.arange(graph.arcs, dtype=np.int32)
        linked = reachable(graph, CAR) | reachable(graph, FOOT)
        once = (graph.reverse < 0) | (arcs < graph.reverse)
        arcs = arcs[once & linked[tails] & linked[graph.heads] & (graph.metres > 0)]
        lines = arc_lines(graph, arcs, to_metric(graph.geometry_lonlat, crs))
        lengths = np.asarray(shapely.length(lines))
        arcs, lines, lengths = arcs[lengths > 0], lines[lengths > 0], lengths[lengths > 0]
        pieces = np.maximum(np.ceil(lengths / spacing), 1).astype(np.int64)
        row = np.repeat(np.arange(len(arcs)), pieces)
        turn = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        step = (lengths / pieces)[row]
        at = (turn + 0.5) * step
        xy = _interpolate(lines[row], at)
        reach = np.minimum(1.0, 0.4 * step)
        ahead = _interpolate(lines[row], at + reach) - _interpolate(lines[row], at - reach)
        norm = np.hypot(ahead[:, 0], ahead[:, 1])
        along = np.where(norm[:, None] > 0, ahead / np.maximum(norm, 1e-9)[:, None], np.array([1.0, 0.0]))
        arc = arcs[row]
        return cls(crs=crs, xy=xy, along=along, metres=step, arc=arc, road_class=graph.road_class[arc].copy())

    def where(self, kept: npt.NDArray[np.bool_]) -> Self:
        """Return the positions that ``kept`` bool[k] marks."""
        return type(self)(
            crs=self.crs,
            xy=self.xy[kept],
            along=self.along[kept],
            metres=self.metres[kept],
            arc=self.arc[kept],
            road_class=self.road_class[kept],
        )

    def class_weight(self, weights: dict[str, float]) -> Float:
        """Return metres times the weight of the road class, float64[k]; classes that are not named weigh 0."""
        table = np.array([weights.get(name, 0.0) for name in ROAD_CLASSES])
        return cast("Float", table[self.road_class] * self.metres)

    def lonlat(self) -> Float:
        """Return the positions as float64[k, 2] degrees."""
        return to_lonlat(self.xy, self.crs)

    def tree(self) -> cKDTree:
        """Return a search tree over ``xy``."""
        return cKDTree(self.xy)


def _interpolate(lines: npt.NDArray[np.object_], metres: Float) -> Float:
    return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(lines, metres)), dtype=np.float64)


def arc_lines(graph: StreetGraph, arcs: npt.NDArray[np.int32], coordinates: Float) -> npt.NDArray[np.object_]:
    """Return the lines of ``arcs`` with ``coordinates`` (rows as in ``graph.geometry_lonlat``)."""
    counts = np.diff(graph.geometry_offsets)[arcs].astype(np.int64)
    first = graph.geometry_offsets[arcs].astype(np.int64)
    rows = np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
    return np.asarray(
        shapely.linestrings(coordinates[rows], indices=np.repeat(np.arange(len(arcs)), counts)), dtype=object
    )


def crossings(graph: StreetGraph) -> npt.NDArray[np.bool_]:
    """Tell which nodes join three streets for cars or more, bool[n]."""
    may = (graph.access & CAR) > 0
    ends = np.sort(np.stack([graph.tails()[may], graph.heads[may]], axis=1), axis=1)
    return np.asarray(np.bincount(np.unique(ends, axis=0).ravel(), minlength=graph.nodes) >= 3)


def reachable(graph: StreetGraph, access: int) -> npt.NDArray[np.bool_]:
    """Tell which nodes lie in the largest part where one can get from every node to every other, bool[n].

    ``access`` is an access bit of ``StreetGraph``.
    """
    may = (graph.access & access) > 0
    tails = graph.tails()[may]
    ones = np.ones(len(tails), dtype=np.int8)
    matrix = csr_array((ones, (tails, graph.heads[may])), shape=(graph.nodes, graph.nodes))
    _, label = connected_components(matrix, directed=True, connection="strong")
    return np.asarray(label == np.bincount(label).argmax())
