from dataclasses import replace

import numpy as np
import pytest

from geo.errors import CheckError, InfeasibleError, InputError
from planners.contract import Budget
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.asked import Appointment
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import begins_by_point, check_spacing
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

HOUR = 3600


def ring(points: int, *, cars: int = 6, leg: int = 120, **more: object) -> SpacingProblem:
    """Points on a ring, ``leg`` seconds apart both ways, and one post beside the first of them."""
    at = np.concatenate([[0], np.arange(points)])
    away = np.abs(at[:, None] - at[None, :])
    seconds = leg * np.minimum(away, points - away).astype(float)
    seconds[0, 1:] += 60
    seconds[1:, 0] += 60
    given: dict[str, object] = {
        "metres": None, "post_keys": ["post"], "point_keys": [f"p{i:02}" for i in range(points)],
        "dwell": np.full(points, 600), "cars_at": [cars], "shift_seconds": 8 * HOUR, "gap_seconds": 2 * HOUR,
    }  # fmt: skip
    return car_and_video(seconds=seconds, **{**given, **more})  # type: ignore[arg-type]


def test_one_car_walks_a_ring_that_is_shorter_than_the_gap() -> None:
    problem = ring(8)
    outcome = solve_spacing(problem, Budget(iterations=1))
    # Eight stops of 600 s and eight legs of 120 s are 5,760 s, below 7,200 s; two cars would be one too many.
    assert outcome.objective == outcome.bound == 1
    assert outcome.proved
    for begins in begins_by_point(problem, outcome.plan):
        assert np.diff([0, *begins, 8 * HOUR]).max() <= 2 * HOUR


def test_units_follow_each_other_on_a_longer_ring() -> None:
    problem = ring(18)
    outcome = solve_spacing(problem, Budget(iterations=1))
    # Four windows of 18 dwells of 600 s in a shift of 28,800 s.
    assert bound_units(problem).dwell_only == pytest.approx(1.5)
    # 18 * 720 s = 12,960 s: no single unit is back within 7,200 s, two follow each other every 6,480 s or later.
    assert outcome.bound == 2
    assert outcome.objective == 2
    gaps = [np.diff(begins) for begins in begins_by_point(problem, outcome.plan)]
    assert min(g.min() for g in gaps) >= 6480


def test_cameras_are_watched_from_the_video_post() -> None:
    problem = ring(4, video_keys=[f"v{i}" for i in range(50)], video_dwell=np.full(50, 90), operators=2)
    outcome = solve_spacing(problem, Budget(iterations=1))
    # 50 * (90 + 10) s = 5,000 s: one operator, and one car.
    assert outcome.objective == outcome.bound == 2
    assert {problem.vehicles[r.vehicle].kind for r in outcome.plan.routes} == {"car", "video"}


def test_two_units_keep_an_appointment_together() -> None:
    bell = Appointment(key="school", point=5, earliest=3 * HOUR, latest=3 * HOUR + 300, dwell=900, units=2)
    problem = ring(8, appointments=(bell,))
    outcome = solve_spacing(problem, Budget(iterations=1))
    at = [int(r.begin[0]) for r in outcome.plan.routes if r.appointment[0] == 0]
    assert len(at) == 2
    assert at[0] == at[1]
    assert 3 * HOUR <= at[0] <= 3 * HOUR + 300
    assert outcome.objective == 3


def test_too_few_units_leave_out_the_least_by_priority() -> None:
    priority = np.full(18, 5)
    priority[6:] = 1
    problem = ring(18, cars=1, priority=priority)
    outcome = solve_spacing(problem, Budget(iterations=1))
    left = set(outcome.plan.left_out)
    assert left
    assert all(priority[i] == 1 for i in left)
    assert check_spacing(problem, outcome.plan) == outcome.objective
    more = solve_spacing(ring(18, cars=2, priority=priority), Budget(iterations=1))
    assert not more.plan.left_out


def test_a_crew_without_a_police_officer_stays_at_the_post() -> None:
    problem = ring(8)
    with pytest.raises(InfeasibleError, match="police officer"):
        replace(problem, police=np.zeros(1, bool))
    assert replace(problem, police=np.zeros(1, bool), auxiliaries_alone=True).units == 6


def test_a_point_cut_off_is_left_out_and_the_rest_planned() -> None:
    problem = ring(8)
    seconds = problem.seconds.copy()
    seconds[0, :, 4] = NO_WAY
    seconds[0, 4, 4] = 0
    outcome = solve_spacing(replace(problem, seconds=seconds), Budget(iterations=1))
    assert outcome.plan.left_out == (3,)
    assert outcome.plan.units_used == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dwell": np.full(8, 7200)}, "dwell as long as its gap"),
        ({"gap_seconds": 9 * HOUR}, "longer than the shift"),
        ({"since": np.full(8, 8000)}, "overdue"),
        ({"least_gap_seconds": 7300}, "least gap above"),
    ],
)
def test_what_cannot_be_is_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        ring(8, **change)
    assert "p00" in caught.value.rows


def test_check_refuses_a_plan_that_lies() -> None:
    problem = ring(18)
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    first = plan.routes[0]
    shifted = replace(first, begin=first.begin + 1)
    for lie, words in (
        (SpacedPlan(routes=(shifted, *plan.routes[1:])), "begun or left|not reached"),
        (SpacedPlan(routes=plan.routes[1:]), "is first|gap of|last visited|never"),
        (SpacedPlan(routes=(first, *plan.routes)), "route already"),
        (SpacedPlan(routes=plan.routes, left_out=(3,)), "left out but is visited"),
        (SpacedPlan(routes=(replace(first, back=first.back - 5), *plan.routes[1:])), "not back in time"),
    ):
        with pytest.raises(CheckError, match=words):
            check_spacing(problem, lie)


def test_bound_never_exceeds_a_checked_plan() -> None:
    for seed in range(3):
        problem = scattered(seed)
        outcome = solve_spacing(problem, Budget(iterations=2, seed=seed))
        assert not outcome.plan.left_out
        assert bound_units(problem).units <= outcome.plan.units_used
        assert bound_units(problem).dwell_only <= bound_units(problem).relaxed + 1e-9


def test_the_order_of_the_input_does_not_matter() -> None:
    problem = scattered(5)
    order = np.random.default_rng(1).permutation(problem.points)
    places = np.concatenate([np.arange(problem.posts), problem.posts + order])
    turned = replace(
        problem, point_keys=tuple(problem.point_keys[i] for i in order), dwell=problem.dwell[order],
        seconds=problem.seconds[:, places][:, :, places], metres=problem.metres[:, places][:, :, places],
    )  # fmt: skip
    one, other = (solve_spacing(p, Budget(iterations=2)) for p in (problem, turned))
    assert (one.objective, one.bound) == (other.objective, other.bound)
    assert solve_spacing(problem, Budget(iterations=2)).objective == one.objective


def scattered(seed: int) -> SpacingProblem:
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 6000, (44, 2))
    seconds = np.abs(at[:, None] - at[None, :]).sum(axis=2) / 8
    return car_and_video(
        seconds=seconds, metres=None, post_keys=[f"s{i}" for i in range(4)], point_keys=[f"p{i:02}" for i in range(40)],
        dwell=rng.integers(10, 16, 40) * 60, cars_at=[4] * 4, shift_seconds=8 * HOUR, gap_seconds=2 * HOUR,
        least_gap_seconds=HOUR,
    )  # fmt: skip
