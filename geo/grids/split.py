"""Split a grid along a drawn line or along streets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import GeometryError, ParameterError
from geo.grids.applied import Applied, Line, row_named
from geo.grids.arcs import LATTICE
from geo.grids.divide import STEPS_PER_METRE, Divided, divide, lattice_polygons, local_shape
from geo.grids.part_names import part_names
from geo.grids.recut import polygons_of
from geo.grids.replace_grids import GridRecord, Plain, ReplaceGrids, attributes_of
from geo.grids.several import joined
from geo.grids.topology import Coverage

SNAP_M: Final = 1.0
"""A line takes a vertex of the boundary that is as near as this, in metres."""
LEAST_PART_M2: Final = 1.0

_SHARED: Final = ("population", "households")
Face = shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitByLine:
    """Split a grid along a line; the largest part keeps the code, or the one in which ``keep_at`` lies.

    ``codes`` are for the other parts, the largest first. The line must run from boundary to boundary (or be closed).
    Population and households are shared out by area, whole numbers staying whole, and add up as before.
    """

    code: str
    line: Line
    codes: tuple[str, ...]
    keep_at: tuple[int, int] | None = None
    snap_m: float = SNAP_M

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        return _split(coverage, self.code, [self.line], self.codes, self.keep_at, self.snap_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitAlongStreets:
    """Split a grid along the lines of streets, which may cross each other; dead ends divide nothing.

    Parts smaller than ``least_m2`` (islands between carriageways) stay with the part that they share most boundary
    with. ``streets`` are the names of the streets, for people to read; the rest is as for ``SplitByLine``.
    """

    code: str
    lines: tuple[Line, ...]
    codes: tuple[str, ...]
    streets: tuple[str, ...] = ()
    least_m2: float = 100.0
    keep_at: tuple[int, int] | None = None
    snap_m: float = SNAP_M

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        return _split(coverage, self.code, self.lines, self.codes, self.keep_at, self.snap_m, self.least_m2)


def parts_of(
    coverage: Coverage, code: str, lines: Sequence[Line], *, snap_m: float = SNAP_M, least_m2: float = 0.0
) -> int:
    """Return into how many parts lines would cut a grid, so that codes can be minted for all but one."""
    row = row_named(coverage, code)
    require_snap(snap_m)
    divided = _divided(coverage, row, lines, snap_m)
    return len(_without_small(_cut_and_whole(divided, row)[0], least_m2 / _m2_of_step2(divided)))


def require_snap(snap_m: float) -> None:
    """Refuse a snapping distance outside 0.1 to 50 m."""
    if not 0.1 <= snap_m <= 50:
        raise ParameterError(
            f"The snapping distance {snap_m:g} m is not between 0.1 and 50 m",
            f"吸附距离 {snap_m:g} 米不在 0.1 至 50 米之间",
        )


def _split(
    coverage: Coverage,
    code: str,
    lines: Sequence[Line],
    codes: Sequence[str],
    keep_at: tuple[int, int] | None,
    snap_m: float,
    least_m2: float = 0.0,
) -> Applied:
    row = row_named(coverage, code)
    require_snap(snap_m)
    _refuse_codes(coverage, codes)
    divided = _divided(coverage, row, lines, snap_m)
    cut, whole = _cut_and_whole(divided, row)
    faces = _in_order(code, divided, _without_small(cut, least_m2 / _m2_of_step2(divided)), keep_at)
    if len(faces) == 1:
        raise GeometryError(
            f"The line does not divide grid {code}; draw it from boundary to boundary; nothing was changed",
            f"所画的线没有分开网格 {code}，请从边界画到边界，未作任何改动",
            rows=[code],
        )
    if len(faces) != 1 + len(codes):
        raise GeometryError(
            f"The line divides grid {code} into {len(faces)} parts, but codes for {1 + len(codes)} are given; draw it so "
            "that it crosses the grid once, or give more codes; nothing was changed",
            f"所画的线把网格 {code} 分成 {len(faces)} 块，而编码只够 {1 + len(codes)} 块，请重画或补充编码，未作任何改动",
            rows=[code],
        )
    if whole:  # parts of the grid that no line meets stay with the code
        faces[0] = shapely.MultiPolygon([*shapely.get_parts(faces[0]), *whole])
    shares = [float(face.area) for face in faces]
    whole_of = attributes_of(coverage, row)
    names = part_names(_name(whole_of), len(codes), taken=_names_beside(coverage, row))
    attributes = _shared_out(whole_of, shares, [code, *codes], names)
    put = tuple(
        GridRecord.made(
            row if part == 0 else len(coverage.codes) + part - 1, told, lattice_polygons(face, divided.origin)
        )
        for part, (face, told) in enumerate(zip(faces, attributes, strict=True))
    )
    step = ReplaceGrids(removed=(), put=put).apply(divided.coverage)
    known = [name for name in _SHARED if attributes[0].get(name) is not None]
    notes = [
        (f"{name} of grid {code} was shared out by area", f"网格 {code} 的{_ZH[name]}按面积分摊") for name in known
    ]
    return joined(coverage, [*divided.steps, step], notes=notes)


def _divided(coverage: Coverage, row: int, lines: Sequence[Line], snap_m: float) -> Divided:
    origin = polygons_of(coverage, row)[0][0][0]
    return divide(coverage, [row], [_lattice(line) for line in lines], origin=origin, snap_m=snap_m)


_ZH: Final = {"population": "人口", "households": "户数"}


def _lattice(line: Line) -> npt.NDArray[np.int64]:
    held = np.array(line, dtype=np.int64).reshape(-1, 2)
    if len(held) < 2:
        raise ParameterError("A line needs two or more places", "线至少要有两个点")
    return held


def _refuse_codes(coverage: Coverage, codes: Sequence[str]) -> None:
    taken = sorted({code for code in codes if code in coverage.row_of or list(codes).count(code) > 1})
    if taken:
        raise ParameterError(
            f"The codes {', '.join(taken)} are taken already", f"编码 {'、'.join(taken)} 已被使用", rows=taken
        )
    if not all(code.strip() for code in codes):
        raise ParameterError("A code is empty", "编码为空")


def _cut_and_whole(divided: Divided, row: int) -> tuple[list[Face], list[shapely.Polygon]]:
    """Return the faces of the parts that lines cut, and the parts that none met; all of them if none was met."""
    parts = local_shape(polygons_of(divided.coverage, row), divided.origin).geoms
    areas = {(part.bounds, part.area) for part in parts}
    cut = [face for face in divided.faces[row] if (face.bounds, face.area) not in areas]
    if not cut:
        return [shapely.MultiPolygon(list(parts))], []
    return list(cut), [face for face in divided.faces[row] if (face.bounds, face.area) in areas]


def _m2_of_step2(divided: Divided) -> float:
    """Return the area of a square step where the faces lie, in m2; good to 1 % over a city."""
    return float(np.cos(np.radians(divided.origin[1] / LATTICE))) / STEPS_PER_METRE**2


def _without_small(faces: Sequence[Face], least: float) -> list[Face]:
    """Join faces below an area to the one with which they share most boundary."""
    held = list(faces)
    while len(held) > 1:
        small = min(range(len(held)), key=lambda i: float(held[i].area))
        if held[small].area >= least:
            break
        face = held.pop(small)
        shared = [float(shapely.length(shapely.intersection(face, other))) for other in held]
        if max(shared) == 0:
            held.append(face)
            break
        host = int(np.argmax(shared))
        held[host] = cast("Face", shapely.coverage_union_all(np.array([held[host], face], dtype=object)))
    return sorted(held, key=lambda face: (-float(face.area), *face.bounds))


def _in_order(code: str, divided: Divided, faces: Sequence[Face], keep_at: tuple[int, int] | None) -> list[Face]:
    """Return the faces, the one that keeps the code first; refuse slivers."""
    faces = list(faces)
    to_m2 = _m2_of_step2(divided)
    small = [face for face in faces if face.area * to_m2 < LEAST_PART_M2]
    if small and len(faces) > 1:
        raise GeometryError(
            f"A part of grid {code} would have {small[0].area * to_m2:.2f} m² only; draw the line elsewhere; nothing was changed",
            f"网格 {code} 的一部分只有 {small[0].area * to_m2:.2f} 平方米，请改画分割线，未作任何改动",
            rows=[code],
        )
    if keep_at is not None:
        spot = shapely.Point(np.array(keep_at) - divided.origin)
        mine = [number for number, face in enumerate(faces) if shapely.intersects(face, spot)]
        if not mine:
            raise ParameterError(
                f"The place that should keep the code is not in grid {code}", f"保留编码的位置不在网格 {code} 内"
            )
        faces.insert(0, faces.pop(mine[0]))
    return list(faces)


def _name(attributes: dict[str, Plain]) -> str | None:
    name = attributes.get("name")
    return name if isinstance(name, str) else None


def _names_beside(coverage: Coverage, row: int) -> frozenset[str]:
    """Return the names of the grids of the same community."""
    held = coverage.attributes
    if "name" not in held.columns or "parent_code" not in held.columns:
        return frozenset()
    parent = held["parent_code"].iloc[row]
    beside = held["name"][held["parent_code"] == parent]
    return frozenset(name for name in beside if isinstance(name, str))


def _shared_out(
    attributes: dict[str, Plain], shares: Sequence[float], codes: Sequence[str], names: Sequence[str | None]
) -> list[dict[str, Plain]]:
    """Return the columns of each part: counts by share; the first keeps the name, ``names`` are for the others."""
    parts: list[dict[str, Plain]] = [{**attributes, "code": code} for code in codes]
    for part, name in zip(parts[1:], names, strict=True):
        if "name" in part:
            part["name"] = name
    for name in _SHARED:
        total = attributes.get(name)
        if isinstance(total, int | float):
            for part, value in zip(parts, apportioned(float(total), shares), strict=True):
                part[name] = value
    return parts


def apportioned(total: float, shares: Sequence[float]) -> list[float]:
    """Share out a count; a whole one in whole numbers by largest remainders (Hamilton), adding up exactly."""
    weights = np.asarray(shares, dtype=np.float64) / float(np.sum(shares))
    if total != np.floor(total):
        given = total * weights
        given[-1] = total - given[:-1].sum()
        return [float(value) for value in given]
    floor = np.floor(total * weights)
    left = round(float(total - floor.sum()))
    first = np.argsort(-(total * weights - floor), kind="stable")[:left]
    floor[first] += 1
    return [float(value) for value in floor]
