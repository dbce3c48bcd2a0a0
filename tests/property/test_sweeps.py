"""What holds for every sweep and for all periodic rounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from planners.contract import Budget
from planners.patrol.sweep.bound import bound_sweep
from planners.patrol.sweep.check import check_sweep, evaluate_sweep
from planners.patrol.sweep.problem import SweepProblem
from planners.patrol.sweep.solve import solve_sweep
from planners.patrol.visits.check import check_visits, evaluate_visits, visit_days
from planners.patrol.visits.days import fewest_visits
from planners.patrol.visits.problem import VisitsProblem
from planners.patrol.visits.solve import solve_visits


@st.composite
def sweeps(draw: st.DrawFn) -> SweepProblem:
    """A ring of one way that reaches every node, chords of two ways, and some of both to be swept."""
    n = draw(st.integers(3, 9))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    chords = [(int(a), int(b)) for a, b in rng.integers(0, n, (draw(st.integers(1, 8)), 2)) if a != b] or [(0, 1)]
    tails = [*range(n), *(a for a, b in chords for a, b in ((a, b), (b, a)))]
    heads = [*((i + 1) % n for i in range(n)), *(b for a, b in chords for a, b in ((a, b), (b, a)))]
    cost = rng.integers(1, 30, len(tails))
    rows = [(i, -1) for i in range(n)] + [(n + 2 * k, n + 2 * k + 1) for k in range(len(chords))]
    picked = [row for row in rows if rng.random() < 0.6] or rows[:1]
    serve = np.array([(2 * cost[a], 2 * cost[max(b, 0)]) for a, b in picked])
    return SweepProblem(
        nodes=n, tails=np.array(tails), heads=np.array(heads), cost=cost, task_keys=tuple(str(i) for i in range(len(picked))),
        task_arcs=np.array(picked), serve=serve, demand=rng.integers(1, 5, len(picked)), depot=int(rng.integers(n)), vehicles=1,
        street_arcs=np.zeros(0, np.int32),
    )  # fmt: skip


@settings(max_examples=25, deadline=None, derandomize=True)
@given(problem=sweeps(), seed=st.integers(0, 1000))
def test_one_way_sweeps_all_and_no_order_of_streets_changes_its_length(problem: SweepProblem, seed: int) -> None:
    outcome = solve_sweep(problem, Budget(seconds=30.0))
    assert check_sweep(problem, outcome.plan) == outcome.objective
    assert outcome.proved
    order = np.random.default_rng(seed).permutation(problem.tasks)
    other = replace(
        problem, task_keys=tuple(problem.task_keys[i] for i in order), task_arcs=problem.task_arcs[order], serve=problem.serve[order],
        demand=problem.demand[order],
    )  # fmt: skip
    assert solve_sweep(other, Budget(seconds=30.0)).objective == outcome.objective
    if problem.tasks > 1:
        fewer = replace(
            problem, task_keys=problem.task_keys[1:], task_arcs=problem.task_arcs[1:], serve=problem.serve[1:], demand=problem.demand[1:]
        )  # fmt: skip
        assert solve_sweep(fewer, Budget(seconds=30.0)).objective <= outcome.objective


@settings(max_examples=20, deadline=None, derandomize=True)
@given(problem=sweeps(), units=st.integers(2, 4))
def test_no_plan_is_below_the_bound(problem: SweepProblem, units: int) -> None:
    one = bound_sweep(problem, seconds=30.0).total
    shared = replace(problem, vehicles=units, goal="longest")
    outcome = solve_sweep(shared, Budget(iterations=10))
    metrics = evaluate_sweep(shared, outcome.plan)
    assert outcome.bound is not None
    assert max(one / units, outcome.bound) <= outcome.objective == metrics.longest
    assert one <= metrics.total
    assert outcome.objective <= solve_sweep(problem, Budget(seconds=30.0)).objective
    loaded = replace(problem, vehicles=None, capacity=5)
    outcome = solve_sweep(loaded, Budget(iterations=10))
    assert check_sweep(loaded, outcome.plan) == outcome.objective
    assert outcome.bound is not None
    assert one <= outcome.bound <= outcome.objective


@settings(max_examples=15, deadline=None, derandomize=True)
@given(points=st.integers(1, 7), days=st.integers(1, 14), units=st.integers(1, 2), seed=st.integers(0, 10_000))
def test_rounds_keep_every_rhythm_and_no_plan_is_below_the_bound(points: int, days: int, units: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    xy = rng.random((points + 1, 2)) * 1000
    every = rng.integers(1, 8, points, np.int32)
    problem = VisitsProblem(
        point_keys=tuple(str(i) for i in range(points)), seconds=np.ceil(np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1))),
        units=np.where(rng.random(days) < 0.8, units, 0), day_seconds=np.full(days, 6000), service=rng.integers(0, 1500, points, np.int32),
        every=every, tolerance=rng.integers(0, every).astype(np.int32), since=rng.integers(-1, 6, points, np.int32),
        may=rng.random((points, days)) < 0.9,
        priority=rng.integers(1, 4, points), unit_seconds=500,
    )  # fmt: skip
    outcome = solve_visits(problem, Budget(iterations=2))
    assert check_visits(problem, outcome.plan) == outcome.objective
    assert outcome.bound is not None
    assert outcome.bound <= outcome.objective
    on = visit_days(problem, outcome.plan)
    kept = np.setdiff1d(np.arange(points), outcome.plan.left_out)
    assert (on[kept].sum(axis=1) >= fewest_visits(problem)[kept]).all()
    assert evaluate_visits(problem, outcome.plan).visits == on.sum()
