"""Frames, coordinates and geometry that are refused, each with a sentence that says what and where."""

from __future__ import annotations

import json
import math
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from geo.errors import (
    CoordinateError,
    FileError,
    FrameError,
    GeometryError,
    InputError,
    LimitError,
)
from geo.store.limits import ReadLimits
from geo.store.reading import read_layer
from geo.store.sandbox import Sandbox

Refused = Callable[..., InputError]


def point(x: float, y: float) -> dict[str, object]:
    return {"type": "Point", "coordinates": [x, y]}


# Frames


def test_no_frame(geojson: Callable[..., Path], refused: Refused, sandbox: Sandbox) -> None:
    path = geojson([point(108.95, 34.27)], crs=None)
    refused(FrameError, "does not say in which coordinate frame", path)
    assert len(read_layer(path, frame="WGS84", sandbox=sandbox)) == 1


def test_unknown_frame(geojson: Callable[..., Path], refused: Refused) -> None:
    path = geojson([point(108.95, 34.27)], crs=None)
    refused(FrameError, "'MARS' is not a coordinate frame", path, frame="MARS")
    refused(FrameError, "EPSG:999999.*is not known", path, frame="EPSG:999999")


def test_frames_that_contradict_each_other(points: gpd.GeoDataFrame, tmp_path: Path, refused: Refused) -> None:
    points.to_crs("EPSG:2435").to_file(tmp_path / "a.gpkg")  # Beijing 1954
    refused(FrameError, "Beijing 1954.*you say WGS84", tmp_path / "a.gpkg", frame="WGS84")
    refused(FrameError, "you say EPSG:32649", tmp_path / "a.gpkg", frame="EPSG:32649")


def test_a_datum_without_parameters(points: gpd.GeoDataFrame, tmp_path: Path, refused: Refused) -> None:
    points.set_crs("EPSG:4610", allow_override=True).to_file(tmp_path / "a.gpkg")
    refused(FrameError, "Xian 1980 cannot be converted to WGS84 without local parameters", tmp_path / "a.gpkg")


# Coordinates


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_nan_and_infinity_in_json(word: str, tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "a.geojson"
    path.write_text('{"type":"Point",\n"coordinates":[WORD,34]}'.replace("WORD", word), encoding="utf-8")
    refused(CoordinateError, "Line 2 holds NaN or an infinite number", path, frame="WGS84")


@pytest.mark.parametrize("word", ["nan", "inf", "-Infinity", "1e999"])
def test_nan_and_infinity_in_tables(word: str, tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "a.csv").write_text(f"name,lon,lat\na,108.9,34.2\nb,{word},34.2\n", encoding="utf-8")
    wrong = refused(CoordinateError, "lon, row 3: NaN or infinite", tmp_path / "a.csv", frame="WGS84")
    assert wrong.rows == ("3",)


def test_nan_in_binary_geometry(tmp_path: Path, refused: Refused) -> None:
    with np.errstate(invalid="ignore"):
        line = shapely.LineString([(108, 34), (math.nan, 35)])
    shapes = [shapely.Point(108.9, 34.2), shapely.Point(math.inf, 34.2), line]
    gpd.GeoDataFrame({"n": [1, 2, 3]}, geometry=shapes, crs=4326).to_parquet(tmp_path / "a.parquet")
    refused(CoordinateError, "row 2, 3 are NaN or infinite", tmp_path / "a.parquet")


def test_coordinates_that_are_no_numbers(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "a.csv").write_text("lon,lat\n东经108度,34.2\n108.9,34.2\n108.9,\n", encoding="utf-8")
    refused(CoordinateError, "lon, row 2: not numbers", tmp_path / "a.csv", frame="WGS84")
    (tmp_path / "b.csv").write_text("lon,lat\n108.9,34.2\n108.9,\n", encoding="utf-8")
    refused(CoordinateError, "row 3: only one of the two", tmp_path / "b.csv", frame="WGS84")


def test_swapped_by_range(geojson: Callable[..., Path], refused: Refused) -> None:
    path = geojson([point(108.95, 34.27), point(34.27, 108.95)])
    wrong = refused(CoordinateError, "swapped in row 2", path)
    assert wrong.rows == ("2",)


def test_swapped_in_the_west_of_china_where_ranges_do_not_tell(geojson: Callable[..., Path], refused: Refused) -> None:
    refused(CoordinateError, "swapped in row 1, 2", geojson([point(43.8, 87.6), point(39.47, 75.99)]))


def test_swapped_by_bounds(geojson: Callable[..., Path], refused: Refused, sandbox: Sandbox) -> None:
    path = geojson([point(-29.95, -71.3), point(-29.9, -71.25)])
    assert len(read_layer(path, sandbox=sandbox)) == 2
    refused(CoordinateError, "swapped in row 1, 2", path, bounds=(-71.5, -30.1, -71.1, -29.7))


def test_metres_read_as_degrees(geojson: Callable[..., Path], refused: Refused) -> None:
    refused(CoordinateError, "not degrees", geojson([point(311_000, 3_794_000)]))


def test_degrees_read_as_metres_beyond_the_projection(geojson: Callable[..., Path], refused: Refused) -> None:
    path = geojson([point(1e12, 1e12)], crs=None)
    refused(CoordinateError, "outside", path, frame="EPSG:4545")


# Geometry


def ring(*corners: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


def test_self_crossing_polygon(geojson: Callable[..., Path], refused: Refused) -> None:
    whole = ring((108, 34), (109, 34), (109, 35))
    crossed = ring((108, 34), (109, 35), (109, 34), (108, 35))
    wrong = refused(GeometryError, r"row 2: the boundary crosses itself at 108.5 34.5", geojson([whole, crossed]))
    assert "第 2 行：边界自相交（108.5 34.5）" in wrong.zh


def _circle(vertices: int, path: Path) -> Path:
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    shape = shapely.Polygon(np.column_stack([108 + np.cos(turn), 34 + np.sin(turn)]))
    return _geoparquet(path, shapely.to_wkb(shape))


def test_too_many_vertices(tmp_path: Path, refused: Refused, sandbox: Sandbox) -> None:
    big = _circle(1_000_000, tmp_path / "a.parquet")
    refused(LimitError, "row 1 has 1,000,001 vertices, more than the 500,000 allowed", big, frame="WGS84")
    small = _circle(2_000, tmp_path / "b.parquet")
    refused(LimitError, "more than the 1,000 allowed", small, frame="WGS84", limits=ReadLimits(vertices=1_000))
    assert len(read_layer(small, sandbox=sandbox, frame="WGS84")) == 1


DEEP = 100_000


def test_deep_json(tmp_path: Path, refused: Refused) -> None:
    for depth in (DEEP, 30):
        text = (
            '{"type":"GeometryCollection","geometries":[' * depth
            + '{"type":"Point","coordinates":[1,2]}'
            + "]}" * depth
        )
        (tmp_path / "a.geojson").write_text(text, encoding="utf-8")
        refused(GeometryError, "row 1 nests collections more than 16 deep", tmp_path / "a.geojson", frame="WGS84")


def test_deep_text(tmp_path: Path, refused: Refused) -> None:
    for depth in (DEEP, 30):
        text = "GEOMETRYCOLLECTION(" * depth + "POINT(1 2)" + ")" * depth
        (tmp_path / "a.csv").write_text(f"wkt\n{text}\n", encoding="utf-8")
        refused(GeometryError, "row 2 nests collections more than 16 deep", tmp_path / "a.csv", frame="WGS84")


def _geoparquet(path: Path, blob: bytes) -> Path:
    geo = {"version": "1.1.0", "primary_column": "g", "columns": {"g": {"encoding": "WKB", "geometry_types": []}}}
    table = pa.table({"g": pa.array([blob], pa.binary())}).replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(table, path)
    return path


def _nested(depth: int, kind: int = 7) -> bytes:
    return struct.pack("<BII", 1, kind, 1) * depth + shapely.to_wkb(shapely.Point(1, 2))


@pytest.mark.parametrize("kind", [4, 6, 7])
def test_deep_binary(kind: int, tmp_path: Path, refused: Refused) -> None:
    for depth in (DEEP, 30):
        path = _geoparquet(tmp_path / "a.parquet", _nested(depth, kind))
        refused(GeometryError, "row 1 nests collections more than 16 deep", path, frame="WGS84")


def test_deep_binary_in_a_geopackage(points: gpd.GeoDataFrame, tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "a.gpkg"
    points.to_file(path, layer="a")
    base = sqlite3.connect(path)
    for name in [r[0] for r in base.execute("SELECT name FROM sqlite_master WHERE type='trigger'")]:
        base.execute(f'DROP TRIGGER "{name}"')
    head = b"GP\x00\x01" + struct.pack("<i", 4326)
    base.execute("UPDATE a SET geom = ? WHERE fid = 2", (head + _nested(DEEP),))
    base.commit()
    base.close()
    with pytest.raises(InputError) as caught:
        read_layer(path, sandbox=sandbox)
    assert isinstance(caught.value, FileError | GeometryError)


@pytest.mark.parametrize("kind", ["CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON", "MULTICURVE", "MULTISURFACE"])
def test_curves_in_text(kind: str, tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "a.csv").write_text(f'wkt\n"POINT (1 2)"\n"{kind} (0 0, 1 1, 2 0)"\n', encoding="utf-8")
    refused(GeometryError, f"row 3 is a {kind}; convert curves", tmp_path / "a.csv", frame="WGS84")


@pytest.mark.parametrize("code", [8, 1009, 10, 0x80000000 | 11, 3012])
def test_curves_in_binary(code: int, tmp_path: Path, refused: Refused) -> None:
    path = _geoparquet(tmp_path / "a.parquet", struct.pack("<BII", 1, code, 0))
    refused(GeometryError, "row 1 is a .*; convert curves", path, frame="WGS84")


def test_broken_binary(tmp_path: Path, refused: Refused) -> None:
    whole = shapely.to_wkb(shapely.box(108, 34, 109, 35))
    for blob in (b"", whole[:4], whole[:40], struct.pack("<BII", 1, 3, 0xFFFFFFFF)):
        path = _geoparquet(tmp_path / "a.parquet", blob)
        refused(GeometryError, "geometry of row 1 is damaged", path, frame="WGS84")
