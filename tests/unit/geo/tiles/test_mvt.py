"""Vector tiles, read back with the decoder of the format's own library."""

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from geo.errors import GeometryError, InputError, ParameterError
from geo.tiles.layers import VectorLayer
from geo.tiles.mvt import BUFFER, EXTENT, encode_tile

Z, X, Y = 4, 8, 7  # its lower left corner is 0, 0; a tile is 22.5 degrees wide


def layer(*shapes: object, zooms: object = 0, **properties: object) -> VectorLayer:
    rows = [{"row": i, **properties} for i in range(len(shapes))]
    return VectorLayer.of("things", np.array(shapes, dtype=object), rows, min_zooms=zooms)


def decoded(*layers: VectorLayer, z: int = Z, x: int = X, y: int = Y) -> list[dict]:
    tile = mapbox_vector_tile.decode(encode_tile(layers, z, x, y))
    return tile["things"]["features"]


def test_a_point_comes_out_at_its_place_in_the_tile() -> None:
    (feature,) = decoded(layer(shapely.Point(11.25, 0.0), n="南门"))
    assert feature["geometry"]["coordinates"] == [2048, 0]
    assert feature["properties"] == {"row": 0, "n": "南门"}


def test_a_line_across_the_tile_ends_at_the_buffer() -> None:
    (feature,) = decoded(layer(shapely.LineString([(-40, 0.0), (60, 0.0)])))
    assert feature["geometry"]["coordinates"] == [[-BUFFER, 0], [EXTENT + BUFFER, 0]]


def test_a_polygon_larger_than_the_tile_fills_it_and_no_more() -> None:
    (feature,) = decoded(layer(shapely.box(-40, -40, 60, 60)))
    assert shape(feature["geometry"]).equals(shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER))


def test_a_hole_stays_a_hole() -> None:
    square, hole = [(2, 2), (20, 2), (20, 20), (2, 20)], [(8, 8), (8, 12), (12, 12), (12, 8)]
    (feature,) = decoded(layer(shapely.Polygon(square, [hole])))
    outer, inner = feature["geometry"]["coordinates"]
    assert shapely.Polygon(outer, [inner]).is_valid
    assert not shapely.LinearRing(outer).is_ccw
    assert shapely.LinearRing(inner).is_ccw


def test_a_multipolygon_keeps_its_parts() -> None:
    (feature,) = decoded(layer(shapely.MultiPolygon([shapely.box(1, 1, 5, 5), shapely.box(10, 10, 15, 15)])))
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert len(feature["geometry"]["coordinates"]) == 2


def test_a_bow_tie_is_mended_and_does_not_flood_the_tile() -> None:
    bow = shapely.Polygon([(2, 2), (10, 10), (10, 2), (2, 10)])
    (feature,) = decoded(layer(bow))
    unit = 22.5 / EXTENT
    assert shape(feature["geometry"]).area == pytest.approx(2 * 8 * 4 / 2 / unit**2, rel=0.02)


def test_features_appear_from_their_first_zoom() -> None:
    held = layer(shapely.Point(11.25, 5.0), shapely.Point(11.25, 6.0), zooms=np.array([4, 5], np.int8))
    assert [feature["properties"]["row"] for feature in decoded(held)] == [0]
    assert len(decoded(held, z=5, x=16, y=15)) == 2


def test_drawing_order_is_the_order_of_rows() -> None:
    shapes = [shapely.LineString([(i, 1), (i, 20)]) for i in range(20, 0, -1)]
    assert [feature["properties"]["row"] for feature in decoded(layer(*shapes))] == list(range(20))


def test_specks_are_dropped() -> None:
    small = 22.5 / EXTENT * 3
    shapes = [shapely.box(5, 5, 5 + small, 5 + small), shapely.LineString([(6, 6), (6 + small, 6)])]
    assert encode_tile([layer(*shapes)], Z, X, Y) == b""


def test_rounding_leaves_polygons_valid() -> None:
    rng = np.random.default_rng(5)
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    shapes = []
    for _ in range(20):
        radius = rng.uniform(0.02, 0.12, len(angles))  # a ragged star: rounding pinches its needles
        centre = rng.uniform(3, 19, 2)
        shapes.append(shapely.Polygon(centre + np.column_stack([np.cos(angles), np.sin(angles)]) * radius[:, None]))
    features = decoded(layer(*shapes))
    assert len(features) == 20
    assert all(shape(feature["geometry"]).is_valid for feature in features)


def test_the_same_layers_give_the_same_bytes() -> None:
    shapes = [shapely.box(i, i, i + 3, i + 3) for i in range(15)]
    assert encode_tile([layer(*shapes)], Z, X, Y) == encode_tile([layer(*shapes)], Z, X, Y)


def test_an_empty_tile_is_no_bytes() -> None:
    held = layer(shapely.Point(11.25, 0.0))
    assert encode_tile([held], Z, 0, 0) == b""
    assert encode_tile([], Z, X, Y) == b""


def test_a_tile_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ParameterError):
        encode_tile([layer(shapely.Point(1, 1))], 3, 9, 0)


def test_layers_refuse_what_they_cannot_draw() -> None:
    with pytest.raises(InputError):
        VectorLayer.of("things", np.array([shapely.Point(1, 1)]), [])
    with pytest.raises(GeometryError, match="no geometry"):
        layer(shapely.Point(1, 1), shapely.Point())
    with pytest.raises(GeometryError, match="mixes"):
        layer(shapely.GeometryCollection([shapely.Point(1, 1), shapely.box(1, 1, 2, 2)]))
