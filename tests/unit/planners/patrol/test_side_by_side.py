"""Two searches of one solve: the first is PyVRP's own, both stop together, and what breaks in one is heard."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from planners.contract import Budget, Progress, Termination, silent
from planners.patrol import side_by_side as module
from planners.patrol.check import check_patrol
from planners.patrol.local_search import fitting_penalties, quiet, searched
from planners.patrol.problem import PatrolProblem, VehicleType
from planners.patrol.routes import solve_routes
from planners.patrol.routing_model import model_of, routes_of, solution_of
from planners.patrol.steps import Limits, Steps


def town(visits: int = 40, *, seed: int = 5, units: int = 8, shift: int = 36_000) -> PatrolProblem:
    """Points with windows and loads around one post."""
    rng = np.random.default_rng(seed)
    at = rng.random((visits + 1, 2)) * 2000
    legs = np.ceil(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))).astype(np.int32)[None]
    early = rng.integers(0, 20_000, visits)
    car = VehicleType(
        kind="car", start_post=0, end_post=0, shift_seconds=shift, capacity=60,
        unit_keys=tuple(f"U{i}" for i in range(units)),
    )  # fmt: skip
    return PatrolProblem(
        post_keys=("A",), point_keys=tuple(f"P{i}" for i in range(visits)), kinds=("car",), seconds=legs, metres=legs,
        vehicles=(car,), visit_point=np.arange(visits, dtype=np.int32), visit_number=np.zeros(visits, np.int32),
        window=np.column_stack([early, early + 6000]).astype(np.int32), dwell=np.full(visits, 300, np.int32),
        required=np.ones(visits, np.bool_), prize=np.zeros(visits, np.int64), eligible=np.ones((visits, 1), np.bool_),
        load=rng.integers(1, 10, visits).astype(np.int32),
    )  # fmt: skip


def limits(problem: PatrolProblem, budget: Budget) -> Limits:
    return Limits(budget, silent, began=time.perf_counter(), bound=0.0, fixed=0.0)


def test_the_first_search_is_step_by_step_that_of_pyvrp() -> None:
    pyvrp = pytest.importorskip("pyvrp")
    problem = town()
    data = model_of(problem, range(problem.visits), all_required=True)
    with quiet():
        theirs = pyvrp.solve(data, stop=pyvrp.stop.MaxIterations(300), seed=7, display=False).best
        stop = Steps(limits(problem, Budget(iterations=300)), reports=False)
        ours = searched(data, seed=7, stop=stop).best
    assert ours == theirs
    assert stop.done == 300


def test_the_plan_of_both_is_never_worse_than_the_first_alone_and_repeats() -> None:
    problem = town()
    data = model_of(problem, range(problem.visits), all_required=True)
    with quiet():
        alone = searched(data, seed=3, stop=Steps(limits(problem, Budget(iterations=500)), reports=False)).best
    one, other = (solve_routes(problem, Budget(iterations=500, seed=3)) for _ in range(2))
    assert one.objective <= alone.distance()
    assert [route.visits.tolist() for route in one.plan.routes] == [r.visits.tolist() for r in other.plan.routes]
    assert one.termination is Termination.ITERATIONS


def test_routes_go_to_pyvrp_and_back() -> None:
    problem = town(visits=6)
    data = model_of(problem, [0, 2, 3, 5], all_required=True)
    routes = [(0, (2, 0)), (0, (5,))]
    plan = solution_of(data, [0, 2, 3, 5], routes)
    assert sorted(routes_of(data, [0, 2, 3, 5], plan)) == routes
    assert plan.num_missing_clients() == 1


def test_penalties_fit_the_size_of_legs_and_loads() -> None:
    problem = town()
    loads, late, far = fitting_penalties(problem)
    assert loads == [problem.seconds.max() / problem.load.max()]
    assert late == far == 5.0


def test_what_breaks_in_the_second_search_is_raised_and_ends_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(module, "_restarting", broken)
    with pytest.raises(RuntimeError, match="broken"):
        solve_routes(town(), Budget(iterations=10**9))


def test_what_breaks_in_the_observer_is_raised_and_ends_the_second() -> None:
    before = threading.active_count()

    def broken(_: Progress) -> bool:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        solve_routes(town(), Budget(iterations=10**9), observe=broken)
    assert threading.active_count() == before


def test_a_stop_ends_both_on_the_thread_of_the_caller() -> None:
    seen: list[tuple[int, float | None]] = []

    def stop(progress: Progress) -> bool:
        seen.append((threading.get_ident(), progress.objective))
        return len(seen) < 3

    problem = town()
    outcome = solve_routes(problem, Budget(iterations=10**9), observe=stop)
    assert outcome.termination is Termination.CANCELLED
    assert {thread for thread, _ in seen} == {threading.get_ident()}
    assert check_patrol(problem, outcome.plan) == outcome.objective
    values = [value for _, value in seen if value is not None]
    assert values == sorted(values, reverse=True)


def test_on_one_processor_the_second_search_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "processors", lambda: 1)
    problem = town(visits=12)
    threads = set()

    def stop(progress: Progress) -> bool:
        threads.add(threading.active_count())
        return progress.objective is None

    before = threading.active_count()
    outcome = solve_routes(problem, Budget(seconds=600.0), observe=stop)
    assert threads == {before}
    assert outcome.termination is Termination.CANCELLED
    assert check_patrol(problem, outcome.plan) == outcome.objective


def test_a_search_without_a_plan_gives_up_and_leaves_the_rest_for_most_visits() -> None:
    problem = town(units=1, shift=12_000)
    outcome = solve_routes(problem, Budget(iterations=600))
    assert outcome.plan.missed
    assert outcome.plan.units_used == 1
    assert check_patrol(problem, outcome.plan) == outcome.objective


def test_steps_end_a_run_without_better_plans_and_go_on_with_the_next() -> None:
    steps = Steps(limits(town(), Budget(iterations=100)), reports=False).begin(patience=10)
    assert [steps(50.0) for _ in range(12)].index(True) == 10
    steps.begin(patience=10)
    costs = iter(range(60, -60, -1))
    while not steps(float(next(costs))):
        pass
    assert steps.over
    assert steps.done == 100
    assert steps.best == 60 - 90
