from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from geo.errors import ParameterError
from planners.contract import Budget
from planners.patrol.guess.alternatives import alternatives
from planners.patrol.guess.drawn import Mixture
from planners.patrol.guess.offsets import Freedom, retimed, varied
from planners.patrol.guess.presence import presence, presences, watched_points
from planners.patrol.guess.strands import strands
from planners.patrol.guess.todays import draw_of_day, todays_plan
from planners.patrol.guess.turns import way_seconds
from planners.patrol.spacing.asked import Appointment
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import begins_by_point, check_spacing
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

HOUR = 3600


def ring(points: int, *, cars: int = 6, **more: object) -> SpacingProblem:
    """Points on a ring, 120 seconds apart, and two posts beside the first and the middle of them."""
    at = np.concatenate([[0, points // 2], np.arange(points)])
    away = np.abs(at[:, None] - at[None, :])
    seconds = 120.0 * np.minimum(away, points - away)
    seconds[:2, 2:] += 60
    seconds[2:, :2] += 60
    seconds[0, 1] += 120
    seconds[1, 0] += 120
    given: dict[str, object] = {
        "metres": None, "post_keys": ["north", "south"], "point_keys": [f"p{i:02}" for i in range(points)],
        "dwell": np.full(points, 600), "cars_at": [cars, cars], "shift_seconds": 8 * HOUR, "gap_seconds": 2 * HOUR,
        "least_gap_seconds": HOUR,
    }  # fmt: skip
    return car_and_video(seconds=seconds, **{**given, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def solved() -> tuple[SpacingProblem, SpacedPlan]:
    problem = ring(16, video_keys=["v1", "v2"], video_dwell=[90, 90], operators=1)
    return problem, solve_spacing(problem, Budget(iterations=1)).plan


def test_near_equal_plans_pass_the_check_with_no_more_units_and_little_more_travel(
    solved: tuple[SpacingProblem, SpacedPlan],
) -> None:
    problem, plan = solved
    found = alternatives(problem, plan, count=6, seed=3, more_travel=0.2)
    assert len(found.plans) == 6
    base = way_seconds(problem, list(plan.routes))
    assert found.base_travel == base
    for other, travel in zip(found.plans, found.travel, strict=True):
        assert check_spacing(problem, other) <= check_spacing(problem, plan)
        assert other.units_used <= plan.units_used
        assert travel == way_seconds(problem, list(other.routes)) <= 1.2 * base
    # The plans differ: rounds begin at different points.
    heads = {tuple(int(r.points[0]) for r in p.routes) for p in found.plans}
    assert len(heads) > 3
    assert found.turned.mean() > 0.5


def test_the_seed_alone_decides(solved: tuple[SpacingProblem, SpacedPlan]) -> None:
    problem, plan = solved
    one, same, other = (
        [begins_by_point(problem, p) for p in alternatives(problem, plan, count=2, seed=s).plans] for s in (5, 5, 6)
    )
    assert one == same
    assert one != other


def test_a_closed_round_is_found_whichever_unit_walks_it(solved: tuple[SpacingProblem, SpacedPlan]) -> None:
    problem, plan = solved
    found = [s for s in strands(problem, plan) if s.order is not None]
    orders = [set(s.order or ()) for s in found]
    assert sum(len(o) for o in orders) == problem.points
    assert set().union(*orders) == set(range(problem.points))
    kinds = [problem.kinds[s.kind] for s in found]
    assert kinds.count("video") == 1


def test_appointments_stay_where_they_are() -> None:
    bell = Appointment(key="school", point=5, earliest=3 * HOUR, latest=3 * HOUR + 300, dwell=900, units=2)
    problem = ring(8, appointments=(bell,))
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    for other in alternatives(problem, plan, count=3, seed=1, more_travel=0.3).plans:
        kept = [int(r.begin[r.appointment == 0][0]) for r in other.routes if (r.appointment == 0).any()]
        assert len(kept) == 2
        assert kept[0] == kept[1]
        assert 3 * HOUR <= kept[0] <= 3 * HOUR + 300


def test_pushed_begins_are_the_least_that_fit() -> None:
    problem = ring(3)
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    route = plan.routes[0]
    # All stops an hour too early at the head: the first cannot begin before the way from the post.
    early = replace(route, begin=np.zeros(len(route.points), np.int32), departure=route.departure - route.begin)
    freedom = Freedom.of(problem, [early])
    begin = freedom.pushed(0)
    assert begin is not None
    (fitting,) = retimed(problem, [route], begin)
    assert fitting.leave == 0
    waits = fitting.begin - fitting.arrival
    assert (waits >= 0).all()
    # A visit waits for the least gap, for the last gap of the shift, or so that the next is not a gap too late.
    for i in np.flatnonzero(waits):
        earlier = [int(b) for p, b in zip(fitting.points[:i], fitting.begin[:i], strict=True) if p == fitting.points[i]]
        assert fitting.begin[i] in (*(b + HOUR for b in earlier), *(6 * HOUR + 1 - 2 * HOUR * k for k in range(4)))


def test_varied_begins_keep_the_check_and_the_orders(solved: tuple[SpacingProblem, SpacedPlan]) -> None:
    problem, plan = solved
    other = replace(plan, routes=tuple(varied(problem, list(plan.routes), rng=np.random.default_rng(1))))
    assert check_spacing(problem, other) == check_spacing(problem, plan)
    assert begins_by_point(problem, other) != begins_by_point(problem, plan)
    for one, two in zip(plan.routes, other.routes, strict=True):
        assert one.points.tolist() == two.points.tolist()


def test_presence_is_the_middle_of_the_slot(solved: tuple[SpacingProblem, SpacedPlan]) -> None:
    problem, plan = solved
    seen = presence(problem, plan)
    for route in plan.routes:
        if problem.vehicles[route.vehicle].kind == "video":
            continue
        for point, begin, end in zip(
            route.points.tolist(), route.begin.tolist(), route.departure.tolist(), strict=True
        ):
            middles = 150 + 300 * np.arange(seen.shape[1])
            assert seen[point, (middles >= begin) & (middles < end)].all()
    visits = sum(len(b) for b in begins_by_point(problem, plan)[:16])
    assert seen.sum() == visits * 2  # 600 s of dwell hold two middles of 300 s
    assert not seen[16:].any()  # nobody sees who watches a camera
    assert watched_points(problem).tolist() == list(range(16))


def test_todays_plan_is_drawn_by_seed_and_day(solved: tuple[SpacingProblem, SpacedPlan]) -> None:
    problem, plan = solved
    made = alternatives(problem, plan, count=8, seed=2)
    days = [todays_plan(problem, plan, seed=2, day=d, made=made) for d in range(20)]
    again = todays_plan(problem, plan, seed=2, day=7, made=made)
    assert again.index == days[7].index
    assert len({d.index for d in days}) > 3
    for one, two in pairwise(days):
        assert one.index != two.index  # never two nights running
    assert all(check_spacing(problem, d.plan) <= check_spacing(problem, plan) for d in days)
    assert all(d.extra_travel_share <= 0.05 for d in days)
    assert len(presences(problem, made.plans)) == 8


def test_the_last_nights_are_left_out() -> None:
    even = Mixture(
        weights=np.full(10, 0.1), bits=0.0, floor_bits=None, highest_bits=0.0, highest_gap=0.0, even_bits=0.0,
        cost=0.0, bound=0.0,
    )  # fmt: skip
    drawn = [draw_of_day(even, seed=4, day=d, without_last=3)[0] for d in range(64)]
    assert all(len(set(drawn[i : i + 4])) == 4 for i in range(61))
    _, weights = draw_of_day(even, seed=4, day=63, without_last=3)
    assert weights[drawn[60:63]].tolist() == [0, 0, 0]


def test_what_cannot_be_asked_is_named(solved: tuple[SpacingProblem, SpacedPlan]) -> None:
    problem, plan = solved
    with pytest.raises(ParameterError, match="At least one plan"):
        alternatives(problem, plan, count=0)
    with pytest.raises(ParameterError, match="A slot"):
        presence(problem, plan, slot_seconds=0)
