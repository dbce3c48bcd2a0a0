"""One task of a confined child: read the file in the private folder, leave an answer of plain data there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
import pyarrow as pa
import shapely

from geo.errors import FileError, InputError
from geo.store.limits import ReadLimits
from geo.store.plain_columns import GEOMETRY, arrow_column
from geo.store.readers import archive
from geo.store.readers.checks import place
from geo.store.readers.columnar import read_parquet
from geo.store.readers.delimited import read_delimited, unique_names
from geo.store.readers.gdal import read_gpkg, read_shapefile, read_xlsx
from geo.store.readers.geojson import read_geojson
from geo.store.readers.markup import read_gpx, read_kml
from geo.store.readers.raw import RawLayer
from geo.store.readers.rows_task import read_rows
from geo.store.readers.sniff import format_of
from geo.tables.persons import without_persons


def perform(folder: Path, request: Mapping[str, object], limits: ReadLimits, *, own_files_only: bool) -> int:
    """Do the task and return an exit code: 0 with ``answer.json`` and ``answer.arrow``, 2 with what is wrong."""
    try:
        facts, table = read(folder, request, limits)
    except InputError as wrong:
        said = {"code": wrong.code, "en": wrong.en, "zh": wrong.zh, "rows": list(wrong.rows)[:100]}
        (folder / "answer.json").write_bytes(orjson.dumps(said))
        return 2
    with pa.OSFile(str(folder / "answer.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    (folder / "answer.json").write_bytes(orjson.dumps({**facts, "own_files_only": own_files_only}))
    return 0


def read(folder: Path, request: Mapping[str, object], limits: ReadLimits) -> tuple[dict[str, object], pa.Table]:
    """Read the file that ``request`` names in ``folder``; columns come back under numbers, their names as facts."""
    if request.get("rows_only"):
        return read_rows(folder, request, limits)
    raw = open_layer(folder / str(request["file"]), request, limits)
    if len(raw.shapes) == 0:
        raise FileError("The file is empty: it has no rows", "文件是空的，没有任何记录")
    limits.check_rows(len(raw.shapes))
    limits.check_columns(len(raw.columns.columns))
    columns, dropped = without_persons(raw.columns)
    bounds = request.get("bounds")
    placed = place(
        raw,
        frame=_text(request, "frame"),
        bounds=[float(b) for b in bounds] if isinstance(bounds, Sequence) else None,
        limits=limits,
    )
    names = unique_names([str(c) for c in columns.columns])
    facts: dict[str, object] = {
        "format": raw.format,
        "encoding": raw.encoding,
        "source_frame": placed.source_frame,
        "ambiguous": placed.ambiguous,
        "first_row": raw.first_row,
        "names": names,
        "dropped": [asdict(d) for d in dropped],
        "notes": raw.notes,
    }
    arrays = [arrow_column(columns.iloc[:, i]) for i in range(len(names))]
    geometry = pa.array(shapely.to_wkb(placed.shapes), type=pa.large_binary())
    labels = [f"c{i}" for i in range(len(names))]
    return facts, pa.table([*arrays, geometry], names=[*labels, GEOMETRY])


def open_layer(path: Path, request: Mapping[str, object], limits: ReadLimits) -> RawLayer:
    """Read the layer in ``path`` by the reader of its format."""
    kind = format_of(path)
    layer, encoding = _text(request, "layer"), _text(request, "encoding")
    lon, lat, wkt = _text(request, "lon"), _text(request, "lat"), _text(request, "wkt")
    if kind in ("zip", "kmz"):
        path = archive.unpack(path, layer, limits)
        kind, layer = format_of(path), None
    if kind == "geojson":
        return read_geojson(path, encoding=encoding, limits=limits)
    if kind == "kml":
        return read_kml(path, encoding=encoding, limits=limits)
    if kind == "gpx":
        return read_gpx(path, encoding=encoding, layer=layer, limits=limits)
    if kind == "csv":
        return read_delimited(path, encoding=encoding, lon=lon, lat=lat, wkt=wkt, limits=limits)
    if kind == "xlsx":
        return read_xlsx(path, layer=layer, lon=lon, lat=lat, wkt=wkt, limits=limits)
    if kind == "parquet":
        return read_parquet(path, lon=lon, lat=lat, wkt=wkt, limits=limits)
    if kind == "gpkg":
        return read_gpkg(path, layer=layer, limits=limits)
    return read_shapefile(path, encoding=encoding, limits=limits)


def _text(request: Mapping[str, object], name: str) -> str | None:
    value = request.get(name)
    return value if isinstance(value, str) and value else None
