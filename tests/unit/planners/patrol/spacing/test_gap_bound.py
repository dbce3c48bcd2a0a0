"""The bound on the worst gap equals what is counted by hand on a ring, falls with more units, and is below every plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planners.contract import Budget
from planners.patrol.spacing.asked import Start
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.gap_bound import GapBound, least_gap_share, units_by_kind, worst_gap_share
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing


def ring(*, cars: int = 1, away: int = 100, since: int = 0) -> SpacingProblem:
    """Six points of 500 s, 100 s from one to the next; the post lies ``away`` from each; four gaps of 3600 s and a way home."""
    step = np.abs(np.arange(6)[:, None] - np.arange(6)[None, :])
    seconds = np.full((7, 7), float(away))
    seconds[0, 0] = 0
    seconds[1:, 1:] = 100 * np.minimum(step, 6 - step)
    return car_and_video(
        seconds=seconds, metres=None, post_keys=["post"], point_keys=[f"p{i}" for i in range(6)], dwell=np.full(6, 500),
        cars_at=[cars], shift_seconds=4 * 3600 + 100, gap_seconds=3600, since=np.full(6, since),
    )  # fmt: skip


def share(problem: SpacingProblem, units: int) -> GapBound:
    found = least_gap_share(problem, {"car": units})
    assert found is not None
    return found


def test_a_ring_with_one_unit_has_time_for_four_visits_of_each_point() -> None:
    # 14500 s less 100 s home are 24 stays of 600 s: four visits a point, which leave five gaps of at least 14500 / 5 s.
    assert share(ring(), 1) == GapBound(share=pytest.approx(2900 / 3600, abs=1e-6), kinds=("car",))  # type: ignore[arg-type]
    assert share(ring(since=600), 1).share == pytest.approx(3020 / 3600, abs=1e-6)


def test_the_way_to_the_nearest_post_and_back_binds_where_units_abound() -> None:
    found = share(ring(cars=40, away=1500, since=1000), 40)
    assert (found.share, found.point, found.kinds) == (2500 / 3600, 0, ())


def test_more_units_never_raise_the_bound_and_points_left_out_ask_for_nothing() -> None:
    problem = ring(cars=4)
    shares = [share(problem, n).share for n in range(1, 5)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]
    fewer = least_gap_share(problem, {"car": 1}, left_out=(0, 1, 2))
    assert fewer is not None
    assert fewer.share < shares[0]
    assert least_gap_share(problem, {"car": 1}, left_out=range(6)) is None
    assert least_gap_share(problem, {}) is None


def test_units_under_way_have_no_bound() -> None:
    problem = ring()
    away = replace(problem, starts=(Start(unit=problem.unit_key(0, 0), place=0, free=900),))
    assert least_gap_share(away, {"car": 1}) is None


@pytest.mark.parametrize("cars", [1, 2, 3])
def test_no_plan_of_the_solver_is_below_the_bound(cars: int) -> None:
    problem = ring(cars=cars)
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    found = worst_gap_share(problem, plan)
    bound = least_gap_share(problem, units_by_kind(problem, plan), left_out=plan.left_out)
    assert found is not None
    assert bound is not None
    assert bound.share <= found <= 1.0
