"""Rows as they stand in a file, their places not yet understood: what comes before the frame is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geo.errors import FileError, GeometryError
from geo.store.limits import ReadLimits
from geo.store.plain_columns import arrow_column
from geo.store.readers import archive
from geo.store.readers.checks import place
from geo.store.readers.columnar import read_parquet
from geo.store.readers.delimited import unique_names
from geo.store.readers.gdal import damaged, plain_columns, read_gpkg, read_shapefile, read_sheet
from geo.store.readers.geojson import read_geojson
from geo.store.readers.raw import RawLayer
from geo.store.readers.sniff import format_of
from geo.store.readers.text_rows import AUTO, FIRST_ROW, read_text_rows
from geo.tables.persons_arrow import table_without_persons

X: Final = "x"
Y: Final = "y"
READ: Final = ("csv", "xlsx", "parquet", "gpkg", "geojson", "shp")


def read_rows(folder: Path, request: Mapping[str, object], limits: ReadLimits) -> tuple[dict[str, object], pa.Table]:
    """Read the rows of the file that ``request`` names; columns come back under numbers, points as ``x`` and ``y``.

    Points of a layer that states its frame come in WGS84 with the fact ``source_frame``; others as they stand.
    """
    path = folder / str(request["file"])
    kind = format_of(path)
    layer, encoding = _text(request, "layer"), _text(request, "encoding")
    if kind == "zip":
        path = archive.unpack(path, layer, limits)
        kind, layer = format_of(path), None
    facts: dict[str, object] = {
        "format": kind,
        "encoding": "UTF-8",
        "first_row": 1,
        "source_frame": None,
        "damaged": [],
    }
    points: np.ndarray | None = None
    if kind == "csv":
        read = read_text_rows(path, encoding=encoding, damaged=str(request.get("damaged") or "refuse"), limits=limits)
        table = read.table
        facts |= {"encoding": read.encoding, "first_row": FIRST_ROW, "damaged": list(read.damaged)}
    elif kind == "xlsx":
        table = _arrow(read_sheet(path, layer=layer, limits=limits))
        facts["first_row"] = FIRST_ROW
    elif kind == "parquet" and b"geo" not in _metadata(path):
        with pq.ParquetFile(path) as opened:
            limits.check_rows(opened.metadata.num_rows)
            limits.check_columns(opened.metadata.num_columns)
            table = _arrow(plain_columns(opened.read(use_threads=False)))
    elif kind in READ:
        raw = _layer(path, kind, layer, None if encoding == AUTO else encoding, limits)
        table = _arrow(raw.columns)
        points, facts["source_frame"] = _points(raw, request, limits)
        facts |= {"encoding": raw.encoding, "first_row": raw.first_row}
    else:
        raise FileError(
            f"Calls are not read from {kind}; use CSV, XLSX, Parquet or GeoPackage",
            f"警情不支持 {kind} 格式，请使用 CSV、XLSX、Parquet 或 GeoPackage",
        )
    if table.num_rows == 0:
        raise FileError("The file is empty: it has no rows", "文件是空的，没有任何记录")
    limits.check_rows(table.num_rows)
    limits.check_columns(table.num_columns)
    table, dropped = table_without_persons(table)
    facts |= {"names": table.column_names, "dropped": [asdict(d) for d in dropped]}
    arrays = list(table.columns)
    labels = [f"c{i}" for i in range(len(arrays))]
    if points is not None:
        arrays += [pa.array(points[:, 0]), pa.array(points[:, 1])]
        labels += [X, Y]
    return facts, pa.table(arrays, names=labels)


def _text(request: Mapping[str, object], name: str) -> str | None:
    value = request.get(name)
    return value if isinstance(value, str) and value else None


def _metadata(path: Path) -> Mapping[bytes, bytes]:
    try:
        return pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError, EOFError) as broken:
        raise damaged(broken) from broken


def _layer(path: Path, kind: str, layer: str | None, encoding: str | None, limits: ReadLimits) -> RawLayer:
    if kind == "gpkg":
        return read_gpkg(path, layer=layer, limits=limits)
    if kind == "shp":
        return read_shapefile(path, encoding=encoding, limits=limits)
    if kind == "geojson":
        return read_geojson(path, encoding=encoding, limits=limits)
    return read_parquet(path, lon=None, lat=None, wkt=None, limits=limits)


def _points(raw: RawLayer, request: Mapping[str, object], limits: ReadLimits) -> tuple[np.ndarray, str | None]:
    frame = _text(request, "frame")
    stated = raw.crs is not None and frame != "auto"
    source: str | None = None
    if stated or (frame is not None and frame != "auto"):
        placed = place(raw, frame=None if frame == "auto" else frame, bounds=None, limits=limits)
        shapes, source = placed.shapes, placed.source_frame
    else:
        shapes = np.asarray(shapely.force_2d(raw.shapes), dtype=object)
    kinds = shapely.get_type_id(shapes)
    single = kinds == shapely.GeometryType.MULTIPOINT
    if single.any():
        shapes = np.where(single & (shapely.get_num_geometries(shapes) == 1), shapely.get_geometry(shapes, 0), shapes)
        kinds = shapely.get_type_id(shapes)
    wrong = np.flatnonzero((kinds >= 0) & (kinds != shapely.GeometryType.POINT))
    if wrong.size:
        raise GeometryError(
            f"Row {wrong[0] + raw.first_row} is not a point: calls are points",
            f"第 {wrong[0] + raw.first_row} 行不是点：警情应为点图层",
            rows=[str(int(row) + raw.first_row) for row in wrong[:100]],
        )
    return np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)]).astype(np.float64), source


def _arrow(columns: pd.DataFrame) -> pa.Table:
    names = unique_names([str(c) for c in columns.columns])
    return pa.table([arrow_column(columns.iloc[:, i]) for i in range(len(names))], names=names)
