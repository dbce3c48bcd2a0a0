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
from planners.patrol.hot_spots.insertion import fill
from planners.patrol.hot_spots.pack import best_disjoint
from planners.patrol.hot_spots.problem import HotSpotPlan, HotSpotProblem, check_hot_spots, tour_seconds
from planners.patrol.hot_spots.search import Ground, Tours, adopt, polish, worth_of
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


@pytest.mark.parametrize("units", [2, 3, 4])
def test_the_best_disjoint_tours_are_those_of_all_choices(units: int) -> None:
    rng = np.random.default_rng(units)
    for _ in range(20):
        words = rng.integers(1, 2**9, (12, 1)).astype(np.uint64)
        worth = rng.integers(1, 30, 12).astype(float)
        fresh = rng.random(12) < 0.5
        rows = best_disjoint(words, worth, fresh, units, 0.0, 10**6)
        chosen = [r for r in rows.tolist() if r >= 0]
        assert all(not (words[a, 0] & words[b, 0]) for a, b in itertools.combinations(chosen, 2))
        best = max(
            (
                sum(worth[list(way)])
                for size in range(1, units + 1)
                for way in itertools.combinations(range(12), size)
                if all(not (words[a, 0] & words[b, 0]) for a, b in itertools.combinations(way, 2)) and any(fresh[list(way)])
            ),
            default=0.0,
        )  # fmt: skip
        assert sum(worth[chosen]) == best


def test_places_go_in_where_a_look_at_all_insertions_says() -> None:
    problem = town(25, seed=2, units=2, limit=90, one_way=True)
    legs, limit, prize = problem.legs, problem.limit, problem.prize.copy()
    ways, sizes = np.zeros((2, 29), np.int64), np.zeros(2, np.int64)
    ways[:, 1] = problem.end
    out, lengths = problem.reachable, np.full(2, legs[problem.start, problem.end])
    told = [[problem.start, problem.end] for _ in range(2)]
    assert fill(ways, sizes, lengths, out, prize, legs, limit, np.empty((2, 27)), np.empty((2, 27), np.int64))
    left = set(np.flatnonzero(problem.reachable).tolist())
    while True:
        found = (0.0, -1, -1, -1)
        for place in sorted(left):
            options = [
                (legs[way[j], place] + legs[place, way[j + 1]] - legs[way[j], way[j + 1]], r, j)
                for r, way in enumerate(told) for j in range(len(way) - 1)
            ]  # fmt: skip
            spent = [legs[way[:-1], way[1:]].sum() for way in map(np.array, told)]
            fitting = [option for option in options if spent[option[1]] + option[0] <= limit]
            if fitting:
                cost, r, j = min(fitting)
                found = max(found, (prize[place] / (max(cost, 0.0) + 1e-3), place, r, j), key=lambda item: item[0])
        if found[1] < 0:
            break
        told[found[2]].insert(found[3] + 1, found[1])
        left.remove(found[1])
    assert [way[: size + 2].tolist() for way, size in zip(ways, sizes.tolist(), strict=True)] == told
    assert np.flatnonzero(out).tolist() == sorted(left)
    assert lengths == pytest.approx([legs[way[:-1], way[1:]].sum() for way in map(np.array, told)])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), one_way=st.booleans())
def test_polished_tours_keep_the_limit_and_have_no_room_left(seed: int, one_way: bool) -> None:
    problem = town(20, seed=seed, units=3, limit=60, one_way=one_way)
    legs, prize, n = problem.legs, problem.prize.copy(), len(problem.keys)
    order = np.random.default_rng(seed).permutation(np.flatnonzero(problem.reachable))[:2]
    ways, sizes, out = np.zeros((3, n + 2), np.int64), np.zeros(3, np.int64), problem.reachable
    ways[:, 1] = problem.end
    for r, place in enumerate(order.tolist()):
        ways[r, 1:3], sizes[r], out[place] = [place, problem.end], 1, False
    tours = Tours(ways, sizes, out)
    before = worth_of(tours, prize)
    polish(tours, Ground(prize, legs, np.zeros((n, n), np.int64), problem.limit))
    plan = HotSpotPlan(tours=tuple(tuple(way[1 : k + 1].tolist()) for way, k in zip(ways, sizes.tolist(), strict=True)))
    assert check_hot_spots(problem, plan) == worth_of(tours, prize) >= before
    made = {place for tour in plan.tours for place in tour}
    assert made == set(np.flatnonzero(problem.reachable & ~out).tolist())
    for tour, place in itertools.product(plan.tours, np.flatnonzero(out).tolist()):
        for j in range(len(tour) + 1):
            assert tour_seconds(problem, (*tour[:j], place, *tour[j:])) > problem.limit


def test_a_tour_is_adopted_for_the_one_most_like_it() -> None:
    ways = np.array([[0, 1, 2, 3, 9, 0], [0, 4, 5, 9, 0, 0], [0, 6, 9, 0, 0, 0]])
    out = np.array([False] * 7 + [True, True, False])
    tours = Tours(ways, np.array([3, 2, 1]), out)
    adopt(tours, np.array([0, 3, 2, 7, 4, 9], np.int32), 4)
    held = zip(ways.tolist(), tours.sizes.tolist(), strict=True)
    assert [way[: size + 2] for way, size in held] == [[0, 3, 2, 7, 4, 9], [0, 5, 9], [0, 6, 9]]
    assert np.flatnonzero(out).tolist() == [1, 8]


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
