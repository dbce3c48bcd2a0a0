from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planners.contract import Budget
from planners.patrol.guess.alternatives import alternatives
from planners.patrol.guess.drawn import drawn, even_bits, mixture_bits
from planners.patrol.guess.game.problem import game_of
from planners.patrol.guess.game.stackelberg import check_mixed, solve_stackelberg
from planners.patrol.guess.offsets import varied
from planners.patrol.guess.turns import way_seconds
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.solve import solve_spacing


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), points=st.integers(1, 14), more=st.sampled_from([0.0, 0.05, 0.5]))
def test_every_near_equal_plan_is_checked_cheap_and_of_no_more_units(seed: int, points: int, more: float) -> None:
    rng = np.random.default_rng(seed)
    places = rng.random((2 + points, 2)) * 15
    problem = car_and_video(
        seconds=np.ceil(60 * np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))), metres=None,
        post_keys=["a", "b"], point_keys=[f"p{i}" for i in range(points)], dwell=60 * rng.integers(8, 16, points),
        cars_at=[points, points], shift_seconds=6 * 3600, gap_seconds=7200, least_gap_seconds=1800,
    )  # fmt: skip
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    value, base = check_spacing(problem, plan), way_seconds(problem, list(plan.routes))
    for other in alternatives(problem, plan, count=2, seed=seed, more_travel=more).plans:
        assert check_spacing(problem, other) <= value
        assert way_seconds(problem, list(other.routes)) <= (1 + more) * base
    moved = varied(problem, list(plan.routes), rng=rng)
    assert check_spacing(problem, replace(plan, routes=tuple(moved))) == value


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), plans=st.integers(1, 6))
def test_more_plans_never_lower_the_highest_entropy(seed: int, plans: int) -> None:
    seen = np.random.default_rng(seed).random((plans + 1, 3, 6)) < 0.3
    few, many = drawn(seen[:plans], np.zeros(plans)), drawn(seen, np.zeros(plans + 1))
    assert many.highest_bits + many.highest_gap >= few.highest_bits - 1e-6
    assert many.weights.sum() == pytest.approx(1.0)
    assert mixture_bits(seen, np.asarray(many.weights)) <= even_bits(seen, np.asarray(many.weights)) + 1e-9


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), units=st.integers(1, 2))
def test_the_game_is_worth_between_its_bound_and_doing_nothing(seed: int, units: int) -> None:
    rng = np.random.default_rng(seed)
    at = rng.random((4, 2)) * 3
    worth = rng.integers(0, 9, (4, 5)).astype(float)
    seconds = 60 * np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    game = game_of(seconds, worth, np.zeros(units, np.int64), slot_seconds=90)
    outcome = solve_stackelberg(game, Budget(iterations=100))
    assert outcome.bound is not None
    assert 0 <= outcome.bound <= outcome.objective + 1e-9 <= worth.max() + 2e-9
    assert check_mixed(game, outcome.plan) == outcome.objective
