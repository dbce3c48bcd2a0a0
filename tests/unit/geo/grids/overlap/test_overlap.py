"""Pieces add up to what was cut, and their ground is that of the ellipsoid."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geo.grids.area import areas_m2
from geo.grids.overlap import SPECK_M2, overlay, remainder

EARTH_KM2 = 510_065_621.724
"""Surface of the WGS84 ellipsoid (National Imagery and Mapping Agency, TR8350.2)."""


def shapes(*polygons: shapely.Polygon | shapely.MultiPolygon) -> np.ndarray:
    return np.array(polygons, dtype=object)


def test_the_whole_earth_has_the_surface_of_its_ellipsoid() -> None:
    halves = shapes(shapely.box(-180, -90, 180, 0), shapely.box(-180, 0, 180, 90))
    dense = shapely.segmentize(halves, 1.0)
    assert areas_m2(dense).sum() / 1e6 == pytest.approx(EARTH_KM2, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.floats(-60, 60), st.floats(0.001, 0.02), st.integers(0, 2**31))
def test_ground_agrees_with_geodesics_along_a_straight_line_in_degrees(lat: float, size: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ring = shapely.convex_hull(shapely.MultiPoint([100, lat] + size * rng.random((6, 2))))
    dense = shapely.segmentize(ring, size / 200)
    wanted, _ = Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(dense))
    assert areas_m2(shapes(ring))[0] == pytest.approx(wanted, rel=1e-6, abs=1e-2)


def test_holes_and_parts_count_and_lines_do_not() -> None:
    whole, hole = shapely.box(0, 0, 0.03, 0.03), shapely.box(0.01, 0.01, 0.02, 0.02)
    pierced = whole.difference(hole)
    a, b, c, both = areas_m2(shapes(whole, hole, pierced, shapely.MultiPolygon([pierced, hole])))
    assert c == pytest.approx(a - b, rel=1e-12)
    assert both == pytest.approx(a, rel=1e-12)
    assert areas_m2(shapes(shapely.LineString([(0, 0), (1, 1)]), shapely.Polygon())).tolist() == [0, 0]
    assert len(areas_m2(shapes())) == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_the_pieces_and_the_rest_add_up_to_each_area(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = shapely.MultiPoint(100 + 0.1 * rng.random((12, 2)))
    one = shapely.get_parts(shapely.voronoi_polygons(places, extend_to=shapely.box(100, 100, 100.1, 100.1)))
    one = one.copy()
    one[:] = shapely.transform(one, lambda xy: xy - [0, 60])
    other = shapes(*(shapely.box(100.02 * 1 + i / 50, 40.03, 100.035 + i / 50, 40.08) for i in range(3)), one[0])
    pieces = overlay(one, other)
    separate = overlay(one, other[:3])
    left, left_m2 = remainder(one, other[:3])
    covered = np.bincount(separate.one, weights=separate.area_m2, minlength=len(one))
    assert covered + left_m2 == pytest.approx(areas_m2(one), rel=1e-9, abs=0.1)
    assert (left_m2[shapely.is_empty(left)] == 0).all()
    assert (pieces.other[pieces.one == 0].tolist(), pieces.one[pieces.other == 3].tolist()) == ([3], [0])
    assert (np.diff(pieces.one * 4 + pieces.other) > 0).all()
    assert (pieces.area_m2 >= SPECK_M2).all()


def test_areas_that_touch_have_no_piece_in_common() -> None:
    pieces = overlay(shapes(shapely.box(0, 0, 1, 1)), shapes(shapely.box(1, 0, 2, 1), shapely.box(1, 1, 2, 2)))
    assert len(pieces.one) == 0
