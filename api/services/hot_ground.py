"""The ground of every search for hot places: calls in metres, the land that counts, cells over it, and what is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from api.services.calls_cube import calls_cube
from api.services.filters import CallFilter
from api.services.heat import moment
from api.services.workspace import FIRST_PROFILE, Workspace
from geo.cells.contiguity import Lists, from_pairs, touching
from geo.cells.hexagon import hexagons_within
from geo.cells.segments import SegmentCells
from geo.cells.square import squares_within
from geo.crs import pick_metric_crs, to_lonlat, to_metric
from geo.errors import InputError
from geo.hotspots.cube.figures import Chosen
from geo.store.port import Principal

T = TypeVar("T")
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
CellKind = Literal["square", "hexagon", "grid", "segment"]
_KEPT: Final = 48
SNAP_M: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HotGround:
    """Calls of a filter that have a place.

    Attributes
    ----------
    calls : as the cube holds them
    xy : float64[n, 2] metres of ``crs``
    unplaced : calls that pass but have no place
    start, end : the period that the data covers of the filter; ``span`` is the same in local minutes since 1970-01-01
    """

    calls: Chosen
    xy: Floats
    crs: str
    unplaced: int
    start: datetime
    end: datetime
    span: tuple[int, int]

    def __len__(self) -> int:
        return len(self.xy)

    @property
    def days(self) -> Floats:
        """Days since 1970-01-01 by the local clock, with fractions."""
        return np.asarray(self.calls.minutes / 1440.0, np.float64)

    def words(self) -> tuple[str, str]:
        """Return the period in words."""
        last = self.end - timedelta(minutes=1)
        return f"{self.start:%Y-%m-%d} 至 {last:%Y-%m-%d}", f"from {self.start:%Y-%m-%d} to {last:%Y-%m-%d}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Cells of one kind over the land.

    Attributes
    ----------
    locate : gives the cell of each of float64[n, 2] metres, -1 for none
    shapes : object[m], outlines (or lines) in metres
    lists : which cells are neighbours
    names : what each is called, or empty
    """

    kind: CellKind
    size_m: float
    locate: Callable[[Floats], Ints]
    shapes: npt.NDArray[np.object_]
    lists: Lists
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.shapes)


def kept(workspace: Workspace, principal: Principal, key: Hashable, build: Callable[[], T]) -> T:
    """Return what was computed for ``key`` from the present calls and grids, or compute it; the oldest are forgotten."""
    store = workspace.store
    version = (store.version("calls"), store.version("grids"), str(workspace.facts().get("as_of") or ""))
    held: tuple[OrderedDict[Hashable, T], Lock] = workspace.derived.get(
        "hot_kept", version, lambda: (OrderedDict(), Lock())
    )
    full = (principal.scopes, key)
    with held[1]:
        if full in held[0]:
            held[0].move_to_end(full)
            return held[0][full]
    made = build()
    with held[1]:
        held[0][full] = made
        while len(held[0]) > _KEPT:
            held[0].popitem(last=False)
    return made


def metric_crs(workspace: Workspace) -> str:
    """Return the metric system of the city."""
    bounds = workspace.bounds()
    if bounds is None:
        raise InputError(
            "There are no streets and no grids, so no place can be measured", "尚无路网和网格，无法按米计算"
        )
    return pick_metric_crs(bounds)


def ground(workspace: Workspace, principal: Principal, wanted: CallFilter) -> HotGround:
    """Return the calls of a filter in metres."""

    def build() -> HotGround:
        cube = calls_cube(workspace, principal)
        which = wanted.cube(workspace.zone)
        calls = cube.calls(which)
        crs = metric_crs(workspace)
        first, last = cube.span(which)
        return HotGround(
            calls=calls, xy=to_metric(calls.lonlat, crs), crs=crs, unplaced=cube.total(which).unplaced,
            start=moment(workspace, first), end=moment(workspace, last),
            span=(first, last),
        )  # fmt: skip

    return kept(workspace, principal, ("ground", wanted), build)


def land(workspace: Workspace, principal: Principal) -> BaseGeometry:
    """Return the land that counts, in metres: all general grids together, or the box of the streets."""

    def build() -> BaseGeometry:
        crs = metric_crs(workspace)
        frame = workspace.grids(principal).frame
        if len(frame):
            general = frame[frame["kind"] == "general"]
            return shapely.union_all(in_metres(np.asarray(general.geometry.array, dtype=object), crs))
        west, south, east, north = workspace.bounds() or (0.0, 0.0, 0.0, 0.0)
        return shapely.union_all(in_metres(np.array([shapely.box(west, south, east, north)], dtype=object), crs))

    return kept(workspace, principal, "land", build)


def cells_of(workspace: Workspace, principal: Principal, kind: CellKind, size_m: float) -> Cells:
    """Return the cells of a kind; grids and segments have no size to choose."""
    key = ("cells", kind, size_m if kind in ("square", "hexagon") else 0.0)
    return kept(workspace, principal, key, lambda: _cells(workspace, principal, kind, size_m))


def _cells(workspace: Workspace, principal: Principal, kind: CellKind, size_m: float) -> Cells:
    if kind == "segment":
        return _segments(workspace)
    if kind == "grid":
        return _grids(workspace, principal)
    boundary = land(workspace, principal)
    if kind == "hexagon":
        hexagons = hexagons_within(boundary, across_m=size_m)
        return Cells(
            kind=kind, size_m=size_m, locate=hexagons.locate, shapes=hexagons.shapes(), lists=hexagons.neighbours()
        )
    squares = squares_within(boundary, size_m=size_m)
    return Cells(kind=kind, size_m=size_m, locate=squares.locate, shapes=squares.shapes(), lists=squares.neighbours())


def _grids(workspace: Workspace, principal: Principal) -> Cells:
    crs = metric_crs(workspace)
    index = workspace.grid_index(principal)
    frame = workspace.grids(principal).frame.set_index("code").loc[list(index.codes)]
    shapes = in_metres(np.asarray(frame.geometry.array, dtype=object), crs)

    def locate(xy: Floats) -> Ints:
        return np.asarray(index.rows(to_lonlat(xy, crs)), np.int64)

    return Cells(
        kind="grid", size_m=0.0, locate=locate, shapes=shapes, lists=touching(list(shapes)),
        names=tuple(str(code) for code in index.codes),
    )  # fmt: skip


def _segments(workspace: Workspace) -> Cells:
    graph, crs = workspace.graph(), metric_crs(workspace)
    segments = SegmentCells.of(graph)

    def locate(xy: Floats) -> Ints:
        places = workspace.snapper(FIRST_PROFILE).snap(to_lonlat(xy, crs), SNAP_M)
        return np.where(places.ok, segments.of_arc[np.maximum(places.arc, 0)], -1).astype(np.int64)

    return Cells(
        kind="segment", size_m=0.0, locate=locate, shapes=in_metres(segments.shapes(graph), crs),
        lists=segments.neighbours() if len(segments) else from_pairs([], [], count=0),
        names=tuple(graph.name(int(arc)) for arc in segments.arc),
    )  # fmt: skip


def in_metres(shapes: npt.NDArray[np.object_], crs: str) -> npt.NDArray[np.object_]:
    """Return shapes in degrees in metres of ``crs``."""
    return np.asarray(shapely.transform(shapes, lambda at: to_metric(at, crs)), dtype=object)


def lonlat_json(shape: BaseGeometry, crs: str) -> dict[str, object]:
    """Return a shape in metres as GeoJSON geometry in degrees, to about a metre."""
    moved = shapely.transform(shape, lambda at: np.round(to_lonlat(at, crs), 5))
    return dict(shapely.geometry.mapping(moved))
