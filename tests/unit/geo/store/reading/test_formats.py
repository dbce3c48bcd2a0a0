"""Every format is read, converted from its frame, and its Chinese comes through."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.frames import from_wgs84
from geo.store.reading import read_file, read_layer
from geo.store.sandbox import Sandbox

LONLAT = np.array([(108.94, 34.26), (108.95, 34.27), (108.96, 34.28)])
NAMES = ["东关市场", "钟楼", "大雁塔"]


def _same(frame: gpd.GeoDataFrame, *, within: float = 1e-9) -> None:
    assert frame.crs == "EPSG:4326"
    assert np.abs(shapely.get_coordinates(np.asarray(frame.geometry.array)) - LONLAT).max() < within
    assert frame["name"].tolist() == NAMES


def test_geojson_with_a_stated_frame(points: gpd.GeoDataFrame, tmp_path: Path, sandbox: Sandbox) -> None:
    points.to_file(tmp_path / "a.geojson")
    layer = read_file(tmp_path / "a.geojson", sandbox=sandbox)
    _same(layer.frame)
    assert layer.frame["编号"].tolist() == ["001", "002", "003"]
    assert layer.frame["组数"].tolist() == [1, 2, 3]
    assert (layer.format, layer.source_frame, layer.encoding, layer.ambiguous) == ("geojson", "WGS84", "UTF-8", 0)


def test_geojson_in_gcj02_is_converted(tmp_path: Path, points: gpd.GeoDataFrame, sandbox: Sandbox) -> None:
    points["geometry"] = shapely.points(from_wgs84(LONLAT, "GCJ02").lonlat)
    (tmp_path / "a.json").write_text(points.to_json(drop_id=True), encoding="utf-8")
    layer = read_file(tmp_path / "a.json", frame="GCJ02", sandbox=sandbox)
    _same(layer.frame)
    assert layer.source_frame == "GCJ02"


def test_a_stated_shift_wins_over_a_label_of_wgs84(tmp_path: Path, points: gpd.GeoDataFrame, sandbox: Sandbox) -> None:
    points["geometry"] = shapely.points(from_wgs84(LONLAT, "BD09").lonlat)
    points.to_file(tmp_path / "a.gpkg")
    _same(read_layer(tmp_path / "a.gpkg", frame="BD09", sandbox=sandbox))


def test_rows_near_the_border_are_counted_as_ambiguous(geojson: Callable[..., Path], sandbox: Sandbox) -> None:
    places: list[object] = [{"type": "Point", "coordinates": p} for p in ([124.38, 40.13], [108.95, 34.27])]
    assert read_file(geojson(places), frame="GCJ02", sandbox=sandbox).ambiguous == 1


def test_a_bare_geometry_and_nested_properties(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "a.geojson").write_text('{"type":"Point","coordinates":[108.95,34.27,400]}', encoding="utf-8")
    frame = read_layer(tmp_path / "a.geojson", frame="WGS84", sandbox=sandbox)
    assert frame.geometry.iloc[0].wkt == "POINT (108.95 34.27)"
    feature = {"type": "Feature", "id": 7, "properties": {"tags": {"a": [1]}}, "geometry": None}
    (tmp_path / "b.geojson").write_text(json.dumps(feature), encoding="utf-8")
    frame = read_layer(tmp_path / "b.geojson", frame="WGS84", sandbox=sandbox)
    assert frame["tags"].iloc[0] == '{"a":[1]}'
    assert frame["id"].iloc[0] == 7
    assert frame.geometry.iloc[0] is None


def test_gpkg_keeps_whole_numbers_times_and_empty_cells(
    tmp_path: Path, points: gpd.GeoDataFrame, sandbox: Sandbox
) -> None:
    points["n"] = pd.array([1, None, 2**53 + 1], dtype="Int64")
    points["t"] = pd.to_datetime(["2026-11-22T08:00:00+08:00", None, "2026-11-22T09:00:00+08:00"], utc=True)
    points.to_file(tmp_path / "a.gpkg")
    frame = read_layer(tmp_path / "a.gpkg", sandbox=sandbox)
    _same(frame)
    assert frame["n"].tolist() == [1, pd.NA, 2**53 + 1]
    assert frame["t"].iloc[0] == pd.Timestamp("2026-11-22T00:00:00Z")


def test_gpkg_with_several_layers_wants_one_named(tmp_path: Path, points: gpd.GeoDataFrame, sandbox: Sandbox) -> None:
    points.to_file(tmp_path / "a.gpkg", layer="屯警点")
    points.iloc[:1].to_file(tmp_path / "a.gpkg", layer="必巡点")
    with pytest.raises(Exception, match=r"several layers.*屯警点, 必巡点"):
        read_layer(tmp_path / "a.gpkg", sandbox=sandbox)
    assert len(read_layer(tmp_path / "a.gpkg", layer="必巡点", sandbox=sandbox)) == 1


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4490", "EPSG:4545", "EPSG:32649"])
def test_shapefiles_in_legal_systems(crs: str, shapefile: Callable[..., Path], sandbox: Sandbox) -> None:
    _same(read_layer(shapefile(crs=crs), sandbox=sandbox), within=2e-8)


def test_a_zipped_shapefile_with_chinese_names_and_gb18030(
    shapefile: Callable[..., Path], zipped: Callable[[Path], Path], sandbox: Sandbox
) -> None:
    layer = read_file(zipped(shapefile(cpg=False)), encoding="GB18030", sandbox=sandbox)
    _same(layer.frame)
    assert layer.encoding == "GB18030"


def test_a_shapefile_without_prj_takes_a_stated_projection(shapefile: Callable[..., Path], sandbox: Sandbox) -> None:
    layer = read_file(shapefile(crs="EPSG:4545", prj=False), frame="EPSG:4545", sandbox=sandbox)
    _same(layer.frame, within=2e-8)
    assert layer.source_frame == "EPSG:4545"


KML = """<?xml version="1.0" encoding="{encoding}"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>
<Placemark><name>东关市场</name><ExtendedData><SchemaData><SimpleData name="组数">1</SimpleData></SchemaData></ExtendedData>
<Point><coordinates>108.94,34.26,0</coordinates></Point></Placemark>
<Placemark><name>钟楼</name><ExtendedData><Data name="组数"><value>2</value></Data></ExtendedData>
<MultiGeometry><Point><coordinates>108.95,34.27</coordinates></Point></MultiGeometry></Placemark>
<Placemark><name>大雁塔</name><Polygon><outerBoundaryIs><LinearRing><coordinates>
108.9,34.2 109.0,34.2 109.0,34.3 108.9,34.2</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>
</Folder></Document></kml>"""


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_kml_in_its_declared_encoding(encoding: str, tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "a.kml").write_bytes(KML.format(encoding=encoding).encode(encoding))
    frame = read_layer(tmp_path / "a.kml", frame="WGS84", sandbox=sandbox)
    assert frame["name"].tolist() == NAMES
    assert frame["组数"].tolist() == ["1", "2", None]
    assert frame.geometry.geom_type.tolist() == ["Point", "MultiPoint", "Polygon"]


GPX = """<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">
<wpt lat="34.26" lon="108.94"><name>东关市场</name></wpt><wpt lat="34.27" lon="108.95"><name>钟楼</name></wpt>
<wpt lat="34.28" lon="108.96"><name>大雁塔</name></wpt>{track}</gpx>"""
TRACK = (
    '<trk><name>夜巡</name><trkseg><trkpt lat="34.26" lon="108.94"/><trkpt lat="34.27" lon="108.95"/></trkseg></trk>'
)


def test_gpx_is_in_wgs84_and_its_tracks_are_named(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "a.gpx").write_text(GPX.format(track=""), encoding="utf-8")
    _same(read_layer(tmp_path / "a.gpx", sandbox=sandbox))
    (tmp_path / "b.gpx").write_text(GPX.format(track=TRACK), encoding="utf-8")
    with pytest.raises(Exception, match="waypoints, tracks; choose one"):
        read_layer(tmp_path / "b.gpx", sandbox=sandbox)
    frame = read_layer(tmp_path / "b.gpx", layer="tracks", sandbox=sandbox)
    assert frame["name"].tolist() == ["夜巡"]
    assert frame.geometry.iloc[0].wkt == "LINESTRING (108.94 34.26, 108.95 34.27)"


@pytest.mark.parametrize("headers", ["经度,纬度", "lon,lat", "LNG,LAT", "X坐标,Y坐标", "案发地经度,案发地纬度"])
def test_csv_with_columns_of_coordinates(headers: str, tmp_path: Path, sandbox: Sandbox) -> None:
    rows = [f"{i:03d},{n},{x},{y}" for i, (n, (x, y)) in enumerate(zip(NAMES, LONLAT, strict=True))]
    (tmp_path / "a.csv").write_text("\n".join([f"编号,name,{headers}", *rows]), encoding="utf-8-sig")
    layer = read_file(tmp_path / "a.csv", frame="WGS84", sandbox=sandbox)
    _same(layer.frame)
    assert list(layer.frame.columns) == ["编号", "name", "geometry"]
    assert layer.frame["编号"].tolist() == ["000", "001", "002"]
    assert layer.first_row == 2


def test_csv_in_gb18030_with_semicolons_text_shapes_and_a_stated_frame(tmp_path: Path, sandbox: Sandbox) -> None:
    rows = [f'{n};"{shapely.Point(p).wkt}";CGCS2000' for n, p in zip(NAMES, LONLAT, strict=True)]
    (tmp_path / "a.csv").write_bytes("\n".join(["name;WKT;坐标系", *rows]).encode("gb18030"))
    layer = read_file(tmp_path / "a.csv", encoding="GBK", sandbox=sandbox)
    _same(layer.frame)
    assert layer.source_frame == "CGCS2000"


def test_rows_without_coordinates_have_no_place(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "a.csv").write_text("name,经度,纬度\na,108.94,34.26\nb,,\nc,0,0\n", encoding="utf-8")
    layer = read_file(tmp_path / "a.csv", frame="WGS84", sandbox=sandbox)
    assert layer.frame.geometry.isna().tolist() == [False, True, True]
    assert layer.notes[0][0].startswith("1 rows lie at 0, 0")


def test_xlsx(sheet: Callable[..., Path], sandbox: Sandbox) -> None:
    columns: dict[str, list[object]] = {"编号": ["001", "002", "003"], "name": list(NAMES)}
    columns |= {"经度": list(LONLAT[:, 0]), "纬度": list(LONLAT[:, 1])}
    frame = read_layer(sheet(columns), frame="WGS84", sandbox=sandbox)
    _same(frame)
    assert frame["编号"].tolist() == ["001", "002", "003"]


def test_geoparquet_and_plain_parquet(tmp_path: Path, points: gpd.GeoDataFrame, sandbox: Sandbox) -> None:
    points.to_parquet(tmp_path / "a.parquet")
    _same(read_layer(tmp_path / "a.parquet", sandbox=sandbox))
    plain = pd.DataFrame(points.drop(columns="geometry")).assign(lon=LONLAT[:, 0], lat=LONLAT[:, 1])
    plain.to_parquet(tmp_path / "b.parquet")
    _same(read_layer(tmp_path / "b.parquet", frame="WGS84", sandbox=sandbox))


def test_columns_called_geometry_do_not_collide(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "a.csv").write_text("geometry,Geometry,lon,lat\na,b,108.94,34.26\n", encoding="utf-8")
    frame = read_layer(tmp_path / "a.csv", frame="WGS84", sandbox=sandbox)
    assert frame.geometry.iloc[0].wkt == "POINT (108.94 34.26)"
    assert sorted(frame.drop(columns="geometry").iloc[0].tolist()) == ["a", "b"]


def test_person_columns_never_leave_the_reader(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "a.csv").write_text(
        "警情编号,报警人姓名,联系电话,备注,摘要,经度,纬度\n"
        "1,张三,13812345678,11010519491231002X,与13912345678联系,108.94,34.26\n"
        "2,李四,02988888888,11010519491231002X,无,108.95,34.27\n",
        encoding="utf-8",
    )
    layer = read_file(tmp_path / "a.csv", frame="WGS84", sandbox=sandbox)
    assert list(layer.frame.columns) == ["警情编号", "摘要", "geometry"]
    assert layer.frame["摘要"].tolist() == ["与※※※※※※联系", None]
    assert [(d.column, d.why, d.cells) for d in layer.dropped] == [
        ("报警人姓名", "name", 2),
        ("联系电话", "name", 2),
        ("备注", "content", 2),
        ("摘要", "masked", 1),
    ]
