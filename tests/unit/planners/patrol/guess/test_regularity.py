import numpy as np

from planners.contract import Budget
from planners.patrol.guess.alternatives import alternatives
from planners.patrol.guess.regularity import HIGH_FROM, MIDDLE_FROM, regularity, regularity_of_draws
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.solve import solve_spacing


def test_the_same_timetable_every_night_is_highly_regular_and_drawn_ones_are_not() -> None:
    points = 8
    at = np.concatenate([[0], np.arange(points)])
    away = np.abs(at[:, None] - at[None, :])
    problem = car_and_video(
        seconds=60.0 * np.minimum(away, points - away), metres=None, post_keys=["post"],
        point_keys=[f"p{i}" for i in range(points)], dwell=np.full(points, 600), cars_at=[3], shift_seconds=8 * 3600,
        gap_seconds=7200,
    )  # fmt: skip
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    same = regularity(problem, plan, [plan] * 6)
    assert same.level == "high"
    assert same.hit_ratio is not None
    assert same.hit_ratio > HIGH_FROM
    assert same.n == 6
    made = alternatives(problem, plan, count=24, seed=1, more_travel=0.3).plans
    # All points of this problem lie on one round: a single night is one guess, so look at ten.
    drawn = [regularity(problem, made[i + 14], made[i : i + 14]) for i in range(10)]
    ratios = [d.hit_ratio for d in drawn if d.hit_ratio is not None]
    assert len(ratios) == 10
    assert np.median(ratios) < MIDDLE_FROM < HIGH_FROM < same.hit_ratio
    other = drawn[int(np.argmin(ratios))]
    assert other.level == "low"
    assert other.hit_ratio is not None
    assert other.bits is not None
    assert same.bits is not None
    assert other.bits > 2 * same.bits
    assert other.interval is None  # one round has no spread
    # After too few nights nothing is said.
    assert regularity(problem, plan, [plan] * 2).level is None
    # Plans drawn alike, each guessed after the others, scatter less than one night.
    pooled = regularity_of_draws(problem, made[:8])
    assert pooled.n == 7
    assert pooled.hit_ratio is not None
    assert pooled.hit_ratio < same.hit_ratio / 2
    assert pooled.interval is not None
    assert regularity_of_draws(problem, [plan] * 6).level == "high"
    assert regularity_of_draws(problem, made[:3]).level is None
