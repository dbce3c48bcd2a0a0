from dataclasses import replace

import numpy as np
import pytest

from planners.contract import Budget
from planners.patrol.guess.alternatives import alternatives
from planners.patrol.guess.reordered import reordered
from planners.patrol.guess.repacked import Repacking
from planners.patrol.guess.strands import strands
from planners.patrol.guess.turns import route_through, way_seconds
from planners.patrol.spacing.asked import Appointment
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import begins_by_point, broken_gaps, check_spacing
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

HOUR = 3600


def town(*, points: int = 24, gap: int = 2 * HOUR, cars: int = 6, **more: object) -> SpacingProblem:
    """Points spread over 15 by 15 minutes, and two posts."""
    places = np.random.default_rng(4).random((2 + points, 2)) * 900
    given: dict[str, object] = {
        "metres": None, "post_keys": ["a", "b"], "point_keys": [f"p{i:02}" for i in range(points)],
        "dwell": np.full(points, 600), "cars_at": [cars, cars], "shift_seconds": 8 * HOUR, "gap_seconds": gap,
    }  # fmt: skip
    away = np.ceil(np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)))
    return car_and_video(seconds=away, **{**given, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def solved() -> tuple[SpacingProblem, SpacedPlan]:
    problem = town(video_keys=["v1", "v2"], video_dwell=[90, 90], operators=1)
    return problem, solve_spacing(problem, Budget(iterations=1)).plan


def shares(problem: SpacingProblem, plan: SpacedPlan) -> set[frozenset[int]]:
    return {frozenset(int(p) for i in s.routes for p in plan.routes[i].points) for s in strands(problem, plan)}


def test_points_are_shared_out_anew_among_the_same_units(solved: tuple[SpacingProblem, SpacedPlan]) -> None:
    problem, plan = solved
    base = way_seconds(problem, list(plan.routes))
    walk = Repacking(problem, plan, limit=int(1.2 * base), rng=np.random.default_rng(1))
    found = {frozenset(shares(problem, plan))}
    for _ in range(16):
        if walk.step():
            assert check_spacing(problem, walk.plan) <= check_spacing(problem, plan)
            assert way_seconds(problem, list(walk.plan.routes)) <= 1.2 * base
            found.add(frozenset(shares(problem, walk.plan)))
    assert len(found) > 3
    # Who sits at the cameras is seen by nobody and stays.
    video = [[r for r in p.routes if problem.vehicles[r.vehicle].kind == "video"] for p in (plan, walk.plan)]
    assert [r.begin.tolist() for r in video[0]] == [r.begin.tolist() for r in video[1]]


def test_no_step_is_taken_that_drives_more_than_allowed(solved: tuple[SpacingProblem, SpacedPlan]) -> None:
    problem, plan = solved
    walk = Repacking(problem, plan, limit=0, rng=np.random.default_rng(1))
    assert not any(walk.step() for _ in range(3))
    assert walk.plan is plan


def test_units_with_an_appointment_are_no_choice_for_rounds() -> None:
    school = Appointment(key="school", point=3, earliest=HOUR, latest=HOUR, dwell=1200, units=1, kinds=("car",))
    problem = town(appointments=(school,))
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    held = [r for r in plan.routes if (r.appointment >= 0).any()]
    assert held
    walk = Repacking(problem, plan, limit=10**9, rng=np.random.default_rng(2))
    assert any(walk.step() for _ in range(6))
    check_spacing(problem, walk.plan)
    assert all(r in walk.plan.routes for r in held)


def test_routes_that_are_no_closed_round_are_driven_in_other_orders() -> None:
    # Two visits of some points and one of the others: no round that is walked again and again.
    problem = town(points=10, gap=8 * HOUR)
    gap = np.array(problem.gap)
    gap[:3] = 4 * HOUR
    problem = replace(problem, gap=gap)
    twice = [3, 4, 5, 0, 1, 2, 6, 7, 8, 9, 0, 1, 2]
    begins = np.arange(len(twice)) * 2000 + 900
    route = route_through(problem, (0, 0), np.array(twice), begins)
    plan = SpacedPlan(routes=(route,))
    check_spacing(problem, plan)
    assert strands(problem, plan)[0].order is None
    found = alternatives(problem, plan, count=6, seed=1, more_travel=0.3)
    assert len(found.plans) == 6
    assert (found.travel <= 1.3 * found.base_travel).all()
    for other in found.plans:
        check_spacing(problem, other)
    assert len({tuple(p.routes[0].points.tolist()) for p in found.plans}) > 3
    assert reordered(problem, [route], limit=0, rng=np.random.default_rng(1)) is None


def test_rounds_that_come_too_late_stay_and_the_others_are_drawn(solved: tuple[SpacingProblem, SpacedPlan]) -> None:
    problem, plan = solved
    crews = strands(problem, plan)
    late = next(i for i, s in enumerate(crews) if problem.kinds[s.kind] == "car")
    gone = crews[late].routes[-1]
    draft = replace(plan, routes=tuple(r for i, r in enumerate(plan.routes) if i != gone))
    broken = replace(draft, broken=broken_gaps(problem, draft))
    assert broken.broken
    check_spacing(problem, broken)
    found = alternatives(problem, broken, count=3, seed=2, more_travel=0.2)
    assert len(found.plans) == 3
    points = {gap.point for gap in broken.broken}
    before = begins_by_point(problem, broken)
    for other in found.plans:
        assert other.broken == broken.broken
        now = begins_by_point(problem, other)
        assert all(now[p] == before[p] for p in points)
        assert now != before
