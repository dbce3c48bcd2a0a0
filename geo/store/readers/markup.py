"""KML and GPX, read by the standard library's XML parser once declarations of entities and deep nesting are ruled out."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, cast
from xml.parsers import expat

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.errors import CoordinateError, FileError, GeometryError
from geo.store.limits import ReadLimits
from geo.store.nesting import too_deep
from geo.store.readers.encoding import decode
from geo.store.readers.raw import RawLayer, table

_DEEPEST: Final = 200
_ENCODING: Final = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*?\?>""")
WGS84: Final = "EPSG:4326"
TRACK_POINTS: Final = "track_points"


def read_kml(path: Path, *, encoding: str | None, limits: ReadLimits) -> RawLayer:
    """Read every placemark of a KML file with its name, description and extended data.

    KML claims WGS84, but exports of Chinese maps come in GCJ-02 just so: it states no frame here.
    """
    root, found = _parsed(path, encoding)
    records: list[dict[str, object]] = []
    shapes: list[object] = []
    for row, mark in enumerate(_each(root, "Placemark"), start=1):
        limits.check_rows(row)
        records.append(_kml_record(mark))
        shapes.append(_kml_shape(mark, row, limits))
    return RawLayer(columns=table(records), shapes=_array(shapes), format="kml", encoding=found)


def read_gpx(path: Path, *, encoding: str | None, layer: str | None, limits: ReadLimits) -> RawLayer:
    """Read the waypoints, routes or tracks of a GPX file; with several of them ``layer`` names one. GPX is in WGS84.

    The layer ``track_points`` holds every point of the tracks with its track and time, where a point has one.
    """
    root, found = _parsed(path, encoding)
    if layer == TRACK_POINTS:
        return _gpx_track_points(root, found, limits)
    readers: dict[str, tuple[str, Callable[[ET.Element, int], object]]] = {
        "waypoints": ("wpt", _gpx_point),
        "routes": ("rte", lambda e, row: _gpx_line([e], "rtept", row)),
        "tracks": ("trk", lambda e, row: _gpx_line(list(_each(e, "trkseg")), "trkpt", row)),
    }
    filled = [name for name, (tag, _) in readers.items() if next(_each(root, tag), None) is not None]
    chosen = layer if layer in filled else (filled[0] if len(filled) == 1 and layer is None else None)
    if chosen is None:
        if not filled:
            return RawLayer(columns=table([]), shapes=_array([]), format="gpx", crs=WGS84)
        listed = ", ".join(filled)
        raise FileError(
            f"The file holds {listed}; choose one with --layer", f"文件中有 {listed}，请用 --layer 选择其一"
        )
    tag, made = readers[chosen]
    found_elements = list(_each(root, tag))
    limits.check_rows(len(found_elements))
    shapes = [made(e, row) for row, e in enumerate(found_elements, start=1)]
    return RawLayer(
        columns=table([_gpx_record(e) for e in found_elements]),
        shapes=_array(shapes),
        format="gpx",
        crs=WGS84,
        encoding=found,
    )


def _gpx_track_points(root: ET.Element, found: str, limits: ReadLimits) -> RawLayer:
    records: list[dict[str, object]] = []
    shapes: list[object] = []
    for number, track in enumerate(_each(root, "trk"), start=1):
        name = _text(_child(track, "name")) or f"track {number}"
        for point in _each(track, "trkpt"):
            limits.check_rows(len(shapes) + 1)
            shapes.append(_gpx_point(point, len(shapes) + 1))
            records.append({"track": name, "time": _text(_child(point, "time"))})
    return RawLayer(columns=table(records), shapes=_array(shapes), format="gpx", crs=WGS84, encoding=found)


def _parsed(path: Path, encoding: str | None) -> tuple[ET.Element, str]:
    data = path.read_bytes()
    declared = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
    stated = encoding or (declared.group(1).decode("ascii") if declared else None)
    text, found = decode(data, None if stated and stated.lower() in ("utf-8", "utf8") else stated)
    # Python passes text to the parser as UTF-8; a declaration of another encoding would mislead it.
    plain = re.sub(r"^\s*<\?xml.*?\?>", "", text, count=1, flags=re.DOTALL).lstrip().encode("utf-8")
    _survey(plain)
    return ET.fromstring(plain), found  # noqa: S314  # surveyed: no declarations, bounded depth


def _survey(plain: bytes) -> None:
    """Walk through the document once without building anything."""
    depth = 0

    def declared(*_: object) -> None:
        raise FileError(
            "The XML declares a document type or entities, which are refused", "XML 声明了文档类型或实体，已拒绝读取"
        )

    def started(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise FileError(
                f"The XML is nested more than {_DEEPEST} deep; it was not read",
                f"XML 嵌套超过 {_DEEPEST} 层，已拒绝读取",
            )

    def ended(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.StartDoctypeDeclHandler = declared
    parser.EntityDeclHandler = declared
    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    try:
        parser.Parse(plain, True)
    except expat.ExpatError as broken:
        raise FileError(
            f"The XML breaks off or is damaged at line {broken.lineno} ({expat.ErrorString(broken.code)})",
            f"XML 在第 {broken.lineno} 行处不完整或已损坏（{expat.ErrorString(broken.code)}）",
        ) from broken


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _each(root: ET.Element, name: str) -> Iterator[ET.Element]:
    return (e for e in root.iter() if _local(e) == name)


def _child(element: ET.Element, name: str) -> ET.Element | None:
    return next((e for e in element if _local(e) == name), None)


def _text(element: ET.Element | None) -> str | None:
    value = "" if element is None else "".join(element.itertext()).strip()
    return value or None


def _array(shapes: list[object]) -> np.ndarray:
    made = np.empty(len(shapes), dtype=object)
    made[:] = shapes
    return made


def _kml_record(mark: ET.Element) -> dict[str, object]:
    record: dict[str, object] = {
        n: _text(_child(mark, n)) for n in ("name", "description") if _child(mark, n) is not None
    }
    for data in mark.iter():
        if _local(data) == "SimpleData" and "name" in data.attrib:
            record[data.attrib["name"]] = _text(data)
        elif _local(data) == "Data" and "name" in data.attrib:
            record[data.attrib["name"]] = _text(_child(data, "value"))
    return record


def _kml_shape(mark: ET.Element, row: int, limits: ReadLimits) -> object:
    for child in mark:
        if _local(child) in ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry"):
            return _kml_geometry(child, row, limits, 0)
    return None


def _kml_geometry(element: ET.Element, row: int, limits: ReadLimits, depth: int) -> BaseGeometry | None:
    if depth > limits.depth:
        raise too_deep(row, limits.depth)
    kind = _local(element)
    try:
        if kind == "Point":
            return shapely.Point(_tuples(element, row)[0])
        if kind in ("LineString", "LinearRing"):
            return shapely.LineString(_tuples(element, row))
        if kind == "Polygon":
            return _kml_polygon(element, row)
    except (ValueError, IndexError) as broken:
        raise GeometryError(
            f"The {kind} of row {row} is damaged or incomplete",
            f"第 {row} 行的几何（{kind}）已损坏或不完整",
            rows=[str(row)],
        ) from broken
    known = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry")
    parts = [_kml_geometry(e, row, limits, depth + 1) for e in element if _local(e) in known]
    kinds = {p.geom_type for p in parts if p is not None}
    if kinds == {"Polygon"}:
        made: object = shapely.multipolygons(parts)
    elif kinds == {"LineString"}:
        made = shapely.multilinestrings(parts)
    elif kinds == {"Point"}:
        made = shapely.multipoints(parts)
    else:
        made = shapely.geometrycollections(parts)
    return cast("BaseGeometry", made) if parts else None


def _kml_polygon(element: ET.Element, row: int) -> BaseGeometry:
    outer = next(_each(element, "outerBoundaryIs"), None)
    if outer is None:
        raise ValueError
    return shapely.Polygon(_tuples(outer, row), [_tuples(e, row) for e in _each(element, "innerBoundaryIs")])


def _tuples(element: ET.Element, row: int) -> list[tuple[float, float]]:
    text = _text(next(_each(element, "coordinates"), None)) or ""
    made = []
    for item in re.sub(r"\s*,\s*", ",", text).split():
        ordinates = item.split(",")
        try:
            made.append((float(ordinates[0]), float(ordinates[1])))
        except (ValueError, IndexError) as wrong:
            raise CoordinateError(
                f"The coordinates of row {row} hold {item[:40]!r}, which is not lon,lat",
                f"第 {row} 行的坐标含有 {item[:40]!r}，不是经度,纬度",
                rows=[str(row)],
            ) from wrong
    return made


def _gpx_record(element: ET.Element) -> dict[str, object]:
    skipped = ("rtept", "trkseg", "extensions", "link")
    record: dict[str, object] = {_local(e): _text(e) for e in element if _local(e) not in skipped}
    extensions = _child(element, "extensions")
    if extensions is not None:
        record.update({_local(e): _text(e) for e in extensions if len(e) == 0})
    return record


def _gpx_point(element: ET.Element, row: int) -> object:
    return shapely.Point(_gpx_position(element, row))


def _gpx_position(element: ET.Element, row: int) -> tuple[float, float]:
    try:
        return float(element.attrib["lon"]), float(element.attrib["lat"])
    except (KeyError, ValueError) as wrong:
        raise CoordinateError(
            f"A point of row {row} has no readable lon and lat", f"第 {row} 行的点缺少可读的经度、纬度", rows=[str(row)]
        ) from wrong


def _gpx_line(segments: list[ET.Element], tag: str, row: int) -> object:
    lines = [[_gpx_position(p, row) for p in _each(segment, tag)] for segment in segments]
    lines = [line for line in lines if len(line) > 1]
    if not lines:
        return None
    return shapely.LineString(lines[0]) if len(lines) == 1 else shapely.MultiLineString(lines)
