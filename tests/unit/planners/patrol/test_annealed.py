"""String removals: costs kept step by step are those of the routes, limits hold, small questions are solved."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from planners.contract import Budget, silent
from planners.patrol.annealed import Annealed, suits_strings
from planners.patrol.check import check_patrol
from planners.patrol.problem import PatrolProblem, VehicleType
from planners.patrol.routes import solve_routes
from planners.patrol.steps import Limits, Steps

SHIFT = 20_000


def town(
    visits: int, *, seed: int, units: tuple[int, ...] = (6,), capacity: int = 30, unit_seconds: int = 0
) -> PatrolProblem:
    """Points with loads and dwell around one post for each type of units, to be visited at any time."""
    rng = np.random.default_rng(seed)
    posts = len(units)
    at = rng.random((visits + posts, 2)) * 2000
    legs = np.ceil(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))).astype(np.int32)[None]
    cars = tuple(
        VehicleType(
            kind="car", start_post=t, end_post=(t + 1) % posts, shift_seconds=SHIFT, capacity=capacity,
            unit_keys=tuple(f"U{t}.{i}" for i in range(number)),
        )
        for t, number in enumerate(units)
    )  # fmt: skip
    return PatrolProblem(
        post_keys=tuple("ABC"[:posts]), point_keys=tuple(f"P{i}" for i in range(visits)), kinds=("car",), seconds=legs,
        metres=legs, vehicles=cars, visit_point=np.arange(visits, dtype=np.int32), visit_number=np.zeros(visits, np.int32),
        window=np.tile(np.array([0, SHIFT], np.int32), (visits, 1)), dwell=np.full(visits, 600, np.int32),
        required=np.ones(visits, np.bool_), prize=np.zeros(visits, np.int64), eligible=np.ones((visits, 1), np.bool_),
        unit_seconds=unit_seconds, load=rng.integers(1, 10, visits).astype(np.int32),
    )  # fmt: skip


def annealed(
    problem: PatrolProblem, *, steps: int, seed: int = 1
) -> tuple[Annealed, list[tuple[int, tuple[int, ...]]]]:
    search = Annealed(problem, range(problem.visits), seed)
    limits = Limits(Budget(iterations=steps), silent, began=time.perf_counter(), bound=0.0, fixed=0.0)
    stop = Steps(limits, reports=False)
    found = search.run(stop)
    assert found is not None
    assert stop.best == cost(problem, found)
    return search, found


def cost(problem: PatrolProblem, routes: list[tuple[int, tuple[int, ...]]]) -> int:
    total = problem.unit_seconds * len(routes)
    for kind, made in routes:
        car = problem.vehicles[kind]
        way = [car.start_post, *problem.place_of_visit[list(made)].tolist(), car.end_post]
        total += sum(int(problem.seconds[0, a, b]) for a, b in itertools.pairwise(way))
    return total


@pytest.mark.parametrize(("units", "price"), [((9,), 0), ((4, 5), 700), ((3, 3, 3), 0)])
def test_costs_kept_step_by_step_are_those_of_the_routes_and_limits_hold(units: tuple[int, ...], price: int) -> None:
    problem = town(45, seed=3, units=units, unit_seconds=price)
    search, found = annealed(problem, steps=60)
    assert sorted(v for _, made in found for v in made) == list(range(problem.visits))
    for kind, number in enumerate(units):
        assert sum(k == kind for k, _ in found) <= number
    for kind, made in search.noted:
        car = problem.vehicles[kind]
        assert problem.load[list(made)].sum() <= car.capacity
        assert search.noted[kind, made] + problem.dwell[list(made)].sum() <= SHIFT
        assert search.noted[kind, made] == cost(problem, [(kind, made)]) - price
    assert annealed(problem, steps=60)[1] == found


def test_a_small_question_is_solved_to_the_best_of_all_plans() -> None:
    problem = town(6, seed=8, units=(2,), capacity=22, unit_seconds=300)
    best = min(
        cost(problem, [(0, part) for part in (order[:cut], order[cut:]) if part])
        for order in itertools.permutations(range(6))
        for cut in range(6)
        if max(problem.load[list(order[:cut])].sum(), problem.load[list(order[cut:])].sum()) <= 22
    )
    assert cost(problem, annealed(problem, steps=40)[1]) == best


def test_the_plan_of_both_searches_passes_the_check_and_repeats() -> None:
    problem = town(40, seed=5, units=(5, 5))
    one, other = (solve_routes(problem, Budget(iterations=150, seed=2)) for _ in range(2))
    assert check_patrol(problem, one.plan) == one.objective == other.objective
    assert [r.visits.tolist() for r in one.plan.routes] == [r.visits.tolist() for r in other.plan.routes]


def test_windows_and_optional_visits_are_left_to_the_other_search() -> None:
    problem = town(5, seed=1)
    assert suits_strings(problem, range(5))
    early = problem.window.copy()
    early[2] = [100, SHIFT]
    for changed in ({"window": early}, {"required": np.arange(5) > 0, "prize": (np.arange(5) == 0).astype(np.int64)}):
        other = PatrolProblem(**{name: getattr(problem, name) for name in PatrolProblem.__dataclass_fields__} | changed)
        assert not suits_strings(other, range(5))


def test_too_few_units_are_said_not_guessed() -> None:
    problem = town(12, seed=1, units=(1,), capacity=20)
    limits = Limits(Budget(iterations=5), silent, began=time.perf_counter(), bound=0.0, fixed=0.0)
    assert Annealed(problem, range(12), 1).run(Steps(limits, reports=False)) is None
