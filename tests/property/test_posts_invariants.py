"""What holds for every problem of posts: more posts are never worse, order and place change nothing."""

import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from planners.contract import Budget
from planners.posts.allocation import build_allocation
from planners.posts.build import build_mclp
from planners.posts.mclp import solve_mclp
from planners.posts.p_center import solve_p_center
from planners.posts.p_median import solve_p_median

seeds = st.integers(0, 2**32 - 1)
SITES = 7


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 64, (12, 2)) / 2, rng.integers(0, 64, (SITES, 2)) / 2, rng.integers(1, 9, 12).astype(float)


def values(demand: np.ndarray, sites: np.ndarray, weights: np.ndarray, p: int) -> tuple[float, float, float]:
    seconds = np.abs(demand[:, None, :] - sites[None, :, :]).sum(axis=2)
    keys = [f"s{j}" for j in range(len(sites))]
    cover = build_mclp(seconds, weights=weights, site_keys=keys, p=p, radius_seconds=float(np.median(seconds)))
    near = build_allocation(seconds, weights=weights, site_keys=keys, p=p)
    outcomes = (solve_mclp(cover, Budget()), solve_p_median(near, Budget()), solve_p_center(near, Budget()))
    assert all(outcome.proved for outcome in outcomes)
    first, second, third = (outcome.objective for outcome in outcomes)
    return first, second, third


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_more_posts_are_never_worse(seed: int) -> None:
    by_posts = [values(*drawn(seed), p) for p in (1, 2, 4, SITES)]
    for fewer, more in itertools.pairwise(by_posts):
        assert more[0] >= fewer[0]
        assert more[1] <= fewer[1]
        assert more[2] <= fewer[2]


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_order_and_place_change_nothing(seed: int) -> None:
    demand, sites, weights = drawn(seed)
    before, rng = values(demand, sites, weights, 3), np.random.default_rng(seed)
    rows, columns = rng.permutation(len(demand)), rng.permutation(SITES)
    assert values(demand[rows], sites[columns], weights[rows], 3) == before
    by = np.array([512.0, -256.0])
    assert values(demand + by, sites + by, weights, 3) == before


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_a_first_plan_covers_a_known_share_and_its_bound_holds(seed: int) -> None:
    demand, sites, weights = drawn(seed)
    seconds = np.abs(demand[:, None, :] - sites[None, :, :]).sum(axis=2)
    keys = [f"s{j}" for j in range(SITES)]
    problem = build_mclp(seconds, weights=weights, site_keys=keys, p=3, radius_seconds=float(np.median(seconds)))
    stopped, best = solve_mclp(problem, Budget(), observe=lambda _: False), solve_mclp(problem, Budget())
    assert stopped.objective >= (1 - 1 / math.e) * best.objective
    assert stopped.bound is not None
    assert stopped.bound >= best.objective >= stopped.objective
