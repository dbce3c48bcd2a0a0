from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, MultiLineString, Point

from geo.errors import CoordinateError, FieldError, FileError, FrameError, GeometryError, ParameterError
from geo.frames import from_wgs84
from geo.streets.graph import CAR, FOOT, ROAD_CLASSES, StreetGraph
from geo.streets.lines import LineFields, read_lines

LON, LAT = 108.95, 34.25
FIELDS = LineFields(
    road_class="等级",
    name="路名",
    oneway="方向",
    speed="限速",
    bridge="桥梁",
    classes={"主干路": "primary", "支路": "residential"},
)


def cross(**more: object) -> gpd.GeoDataFrame:
    """An avenue from west to east and a one-way side street that crosses it."""
    held = {
        "等级": ["主干路", "支路"], "路名": ["东大街", ""], "方向": ["双向", "正向"], "限速": [60, 30], "桥梁": ["否", "否"],
    } | more  # fmt: skip
    lines = [
        LineString([(LON, LAT), (LON + 0.02, LAT)]),
        LineString([(LON + 0.01, LAT - 0.01), (LON + 0.01, LAT + 0.01)]),
    ]
    return gpd.GeoDataFrame(held, geometry=lines, crs=4326)


def car_arcs(graph: StreetGraph) -> int:
    return int(((graph.access & CAR) > 0).sum())


def test_crossing_lines_become_a_crossing() -> None:
    graph = read_lines(cross(), FIELDS)
    # Two halves of the avenue both ways, two halves of the side street one way, which may be walked back.
    assert (graph.nodes, car_arcs(graph), graph.arcs) == (5, 6, 8)
    assert sorted({graph.name(arc) for arc in range(graph.arcs)}) == ["", "东大街"]
    avenue = graph.arc_ids == 0
    assert set(graph.speed_kph[avenue].tolist()) == {60.0}
    assert {ROAD_CLASSES[k] for k in graph.road_class[avenue]} == {"primary"}
    assert (graph.access[~avenue] == FOOT).sum() == 2
    middle = np.flatnonzero(np.bincount(graph.heads, minlength=graph.nodes) == 4)
    assert graph.node_lonlat[middle] == pytest.approx(np.array([[LON + 0.01, LAT]]), abs=1e-6)


@pytest.mark.parametrize("flag", ["是", "yes", "1"])
def test_a_bridge_crosses_without_a_node(flag: str) -> None:
    graph = read_lines(cross(桥梁=["否", flag]), FIELDS)
    assert (graph.nodes, car_arcs(graph)) == (4, 3)


def test_a_level_field_separates_too() -> None:
    fields = LineFields(level="层")
    assert read_lines(cross(层=[0, 1]), fields).nodes == 4
    assert read_lines(cross(层=[1, 1]), fields).nodes == 5
    assert read_lines(cross(层=[np.nan, 0.0]), fields).nodes == 5


def test_directions_against_the_drawing_and_by_own_codes() -> None:
    fields = LineFields(oneway="方向", oneways={"2": 1, "3": -1, "1": 0})
    for code, north in ((2, True), (3, False)):
        graph = read_lines(cross(方向=[1, code]), fields)
        side = (graph.arc_ids == 1) & ((graph.access & CAR) > 0)
        rises = graph.node_lonlat[graph.heads[side], 1] > graph.node_lonlat[graph.tails()[side], 1]
        assert rises.tolist() == [north, north]


def test_miles_an_hour_are_converted() -> None:
    graph = read_lines(cross(), LineFields(speed="限速", speed_unit="mph"))
    assert float(graph.speed_kph[graph.arc_ids == 0][0]) == pytest.approx(96.56, abs=0.01)


def test_ends_that_nearly_meet_are_joined() -> None:
    gap = 0.3 / 92_000  # 0.3 m at this latitude
    lines = [LineString([(LON, LAT), (LON + 0.01, LAT)]), LineString([(LON + 0.01 + gap, LAT), (LON + 0.02, LAT)])]
    layer = gpd.GeoDataFrame(geometry=lines, crs=4326)
    assert read_lines(layer, LineFields()).nodes == 2
    assert read_lines(layer, LineFields(), tolerance_m=0.1).nodes == 4


def test_a_projected_layer_and_many_parts() -> None:
    plain = cross()
    plain["geometry"] = [MultiLineString([line]) for line in plain.geometry]
    graph = read_lines(plain.to_crs("EPSG:4545"), FIELDS)
    assert graph.nodes == 5
    assert graph.metres.sum() == pytest.approx(read_lines(cross(), FIELDS).metres.sum(), rel=1e-6)


def test_a_shifted_frame_is_taken_back() -> None:
    shifted = cross().set_crs(None, allow_override=True)
    shifted["geometry"] = shapely.transform(
        np.asarray(shifted.geometry.array), lambda spots: from_wgs84(spots, "GCJ02").lonlat
    )
    graph = read_lines(shifted, FIELDS, frame="GCJ02")
    assert graph.bounds == pytest.approx(read_lines(cross(), FIELDS).bounds, abs=1e-8)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
def test_files_are_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"roads{suffix}"
    cross().rename(columns={"方向": "dir"})[["dir", "geometry"]].to_file(path)
    assert car_arcs(read_lines(path, LineFields(oneway="dir"))) == 6


def test_bad_layers_are_refused_with_one_sentence(tmp_path: Path) -> None:
    plain = cross()
    swapped = plain.set_geometry([shapely.transform(line, lambda spots: spots[:, ::-1]) for line in plain.geometry])
    far = gpd.GeoDataFrame(geometry=[LineString([(39, 76), (39.5, 76.2)])], crs=4326)
    with np.errstate(invalid="ignore"):
        hollow = plain.set_geometry([LineString([(LON, LAT), (np.nan, LAT)]), plain.geometry[1]])
        endless = plain.set_geometry([LineString([(LON, LAT), (np.inf, LAT)]), plain.geometry[1]])
    points = plain.set_geometry([Point(LON, LAT), plain.geometry[1]])
    cases = [
        (plain.set_crs(None, allow_override=True), FIELDS, FrameError, "coordinate frame"),
        (swapped, FIELDS, CoordinateError, "swapped"),
        (far, LineFields(), CoordinateError, "swapped"),
        (hollow, FIELDS, CoordinateError, "1 rows"),
        (endless, FIELDS, CoordinateError, "1 rows"),
        (points, FIELDS, GeometryError, "1 rows of the road layer are not lines"),
        (plain.drop(columns=["路名", "限速"]), FIELDS, FieldError, "lacks the field 路名, 限速"),
        (cross(等级=["主干路", "巷"]), FIELDS, FieldError, "without a mapping: 巷"),
        (cross(方向=[1, 2]), FIELDS, FieldError, "without a mapping: 1, 2"),
        (cross(桥梁=["否", "maybe"]), FIELDS, FieldError, "without a mapping: maybe"),
        (plain.iloc[:0], FIELDS, FileError, "no line"),
        (plain, LineFields(default_class="boulevard"), ParameterError, "boulevard"),
    ]
    for layer, fields, error, match in cases:
        with pytest.raises(error, match=match) as problem:
            read_lines(layer, fields)
        assert "\n" not in problem.value.en
        assert problem.value.zh
    with pytest.raises(ParameterError, match="tolerance"):
        read_lines(plain, FIELDS, tolerance_m=50)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("roads.dxf", b"0", "not one of the road layer formats"),
        ("roads.gpkg", b"", "missing or empty"),
        ("roads.gpkg", b"PK\x03\x04", "does not hold what its name says"),
        ("roads.geojson", b"<OGRVRTDataSource/>", "does not hold what its name says"),
        ("roads.geojson", b'{"type": "FeatureColl', "cannot be read"),
        ("roads.gpkg", b"SQLite format 3\x00" + b"\x00" * 200, "cannot be read"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, name: str, content: bytes, match: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=match):
        read_lines(tmp_path / name, LineFields())


@pytest.mark.shared_data
def test_the_network_of_changan_is_connected(shared: Path) -> None:
    layer = gpd.read_file(shared / "gps" / "xian_changan_net.gpkg", layer="link")
    graph = read_lines(layer, LineFields(name="road_name", oneway="dir", oneways={"1": 1, "0": 0}))
    # Every link of the file is drawn once, so their lengths add up to those of the arcs driven.
    cars = (graph.access & CAR) > 0
    drawn = layer["length"].to_numpy() * np.where(layer["dir"] == 0, 2, 1)
    assert graph.metres[cars].sum() == pytest.approx(drawn.sum(), rel=2e-3)
