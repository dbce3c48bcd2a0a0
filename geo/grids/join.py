"""Merge neighbouring grids into one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo.errors import GeometryError, ParameterError
from geo.grids.applied import Applied, row_named
from geo.grids.area import area_m2
from geo.grids.divide import dissolved, local_shape
from geo.grids.recut import polygons_of
from geo.grids.replace_grids import GridRecord, Plain, ReplaceGrids, attributes_of
from geo.grids.topology import Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGrids:
    """Merge grids that share boundaries; ``keep`` is the code that stays, else that of the largest.

    Population and households are added up where all of them are known, else they become unknown.
    """

    codes: tuple[str, ...]
    keep: str | None = None
    allow_parent_change: bool = False

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        if len(set(self.codes)) < 2 or len(set(self.codes)) != len(self.codes):
            raise ParameterError("Name two or more different grids to merge", "请选择两个以上不同的网格合并")
        rows = [row_named(coverage, code) for code in self.codes]
        _refuse_parents(coverage, rows, allowed=self.allow_parent_change)
        _refuse_apart(coverage, rows)
        keep = self.keep if self.keep is not None else _largest(coverage, rows)
        if keep not in self.codes:
            raise ParameterError(
                f"The code {keep} is not one of the grids that are merged", f"编码 {keep} 不在要合并的网格之中"
            )
        kept = row_named(coverage, keep)
        origin = polygons_of(coverage, kept)[0][0][0]
        whole = dissolved(
            [part for row in rows for part in local_shape(polygons_of(coverage, row), origin).geoms], origin
        )
        attributes = attributes_of(coverage, kept)
        for name in ("population", "households"):
            if name in attributes:
                attributes[name] = _total([attributes_of(coverage, row)[name] for row in rows])
        removed = tuple(code for code in self.codes if code != keep)
        return ReplaceGrids(removed=removed, put=(GridRecord.made(kept, attributes, whole),)).apply(coverage)


def _total(values: list[Plain]) -> float | None:
    known = [float(value) for value in values if isinstance(value, int | float)]
    return sum(known) if len(known) == len(values) else None


def _largest(coverage: Coverage, rows: list[int]) -> str:
    return max((area_m2(coverage.shapes[row]), -row, coverage.codes[row]) for row in rows)[2]


def _refuse_parents(coverage: Coverage, rows: list[int], *, allowed: bool) -> None:
    parents = {attributes_of(coverage, row)["parent_code"] for row in rows}
    if len(parents) > 1 and not allowed:
        codes = [coverage.codes[row] for row in rows]
        raise GeometryError(
            f"Grids {', '.join(codes)} belong to different communities and may not be merged; nothing was changed",
            f"网格 {'、'.join(codes)} 分属不同的村（社区），不可合并，未作任何改动",
            rows=codes,
        )


def _refuse_apart(coverage: Coverage, rows: list[int]) -> None:
    """Refuse grids that are not connected by common boundaries."""
    users = coverage.cut.users
    mine = set(rows)
    pairs = [(a, b) for a, b in users[np.isin(users, rows).all(axis=1)].tolist() if a in mine and b in mine]
    reached, frontier = {rows[0]}, [rows[0]]
    while frontier:
        row = frontier.pop()
        for a, b in pairs:
            other = b if a == row else a if b == row else row
            if other not in reached:
                reached.add(other)
                frontier.append(other)
    apart = sorted(coverage.codes[row] for row in mine - reached)
    if apart:
        raise GeometryError(
            f"Grids {', '.join(apart)} share no boundary with grid {coverage.codes[rows[0]]} or those merged with it; "
            "nothing was changed",
            f"网格 {'、'.join(apart)} 与网格 {coverage.codes[rows[0]]} 等没有共同边界，不可合并，未作任何改动",
            rows=apart,
        )
