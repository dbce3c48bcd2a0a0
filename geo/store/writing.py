"""Writing a layer to a file: whole or not at all, times with their zone, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely

from geo.errors import FrameError, ParameterError
from geo.frames import SHIFTED, Frame, from_wgs84, parse_frame
from geo.store.formats import Format, export_format
from geo.store.gpx import gpx_text
from geo.store.plain_columns import arrow_column
from geo.tables.cells import missing
from geo.text import inert_cell

LONGEST_CELL: Final = 32_767
"""What one cell of XLSX may hold."""

_XML_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_Notes = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written; ``notes`` are (English, Chinese) sentences about what the format could not carry."""

    rows: int
    format: Format
    notes: tuple[tuple[str, str], ...] = ()


def write_layer(
    frame: pd.DataFrame,
    path: Path | str,
    *,
    frame_out: str = "WGS84",
    time_zone: str = "Asia/Shanghai",
) -> Written:
    """Write a layer in the format of the path's ending; an existing file is replaced at once or kept.

    Parameters
    ----------
    frame
        With a coordinate system; written as lon/lat in ``frame_out``. A table without places goes out as CSV or XLSX.
    time_zone
        Of times in text formats (ISO 8601 with offset); GPKG and GeoParquet keep UTC.

    Raises
    ------
    ParameterError
        For an ending that is not written.
    FrameError
        For a layer without a frame, or a shifted frame in KML or GPX, which mean WGS84.
    """
    target = Path(path)
    kind = export_format(target.suffix)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".xunge-write-", dir=target.parent))
    try:
        made = folder / f"{target.stem}{kind.suffix}"
        written = _write(frame, made, kind, parse_frame(frame_out), time_zone)
        with made.open("rb+") as stream:
            os.fsync(stream.fileno())
        made.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return written


def to_bytes(
    frame: pd.DataFrame,
    kind: str,
    *,
    frame_out: str = "WGS84",
    time_zone: str = "Asia/Shanghai",
    name: str = "layer",
) -> bytes:
    """Return a layer as the bytes of a file in the format called ``kind``; ``name`` is the layer's name inside. Errors as ``write_layer``."""
    wanted = export_format(kind)
    folder = Path(tempfile.mkdtemp(prefix="xunge-write-"))
    try:
        made = folder / f"{_file_name(name)}{wanted.suffix}"
        _write(frame, made, wanted, parse_frame(frame_out), time_zone)
        return made.read_bytes()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _file_name(name: str) -> str:
    return re.sub(r"[^\w-]+", "_", name)[:60] or "layer"


def _write(frame: pd.DataFrame, made: Path, kind: Format, frame_out: Frame, time_zone: str) -> Written:
    notes: _Notes = []
    if not isinstance(frame, gpd.GeoDataFrame):
        if kind.name not in _PLAIN_WRITERS:
            raise ParameterError(
                f"A table without places goes out as CSV or XLSX, not as {kind.name.upper()}",
                f"不含位置的表只能导出为 CSV 或 XLSX，不能导出为 {kind.name.upper()}",
            )
        _PLAIN_WRITERS[kind.name](frame.reset_index(drop=True), None, made, frame_out, ZoneInfo(time_zone), notes)
        return Written(rows=len(frame), format=kind, notes=tuple(notes))
    if frame.crs is None:
        raise FrameError("The layer has no coordinate frame, so it cannot be written", "图层没有坐标系，无法导出")
    if frame_out in SHIFTED and not kind.shifted:
        raise FrameError(
            f"{kind.name.upper()} files are in WGS84 by their standard; {frame_out} would be read wrongly",
            f"{kind.name.upper()} 文件按标准为 WGS84 坐标，不能以 {frame_out} 导出",
        )
    lonlat = frame.to_crs("EPSG:4326")
    shapes = np.asarray(lonlat.geometry.array, dtype=object).copy()
    shapes = _shifted(shapes, frame_out)
    columns = pd.DataFrame(lonlat.drop(columns=[lonlat.active_geometry_name])).reset_index(drop=True)
    columns.columns = pd.Index([str(c) for c in columns.columns])
    _WRITERS[kind.name](columns, shapes, made, frame_out, ZoneInfo(time_zone), notes)
    return Written(rows=len(columns), format=kind, notes=tuple(notes))


def _shifted(shapes: np.ndarray, frame_out: Frame) -> np.ndarray:
    if frame_out not in SHIFTED:
        return shapes
    flat = np.asarray(shapely.force_2d(shapes), dtype=object)
    moved = from_wgs84(shapely.get_coordinates(flat), frame_out).lonlat
    return np.asarray(shapely.set_coordinates(flat, moved), dtype=object)


def _crs(frame_out: Frame) -> str | None:
    return {"WGS84": "EPSG:4326", "CGCS2000": "EPSG:4490"}.get(frame_out)


def _texts(columns: pd.DataFrame, zone: ZoneInfo, *, booleans: bool) -> pd.DataFrame:
    """Return columns with times as ISO 8601 text and, if asked, truth values as true and false."""
    out = columns.copy()
    for name in out.columns:
        values = out[name]
        if isinstance(values.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
            out[name] = iso_times(values, zone)
        elif booleans and pd.api.types.is_bool_dtype(values.dtype):
            words = [None if missing(v) else str(bool(v)).lower() for v in values]
            out[name] = pd.Series(words, index=out.index, dtype=object)
    return out


def iso_times(values: pd.Series, zone: ZoneInfo) -> pd.Series:
    """Return aware times as ISO 8601 text in ``zone`` with its offset; empty stays None, naive times count as UTC."""
    aware = values if isinstance(values.dtype, pd.DatetimeTZDtype) else values.dt.tz_localize("UTC")
    texts = [None if missing(t) else t.isoformat() for t in aware.dt.tz_convert(zone)]
    return pd.Series(texts, index=values.index, dtype=object)


def _clean(columns: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    out = columns.copy()
    for name in out.columns:
        if out[name].dtype == object or isinstance(out[name].dtype, pd.StringDtype):
            out[name] = pd.Series(
                [None if missing(v) else change(str(v)) for v in out[name]], index=out.index, dtype=object
            )
    out.columns = pd.Index([change(str(c)) for c in out.columns])
    return out


def _xml(text: str) -> str:
    return _XML_FORBIDDEN.sub("", text)


def _arrow(columns: pd.DataFrame) -> pa.Table:
    return pa.table({str(n): arrow_column(columns[n]) for n in columns.columns})


def _by_gdal(table: pa.Table, shapes: np.ndarray | None, made: Path, driver: str, crs: str | None) -> None:
    if shapes is None:
        pyogrio.write_arrow(table, made, driver=driver)
        return
    free = next(n for n in ("geometry", "geom", "_geometry") if n not in table.column_names)
    table = table.append_column(free, pa.array(shapely.to_wkb(shapes), type=pa.binary()))
    with warnings.catch_warnings():
        # A shifted frame has no code by which a file could state it; the notes say so instead.
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        pyogrio.write_arrow(table, made, driver=driver, geometry_name=free, geometry_type=_kind(shapes), crs=crs)


def _kind(shapes: np.ndarray) -> str:
    kinds = {s.geom_type for s in shapes if s is not None}
    return kinds.pop() if len(kinds) == 1 else "Unknown"


def _geojson(c: pd.DataFrame, shapes: np.ndarray, made: Path, out: Frame, zone: ZoneInfo, notes: _Notes) -> None:
    _by_gdal(_arrow(_texts(c, zone, booleans=False)), shapes, made, "GeoJSON", _crs(out))
    _say_frame(out, notes)


def _gpkg(c: pd.DataFrame, shapes: np.ndarray, made: Path, out: Frame, _: ZoneInfo, notes: _Notes) -> None:
    renamed = c.rename(columns={n: f"{n}_" for n in c.columns if n.lower() in ("fid", "geom")})
    _by_gdal(_arrow(renamed), shapes, made, "GPKG", _crs(out))
    _say_frame(out, notes)


def _geoparquet(c: pd.DataFrame, shapes: np.ndarray, made: Path, out: Frame, _: ZoneInfo, notes: _Notes) -> None:
    plain = _arrow(c).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get)
    whole = gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries(shapes, crs=_crs(out)))
    whole.to_parquet(made, index=False, compression="zstd")
    _say_frame(out, notes)


def _kml(c: pd.DataFrame, shapes: np.ndarray, made: Path, out: Frame, zone: ZoneInfo, _: _Notes) -> None:
    texts = _clean(_texts(c, zone, booleans=True), _xml)
    label = label_column(texts)
    if label is not None:  # the driver makes the column called Name the label
        texts = texts.rename(columns={label: "Name"}) if label.lower() == "name" else texts.assign(Name=texts[label])
    _by_gdal(_arrow(texts), shapes, made, "KML", _crs(out))


def _gpx(c: pd.DataFrame, shapes: np.ndarray, made: Path, _: Frame, zone: ZoneInfo, notes: _Notes) -> None:
    texts = _clean(_texts(c, zone, booleans=True), _xml)
    made.write_text(gpx_text(texts, shapes, label=label_column(texts), notes=notes), encoding="utf-8")


def _flat(
    c: pd.DataFrame, shapes: np.ndarray | None, out: Frame, *, longest: int | None, notes: _Notes
) -> pd.DataFrame:
    """Return a table with lon and lat (of a point inside, for lines and areas), the shape as text, and the frame."""
    if shapes is None:
        return c
    flat = c.rename(columns={n: f"{n}_" for n in c.columns if n.lower() in ("lon", "lat", "wkt", "frame")})
    kinds = shapely.get_type_id(shapes)
    inside = shapes.copy()
    areas = kinds > 0
    if areas.any():
        inside[areas] = shapely.point_on_surface(shapes[areas])
    flat["lon"] = np.round(shapely.get_x(inside), 9)
    flat["lat"] = np.round(shapely.get_y(inside), 9)
    if areas.any():
        texts = shapely.to_wkt(shapes, rounding_precision=9)
        if longest is not None and any(t is not None and len(t) > longest for t in texts):
            notes.append(
                (
                    "Some shapes are too long for a cell: the sheet holds a point inside each instead of its outline",
                    "部分图形超出单元格长度，表中只写入其内部一点，不含边界",
                )
            )
        else:
            flat["wkt"] = texts
    flat["frame"] = out
    return flat


def _xlsx(c: pd.DataFrame, shapes: np.ndarray | None, made: Path, out: Frame, zone: ZoneInfo, notes: _Notes) -> None:
    flat = _clean(_texts(_flat(c, shapes, out, longest=LONGEST_CELL, notes=notes), zone, booleans=True), _xml)
    for name in flat.columns:
        if flat[name].dtype == object and flat[name].map(lambda v: isinstance(v, str) and len(v) > LONGEST_CELL).any():
            raise ParameterError(
                f"A text in column {name} is longer than a cell may be ({LONGEST_CELL:,} characters); export CSV",
                f"{name} 列有文本超过单元格上限（{LONGEST_CELL:,} 字），请改用 CSV 导出",
            )
    _by_gdal(_arrow(_clean(flat, inert_cell)), None, made, "XLSX", None)


def _csv(c: pd.DataFrame, shapes: np.ndarray | None, made: Path, out: Frame, zone: ZoneInfo, notes: _Notes) -> None:
    flat = _texts(_flat(c, shapes, out, longest=None, notes=notes), zone, booleans=True)
    safe = _clean(flat, lambda text: inert_cell(text.replace("\x00", "")))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(safe.columns)
    lists = [["" if missing(v) else v for v in safe[name]] for name in safe.columns]
    writer.writerows(zip(*lists, strict=True))
    # The mark at the front makes Excel read UTF-8.
    made.write_bytes(buffer.getvalue().encode("utf-8-sig"))


def _say_frame(out: Frame, notes: _Notes) -> None:
    if out in SHIFTED:
        notes.append(
            (
                f"The file is in {out}, which it cannot state itself: tell whoever gets it",
                f"文件坐标为 {out}，文件本身无法标明，请告知接收方",
            )
        )


def label_column(columns: pd.DataFrame) -> str | None:
    """Return the column that names a feature best: name, 名称, a code, an id, or None."""
    by_name = {str(n).lower(): str(n) for n in reversed(list(columns.columns))}
    for wanted in ("name", "名称", "code", "post_id", "point_id", "unit_id", "call_id", "id"):
        if wanted in by_name:
            return by_name[wanted]
    return None


_WRITERS: Final[dict[str, Callable[[pd.DataFrame, np.ndarray, Path, Frame, ZoneInfo, _Notes], None]]] = {
    "geojson": _geojson,
    "gpkg": _gpkg,
    "geoparquet": _geoparquet,
    "kml": _kml,
    "gpx": _gpx,
    "xlsx": _xlsx,
    "csv": _csv,
}

_PLAIN_WRITERS: Final[dict[str, Callable[[pd.DataFrame, np.ndarray | None, Path, Frame, ZoneInfo, _Notes], None]]] = {
    "xlsx": _xlsx,
    "csv": _csv,
}
"""Formats of tables without places."""
