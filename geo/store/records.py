"""Tables as rows of plain values and back, the same for every database.

An instant is an integer of microseconds since 1970 in UTC, geometry is its WKB (little-endian, all dimensions).
A point is stored beside its WKB as ``lon``, ``lat`` and its cell of the lattice; an area as its bounding box.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.store.lattice import cell_x, cell_y
from geo.store.port import HISTORY_COLUMNS, TABLES, T
from geo.store.values import INDEXED, LONGEST_KEY, require_texts
from geo.tables.spec import LONLAT, Column, Table, TableSpec

POINT_COLUMNS: Final = ("wkb", "lon", "lat", "cell_y", "cell_x")
AREA_COLUMNS: Final = ("wkb", "min_lon", "min_lat", "max_lon", "max_lat")
ROW_COLUMNS: Final = ("row_version", "row_by", "row_at")
"""The version of the collection when the row was last written, by which account, when."""

NONE: Final = np.array(None, dtype=object)
UTC_TIMES: Final = pd.DatetimeTZDtype("us", "UTC")
_PLAIN: Final[dict[str, type[np.generic]]] = {"int": np.int64, "float": np.float64, "bool": np.bool_}
NO_TIME: Final = np.iinfo(np.int64).min
Record = tuple[object, ...]


def geometry_columns(spec: TableSpec) -> tuple[str, ...]:
    """Return the columns that hold the geometry of a table; none for a table without geometry."""
    if not spec.geometry:
        return ()
    return POINT_COLUMNS if spec.geometry == ("Point",) else AREA_COLUMNS


def stored_columns(spec: TableSpec) -> tuple[str, ...]:
    """Return the columns of a stored row, without who wrote it: fields first, then the geometry."""
    return (*spec.names, *geometry_columns(spec))


def require_storable(table: Table, source: str) -> None:
    """Raise ``EncodingError`` or ``FieldError`` for texts that not every database can hold."""
    spec = table.SPEC
    require_texts("source", [source])
    indexed = INDEXED.get(spec.name, (spec.key,))
    for column in spec.columns:
        if column.kind == "text":
            texts = [text if isinstance(text, str) else None for text in table.frame[column.name]]
            longest = LONGEST_KEY if column.name in indexed else None
            require_texts(f"{spec.name}.{column.name}", texts, longest=longest)


def records(table: Table) -> list[Record]:
    """Return the rows of ``table`` in key order, each in the order of ``stored_columns``."""
    spec = table.SPEC
    frame = table.frame.iloc[np.argsort(np.asarray(table.keys, dtype=object), kind="stable")]
    columns = [_plain(frame[column.name], column) for column in spec.columns]
    if spec.geometry:
        shapes = np.asarray(frame.geometry.array, dtype=object)
        columns.append(cast("list[object]", shapely.to_wkb(shapes, byte_order=1).tolist()))
        columns.extend(values.tolist() for values in _places(spec, shapes))
    return list(zip(*columns, strict=True))


def _places(spec: TableSpec, shapes: npt.NDArray[np.object_]) -> list[npt.NDArray[np.generic]]:
    if geometry_columns(spec) == AREA_COLUMNS:
        return list(shapely.bounds(shapes).T)
    lon, lat = shapely.get_x(shapes), shapely.get_y(shapes)
    return [lon, lat, cell_y(lat), cell_x(lon)]


def _plain(series: pd.Series, column: Column) -> list[object]:
    empty = series.isna().to_numpy()
    if column.kind == "time":
        values = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
    elif column.kind == "text":
        values = series.to_numpy(dtype=object)
    else:
        kind = _PLAIN[column.kind]
        values = series.fillna(0).to_numpy(dtype=kind) if empty.any() else series.to_numpy(dtype=kind)
    if not empty.any():
        return cast("list[object]", values.tolist())
    full = values.astype(object)
    full[empty] = None
    return cast("list[object]", full.tolist())


def frame_of(kind: type[Table], rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    """Return the frame of stored rows (fields, then WKB) with the very types that the table's check gives.

    A table without geometry gives a plain frame.
    """
    spec = kind.SPEC
    columns: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else ((),) * (len(spec.columns) + 1)
    types = _types(spec.name)
    series: dict[str, object] = {}
    values = iter(columns)
    for column in spec.columns:
        series[column.name] = _typed(next(values), column, types[column.name])
    frame = pd.DataFrame(series)
    if not spec.geometry:
        return frame
    shapes = shapely.from_wkb(np.array(next(values), dtype=object))
    return cast("pd.DataFrame", gpd.GeoDataFrame(frame, geometry=shapes, crs=LONLAT))


def table_of(kind: type[T], rows: Sequence[Sequence[object]]) -> T:
    """Return stored rows as a table; they were checked when they were written."""
    return kind(cast("gpd.GeoDataFrame", frame_of(kind, rows)))


def layer_of(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return ``frame`` as a layer in lon/lat; rows of a table without geometry get none."""
    if isinstance(frame, gpd.GeoDataFrame):
        return frame
    nothing = np.full(len(frame), None, dtype=object)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(nothing, index=frame.index, crs=LONLAT), crs=LONLAT)


def with_history(frame: gpd.GeoDataFrame, kept: Sequence[Sequence[object]]) -> gpd.GeoDataFrame:
    """Add ``HISTORY_COLUMNS`` to the rows of ``frame``; times come as microseconds since 1970."""
    for i, name in enumerate(HISTORY_COLUMNS):
        values = [row[i] for row in kept]
        if name.endswith("_at"):
            frame[name] = pd.Series(np.array(values, dtype=np.int64).view("datetime64[us]")).dt.tz_localize("UTC")
        elif name.endswith("_version"):
            frame[name] = np.array(values, dtype=np.int64)
        else:
            frame[name] = pd.Series(values, dtype=object)
    return frame


@cache
def _types(name: str) -> dict[str, Any]:
    return dict(TABLES[name].empty().frame.dtypes)


def _typed(values: Sequence[object], column: Column, dtype: Any) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    if column.kind == "text":
        return pd.Series(array, dtype=object)
    empty = cast("npt.NDArray[np.bool_]", array == NONE)
    if column.kind == "time":
        array[empty] = NO_TIME
        return pd.array(array.astype(np.int64).view("datetime64[us]"), dtype=UTC_TIMES)
    array[empty] = np.nan if column.kind == "float" else 0
    plain = array.astype(_PLAIN[column.kind])
    if dtype == plain.dtype:
        return plain
    typed = pd.array(plain, dtype=dtype)
    typed[empty] = pd.NA
    return typed
