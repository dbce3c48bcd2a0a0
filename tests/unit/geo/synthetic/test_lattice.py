import numpy as np
import shapely

from geo.synthetic.lattice import square_metres, to_degrees, to_lattice


def test_a_degree_is_ten_million_steps_and_the_way_back_is_exact() -> None:
    shape = np.array([shapely.Point(-71.28123456789, -29.9)], dtype=object)
    on_lattice = to_lattice(shape)
    assert shapely.get_coordinates(on_lattice).tolist() == [[-712812346.0, -299000000.0]]
    assert shapely.get_coordinates(to_degrees(on_lattice)).tolist() == [[-71.2812346, -29.9]]


def test_area_agrees_with_the_ellipsoid_to_one_percent() -> None:
    from pyproj import Geod

    box = shapely.box(-71.3, -30.0, -71.2, -29.9)
    true, _ = Geod(ellps="WGS84").geometry_area_perimeter(box)
    ours = square_metres(to_lattice([box]), -29.95)[0]
    assert abs(ours / abs(true) - 1) < 0.01
