"""What cannot be done is named in one sentence, and the rest is planned all the same."""

from dataclasses import replace

import numpy as np
import pytest

from geo.errors import InputError, ParameterError
from planners.contract import Budget
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.asked import Appointment
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.faults import faults
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.reach import reached
from planners.patrol.spacing.solve import solve_spacing

HOUR = 3600


def line(**more: object) -> SpacingProblem:
    """Two posts with a car each, five minutes apart, and a point every five minutes beyond."""
    at = 300.0 * np.arange(6)
    given: dict[str, object] = {
        "seconds": np.abs(at[:, None] - at[None, :]), "metres": None, "post_keys": ["east", "west"],
        "point_keys": ["p0", "p1", "p2", "p3"], "dwell": [600] * 4, "cars_at": [1, 1], "shift_seconds": 8 * HOUR,
        "gap_seconds": 2 * HOUR,
    }  # fmt: skip
    return car_and_video(**{**given, **more})  # type: ignore[arg-type]


def cut(problem: SpacingProblem, *places: int) -> SpacingProblem:
    """Return a problem whose streets lead to some places no more."""
    seconds = problem.seconds.copy()
    seconds[:, places], seconds[:, :, places] = NO_WAY, NO_WAY
    seconds[:, np.arange(6), np.arange(6)] = 0
    return replace(problem, seconds=seconds)


@pytest.mark.parametrize(
    ("problem", "named", "words", "left_out"),
    [
        (cut(line(), 3), "p1", "No unit on shift can reach p1 and come back", (1,)),
        (cut(line(), 1), "west", "Post west cannot be left for any point", ()),
        (line(dwell=[5900] * 4), "car", "more gaps than there are minutes: 4 units for dwell alone, 2 on shift", None),
        (
            line(appointments=(Appointment(key="school", point=3, earliest=0, latest=900, dwell=600, units=2),)),
            "school", "school asks for 2 units, and only 0 can be there in time", (),
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_named_and_the_rest_is_planned(
    problem: SpacingProblem, named: str, words: str, left_out: tuple[int, ...] | None
) -> None:
    (fault,) = faults(problem)
    assert fault.key == named
    assert words in fault.en
    assert named in fault.zh
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    check_spacing(problem, plan)
    assert plan.routes
    assert plan.missed == ((0,) if problem.appointments else ())
    if left_out is not None:
        assert plan.left_out == left_out


def test_a_gap_that_does_not_divide_the_shift_asks_for_no_more_dwell_than_it_needs() -> None:
    # One visit between the fourth and the fifth hour keeps a gap of five hours, so two cars have time for all.
    problem = line(gap_seconds=5 * HOUR, dwell=[3 * HOUR] * 4)
    assert faults(problem) == ()


def test_a_city_cut_in_two_is_planned_on_both_sides() -> None:
    problem = line(cars_at=[2, 2])
    seconds = problem.seconds.copy()
    for one, other in ((0, 1), (0, 4), (0, 5), (2, 1), (2, 4), (2, 5), (3, 1), (3, 4), (3, 5)):
        seconds[0, one, other] = seconds[0, other, one] = NO_WAY
    halves = replace(problem, seconds=seconds)
    plan = solve_spacing(halves, Budget(iterations=1)).plan
    assert not plan.left_out
    check_spacing(halves, plan)
    assert {frozenset(route.points.tolist()) for route in plan.routes} == {frozenset({0, 1}), frozenset({2, 3})}


def test_points_that_no_unit_can_be_back_from_are_left_out_as_too_far() -> None:
    problem = line(shift_seconds=2 * HOUR, gap_seconds=2 * HOUR, seconds=3500.0 * (1 - np.eye(6)))
    usable, hindered = reached(problem)
    assert not usable.any()
    assert set(hindered.values()) == {"too_far"}
    near = problem.seconds.copy()
    near[0, :2, 2] = near[0, 2, :2] = 300
    plan = solve_spacing(replace(problem, seconds=near), Budget(iterations=1)).plan
    assert plan.left_out == (1, 2, 3)


def test_a_kind_whose_rounds_are_all_late_leaves_the_others_alone() -> None:
    # Each of the points can be visited in time, but with no way between them but over the post not all by two cars.
    seconds = np.full((6, 6), 2400.0)
    np.fill_diagonal(seconds, 0.0)
    problem = line(
        seconds=seconds, dwell=[600] * 4, shift_seconds=2 * HOUR, gap_seconds=HOUR, video_keys=["v0", "v1"],
        video_dwell=[600, 600], operators=1,
    )  # fmt: skip
    outcome = solve_spacing(problem, Budget(iterations=2))
    check_spacing(problem, outcome.plan)
    assert {4, 5}.isdisjoint(outcome.plan.left_out)


def test_a_shift_without_time_and_a_window_shorter_than_its_dwell_are_named() -> None:
    with pytest.raises(ParameterError, match="longer than 0 seconds"):
        line(shift_seconds=0)
    short = Appointment(key="school", point=0, earliest=1800, latest=1200, dwell=600)
    with pytest.raises(InputError, match="school has a window shorter than its dwell"):
        line(appointments=(short,))
