import itertools

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planners.contract import Budget
from planners.patrol.bound import bound_patrol
from planners.patrol.check import check_patrol
from planners.patrol.plan import PatrolPlan
from planners.patrol.problem import NO_WAY, PatrolProblem, VehicleType
from planners.patrol.reach import impossible_visits
from planners.patrol.routes import solve_routes
from planners.patrol.schedule import fits, schedule


@st.composite
def problems(draw: st.DrawFn, triangle: bool = True) -> PatrolProblem:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    posts, points = draw(st.integers(1, 2)), draw(st.integers(1, 4))
    places = posts + points
    at = rng.integers(0, 60, (places, 2))
    kinds = draw(st.sampled_from([("car",), ("car", "foot")]))
    seconds = []
    for number in range(len(kinds)):
        legs = np.abs(at[:, None] - at[None, :]).sum(axis=2) * (1 + 2 * number)
        if not triangle:
            legs = rng.integers(1, 90, (places, places))
            legs[rng.random((places, places)) < 0.1] = NO_WAY
        np.fill_diagonal(legs, 0)
        seconds.append(legs)
    shift = draw(st.sampled_from([150, 300, 600]))
    start = rng.integers(0, shift, points) * (rng.random(points) < 0.4)
    required = rng.random(points) < 0.8
    vehicles = tuple(
        VehicleType(
            kind=kinds[int(rng.integers(len(kinds)))], start_post=int(rng.integers(posts)),
            end_post=int(rng.integers(posts)), shift_seconds=shift, unit_keys=(f"u{i}",),
        )
        for i in range(draw(st.integers(1, 3)))
    )  # fmt: skip
    return PatrolProblem(
        post_keys=tuple(f"P{i}" for i in range(posts)), point_keys=tuple(f"B{i}" for i in range(points)), kinds=kinds,
        seconds=np.stack(seconds), metres=np.stack(seconds), vehicles=vehicles,
        visit_point=np.arange(points), visit_number=np.zeros(points),
        window=np.stack([start, np.minimum(start + rng.integers(30, 400, points), shift)], axis=1),
        dwell=rng.integers(0, 80, points), required=required,
        prize=np.where(required, 0, rng.integers(0, 120, points)), eligible=rng.random((points, len(kinds))) < 0.8,
        unit_seconds=draw(st.sampled_from([0, 40])),
    )  # fmt: skip


def brute(problem: PatrolProblem) -> tuple[float, int | None]:
    """Best objective over all plans, and the fewest units that make all possible required visits."""
    units = len(problem.vehicles)
    routes: list[dict[frozenset[int], object]] = []
    for vehicle in range(units):
        feasible: dict[frozenset[int], object] = {}
        for size in range(1, problem.visits + 1):
            for order in itertools.permutations(range(problem.visits), size):
                route = schedule(problem, vehicle=vehicle, unit=0, visits=order)
                if fits(problem, route):
                    key = frozenset(order)
                    kept = feasible.get(key)
                    if kept is None or travel(problem, route) < travel(problem, kept):
                        feasible[key] = route
        routes.append(feasible)
    impossible = impossible_visits(problem)
    needed = set(np.flatnonzero(problem.required).tolist()) - {item.visit for item in impossible}
    best, fewest = np.inf, None
    for choice in itertools.product(*[[None, *feasible] for feasible in routes]):
        sets = [s for s in choice if s is not None]
        made = set().union(*sets) if sets else set()
        if sum(map(len, sets)) != len(made):
            continue
        chosen = tuple(routes[v][s] for v, s in enumerate(choice) if s is not None)
        plan = PatrolPlan(routes=chosen, impossible=impossible, missed=tuple(sorted(needed - made)))  # type: ignore[arg-type]
        if made & {item.visit for item in impossible}:
            continue
        best = min(best, check_patrol(problem, plan))
        if needed <= made:
            fewest = len(chosen) if fewest is None else min(fewest, len(chosen))
    return best, fewest


def travel(problem: PatrolProblem, route: object) -> int:
    vehicle = problem.vehicles[route.vehicle]  # type: ignore[attr-defined]
    way = [vehicle.start_post, *problem.place_of_visit[route.visits].tolist(), vehicle.end_post]  # type: ignore[attr-defined]
    return sum(int(problem.seconds[problem.kind_of(vehicle), a, b]) for a, b in itertools.pairwise(way))


@given(problems())
@settings(max_examples=60, deadline=None)
def test_no_plan_beats_the_bounds_and_the_solver_claims_what_it_has(problem: PatrolProblem) -> None:
    best, fewest = brute(problem)
    bound = bound_patrol(problem)
    assert bound.objective <= best
    if fewest is not None:
        assert bound.units <= fewest
    outcome = solve_routes(problem, Budget(iterations=60))
    assert check_patrol(problem, outcome.plan) == outcome.objective >= best
    assert outcome.bound is not None
    assert outcome.bound <= best


@given(problems(triangle=False))
@settings(max_examples=60, deadline=None)
def test_bounds_hold_without_the_triangle_inequality(problem: PatrolProblem) -> None:
    best, fewest = brute(problem)
    bound = bound_patrol(problem)
    assert bound.objective <= best
    if fewest is not None:
        assert bound.units <= fewest


@given(problems())
@settings(max_examples=40, deadline=None)
def test_one_more_unit_is_never_worse(problem: PatrolProblem) -> None:
    first = problem.vehicles[0]
    more = PatrolProblem(
        **{
            **{name: getattr(problem, name) for name in problem.__slots__},
            "vehicles": (*problem.vehicles, first),
        }
    )
    assert bound_patrol(more).objective <= bound_patrol(problem).objective
    assert brute(more)[0] <= brute(problem)[0]


@given(problems(), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_the_order_of_points_changes_no_bound_and_no_optimum(problem: PatrolProblem, seed: int) -> None:
    assume(problem.visits > 1)
    order = np.random.default_rng(seed).permutation(problem.visits)
    posts = len(problem.post_keys)
    places = np.concatenate([np.arange(posts), posts + order])
    mixed = PatrolProblem(
        post_keys=problem.post_keys, point_keys=tuple(problem.point_keys[i] for i in order), kinds=problem.kinds,
        seconds=problem.seconds[:, places[:, None], places[None, :]],
        metres=problem.metres[:, places[:, None], places[None, :]],
        vehicles=problem.vehicles, visit_point=np.arange(len(order)), visit_number=problem.visit_number[order],
        window=problem.window[order], dwell=problem.dwell[order], required=problem.required[order],
        prize=problem.prize[order], eligible=problem.eligible[order], unit_seconds=problem.unit_seconds,
    )  # fmt: skip
    assert bound_patrol(mixed) == bound_patrol(problem)
    assert brute(mixed) == brute(problem)
