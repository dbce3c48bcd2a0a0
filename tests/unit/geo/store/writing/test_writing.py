"""Exports: read back by GDAL and by ourselves, formulas inert, times with their zone, whole or not at all."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.errors import FrameError, ParameterError
from geo.frames import from_wgs84
from geo.store.exchange import EXPORTS, read_layer, to_bytes, write_layer

LONLAT = np.array([(108.94, 34.26), (108.95, 34.27), (108.96, 34.28)])


@pytest.fixture
def posts() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "post_id": ["001", "002", "003"],
            "name": ["东关市场", '=HYPERLINK("http://x")', None],
            "units": pd.array([1, None, 3], dtype="Int64"),
            "synthetic": [True, False, True],
            "seen_at": pd.to_datetime(["2026-11-22T00:00:00Z", None, "2026-11-22T01:30:00Z"], utc=True),
        },
        geometry=shapely.points(LONLAT),
        crs="EPSG:4326",
    )


@pytest.fixture
def grids() -> gpd.GeoDataFrame:
    whole = shapely.box(108.9, 34.2, 109.0, 34.3)
    holed = shapely.Polygon(
        shapely.box(109, 34.2, 109.1, 34.3).exterior.coords,
        [[(109.04, 34.24), (109.06, 34.24), (109.05, 34.26), (109.04, 34.24)]],
    )
    return gpd.GeoDataFrame(
        {"code": ["610102001001001", "610102001001002"], "name": ["一格", "二格"]}, geometry=[whole, holed], crs=4326
    )


@pytest.mark.parametrize("suffix", [f.suffix for f in EXPORTS])
def test_points_come_back(suffix: str, posts: gpd.GeoDataFrame, tmp_path: Path) -> None:
    written = write_layer(posts, tmp_path / f"屯警点{suffix}")
    assert written.rows == 3
    assert [p.name for p in tmp_path.iterdir()] == [f"屯警点{suffix}"]
    frame = read_layer(tmp_path / f"屯警点{suffix}", frame="WGS84" if suffix == ".kml" else None)
    assert np.abs(shapely.get_coordinates(np.asarray(frame.geometry.array)) - LONLAT).max() < 1e-9
    assert [None if pd.isna(n) else n for n in frame["name"]] == ["东关市场", '=HYPERLINK("http://x")', None]
    if suffix != ".gpx":
        assert frame["post_id"].astype(str).str.zfill(3).tolist() == ["001", "002", "003"]
        units = pd.to_numeric(frame["units"]).astype("Int64")
        assert units.tolist() == [1, pd.NA, 3]
        assert pd.Timestamp(frame["seen_at"].iloc[0]) == pd.Timestamp("2026-11-22T00:00:00Z")


@pytest.mark.parametrize("driver", ["GeoJSON", "GPKG", "KML", "GPX", "XLSX", "CSV"])
def test_gdal_reads_what_we_write(driver: str, posts: gpd.GeoDataFrame, tmp_path: Path) -> None:
    suffix = {"GeoJSON": ".geojson"}.get(driver, f".{driver.lower()}")
    write_layer(posts, tmp_path / f"a{suffix}")
    layer = {"layer": "waypoints"} if driver == "GPX" else {}
    info = pyogrio.read_info(tmp_path / f"a{suffix}", force_feature_count=True, force_total_bounds=True, **layer)
    assert info["features"] == 3
    assert info["driver"].removeprefix("LIB") == driver
    if driver not in ("XLSX", "CSV"):
        assert info["crs"] == "EPSG:4326"
        assert np.allclose(info["total_bounds"], (108.94, 34.26, 108.96, 34.28))


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".parquet", ".kml", ".xlsx", ".csv"])
def test_areas_come_back(suffix: str, grids: gpd.GeoDataFrame, tmp_path: Path) -> None:
    write_layer(grids, tmp_path / f"a{suffix}")
    frame = read_layer(tmp_path / f"a{suffix}", frame="WGS84" if suffix == ".kml" else None)
    assert shapely.equals_exact(frame.geometry.to_numpy(), grids.geometry.to_numpy(), 1e-9, normalize=True).all()
    assert frame["code"].astype(str).tolist() == grids["code"].tolist()


def test_gpx_says_that_areas_became_tracks(grids: gpd.GeoDataFrame, posts: gpd.GeoDataFrame, tmp_path: Path) -> None:
    mixed = pd.concat([grids, posts.rename(columns={"post_id": "code"})[["code", "name", "geometry"]]])
    written = write_layer(mixed, tmp_path / "a.gpx")
    assert "boundaries of 2 were written as tracks" in written.notes[0][0]
    assert "2 个面的边界" in written.notes[0][1]
    tracks = pyogrio.read_dataframe(tmp_path / "a.gpx", layer="tracks")
    assert tracks["name"].tolist() == ["一格", "二格"]
    assert [len(g.geoms) for g in tracks.geometry] == [1, 2]
    assert len(pyogrio.read_dataframe(tmp_path / "a.gpx", layer="waypoints")) == 3


def test_csv_opens_in_excel_and_runs_nothing(posts: gpd.GeoDataFrame, tmp_path: Path) -> None:
    posts["@sum"] = ["+1", "-2", "\t=3"]
    write_layer(posts, tmp_path / "a.csv")
    data = (tmp_path / "a.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert rows[0] == ["post_id", "name", "units", "synthetic", "seen_at", "'@sum", "lon", "lat", "frame"]
    assert rows[1] == ["001", "东关市场", "1", "true", "2026-11-22T08:00:00+08:00", "+1", "108.94", "34.26", "WGS84"]
    assert rows[2][1] == '\'=HYPERLINK("http://x")'
    assert rows[3][5] == "'\t=3"


def test_xlsx_holds_no_formula(posts: gpd.GeoDataFrame, tmp_path: Path) -> None:
    write_layer(posts, tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        sheets = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/worksheets/")]
        texts = archive.read("xl/sharedStrings.xml").decode()
    assert not any(e.tag.endswith("}f") for sheet in sheets for e in ET.fromstring(sheet).iter())
    assert "&apos;=HYPERLINK" in texts or "'=HYPERLINK" in texts


def test_xlsx_with_long_outlines_says_what_it_holds(tmp_path: Path) -> None:
    turn = np.linspace(0, 2 * np.pi, 5_000, endpoint=False)
    circle = shapely.Polygon(np.column_stack([108 + np.cos(turn), 34 + np.sin(turn)]))
    frame = gpd.GeoDataFrame({"code": ["1"]}, geometry=[circle], crs=4326)
    written = write_layer(frame, tmp_path / "a.xlsx")
    assert "a point inside each" in written.notes[0][0]
    assert read_layer(tmp_path / "a.xlsx").geometry.iloc[0].within(circle)
    frame["text"] = "字" * 40_000
    with pytest.raises(ParameterError, match="text is longer than a cell may be"):
        write_layer(frame, tmp_path / "b.xlsx")
    assert not (tmp_path / "b.xlsx").exists()


@pytest.mark.parametrize("name", ["geojson", "gpkg", "geoparquet", "xlsx", "csv"])
def test_exports_in_gcj02_come_back_only_as_such(name: str, posts: gpd.GeoDataFrame, tmp_path: Path) -> None:
    kind = next(f for f in EXPORTS if f.name == name)
    path = tmp_path / f"a{kind.suffix}"
    write_layer(posts, path, frame_out="GCJ02")
    stated = kind.name in ("xlsx", "csv")
    if not stated:
        with pytest.raises(FrameError, match="does not say"):
            read_layer(path)
    frame = read_layer(path, frame=None if stated else "GCJ02")
    assert np.abs(shapely.get_coordinates(np.asarray(frame.geometry.array)) - LONLAT).max() < 2e-9
    there = shapely.get_coordinates(np.asarray(read_layer(path, frame="WGS84").geometry.array))
    assert np.abs(there - from_wgs84(LONLAT, "GCJ02").lonlat).max() < 2e-9


@pytest.mark.parametrize("suffix", [".kml", ".gpx"])
def test_formats_of_wgs84_refuse_a_shift(suffix: str, posts: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="in WGS84 by their standard"):
        write_layer(posts, tmp_path / f"a{suffix}", frame_out="GCJ02")
    assert list(tmp_path.iterdir()) == []


def test_a_layer_without_frame_is_not_written(posts: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="has no coordinate frame"):
        write_layer(posts.set_crs(None, allow_override=True), tmp_path / "a.geojson")


def test_a_layer_in_metres_leaves_in_degrees(posts: gpd.GeoDataFrame) -> None:
    document = json.loads(to_bytes(posts.to_crs("EPSG:32649"), "geojson", name="屯警点"))
    assert np.allclose(document["features"][0]["geometry"]["coordinates"], LONLAT[0], atol=1e-9)
    assert document["name"] == "屯警点"


def test_a_failed_export_keeps_the_old_file(posts: gpd.GeoDataFrame, tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_text("old", encoding="utf-8")
    with pytest.raises(FrameError):
        write_layer(posts, tmp_path / "a.kml", frame_out="BD09")
    assert (tmp_path / "a.kml").read_text(encoding="utf-8") == "old"
    write_layer(posts, tmp_path / "a.kml")
    assert (tmp_path / "a.kml").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize("kind", [f.name for f in EXPORTS])
def test_empty_layers_and_rows_without_a_place(kind: str, posts: gpd.GeoDataFrame) -> None:
    assert to_bytes(posts.iloc[:0], kind)
    posts.loc[1, "geometry"] = None
    assert to_bytes(posts, kind)


@pytest.mark.parametrize("kind", ["kml", "gpx", "xlsx"])
def test_control_characters_leave_no_broken_xml(kind: str, posts: gpd.GeoDataFrame, tmp_path: Path) -> None:
    posts["name"] = ["a\x00b\x0bc", "<&>\"'", "]]>"]
    (tmp_path / f"a.{kind}").write_bytes(to_bytes(posts, kind))
    frame = read_layer(tmp_path / f"a.{kind}", frame="WGS84")
    assert frame["name"].tolist() == ["abc", "<&>\"'", "]]>"]


def test_unknown_formats_are_named(posts: gpd.GeoDataFrame) -> None:
    with pytest.raises(ParameterError, match="geojson, gpkg, geoparquet, kml, gpx, xlsx, csv"):
        to_bytes(posts, "dwg")
    assert to_bytes(posts, ".PARQUET")[:4] == b"PAR1"
