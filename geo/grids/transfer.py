"""Give smaller units (blocks, 微网格) from one grid to another: by choice, or with a brush."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import GeometryError, ParameterError
from geo.grids.applied import Applied, Line, row_named
from geo.grids.arcs import Int64s, to_lattice
from geo.grids.divide import Divided, dissolved, divide, local_shape
from geo.grids.recut import Polygons, polygons_of
from geo.grids.replace_grids import GridRecord, ReplaceGrids, attributes_of
from geo.grids.several import joined
from geo.grids.split import SNAP_M, require_snap
from geo.grids.topology import Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitShape:
    """A unit smaller than a grid: its code, for people to read, and its rings on the lattice (the outer ring first)."""

    code: str
    polygons: tuple[tuple[Line, ...], ...]

    @classmethod
    def of(cls, code: str, shape: shapely.Polygon | shapely.MultiPolygon) -> UnitShape:
        """Return a unit of a polygon in degrees; vertices move to the lattice."""
        rings = [(part.exterior, *part.interiors) for part in shapely.get_parts(shape)]
        return cls(
            code=code,
            polygons=tuple(
                tuple(tuple((x, y) for x, y in to_lattice(shapely.get_coordinates(ring)).tolist()) for ring in polygon)
                for polygon in rings
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignUnits:
    """Give units to a grid, whichever grids they are in now: one stroke of the brush.

    Units whose edges are on the lattice of the grids change hands exactly, vertex for vertex. A stroke that would
    tear a grid, empty it, touch one of ``locked``, or cross the boundary of a community is refused. Where grids are
    named in ``only``, land of no other grid changes hands, whatever else lies under the stroke.
    """

    to: str
    units: tuple[UnitShape, ...]
    locked: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    allow_parent_change: bool = False
    snap_m: float = SNAP_M

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        return _assigned(coverage, self, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBlocks:
    """Give blocks of one named grid to another; blocks that are not in ``source`` are refused."""

    source: str
    to: str
    units: tuple[UnitShape, ...]
    allow_parent_change: bool = False
    snap_m: float = SNAP_M

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        return _assigned(coverage, self, row_named(coverage, self.source))


def _assigned(coverage: Coverage, edit: AssignUnits | TransferBlocks, source: int | None) -> Applied:
    target = row_named(coverage, edit.to)
    require_snap(edit.snap_m)
    if not edit.units:
        raise ParameterError("No unit is given", "没有选择任何单元")
    origin = polygons_of(coverage, target)[0][0][0]
    stroke = _union(edit.units, origin)
    rows = _rows_under(coverage, stroke, origin, target)
    if isinstance(edit, AssignUnits) and edit.only:
        given = {row_named(coverage, code) for code in edit.only}
        rows = [row for row in rows if row in given]
    lines = [np.rint(shapely.get_coordinates(ring)).astype(np.int64) + origin for ring in _rings(stroke)]
    divided = divide(coverage, rows, lines, origin=origin, snap_m=edit.snap_m) if rows else None
    taken = _taken(divided, rows, stroke) if divided is not None else {}
    if divided is None or not taken:
        named = ", ".join(unit.code for unit in edit.units[:5])
        raise GeometryError(
            f"The units {named} are in grid {edit.to} already, or in none; nothing was changed",
            f"单元 {named} 已在网格 {edit.to} 内，或不在任何网格内，未作任何改动",
            rows=[edit.to],
        )
    donors = list(taken)
    _refuse_donors(coverage, donors, target, edit, source)
    put = []
    moving = [face for faces in taken.values() for face in faces]
    for row in donors:
        rest = [face for face in divided.faces[row] if not any(face is other for other in taken[row])]
        if not rest:
            raise _refusal(
                coverage, row, "it would lose all its land; merge the grids instead", "其全部范围将被划走，请改用合并"
            )
        put.append(_record(divided, row, dissolved(rest, origin)))
    own = local_shape(polygons_of(divided.coverage, target), origin).geoms
    put.append(_record(divided, target, dissolved([*own, *moving], origin)))
    for record in put:
        row = coverage.row_of[record.code]
        if len(record.polygons) > len(coverage.cut.shapes[row]):
            parts = len(record.polygons)
            if row == target:
                raise _refusal(coverage, row, "the units do not adjoin it", "所选单元与其不相邻")
            raise _refusal(coverage, row, f"it would be torn into {parts} parts", f"将被割裂为 {parts} 块")
    step = ReplaceGrids(removed=(), put=tuple(put)).apply(divided.coverage)
    return joined(coverage, [*divided.steps, step])


def _record(divided: Divided, row: int, polygons: Polygons) -> GridRecord:
    return GridRecord.made(row, attributes_of(divided.coverage, row), polygons)


def _refusal(coverage: Coverage, row: int, en: str, zh: str) -> GeometryError:
    code = coverage.codes[row]
    return GeometryError(f"Grid {code}: {en}; nothing was changed", f"网格 {code}：{zh}，未作任何改动", rows=[code])


def _union(units: Sequence[UnitShape], origin: Int64s) -> shapely.Polygon | shapely.MultiPolygon:
    shapes = []
    for unit in units:
        if any(len(ring) < 4 for polygon in unit.polygons for ring in polygon) or not unit.polygons:
            raise GeometryError(f"Unit {unit.code} has no area", f"单元 {unit.code} 没有图形", rows=[unit.code])
        rings = tuple(tuple(np.array(ring, dtype=np.int64) for ring in polygon) for polygon in unit.polygons)
        shape = local_shape(rings, origin)
        if not shapely.is_valid(shape):
            raise GeometryError(f"Unit {unit.code} is broken", f"单元 {unit.code} 的图形无效", rows=[unit.code])
        shapes.append(shape)
    return cast("shapely.MultiPolygon", shapely.union_all(np.array(shapes, dtype=object), grid_size=1))


def _rings(shape: shapely.Polygon | shapely.MultiPolygon) -> npt.NDArray[np.object_]:
    return np.asarray(shapely.get_rings(shapely.get_parts(shape)), dtype=object)


def _rows_under(
    coverage: Coverage, stroke: shapely.Polygon | shapely.MultiPolygon, origin: Int64s, target: int
) -> list[int]:
    """Return the rows of the other grids that have land under the stroke."""
    degrees = shapely.transform(stroke, lambda xy: (xy + origin) / 1e7)
    bounds = shapely.bounds(coverage.shapes)
    west, south, east, north = degrees.bounds
    meets = (bounds[:, 0] < east) & (bounds[:, 2] > west) & (bounds[:, 1] < north) & (bounds[:, 3] > south)
    meets[target] = False
    near = np.flatnonzero(meets)
    return [int(row) for row in near[shapely.relate_pattern(coverage.shapes[near], degrees, "T********")]]


def _taken(
    divided: Divided, rows: Sequence[int], stroke: shapely.Polygon | shapely.MultiPolygon
) -> dict[int, list[shapely.Polygon]]:
    """Return the faces under the stroke of each grid that has any."""
    found = {}
    for row in rows:
        faces = divided.faces[row]
        under = shapely.intersects(stroke, shapely.point_on_surface(np.array(faces, dtype=object)))
        mine = [face for face, hit in zip(faces, under.tolist(), strict=True) if hit]
        if mine:
            found[row] = mine
    return found


def _refuse_donors(
    coverage: Coverage, donors: Sequence[int], target: int, edit: AssignUnits | TransferBlocks, source: int | None
) -> None:
    parents = coverage.attributes["parent_code"]
    own = parents.iloc[target]
    for row in donors:
        if source is not None and row != source:
            raise _refusal(coverage, row, f"the units reach into it, not only into {coverage.codes[source]}",
                           f"所选单元延伸到该网格，不仅在网格 {coverage.codes[source]} 内")  # fmt: skip
        if isinstance(edit, AssignUnits) and coverage.codes[row] in edit.locked:
            raise _refusal(coverage, row, "it is locked", "该网格已锁定")
        theirs = parents.iloc[row]
        if theirs != own and isinstance(theirs, str) | isinstance(own, str) and not edit.allow_parent_change:
            raise _refusal(
                coverage, row, f"it belongs to another community than grid {coverage.codes[target]}",
                f"与网格 {coverage.codes[target]} 不属于同一村（社区）",
            )  # fmt: skip
    if isinstance(edit, AssignUnits) and edit.to in edit.locked:
        raise _refusal(coverage, target, "it is locked", "该网格已锁定")
