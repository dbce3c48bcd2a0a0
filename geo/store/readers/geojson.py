"""GeoJSON, read strictly: UTF-8, no NaN, bounded depth, every geometry whole."""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast

import numpy as np
import orjson
import shapely

from geo.errors import FileError, GeometryError
from geo.store.limits import ReadLimits
from geo.store.nesting import too_deep, unreadable
from geo.store.readers.encoding import decode
from geo.store.readers.raw import RawLayer, table

_SHAPES: Final = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
)


def read_geojson(path: Path, *, encoding: str | None, limits: ReadLimits) -> RawLayer:
    """Read a feature collection, a feature or a bare geometry.

    Only an explicit ``crs`` member counts as a stated frame: files from Chinese web maps come without one in GCJ-02.
    """
    text, found = decode(path.read_bytes(), encoding)
    document = _parsed(text, limits)
    features = _features(document)
    limits.check_rows(len(features))
    records: list[dict[str, object]] = []
    written: list[bytes | None] = []
    for row, feature in enumerate(features, start=1):
        records.append(_properties(feature))
        geometry = feature.get("geometry")
        if geometry is None:
            written.append(None)
            continue
        _check(geometry, row, limits)
        written.append(orjson.dumps(geometry))
    shapes = shapely.from_geojson(
        np.array([None if w is None else w.decode() for w in written], dtype=object), on_invalid="ignore"
    )
    lost = np.flatnonzero(shapely.is_missing(shapes) & np.array([w is not None for w in written], dtype=bool))
    if len(lost):
        raise unreadable(lost + 1)
    columns = table(records)
    limits.check_columns(len(columns.columns))
    return RawLayer(columns=columns, shapes=shapes, format="geojson", crs=_stated(document), encoding=found)


def _parsed(text: str, limits: ReadLimits) -> dict[str, object]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as wrong:
        line = text.count("\n", 0, wrong.pos) + 1
        said = str(wrong).split(":")[0]
        if "depth limit" in said:
            raise too_deep(1, limits.depth) from wrong
        # orjson stops at a word that JSON does not have, which is how NaN and Infinity are written.
        around = text[max(0, wrong.pos - 1) : wrong.pos + 9].lstrip(" ,[:-")
        if around.startswith(("NaN", "Inf", "nan", "inf")) or "infinity" in said:
            from geo.errors import CoordinateError

            raise CoordinateError(
                f"Line {line} holds NaN or an infinite number, which is no coordinate",
                f"第 {line} 行含有 NaN 或无穷大，不是有效坐标",
            ) from wrong
        raise FileError(
            f"The JSON breaks off or is damaged at line {line}, column {wrong.colno} ({said})",
            f"JSON 在第 {line} 行第 {wrong.colno} 列处不完整或已损坏（{said}）",
        ) from wrong
    if not isinstance(document, dict):
        raise _no_layer()
    return cast("dict[str, object]", document)


def _no_layer() -> FileError:
    return FileError(
        "The JSON is not GeoJSON: it is neither a feature collection, a feature nor a geometry",
        "该 JSON 不是 GeoJSON：既不是要素集合、要素，也不是几何",
    )


def _features(document: dict[str, object]) -> list[dict[str, object]]:
    kind = document.get("type")
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
            raise _no_layer()
        return features
    if kind == "Feature":
        return [document]
    if kind in _SHAPES:
        return [{"type": "Feature", "properties": {}, "geometry": document}]
    raise _no_layer()


def _properties(feature: dict[str, object]) -> dict[str, object]:
    given = feature.get("properties")
    record: dict[str, object] = {}
    if isinstance(given, dict):
        for name, value in given.items():
            record[name] = orjson.dumps(value).decode() if isinstance(value, dict | list) else value
    identity = feature.get("id")
    if identity is not None and "id" not in record and not isinstance(identity, dict | list):
        record["id"] = identity
    return record


def _check(geometry: object, row: int, limits: ReadLimits) -> None:
    """Refuse unknown kinds and deep collections, without recursion."""
    level: list[object] = [geometry]
    for depth in range(limits.depth + 2):
        deeper: list[object] = []
        for part in level:
            kind = part.get("type") if isinstance(part, dict) else None
            if not isinstance(part, dict) or kind not in _SHAPES:
                raise GeometryError(
                    f"The geometry of row {row} is of the unknown kind {kind!r}",
                    f"第 {row} 行的几何类型 {kind!r} 无法识别",
                    rows=[str(row)],
                )
            if kind == "GeometryCollection":
                inner = part.get("geometries")
                if not isinstance(inner, list):
                    raise unreadable([row])
                deeper.extend(inner)
        if not deeper:
            return
        if depth >= limits.depth:
            raise too_deep(row, limits.depth)
        level = deeper


def _stated(document: dict[str, object]) -> str | None:
    crs = document.get("crs")
    if not isinstance(crs, dict):
        return None
    properties = crs.get("properties")
    name = properties.get("name") if isinstance(properties, dict) else None
    return name if crs.get("type") == "name" and isinstance(name, str) else None
