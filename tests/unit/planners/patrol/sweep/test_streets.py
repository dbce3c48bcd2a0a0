"""Sweeps built from a small network whose streets are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from geo.errors import CheckError, InfeasibleError, ParameterError
from geo.streets.graph import CAR, StreetGraph
from geo.streets.speeds import NO_WAY
from planners.contract import Budget
from planners.patrol.sweep.solve import solve_sweep
from planners.patrol.sweep.streets import build_street_sweep, check_streets, street_routes

STREETS = ((0, 1, 2), (1, 2, 2), (2, 3, 2), (3, 0, 2), (1, 3, 1), (3, 4, 1), (4, 0, 2), (4, 5, 1))
"""A ring 0-1-2-3 of two ways, 1 to 3 of one way, 0-4 of two ways, 3 to 4 of one way; 4 to 5 leads nowhere."""
CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (-1, 1), (-2, 1)]) * 0.001


@pytest.fixture(scope="module")
def graph() -> StreetGraph:
    arcs = sorted([(u, v) for u, v, _ in STREETS] + [(v, u) for u, v, ways in STREETS if ways == 2])
    at = {arc: k for k, arc in enumerate(arcs)}
    tails, heads = np.array(arcs).T
    m = len(arcs)
    return StreetGraph(
        indptr=np.searchsorted(tails, np.arange(7)).astype(np.int32), heads=heads.astype(np.int32),
        metres=np.full(m, 100, np.float32), arc_ids=np.arange(m), node_ids=np.arange(6), node_lonlat=CORNERS,
        geometry_offsets=np.arange(0, 2 * m + 1, 2, dtype=np.int32),
        geometry_lonlat=CORNERS[np.stack([tails, heads], axis=1).ravel()], road_class=np.full(m, 11, np.int8),
        name_ids=np.zeros(m, np.int32), names=("",), access=np.full(m, CAR, np.uint8), speed_kph=np.full(m, np.nan, np.float32),
        reverse=np.array([at.get((v, u), -1) for u, v in arcs], np.int32),
        forbidden_turns=np.array([[at[0, 1], at[1, 2]]], np.int32),
    )  # fmt: skip


def test_streets_are_swept_once_or_on_both_sides(graph: StreetGraph) -> None:
    milliseconds = np.full(graph.arcs, 10_000, np.int32)
    everything = np.arange(graph.arcs)
    once = build_street_sweep(graph, milliseconds, everything, depot_node=0)
    assert once.problem.tasks == 7
    assert once.problem.two_way().sum() == 5
    assert [graph.heads[a] for a in once.left_out] == [5]
    both = build_street_sweep(graph, milliseconds, everything, depot_node=0, sides="both")
    assert both.problem.tasks == 12
    # 100 m at 15 km/h are 24 s, above the 10 s of passing.
    assert both.problem.serve[:, 0].tolist() == [24_000] * 12
    outcome = solve_sweep(both.problem, Budget(seconds=20.0))
    # The streets of one way lead from 1 to 4: back from there it is two streets, passed at 10 s each.
    assert outcome.proved
    assert outcome.objective == 12 * 24_000 + 2 * 10_000
    figures = check_streets(
        graph, milliseconds, both, street_routes(both.problem, outcome.plan), depot_node=0, sweep_kph=15.0
    )
    assert sum(figures.milliseconds) == outcome.objective
    assert figures.swept_metres == 1200
    assert figures.passing_metres == 200


def test_one_way_of_a_street_stands_for_both(graph: StreetGraph) -> None:
    milliseconds = np.full(graph.arcs, 10_000, np.int32)
    forward = np.array([a for a in range(graph.arcs) if graph.reverse[a] < 0 or graph.reverse[a] > a])
    one = build_street_sweep(graph, milliseconds, forward, depot_node=0).problem
    all_of_them = build_street_sweep(graph, milliseconds, np.arange(graph.arcs), depot_node=0).problem
    assert one.task_keys == all_of_them.task_keys
    closed = milliseconds.copy()
    closed[1 if graph.reverse[1] >= 0 else 0] = NO_WAY
    half = build_street_sweep(graph, closed, np.arange(graph.arcs), depot_node=0)
    assert half.problem.tasks == 7
    assert half.problem.two_way().sum() == 4


def test_the_streets_alone_refuse_a_wrong_plan(graph: StreetGraph) -> None:
    milliseconds = np.full(graph.arcs, 10_000, np.int32)
    sweep = build_street_sweep(graph, milliseconds, np.arange(graph.arcs), depot_node=0)
    outcome = solve_sweep(sweep.problem, Budget(seconds=20.0))
    arcs, does = street_routes(sweep.problem, outcome.plan)[0]
    asked = {"depot_node": 0, "sweep_kph": 15.0}
    with pytest.raises(CheckError, match="is not swept"):
        check_streets(graph, milliseconds, sweep, [(arcs, np.zeros_like(does))], **asked)  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="not one way on the streets"):
        check_streets(graph, milliseconds, sweep, [(arcs[1:], does[1:])], **asked)  # type: ignore[arg-type]
    closed = milliseconds.copy()
    closed[arcs[0]] = NO_WAY
    with pytest.raises(CheckError, match="closed street"):
        check_streets(graph, closed, sweep, [(arcs, does)], **asked)  # type: ignore[arg-type]
    turns = {(int(a), int(b)) for a, b in graph.forbidden_turns}
    taken = sum((int(a), int(b)) in turns for a, b in pairwise(arcs))
    found = check_streets(graph, milliseconds, sweep, [(arcs, does)], **asked)  # type: ignore[arg-type]
    assert found.forbidden_turns == taken


def test_a_part_without_a_way_back_is_named(graph: StreetGraph) -> None:
    milliseconds = np.full(graph.arcs, 10_000, np.int32)
    dead_end = np.flatnonzero(graph.heads == 5)
    with pytest.raises(InfeasibleError, match="No chosen street can be reached"):
        build_street_sweep(graph, milliseconds, dead_end, depot_node=0)
    with pytest.raises(ParameterError, match="speed of sweeping"):
        build_street_sweep(graph, milliseconds, dead_end, depot_node=0, sweep_kph=0.1)
