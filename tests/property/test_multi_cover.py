"""Backup covering and busy units against brute force."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planners.contract import Budget
from planners.posts.backup import backup_worth
from planners.posts.build import build_coverage
from planners.posts.busy import busy_worth
from planners.posts.cover_dual import concave_slopes
from planners.posts.mclp import solve_mclp
from planners.posts.multi_cover import MultiCoverProblem, build_multi_cover, check_multi_cover, solve_multi_cover
from planners.posts.problem import MclpProblem


@st.composite
def problems(draw: st.DrawFn) -> MultiCoverProblem:
    demand, sites = draw(st.integers(1, 10)), draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    travel = rng.integers(0, 10, (demand, sites)).astype(float)
    travel[0, 0] = 0.0
    most = draw(st.integers(1, 2))
    order = rng.permutation(np.arange(1, sites))
    fixed = order[: draw(st.integers(0, 1))]
    closed = order[len(fixed) : len(fixed) + draw(st.integers(0, 1))] if sites > 2 else order[:0]
    p = draw(st.integers(max(1, len(fixed)), min(5, most * (sites - len(closed)))))
    worth = draw(
        st.sampled_from(
            [
                backup_worth(),
                backup_worth(first_share=0.0),
                backup_worth(k=3, first_share=0.2),
                busy_worth(0.4, units=p),
                np.ones(1),
            ]
        )
    )
    weights = rng.integers(0, 6, demand).astype(float) if draw(st.booleans()) else rng.random(demand)
    weights[0] += 1
    return build_multi_cover(
        build_coverage(travel, demand=demand, sites=sites, radius_seconds=4.0, closed=closed.tolist()),
        weights=weights, worth=worth, site_keys=[f"s{i}" for i in range(sites)], p=p, most_at_a_site=most,
        fixed=fixed.tolist(), closed=closed.tolist(),
    )  # fmt: skip


def brute(problem: MultiCoverProblem) -> float:
    best, coverage = 0.0, problem.coverage
    rows = [coverage.sites[coverage.indptr[i] : coverage.indptr[i + 1]].tolist() for i in range(coverage.rows)]
    summed = [0.0, *np.cumsum(problem.worth).tolist()]
    choices = [range(problem.most_at_a_site + 1 if ok else 1) for ok in problem.usable]
    for units in itertools.product(*choices):
        if sum(units) == problem.p and all(units[j] for j in problem.fixed.tolist()):
            times = [sum(units[j] for j in row) for row in rows]
            value = math.fsum(w * summed[min(t, len(summed) - 1)] for w, t in zip(problem.weights, times, strict=True))
            best = max(best, value)
    return best


@given(problems())
@settings(max_examples=80, deadline=None)
def test_exact_equals_brute_force_and_its_bound_holds(problem: MultiCoverProblem) -> None:
    outcome, wanted = solve_multi_cover(problem, Budget()), brute(problem)
    assert outcome.objective == pytest.approx(wanted)
    assert check_multi_cover(problem, outcome.plan) == outcome.objective
    assert outcome.bound is not None
    assert outcome.objective <= outcome.bound <= wanted * (1 + 1e-6) + 1e-9


@given(problems())
@settings(max_examples=40, deadline=None)
def test_stopped_at_once_the_bound_still_holds(problem: MultiCoverProblem) -> None:
    outcome = solve_multi_cover(problem, Budget(iterations=1))
    assert outcome.bound is not None
    assert outcome.bound >= brute(problem) - 1e-9
    stopped = solve_multi_cover(problem, Budget(), observe=lambda _: False)
    assert stopped.bound is not None
    assert stopped.bound >= brute(problem) - 1e-9


@given(problems())
@settings(max_examples=30, deadline=None)
def test_units_that_are_never_busy_are_maximal_covering(problem: MultiCoverProblem) -> None:
    once = build_multi_cover(
        problem.coverage, weights=problem.weights, worth=busy_worth(0.0, units=problem.p), site_keys=problem.site_keys,
        p=min(problem.p, int(problem.usable.sum())), fixed=problem.fixed.tolist(), closed=problem.closed.tolist(),
    )  # fmt: skip
    plain = MclpProblem(
        coverage=problem.coverage, weights=problem.weights, site_keys=problem.site_keys, p=once.p,
        fixed=problem.fixed, closed=problem.closed,
    )  # fmt: skip
    assert solve_multi_cover(once, Budget()).objective == pytest.approx(solve_mclp(plain, Budget()).objective)


@given(st.lists(st.floats(0, 9), min_size=1, max_size=7))
def test_concave_slopes_fall_and_are_never_below(worth: list[float]) -> None:
    slopes = concave_slopes(np.array(worth))
    assert (np.diff(slopes) <= 1e-9).all()
    assert (np.cumsum(slopes) >= np.cumsum(worth) - 1e-9).all()
    assert slopes.sum() == pytest.approx(sum(worth))
