"""Rings read as arrays are those that Shapely tells one by one, whatever shapes stand between each other."""

from __future__ import annotations

import numpy as np
import shapely

from geo.grids.arcs import cut_rings
from geo.grids.ring_arrays import ring_arrays


def shapes() -> np.ndarray:
    lake = shapely.box(20.2, 30.2, 20.4, 30.4)
    holed = shapely.box(20, 30, 21, 31) - lake
    islands = shapely.MultiPolygon(
        [shapely.box(23, 30, 24, 31) - shapely.box(23.1, 30.1, 23.2, 30.2), shapely.box(25, 30, 26, 31)]
    )
    rough = shapely.Polygon([(27, 30), (28, 30), (28.123456789, 30.5), (28, 31), (27, 31)])
    return np.array(
        [shapely.box(22, 30, 23, 31), holed, islands, lake, rough, shapely.box(29, 30, 30, 31)], dtype=object
    )


def test_rings_are_those_that_shapely_tells() -> None:
    given = shapes()
    read = ring_arrays(given)
    polygons, owner = shapely.get_parts(given, return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    assert read.owner.tolist() == owner.tolist()
    assert read.polygon.tolist() == polygon.tolist()
    assert read.lengths.tolist() == shapely.get_num_coordinates(rings).tolist()
    assert np.array_equal(read.degrees, shapely.get_coordinates(rings))


def test_shapes_on_the_lattice_stay_themselves_and_others_move_onto_it() -> None:
    given = shapes()
    made = cut_rings(given, [str(k) for k in range(len(given))])[1]
    assert made[0] is given[0]
    assert made[3] is given[3]
    assert made[5] is given[5]
    assert shapely.equals_exact(made, given, 5e-8).all()
    assert made[4] is not given[4]
    xy = shapely.get_coordinates(made)
    assert np.array_equal(np.rint(xy * 1e7) / 1e7, xy)


def test_a_vertex_that_is_there_twice_is_dropped() -> None:
    twice = shapely.Polygon([(20, 30), (21, 30), (21, 30), (21, 31), (20, 31)])
    made = cut_rings(np.array([twice], dtype=object), ["a"])[1]
    assert shapely.get_num_coordinates(made[0]) == 5
