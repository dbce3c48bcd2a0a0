"""From the columns of a file to a table: by a profile, or by what Chinese and English headers say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Final, Generic, Self, TypeVar, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import FieldError
from geo.tables.cells import cell_text
from geo.tables.headers import ASSUMED, CLOCKS, HEADERS, MINTED, NO, VALUES, YES
from geo.tables.persons import DroppedColumn, names_person, without_persons
from geo.tables.spec import Column, Table, TableSpec
from geo.tables.times import clock_minutes, parse_times

T = TypeVar("T", bound=Table)
Constant = str | int | float | bool
_MINUTES: Final = re.compile(r"分|minute", re.IGNORECASE)
_FULL_WIDTH: Final = str.maketrans({"（": "(", "）": ")", "：": ":", "，": ","})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProfile:
    """How a file becomes a table; kept with the source, so that the next file of the same kind needs no thought.

    ``fields`` maps a field of the file to a column; ``constants`` fill columns; ``values`` map values of a column;
    ``scale`` multiplies a column (60 for minutes into seconds). ``time_format`` is a pattern of ``strptime``.
    """

    table: str
    fields: Mapping[str, str]
    constants: Mapping[str, Constant] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Constant]] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    time_format: str | None = None
    time_zone: str = "Asia/Shanghai"

    def to_json(self) -> dict[str, object]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def of_json(cls, plain: Mapping[str, object]) -> Self:
        """Return the profile of plain values; unknown members raise ``FieldError``."""
        known = set(cls.__dataclass_fields__)
        odd = sorted(set(plain) - known)
        if odd or "table" not in plain or not isinstance(plain.get("fields"), Mapping):
            told = ", ".join(odd) or "table and fields are needed"
            raise FieldError(f"The import profile is not understood: {told}", f"导入配置无法识别：{told}")
        return cls(**plain)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of a file: rows read and kept, where each column came from, what was left out and what assumed.

    ``flags`` counts rows by what was noticed; ``notes`` are (English, Chinese) sentences.
    """

    read: int
    kept: int
    fields: Mapping[str, str]
    dropped_columns: tuple[str, ...] = ()
    persons: tuple[DroppedColumn, ...] = ()
    assumed: Mapping[str, Constant] = field(default_factory=dict)
    flags: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[tuple[str, str], ...] = ()
    source_frame: str | None = None
    ambiguous: int = 0

    def plus(self, *, flags: Mapping[str, int] | None = None, notes: Sequence[tuple[str, str]] = ()) -> ImportReport:
        """Return the report with more flags and notes."""
        return replace(self, flags={**self.flags, **(flags or {})}, notes=(*self.notes, *notes))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imported(Generic[T]):
    """A table and the report of how it came about."""

    table: T
    report: ImportReport


def guess_profile(frame: pd.DataFrame, kind: type[Table]) -> ImportProfile:
    """Match the headers of a file with the columns of a table: own name, Chinese label, then the words of ``HEADERS``.

    Each field is used once; what does not match stays out.
    """
    spec = kind.SPEC
    by_plain: dict[str, str] = {}
    for name in _attributes(frame):
        by_plain.setdefault(_plain(name), name)
    fields: dict[str, str] = {}
    for rank in range(_longest(spec)):
        for column in spec.columns:
            words = _words(spec, column)
            found = by_plain.get(_plain(words[rank])) if rank < len(words) else None
            if found is not None and found not in fields and column.name not in fields.values():
                fields[found] = column.name
    minutes = any(column == "dwell_seconds" and _MINUTES.search(source) for source, column in fields.items())
    scale = {"dwell_seconds": 60.0} if minutes else {}
    return ImportProfile(table=spec.name, fields=fields, scale=scale)


def to_table(
    frame: pd.DataFrame, kind: type[T], profile: ImportProfile | None = None, *, first_row: int = 1
) -> Imported[T]:
    """Map a layer to a table and validate it.

    Parameters
    ----------
    frame
        As ``read_layer`` gives it: lon/lat with a stated frame, or without geometry for tables that have none.
    profile
        Guessed from the headers if left out.
    first_row
        The number that the user would give the first record, for the sentences of errors.

    Raises
    ------
    FieldError
        For a field that the file does not have, a column that the table does not have, a field that names persons,
        required columns without a source, or times that cannot be read.
    TableError
        With every other breach of the table's specification.
    """
    spec = kind.SPEC
    safe, persons = _without_persons(frame)
    used = profile or guess_profile(safe, kind)
    _check_profile(frame, safe, spec, used)
    assumed: dict[str, Constant] = {}
    notes: list[tuple[str, str]] = []
    out = pd.DataFrame(index=frame.index)
    for source, name in used.fields.items():
        out[name] = _converted(safe[source], spec.column(name), used, first_row)
    for name, value in used.constants.items():
        out[name] = value
    for name, value in ASSUMED.get(spec.name, {}).items():
        if name not in out.columns:
            out[name] = assumed[name] = value
    if spec.key not in out.columns and spec.name in MINTED:
        out[spec.key] = _minted(frame)
        notes.append(
            ("The file has no key: keys were made from the content of each row", "文件没有编号列，已按各行内容生成编号")
        )
    missing = [c for c in spec.columns if not c.nullable and c.name not in out.columns]
    if missing:
        told = ", ".join(c.name for c in missing)
        told_zh = "、".join(c.label_zh or c.name for c in missing)
        has = ", ".join(_attributes(frame)[:30])
        raise FieldError(
            f"Nothing in the file gives {told}; name the field or a constant. The file has: {has}",
            f"文件中没有对应“{told_zh}”的列，请指明字段或固定值。现有列：{has}",
        )
    placed = _with_geometry(frame, out, spec)
    table = kind.of(placed)
    report = ImportReport(
        read=len(frame),
        kept=len(table),
        fields=dict(used.fields),
        dropped_columns=tuple(n for n in _attributes(safe) if n not in used.fields),
        persons=tuple(persons),
        assumed=assumed,
        notes=tuple(notes),
    )
    return Imported(table=table, report=report)


def _attributes(frame: pd.DataFrame) -> list[str]:
    geometry = frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None
    return [str(c) for c in frame.columns if c != geometry]


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name.translate(_FULL_WIDTH)).lower()


def _words(spec: TableSpec, column: Column) -> tuple[str, ...]:
    return (column.name, column.label_zh or column.name, *HEADERS.get(spec.name, {}).get(column.name, ()))


def _longest(spec: TableSpec) -> int:
    return max(len(_words(spec, column)) for column in spec.columns)


def _without_persons(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[DroppedColumn]]:
    # The door may be another than a file, whose reader drops them already.
    return without_persons(pd.DataFrame({name: frame[name] for name in _attributes(frame)}, index=frame.index))


def _check_profile(frame: pd.DataFrame, safe: pd.DataFrame, spec: TableSpec, profile: ImportProfile) -> None:
    named = [s for s in profile.fields if s not in safe.columns and (s in frame.columns or names_person(s))]
    if named:
        raise FieldError(
            f"{', '.join(named)} names persons and is never imported", f"{'、'.join(named)} 属于个人信息，不予导入"
        )
    unknown = [s for s in profile.fields if s not in safe.columns]
    if unknown:
        has = ", ".join(_attributes(safe)[:30])
        raise FieldError(
            f"The file has no field {', '.join(unknown)}; it has: {has}",
            f"文件中没有字段 {'、'.join(unknown)}；现有字段：{has}",
        )
    columns = [*profile.fields.values(), *profile.constants, *profile.values, *profile.scale]
    odd = sorted(set(columns) - set(spec.names))
    if odd or profile.table != spec.name:
        told = ", ".join(odd) or profile.table
        raise FieldError(
            f"The table {spec.name} has no column {told}; it has: {', '.join(spec.names)}",
            f"{spec.label_zh or spec.name}表没有列 {told}；现有列：{', '.join(spec.names)}",
        )
    twice = sorted({c for c in profile.fields.values() if list(profile.fields.values()).count(c) > 1})
    if twice:
        raise FieldError(f"Several fields are mapped to {', '.join(twice)}", f"多个字段对应同一列：{', '.join(twice)}")


def _converted(values: pd.Series, column: Column, profile: ImportProfile, first_row: int) -> pd.Series:
    given = profile.values.get(column.name, {})
    if given:
        values = pd.Series([given.get(cell_text(v) or "", v) for v in values], index=values.index, dtype=object)
    if column.kind == "time":
        times, bad = parse_times(values, zone=profile.time_zone, pattern=profile.time_format)
        if bad.any():
            rows = np.flatnonzero(bad) + first_row
            sample = str(values.iloc[int(np.flatnonzero(bad)[0])])[:40]
            named = ", ".join(str(r) for r in rows[:5]) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")
            raise FieldError(
                f"{values.name}, row {named}: {sample!r} is not a time with the year first; state the format",
                f"{values.name} 列第 {named} 行：{sample!r} 不是年份在前的时间，请指明时间格式",
                rows=[str(int(r)) for r in rows[:100]],
            )
        return times
    if column.kind == "text":
        words = VALUES.get(profile.table, {}).get(column.name, {}) if column.choices else {}
        texts = [cell_text(v) for v in values]
        return pd.Series([t if t is None else words.get(t, t) for t in texts], index=values.index, dtype=object)
    if column.kind == "bool":
        return pd.Series([_truth(v) for v in values], index=values.index, dtype=object)
    if column.name in CLOCKS.get(profile.table, ()) and not pd.api.types.is_numeric_dtype(values):
        values = clock_minutes(values)
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        values = pd.Series([cell_text(v) for v in values], index=values.index, dtype=object)
    if column.name in profile.scale:
        return pd.to_numeric(values, errors="coerce") * profile.scale[column.name]
    return values


def _truth(value: object) -> object:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    text = cell_text(value)
    if text is None:
        return None
    if text.lower() in YES:
        return True
    return False if text.lower() in NO else text


def _minted(frame: pd.DataFrame) -> list[str]:
    """Return keys from the content of rows, so that the same file gives the same keys again; doubles get a number."""
    names = _attributes(frame)
    texts = pd.Series("", index=range(len(frame)))
    for name in names:
        texts = texts + "\x1f" + pd.Series([cell_text(v) or "" for v in frame[name]])
    if isinstance(frame, gpd.GeoDataFrame):
        texts = (
            texts + "\x1f" + pd.Series([s or "" for s in shapely.to_wkb(np.asarray(frame.geometry.array), hex=True)])
        )
    seen: dict[str, int] = {}
    keys = []
    for text in texts:
        key = hashlib.blake2b(str(text).encode(), digest_size=8).hexdigest()
        seen[key] = seen.get(key, 0) + 1
        keys.append(key if seen[key] == 1 else f"{key}-{seen[key]}")
    return keys


def _with_geometry(frame: pd.DataFrame, out: pd.DataFrame, spec: TableSpec) -> pd.DataFrame:
    if not spec.geometry:
        return out
    if not isinstance(frame, gpd.GeoDataFrame):
        return out  # the specification says what is missing
    shapes = np.asarray(frame.geometry.array, dtype=object)
    if "Point" in spec.geometry and "MultiPoint" not in spec.geometry:
        single = np.array(
            [s is not None and s.geom_type == "MultiPoint" and len(s.geoms) == 1 for s in shapes], dtype=bool
        )
        shapes = np.where(single, [s.geoms[0] if one else s for s, one in zip(shapes, single, strict=True)], shapes)
    return cast(
        "pd.DataFrame", gpd.GeoDataFrame(out, geometry=gpd.GeoSeries(list(shapes), index=out.index, crs=frame.crs))
    )
