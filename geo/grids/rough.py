"""Layers as offices send them: rings left open, vertices twice, polygons that cross themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.errors import FieldError, FrameError
from geo.grids.arcs import LATTICE, to_degrees, to_lattice
from geo.grids.faults import Fault
from geo.grids.ring_arrays import ring_arrays
from geo.tables.spec import LONLAT, Table

Objects = npt.NDArray[np.object_]
_METRES: Final = 111_320.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rough:
    """The areas of a layer on the lattice, made valid as far as that is possible, and what was wrong with them.

    Attributes
    ----------
    codes : of the rows
    shapes : object[n], valid polygons and multipolygons in degrees on the lattice; None where there is no area
    faults : open rings, double vertices, broken shapes, rows without an area
    closed : rows whose ring was open and is closed here, with the metres between its ends
    doubled : rows with double vertices, with their number
    broken : rows whose shape was not valid
    """

    codes: tuple[str, ...]
    shapes: Objects
    faults: tuple[Fault, ...]
    closed: dict[int, float]
    doubled: dict[int, int]
    broken: tuple[int, ...]


def lonlat_frame(layer: Table | gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer in lon/lat with a column ``code``, its geometry as it came.

    Raises
    ------
    FrameError
        A layer without a coordinate frame.
    FieldError
        A layer without codes, or with one twice.
    """
    frame = layer.frame if isinstance(layer, Table) else layer
    if frame.crs is None:
        raise FrameError(
            "The layer does not say in which coordinate frame it is; state one (--frame)",
            "图层没有标明坐标系，请用 --frame 指明",
        )
    if "code" not in frame.columns:
        raise FieldError("The layer has no column of codes", "图层缺少编码列 code")
    double = frame["code"].astype(str)[frame["code"].astype(str).duplicated()].unique().tolist()
    if double:
        raise FieldError(
            f"The layer has the codes {', '.join(double[:5])} twice",
            f"图层编码重复：{'、'.join(double[:5])}",
            rows=double,
        )
    return frame if frame.crs == LONLAT else frame.to_crs(LONLAT)


def read_rough(codes: Sequence[str], geometry: Objects, *, close_within_m: float = 0.0) -> Rough:
    """Return the areas of rows in lon/lat (polygons, collections with polygons, or lines that bound an area).

    A line whose ends are at most ``close_within_m`` apart is closed; one that is further open has no area.
    """
    faults: list[Fault] = []
    shapes = np.array(geometry, dtype=object)
    closed: dict[int, float] = {}
    kinds = shapely.get_type_id(shapes)
    for row in np.flatnonzero(~np.isin(kinds, (3, 6))).tolist():
        shapes[row] = _area_of(row, codes, shapes[row], close_within_m, faults, closed)
    held = np.flatnonzero(~shapely.is_missing(shapes))
    doubled = _on_lattice(shapes, held, codes, faults)
    valid = shapely.is_valid(shapes[held])
    broken = held[~valid]
    if len(broken):
        reasons = shapely.is_valid_reason(shapes[broken])
        for row, reason in zip(broken.tolist(), reasons.tolist(), strict=True):
            faults.append(_broken(codes[row], shapes[row], reason))
        mended = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
        for row, shape in zip(broken.tolist(), mended, strict=True):
            shapes[row] = _valid_on_lattice(shape)
    lost = [row for row in held.tolist() if shapes[row] is None or shapes[row].is_empty]
    for row in lost:
        shapes[row] = None
    named = {code for fault in faults if fault.kind in ("unclosed", "no_area") for code in fault.codes}
    faults += [
        Fault(kind="no_area", codes=(codes[row],), place=_any_place(geometry[row]))
        for row in lost
        if codes[row] not in named
    ]
    return Rough(
        codes=tuple(codes),
        shapes=shapes,
        faults=tuple(faults),
        closed=closed,
        doubled=doubled,
        broken=tuple(broken.tolist()),
    )


def _area_of(
    row: int,
    codes: Sequence[str],
    shape: BaseGeometry | None,
    close_within_m: float,
    faults: list[Fault],
    closed: dict[int, float],
) -> BaseGeometry | None:
    """Return the area that lines or a collection bound, or None."""
    if shape is None or shape.is_empty:
        faults.append(Fault(kind="no_area", codes=(codes[row],), place=(0.0, 0.0)))
        return None
    parts = shapely.get_parts(shape)
    polygons = [part for part in parts if shapely.get_dimensions(part) == 2]
    if polygons:
        return _polygons_only(shapely.union_all(np.array(polygons, dtype=object)))
    lines = [part for part in parts if shapely.get_dimensions(part) == 1 and shapely.get_num_coordinates(part) > 2]
    merged = shapely.line_merge(shapely.union_all(np.array(lines, dtype=object))) if len(lines) > 1 else None
    rings = list(shapely.get_parts(merged)) if merged is not None else lines
    if not rings:
        faults.append(Fault(kind="no_area", codes=(codes[row],), place=_any_place(shape)))
        return None
    found = []
    for ring in rings:
        xy = shapely.get_coordinates(ring)
        apart = _metres_between(xy[0], xy[-1])
        if apart > 0:
            faults.append(
                Fault(
                    kind="unclosed", codes=(codes[row],), place=(float(xy[-1, 0]), float(xy[-1, 1])), size=apart,
                    shape=shapely.LineString(xy[[-1, 0]]),
                )
            )  # fmt: skip
            if apart > close_within_m or len(xy) < 3:
                return None
            closed[row] = max(apart, closed.get(row, 0.0))
        if len(xy) < 3:
            return None
        found.append(shapely.Polygon(xy))
    return found[0] if len(found) == 1 else shapely.make_valid(shapely.MultiPolygon(found), method="structure")


def _on_lattice(
    shapes: Objects, held: npt.NDArray[np.intp], codes: Sequence[str], faults: list[Fault]
) -> dict[int, int]:
    """Move vertices to the lattice and drop those that are there twice, in place; return how many by row."""
    if not len(held):
        return {}
    read = ring_arrays(shapes[held])
    flat = to_lattice(read.degrees)
    rounded = to_degrees(flat)
    if not np.array_equal(rounded, read.degrees):
        shapes[held] = shapely.set_coordinates(shapes[held].copy(), rounded)
    same = np.zeros(len(flat), dtype=bool)
    same[1:] = (np.diff(flat, axis=0) == 0).all(axis=1)
    same[np.cumsum(read.lengths) - read.lengths] = False
    hits = np.flatnonzero(same)
    if not len(hits):
        return {}
    ring_of = np.searchsorted(np.cumsum(read.lengths), hits, side="right")
    rows = held[read.owner[read.polygon[ring_of]]]
    doubled = {}
    for row in np.unique(rows).tolist():
        places = to_degrees(flat[hits[rows == row]])
        doubled[row] = len(places)
        faults.append(
            Fault(
                kind="duplicate_vertex", codes=(codes[row],), size=len(places),
                place=(float(places[0, 0]), float(places[0, 1])),
            )
        )  # fmt: skip
        shapes[row] = shapely.remove_repeated_points(shapes[row])
    return doubled


def _valid_on_lattice(shape: BaseGeometry) -> BaseGeometry | None:
    """Return the polygons of a shape on the lattice, valid there too; what is thinner than a step is lost."""
    steps = shapely.transform(shape, lambda xy: xy * LATTICE)
    snapped = shapely.set_precision(steps, 1.0)
    return _polygons_only(shapely.transform(snapped, lambda xy: to_degrees(np.rint(xy).astype(np.int64))))


def _broken(code: str, shape: BaseGeometry, reason: str) -> Fault:
    words, _, place = reason.partition("[")
    spot = place.rstrip("]").split()
    at = (float(spot[0]), float(spot[1])) if len(spot) == 2 else _any_place(shape)
    return Fault(kind="broken", codes=(code,), place=at, detail=words.strip())


def _polygons_only(shape: BaseGeometry) -> BaseGeometry | None:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    if not parts:
        inner = [p for part in shapely.get_parts(shape) for p in shapely.get_parts(part) if p.geom_type == "Polygon"]
        parts = [part for part in inner if not part.is_empty]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _any_place(shape: BaseGeometry | None) -> tuple[float, float]:
    xy = shapely.get_coordinates(shape) if shape is not None else np.zeros((0, 2))
    return (float(xy[0, 0]), float(xy[0, 1])) if len(xy) else (0.0, 0.0)


def _metres_between(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    shrink = np.cos(np.radians((a[1] + b[1]) / 2))
    return float(np.hypot((a[0] - b[0]) * shrink, a[1] - b[1]) * _METRES)
