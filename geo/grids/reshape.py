"""Replace arcs of a coverage, or refuse with the names of the grids and the place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import GeometryError, ParameterError
from geo.grids.arcs import LATTICE, CutRings, Int64s, ring_xy, to_degrees, twice_area
from geo.grids.area import areas_m2
from geo.grids.topology import Coverage, arc_bounds, shape_of
from geo.tables.grids import Grids

_ENDS_ONLY = "FF*F*****"  # two lines that meet at most with their ends


@dataclass(frozen=True, kw_only=True, eq=False)
class Moved:
    """A coverage after a change.

    Attributes
    ----------
    coverage : the new coverage; arc numbers are those of the old one
    rows : rows of the grids whose geometry changed
    arcs : numbers of the changed arcs
    before_m2, after_m2 : areas of the changed grids by code
    """

    coverage: Coverage
    rows: tuple[int, ...]
    arcs: tuple[int, ...]
    before_m2: Mapping[str, float]
    after_m2: Mapping[str, float]

    @cached_property
    def grids(self) -> Grids:
        """Only the grids whose geometry changed; made when asked for, since that takes as long as the edit."""
        return self.coverage.rows_as_grids(self.rows)


def move_arcs(
    coverage: Coverage, changes: Mapping[int, Int64s], *, allow_parent_change: bool, allow_outer_change: bool
) -> Moved:
    """Do the work of ``Coverage.moved``."""
    given = _given(coverage, changes)
    changed = sorted(arc for arc, line in given.items() if not np.array_equal(line, coverage.cut.arcs[arc]))
    _refuse_locked(coverage, changed, given, parent=allow_parent_change, outer=allow_outer_change)
    arcs = list(coverage.cut.arcs)
    for arc in changed:
        arcs[arc] = given[arc]
    node_xy = _moved_nodes(coverage, changed, arcs)
    refuse_crossings(coverage, changed, arcs, node_xy)
    rows = sorted({int(user) for arc in changed for user in coverage.cut.users[arc] if user >= 0})
    cut = replace(coverage.cut, arcs=tuple(arcs), node_xy=node_xy)
    shapes = coverage.shapes.copy()
    for row in rows:
        shapes[row] = shape_of(cut, row)
        _refuse_broken(coverage, cut, row, shapes[row])
    if any(coverage.cut.users[arc, 1] < 0 for arc in changed):
        _refuse_overlaps(coverage, rows, shapes)
    shapes.setflags(write=False)
    bounds = coverage.bounds.copy()
    if changed:
        bounds[changed] = arc_bounds([arcs[arc] for arc in changed])
    codes = [coverage.codes[row] for row in rows]
    # By an equal-area projection: what one grid wins is what others lose, to the rounding of floats.
    areas = areas_m2(np.concatenate([coverage.shapes[rows], shapes[rows]])).tolist()
    return Moved(
        coverage=replace(coverage, shapes=shapes, cut=cut, bounds=bounds),
        rows=tuple(rows),
        arcs=tuple(changed),
        before_m2=dict(zip(codes, areas[: len(rows)], strict=True)),
        after_m2=dict(zip(codes, areas[len(rows) :], strict=True)),
    )


def _given(coverage: Coverage, changes: Mapping[int, Int64s]) -> dict[int, Int64s]:
    held: dict[int, Int64s] = {}
    limit = np.array([180, 90]) * LATTICE
    for arc, line in changes.items():
        if not (0 <= arc < len(coverage.cut.arcs) and len(coverage.cut.arcs[arc])):
            raise ParameterError(
                f"There is no boundary line {arc}; load the boundaries again",
                f"没有编号为 {arc} 的边界线，请重新载入边界",
            )
        xy = np.array(line)
        whole = xy.ndim == 2 and xy.shape[1:] == (2,) and np.issubdtype(xy.dtype, np.integer)
        if not whole or len(xy) < 2 or (np.abs(xy) > limit).any():
            raise ParameterError(
                f"Boundary line {arc} is not a list of two or more pairs of whole numbers within the globe",
                f"边界线 {arc} 应为两个以上的整数坐标对，且在经纬度范围内",
            )
        xy = xy.astype(np.int64)
        if (np.diff(xy, axis=0) == 0).all(axis=1).any():
            raise _refusal(coverage, [arc], xy[0], "a boundary has two vertices in one place", "边界上有两个重合的顶点")
        xy.setflags(write=False)
        held[int(arc)] = xy
    return held


def _names(coverage: Coverage, arcs: Iterable[int]) -> list[str]:
    codes = coverage.codes
    return sorted({codes[int(user)] for arc in arcs for user in coverage.cut.users[arc] if user >= 0})


def _refusal(coverage: Coverage, arcs: Iterable[int], at: Int64s, en: str, zh: str) -> GeometryError:
    return named_refusal(_names(coverage, arcs), at, en, zh)


def named_refusal(names: Sequence[str], at: Int64s, en: str, zh: str) -> GeometryError:
    """Return the error that names grids and a place on the lattice, in two languages."""
    lon, lat = to_degrees(np.asarray(at))
    return GeometryError(
        f"Grids {', '.join(names)}: {en} at {lon:.6f}, {lat:.6f}; nothing was changed",
        f"网格 {'、'.join(names)}：{zh}（{lon:.6f}, {lat:.6f}），未作任何改动",
        rows=names,
    )


def _refuse_locked(
    coverage: Coverage, changed: Sequence[int], given: Mapping[int, Int64s], *, parent: bool, outer: bool
) -> None:
    lock = coverage.lock_of_arc
    for arc in changed:
        if lock[arc] == 1 and not parent:
            raise _refusal(
                coverage, [arc], _first_difference(coverage.cut.arcs[arc], given[arc]),
                "the line between them is a boundary of communities and may not be moved",
                "两者之间是村（社区）界线，不可移动",
            )  # fmt: skip
        if lock[arc] == 2 and not outer:
            raise _refusal(
                coverage, [arc], _first_difference(coverage.cut.arcs[arc], given[arc]),
                "the line is the outer boundary and may not be moved", "该线是外边界，不可移动",
            )  # fmt: skip


def _first_difference(old: Int64s, new: Int64s) -> Int64s:
    k = min(len(old), len(new))
    differs = np.flatnonzero((old[:k] != new[:k]).any(axis=1))
    return np.asarray(new[differs[0]] if len(differs) else new[k - 1])


def _moved_nodes(coverage: Coverage, changed: Sequence[int], arcs: Sequence[Int64s]) -> Int64s:
    """Return the new places of the nodes; all arcs that meet at one must agree, and no two nodes may fall together."""
    ends, old = coverage.cut.ends, coverage.cut.node_xy
    new = old.copy()
    moved: set[int] = set()
    for arc in changed:
        for side, node in zip((0, -1), ends[arc].tolist(), strict=True):
            if node >= 0 and not np.array_equal(arcs[arc][side], old[node]):
                new[node] = arcs[arc][side]
                moved.add(node)
        if ends[arc, 0] < 0 and (not np.array_equal(arcs[arc][0], arcs[arc][-1]) or len(arcs[arc]) < 4):
            raise _refusal(coverage, [arc], arcs[arc][0], "the boundary is not closed any more", "边界不再闭合")
    for node in sorted(moved):
        meeting, sides = np.nonzero(ends == node)
        for arc, which in zip(meeting.tolist(), sides.tolist(), strict=True):
            if not np.array_equal(arcs[arc][-which], new[node]):
                raise _refusal(
                    coverage, meeting.tolist(), new[node],
                    "the lines that meet here were not moved together", "在此交汇的边界线没有一起移动",
                )  # fmt: skip
    if moved:
        places = new[:, 0] * 2**32 + new[:, 1]
        for node in sorted(moved):
            if np.count_nonzero(places == places[node]) > 1:
                raise _refusal(
                    coverage, np.nonzero(ends == node)[0].tolist(), new[node],
                    "two corners fall together", "两个拐点重合",
                )  # fmt: skip
    new.setflags(write=False)
    return new


def refuse_crossings(coverage: Coverage, changed: Sequence[int], arcs: Sequence[Int64s], node_xy: Int64s) -> None:
    """Refuse lines that cross or touch themselves or each other anywhere but at common nodes.

    It is enough to look near the changed lines: two unchanged ones were apart before. Whole lattice steps from a near
    origin keep the predicates exact.
    """
    if not changed:
        return
    origin = arcs[changed[0]][0]
    mine = arc_bounds([arcs[arc] for arc in changed])
    (west, south), (east, north) = mine[:, :2].min(axis=0), mine[:, 2:].max(axis=0)
    # All lines near any of the changed ones are found once, then those near each among them.
    around, box = _near(coverage.bounds, west, south, east, north, changed)
    box[np.searchsorted(around, changed)] = mine
    x, y = node_xy[:, 0], node_xy[:, 1]
    nodes = node_xy[(x >= west) & (x <= east) & (y >= south) & (y <= north)]
    made: dict[int, list[shapely.LineString]] = {}
    for arc, (w, s, e, n) in zip(changed, mine, strict=True):
        line = arcs[arc]
        if not shapely.is_simple(shapely.LineString(line - origin)):
            raise _refusal(coverage, [arc], _crossing(line), "the line between them crosses itself", "边界线自相交")
        _refuse_corner_on_node(coverage, arc, line, nodes)
        near = around[(box[:, 0] <= e) & (box[:, 2] >= w) & (box[:, 1] <= n) & (box[:, 3] >= s)].tolist()
        for other in near:
            if other not in made:
                made[other] = _open_pieces(arcs[other], origin)
        pieces = [(other, piece) for other in near if other != arc for piece in made[other]]
        if not pieces:
            continue
        lines = np.array([piece for _, piece in pieces], dtype=object)
        for own in made[arc]:
            apart = shapely.relate_pattern(own, lines, _ENDS_ONLY)
            if not apart.all():
                hit = int(np.flatnonzero(~apart)[0])
                at = shapely.get_coordinates(shapely.intersection(own, lines[hit]))
                inner = at[~(at == shapely.get_coordinates(own)[[0, -1]][:, None]).all(axis=2).any(axis=0)]
                place = np.rint((inner if len(inner) else at)[0]).astype(np.int64) + origin
                raise _refusal(coverage, [arc, pieces[hit][0]], place, "boundaries cross or touch", "边界线相交或相接")


def _near(
    bounds: Int64s, west: np.int64, south: np.int64, east: np.int64, north: np.int64, always: Sequence[int]
) -> tuple[npt.NDArray[np.intp], Int64s]:
    """Return the rows of bounds that meet a box, and some always, rising, with a copy of their bounds."""
    meets = (bounds[:, 0] <= east) & (bounds[:, 2] >= west)
    meets &= (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    meets[list(always)] = True
    rows = np.flatnonzero(meets)
    return rows, bounds[rows]


def _refuse_corner_on_node(coverage: Coverage, arc: int, line: Int64s, nodes: Int64s) -> None:
    inside = line[1:-1] if coverage.cut.ends[arc, 0] >= 0 else line
    same = (inside[:, None, :] == nodes[None, :, :]).all(axis=2).any(axis=1)
    if same.any():
        raise _refusal(coverage, [arc], inside[np.flatnonzero(same)[0]], "a vertex lies on a corner", "顶点落在拐点上")


def _open_pieces(line: Int64s, origin: Int64s) -> list[shapely.LineString]:
    """Return a line from node to node; a closed one in two halves, since a closed line has no ends to meet at."""
    local = line - origin
    if not np.array_equal(local[0], local[-1]):
        return [shapely.LineString(local)]
    middle = len(local) // 2
    return [shapely.LineString(local[: middle + 1]), shapely.LineString(local[middle:])]


def _crossing(line: Int64s) -> Int64s:
    """Return about where a line meets itself."""
    origin = line[0]
    noded = shapely.node(shapely.LineString(line - origin))
    known = {tuple(xy) for xy in (line - origin).tolist()}
    for xy in shapely.get_coordinates(noded):
        if tuple(xy) not in known:
            return np.asarray(np.rint(xy).astype(np.int64) + origin)
    unique, count = np.unique(line, axis=0, return_counts=True)
    return np.asarray(unique[np.argmax(count)])


def _refuse_broken(coverage: Coverage, cut: CutRings, row: int, shape: shapely.Polygon | shapely.MultiPolygon) -> None:
    for rings in cut.shapes[row]:
        for ring in rings:
            was, is_ = ring_xy(ring, coverage.cut.arcs), ring_xy(ring, cut.arcs)
            if np.sign(twice_area(is_)) != np.sign(twice_area(was)):
                raise named_refusal(
                    [coverage.codes[row]], is_[0], "the grid is turned inside out", "网格翻转或面积为零"
                )
    if not shapely.is_valid(shape):
        reason = shapely.is_valid_reason(shape)
        place = shapely.get_coordinates(shape)[0]
        raise named_refusal(
            [coverage.codes[row]], np.rint(place * LATTICE).astype(np.int64),
            f"the grid is broken ({reason})", f"网格图形无效（{reason}）",
        )  # fmt: skip


def _refuse_overlaps(coverage: Coverage, rows: Sequence[int], shapes: npt.NDArray[np.object_]) -> None:
    """An outer line may swallow another grid without crossing any line: look for common inner points."""
    bounds = shapely.bounds(shapes)
    codes = coverage.codes
    for row in rows:
        west, south, east, north = bounds[row]
        meets = (bounds[:, 0] < east) & (bounds[:, 2] > west) & (bounds[:, 1] < north) & (bounds[:, 3] > south)
        meets[row] = False
        near = np.flatnonzero(meets)
        common = near[shapely.relate_pattern(shapes[row], shapes[near], "T********")]
        if len(common):
            place = shapely.get_coordinates(
                shapely.point_on_surface(shapely.intersection(shapes[row], shapes[common[0]]))
            )
            raise named_refusal(
                sorted((codes[row], codes[int(common[0])])), np.rint(place[0] * LATTICE).astype(np.int64),
                "the grids would overlap", "网格将重叠",
            )  # fmt: skip
