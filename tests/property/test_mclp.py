import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from planners.contract import Budget
from planners.posts.build import build_mclp
from planners.posts.check import check_mclp
from planners.posts.interchange import solve_interchange
from planners.posts.mclp import solve_mclp
from planners.posts.problem import MclpProblem
from planners.posts.reduce import reduce_mclp


@st.composite
def problems(draw: st.DrawFn) -> MclpProblem:
    demand, sites = draw(st.integers(2, 12)), draw(st.integers(2, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    travel = rng.integers(0, 12, (demand, sites)).astype(float)
    travel[rng.random((demand, sites)) < 0.15] = np.inf
    travel[0, 0] = 0.0
    weights = rng.integers(0, 6, demand).astype(float) if draw(st.booleans()) else rng.random(demand)
    weights[0] += 1.0
    order = rng.permutation(np.arange(1, sites))
    fixed = order[: draw(st.integers(0, min(2, sites - 1)))]
    closed = order[len(fixed) : len(fixed) + draw(st.integers(0, min(2, sites - 1 - len(fixed))))]
    p = draw(st.integers(max(1, len(fixed)), sites - len(closed)))
    return build_mclp(
        travel, weights=weights, site_keys=[f"s{i}" for i in range(sites)], p=p,
        radius_seconds=draw(st.sampled_from([0.0, 2.0, 4.0])), fixed=fixed.tolist(), closed=closed.tolist(),
    )  # fmt: skip


def brute(problem: MclpProblem) -> float:
    best = 0.0
    must, may = set(problem.fixed.tolist()), set(range(problem.sites)) - set(problem.closed.tolist())
    starts, sites = problem.coverage.indptr, problem.coverage.sites
    rows = [set(sites[starts[i] : starts[i + 1]].tolist()) for i in range(problem.demand)]
    for chosen in itertools.combinations(sorted(may), problem.p):
        if must <= set(chosen):
            best = max(best, math.fsum(problem.weights[i] for i, row in enumerate(rows) if row & set(chosen)))
    return best


@given(problems())
@settings(max_examples=80, deadline=None)
def test_exact_equals_brute_force_and_its_bound_is_tight(problem: MclpProblem) -> None:
    outcome = solve_mclp(problem, Budget())
    wanted = brute(problem)
    assert math.isclose(outcome.objective, wanted, rel_tol=1e-9, abs_tol=1e-9)
    assert check_mclp(problem, outcome.plan) == outcome.objective
    assert outcome.bound is not None
    assert outcome.objective <= outcome.bound <= wanted + 1e-6


@given(problems())
@settings(max_examples=80, deadline=None)
def test_exchange_is_within_its_guarantee_and_its_bound_holds(problem: MclpProblem) -> None:
    outcome = solve_interchange(problem, Budget(iterations=1))
    wanted = brute(problem)
    assert outcome.objective == check_mclp(problem, outcome.plan)
    assert outcome.objective >= (1 - 1 / math.e) * wanted - 1e-9
    assert outcome.bound is not None
    assert outcome.bound >= wanted - 1e-9


@given(problems())
@settings(max_examples=40, deadline=None)
def test_one_more_post_is_never_worse(problem: MclpProblem) -> None:
    if problem.p >= problem.sites - len(problem.closed):
        return
    more = MclpProblem(
        coverage=problem.coverage, weights=problem.weights, site_keys=problem.site_keys, p=problem.p + 1,
        fixed=problem.fixed, closed=problem.closed,
    )  # fmt: skip
    assert solve_mclp(more, Budget()).objective >= solve_mclp(problem, Budget()).objective - 1e-9


@given(problems(), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_the_order_of_demand_changes_nothing(problem: MclpProblem, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(problem.demand)
    coverage, far = problem.coverage, problem.coverage.radius_seconds + 1
    travel = np.full((problem.demand, problem.sites), far)
    travel[coverage.row_of_pair(), coverage.sites] = coverage.seconds
    mixed = build_mclp(
        travel[order], weights=problem.weights[order], site_keys=problem.site_keys, p=problem.p,
        radius_seconds=coverage.radius_seconds, fixed=problem.fixed.tolist(), closed=problem.closed.tolist(),
    )  # fmt: skip
    one, other = reduce_mclp(problem), reduce_mclp(mixed)
    assert one.sites.tolist() == other.sites.tolist()
    assert one.weights.tolist() == other.weights.tolist()
    first, second = solve_mclp(problem, Budget()), solve_mclp(mixed, Budget())
    assert first.plan.sites.tolist() == second.plan.sites.tolist()
    assert first.objective == second.objective
