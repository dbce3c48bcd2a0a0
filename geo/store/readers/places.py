"""Where the places are in a plain table: columns of longitude and latitude, or one of well-known text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import shapely

from geo.errors import CoordinateError, FieldError
from geo.store.limits import ReadLimits
from geo.store.nesting import geometries_of_wkt
from geo.store.readers.raw import RawLayer
from geo.tables.headers import PLACE_PAIRS
from geo.text import plain_cell

_TEXTS: Final = ("wkt", "geometry", "geom", "the_geom", "shape", "空间坐标", "几何")
_FRAME_COLUMNS: Final = ("frame", "坐标系", "坐标系统")
_NOTHING: Final = frozenset({"", "null", "none", "\\n", "无", "-", "/"})
_LONGEST_NOTHING: Final = max(len(word) for word in _NOTHING)
_WHOLE: Final = re.compile(r"-?(0|[1-9]\d{0,14})")
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")


def place_rows(
    columns: pd.DataFrame,
    *,
    kind: str,
    lon: str | None,
    lat: str | None,
    wkt: str | None,
    first_row: int,
    encoding: str | None,
    limits: ReadLimits,
) -> RawLayer:
    """Return a plain table with its places; the columns that held them are left out.

    A row whose coordinates are empty has no place. A column named ``frame`` or 坐标系 with one value states the frame.

    Raises
    ------
    FieldError
        Where no columns of places are found, or those named do not exist.
    CoordinateError
        For coordinates that are not numbers, NaN or infinite.
    """
    text = wkt or (None if lon or lat else _first(columns, _TEXTS, textual=True))
    notes: list[tuple[str, str]] = []
    if text is not None and not (lon or lat):
        _require(columns, text)
        shapes = geometries_of_wkt(_texts(columns[text]), depth=limits.depth, first_row=first_row)
        left = columns.drop(columns=[text])
    else:
        x, y = _pair(columns, lon, lat)
        shapes, zeros = _points(columns[x], columns[y], first_row)
        if zeros:
            notes.append(
                (f"{zeros} rows lie at 0, 0: counted as without a place", f"{zeros} 行坐标为 0,0，按无坐标处理")
            )
        left = columns.drop(columns=[x, y])
    frame_column = _first(left, _FRAME_COLUMNS)
    named = None
    if frame_column is not None:
        values = {str(v).strip() for v in left[frame_column].dropna() if str(v).strip()}
        if len(values) == 1:
            named = values.pop()
            left = left.drop(columns=[frame_column])
    return RawLayer(
        columns=left,
        shapes=shapes,
        format=kind,
        named_frame=named,
        encoding=encoding,
        first_row=first_row,
        notes=notes,
    )


def typed(texts: pd.Series) -> pd.Series:
    """Return a column of text as numbers where every value is written as one, else as text; blanks become None.

    Codes with leading zeros or more than 15 digits stay text.
    """
    plain = [_filled(v) for v in texts]
    known = [v for v in plain if v is not None]
    if known and all(_WHOLE.fullmatch(v) for v in known):
        return pd.Series([None if v is None else int(v) for v in plain], dtype="Int64", index=texts.index)
    if known and all(_NUMBER.fullmatch(v) and len(v) < 25 for v in known):
        return pd.Series([None if v is None else float(v) for v in plain], dtype="Float64", index=texts.index)
    return pd.Series(plain, dtype=object, index=texts.index)


def _filled(text: str | None) -> str | None:
    if text is None:
        return None
    text = text.strip()
    if len(text) <= _LONGEST_NOTHING and text.lower() in _NOTHING:
        return None
    return plain_cell(text) if text.startswith("'") else text


def _plain(name: str) -> str:
    return re.sub(r"[\s_（）()\-°:：]+", "", str(name)).lower()


def _first(columns: pd.DataFrame, names: Sequence[str], *, textual: bool = False) -> str | None:
    by_name = {_plain(c): str(c) for c in reversed(list(columns.columns))}
    for name in names:
        found = by_name.get(_plain(name))
        if found is not None and (not textual or _is_wkt(columns[found])):
            return found
    return None


def _is_wkt(values: pd.Series) -> bool:
    for value in values:
        if isinstance(value, str) and value.strip():
            return re.match(r"\s*(SRID=\d+;)?\s*[A-Za-z]+\s*(Z|M|ZM)?\s*(\(|EMPTY)", value) is not None
    return False


def _pair(columns: pd.DataFrame, lon: str | None, lat: str | None) -> tuple[str, str]:
    if lon or lat:
        if not (lon and lat):
            raise FieldError("Name both the longitude and the latitude column", "经度列和纬度列必须同时指定")
        _require(columns, lon, lat)
        return lon, lat
    by_name = {_plain(c): str(c) for c in reversed(list(columns.columns))}
    for x, y in PLACE_PAIRS:
        if _plain(x) in by_name and _plain(y) in by_name:
            return by_name[_plain(x)], by_name[_plain(y)]
    has = ", ".join(str(c) for c in columns.columns[:30])
    raise FieldError(
        f"No columns of longitude and latitude were found; name them (--lon, --lat). The file has: {has}",
        f"没有找到经度、纬度列，请用 --lon、--lat 指明。文件中的列：{has}",
    )


def _require(columns: pd.DataFrame, *names: str) -> None:
    missing = [n for n in names if n not in columns.columns]
    if missing:
        has = ", ".join(str(c) for c in columns.columns[:30])
        raise FieldError(
            f"The file has no column {', '.join(missing)}; it has: {has}",
            f"文件中没有列 {'、'.join(missing)}；现有列：{has}",
        )


def _texts(values: pd.Series) -> list[str | None]:
    return [None if pd.isna(v) or str(v).strip().lower() in _NOTHING else str(v) for v in values]


def _points(x: pd.Series, y: pd.Series, first_row: int) -> tuple[np.ndarray, int]:
    lon, lat = _numbers(x, first_row), _numbers(y, first_row)
    half = np.isnan(lon) != np.isnan(lat)
    if half.any():
        raise _wrong(x.name, y.name, np.flatnonzero(half) + first_row, "only one of the two", "只有经度或只有纬度")
    nowhere = np.isnan(lon)
    zero = ~nowhere & (lon == 0) & (lat == 0)
    shapes = np.full(len(lon), None, dtype=object)
    there = ~nowhere & ~zero
    shapes[there] = shapely.points(lon[there], lat[there])
    return shapes, int(zero.sum())


def _numbers(values: pd.Series, first_row: int) -> np.ndarray:
    """Return float64[n], NaN only where the cell is empty; NaN and infinity as values are refused."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        found = values.to_numpy(dtype="float64", na_value=np.nan)
        given = ~np.isnan(found)  # a column of numbers has no other way to be empty
    else:
        found = np.full(len(values), np.nan)
        given = np.zeros(len(values), dtype=bool)
        wrong: list[int] = []
        for i, value in enumerate(values):
            if value is None or (isinstance(value, float) and np.isnan(value)):
                continue
            text = str(value).strip()
            if text.lower() in _NOTHING:
                continue
            given[i] = True
            try:
                found[i] = float(text)
            except ValueError:
                wrong.append(i + first_row)
        if wrong:
            raise _wrong(values.name, None, np.array(wrong), "not numbers in degrees", "不是以度为单位的数字")
    bad = np.flatnonzero(given & ~np.isfinite(found))
    if len(bad):
        raise _wrong(values.name, None, bad + first_row, "NaN or infinite", "坐标为 NaN 或无穷大")
    return found


def _wrong(x: object, y: object, rows: np.ndarray, en: str, zh: str) -> CoordinateError:
    named = ", ".join(str(r) for r in rows[:5]) + (" …" if len(rows) > 5 else "")
    label = f"{x}" if y is None else f"{x}, {y}"
    return CoordinateError(
        f"Coordinates in {label}, row {named}: {en}",
        f"{label} 列第 {named} 行：{zh}",
        rows=[str(int(r)) for r in rows[:100]],
    )
