"""Web Mercator arithmetic, against PROJ."""

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from geo.errors import CoordinateError, ParameterError
from geo.tiles.mercator import (
    HALF_M,
    cell_km2,
    check_tile,
    column_longitude,
    row_latitude,
    tile_bounds,
    to_cells,
    to_mercator,
)


def test_projection_is_that_of_proj() -> None:
    lonlat = np.array([[116.39, 39.9], [-71.25, -29.9], [0.0, 0.0], [179.9, 84.0]])
    x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform(lonlat[:, 0], lonlat[:, 1])
    np.testing.assert_allclose(to_mercator(lonlat), np.column_stack([x, y]), atol=1e-6)


@pytest.mark.parametrize(("z", "x", "y"), [(-1, 0, 0), (23, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0)])
def test_a_tile_that_does_not_exist_is_refused(z: int, x: int, y: int) -> None:
    with pytest.raises(ParameterError):
        check_tile(z, x, y)


def test_the_first_tile_is_the_whole_square_and_the_last_lies_in_the_south_east() -> None:
    check_tile(0, 0, 0)
    assert tile_bounds(0, 0, 0) == (-HALF_M, -HALF_M, HALF_M, HALF_M)
    assert tile_bounds(1, 1, 1) == (0.0, -HALF_M, HALF_M, 0.0)


def test_cells_count_from_the_north_west() -> None:
    columns, rows = to_cells(np.array([[-90.0, 45.0], [90.0, 45.0], [90.0, -45.0]]), 1)
    assert columns.tolist() == [0, 1, 1]
    assert rows.tolist() == [0, 0, 1]


def test_cell_edges_go_back_to_the_cell() -> None:
    lonlat = np.array([[116.397, 39.909]])
    columns, rows = to_cells(lonlat, 20)
    west, east = column_longitude(np.array([columns[0], columns[0] + 1]), 20)
    north, south = row_latitude(np.array([rows[0], rows[0] + 1]), 20)
    assert west <= 116.397 < east
    assert south <= 39.909 < north


def test_a_coordinate_that_is_not_finite_is_refused() -> None:
    with pytest.raises(CoordinateError, match="Point 2"):
        to_cells(np.array([[0.0, 0.0], [np.nan, 0.0]]), 3)


@pytest.mark.parametrize("row", [40, 300, 511, 800])
def test_cell_areas_are_those_of_the_ellipsoid(row: int) -> None:
    level = 10
    north, south = row_latitude(np.array([row, row + 1]), level)
    west, east = column_longitude(np.array([600, 601]), level)
    # Many points along the parallels: a geodesic polygon does not follow them by itself.
    cell = shapely.segmentize(shapely.box(west, south, east, north), 0.005)
    area_m2, _ = Geod(ellps="WGS84").geometry_area_perimeter(cell)
    assert cell_km2(np.array([row + 0.5]), level)[0] == pytest.approx(abs(area_m2) / 1e6, rel=2e-5)
