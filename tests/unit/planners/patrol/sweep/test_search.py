"""The local search and the populations of sweeps, against costs worked out anew."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

from planners.contract import Budget, Progress, Termination
from planners.patrol.sweep import islands as islands_module
from planners.patrol.sweep.check import check_sweep
from planners.patrol.sweep.evolve import Draft, Population, spots_of
from planners.patrol.sweep.ground import Ground, ground_of
from planners.patrol.sweep.islands import Island, Islands
from planners.patrol.sweep.problem import SweepProblem
from planners.patrol.sweep.routes import TASK, Rules, empty_routes, penalised
from planners.patrol.sweep.search import improve
from planners.patrol.sweep.solve import solve_sweep
from planners.patrol.sweep.split import split
from planners.patrol.sweep.walk import walked


def streets(seed: int, *, nodes: int = 9, chords: int = 8, capacity: int | None = 9) -> SweepProblem:
    """A ring of one way that reaches every node, and chords of two ways; all chords and some of the ring are swept."""
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i, j in itertools.combinations(range(nodes), 2) if j - i not in (1, nodes - 1)]
    ends = [pairs[k] for k in rng.choice(len(pairs), chords, replace=False).tolist()]
    tails = [*range(nodes), *(a for pair in ends for a in pair)]
    heads = [*((i + 1) % nodes for i in range(nodes)), *(b for a, c in ends for b in (c, a))]
    cost = rng.integers(1, 30, len(tails))
    rows = [(i, -1) for i in range(3)] + [(nodes + 2 * k, nodes + 2 * k + 1) for k in range(chords)]
    serve = np.array([(cost[a] + 3, cost[max(b, 0)] + 5) for a, b in rows])
    return SweepProblem(
        nodes=nodes, tails=np.array(tails), heads=np.array(heads), cost=cost, task_keys=tuple(str(k) for k in range(len(rows))),
        task_arcs=np.array(rows), serve=serve, demand=rng.integers(1, 5, len(rows)), depot=0, capacity=capacity,
        street_arcs=np.zeros(0, np.int32),
    )  # fmt: skip


def cost_of(route: list[int], ground: Ground) -> int:
    """Return the least cost of a route by trying every side of every street."""
    if not route:
        return 0
    depot = len(ground.dist) - 2
    best = None
    for sides in itertools.product((0, 1), repeat=len(route)):
        modes = [2 * task + side for task, side in zip(route, sides, strict=True)]
        way = sum(int(ground.dist[a, b]) for a, b in itertools.pairwise([depot, *modes, depot]))
        cost = way + sum(int(ground.serve[mode]) for mode in modes)
        best = cost if best is None else min(best, cost)
    assert best is not None
    return best


def improved(ground: Ground, rules: Rules, seed: int) -> list[list[int]]:
    tasks = len(ground.demand) - 1
    rng = np.random.default_rng(seed)
    work = empty_routes(6, tasks)
    split(rng.permutation(tasks), work, ground, rules)
    improve(rng.permutation(tasks), work, ground, rules, np.zeros(1, np.int64))
    return [work.cell[r, 1 : n + 1, TASK].tolist() for r, n in enumerate(work.line[:, 0].tolist())]


@pytest.mark.parametrize("seed", range(4))
def test_no_move_that_was_passed_over_would_have_helped(seed: int) -> None:
    problem = streets(seed)
    ground = ground_of(problem)
    rules = Rules(9, 1 << 40, 4.0, 1.0)
    routes = improved(ground, rules, seed)
    assert sorted(task for route in routes for task in route) == list(range(problem.tasks))

    def price(route: list[int]) -> float:
        over = max(0, sum(int(ground.demand[task]) for task in route) - rules.capacity)
        return cost_of(route, ground) + rules.load_price * over

    prices = [price(route) for route in routes]
    for u, one in enumerate(routes):
        for first, size in itertools.product(range(len(one)), (1, 2, 3)):
            moved = one[first : first + size]
            if len(moved) < size:
                continue
            rest = one[:first] + one[first + size :]
            for v, other in enumerate(routes):
                there = rest if v == u else other
                for at, chain in itertools.product(range(len(there) + 1), (moved, moved[::-1])):
                    joined = [*there[:at], *chain, *there[at:]]
                    before = prices[u] + (0 if v == u else prices[v])
                    after = price(joined) + (0 if v == u else price(rest))
                    assert after >= before - 1e-6, (u, first, size, v, at)


def test_a_member_costs_what_its_walk_costs() -> None:
    problem = streets(11, capacity=12)
    ground = ground_of(problem)
    population = Population.begin(ground, most=6, capacity=12, limit=None, seed=2)
    members: list[Draft] = [population.first()]

    def noted(draft: Draft) -> bool:
        members.append(draft)
        return False

    for _ in range(40):
        population.step(noted)
    kept = [draft for draft in members if population.keeps(draft)]
    assert kept
    for draft in kept:
        assert check_sweep(problem, walked(problem, ground, draft.routes)) == draft.total
        assert sorted(draft.order.tolist()) == list(range(problem.tasks))


def test_prices_of_routes_add_up_exactly() -> None:
    # Sums that are rounded let a move and its undoing both seem better, on streets where costs are milliseconds.
    problem = streets(1)
    population = Population.begin(ground_of(problem), most=3, capacity=9, limit=None, seed=1)
    rng = np.random.default_rng(5)
    for step in range(30):
        population.kept = [(step % 7 > 4, step % 3 > 1)] * 10
        population.adapt(fast=True)
        rules = Rules(20_000_000, 3_000_000, 10 * population.load_price, 10 * population.cost_price)
        pairs = [(int(a), int(b)) for a, b in rng.integers(1, 60_000_000, (6, 2))]
        exact = sum(
            cost + Fraction(rules.load_price) * max(0, load - rules.capacity) + Fraction(rules.cost_price) * max(0, cost - rules.limit)
            for cost, load in pairs
        )  # fmt: skip
        assert Fraction(sum(penalised(cost, load, rules) for cost, load in pairs)) == exact


def test_the_plan_does_not_depend_on_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("EPOCH", 20), ("GIFTS", 2), ("AGE", 10)):
        monkeypatch.setattr(islands_module, name, value)
    problem = streets(3, nodes=14, chords=14)
    ground = ground_of(problem)
    found = []
    for threads in (1, 2):
        stop = np.zeros(1, np.int64)
        with ThreadPoolExecutor(threads) as pool:
            members = [
                Island(problem, Population.begin(ground, most=8, capacity=9, limit=None, seed=(4, number), stop=stop))
                for number in range(2)
            ]
            islands = Islands(members, pool, stop)
            islands.search(lambda: True, iterations=240)
            islands.share()
        assert islands.born == 240
        assert islands.best is not None
        assert [island.value for island in members] == [islands.value] * 2
        found.append((islands.value, islands.best.routes))
    assert found[0] == found[1]


def test_a_stop_inside_an_improvement_leaves_whole_routes() -> None:
    problem = streets(5, capacity=None)
    ground = ground_of(problem)
    stopped = Population.begin(ground, most=3, capacity=None, limit=None, seed=1, stop=np.ones(1, np.int64)).first()
    whole = Population.begin(ground, most=3, capacity=None, limit=None, seed=1).first()
    for draft in (stopped, whole):
        assert check_sweep(problem, walked(problem, ground, draft.routes)) == draft.total
    assert whole.total < stopped.total


def test_nothing_is_asked_after_a_stop() -> None:
    asked: list[Progress] = []

    def observe(progress: Progress) -> bool:
        assert not any(one.objective is not None for one in asked)
        asked.append(progress)
        return progress.objective is None

    outcome = solve_sweep(streets(7, nodes=14, chords=14), Budget(iterations=5000), observe=observe)
    assert outcome.termination is Termination.CANCELLED
    assert asked[-1].objective is not None


def test_the_bound_is_proved_beside_a_search_with_a_clock() -> None:
    problem = streets(2, nodes=12, chords=12)
    told: list[Progress] = []

    def observe(progress: Progress) -> bool:
        told.append(progress)
        return not (progress.bound is not None and progress.share is not None and progress.objective is not None)

    outcome = solve_sweep(problem, Budget(seconds=60.0), observe=observe)
    assert outcome.bound is not None
    assert outcome.bound <= outcome.objective == check_sweep(problem, outcome.plan)
    assert any(one.bound is not None for one in told)


def test_an_observer_that_raises_ends_every_thread() -> None:
    def observe(progress: Progress) -> bool:
        if progress.objective is not None:
            raise RuntimeError("enough")
        return True

    with pytest.raises(RuntimeError, match="enough"):
        solve_sweep(streets(2, nodes=12, chords=12), Budget(seconds=600.0), observe=observe)


def test_streets_lie_as_far_apart_as_the_ways_between_them() -> None:
    places = np.array([(3.0, 4.0), (-6.0, 8.0), (0.0, -10.0), (8.0, 0.0), (0.0, 0.0)])
    close = np.linalg.norm(places[:, None] - places[None], axis=2) * 1000
    spots = spots_of(close.astype(np.int64))
    assert np.linalg.norm(spots, axis=1) == pytest.approx([5000, 10_000, 10_000, 8000], rel=1e-2)
    assert np.linalg.norm(spots[0] - spots[1]) == pytest.approx(np.hypot(9, 4) * 1000, rel=1e-2)
