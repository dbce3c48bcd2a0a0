"""Road layers of lines (SHP, GPKG, GeoJSON) with a field mapping, as bureaus keep them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.crs import pick_metric_crs, to_lonlat, to_metric
from geo.errors import CoordinateError, EncodingError, FieldError, FileError, FrameError, GeometryError, ParameterError
from geo.frames import Frame, to_wgs84
from geo.streets.access import RULE_TAGS, WayRules, way_rules
from geo.streets.assemble import assemble
from geo.streets.graph import ROAD_CLASSES, StreetGraph
from geo.streets.noding import node_lines
from geo.streets.simplify import simplify
from geo.streets.ways import Ways

_STARTS: Final[Mapping[str, bytes]] = {
    ".shp": b"\x00\x00\x27\x0a",
    ".gpkg": b"SQLite format 3",
    ".geojson": b"{",
    ".json": b"{",
}
_ONEWAYS: Final[Mapping[str, int]] = {
    "yes": 1, "true": 1, "t": 1, "y": 1, "f": 1, "ft": 1, "正向": 1, "单向": 1,
    "-1": -1, "reverse": -1, "tf": -1, "逆向": -1, "反向": -1,
    "no": 0, "false": 0, "n": 0, "b": 0, "": 0, "alternating": 0, "双向": 0,
    "reversible": 2,
}  # fmt: skip
_FLAGS: Final = frozenset({"yes", "true", "t", "y", "1", "viaduct", "是", "桥", "隧道"})
_NO_FLAGS: Final = frozenset({"", "no", "false", "f", "n", "0", "否"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFields:
    """Which field of the layer holds what; a field that is named must be there.

    Attributes
    ----------
    road_class, name, oneway, speed, bridge, tunnel, level : names of fields
    classes : values of the class field to ``ROAD_CLASSES``; values that are such a class need no entry
    oneways : values of the one-way field to 1 (as drawn), -1 (against it), 0 (both) or 2 (changes by the hour); yes/no,
        FT/TF/B and 正向/逆向/双向 are known, plain numbers are not, since surveyors number them differently
    default_class : for empty values, and where no class field is named
    speed_unit : of the speed field
    """

    road_class: str | None = None
    name: str | None = None
    oneway: str | None = None
    speed: str | None = None
    bridge: str | None = None
    tunnel: str | None = None
    level: str | None = None
    classes: Mapping[str, str] = field(default_factory=dict)
    oneways: Mapping[str, int] = field(default_factory=dict)
    default_class: str = "unclassified"
    speed_unit: Literal["kph", "mph"] = "kph"

    def named(self) -> tuple[str, ...]:
        """Return the fields that the layer must have."""
        held = (self.road_class, self.name, self.oneway, self.speed, self.bridge, self.tunnel, self.level)
        return tuple(name for name in held if name is not None)


def read_lines(
    layer: str | Path | gpd.GeoDataFrame,
    fields: LineFields,
    *,
    frame: Frame | None = None,
    tolerance_m: float = 0.5,
    source: str = "",
) -> StreetGraph:
    """Node a line layer into a street graph.

    Crossings become nodes unless one of the lines is a bridge or tunnel or they lie on different levels; ends within
    ``tolerance_m`` of each other, or of a line of their level, are joined. ``arc_ids`` are row numbers of the layer.

    Parameters
    ----------
    layer
        A GeoDataFrame, or the path of a .shp, .gpkg or .geojson file.
    frame
        Needed where the layer has no coordinate system, and for GCJ-02 and BD-09, which no code describes.
    """
    if not 0 < tolerance_m <= 20:
        raise ParameterError("The snapping tolerance must be within 0 and 20 metres", "端点捕捉容差应在 0 至 20 米之间")
    table = layer if isinstance(layer, gpd.GeoDataFrame) else _open(Path(layer))
    missing = [name for name in fields.named() if name not in table]
    if missing:
        raise FieldError(
            f"The road layer lacks the field {', '.join(missing)}", f"道路图层缺少字段 {'、'.join(missing)}"
        )
    parts, rows = _parts(table)
    lonlat, line = shapely.get_coordinates(cast("Any", parts), return_index=True)
    _check_finite(lonlat, rows[line])
    lonlat = _to_wgs84(lonlat, table.crs, frame)
    _check_range(lonlat)
    west_south, east_north = lonlat.min(axis=0), lonlat.max(axis=0)
    crs = pick_metric_crs([*west_south, *east_north])
    offsets = np.concatenate([[0], np.cumsum(np.bincount(line, minlength=len(parts)))])
    noded = node_lines(to_metric(lonlat, crs), offsets, _levels(table, fields)[rows], tolerance_m=tolerance_m)
    rules = _rules(table, fields)
    names, name_ids = _names(table, fields)
    ways = Ways(
        ids=rows.astype(np.int64),
        offsets=noded.offsets,
        refs=noded.refs,
        node_ids=np.arange(len(noded.xy), dtype=np.int64),
        node_lonlat=to_lonlat(noded.xy, crs),
        road_class=rules[rows, 0].astype(np.int8),
        name_ids=name_ids[rows],
        names=names,
        forward=rules[rows, 1].astype(np.uint8),
        backward=rules[rows, 2].astype(np.uint8),
        forward_kph=rules[rows, 3].astype(np.float32),
        backward_kph=rules[rows, 4].astype(np.float32),
    )
    return assemble(simplify(ways).pieces, source=source).graph


def _open(path: Path) -> gpd.GeoDataFrame:
    import pyogrio

    start = _STARTS.get(path.suffix.lower())
    if start is None:
        raise FileError(
            f"{path.name} is not one of the road layer formats .shp, .gpkg, .geojson",
            f"{path.name} 不是可读取的道路图层格式（.shp、.gpkg、.geojson）",
        )
    if not path.is_file() or path.stat().st_size == 0:
        raise FileError(f"The road layer {path.name} is missing or empty", f"道路图层 {path.name} 不存在或为空")
    with path.open("rb") as stream:
        head = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    # What the file says it is decides the driver, so a renamed file cannot choose another one.
    if not head.startswith(start):
        raise FileError(f"{path.name} does not hold what its name says", f"{path.name} 的内容与扩展名不符")
    try:
        # GDAL's remarks about a doubtful file are warnings; whether it can be read is what counts.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return gpd.GeoDataFrame(pyogrio.read_dataframe(path))
    except UnicodeDecodeError as problem:
        raise EncodingError(
            f"{path.name}: text is not in the encoding that the file states", f"{path.name}：文字编码与声明不符"
        ) from problem
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as problem:
        raise FileError(
            f"{path.name} cannot be read as a road layer: {str(problem)[:120]}", f"{path.name} 无法作为道路图层读取"
        ) from problem


def _parts(table: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Return the single lines and the row of each; missing and empty geometries are left out."""
    shapes = np.asarray(table.geometry.array, dtype=object)
    there = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    wrong = there[~np.isin(shapely.get_type_id(shapes[there]), (1, 2, 5))]
    if wrong.size:
        raise GeometryError(
            f"{wrong.size} rows of the road layer are not lines",
            f"道路图层有 {wrong.size} 行不是线",
            rows=[str(row) for row in wrong[:10]],
        )
    if not there.size:
        raise FileError("The road layer holds no line", "道路图层中没有线")
    parts, at = shapely.get_parts(shapes[there], return_index=True)
    return shapely.force_2d(parts), there[at]


def _check_finite(lonlat: npt.NDArray[np.float64], rows: npt.NDArray[np.int64]) -> None:
    wrong = np.unique(rows[~np.isfinite(lonlat).all(axis=1)])
    if wrong.size:
        raise CoordinateError(
            f"{wrong.size} rows of the road layer have a coordinate that is not finite",
            f"道路图层有 {wrong.size} 行坐标无效",
            rows=[str(row) for row in wrong[:10]],
        )


def _to_wgs84(lonlat: npt.NDArray[np.float64], crs: Any, frame: Frame | None) -> npt.NDArray[np.float64]:
    if crs is None and frame is None:
        raise FrameError(
            "The road layer does not say its coordinate frame; state WGS84, CGCS2000, GCJ02 or BD09",
            "道路图层未注明坐标系，请注明 WGS84、CGCS2000、GCJ02 或 BD09",
        )
    if crs is not None and not crs.is_geographic:
        lonlat = to_lonlat(lonlat, crs.to_wkt())
    if frame is not None:
        return to_wgs84(lonlat, frame).lonlat
    return lonlat


def _check_range(lonlat: npt.NDArray[np.float64]) -> None:
    (west, south), (east, north) = lonlat.min(axis=0), lonlat.max(axis=0)
    # No patrolled street lies north of 73 degrees; 3 to 54 by 73 to 136 is China with lon and lat swapped.
    if np.abs(lonlat[:, 1]).max() > 90 or (south > 73 and west > 3 and east < 54):
        raise CoordinateError(
            f"The road layer's latitudes reach {north:.1f}: longitude and latitude look swapped",
            f"道路图层纬度达到 {north:.1f}，经纬度可能颠倒",
        )
    if np.abs(lonlat[:, 0]).max() > 180:
        raise CoordinateError(
            "The road layer's longitudes are beyond ±180: it is not in degrees", "道路图层经度超出 ±180，坐标单位不是度"
        )


def _text(table: gpd.GeoDataFrame, name: str) -> pd.Series:
    """Return a field as trimmed text, empty where there is none; 1.0 reads as 1."""
    column = table[name].reset_index(drop=True)
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return cast("pd.Series", column.astype("string").fillna("").str.strip())


def _levels(table: gpd.GeoDataFrame, fields: LineFields) -> npt.NDArray[np.int64]:
    found = np.zeros(len(table), np.int64)
    for name, level in ((fields.bridge, 1), (fields.tunnel, -1)):
        if name is not None:
            text = _text(table, name).str.lower()
            _refuse_unknown(name, text, _FLAGS | _NO_FLAGS)
            found[text.isin(_FLAGS).to_numpy()] = level
    if fields.level is not None:
        stated = pd.to_numeric(_text(table, fields.level), errors="coerce").to_numpy(np.float64, na_value=np.nan)
        known = np.isfinite(stated)
        found[known] = np.rint(stated[known]).astype(np.int64)
    return found


def _rules(table: gpd.GeoDataFrame, fields: LineFields) -> npt.NDArray[np.float64]:
    """Return class, access both ways and limits both ways of each row, float64[r, 5]."""
    columns: list[list[str]] = []
    classes = {**{name: name for name in ROAD_CLASSES}, **fields.classes, "": fields.default_class}
    wrong = sorted({kind for kind in classes.values() if kind not in ROAD_CLASSES})
    if wrong:
        raise ParameterError(f"Unknown road class {', '.join(wrong)}", f"未知的道路等级 {'、'.join(wrong)}")
    plain = pd.Series([""] * len(table), dtype="string")
    kind = plain if fields.road_class is None else _text(table, fields.road_class)
    if fields.road_class is not None:
        _refuse_unknown(fields.road_class, kind, frozenset(classes))
    columns.append([classes[str(value)] for value in kind])
    oneways = {**_ONEWAYS, **{str(key).lower(): value for key, value in fields.oneways.items()}}
    way = plain if fields.oneway is None else _text(table, fields.oneway).str.lower()
    if fields.oneway is not None:
        _refuse_unknown(fields.oneway, way, frozenset(oneways))
    columns.append([{1: "yes", -1: "-1", 2: "reversible"}.get(oneways[str(value)], "no") for value in way])
    speed = plain if fields.speed is None else _text(table, fields.speed)
    unit = " mph" if fields.speed_unit == "mph" else ""
    columns.append([f"{value}{unit}" if str(value).replace(".", "", 1).isdigit() else str(value) for value in speed])
    at = [RULE_TAGS.index(tag) for tag in ("highway", "oneway", "maxspeed")]
    table_rules = []
    for values in zip(*columns, strict=True):
        tags: list[str | None] = [None] * len(RULE_TAGS)
        for place, value in zip(at, values, strict=True):
            # A class "other" is OpenStreetMap's highway=road.
            tags[place] = "road" if value == "other" else value
        found = way_rules(tuple(tags))
        table_rules.append(found if isinstance(found, WayRules) else (0, 0, 0, np.nan, np.nan))
    return np.array(table_rules, dtype=np.float64)


def _refuse_unknown(name: str, text: pd.Series, known: frozenset[str]) -> None:
    strange = sorted({str(value) for value in text} - known)
    if strange:
        listed = ", ".join(strange[:8])
        raise FieldError(
            f"Field {name} of the road layer has values without a mapping: {listed}",
            f"道路图层字段 {name} 有未对应的取值：{listed}",
        )


def _names(table: gpd.GeoDataFrame, fields: LineFields) -> tuple[tuple[str, ...], npt.NDArray[np.int32]]:
    if fields.name is None:
        return ("",), np.zeros(len(table), np.int32)
    codes, found = pd.factorize(_text(table, fields.name).mask(lambda text: text == ""))
    return ("", *(str(name) for name in found)), (codes + 1).astype(np.int32)
