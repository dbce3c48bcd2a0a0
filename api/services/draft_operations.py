"""What the page asks for, as the edits that the grids know: degrees to the lattice, streets to lines, codes minted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas import drafts as asked
from api.services.brush_strokes import brushed
from api.services.draft_blocks import assigned
from api.services.street_lines import street_line
from api.services.workspace import Workspace
from geo.errors import LimitError, ParameterError
from geo.grids.applied import Applied, Line, row_named
from geo.grids.arcs import Int64s, to_degrees, to_lattice
from geo.grids.edit import ReshapeArc, SetArcs
from geo.grids.join import MergeGrids
from geo.grids.layout import SPECIAL20, UNIT15
from geo.grids.lineage import LineageStep
from geo.grids.operations import AnyOperation
from geo.grids.split import SplitAlongStreets, SplitByLine, parts_of
from geo.grids.topology import Coverage
from geo.store.port import Principal

MOST_PARTS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """What an edit is made on: the coverage, and a call that tells all codes that are or were in use."""

    workspace: Workspace
    principal: Principal
    coverage: Coverage
    used: Callable[[], Collection[str]]


def operation_of(ground: Ground, edit: asked.Edit) -> AnyOperation:
    """Return the edit as the grids know it."""
    if isinstance(edit, asked.ReplaceArcs):
        arcs = tuple((line.id, tuple(line.coords)) for line in edit.arcs)
        return SetArcs(arcs=arcs, allow_parent_change=edit.allow_parent_change)
    if isinstance(edit, asked.ReshapeArc):
        drawn = _line(np.array(edit.line))
        return _reshaped(ground.coverage, edit.arc, drawn, allow_parent_change=edit.allow_parent_change)
    if isinstance(edit, asked.ReshapeAlongStreet):
        along = street_line(ground.workspace, edit.start, edit.end)
        return _reshaped(
            ground.coverage, edit.arc, along.line, streets=along.streets, allow_parent_change=edit.allow_parent_change
        )
    if isinstance(edit, asked.SplitByLine):
        line = _line(np.array(edit.line))
        return SplitByLine(code=edit.code, line=line, codes=_codes(ground, edit.code, [line], edit.new_code))
    if isinstance(edit, asked.SplitAlongStreets):
        return _split_along(ground, edit)
    if isinstance(edit, asked.MergeCodes):
        return MergeGrids(codes=tuple(edit.codes), keep=edit.keep)
    if isinstance(edit, asked.Transfer):
        return brushed(ground.coverage, edit)
    return assigned(ground.workspace, ground.principal, ground.coverage, edit)


def lineage_of(operation: AnyOperation, done: Applied) -> LineageStep:
    """Return what an edit meant for the grids, for the record of their descent."""
    if isinstance(operation, MergeGrids):
        return LineageStep(kind="merge", before=tuple(sorted(operation.codes)), after=done.changed_codes)
    if isinstance(operation, SplitByLine | SplitAlongStreets):
        return LineageStep(kind="split", before=(operation.code,), after=(operation.code, *done.added_codes))
    return LineageStep(kind="shift", before=done.changed_codes, after=done.changed_codes)


def _line(lonlat: npt.NDArray[np.float64]) -> Line:
    """Return degrees as a line on the lattice, no vertex twice in a row."""
    steps = to_lattice(lonlat)
    kept = np.r_[True, (np.diff(steps, axis=0) != 0).any(axis=1)]
    return tuple((int(x), int(y)) for x, y in steps[kept].tolist())


def _reshaped(
    coverage: Coverage, arc: int, drawn: Line, *, streets: tuple[str, ...] = (), allow_parent_change: bool = False
) -> ReshapeArc:
    """Return the edit that lays a piece of an arc onto a line, between the vertices around the line's ends."""
    if not (0 <= arc < len(coverage.cut.arcs) and len(coverage.cut.arcs[arc])):
        raise ParameterError(
            f"There is no boundary line {arc}; load the boundaries again", f"没有编号为 {arc} 的边界线，请重新载入边界"
        )
    if len(drawn) < 2:
        raise ParameterError("A line needs two or more places", "线至少要有两个点")
    old = coverage.cut.arcs[arc]
    line = np.array(drawn, dtype=np.int64)
    first, last, line = _place_on(old, line)
    inside = [tuple(xy) for xy in line.tolist()]
    while inside and inside[0] == tuple(old[first].tolist()):
        inside.pop(0)
    while inside and inside[-1] == tuple(old[last].tolist()):
        inside.pop()
    return ReshapeArc(
        arc=arc, first=first, last=last, line=tuple((int(x), int(y)) for x, y in inside), streets=streets,
        allow_parent_change=allow_parent_change,
    )  # fmt: skip


def _place_on(old: Int64s, line: Int64s) -> tuple[int, int, Int64s]:
    """Return the vertices of an arc between which a line belongs, and the line in the direction of the arc."""
    origin = old[0]
    curve = shapely.LineString(old - origin)
    ends = [float(curve.project(shapely.Point(xy - origin))) for xy in (line[0], line[-1])]
    if ends[0] > ends[1]:
        ends, line = ends[::-1], line[::-1]
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(old, axis=0).T))]
    first = int(np.clip(np.searchsorted(along, ends[0] + 1e-6, side="right") - 1, 0, len(old) - 2))
    last = int(np.clip(np.searchsorted(along, ends[1] - 1e-6, side="left"), first + 1, len(old) - 1))
    return first, last, line


def _split_along(ground: Ground, edit: asked.SplitAlongStreets) -> SplitAlongStreets:
    along = street_line(ground.workspace, edit.start, edit.end)
    shape = ground.coverage.shapes[row_named(ground.coverage, edit.code)]
    line = _line(_to_boundary(to_degrees(np.array(along.line, dtype=np.int64)), shape))
    return SplitAlongStreets(
        code=edit.code, lines=(line,), codes=_codes(ground, edit.code, [line], edit.new_code), streets=along.streets
    )


def _to_boundary(lonlat: npt.NDArray[np.float64], shape: shapely.Polygon) -> npt.NDArray[np.float64]:
    """Return a line that reaches the boundary: ends inside the grid go on to the nearest place of it, a step further."""
    boundary = shapely.boundary(shape)
    ends = []
    for end in lonlat[[0, -1]]:
        point = shapely.Point(end)
        if not shapely.contains_properly(shape, point):
            ends.append(end[None])
            continue
        near = shapely.get_coordinates(shapely.shortest_line(point, boundary))[-1]
        ahead = near - end
        size = float(np.hypot(*ahead))
        ends.append((near + ahead / size * 1e-6 if size else near)[None])
    return np.concatenate([ends[0], lonlat, ends[1]])


def _codes(ground: Ground, code: str, lines: Sequence[Line], new_code: str | None) -> tuple[str, ...]:
    """Return codes for the parts of a grid beside the first: the one that was asked for, else the next free ones."""
    parts = parts_of(ground.coverage, code, lines)
    before = len(ground.coverage.cut.shapes[row_named(ground.coverage, code)])
    wanted = parts - 1 if parts > before else 1
    if wanted > MOST_PARTS:
        raise LimitError(
            f"The line cuts grid {code} into {parts} parts; at most {MOST_PARTS + 1} are made at once",
            f"所画的线把网格 {code} 分成 {parts} 块，一次最多 {MOST_PARTS + 1} 块",
            rows=[code],
        )
    taken = {*ground.used(), *ground.coverage.codes}
    if new_code is not None and new_code in taken:
        raise ParameterError(
            f"The code {new_code} is in use, or was used before; choose another",
            f"编码 {new_code} 正在使用或曾经使用，请另选",
            rows=[new_code],
        )
    first = [] if new_code is None else [new_code]
    return (*first, *free_codes(code, wanted - len(first), taken | set(first), beside=ground.coverage.codes))


def free_codes(code: str, n: int, taken: Collection[str], *, beside: Collection[str]) -> list[str]:
    """Return ``n`` codes in the number space of a grid that were never used: above the highest, then left out ones.

    The highest is that of the grids ``beside`` it: special grids may be numbered far above. A code of no known layout
    gets a number behind it.
    """
    layout = next((held for held in (UNIT15, SPECIAL20) if held.problem(code) is None), None)
    if layout is None:
        numbered = (f"{code}-{k}" for k in range(2, 1_000_000))
        return [free for free, _ in zip((c for c in numbered if c not in taken), range(n), strict=False)]
    space = layout.space(code)
    used = {int(held[len(space) :]) for held in taken if held.startswith(space) and layout.problem(held) is None}
    near = (held for held in beside if held.startswith(space) and layout.problem(held) is None)
    top = max((int(held[len(space) :]) for held in near), default=max(used))
    above = (k for k in range(top + 1, layout.serials.stop) if k not in used)
    order = [*above, *(k for k in layout.serials if k < top and k not in used)]
    if len(order) < n:
        raise LimitError(
            f"The serials of community {layout.parent_of(code)} are used up; divide the community first",
            f"社区（村）{layout.parent_of(code)} 的顺序号已用尽，请先调整社区（村）",
            rows=[code],
        )
    return [space + layout.serial.written(k) for k in order[:n]]
