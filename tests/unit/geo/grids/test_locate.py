"""Which area a point lies in."""

from collections.abc import Callable

import numpy as np
import pytest
import shapely

from geo.errors import CoordinateError
from geo.grids.locate import AreaIndex
from geo.synthetic.county import synthetic_county
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


def star(rng: np.random.Generator, *, corners: int, reach: int, at: tuple[int, int]) -> np.ndarray:
    """Return the corners of a star-shaped ring on the lattice, int64[corners, 2]."""
    angle = (np.arange(corners) + rng.uniform(0, 0.9, corners)) * 2 * np.pi / corners
    far = rng.uniform(0.3, 1.0, corners) * reach
    return np.rint(np.column_stack([far * np.cos(angle), far * np.sin(angle)])).astype(np.int64) + at


def side_of(rings: list[np.ndarray], px: int, py: int) -> int:
    """Return 1 inside, 0 on the boundary, -1 outside of rings, in Python's own whole numbers."""
    inside = False
    for ring in rings:
        corners = [(int(x), int(y)) for x, y in ring]
        for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
            cross = (x2 - x1) * (py - y1) - (y2 - y1) * (px - x1)
            if cross == 0 and min(x1, x2) <= px <= max(x1, x2) and min(y1, y2) <= py <= max(y1, y2):
                return 0
            if (y1 > py) != (y2 > py) and (cross > 0) == (y2 > y1):
                inside = not inside
    return 1 if inside else -1


@pytest.mark.parametrize(("corners", "reach"), [(5, 30), (12, 200), (60, 2_000), (900, 100_000), (400, 400_000_000)])
def test_every_answer_is_exact(grids_of: Callable[..., Grids], corners: int, reach: int) -> None:
    """Overlapping stars with holes and islands, small and as large as a continent; asked at corners, on edges, anywhere."""
    rng = np.random.default_rng(corners)
    rings: list[list[np.ndarray]] = []
    shapes: list[shapely.Polygon | shapely.MultiPolygon] = []
    while len(shapes) < 6:
        x, y = (int(v) for v in rng.integers(-reach, reach, 2))
        outer = star(rng, corners=corners, reach=reach, at=(x, y))
        centre = np.array([x, y])
        hole = centre + np.rint((outer - centre) * 0.4).astype(np.int64)
        island = star(rng, corners=4, reach=max(reach // 20, 4), at=(x, y))
        shape = shapely.MultiPolygon([(outer / 1e7, [hole / 1e7]), (island / 1e7, [])])
        if shapely.is_valid(shape):
            shapes.append(shape)
            rings.append([outer, hole, island])
    corner = np.concatenate([np.concatenate(held) for held in rings])
    middle = np.concatenate([(held[0] + np.roll(held[0], 1, axis=0)) // 2 for held in rings])
    anywhere = rng.integers(-2 * reach, 2 * reach, (300, 2))
    near = corner + rng.integers(-2, 3, corner.shape)
    asked = np.concatenate([rng.permutation(part)[:200] for part in (corner, middle, near)] + [anywhere])
    found = AreaIndex.of(grids_of(*shapes)).rows(asked / 1e7)
    expected = [next((k for k, held in enumerate(rings) if side_of(held, x, y) >= 0), -1) for x, y in asked.tolist()]
    assert found.tolist() == expected
    assert {-1, 0, 5} <= set(expected)


def test_many_points_are_found_in_any_order(four: Grids) -> None:
    places = np.random.default_rng(7).uniform(-0.005, 0.025, (50_000, 2))
    index = AreaIndex.of(four)
    at_once = index.rows(places)
    parts = [index.rows(part) for part in np.array_split(places, 25)]
    assert (at_once == np.concatenate(parts)).all()
    assert (index.rows(places[::-1])[::-1] == at_once).all()


def test_a_city_in_a_wide_county_is_told_apart(grids_of: Callable[..., Grids]) -> None:
    """One area a thousand times as wide as the others, which lie on its edge."""
    wide = shapely.Polygon([(0, 0), (10, 0), (10, 10), (5, 12), (0, 10)])
    blocks = [shapely.box(10 + 0.001 * k, 5, 10.001 + 0.001 * k, 5.001) for k in range(20)]
    index = AreaIndex.of(grids_of(wide, *blocks))
    places = np.array(
        [[5.0, 5.0], [10.0005, 5.0005], [10.0195, 5.0005], [10.0, 5.0005], [5.0, 11.9], [0.1, 11.9], [10.5, 5.0]]
    )
    assert [code if code is None else str(code) for code in index.at(places)] == ["A", "B", "U", "A", "A", None, None]


def test_places_far_off_the_globe_are_in_nothing(four: Grids) -> None:
    places = np.array([[1e300, 0.0], [0.0, -1e300], [-180.0, -90.0], [213.9, 0.005]])
    assert AreaIndex.of(four).at(places).tolist() == [None] * 4


def test_two_threads_find_what_one_finds() -> None:
    county = synthetic_county(grids=700, seed=3)
    places = county.points(40_000, seed=4)
    one, two = AreaIndex.of(county.grids), AreaIndex.of(county.grids, threads=2)
    assert len(one.cells.first) > 1
    assert np.array_equal(one.rows(places), two.rows(places))
    assert np.array_equal(one.outlines.edge, two.outlines.edge)
    assert np.array_equal(one.outlines.slab, two.outlines.slab)
    assert np.array_equal(one.outlines.first, two.outlines.first)


def test_a_ring_may_have_its_first_vertex_twice(grids_of: Callable[..., Grids]) -> None:
    twice = shapely.Polygon([(0, 0), (0, 0), (1, 0), (1, 1), (0, 1)])
    ringed = shapely.Polygon([(2, 0), (4, 0), (4, 2), (2, 2)], [[(3, 1), (3, 1), (3.5, 1), (3.5, 1.5), (3, 1.5)]])
    grids = grids_of(twice, ringed)
    places = np.array([[0.5, 0.5], [2.5, 0.5], [3.2, 1.2], [1.5, 0.5]])
    assert AreaIndex.of(grids).at(places).tolist() == ["A", "B", None, None]
