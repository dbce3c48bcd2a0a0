"""GeoPackage, shapefile and XLSX by GDAL, after their outer form was checked: GDAL guesses where we refuse."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio

from geo.errors import FileError
from geo.store.limits import ReadLimits
from geo.store.nesting import geometries_of_wkb
from geo.store.readers import archive
from geo.store.readers.dbf import dbf_encoding
from geo.store.readers.places import place_rows
from geo.store.readers.raw import RawLayer
from geo.text import plain_cell

_SHP_HEADER: Final = 100
_UNREADABLE: Final = (RuntimeError, UnicodeError, pa.ArrowException)
"""What GDAL's bindings raise for a file that they cannot read; their own errors are kinds of ``RuntimeError``."""


def read_gpkg(path: Path, *, layer: str | None, limits: ReadLimits) -> RawLayer:
    """Read one layer of a GeoPackage; with several, ``layer`` names one."""
    with path.open("rb") as stream:
        head = stream.read(_SHP_HEADER)
    page = struct.unpack_from(">H", head, 16)[0]
    size = (65_536 if page == 1 else page) * struct.unpack_from(">I", head, 28)[0]
    if head[24:28] == head[92:96] and size > path.stat().st_size:
        raise truncated(path.stat().st_size, size)
    chosen = _layer(path, layer)
    columns, shapes, crs = _read(path, chosen, None, limits, first_row=1)
    return RawLayer(columns=columns, shapes=shapes, format="gpkg", crs=crs, encoding="UTF-8")


def read_shapefile(path: Path, *, encoding: str | None, limits: ReadLimits) -> RawLayer:
    """Read a shapefile whose companions lie beside it; its text is in the encoding stated, in .cpg, or UTF-8."""
    for suffix in (".shx", ".dbf"):
        if not path.with_suffix(suffix).exists():
            raise FileError(
                f"The shapefile comes without its {suffix} file; send .shp, .shx, .dbf and .prj together in one ZIP",
                f"Shapefile 缺少 {suffix} 文件，请将 .shp、.shx、.dbf、.prj 一起打包为 ZIP",
            )
    for suffix in (".shp", ".shx"):
        whole = path.with_suffix(suffix)
        with whole.open("rb") as stream:
            head = stream.read(_SHP_HEADER)
        declared = 2 * struct.unpack_from(">i", head, 24)[0] if len(head) == _SHP_HEADER else _SHP_HEADER
        if declared > whole.stat().st_size:
            raise truncated(whole.stat().st_size, declared)
    found = dbf_encoding(path.with_suffix(".dbf"), encoding)
    prj = path.with_suffix(".prj")
    columns, shapes, crs = _read(path, None, found, limits, first_row=1)
    if prj.exists() and not prj.read_bytes().strip():
        crs = None
    return RawLayer(columns=columns, shapes=shapes, format="shp", crs=crs, encoding=found.upper())


def read_xlsx(
    path: Path,
    *,
    layer: str | None,
    lon: str | None,
    lat: str | None,
    wkt: str | None,
    limits: ReadLimits,
) -> RawLayer:
    """Read one sheet as ``read_sheet`` and find the places in it."""
    columns = read_sheet(path, layer=layer, limits=limits)
    return place_rows(columns, kind="xlsx", lon=lon, lat=lat, wkt=wkt, first_row=2, encoding="UTF-8", limits=limits)


def read_sheet(path: Path, *, layer: str | None, limits: ReadLimits) -> pd.DataFrame:
    """Read the rows of one sheet whose first row is the header; with several filled sheets ``layer`` names one."""
    archive.inspect(path, limits, forbidden=b"<!DOCTYPE")
    columns, _, _ = _read(path, _layer(path, layer), None, limits, first_row=2, geometry=False)
    for name in columns.columns:
        if isinstance(columns[name].dtype, pd.StringDtype):
            columns[name] = columns[name].map(lambda v: plain_cell(v) if isinstance(v, str) else None).astype(object)
    return columns


def truncated(has: int, declared: int) -> FileError:
    """Return the error for a file that is shorter than it declares."""
    return FileError(
        f"The file is cut off: it has {has:,} of {declared:,} bytes; copy or download it again",
        f"文件不完整：应有 {declared:,} 字节，实有 {has:,} 字节，请重新复制或下载",
    )


def damaged(said: object) -> FileError:
    """Return the error for a file that GDAL cannot read."""
    reason = " ".join(str(said).split())[:160]
    return FileError(f"The file is cut off or damaged ({reason})", f"文件不完整或已损坏（{reason}）")


def _layer(path: Path, layer: str | None) -> str:
    try:
        found = pyogrio.list_layers(str(path))
    except _UNREADABLE as broken:
        raise damaged(broken) from broken
    names = [str(name) for name, _ in found]
    if path.suffix == ".gpkg":
        names = [str(name) for name, kind in found if kind is not None] or names
    elif len(names) > 1 and layer is None:
        names = [
            n for n in names if pyogrio.read_info(str(path), layer=n, force_feature_count=True)["features"] > 0
        ] or names[:1]
    if layer is None and len(names) == 1:
        return names[0]
    if layer in names:
        return str(layer)
    listed = ", ".join(names[:10])
    if not names:
        raise FileError("The file holds no layer", "文件中没有图层")
    raise FileError(
        f"The file holds several layers or not the one named; choose one with --layer: {listed}",
        f"文件中有多个图层或没有指定的图层，请用 --layer 选择：{listed}",
    )


def _read(
    path: Path,
    layer: str | None,
    encoding: str | None,
    limits: ReadLimits,
    *,
    first_row: int,
    geometry: bool = True,
) -> tuple[pd.DataFrame, np.ndarray, str | None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what GDAL mentions is checked by ourselves
            info = pyogrio.read_info(str(path), layer=layer, encoding=encoding, force_feature_count=True)
            limits.check_rows(int(info["features"]))
            limits.check_columns(len(info["fields"]))
            meta, table = pyogrio.read_arrow(str(path), layer=layer, encoding=encoding, read_geometry=geometry)
    except _UNREADABLE as broken:
        raise damaged(broken) from broken
    if table.num_rows < int(info["features"]):
        raise truncated(table.num_rows, int(info["features"]))
    shapes = np.full(table.num_rows, None, dtype=object)
    columns = table
    if geometry:
        name = _geometry_column(meta, table)
        if name is None:
            raise FileError("The layer has no geometry", "图层没有几何")
        shapes = geometries_of_wkb(table.column(name).to_pylist(), depth=limits.depth, first_row=first_row)
        columns = table.drop_columns([name])
    return plain_columns(columns), shapes, meta["crs"]


def _geometry_column(meta: Mapping[str, object], table: pa.Table) -> str | None:
    for name in (meta["geometry_name"], "wkb_geometry", "geom"):
        if name and str(name) in table.column_names:
            return str(name)
    return next((f.name for f in table.schema if pa.types.is_binary(f.type)), None)


def plain_columns(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as plain columns: whole numbers and truth values stay themselves beside empty cells."""
    kept = [f.name for f in table.schema if not pa.types.is_binary(f.type) and not pa.types.is_large_binary(f.type)]
    types = {
        pa.int64(): pd.Int64Dtype(),
        pa.int32(): pd.Int64Dtype(),
        pa.int16(): pd.Int64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
        pa.string(): pd.StringDtype(),
        pa.large_string(): pd.StringDtype(),
    }
    plain = table.select(kept).to_pandas(types_mapper=types.get, ignore_metadata=True, date_as_object=False)
    return cast("pd.DataFrame", plain)
