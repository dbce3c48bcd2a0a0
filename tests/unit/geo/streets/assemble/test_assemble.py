from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod

from geo.errors import CoordinateError, FileError
from geo.streets.assemble import (
    Pieces,
    assemble,
    largest_component_share,
    polyline_metres,
    runs,
    segment_metres,
    strong_parts,
)  # fmt: skip
from geo.streets.graph import FOOT

ALL = 15


def pieces(lonlat: list[list[tuple[float, float]]], ends: list[tuple[int, int]], ways: list[tuple[int, int]]) -> Pieces:
    count = len(ends)
    nodes = 1 + max(max(end) for end in ends)
    spots = np.zeros((nodes, 2))
    for (tail, head), line in zip(ends, lonlat, strict=True):
        spots[tail], spots[head] = line[0], line[-1]
    return Pieces(
        node_ids=np.arange(nodes) + 50,
        node_lonlat=spots,
        tails=np.array([end[0] for end in ends], np.int32),
        heads=np.array([end[1] for end in ends], np.int32),
        ids=np.arange(count) + 7,
        offsets=np.concatenate([[0], np.cumsum([len(line) for line in lonlat])]),
        lonlat=np.array([spot for line in lonlat for spot in line], float),
        road_class=np.zeros(count, np.int8),
        name_ids=np.zeros(count, np.int32),
        names=("",),
        forward=np.array([way[0] for way in ways], np.uint8),
        backward=np.array([way[1] for way in ways], np.uint8),
        forward_kph=np.full(count, 30, np.float32),
        backward_kph=np.full(count, 40, np.float32),
    )


def test_lengths_equal_the_geodesic() -> None:
    rng = np.random.default_rng(3)
    start = np.column_stack([rng.uniform(73, 135, 500), rng.uniform(3, 54, 500)])
    end = start + rng.uniform(-0.02, 0.02, start.shape)
    exact = Geod(ellps="WGS84").inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2]
    assert segment_metres(start, end) == pytest.approx(np.asarray(exact), rel=1e-6)


def test_polyline_lengths_do_not_leak_into_each_other() -> None:
    spots = np.array([[100.0, 30], [100.001, 30], [10.0, 5], [10.0, 5.001], [10.0, 5.002]])
    one, two = polyline_metres(spots, np.array([0, 2, 5]))
    assert one == pytest.approx(segment_metres(spots[:1], spots[1:2])[0])
    assert two == pytest.approx(segment_metres(spots[2:4], spots[3:5]).sum())


def test_runs_are_laid_end_to_end() -> None:
    assert runs(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]


def test_both_directions_share_geometry_turned_round() -> None:
    line = [(100.0, 30.0), (100.001, 30.001), (100.002, 30.0)]
    graph, piece, along = assemble(pieces([line], [(0, 1)], [(ALL, FOOT)]), source="hand")
    assert graph.indptr.tolist() == [0, 1, 2]
    assert graph.heads.tolist() == [1, 0]
    assert graph.reverse.tolist() == [1, 0]
    assert graph.access.tolist() == [ALL, FOOT]
    assert graph.speed_kph.tolist() == [30, 40]
    assert graph.arc_lonlat(0).tolist() == [list(spot) for spot in line]
    assert graph.arc_lonlat(1).tolist() == [list(spot) for spot in line[::-1]]
    assert (piece.tolist(), along.tolist()) == ([0, 0], [True, False])
    assert graph.source == "hand"


def test_nodes_without_an_arc_are_left_out() -> None:
    lines = [[(100.0, 30.0), (100.1, 30.0)], [(101.0, 30.0), (101.1, 30.0)]]
    graph = assemble(pieces(lines, [(0, 1), (2, 3)], [(0, 0), (ALL, 0)]), source="").graph
    assert graph.node_ids.tolist() == [52, 53]
    assert graph.reverse.tolist() == [-1]
    assert graph.arc_ids.tolist() == [8]


def test_strong_parts_by_hand() -> None:
    # 0 and 1 both ways, 1 to 2 one way.
    lines = [[(100.0, 30.0), (100.1, 30.0)], [(100.1, 30.0), (100.2, 30.0)]]
    graph = assemble(pieces(lines, [(0, 1), (1, 2)], [(ALL, ALL), (ALL, 0)]), source="").graph
    parts = strong_parts(graph, np.ones(graph.arcs, bool))
    assert parts[0] == parts[1] != parts[2]
    assert largest_component_share(graph) == pytest.approx(2 / 3)
    assert strong_parts(graph, graph.arc_ids == 7).tolist()[2] == -1


@pytest.mark.parametrize("spot", [(np.nan, 30.0), (np.inf, 30.0), (34.0, 108.0), (200.0, 30.0)])
def test_wrong_coordinates_are_refused(spot: tuple[float, float]) -> None:
    with pytest.raises(CoordinateError):
        assemble(pieces([[(100.0, 30.0), spot]], [(0, 1)], [(ALL, ALL)]), source="")


def test_no_passable_piece_is_refused() -> None:
    with pytest.raises(FileError, match="no street"):
        assemble(pieces([[(100.0, 30.0), (100.1, 30.0)]], [(0, 1)], [(0, 0)]), source="")
