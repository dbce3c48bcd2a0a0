from __future__ import annotations

import numpy as np

from geo.streets.noding import Noded, node_lines


def node(lines: list[list[tuple[float, float]]], levels: list[int] | None = None, tolerance: float = 0.5) -> Noded:
    offsets = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    flat = np.array([spot for line in lines for spot in line], dtype=float)
    return node_lines(flat, offsets, np.array(levels or [0] * len(lines)), tolerance_m=tolerance)


def drawn(noded: Noded) -> list[list[tuple[float, float]]]:
    return [
        [tuple(spot) for spot in noded.xy[noded.refs[a:b]].round(6).tolist()]
        for a, b in zip(noded.offsets[:-1], noded.offsets[1:], strict=True)
    ]


def shared(noded: Noded, one: int, two: int) -> set[tuple[float, float]]:
    first, second = (set(noded.refs[noded.offsets[k] : noded.offsets[k + 1]].tolist()) for k in (one, two))
    return {tuple(spot) for spot in noded.xy[sorted(first & second)].round(6).tolist()}


CROSS = [[(0.0, 0.0), (10.0, 0.0)], [(5.0, -5.0), (5.0, 5.0)]]


def test_crossing_lines_share_a_node() -> None:
    noded = node(CROSS)
    assert shared(noded, 0, 1) == {(5, 0)}
    assert drawn(noded) == [[(0, 0), (5, 0), (10, 0)], [(5, -5), (5, 0), (5, 5)]]


def test_lines_of_two_levels_do_not() -> None:
    noded = node(CROSS, [0, 1])
    assert shared(noded, 0, 1) == set()
    assert drawn(noded) == CROSS


def test_bridges_that_cross_each_other_on_one_level_do() -> None:
    assert shared(node(CROSS, [1, 1]), 0, 1) == {(5, 0)}


def test_a_bridge_is_joined_at_its_ends() -> None:
    lines = [[(0.0, 0.0), (4.0, 0.0)], [(4.0, 0.0), (6.0, 0.0)], [(6.0, 0.0), (9.0, 0.0)], [(5.0, -9.0), (5.0, 9.0)]]
    noded = node(lines, [0, 1, 0, 0])
    assert shared(noded, 0, 1) == {(4, 0)}
    assert shared(noded, 1, 2) == {(6, 0)}
    assert shared(noded, 1, 3) == set()


def test_ends_within_the_tolerance_are_joined() -> None:
    lines = [[(0.0, 0.0), (10.0, 0.0)], [(10.3, 0.2), (20.0, 0.0)]]
    assert len(shared(node(lines), 0, 1)) == 1
    assert shared(node(lines, tolerance=0.2), 0, 1) == set()


def test_an_end_beside_a_line_is_joined_to_it() -> None:
    lines = [[(0.0, 0.0), (10.0, 0.0)], [(5.0, 0.3), (5.0, 9.0)]]
    noded = node(lines)
    assert shared(noded, 0, 1) == {(5, 0.3)}
    assert len(drawn(noded)[0]) == 3
    assert shared(node(lines, [0, 1]), 0, 1) == set()


def test_an_end_that_overshoots_is_a_crossing() -> None:
    noded = node([[(0.0, 0.0), (10.0, 0.0)], [(5.0, -0.2), (5.0, 9.0)]])
    assert len(shared(noded, 0, 1)) == 1


def test_a_vertex_on_another_line_becomes_the_node() -> None:
    noded = node([[(0.0, 0.0), (10.0, 0.0)], [(3.0, 5.0), (5.0, 0.0), (7.0, 5.0)]])
    assert shared(noded, 0, 1) == {(5, 0)}
    assert drawn(noded)[1] == [(3, 5), (5, 0), (7, 5)]


def test_vertices_that_two_lines_share_are_one_node() -> None:
    noded = node([[(0.0, 0.0), (5.0, 0.0), (9.0, 1.0)], [(5.0, 5.0), (5.0, 0.0), (5.0, -5.0)]])
    assert shared(noded, 0, 1) == {(5, 0)}
    assert noded.offsets.tolist() == [0, 3, 6]


def test_a_line_that_crosses_itself_has_one_node_there() -> None:
    noded = node([[(0.0, 0.0), (10.0, 0.0), (10.0, 5.0), (5.0, 5.0), (5.0, -5.0)]])
    visited = noded.refs.tolist()
    assert len(visited) - len(set(visited)) == 1
    assert drawn(noded)[0].count((5, 0)) == 2


def test_lines_on_one_another_share_both_ends_of_the_overlap() -> None:
    noded = node([[(0.0, 0.0), (10.0, 0.0)], [(4.0, 0.0), (14.0, 0.0)]])
    assert shared(noded, 0, 1) == {(4, 0), (10, 0)}


def test_a_closed_ring_is_joined_to_itself() -> None:
    noded = node([[(0.0, 0.0), (5.0, 0.0), (5.0, 5.0), (0.0, 0.0)]])
    assert noded.refs[0] == noded.refs[-1]
    assert len(set(noded.refs.tolist())) == 3


def test_one_street_met_twice_by_two_others() -> None:
    lines = [[(0.0, 0.0), (30.0, 0.0)], [(10.0, -5.0), (10.0, 5.0)], [(20.0, -5.0), (20.0, 5.0)]]
    noded = node(lines)
    assert drawn(noded)[0] == [(0, 0), (10, 0), (20, 0), (30, 0)]
    assert shared(noded, 0, 1) == {(10, 0)}
    assert shared(noded, 0, 2) == {(20, 0)}
