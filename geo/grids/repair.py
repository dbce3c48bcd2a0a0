"""Repair a layer of grids: rings closed, gaps and overlaps handed out, lines matched, and every change listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.errors import ParameterError
from geo.grids.area import areas_m2
from geo.grids.arrange import arrange
from geo.grids.faults import Fault, FaultKind
from geo.grids.hand_out import HandOut, OverlapRule, layer_of
from geo.grids.layer_check import LayerReport, check_shapes, general_rows
from geo.grids.mends import Change
from geo.grids.parents import parent_shapes
from geo.grids.rough import Objects, Rough, lonlat_frame, read_rough
from geo.grids.snap import snap_shapes
from geo.tables.grids import Grids
from geo.tables.spec import LONLAT, Table

_DEGREE_M: Final = 111_320.0
_ROUNDS: Final = 4
_NOISE_M2: Final = 0.05
_NOISE_SHARE: Final = 1e-5
"""Rounding to the lattice moves the areas of faults by about as much."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repaired:
    """A layer after repair.

    Attributes
    ----------
    grids : rows whose shape is an area now, special grids as they were; rows without an area are in ``left`` only
    changes : everything that was done, by kind and code
    left : what is still wrong
    before, after : the check before and after; no kind of fault is larger after, but that an open crack may have become a
        gap with a boundary all around
    """

    grids: Grids
    changes: tuple[Change, ...]
    left: tuple[Fault, ...]
    before: LayerReport
    after: LayerReport


def repair(
    layer: Table | gpd.GeoDataFrame,
    *,
    tolerance_m: float,
    gap_width_m: float,
    parents: Table | gpd.GeoDataFrame | None = None,
    rule: OverlapRule = "border",
    most_overlap_m2: float = float("inf"),
) -> Repaired:
    """Return the general grids of a layer without the faults that can be mended by rule.

    Vertices and edges of neighbours that are nearer than ``tolerance_m`` are brought together, none moves further. Gaps in
    which no circle of ``gap_width_m`` fits go to the neighbour with most common border, overlaps to one of their
    holders by ``rule`` (most common border, the right community, the smaller code; ties by code), slivers narrower
    than ``gap_width_m`` to a neighbour. A grid of which a tenth or less would be left keeps its land. With ``parents``
    (communities with a column ``code``) land never goes to a grid of another community, and narrow land outside goes back.
    Where a mend would leave any kind of fault larger than before, the grids concerned stay as they were.

    Raises
    ------
    FrameError, FieldError
        A layer without a frame, or without unique codes.
    ParameterError
        A distance out of its range.
    """
    for distance in (tolerance_m, gap_width_m):
        if not 0 <= distance <= 100:
            raise ParameterError(
                f"A distance of {distance:g} m is not between 0 and 100 m", f"距离 {distance:g} 米不在 0 至 100 米之间"
            )
    frame = lonlat_frame(layer)
    general = general_rows(frame)
    codes = [str(code) for code in general["code"]]
    told = general["parent_code"].tolist() if "parent_code" in general.columns else [None] * len(codes)
    raw = np.asarray(general.geometry.array, dtype=object)
    measure = _Measure(told, parents, max(gap_width_m, tolerance_m), gap_width_m)
    before = measure.of(read_rough(codes, raw))
    rough = read_rough(codes, raw, close_within_m=tolerance_m)
    work = _Work(codes, told, parents, tolerance_m, gap_width_m, rule, most_overlap_m2)
    shapes, after, mends = work.mended(rough, measure, before)
    changes = [*_of_reading(rough, shapes), *mends]
    return Repaired(
        grids=_table(frame, general, codes, shapes),
        changes=tuple(sorted(changes, key=lambda change: (change.kind, change.codes, change.to, change.place))),
        left=after.faults,
        before=before,
        after=after,
    )


@dataclass(frozen=True, slots=True)
class _Measure:
    """The check that decides what is worse."""

    told: Sequence[object]
    parents: Table | gpd.GeoDataFrame | None
    crack_m: float
    sliver_m: float

    def of(self, rough: Rough) -> LayerReport:
        return check_shapes(
            rough, self.told, parents=self.parents, gap_width_m=self.crack_m, sliver_width_m=self.sliver_m
        )

    def worse(self, before: LayerReport, after: LayerReport) -> set[FaultKind]:
        """Return the kinds of fault that grew.

        A crack that was open to the outside and is closed at its mouth is told as a gap from then on. Gaps
        are worse only if less land is covered than before.
        """
        grown: set[FaultKind] = set()
        for kind, (count, size) in after.totals.items():
            had, was = before.totals.get(kind, (0, 0.0))
            by_area = kind in ("gap", "overlap", "outside_parent")
            if kind == "gap" and after.area_m2 >= before.area_m2 - _NOISE_M2:
                continue
            if kind != "mismatch" and (size > was * (1 + _NOISE_SHARE) + _NOISE_M2 if by_area else count > had):
                grown.add(kind)
        if len(after.unmatched) > len(before.unmatched):
            grown.add("mismatch")
        return grown


@dataclass(frozen=True, slots=True)
class _Work:
    codes: list[str]
    told: Sequence[object]
    parents: Table | gpd.GeoDataFrame | None
    tolerance_m: float
    gap_width_m: float
    rule: OverlapRule
    most_overlap_m2: float

    def mended(self, rough: Rough, measure: _Measure, before: LayerReport) -> tuple[Objects, LayerReport, list[Change]]:
        """Return the shapes, what is left and what was done; grids that a mend would leave worse are left out of it."""
        frozen: set[int] = set()  # rows that stay as they were
        start = measure.of(_reread(rough, rough.shapes)) if rough.closed else None
        for _ in range(_ROUNDS):
            shapes, changes = self._once(_opened(rough, frozen), frozen, start or before)
            after = measure.of(_reread(rough, shapes))
            worse = measure.worse(before, after)
            if not worse:
                return shapes, after, changes
            row_of = {code: row for row, code in enumerate(self.codes)}
            named = {row_of[code] for fault in after.faults if fault.kind in worse for code in fault.codes}
            touched = {row_of[code] for change in changes for code in (*change.codes, change.to) if code}
            if not named & touched - frozen:
                break
            frozen |= named
        shapes = _opened(rough, set(rough.closed)).shapes
        return shapes, measure.of(_reread(rough, shapes)), []

    def _once(self, rough: Rough, frozen: set[int], report: LayerReport) -> tuple[Objects, list[Change]]:
        row_of = {code: row for row, code in enumerate(self.codes)}
        held = np.flatnonzero(~shapely.is_missing(rough.shapes))
        wrong = {row_of[code] for fault in report.faults for code in fault.codes} - frozen
        rows = self._around(rough.shapes, held, sorted(wrong & set(held.tolist())))
        rows = np.array([row for row in rows.tolist() if row not in frozen], dtype=np.intp)
        if not len(rows):
            return rough.shapes, []
        shapes = rough.shapes.copy()
        snapped = snap_shapes(shapes[rows], tolerance_m=self.tolerance_m)
        changes = _of_snapping(self.codes, rows, snapped.moved, snapped.noded, snapped.shapes)
        shapes[rows], given = self._handed_out(snapped.shapes, rows, rough.shapes[np.setdiff1d(held, rows)])
        return shapes, changes + given

    def _around(self, shapes: Objects, held: npt.NDArray[np.intp], wrong: list[int]) -> npt.NDArray[np.intp]:
        """Return rows with faults and those beside them."""
        if not wrong:
            return np.zeros(0, dtype=np.intp)
        reach = (max(self.tolerance_m, self.gap_width_m) + 1.0) / _DEGREE_M * 2
        _, near = shapely.STRtree(shapes[held]).query(shapes[wrong], predicate="dwithin", distance=reach)
        return np.unique(np.r_[wrong, held[near]])

    def _handed_out(self, shapes: Objects, rows: npt.NDArray[np.intp], others: Objects) -> tuple[Objects, list[Change]]:
        areas = parent_shapes(self.parents) if self.parents is not None else {}
        lines = shapely.boundary(np.array([areas[name] for name in sorted(areas)], dtype=object)) if areas else None
        if lines is not None:
            lines = lines[np.unique(shapely.STRtree(shapes).query(lines, predicate="intersects")[0])]
        faces = arrange(shapes, lines=lines, crack_m=self.gap_width_m)
        spots = faces.spots()
        parent_of_face = _names_at(areas, spots)
        foreign = (
            set(shapely.STRtree(spots).query(others, predicate="intersects")[1].tolist()) if len(others) else set()
        )
        empty = frozenset(face for face in foreign if not faces.cover[face])
        beyond = {face for face, cover in enumerate(faces.cover) if not cover and areas and not parent_of_face[face]}
        codes = [self.codes[row] for row in rows.tolist()]
        told = [self.told[row] for row in rows.tolist()]
        layer = layer_of(codes, told, shapes, faces)
        hand = HandOut(faces, layer, foreign=empty | beyond, parent_of_face=parent_of_face)
        hand.overlaps(self.rule, self.most_overlap_m2)
        for _ in range(_ROUNDS):  # what was given away may make room for more
            before = len(hand.changes)
            hand.gaps(self.gap_width_m)
            if areas:
                hand.parents(self.gap_width_m)
            if len(hand.changes) == before:
                break
        if areas:
            hand.trim(self.gap_width_m)
        hand.slivers(self.gap_width_m)
        changes = hand.changes
        made = [faces.in_degrees(area) if area is not None else None for area in hand.areas()]
        same = [
            area is None or bool(shapely.equals_identical(shapely.normalize(area), shapely.normalize(old)))
            for area, old in zip(made, shapes, strict=True)
        ]
        kept = [old if keep else area for area, old, keep in zip(made, shapes, same, strict=True)]
        given = {code for change in changes for code in (*change.codes, change.to)}
        for number, keep in enumerate(same):
            now = kept[number]
            if not keep and now is not None and codes[number] not in given:
                changes.append(_cut_in(codes[number], shapes[number], now))
        return np.array(kept, dtype=object), changes


def _cut_in(code: str, old: BaseGeometry, new: BaseGeometry) -> Change:
    """Return the change of a grid that only got vertices of its neighbours, within the rounding to the lattice."""
    known = set(map(tuple, shapely.get_coordinates(old).tolist()))
    fresh = [place for place in map(tuple, shapely.get_coordinates(new).tolist()) if place not in known]
    spots = np.array(shapely.points(np.array(fresh).reshape(-1, 2)), dtype=object)
    off = shapely.distance(shapely.boundary(old), spots).max(initial=0.0) * _DEGREE_M
    place = fresh[0] if fresh else tuple(shapely.get_coordinates(new)[0].tolist())
    return Change(
        kind="noded", codes=(code,), place=(float(place[0]), float(place[1])), count=len(set(fresh)), moved_m=float(off)
    )


def _names_at(areas: dict[str, BaseGeometry], spots: Objects) -> list[str]:
    """Return the community at each place, "" where there is none."""
    names = sorted(areas)
    found = [""] * len(spots)
    if names:
        held = np.array([areas[name] for name in names], dtype=object)
        area, spot = shapely.STRtree(spots).query(held, predicate="intersects")
        for a, s in sorted(zip(area.tolist(), spot.tolist(), strict=True), reverse=True):
            found[s] = names[a]
    return found


def _opened(rough: Rough, rows: set[int]) -> Rough:
    """Return the layer with some closed rings left open, as they came."""
    again = sorted(rows & set(rough.closed))
    if not again:
        return rough
    shapes = rough.shapes.copy()
    shapes[again] = None
    return replace(rough, shapes=shapes)


def _reread(rough: Rough, shapes: Objects) -> Rough:
    """Return shapes as the check takes them, with the faults of rows that have none."""
    fresh = read_rough(rough.codes, shapes)
    lost = {rough.codes[row] for row in np.flatnonzero(shapely.is_missing(shapes)).tolist()}
    lasting = [f for f in rough.faults if f.kind in ("unclosed", "no_area") and lost & set(f.codes)]
    return replace(fresh, faults=(*lasting, *(fault for fault in fresh.faults if fault.kind != "no_area")))


def _of_reading(rough: Rough, shapes: Objects) -> list[Change]:
    """Return what was done when the shapes were read: rings closed, double vertices dropped, broken ones made valid."""
    place = {code: fault.place for fault in rough.faults for code in fault.codes}
    changes = [
        Change(kind="closed", codes=(rough.codes[row],), place=place[rough.codes[row]], moved_m=metres)
        for row, metres in rough.closed.items()
        if shapes[row] is not None
    ]
    changes += [
        Change(kind="vertices_dropped", codes=(rough.codes[row],), place=place[rough.codes[row]], count=count)
        for row, count in rough.doubled.items()
    ]
    changes += [
        Change(
            kind="made_valid", codes=(rough.codes[row],), place=place[rough.codes[row]],
            area_m2=float(areas_m2(rough.shapes[[row]])[0]),
        )
        for row in rough.broken
        if rough.shapes[row] is not None
    ]  # fmt: skip
    return changes


def _of_snapping(
    codes: Sequence[str],
    rows: npt.NDArray[np.intp],
    moved: dict[int, tuple[int, float]],
    noded: dict[int, tuple[int, float]],
    shapes: Objects,
) -> list[Change]:
    def place(row: int) -> tuple[float, float]:
        x, y = shapely.get_coordinates(shapes[row])[0].tolist()
        return x, y

    changes = [
        Change(kind="snapped", codes=(codes[rows[row]],), place=place(row), count=count, moved_m=far)
        for row, (count, far) in moved.items()
    ]
    changes += [
        Change(kind="noded", codes=(codes[rows[row]],), place=place(row), count=count, moved_m=far)
        for row, (count, far) in noded.items()
    ]
    return changes


def _table(frame: gpd.GeoDataFrame, general: gpd.GeoDataFrame, codes: Sequence[str], shapes: Objects) -> Grids:
    """Return the rows that are areas, in the order in which they came, special grids among them as they were."""
    held = general.assign(code=codes)
    if "kind" not in held.columns:
        held = held.assign(kind="general")
    kept = np.flatnonzero(~shapely.is_missing(shapes))
    made = gpd.GeoDataFrame(
        pd.DataFrame(held.drop(columns=held.geometry.name)).iloc[kept], geometry=shapes[kept], crs=LONLAT
    )
    if "kind" in frame.columns and (frame["kind"] != "general").any():
        special = frame[frame["kind"] != "general"]
        if special.geometry.name != "geometry":
            special = special.rename_geometry("geometry")
        order = {str(code): number for number, code in enumerate(frame["code"])}
        made = pd.concat([made, special], ignore_index=True)
        made = made.iloc[np.argsort([order[str(code)] for code in made["code"]], kind="stable")]
    return Grids.of(made.reset_index(drop=True))
