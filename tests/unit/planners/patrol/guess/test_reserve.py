import numpy as np
import pytest

from geo.errors import ParameterError
from planners.contract import Budget
from planners.patrol.guess.reserve import solve_with_reserve
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import check_spacing


def test_a_reserve_is_waited_and_the_plan_keeps_the_true_dwells() -> None:
    points = 8
    at = np.concatenate([[0], np.arange(points)])
    away = np.abs(at[:, None] - at[None, :])
    problem = car_and_video(
        seconds=60.0 * np.minimum(away, points - away), metres=None, post_keys=["post"],
        point_keys=[f"p{i}" for i in range(points)], dwell=np.full(points, 600), cars_at=[3], shift_seconds=8 * 3600,
        gap_seconds=7200,
    )  # fmt: skip
    plan = solve_with_reserve(problem, Budget(iterations=1), reserve_seconds=100)
    # 8 * (600 + 100 + 60) s are within the gap: still one car, which waits 100 s or more before each next stop.
    assert check_spacing(problem, plan) == 1
    (route,) = plan.routes
    assert (route.departure - route.begin == 600).all()
    assert (route.begin[1:] - route.arrival[1:] >= 100).all()
    # 8 * (600 + 260 + 60) s are not: the reserve costs a unit.
    assert check_spacing(problem, solve_with_reserve(problem, Budget(iterations=1), reserve_seconds=260)) == 2
    with pytest.raises(ParameterError, match="0 seconds or more"):
        solve_with_reserve(problem, Budget(iterations=1), reserve_seconds=-1)
