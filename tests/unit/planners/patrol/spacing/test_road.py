"""A point that is left elsewhere than where it is entered, such as a road that is driven along."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from geo.errors import InputError
from planners.contract import Budget
from planners.patrol.mend.edit import insert
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

HOUR = 3600
ENDS = np.array([[0.0, 0.0], [900.0, 0.0], [400.0, 300.0]])
EXITS = np.array([[0.0, 0.0], [1500.0, 0.0], [400.0, 300.0]])
"""Where a post, a road of 600 s and a point are entered and left; a second a metre."""


def with_road(*, cars: int = 2, gap: int = 2 * HOUR) -> SpacingProblem:
    seconds = np.abs(EXITS[:, None] - ENDS[None, :]).sum(axis=2)
    problem = car_and_video(
        seconds=seconds, metres=None, post_keys=["post"], point_keys=["road", "point"], dwell=[600, 600], cars_at=[cars],
        shift_seconds=8 * HOUR, gap_seconds=gap, least_gap_seconds=600,
    )  # fmt: skip
    held = problem.seconds.copy()
    held[0, 1, 1] = 600
    return replace(problem, seconds=held)


@pytest.mark.parametrize(("cars", "gap"), [(2, 2 * HOUR), (1, HOUR)])
def test_a_road_is_entered_at_one_end_and_left_at_the_other(cars: int, gap: int) -> None:
    problem = with_road(cars=cars, gap=gap)
    outcome = solve_spacing(problem, Budget(iterations=2))
    # A round is 600 s on the road, 1,400 s to the point, 600 s there and 800 s back to the road's begin: 3,400 s.
    assert outcome.objective == outcome.bound == 1
    check_spacing(problem, outcome.plan)
    for route in outcome.plan.routes:
        stops = list(zip(route.points.tolist(), route.arrival.tolist(), route.departure.tolist(), strict=True))
        for (here, _, left), (there, arrived, _) in pairwise(stops):
            way = float(np.abs(EXITS[1 + here] - ENDS[1 + there]).sum())
            assert arrived - left == way


def test_a_road_driven_twice_in_a_row_has_the_way_back_between() -> None:
    problem = with_road()
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    route = plan.routes[0]
    unit = problem.unit_key(route.vehicle, route.unit)
    first = int(np.flatnonzero(route.points == 0)[0])
    begin = int(route.departure[first]) + 600
    made = insert(problem, plan, point=0, to=unit, begin=begin, tolerance=0, soft=True).plan
    check_spacing(problem, made)
    mine = next(r for r in made.routes if problem.unit_key(r.vehicle, r.unit) == unit)
    twice = [n for n in range(len(mine.points) - 1) if mine.points[n] == mine.points[n + 1] == 0]
    assert twice
    assert int(mine.arrival[twice[0] + 1]) - int(mine.departure[twice[0]]) == 600


def test_a_post_is_where_it_is() -> None:
    problem = with_road()
    held = problem.seconds.copy()
    held[0, 0, 0] = 1
    with pytest.raises(InputError, match="from a post to itself"):
        replace(problem, seconds=held)
