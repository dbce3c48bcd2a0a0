from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.carp import instances, read_carp
from geo.errors import CheckError, FileError, InfeasibleError, InputError, ParameterError
from planners.contract import Budget, Progress, Termination
from planners.patrol.sweep.bound import bound_sweep
from planners.patrol.sweep.check import check_sweep, evaluate_sweep
from planners.patrol.sweep.plan import SweepPlan, SweepRoute
from planners.patrol.sweep.problem import SweepProblem
from planners.patrol.sweep.reduced import Reduced
from planners.patrol.sweep.solve import solve_sweep

Edge = tuple[int, int, int, int]


def undirected(nodes: int, edges: list[Edge], **options: object) -> SweepProblem:
    """Edges are ends, cost and demand; those of demand 0 are only passed."""
    one, other, cost, demand = np.array(edges).T
    tasks = np.flatnonzero(demand > 0)
    return SweepProblem(
        nodes=nodes, tails=np.concatenate([one, other]), heads=np.concatenate([other, one]), cost=np.concatenate([cost, cost]),
        task_keys=tuple(f"{one[i]}-{other[i]}" for i in tasks), task_arcs=np.stack([tasks, tasks + len(edges)], axis=1),
        serve=np.stack([cost[tasks]] * 2, axis=1), demand=demand[tasks], depot=0, street_arcs=np.zeros(0, np.int32),
        **options,  # type: ignore[arg-type]
    )  # fmt: skip


def mixed(
    nodes: int, arcs: list[tuple[int, int, int]], one_way: list[int], two_way: list[tuple[int, int]]
) -> SweepProblem:
    """Arcs are tail, head and cost; tasks are single arcs, then pairs of arcs."""
    tails, heads, cost = np.array(arcs).T
    rows = [(a, -1) for a in one_way] + list(two_way)
    serve = [(3 * cost[a], 3 * cost[b] if b >= 0 else 0) for a, b in rows]
    return SweepProblem(
        nodes=nodes, tails=tails, heads=heads, cost=cost, task_keys=tuple(f"t{i}" for i in range(len(rows))),
        task_arcs=np.array(rows), serve=np.array(serve), demand=np.ones(len(rows), np.int64), depot=0, vehicles=1,
        street_arcs=np.zeros(0, np.int32),
    )  # fmt: skip


def enumerated(problem: SweepProblem) -> float:
    """Return the least cost by trying all orders, sides and ways to cut an order into routes."""
    n, t = problem.nodes, problem.tasks
    far = np.full((n, n), np.inf)
    np.fill_diagonal(far, 0)
    for tail, head, cost in zip(problem.tails, problem.heads, problem.cost, strict=True):
        far[tail, head] = min(far[tail, head], cost)
    for k in range(n):
        far = np.minimum(far, far[:, [k]] + far[[k], :])
    best = np.inf
    capacity = np.inf if problem.capacity is None else problem.capacity
    sides = [range(1 + (problem.task_arcs[i, 1] >= 0)) for i in range(t)]
    for order in itertools.permutations(range(t)):
        for side in itertools.product(*(sides[i] for i in order)):
            arcs = [int(problem.task_arcs[i, s]) for i, s in zip(order, side, strict=True)]
            serve = [int(problem.serve[i, s]) for i, s in zip(order, side, strict=True)]
            reached = [0.0] + [np.inf] * t
            for start in range(t):
                here, cost, load = problem.depot, 0.0, 0
                for end in range(start, t):
                    load += int(problem.demand[order[end]])
                    if load > capacity:
                        break
                    cost += far[here, problem.tails[arcs[end]]] + serve[end]
                    here = problem.heads[arcs[end]]
                    reached[end + 1] = min(reached[end + 1], reached[start] + cost + far[here, problem.depot])
            best = min(best, reached[t])
    return float(best)


TRIANGLE: list[Edge] = [(0, 1, 1, 1), (1, 2, 1, 1), (2, 0, 1, 1)]


@pytest.mark.parametrize(("capacity", "least"), [(1, 7), (2, 5), (3, 3)])
def test_a_triangle_by_hand(capacity: int, least: int) -> None:
    outcome = solve_sweep(undirected(3, TRIANGLE, capacity=capacity), Budget(iterations=20))
    assert outcome.objective == least
    assert outcome.proved
    assert outcome.termination is Termination.OPTIMAL


def test_a_star_is_driven_out_and_back() -> None:
    star = undirected(5, [(0, i, 10, 1) for i in range(1, 5)], capacity=2)
    outcome = solve_sweep(star, Budget(iterations=20))
    assert outcome.objective == outcome.bound == 80
    assert evaluate_sweep(star, outcome.plan).passing == 40


def test_the_ladder_needs_its_odd_nodes_paired() -> None:
    # Two squares side by side: the two middle nodes have three streets each, so that the middle street is driven twice.
    ladder = undirected(
        6, [(0, 1, 5, 1), (1, 2, 5, 1), (3, 4, 5, 1), (4, 5, 5, 1), (0, 3, 2, 1), (1, 4, 2, 1), (2, 5, 2, 1)]
    )
    outcome = solve_sweep(ladder, Budget(iterations=5))
    assert outcome.objective == 26 + 2
    assert outcome.proved


@pytest.mark.parametrize("seed", range(8))
def test_the_postman_equals_all_orders_tried(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 5
    arcs = [(i, (i + 1) % n, int(rng.integers(1, 9))) for i in range(n)]
    pairs = []
    for one, other in ((0, 2), (1, 3), (2, 4), (0, 3)):
        pairs.append((len(arcs), len(arcs) + 1))
        arcs += [(one, other, int(rng.integers(1, 9))), (other, one, int(rng.integers(1, 9)))]
    two_way = [pairs[i] for i in rng.choice(4, 3, replace=False)]
    one_way = rng.choice(n, 2, replace=False).tolist()
    problem = mixed(n, arcs, one_way, two_way)
    outcome = solve_sweep(problem, Budget(seconds=20.0))
    assert outcome.objective == enumerated(problem)
    assert outcome.bound == outcome.objective


@pytest.mark.parametrize("seed", range(4))
def test_routes_within_a_capacity_equal_all_orders_tried(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    ends = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3)]
    edges = [(a, b, int(rng.integers(1, 12)), int(rng.integers(1, 4)) if i < 5 else 0) for i, (a, b) in enumerate(ends)]
    problem = undirected(4, edges, capacity=5)
    least = enumerated(problem)
    outcome = solve_sweep(problem, Budget(iterations=60, seed=1 + seed))
    assert outcome.objective == least
    assert outcome.bound is not None
    assert outcome.bound <= least


def test_one_way_streets_apart_from_the_post_are_joined() -> None:
    arcs = [(0, 1, 4), (1, 0, 4), (1, 2, 1), (2, 3, 1), (3, 1, 1), (2, 1, 7)]
    outcome = solve_sweep(mixed(4, arcs, [2, 4], []), Budget(seconds=20.0))
    assert outcome.objective == 4 + 3 + 1 + 3 + 4
    assert outcome.proved


def test_units_share_the_streets_and_more_of_them_are_never_longer() -> None:
    edges = [(i, i + 1, 3, 1) for i in range(8)] + [(8, 0, 3, 1), (0, 4, 2, 1), (2, 6, 5, 1)]
    longest = []
    for units in (1, 2, 3, 4):
        problem = undirected(9, edges, vehicles=units, goal="longest")
        outcome = solve_sweep(problem, Budget(iterations=80))
        metrics = evaluate_sweep(problem, outcome.plan)
        assert metrics.longest == outcome.objective
        assert metrics.units <= units
        longest.append(outcome.objective)
    assert longest == sorted(longest, reverse=True)
    assert longest[-1] < longest[0]


def test_the_same_seed_gives_the_same_plan() -> None:
    rng = np.random.default_rng(3)
    edges = [(i, (i + 1) % 12, int(rng.integers(1, 20)), int(rng.integers(1, 6))) for i in range(12)]
    edges += [(int(a), int(b), int(rng.integers(1, 20)), 2) for a, b in [(0, 5), (3, 9), (2, 7), (4, 11)]]
    problem = undirected(12, edges, capacity=12)
    plans = [solve_sweep(problem, Budget(iterations=30, seed=5)).plan for _ in range(2)]
    assert [route.arcs.tolist() for route in plans[0].routes] == [route.arcs.tolist() for route in plans[1].routes]


def test_a_smaller_network_has_the_same_least_cost() -> None:
    edges: list[Edge] = [
        (0, 1, 2, 0),
        (1, 2, 2, 0),
        (2, 3, 4, 1),
        (3, 4, 1, 0),
        (4, 0, 1, 0),
        (2, 5, 9, 0),
        (5, 6, 1, 0),
    ]
    problem = undirected(7, edges)
    small = Reduced.of(problem).problem
    assert small.nodes == 3
    assert bound_sweep(problem, seconds=10).total == enumerated(problem) == enumerated(small)


def test_a_stop_leaves_a_checked_plan() -> None:
    problem = undirected(3, [(0, 1, 1, 2), (1, 2, 1, 2), (2, 0, 1, 2)], capacity=3, vehicles=4)

    def stop(progress: Progress) -> bool:
        return progress.objective is None

    outcome = solve_sweep(problem, Budget(iterations=5), observe=stop)
    assert check_sweep(problem, outcome.plan) == outcome.objective


def test_what_binds_is_named() -> None:
    with pytest.raises(InfeasibleError, match="0-1 alone is more than a unit can carry"):
        solve_sweep(undirected(3, [(0, 1, 1, 9), (1, 2, 1, 1)], capacity=5), Budget(iterations=2))
    with pytest.raises(InfeasibleError, match="2 units carry 6"):
        solve_sweep(
            undirected(3, [(0, 1, 1, 3), (1, 2, 1, 3), (2, 0, 1, 3)], capacity=3, vehicles=2), Budget(iterations=2)
        )
    with pytest.raises(InfeasibleError, match="longer than a unit may be out"):
        solve_sweep(undirected(3, [(0, 1, 5, 1), (1, 2, 5, 1)], limit=12), Budget(iterations=2))
    with pytest.raises(InfeasibleError, match="1 streets have no way from the post and back, such as 2-3"):
        solve_sweep(undirected(4, [(0, 1, 1, 1), (2, 3, 1, 1)]), Budget(iterations=2))
    with pytest.raises(InfeasibleError, match="at least 2 are needed"):
        solve_sweep(undirected(5, [(0, i, 5, 1) for i in range(1, 5)], limit=20, vehicles=1), Budget(iterations=2))


def test_a_question_that_makes_no_sense_is_refused() -> None:
    good = undirected(3, TRIANGLE)
    with pytest.raises(ParameterError, match="number of units"):
        replace(good, vehicles=0)
    with pytest.raises(InputError, match="a node that does not exist"):
        replace(good, depot=3)
    with pytest.raises(InputError, match="do not join the same nodes"):
        replace(good, task_arcs=np.array([[0, 4], [1, 4], [2, 5]]))
    with pytest.raises(InputError, match="below 0"):
        replace(good, cost=-good.cost)
    with pytest.raises(InfeasibleError, match="no street to sweep"):
        undirected(3, [(0, 1, 1, 0)])


def test_the_check_names_each_breach() -> None:
    problem = undirected(3, TRIANGLE, capacity=3)
    good = SweepRoute(arcs=np.array([0, 1, 2]), task=np.array([0, 1, 2]))
    assert check_sweep(problem, SweepPlan(routes=(good,))) == 3
    for arcs, task, words in (
        ([0, 1, 2], [0, 1, -1], "2-0 is never swept"),
        ([0, 2], [0, 2], "jumps"),
        ([0, 1], [0, 1], "begin and end at the depot"),
        ([0, 1, 2], [0, 2, 1], "on another one"),
        ([0, 1, 2], [0, 1, 9], "unknown street"),
        ([], [], "empty"),
    ):
        with pytest.raises(CheckError, match=words):
            check_sweep(problem, SweepPlan(routes=(SweepRoute(arcs=np.array(arcs), task=np.array(task)),)))
    with pytest.raises(CheckError, match="more than once"):
        check_sweep(problem, SweepPlan(routes=(good, good)))
    with pytest.raises(CheckError, match="carries 3, above 2"):
        check_sweep(replace(problem, capacity=2), SweepPlan(routes=(good,)))
    with pytest.raises(CheckError, match="takes 3, above 2"):
        check_sweep(replace(problem, limit=2), SweepPlan(routes=(good,)))


def test_an_instance_is_read_and_a_broken_one_named(tmp_path: Path) -> None:
    folder = tmp_path / "bench" / "carp"
    folder.mkdir(parents=True)
    (folder / "gdbx.dat").write_text("3\n3\n0 1 1 1\n1 2 1 1\n2 0 1 1\n2\n2\n5\n5\n")
    found = instances(tmp_path, sample=None, seed=0, only=None)
    assert [one.name for one in found] == ["gdbx"]
    assert solve_sweep(found[0].problem(), Budget(iterations=10)).objective == found[0].upper == 5
    (folder / "gdbx.dat").write_text("3\n3\n0 1 1\n")
    with pytest.raises(FileError, match="gdbx"):
        read_carp(folder / "gdbx.dat")


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "least"), [("gdb1", 316), ("gdb19", 55), ("gdb7", 325)])
def test_published_optima_are_found_and_proved(shared: Path, name: str, least: int) -> None:
    # Golden, DeArmond and Baker (1983); optima as listed by Belenguer and Benavent (2003).
    outcome = solve_sweep(read_carp(shared / "bench" / "carp" / f"{name}.dat").problem(), Budget(iterations=200))
    assert outcome.objective == least
    assert outcome.bound == least
