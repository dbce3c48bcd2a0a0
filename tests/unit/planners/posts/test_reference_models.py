import itertools

import numpy as np
import pytest

from geo.errors import CheckError, InfeasibleError
from planners.contract import Budget, Termination
from planners.posts.allocation import AllocationProblem, allocate, build_allocation, check_allocation
from planners.posts.build import build_coverage
from planners.posts.lscp import LscpProblem, check_lscp, solve_lscp
from planners.posts.p_center import solve_p_center
from planners.posts.p_median import solve_p_median
from planners.posts.plan import PostPlan


def random_problem(seed: int, **options: object) -> AllocationProblem:
    rng = np.random.default_rng(seed)
    travel = rng.integers(0, 60, (12, 7)).astype(float)
    travel[rng.random((12, 7)) < 0.2] = np.inf
    travel[:, 0] = rng.integers(20, 60, 12)
    return build_allocation(travel, weights=rng.integers(0, 9, 12), site_keys="abcdefg", p=3, **options)  # type: ignore[arg-type]


def best(problem: AllocationProblem, which: int) -> float:
    values = [np.inf]
    for sites in itertools.combinations(range(7), 3):
        if set(problem.fixed.tolist()) <= set(sites) and not set(problem.closed.tolist()) & set(sites):
            times = problem.seconds[:, sites].min(axis=1)
            if np.isfinite(times).all():
                values.append(float((times * problem.weights).sum()) if which == 0 else float(times.max()))
    return min(values)


@pytest.mark.parametrize("seed", range(6))
def test_median_and_centre_equal_brute_force(seed: int) -> None:
    for options in ({}, {"fixed": [3]}, {"closed": [4, 5]}):
        problem = random_problem(seed, **options)
        for which, solve in ((0, solve_p_median), (1, solve_p_center)):
            wanted = best(problem, which)
            if not np.isfinite(wanted):
                with pytest.raises(InfeasibleError):
                    solve_p_center(problem, Budget())
                continue
            outcome = solve(problem, Budget())
            assert outcome.objective == pytest.approx(wanted)
            assert check_allocation(problem, outcome.plan)[which] == pytest.approx(wanted)
            assert outcome.bound == pytest.approx(wanted)


def cover(seed: int, **options: list[int]) -> LscpProblem:
    rng = np.random.default_rng(seed)
    travel = rng.integers(0, 10, (14, 8)).astype(float)
    coverage = build_coverage(travel, demand=14, sites=8, radius_seconds=3, closed=options.get("closed", []))
    none = np.zeros(0, np.int32)
    return LscpProblem(
        coverage=coverage,
        site_keys=tuple("abcdefgh"),
        fixed=np.array(options.get("fixed", none), np.int32),
        closed=np.array(options.get("closed", none), np.int32),
    )


@pytest.mark.parametrize("seed", range(5))
def test_set_cover_equals_brute_force(seed: int) -> None:
    for options in ({}, {"fixed": [2]}, {"closed": [1]}):
        problem = cover(seed, **options)
        outcome = solve_lscp(problem, Budget())
        wanted = np.inf
        for size in range(1, 9):
            for sites in itertools.combinations(range(8), size):
                plan = PostPlan(sites=np.array(sites), assignment=np.zeros(14))
                try:
                    wanted = min(wanted, check_lscp(problem, plan))
                except CheckError:
                    continue
        assert outcome.objective == wanted == outcome.bound


def test_a_demand_point_that_nothing_reaches_is_named() -> None:
    with pytest.raises(InfeasibleError, match="No site that may be open reaches b"):
        build_allocation(np.array([[1.0], [np.inf]]), weights=[1, 1], site_keys=["x"], p=1, demand_keys=["a", "b"])


def test_check_refuses_a_wrong_assignment() -> None:
    problem = random_problem(1)
    plan = solve_p_median(problem, Budget()).plan
    wrong = plan.assignment.copy()
    wrong[0] = next(site for site in plan.sites if site != wrong[0])
    with pytest.raises(CheckError, match="nearest open site"):
        check_allocation(problem, PostPlan(sites=plan.sites, assignment=wrong))


def test_a_stop_gives_the_first_plan_and_a_bound() -> None:
    problem = random_problem(2)
    for solve, which in ((solve_p_median, 0), (solve_p_center, 1)):
        outcome = solve(problem, Budget(), observe=lambda _: False)
        assert outcome.termination in (Termination.CANCELLED, Termination.OPTIMAL)
        assert outcome.bound is not None
        assert outcome.bound <= best(problem, which) <= outcome.objective
    assert allocate(problem, [0, 1]).sites.tolist() == [0, 1]
