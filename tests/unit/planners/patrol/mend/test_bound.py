"""The minutes over that are proved after an event are never more than what can be reached."""

import numpy as np

from planners.patrol.guess.turns import route_through
from planners.patrol.mend.bound import least_overdue
from planners.patrol.mend.events import UnitLate
from planners.patrol.mend.replan import replan
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan

HOUR = 3600


def test_the_bound_knows_that_a_unit_may_stay_at_a_point_that_is_far_from_all() -> None:
    problem = car_and_video(
        seconds=np.array([[0.0, 7000.0], [100.0, 0.0]]), metres=None, post_keys=["post"], point_keys=["far"], dwell=[600],
        cars_at=[1], shift_seconds=10 * HOUR, gap_seconds=2 * HOUR, least_gap_seconds=HOUR // 2,
    )  # fmt: skip
    begins = np.array([7000, 14_000, 21_000, 28_000, 30_000])
    plan = SpacedPlan(routes=(route_through(problem, (0, 0), np.zeros(5, np.int64), begins),))
    assert check_spacing(problem, plan) == 1
    for now in (0, 7100, 20_000):
        found = replan(problem, plan, [UnitLate(unit="post-1", seconds=0)], now=now, iterations=5)
        assert least_overdue(found.problem, found.plan) == found.overdue == 0
