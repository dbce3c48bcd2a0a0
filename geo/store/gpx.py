"""GPX 1.1: points as waypoints, lines as tracks, areas as tracks along their boundary."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.tables.cells import missing

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gpx version="1.1" creator="xunge" xmlns="http://www.topografix.com/GPX/1/1">\n'
)


def gpx_text(columns: pd.DataFrame, shapes: np.ndarray, *, label: str | None, notes: list[tuple[str, str]]) -> str:
    """Return a layer in lon/lat WGS84 as GPX; the other columns go into the description as "name: value" lines.

    Waypoints come before tracks, as the schema wants it.
    """
    waypoints: list[str] = []
    tracks: list[str] = []
    areas = 0
    for shape, about in zip(shapes, _abouts(columns, label), strict=True):
        if shape is None or shape.is_empty:
            continue
        areas += shape.area > 0
        for point in _points(shape):
            x, y = shapely.get_coordinates(point)[0]
            waypoints.append(f"<wpt lat={quoteattr(_degrees(y))} lon={quoteattr(_degrees(x))}>{about}</wpt>\n")
        segments = "".join(_segment(line) for line in _lines(shape))
        if segments:
            tracks.append(f"<trk>{about}{segments}</trk>\n")
    if areas:
        notes.append(
            (
                f"GPX has no areas: the boundaries of {areas} were written as tracks",
                f"GPX 不支持面状图形：{areas} 个面的边界已写为航迹",
            )
        )
    return _HEAD + "".join(waypoints) + "".join(tracks) + "</gpx>\n"


def _degrees(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".")


def _abouts(columns: pd.DataFrame, label: str | None) -> list[str]:
    """Return name and description of every row."""
    names: list[str] = [""] * len(columns)
    lines: list[list[str]] = [[] for _ in range(len(columns))]
    for column in columns.columns:
        for row, value in enumerate(columns[column]):
            if missing(value):
                continue
            if column == label:
                names[row] = f"<name>{escape(str(value))}</name>"
            else:
                lines[row].append(f"{column}: {value}")
    return [
        name + (f"<desc>{escape(chr(10).join(told))}</desc>" if told else "")
        for name, told in zip(names, lines, strict=True)
    ]


def _points(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    for part in shapely.get_parts(shape):
        if part.geom_type == "Point":
            yield part
        elif part.geom_type.startswith("Multi") or part.geom_type == "GeometryCollection":
            yield from _points(part)


def _lines(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    for part in shapely.get_parts(shape):
        if part.geom_type in ("LineString", "LinearRing"):
            yield part
        elif part.geom_type == "Polygon":
            yield part.exterior
            yield from part.interiors
        elif part.geom_type != "Point":
            yield from _lines(part)


def _segment(line: BaseGeometry) -> str:
    points = "".join(
        f"<trkpt lat={quoteattr(_degrees(y))} lon={quoteattr(_degrees(x))}/>" for x, y in shapely.get_coordinates(line)
    )
    return f"<trkseg>{points}</trkseg>"
