"""Budgets, capacities, levels, hours, scenarios, matching and fronts against brute force."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from geo.errors import InfeasibleError
from planners.contract import Budget
from planners.posts.allocation import allocate, build_allocation
from planners.posts.build import build_coverage, build_mclp
from planners.posts.capacity import CapacityProblem, check_capacity, solve_capacity
from planners.posts.hierarchy import HierarchyProblem, check_hierarchy, solve_hierarchy
from planners.posts.lscp import LscpProblem, check_lscp, solve_lscp
from planners.posts.matching import MatchingProblem, check_matching, solve_matching
from planners.posts.pareto import aims_of, solve_front
from planners.posts.robust import RobustProblem, scenario_shares, solve_robust
from planners.posts.site_budget import SiteBudgetProblem, check_site_budget, solve_site_budget
from planners.posts.timed import beside, build_timed_cover
from planners.posts.value_of_one_more import closing_order, opening_order, value_curve

seeds = st.integers(0, 2**32 - 1)
NONE = np.zeros(0, np.int32)


def keys(count: int) -> tuple[str, ...]:
    return tuple(f"s{i}" for i in range(count))


def subsets(count: int) -> list[tuple[int, ...]]:
    return [s for size in range(1, count + 1) for s in itertools.combinations(range(count), size)]


@given(seeds)
@settings(max_examples=50, deadline=None)
def test_cheapest_cover_equals_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    travel, costs = rng.integers(0, 10, (12, 7)).astype(float), rng.integers(1, 6, 7) / rng.choice([1.0, 3.0])
    coverage = build_coverage(travel, demand=12, sites=7, radius_seconds=3.0)
    near = travel <= 3
    if not near.any():
        return
    fixed = rng.choice(7, int(rng.integers(0, 2)), replace=False).astype(np.int32)
    problem = LscpProblem(coverage=coverage, site_keys=keys(7), fixed=fixed, closed=NONE, costs=costs)
    wanted = min(
        costs[list(s)].sum()
        for s in subsets(7)
        if set(fixed.tolist()) <= set(s) and (near[:, s].any(axis=1) | ~near.any(axis=1)).all()
    )
    outcome = solve_lscp(problem, Budget())
    assert outcome.objective == check_lscp(problem, outcome.plan) == pytest.approx(wanted)
    assert outcome.bound == pytest.approx(wanted, rel=1e-6)


@given(seeds)
@settings(max_examples=50, deadline=None)
def test_budget_equals_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    travel, costs = rng.integers(0, 10, (12, 7)).astype(float), rng.integers(1, 9, 7).astype(float)
    weights = rng.integers(1, 6, 12).astype(float) if seed % 2 else rng.random(12) + 0.1
    travel[0, 0] = 0
    money = float(rng.integers(1, 20))
    fixed = rng.choice(7, int(rng.integers(0, 2)), replace=False).astype(np.int32)
    plans = [s for s in subsets(7) if costs[list(s)].sum() <= money and set(fixed.tolist()) <= set(s)]
    coverage = build_coverage(travel, demand=12, sites=7, radius_seconds=3.0)
    common = {"coverage": coverage, "weights": weights, "site_keys": keys(7), "costs": costs, "budget": money}
    if not plans:
        with pytest.raises(InfeasibleError):
            SiteBudgetProblem(**common, fixed=fixed, closed=NONE)
        return
    problem = SiteBudgetProblem(**common, fixed=fixed, closed=NONE)
    wanted = max(float(weights[(travel[:, s] <= 3).any(axis=1)].sum()) for s in plans)
    outcome = solve_site_budget(problem, Budget())
    assert outcome.objective == check_site_budget(problem, outcome.plan) == pytest.approx(wanted)
    assert outcome.bound == pytest.approx(wanted, rel=1e-6)
    first = solve_site_budget(problem, Budget(), observe=lambda _: False)
    assert first.objective >= (1 - 1 / math.e) / 2 * wanted - 1e-9
    assert first.bound is not None
    assert first.bound >= wanted - 1e-9


@given(seeds, st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_capacities_equal_brute_force(seed: int, median: bool, split: bool) -> None:
    rng = np.random.default_rng(seed)
    n, m, p = 5, 4, 2
    travel, weights = rng.integers(0, 9, (n, m)).astype(float), rng.integers(1, 5, n).astype(float)
    capacities = rng.integers(1, 12, m).astype(float)
    limit = None if median else 4.0

    def assigned(chosen: tuple[int, ...]) -> float | None:
        best = None
        for who in itertools.product([*chosen, -1], repeat=n):
            load = np.zeros(m)
            value = 0.0
            for i, j in enumerate(who):
                if j >= 0:
                    load[j] += weights[i]
                    value += weights[i] * (travel[i, j] if median else float(travel[i, j] <= 4))
            if (load <= capacities).all() and not (median and -1 in who):
                best = value if best is None else (min(best, value) if median else max(best, value))
        return best

    found = [v for s in itertools.combinations(range(m), p) if (v := assigned(s)) is not None]
    wanted = (min(found) if median else max(found)) if found else None
    try:
        problem = CapacityProblem(
            seconds=travel, weights=weights, capacities=capacities, site_keys=keys(m), p=p, fixed=NONE, closed=NONE,
            radius_seconds=limit, split=split,
        )  # fmt: skip
        outcome = solve_capacity(problem, Budget())
    except InfeasibleError:
        assert wanted is None
        return
    assert check_capacity(problem, outcome.plan) == outcome.objective
    assert outcome.bound == pytest.approx(outcome.objective, abs=1e-6)
    if not split:
        assert wanted is not None
        assert outcome.objective == pytest.approx(wanted)
    elif wanted is not None:
        assert outcome.objective <= wanted + 1e-6 if median else outcome.objective >= wanted - 1e-6


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_levels_equal_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, tables, levels = rng.integers(1, 6, 8).astype(float), [], []
    for size, radius, p in ((4, 2.0, 2), (3, 4.0, 1)):
        travel = rng.integers(0, 8, (8, size)).astype(float)
        travel[0, 0] = 0
        tables.append((travel <= radius, p))
        levels.append(build_mclp(travel, weights=weights, site_keys=keys(size), p=p, radius_seconds=radius))
    alone = (float(rng.integers(0, 2)), float(rng.integers(0, 2)))
    problem = HierarchyProblem(levels=tuple(levels), names=("1", "3"), alone=alone, together=1.0)
    wanted = 0.0
    for s in itertools.combinations(range(4), 2):
        for t in range(3):
            one, other = tables[0][0][:, s].any(axis=1), tables[1][0][:, t]
            value = weights @ (one & other) + alone[0] * weights @ one + alone[1] * weights @ other
            wanted = max(wanted, float(value))
    outcome = solve_hierarchy(problem, Budget())
    assert outcome.objective == check_hierarchy(problem, outcome.plan) == pytest.approx(wanted)
    assert outcome.bound == pytest.approx(wanted, rel=1e-6)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_hours_equal_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m, hours = 6, 5, 4
    travels = [rng.integers(0, 8, (n, m)).astype(float) for _ in range(2)]
    travels[0][0, 0] = 0
    which, stands = rng.integers(0, 2, hours), rng.random((m, hours)) < 0.7
    which[0], stands[0, 0] = 0, True
    weights = rng.integers(0, 4, (n, hours)).astype(float)
    weights[0, 0] += 1
    coverages = [build_coverage(t, demand=n, sites=m, radius_seconds=3.0) for t in travels]
    timed = build_timed_cover(
        coverages, weights=weights, site_keys=keys(m), p=2, coverage_of_hour=which, open_hours=stands
    )
    wanted, best = 0.0, ()
    for s in itertools.combinations(range(m), 2):
        value = sum(
            weights[i, h]
            for h in range(hours)
            for i in range(n)
            if any(stands[j, h] and travels[which[h]][i, j] <= 3 for j in s)
        )
        if value > wanted:
            wanted, best = float(value), s
    from planners.posts.mclp import solve_mclp

    outcome = solve_mclp(timed.problem, Budget())
    assert outcome.objective == pytest.approx(wanted)
    shares = timed.share_by_hour(outcome.plan)
    assert np.nansum(shares * weights.sum(axis=0)) == pytest.approx(wanted)
    assert len(best) == 2


def test_profiles_stand_side_by_side() -> None:
    car, foot = np.array([[1.0, 9.0], [9.0, 2.0]]), np.array([[5.0], [1.0]])
    both = beside([build_coverage(t, demand=2, sites=t.shape[1], radius_seconds=3.0) for t in (car, foot)])
    assert both.count == 3
    assert both.indptr.tolist() == [0, 1, 3]
    assert both.sites.tolist() == [0, 1, 2]
    assert both.nearest_seconds.tolist() == [1.0, 1.0]


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_the_worst_scenario_is_bounded_and_as_said(seed: int) -> None:
    rng = np.random.default_rng(seed)
    travel = rng.integers(0, 10, (10, 6)).astype(float)
    travel[0, 0] = 0
    scenarios = rng.integers(0, 5, (3, 10)).astype(float)
    scenarios[:, 0] += 1
    problem = RobustProblem(
        problem=build_mclp(travel, weights=np.ones(10), site_keys=keys(6), p=2, radius_seconds=3.0), weights=scenarios,
        names=("spring", "day", "night"),
    )  # fmt: skip
    shares = [
        (scenarios[:, (travel[:, s] <= 3).any(axis=1)].sum(axis=1) / scenarios.sum(axis=1)).min()
        for s in itertools.combinations(range(6), 2)
    ]
    outcome = solve_robust(problem, Budget(iterations=12))
    assert outcome.bound is not None
    assert outcome.objective <= max(shares) + 1e-9 <= outcome.bound + 2e-9
    assert scenario_shares(problem, outcome.plan).min() == outcome.objective


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_matching_equals_the_hungarian_method(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = 5, 4
    costs, room = rng.integers(0, 20, (n, m)).astype(float), rng.integers(1, 4, m)
    needed = np.ones(n, np.int32)
    if room.sum() < n:
        with pytest.raises(InfeasibleError, match="can take"):
            MatchingProblem(costs=costs, needed=needed, room=room)
        return
    problem = MatchingProblem(costs=costs, needed=needed, room=room)
    many = np.repeat(costs, room, axis=1)
    rows, columns = linear_sum_assignment(many)
    outcome = solve_matching(problem, Budget())
    assert outcome.objective == check_matching(problem, outcome.plan) == pytest.approx(many[rows, columns].sum())
    assert outcome.bound == pytest.approx(outcome.objective)


@given(seeds)
@settings(max_examples=12, deadline=None)
def test_no_plan_beats_a_bound_of_the_front_and_no_point_another(seed: int) -> None:
    rng = np.random.default_rng(seed)
    travel, weights = rng.integers(1, 30, (9, 7)).astype(float), rng.integers(1, 5, 9).astype(float)
    problem = build_allocation(travel, weights=weights, site_keys=keys(7), p=3)
    front = solve_front(problem, radius_seconds=8.0, levels=2, budget=Budget())
    assert front.complete
    every = [
        aims_of(problem, allocate(problem, s), radius_seconds=8.0, scale_seconds=4.0)
        for s in itertools.combinations(range(7), 3)
    ]
    for point in front.points:
        assert not any(
            all(a <= b + 1e-12 for a, b in zip(o.aims.as_costs(), point.aims.as_costs(), strict=True))
            and o is not point
            for o in front.points
        )
        if point.question == "mean with coverage":
            held = [a.mean_seconds for a in every if a.covered_share >= point.limit - 1e-9]
        elif point.question == "mean with worst":
            held = [a.mean_seconds for a in every if a.worst_seconds <= point.limit + 1e-9]
        else:
            which = {"coverage": 0, "mean": 1, "worst": 2, "equity": 3}[point.question]
            held = [a.as_costs()[which] for a in every]
            value = point.aims.as_costs()[which]
            assert value == pytest.approx(min(held), abs=1e-6)
            continue
        assert point.bound <= min(held) * (1 + 1e-6)
        assert point.value >= min(held) - 1e-6


def test_curves_and_orders_by_hand() -> None:
    travel = np.array([[0, 9, 9], [0, 9, 9], [9, 0, 9], [9, 9, 0], [9, 0, 0]], dtype=float)
    problem = build_mclp(travel, weights=[4, 3, 2, 1, 1], site_keys=["a", "b", "c"], p=3, radius_seconds=1.0)
    weekly = np.array([[4, 3, 0, 1, 1], [4, 3, 4, 1, 1]], dtype=float) / 2
    curve = value_curve(problem, posts=[1, 2, 3], budget=Budget(), weekly=weekly)
    assert [point.share.value for point in curve] == pytest.approx([7 / 11, 10 / 11, 1.0])
    assert [point.bound_share for point in curve] == pytest.approx([7 / 11, 10 / 11, 1.0])
    assert curve[1].gain is not None
    assert curve[1].gain.value == pytest.approx(3 / 11)
    # Weeks of 9 and 13: with site b the share gained is 1/9 in the first, 5/13 in the second.
    assert curve[1].gain.low == pytest.approx(1 / 9)
    assert curve[1].gain.high == pytest.approx(5 / 13)
    steps = closing_order(problem, curve[2].outcome.plan, count=2, weekly=weekly)
    assert [step.site for step in steps] == [2, 1]
    assert steps[0].change.value == pytest.approx(-1 / 11)
    assert steps[1].share_after == pytest.approx(7 / 11)
    opened = opening_order(problem, curve[0].outcome.plan, count=1)
    assert [step.site for step in opened] == [1]
    assert opened[0].change.low is None
