"""GeoParquet, and Parquet with columns of longitude and latitude."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from geo.errors import FileError
from geo.store.limits import ReadLimits
from geo.store.nesting import geometries_of_wkb
from geo.store.readers.gdal import damaged, plain_columns
from geo.store.readers.places import place_rows
from geo.store.readers.raw import RawLayer


def read_parquet(path: Path, *, lon: str | None, lat: str | None, wkt: str | None, limits: ReadLimits) -> RawLayer:
    """Read a Parquet file; the ``geo`` metadata tells the geometry, or columns do.

    The specification counts a geometry column without ``crs`` as WGS84; such a file states no frame here.
    """
    try:
        with pq.ParquetFile(path) as opened:
            limits.check_rows(opened.metadata.num_rows)
            limits.check_columns(opened.metadata.num_columns)
            told = opened.schema_arrow.metadata or {}
            table = opened.read(use_threads=False)
    except (pa.ArrowException, OSError, EOFError) as broken:
        raise damaged(broken) from broken
    if b"geo" not in told:
        return place_rows(
            plain_columns(table),
            kind="parquet",
            lon=lon,
            lat=lat,
            wkt=wkt,
            first_row=1,
            encoding="UTF-8",
            limits=limits,
        )
    name, crs = _geometry(told[b"geo"], table)
    column = table.column(name)
    blobs = column.cast(pa.binary()) if not pa.types.is_binary(column.type) else column
    shapes: np.ndarray = geometries_of_wkb(blobs.to_pylist(), depth=limits.depth)
    return RawLayer(columns=plain_columns(table.drop_columns([name])), shapes=shapes, format="geoparquet", crs=crs)


def _geometry(metadata: bytes, table: pa.Table) -> tuple[str, str | None]:
    try:
        geo = orjson.loads(metadata)
        name = geo["primary_column"]
        about = geo["columns"][name]
        encoding = about["encoding"]
        found = table.schema.field(name).type
    except (orjson.JSONDecodeError, KeyError, TypeError) as broken:
        raise FileError(
            "The geo metadata of the Parquet file is damaged", "Parquet 文件的 geo 元数据已损坏"
        ) from broken
    if encoding != "WKB" or not (pa.types.is_binary(found) or pa.types.is_large_binary(found)):
        raise FileError(
            f"The geometry is encoded as {encoding!s:.40}; only WKB is read: save the file with that encoding",
            f"几何编码为 {encoding!s:.40}，只支持 WKB，请另存为该编码",
        )
    crs = about.get("crs")
    return str(name), None if crs is None else orjson.dumps(crs).decode()
