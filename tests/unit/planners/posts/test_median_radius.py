import itertools

import numpy as np
import pytest

from planners.contract import Budget
from planners.integer_program import solve_program
from planners.posts.median_radius import radius_program
from planners.posts.neighbours import Neighbours
from planners.posts.p_median import MedianSearch
from planners.posts.quota import Quota
from planners.posts.watch import Watch


def costs_of(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    costs = rng.integers(0, 12, (9, 7)).astype(float)
    return costs if seed % 2 else costs + rng.random((9, 7))


def best(costs: np.ndarray, p: int, fixed: np.ndarray, quota: Quota) -> float:
    must = set(np.flatnonzero(fixed).tolist())
    plans = [s for s in itertools.combinations(range(7), p) if must <= set(s) and quota.met(np.array(s))]
    return min(float(costs[:, s].min(axis=1).sum()) for s in plans)


@pytest.mark.parametrize("seed", range(12))
def test_the_program_by_radii_equals_brute_force(seed: int) -> None:
    costs, rng = costs_of(seed), np.random.default_rng(seed)
    fixed = np.zeros(7, bool)
    fixed[rng.choice(7, seed % 3, replace=False)] = True
    quota = Quota(member=rng.random(7) < 0.5, least=1) if seed % 4 == 3 else Quota.none(7)
    if quota.least and not quota.member.any():
        quota = Quota.none(7)
    program = radius_program(Neighbours.of(costs, p=3), 3, fixed, quota=quota)
    assert program is not None
    answer = solve_program(program, Budget())
    assert answer.values is not None
    sites = np.flatnonzero(answer.values[:7] > 0.5)
    wanted = best(costs, 3, fixed, quota)
    assert costs[:, sites].min(axis=1).sum() == pytest.approx(wanted)
    assert answer.bound == pytest.approx(wanted)
    assert program.costs @ answer.values + program.constant == pytest.approx(wanted)


def test_a_program_that_would_be_large_or_inexact_is_not_made() -> None:
    costs, none = costs_of(1), np.zeros(7, bool)
    assert radius_program(Neighbours.of(costs, p=3), 3, none, quota=Quota.none(7), most_pairs=5) is None
    # Without settled posts each of 14 sites stays on each point's list: too many, however few points there are.
    wide, fourteen = np.arange(28.0).reshape(2, 14), np.zeros(14, bool)
    assert radius_program(Neighbours.of(wide, p=3), 3, fourteen, quota=Quota.none(14)) is None
    fourteen[2] = True
    assert radius_program(Neighbours.of(wide, p=3), 3, fourteen, quota=Quota.none(14)) is not None
    cut = Neighbours(
        **{f: getattr(Neighbours.of(costs, p=3), f) for f in ("starts", "rows", "row_costs")},
        sites=np.argsort(costs, axis=1)[:, :2].astype(np.int32), costs=np.sort(costs, axis=1)[:, :2],
        limit=np.sort(costs, axis=1)[:, 2],
    )  # fmt: skip
    assert radius_program(cut, 3, none, quota=Quota.none(7)) is None


@pytest.mark.parametrize("seed", range(4))
def test_what_the_tree_hands_over_is_finished_exactly(seed: int) -> None:
    costs, none = costs_of(seed), np.zeros(7, bool)
    search = MedianSearch(costs, np.arange(7), Neighbours.of(costs, p=3), 3, none, step=float(seed % 2))
    watch = Watch(began=0.0, budget=Budget(), observe=lambda _: True)
    finish = search.finished(1e9, watch, lean=np.zeros(7))
    assert finish is not None
    assert finish.proved
    assert finish.value == pytest.approx(best(costs, 3, none, Quota.none(7)))
