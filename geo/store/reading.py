"""Reading a foreign file: copied to a private folder, read and checked by a confined child, rebuilt from plain data."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import geopandas as gpd
import pandas as pd
import pyarrow as pa

from geo.errors import FileError, LimitError, NotFoundError
from geo.store.limits import ReadLimits
from geo.store.nesting import geometries_of_wkb
from geo.store.plain_columns import GEOMETRY
from geo.store.readers.sniff import SUFFIXES
from geo.store.sandbox import Answer, Sandbox, remove_folder, shared_sandbox
from geo.tables.persons import DroppedColumn

_COMPANIONS = (".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileLayer:
    """A layer as it was read: lon/lat in EPSG:4326 (None where a row has no place), and what was learnt on the way.

    ``source_frame`` is the frame of the file; ``ambiguous`` counts rows so near the outline of China that their shift
    is uncertain; ``dropped`` lists columns with person data; ``notes`` are (English, Chinese) sentences for the user.
    """

    frame: gpd.GeoDataFrame
    format: str
    source_frame: str
    encoding: str | None
    ambiguous: int
    first_row: int
    dropped: tuple[DroppedColumn, ...]
    notes: tuple[tuple[str, str], ...]


def read_layer(
    path: Path | str,
    *,
    frame: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    lon: str | None = None,
    lat: str | None = None,
    wkt: str | None = None,
    bounds: Sequence[float] | None = None,
    limits: ReadLimits | None = None,
    sandbox: Sandbox | None = None,
) -> gpd.GeoDataFrame:
    """Read one layer of a file of any supported format as lon/lat in EPSG:4326; see ``read_file``."""
    return read_file(
        path,
        frame=frame,
        layer=layer,
        encoding=encoding,
        lon=lon,
        lat=lat,
        wkt=wkt,
        bounds=bounds,
        limits=limits,
        sandbox=sandbox,
    ).frame


def read_file(
    path: Path | str,
    *,
    frame: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    lon: str | None = None,
    lat: str | None = None,
    wkt: str | None = None,
    bounds: Sequence[float] | None = None,
    limits: ReadLimits | None = None,
    sandbox: Sandbox | None = None,
) -> FileLayer:
    """Read one layer of a GeoJSON, GPKG, shapefile (zipped, or a folder), KML, KMZ, GPX, CSV, XLSX or Parquet file.

    Parameters
    ----------
    frame
        WGS84, CGCS2000, GCJ02, BD09 or ``EPSG:n``; needed where the file itself states none. Shifted frames are undone.
    layer
        The layer, sheet or member of an archive, where there are several.
    encoding
        Of text in CSV, shapefile, GeoJSON and KML files; UTF-8 unless the file says otherwise.
    lon, lat, wkt
        Columns of tables that hold the place, where their names do not tell.
    bounds
        West, south, east, north in degrees where the data should lie; finds swapped coordinates that look possible.

    Raises
    ------
    InputError
        One of its kinds, with a sentence that says what is wrong and where.
    """
    limits = limits or ReadLimits()
    source = Path(path)
    folder = Path(tempfile.mkdtemp(prefix="xunge-read-"))
    try:
        name = bring(source, folder, limits)
        task: dict[str, object] = {
            "file": name,
            "frame": frame,
            "layer": layer,
            "encoding": encoding,
            "lon": lon,
            "lat": lat,
            "wkt": wkt,
            "bounds": None if bounds is None else [float(b) for b in bounds],
        }
        answer = (sandbox or shared_sandbox()).run(task, folder, limits=limits)
    finally:
        remove_folder(folder)
    return _rebuilt(answer, limits)


def bring(source: Path, folder: Path, limits: ReadLimits) -> str:
    """Copy the file, with a shapefile's companions, under a fixed name; links are followed here and nowhere else."""
    if source.is_dir():
        inside = sorted(p for p in source.iterdir() if p.suffix.lower() == ".shp")
        if len(inside) != 1:
            listed = ", ".join(p.stem for p in inside[:10]) or "none"
            raise FileError(
                f"The folder should hold one shapefile; it holds: {listed}",
                f"文件夹中应有且只有一个 Shapefile，现有：{listed}",
            )
        source = inside[0]
    if not source.is_file():
        raise NotFoundError(f"There is no file {source.name}", f"文件不存在：{source.name}")
    suffix = source.suffix.lower()
    if suffix not in SUFFIXES:
        known = " ".join(SUFFIXES)
        raise FileError(
            f"Files ending in {suffix or 'nothing'!r} are not read; use one of {known}",
            f"不支持 {suffix or '无扩展名'} 文件，请使用以下格式之一：{known}",
        )
    companions = {}
    if suffix == ".shp":
        beside = {p.suffix.lower(): p for p in source.parent.iterdir() if p.stem == source.stem and p.is_file()}
        companions = {s: beside[s] for s in _COMPANIONS if s in beside}
    total = sum(p.stat().st_size for p in (source, *companions.values()))
    if total > limits.bytes_of(limits.file_mb):
        raise LimitError(
            f"The file has {total / 1e6:,.0f} MB, more than the {limits.file_mb:g} MB allowed",
            f"文件大小 {total / 1e6:,.0f} MB，超过上限 {limits.file_mb:g} MB",
        )
    for ending, file in ({suffix: source} | companions).items():
        shutil.copyfile(file, folder / f"upload{ending}")
    return f"upload{suffix}"


def _rebuilt(answer: Answer, limits: ReadLimits) -> FileLayer:
    facts, table = answer.facts, answer.table
    # Scanned once more on this side: a child taken over by its file could send what its own checks refuse.
    shapes = geometries_of_wkb(table.column(GEOMETRY).to_pylist(), depth=limits.depth)
    names = [str(n) for n in cast("list[object]", facts["names"])]
    if table.column_names != [*(f"c{i}" for i in range(len(names))), GEOMETRY]:
        raise FileError("The file reader gave back odd columns", "文件读取进程返回了异常的列")
    taken = {name.lower() for name in names}
    columns = {}
    for i, name in enumerate(names):
        label = name if name.lower() != GEOMETRY else _free(f"{name} 2", taken)
        columns[label] = _series(table.column(i))
    frame = gpd.GeoDataFrame(
        pd.DataFrame(columns, index=range(table.num_rows)), geometry=gpd.GeoSeries(shapes, crs="EPSG:4326")
    )
    dropped = [
        DroppedColumn(column=str(d["column"]), why=str(d["why"]), cells=int(cast("int", d["cells"])))
        for d in cast("list[Mapping[str, object]]", facts["dropped"])
    ]
    notes = [(str(en), str(zh)) for en, zh in cast("list[tuple[object, object]]", facts["notes"])]
    return FileLayer(
        frame=frame,
        format=str(facts["format"]),
        source_frame=str(facts["source_frame"]),
        encoding=None if facts["encoding"] is None else str(facts["encoding"]),
        ambiguous=int(cast("int", facts["ambiguous"])),
        first_row=int(cast("int", facts["first_row"])),
        dropped=tuple(dropped),
        notes=tuple(notes),
    )


def _free(name: str, taken: set[str]) -> str:
    while name.lower() in taken:
        name += " 2"
    return name


def _series(column: pa.ChunkedArray) -> pd.Series:
    if column.null_count and pa.types.is_int64(column.type):
        return cast("pd.Series", column.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get))
    if pa.types.is_large_string(column.type):
        return pd.Series(column.to_pylist(), dtype=object)
    return cast("pd.Series", column.to_pandas())
