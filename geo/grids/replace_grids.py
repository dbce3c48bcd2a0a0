"""Put grids in the place of others on the same land: what every split, merge and transfer comes down to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.errors import GeometryError, ParameterError
from geo.grids.applied import Applied, Line, applied, row_named
from geo.grids.arcs import Int64s
from geo.grids.recut import Polygons, polygons_of, recut
from geo.grids.runs import places_of
from geo.grids.topology import Coverage

Plain = None | bool | int | float | str
Attributes = tuple[tuple[str, Plain], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRecord:
    """A grid as plain values: its row in the table, its columns, its rings on the lattice (the outer ring first)."""

    row: int
    attributes: Attributes
    polygons: tuple[tuple[Line, ...], ...]

    @property
    def code(self) -> str:
        """The code of the grid."""
        return str(dict(self.attributes)["code"])

    @classmethod
    def made(cls, row: int, attributes: Mapping[str, Plain], polygons: Polygons) -> GridRecord:
        """Return a record of arrays on the lattice."""
        rings = tuple(tuple(tuple(places_of(ring)) for ring in polygon) for polygon in polygons)
        return cls(row=row, attributes=tuple(attributes.items()), polygons=rings)

    @classmethod
    def of(cls, coverage: Coverage, row: int) -> GridRecord:
        """Return a grid as it is."""
        return cls.made(row, attributes_of(coverage, row), polygons_of(coverage, row))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceGrids:
    """Take grids out, put others in and change others, so that together they cover the same land.

    ``arcs`` are boundary lines that come back with their old numbers. A record whose code is there replaces that grid;
    any other is inserted at its row.
    """

    removed: tuple[str, ...]
    put: tuple[GridRecord, ...]
    arcs: tuple[tuple[int, Line], ...] = ()

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        _refuse_twice([*self.removed, *(record.code for record in self.put)])
        gone = [row_named(coverage, code) for code in self.removed]
        inside = {record.code: record for record in self.put if record.code in coverage.row_of}
        added = sorted((record for record in self.put if record.code not in inside), key=lambda record: record.row)
        old_count = len(coverage.codes)
        lost = set(gone)
        rows = [row for row in range(old_count) if row not in lost]
        records = [*inside.values(), *added]
        for number, record in enumerate(added, start=len(inside)):
            rows.insert(record.row, old_count + number)
        fresh = {coverage.row_of[code]: old_count + number for number, code in enumerate(inside)}
        taken = np.array([fresh.get(row, row) for row in rows], dtype=np.intp)
        source = np.array([row if row < old_count else -1 for row in rows], dtype=np.intp)
        attributes = pd.concat(
            [coverage.attributes, as_frame([dict(record.attributes) for record in records], coverage.attributes)],
            ignore_index=True,
        )
        after = recut(
            coverage,
            attributes=attributes.iloc[taken].reset_index(drop=True),
            source=source,
            put={place: _polygons(records[row - old_count]) for place, row in enumerate(taken) if row >= old_count},
            known={number: np.array(line, dtype=np.int64).reshape(-1, 2) for number, line in self.arcs},
        )
        touched = [*self.removed, *(record.code for record in self.put)]
        return applied(coverage, after, touched, _back(coverage, after, [*gone, *fresh], added))


def attributes_of(coverage: Coverage, row: int) -> dict[str, Plain]:
    """Return the columns of a grid as plain values, times as ISO 8601."""
    # The arrays themselves: by way of the index it takes ten times as long.
    return {str(name): _plain(column.array[row]) for name, column in coverage.attributes.items()}


def attributes_of_rows(coverage: Coverage, rows: Sequence[int]) -> list[dict[str, Plain]]:
    """Return the columns of several grids as ``attributes_of`` tells them."""
    part = coverage.attributes.iloc[list(rows)]
    names = [str(name) for name in part.columns]
    columns = [[_plain(value) for value in column.array] for _, column in part.items()]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _plain(value: object) -> Plain:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return str(value.isoformat())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, bool | int | float | str):
        return value
    raise TypeError(type(value))


def as_frame(values: Sequence[Mapping[str, Plain]], like: pd.DataFrame) -> pd.DataFrame:
    """Return columns of grids as ``attributes_of`` tells them, with the names and kinds of those of ``like``."""
    return pd.DataFrame(
        {name: pd.Series([value.get(str(name)) for value in values], dtype=like[name].dtype) for name in like.columns}
    )


def _polygons(record: GridRecord) -> Polygons:
    def ring(line: Line) -> Int64s:
        held = np.array(line, dtype=np.int64).reshape(-1, 2)
        if len(held) < 4 or (held[0] != held[-1]).any() or (np.diff(held, axis=0) == 0).all(axis=1).any():
            raise GeometryError(
                f"Grid {record.code}: a ring is not closed or has a vertex twice",
                f"网格 {record.code}：有环未闭合或含重复顶点",
                rows=[record.code],
            )
        return held

    if not record.polygons:
        raise GeometryError(f"Grid {record.code} has no area", f"网格 {record.code} 没有图形", rows=[record.code])
    return tuple(tuple(ring(line) for line in polygon) for polygon in record.polygons)


def _refuse_twice(codes: Sequence[str]) -> None:
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ParameterError(
            f"Grids {', '.join(twice)} are named twice in one edit", f"同一次编辑中网格 {'、'.join(twice)} 出现了两次"
        )


def _back(coverage: Coverage, after: Coverage, rows: Sequence[int], added: Sequence[GridRecord]) -> ReplaceGrids:
    """Return the edit that puts the old grids back, and their lines under the old numbers."""
    used, still = coverage.cut.users[:, 0] >= 0, after.cut.users[: len(coverage.cut.users), 0] >= 0
    gone = np.flatnonzero(used & ~still).tolist()
    return ReplaceGrids(
        removed=tuple(record.code for record in added),
        put=tuple(GridRecord.of(coverage, row) for row in sorted(rows)),
        arcs=tuple((arc, tuple(places_of(coverage.cut.arcs[arc]))) for arc in gone),
    )
