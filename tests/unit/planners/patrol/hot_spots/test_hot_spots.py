"""Hot-spot tours against all tours of small problems, the bound, repeatability, refusals; a public optimum."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import CheckError, InfeasibleError, InputError, ParameterError
from planners.contract import Budget, Termination
from planners.patrol.hot_spots.bound import bound_prize
from planners.patrol.hot_spots.pack import best_disjoint
from planners.patrol.hot_spots.problem import HotSpotPlan, HotSpotProblem, check_hot_spots, tour_seconds
from planners.patrol.hot_spots.solve import solve_hot_spots

SHARED = Path(__file__).resolve().parents[6] / "shared" / "data" / "bench" / "top" / "chao_top.tar.xz"


def town(spots: int, *, seed: int, units: int, limit: float, one_way: bool = False) -> HotSpotProblem:
    rng = np.random.default_rng(seed)
    xy = rng.random((spots + 2, 2)) * 100
    seconds = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    if one_way:
        # Heights: uphill takes longer, and the triangle inequality stays.
        seconds = seconds + np.maximum(0, np.subtract.outer(*(rng.random(spots + 2) * 20,) * 2)).T
    dwell = np.r_[0.0, rng.integers(1, 10, spots), 0.0]
    prize = np.r_[0.0, rng.integers(1, 20, spots), 0.0]
    return HotSpotProblem(
        keys=tuple(f"S{i}" for i in range(spots + 2)), seconds=seconds, dwell=dwell, prize=prize, units=units,
        limit=float(seconds[0, -1]) + limit, start=0, end=spots + 1,
    )  # fmt: skip


def best_of_all(problem: HotSpotProblem) -> float:
    spots = np.flatnonzero(problem.reachable).tolist()
    worth = {frozenset[int](): 0.0}
    for size in range(1, len(spots) + 1):
        for chosen in itertools.combinations(spots, size):
            if any(tour_seconds(problem, way) <= problem.limit for way in itertools.permutations(chosen)):
                worth[frozenset(chosen)] = float(problem.prize[list(chosen)].sum())
    best = 0.0
    for tours in itertools.combinations_with_replacement(list(worth), problem.units):
        if sum(len(t) for t in tours) == len(frozenset().union(*tours)):
            best = max(best, sum(worth[t] for t in tours))
    return best


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000), units=st.integers(1, 2), limit=st.floats(0, 150), one_way=st.booleans()
)  # fmt: skip
def test_small_problems_are_solved_and_the_bound_holds(seed: int, units: int, limit: float, one_way: bool) -> None:
    problem = town(5, seed=seed, units=units, limit=limit, one_way=one_way)
    outcome = solve_hot_spots(problem, Budget(iterations=250, seed=seed))
    assert outcome.objective == best_of_all(problem)
    assert outcome.bound is not None
    assert outcome.objective <= bound_prize(problem) <= problem.prize.sum()


def test_the_same_seed_gives_the_same_plan_and_more_units_never_less() -> None:
    found = []
    for units in (1, 2, 3):
        problem = town(30, seed=4, units=units, limit=120)
        one, other = (solve_hot_spots(problem, Budget(iterations=500, seed=7)) for _ in range(2))
        assert one.plan == other.plan
        assert check_hot_spots(problem, one.plan) == one.objective
        found.append(one.objective)
    assert found == sorted(found)


def test_time_for_all_is_proved_and_a_stop_keeps_the_best() -> None:
    problem = town(12, seed=1, units=2, limit=5000)
    outcome = solve_hot_spots(problem, Budget(iterations=5000))
    assert outcome.termination is Termination.OPTIMAL
    assert outcome.objective == problem.prize.sum()
    stopped = solve_hot_spots(town(30, seed=4, units=2, limit=120), Budget(seconds=60), observe=lambda _: False)
    assert stopped.termination is Termination.CANCELLED
    assert stopped.objective > 0


def test_the_best_disjoint_tours_are_those_of_all_choices() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        words = rng.integers(1, 2**10, (12, 1)).astype(np.uint64)
        worth = rng.integers(1, 30, 12).astype(float)
        rows = best_disjoint(words, worth, 3, 0.0, 10**6)
        chosen = [r for r in rows.tolist() if r >= 0]
        assert all(not (words[a, 0] & words[b, 0]) for a, b in itertools.combinations(chosen, 2))
        best = max(
            sum(worth[list(way)])
            for size in (1, 2, 3)
            for way in itertools.combinations(range(12), size)
            if all(not (words[a, 0] & words[b, 0]) for a, b in itertools.combinations(way, 2))
        )
        assert sum(worth[chosen]) == best


def test_what_cannot_be_is_named() -> None:
    problem = town(5, seed=1, units=1, limit=50)
    with pytest.raises(CheckError, match="twice"):
        check_hot_spots(problem, HotSpotPlan(tours=((1, 1),)))
    with pytest.raises(CheckError, match="2 tours for 1 units"):
        check_hot_spots(problem, HotSpotPlan(tours=((1,), (2,))))
    with pytest.raises(CheckError, match="above"):
        check_hot_spots(problem, HotSpotPlan(tours=((1, 2, 3, 4, 5),)))
    with pytest.raises(InfeasibleError, match="b is not reached from a within 5"):
        two(limit=5.0)
    with pytest.raises(InputError, match="prize of b"):
        two(prize=-1.0)
    with pytest.raises(ParameterError, match="at least one unit"):
        two(units=0)


def two(*, prize: float = 0.0, units: int = 1, limit: float = 50.0) -> HotSpotProblem:
    return HotSpotProblem(
        keys=("a", "b"), seconds=np.array([[0.0, 9.0], [9.0, 0.0]]), dwell=np.zeros(2), prize=np.array([0.0, prize]),
        units=units, limit=limit, start=0, end=1,
    )  # fmt: skip


@pytest.mark.shared_data
def test_a_published_instance_of_chao_is_solved() -> None:
    if not SHARED.is_file():
        pytest.skip("the data folder is not beside the checkout")
    from benchmarks.routing_instances import chao

    outcome = solve_hot_spots(chao(SHARED, "p4.3.c"), Budget(iterations=5000))
    assert outcome.objective == 193
