"""Streets closed for an event: which arcs a drawn line, an area or a street name means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.patrol import Closure
from api.services.patrol_terms import Terms
from api.services.workspace import Workspace
from geo.crs import pick_metric_crs, to_metric
from geo.errors import InputError, NotFoundError
from geo.streets.graph import StreetGraph

Ints = npt.NDArray[np.int64]

ALONG_M: Final = 20.0
"""A drawn line runs along a street where the street lies this near to it."""
ALONG_SHARE: Final = 0.6
"""Part of an arc that must lie so near."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClosedStreets:
    """Arcs that nobody may drive, as one closure of the question means them; ``start`` and ``end`` where it has hours."""

    name: str
    arcs: Ints
    metres: float
    lines: list[list[list[float]]]
    start: datetime | None
    end: datetime | None

    def seconds_of(self, terms: Terms) -> tuple[int, int]:
        """Return from when to when of the shift it holds; a time that is not given is that of the shift."""
        low = 0 if self.start is None else terms.second(self.start)
        return low, terms.shift_seconds if self.end is None else terms.second(self.end)

    def outside(self, terms: Terms) -> bool:
        """Return whether it does not meet the shift."""
        low, high = self.seconds_of(terms)
        return high <= 0 or low >= terms.shift_seconds

    def hours(self, terms: Terms) -> Literal["all", "part", "outside"]:
        """Return what part of the shift it holds."""
        if self.outside(terms):
            return "outside"
        low, high = self.seconds_of(terms)
        return "all" if low <= 0 and high >= terms.shift_seconds else "part"


def closed_streets(workspace: Workspace, closures: Sequence[Closure]) -> list[ClosedStreets]:
    """Return the arcs of each closure, both directions of a street together.

    A line closes streets that it runs along, and where there is none, those that it crosses; an area closes all that
    touch its inside; a name all arcs of that street.

    Raises
    ------
    NotFoundError, InputError
        Where a closure means no street, naming it.
    """
    graph = workspace.graph()
    found = []
    for number, closure in enumerate(closures, start=1):
        name = closure.name or closure.street or f"封闭 {number}"
        arcs = _arcs(workspace, graph, closure, name)
        back = graph.reverse[arcs]
        arcs = np.unique(np.concatenate([arcs, back[back >= 0]])).astype(np.int64)
        once = arcs[(graph.reverse[arcs] < 0) | (arcs < graph.reverse[arcs])]
        found.append(
            ClosedStreets(
                name=name, arcs=arcs, metres=float(graph.metres[once].sum()), start=closure.start, end=closure.end,
                lines=[np.round(graph.arc_lonlat(int(arc)), 6).tolist() for arc in once],
            )
        )  # fmt: skip
    return found


def _arcs(workspace: Workspace, graph: StreetGraph, closure: Closure, name: str) -> Ints:
    if closure.street is not None:
        wanted = closure.street.strip()
        ids = [number for number, known in enumerate(graph.names) if known and known == wanted]
        if not ids:
            raise NotFoundError(
                f"There is no street called {wanted!r} in the streets of this installation; draw a line instead",
                f"路网中没有名为“{wanted}”的道路，请改为在图上画线",
            )
        return np.flatnonzero(np.isin(graph.name_ids, ids))
    area = closure.area is not None
    corners = np.array(closure.area if area else closure.line, np.float64)
    shape = shapely.Polygon(corners) if area else shapely.LineString(corners)
    lines = _arc_lines(workspace, graph)
    # A degree of latitude is 111 km: a box this much wider holds all that can be near.
    near = lines.query(shape.envelope.buffer(0.0005))
    if not len(near):
        raise _nothing(name)
    crs = pick_metric_crs(shape.bounds)
    metric = shapely.transform(shape, lambda xy: to_metric(xy, crs))
    arcs = shapely.transform(lines.geometries[near], lambda xy: to_metric(xy, crs))
    if area:
        inside = shapely.length(shapely.intersection(arcs, shapely.make_valid(metric))) > 1.0
        kept = near[inside]
    else:
        length = np.maximum(shapely.length(arcs), 1e-6)
        share = shapely.length(shapely.intersection(arcs, metric.buffer(ALONG_M, cap_style="flat"))) / length
        kept = near[share >= ALONG_SHARE]
        if not len(kept):
            kept = near[shapely.intersects(arcs, metric)]
    if not len(kept):
        raise _nothing(name)
    return np.sort(kept).astype(np.int64)


def _nothing(name: str) -> InputError:
    return InputError(
        f"The closure {name} touches no street; draw it along or across one",
        f"封闭范围“{name}”没有碰到任何道路，请沿道路或横跨道路重画",
    )


def _arc_lines(workspace: Workspace, graph: StreetGraph) -> shapely.STRtree:
    def build() -> shapely.STRtree:
        counts = np.diff(graph.geometry_offsets)
        lines = shapely.linestrings(graph.geometry_lonlat, indices=np.repeat(np.arange(graph.arcs), counts))
        return shapely.STRtree(np.asarray(lines))

    return workspace.derived.get("arc_lines", id(graph), build)
