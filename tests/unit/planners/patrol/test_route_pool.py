"""Putting seen routes together: better than each plan they come from, within units, and loads that are kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from geo.errors import CheckError
from planners.contract import Budget
from planners.patrol.check import check_patrol
from planners.patrol.plan import PatrolPlan
from planners.patrol.problem import NO_WAY, PatrolProblem, VehicleType
from planners.patrol.route_pool import RoutePool, recombined
from planners.patrol.routes import solve_routes
from planners.patrol.schedule import schedule


def loaded(*, capacity: int, units: int, visits: int = 6) -> PatrolProblem:
    """Points on a line, a minute apart, the post at the left end; each visit carries 1."""
    at = np.arange(visits + 1)
    legs = (60 * np.abs(at[:, None] - at[None])).astype(np.int32)[None]
    car = VehicleType(
        kind="car", start_post=0, end_post=0, shift_seconds=36_000, capacity=capacity,
        unit_keys=tuple(f"U{i}" for i in range(units)),
    )  # fmt: skip
    return PatrolProblem(
        post_keys=("A",), point_keys=tuple(f"P{i}" for i in range(visits)), kinds=("car",), seconds=legs, metres=legs,
        vehicles=(car,), visit_point=np.arange(visits, dtype=np.int32), visit_number=np.zeros(visits, np.int32),
        window=np.tile(np.array([0, 36_000], np.int32), (visits, 1)), dwell=np.zeros(visits, np.int32), required=np.ones(visits, np.bool_),
        prize=np.zeros(visits, np.int64), eligible=np.ones((visits, 1), np.bool_), load=np.ones(visits, np.int32),
    )  # fmt: skip


def test_a_unit_carries_no_more_than_it_can() -> None:
    outcome = solve_routes(loaded(capacity=2, units=3), Budget(iterations=200))
    # By hand: the far ends of pairs are 6, 4 and 2 minutes away, there and back.
    assert outcome.objective == 60 * 2 * (6 + 4 + 2)
    assert all(len(route.visits) <= 2 for route in outcome.plan.routes)
    assert len(outcome.plan.missed) == 0
    fewer = solve_routes(loaded(capacity=2, units=2), Budget(iterations=200))
    assert len(fewer.plan.missed) == 2


def test_too_heavy_a_route_and_too_heavy_a_visit_are_named() -> None:
    problem = loaded(capacity=2, units=3)
    route = schedule(problem, vehicle=0, unit=0, visits=[0, 1, 2])
    with pytest.raises(CheckError, match="carries 3, above 2"):
        check_patrol(problem, PatrolPlan(routes=(route,), impossible=(), missed=(3, 4, 5)))
    alone = solve_routes(loaded(capacity=0, units=1), Budget(iterations=50))
    assert {item.reason for item in alone.plan.impossible} == {"no_unit"}


def test_routes_of_two_plans_make_a_better_third() -> None:
    problem = loaded(capacity=NO_WAY, units=2, visits=4)
    # Two plans that are each half good: {0,1},{2,3} is best where the second starts far out.
    pool = [(10, (0, (0, 1))), (10, (0, (2, 3))), (30, (0, (0, 2))), (9, (0, (1, 3))), (8, (0, (0, 1, 2)))]
    best = [(0, (0, 2)), (0, (1, 3))]
    found = recombined(problem, pool, best, seconds=None, seed=1)
    assert found == [(0, (0, 1)), (0, (2, 3))]
    assert recombined(problem, pool, [(0, (0, 1)), (0, (2, 3))], seconds=None, seed=1) is None


def test_no_more_units_than_there_are_are_put_together() -> None:
    problem = loaded(capacity=NO_WAY, units=1, visits=2)
    pool = [(1, (0, (0,))), (1, (0, (1,))), (50, (0, (0, 1)))]
    assert recombined(problem, pool, [(0, (0, 1))], seconds=None, seed=1) is None


def test_the_routes_that_are_left_out_by_their_reduced_cost_are_in_no_better_plan() -> None:
    rng = np.random.default_rng(4)
    problem = loaded(capacity=NO_WAY, units=3, visits=7)
    for _ in range(20):
        sets = [tuple(np.flatnonzero(rng.random(7) < 0.4).tolist()) for _ in range(60)]
        pool = [(int(rng.integers(1, 40)) * len(made), (0, made)) for made in sets if made]
        best = [(0, tuple(range(7)))]
        pool.append((500, best[0]))
        found = recombined(problem, pool, best, seconds=None, seed=1)
        cost: dict[frozenset[int], int] = {}
        for price, (_, made) in pool:
            cost[frozenset(made)] = min(price, cost.get(frozenset(made), price))
        least = min(
            (
                sum(cost[part] for part in parts)
                for size in (1, 2, 3)
                for parts in itertools.combinations(cost, size)
                if sum(map(len, parts)) == 7 == len(frozenset().union(*parts))
            ),
            default=0,
        )
        reached = cost[frozenset(range(7))] if found is None else sum(cost[frozenset(made)] for _, made in found)
        assert reached == least


class _Noted:
    """What the pool asks of a route and of a plan."""

    def __init__(self, *routes: tuple[int, ...]) -> None:
        self.made = routes

    def distance(self) -> int:
        return 10

    def routes(self) -> list[object]:
        return [_NotedRoute(made) for made in self.made]


class _NotedRoute:
    def __init__(self, made: tuple[int, ...]) -> None:
        self.made = made

    def __len__(self) -> int:
        return len(self.made)

    def __iter__(self) -> Iterator[object]:
        return iter(SimpleNamespace(idx=i, is_client=lambda: True) for i in self.made)

    def vehicle_type(self) -> int:
        return 0

    def distance(self) -> int:
        return 10 * sum(self.made)

    def service_duration(self) -> int:
        return 0

    def delivery(self) -> list[int]:
        return [len(self.made)]

    def is_feasible(self) -> bool:
        return len(self.made) < 3


def test_each_feasible_route_is_noted_once_under_its_visits_and_type() -> None:
    pool = RoutePool([5, 6, 7, 8], [3])
    for plan in (_Noted((0, 1), (2,)), _Noted((0, 1), (3,)), _Noted((0, 1, 2))):
        pool.on_iteration(plan, plan, plan, None)
    refused = _Noted((0,))
    pool.on_iteration(plan, refused, plan, None)
    assert pool.routes() == [(10, (3, (5, 6))), (20, (3, (7,))), (30, (3, (8,)))]
