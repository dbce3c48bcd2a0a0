"""Streets are drawn once, whole and in order; areas carry their labels and measures."""

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from geo.streets.graph import ROAD_CLASSES, StreetGraph
from geo.tables.grids import Grids
from geo.tables.posts import Posts
from geo.tiles.basemap import area_layers, point_layer, street_layers
from geo.tiles.mvt import encode_tile

# A street of three pieces (nodes 0-1-2-3, both ways), crossed at node 1 by a one-way lane 4 -> 1 without a name.
NODES = np.array([[0.0, 0.0], [0.01, 0.0], [0.02, 0.001], [0.03, 0.0], [0.01, 0.01]])
ARCS = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2), (4, 1)]


@pytest.fixture
def graph() -> StreetGraph:
    order = sorted(range(len(ARCS)), key=lambda i: ARCS[i])
    arcs = [ARCS[i] for i in order]
    lines = [NODES[list(arc)] for arc in arcs]
    reverse = [arcs.index((v, u)) if (v, u) in arcs else -1 for u, v in arcs]
    lane = [arc == (4, 1) for arc in arcs]
    return StreetGraph(
        indptr=np.searchsorted([u for u, _ in arcs], np.arange(6)).astype(np.int32),
        heads=np.array([v for _, v in arcs], np.int32),
        metres=np.full(7, 1000, np.float32),
        arc_ids=np.arange(7),
        node_ids=np.arange(5),
        node_lonlat=NODES,
        geometry_offsets=np.arange(0, 15, 2).astype(np.int32),
        geometry_lonlat=np.concatenate(lines),
        road_class=np.where(lane, ROAD_CLASSES.index("residential"), ROAD_CLASSES.index("primary")).astype(np.int8),
        name_ids=np.where(lane, 0, 1).astype(np.int32),
        names=("", "解放路"),
        access=np.full(7, 15, np.uint8),
        speed_kph=np.full(7, np.nan, np.float32),
        reverse=np.array(reverse, np.int32),
    )


@pytest.fixture
def grids() -> Grids:
    return Grids.of(
        gpd.GeoDataFrame(
            {
                "code": ["110101001001001", "110101001001002"],
                "name": ["东一格", None],
                "kind": "general",
                "parent_code": "110101001001",
            },
            geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)],
            crs=4326,
        )
    )


def test_both_directions_and_all_pieces_of_a_street_are_one_line(graph: StreetGraph) -> None:
    (layer,) = street_layers(graph)
    assert [dict(p) for p in layer.properties] == [
        {"k": "residential", "r": 5},
        {"k": "primary", "r": 2, "n": "解放路"},
    ]
    street = shapely.get_num_coordinates(layer.geometries)
    assert street.tolist() == [2, 4]
    drawn = shapely.length(layer.geometries).sum()
    once = sum(shapely.LineString(NODES[list(arc)]).length for arc in [(0, 1), (1, 2), (2, 3), (4, 1)])
    assert drawn == pytest.approx(once * 20037508.342789244 / 180, rel=1e-6)


def test_main_streets_show_first_and_lie_on_top(graph: StreetGraph) -> None:
    (layer,) = street_layers(graph)
    assert layer.min_zooms.tolist() == [13, 8]
    ranks = [p["r"] for p in layer.properties]
    assert ranks == sorted(ranks, reverse=True)
    tile = mapbox_vector_tile.decode(encode_tile([layer], 12, 2048, 2047))
    assert [f["properties"]["k"] for f in tile["streets"]["features"]] == ["primary"]


def test_every_road_class_has_a_style(graph: StreetGraph) -> None:
    arrays = {name: getattr(graph, name) for name in graph.__slots__}
    for number in range(len(ROAD_CLASSES)):
        arrays["road_class"] = np.full(7, number, np.int8)
        (layer,) = street_layers(StreetGraph(**arrays))
        assert {p["k"] for p in layer.properties} == {ROAD_CLASSES[number]}
        assert all(1 <= p["r"] <= 6 for p in layer.properties)


def test_areas_carry_code_name_kind_and_measures(grids: Grids) -> None:
    areas, labels = area_layers(grids, measures={"rate": np.array([2.5, np.nan])})
    assert (areas.name, labels.name) == ("grids", "grids_labels")
    assert dict(areas.properties[0]) == {
        "code": "110101001001001", "n": "东一格", "r": 5, "kind": "general", "parent": "110101001001", "rate": 2.5,
    }  # fmt: skip
    assert "rate" not in areas.properties[1]
    assert areas.properties[1]["n"] == "110101001001002"


def test_each_area_has_one_label_point_inside_it(grids: Grids) -> None:
    areas, labels = area_layers(grids)
    assert shapely.contains(areas.geometries, labels.geometries).all()


def test_points_carry_code_name_and_kind() -> None:
    posts = Posts.of(
        gpd.GeoDataFrame(
            {"post_id": ["P1"], "name": ["东关岗亭"], "kind": "kiosk", "state": "fixed"},
            geometry=[shapely.Point(116.4, 39.9)],
            crs=4326,
        )
    )
    layer = point_layer(posts)
    assert layer.name == "posts"
    assert dict(layer.properties[0]) == {"code": "P1", "n": "东关岗亭", "r": 3, "kind": "kiosk"}
