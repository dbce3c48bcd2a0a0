"""Which area a point lies in."""

from collections.abc import Callable

import numpy as np
import pytest
import shapely

from geo.errors import CoordinateError
from geo.grids.locate import AreaIndex
from geo.tables.grids import Grids


def test_points_find_their_grid_or_none(four: Grids) -> None:
    found = AreaIndex.of(four).at(np.array([[0.005, 0.015], [0.015, 0.015], [0.015, 0.005], [0.5, 0.5]]))
    assert found.tolist() == ["A", "B", "D", None]


def test_a_point_on_a_boundary_belongs_to_the_lowest_code(four: Grids) -> None:
    on_lines = np.array([[0.01, 0.017], [0.01, 0.01], [0.015, 0.01], [0.02, 0.0]])
    assert AreaIndex.of(four).at(on_lines).tolist() == ["A", "A", "B", "D"]
    backwards = Grids.of(four.frame.iloc[::-1])
    assert AreaIndex.of(backwards).at(on_lines).tolist() == ["A", "A", "B", "D"]


def test_a_point_in_a_hole_belongs_to_the_island(pond: Grids) -> None:
    assert AreaIndex.of(pond).at(np.array([[0.005, 0.005], [0.035, 0.005], [0.025, 0.005]])).tolist() == [
        "B",
        "C",
        None,
    ]


def test_one_kind_alone_may_be_asked(grids_of: Callable[..., Grids]) -> None:
    grids = grids_of(shapely.box(0.2, 0.2, 0.4, 0.4), shapely.box(0, 0, 1, 1), kinds=("special", "general"))
    place = np.array([[0.3, 0.3]])
    assert AreaIndex.of(grids).at(place).tolist() == ["A"]
    assert AreaIndex.of(grids, kind="general").at(place).tolist() == ["B"]


def test_many_points_agree_with_asking_each_polygon(four: Grids) -> None:
    places = np.random.default_rng(2).uniform(-0.001, 0.021, (2000, 2))
    points = shapely.points(places)
    expected = np.full(len(places), None, dtype=object)
    for code, shape in reversed(list(zip(four.keys, four.frame.geometry, strict=True))):
        expected[shapely.intersects(shape, points)] = code
    assert (AreaIndex.of(four).at(places) == expected).all()


def test_nothing_asked_or_nothing_there() -> None:
    assert AreaIndex.of(Grids.empty()).at(np.array([[0.0, 0.0]])).tolist() == [None]
    assert len(AreaIndex.of(Grids.empty()).at(np.zeros((0, 2)))) == 0


def test_a_coordinate_that_is_not_finite_is_refused(four: Grids) -> None:
    with pytest.raises(CoordinateError, match="Point 2"):
        AreaIndex.of(four).at(np.array([[0, 0], [np.nan, 0]]))
