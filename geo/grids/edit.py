"""Edits of shared boundaries as values: move, insert or remove one vertex, redraw a piece, with all that must follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.errors import ParameterError
from geo.grids.applied import Applied, Line
from geo.grids.arcs import Int64s, ring_xy, started_at
from geo.grids.runs import places_of
from geo.grids.topology import Coverage, shape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveVertex:
    """Move vertex ``index`` of an arc to lattice coordinates ``to``; a node takes all arcs that meet there along."""

    arc: int
    index: int
    to: tuple[int, int]
    allow_parent_change: bool = False
    allow_outer_change: bool = False

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        return _moved(coverage, changes_of(coverage, [self]), self)


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertVertex:
    """Put a new vertex at ``to``, after vertex ``index`` of an arc."""

    arc: int
    index: int
    to: tuple[int, int]
    allow_parent_change: bool = False
    allow_outer_change: bool = False

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        return _moved(coverage, changes_of(coverage, [self]), self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveVertex:
    """Take out vertex ``index`` of an arc; a node stays."""

    arc: int
    index: int
    allow_parent_change: bool = False
    allow_outer_change: bool = False

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        return _moved(coverage, changes_of(coverage, [self]), self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReshapeArc:
    """Replace what lies between vertices ``first`` and ``last`` of an arc by the vertices of ``line``.

    The two vertices themselves stay. ``streets`` names the streets that the line follows, if it does.
    """

    arc: int
    first: int
    last: int
    line: Line
    streets: tuple[str, ...] = ()
    allow_parent_change: bool = False
    allow_outer_change: bool = False

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        old = _line(coverage, {}, self.arc, self.last)
        if not 0 <= self.first < self.last:
            raise _missing(self.arc, self.first)
        middle = np.array(self.line, dtype=np.int64).reshape(-1, 2)
        made = np.concatenate([old[: self.first + 1], middle, old[self.last :]])
        return _moved(coverage, {self.arc: made}, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RingStart:
    """The vertex at which a ring of a grid starts in its table; the outer ring is number 0."""

    code: str
    polygon: int
    ring: int
    at: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetArcs:
    """Replace arcs as a whole; arcs that meet at a moved node must all be there.

    ``starts`` say where rings begin afterwards, so that taking an edit back restores the same bytes.
    """

    arcs: tuple[tuple[int, Line], ...]
    starts: tuple[RingStart, ...] = ()
    allow_parent_change: bool = False
    allow_outer_change: bool = False

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        changes = {number: np.array(line, dtype=np.int64).reshape(-1, 2) for number, line in self.arcs}
        return _moved(coverage, changes, self, self.starts)


Edit = MoveVertex | InsertVertex | RemoveVertex
ArcEdit = Edit | ReshapeArc | SetArcs


def _moved(
    coverage: Coverage, changes: Mapping[int, Int64s], edit: ArcEdit, starts: Sequence[RingStart] = ()
) -> Applied:
    moved = coverage.moved(
        changes, allow_parent_change=edit.allow_parent_change, allow_outer_change=edit.allow_outer_change
    )
    after = _started(moved.coverage, moved.rows, starts)
    back = SetArcs(
        arcs=tuple((arc, tuple(places_of(coverage.cut.arcs[arc]))) for arc in moved.arcs),
        starts=_starts(coverage, moved.rows, set(moved.arcs)),
        allow_parent_change=edit.allow_parent_change,
        allow_outer_change=edit.allow_outer_change,
    )
    return Applied(
        coverage=after,
        changed_codes=tuple(sorted(moved.before_m2)),
        added_codes=(),
        removed_codes=(),
        before_m2=moved.before_m2,
        after_m2=moved.after_m2,
        inverse=back,
    )


def _starts(coverage: Coverage, rows: Sequence[int], changed: set[int]) -> tuple[RingStart, ...]:
    """Return where the rings begin that have a changed arc."""
    return tuple(
        RingStart(code=coverage.codes[row], polygon=p, ring=r, at=places_of(ring_xy(ring, coverage.cut.arcs)[:1])[0])
        for row in rows
        for p, rings in enumerate(coverage.cut.shapes[row])
        for r, ring in enumerate(rings)
        if not changed.isdisjoint(ref if ref >= 0 else ~ref for ref in ring.refs)
    )


def _started(coverage: Coverage, rows: Sequence[int], starts: Sequence[RingStart]) -> Coverage:
    """Return the coverage with the first vertex of each ring told by its arcs alone, and as ``starts`` say."""
    told = {(start.code, start.polygon, start.ring): start.at for start in starts}
    all_rings = list(coverage.cut.shapes)
    for row in rows:
        code = coverage.codes[row]
        try:
            all_rings[row] = tuple(
                tuple(started_at(ring, coverage.cut.arcs, told.pop((code, p, r), None)) for r, ring in enumerate(rings))
                for p, rings in enumerate(all_rings[row])
            )
        except ValueError as missing:
            raise _no_start(code) from missing
    if told:
        raise _no_start(next(iter(told))[0])
    cut = replace(coverage.cut, shapes=tuple(all_rings))
    shapes = coverage.shapes
    if starts:
        shapes = shapes.copy()
        for row in rows:
            shapes[row] = shape_of(cut, row)
        shapes.setflags(write=False)
    return replace(coverage, cut=cut, shapes=shapes)


def _no_start(code: str) -> ParameterError:
    return ParameterError(
        f"A ring of grid {code} cannot start where the edit says; load the boundaries again",
        f"网格 {code} 的起点与编辑操作不符，请重新载入边界",
        rows=[code],
    )


def changes_of(coverage: Coverage, edits: Sequence[Edit]) -> dict[int, Int64s]:
    """Return the arcs after the edits, one after another, as ``Coverage.moved`` takes them.

    Raises
    ------
    ParameterError
        If an arc or a vertex does not exist, or a node is to be removed.
    """
    changes: dict[int, Int64s] = {}
    for edit in edits:
        line = _line(coverage, changes, edit.arc, edit.index)
        last = len(line) - 1
        if isinstance(edit, InsertVertex):
            if edit.index == last:
                raise _missing(edit.arc, edit.index)
            changes[edit.arc] = np.insert(line, edit.index + 1, edit.to, axis=0)
        elif isinstance(edit, RemoveVertex):
            if edit.index in (0, last):
                raise ParameterError(
                    f"Vertex {edit.index} of boundary line {edit.arc} is a corner where lines meet and cannot be removed",
                    f"边界线 {edit.arc} 的顶点 {edit.index} 是交汇点，不能删除",
                )
            changes[edit.arc] = np.delete(line, edit.index, axis=0)
        elif edit.index in (0, last):
            _move_end(coverage, changes, edit)
        else:
            changes[edit.arc] = line.copy()
            changes[edit.arc][edit.index] = edit.to
    return changes


def _missing(arc: int, index: int) -> ParameterError:
    return ParameterError(
        f"Boundary line {arc} has no vertex {index}; load the boundaries again",
        f"边界线 {arc} 没有顶点 {index}，请重新载入边界",
    )


def _line(coverage: Coverage, changes: dict[int, Int64s], arc: int, index: int) -> Int64s:
    if not 0 <= arc < len(coverage.cut.arcs):
        raise _missing(arc, index)
    line = changes.get(arc, coverage.cut.arcs[arc])
    if not 0 <= index < len(line):
        raise _missing(arc, index)
    return line


def _move_end(coverage: Coverage, changes: dict[int, Int64s], edit: MoveVertex) -> None:
    node = int(coverage.cut.ends[edit.arc, 0 if edit.index == 0 else 1])
    if node < 0:  # a closed line that meets no other: its first vertex is its last
        ends = [(edit.arc, 0), (edit.arc, -1)]
    else:
        arcs, sides = np.nonzero(coverage.cut.ends == node)
        ends = [(arc, -side) for arc, side in zip(arcs.tolist(), sides.tolist(), strict=True)]
    for arc, end in ends:
        line = np.array(changes.get(arc, coverage.cut.arcs[arc]))
        line[end] = edit.to
        changes[arc] = line
