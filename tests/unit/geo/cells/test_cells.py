import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.cells.contiguity import among, from_pairs, touching, with_self, within_steps
from geo.cells.hexagon import hexagons_within
from geo.cells.segments import SegmentCells
from geo.cells.square import square_cells, squares_within
from geo.errors import LimitError, ParameterError
from geo.streets.graph import StreetGraph

ROUND = shapely.Point(3.3, -7.1).buffer(100)


def lists(pair: tuple[np.ndarray, np.ndarray]) -> list[list[int]]:
    return [part.tolist() for part in np.split(pair[1], pair[0][1:-1])]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(7, 60))
def test_a_point_lies_in_the_cell_that_it_is_located_in(seed: int, size: float) -> None:
    points = np.random.default_rng(seed).uniform(-120, 120, (200, 2))
    for cells in (squares_within(ROUND, size_m=size), hexagons_within(ROUND, across_m=size)):
        where = cells.locate(points)
        shapes = cells.shapes()
        assert len(shapes) == len(cells)
        inside = where >= 0
        gap = shapely.distance(shapes[where[inside]], shapely.points(points[inside]))
        assert gap.max(initial=0.0) < 1e-9
        for point in points[~inside]:
            assert not shapely.contains_xy(shapes, *point).any()
        assert cells.counts(points).sum() == inside.sum()


def test_edges_belong_north_and_east_and_cells_line_up() -> None:
    cells = square_cells((0, 0, 30, 20), size_m=10)
    assert cells.inside.shape == (3, 4)
    assert cells.locate(np.array([[10.0, 10.0], [9.999, 10.0], [-0.001, 5.0]])).tolist() == [5, 4, -1]
    assert np.isnan(squares_within(ROUND, size_m=30).raster(np.zeros(len(squares_within(ROUND, size_m=30))))[0, 0])
    with pytest.raises(LimitError):
        square_cells((0, 0, 1e6, 1e6), size_m=10)
    with pytest.raises(ParameterError):
        square_cells((0, 0, 1, 1), size_m=0)
    with pytest.raises(LimitError):
        hexagons_within(shapely.box(0, 0, 1e6, 1e6), across_m=10)


def test_neighbours_are_those_that_touch() -> None:
    squares, hexagons = squares_within(ROUND, size_m=31), hexagons_within(ROUND, across_m=29)
    assert lists(squares.neighbours()) == lists(touching(list(squares.shapes())))
    assert lists(squares.neighbours(corners=False)) == lists(touching(list(squares.shapes()), corners=False))
    # Hexagons' corners are irrational: compare middles instead of outlines.
    middle = hexagons.centres()
    apart = np.hypot(*(middle[:, None] - middle[None]).transpose(2, 0, 1))
    wanted = [np.flatnonzero(np.isclose(row, 29)).tolist() for row in apart]
    assert lists(hexagons.neighbours()) == wanted
    assert max(map(len, wanted)) == 6
    assert hexagons.area_m2 == pytest.approx(hexagons.shapes()[0].area) == pytest.approx(29**2 * math.sqrt(3) / 2)


def test_lists_by_hand() -> None:
    line = from_pairs([0, 1, 2, 2], [1, 2, 1, 2], count=4)
    assert lists(line) == [[1], [0, 2], [1], []]
    assert lists(with_self(line)) == [[0, 1], [0, 1, 2], [1, 2], [3]]
    assert lists(within_steps(line, 2)) == [[1, 2], [0, 2], [0, 1], []]
    assert lists(among(line, np.array([True, True, False, True]))) == [[1], [0], []]
    with pytest.raises(ParameterError):
        within_steps(line, 0)


def star() -> StreetGraph:
    """Three streets that meet at node 0, one of them one-way, and a street further on."""
    arcs = [(0, 1), (0, 2), (0, 3), (1, 0), (1, 4), (2, 0), (4, 1)]
    xy = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [2, 0]]) / 1000
    reverse = [next((i for i, arc in enumerate(arcs) if arc == (b, a)), -1) for a, b in arcs]
    tails = np.array([a for a, _ in arcs])
    m = len(arcs)
    return StreetGraph(
        indptr=np.searchsorted(tails, np.arange(6)).astype(np.int32), heads=np.array([b for _, b in arcs], np.int32),
        metres=np.full(m, 111.0, np.float32), arc_ids=np.arange(m), node_ids=np.arange(5), node_lonlat=xy,
        geometry_offsets=np.arange(0, 2 * m + 1, 2, dtype=np.int32),
        geometry_lonlat=np.concatenate([xy[[a, b]] for a, b in arcs]), road_class=np.zeros(m, np.int8),
        name_ids=np.zeros(m, np.int32), names=("",), access=np.full(m, 15, np.uint8),
        speed_kph=np.full(m, np.nan, np.float32), reverse=np.array(reverse, np.int32),
    )  # fmt: skip


def test_segments_join_both_directions_and_meet_at_nodes() -> None:
    graph = star()
    cells = SegmentCells.of(graph)
    assert cells.ends.tolist() == [[0, 1], [0, 2], [0, 3], [1, 4]]
    assert cells.of_arc.tolist() == [0, 1, 2, 0, 3, 1, 3]
    assert lists(cells.neighbours()) == [[1, 2, 3], [0, 2], [0, 1], [0]]
    assert cells.counts(np.array([0, 3, 3, -1, 6])).tolist() == [3, 0, 0, 1]
    assert [shape.length for shape in cells.shapes(graph)] == pytest.approx([0.001] * 4)
