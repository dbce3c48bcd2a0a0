from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planners.contract import Budget, Observer, Outcome, Progress, Termination, stopped_before_any_plan
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.by_windows import planned_by_windows, solve_windows, suits_windows, windows_of
from planners.patrol.spacing.check import begins_by_point, check_spacing
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

HOUR = 3600


def ring(points: int, *, cars: int = 4, gap: int = 8 * HOUR, leg: int = 120, **more: object) -> SpacingProblem:
    at = np.concatenate([[0], np.arange(points)])
    away = np.abs(at[:, None] - at[None, :])
    seconds = leg * np.minimum(away, points - away).astype(float)
    seconds[0, 1:] += 60
    seconds[1:, 0] += 60
    given: dict[str, object] = {
        "metres": None, "post_keys": ["post"], "point_keys": [f"p{i:02}" for i in range(points)],
        "dwell": np.full(points, 600), "cars_at": [cars], "shift_seconds": 8 * HOUR, "gap_seconds": gap,
    }  # fmt: skip
    return car_and_video(seconds=seconds, **{**given, **more})  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(
    shift=st.integers(4 * HOUR, 12 * HOUR),
    gap=st.floats(0.1, 1.0),
    least=st.floats(0.0, 0.6),
    since=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_begins_in_the_windows_keep_every_gap(
    shift: int, gap: float, least: float, since: float, seed: int
) -> None:
    longest = max(1200, int(gap * shift))
    problem = replace(
        ring(1),
        shift_seconds=shift, vehicles=tuple(replace(v, shift_seconds=shift) for v in ring(1).vehicles),
        gap=np.array([longest]), least_gap=np.array([int(least * longest)]), since=np.array([int(since * longest)]),
    )  # fmt: skip
    _, number, window = windows_of(problem)
    assert number.tolist() == list(range(len(window)))
    if not len(window):
        # Only where the last visit was so long ago that no visit at all, or none in time, can make up for it.
        assert since * longest > 0.5 * longest
        return
    rng = np.random.default_rng(seed)
    for begins in (window[:, 0], window[:, 1], rng.integers(window[:, 0], window[:, 1] + 1)):
        steps = np.diff([-problem.since[0], *begins])
        assert steps.max() <= longest
        assert np.diff(begins).min(initial=shift) >= problem.least_gap[0]
        assert begins[-1] + longest > shift
        assert begins[-1] + problem.dwell[0] <= shift


def test_one_car_passes_every_point_once() -> None:
    problem = ring(30)
    assert suits_windows(problem)
    plan = planned_by_windows(problem, Budget(iterations=200))
    assert plan is not None
    # 30 dwells of 600 s and 30 legs of 120 s are 21,600 s of a shift of 28,800 s.
    assert check_spacing(problem, plan) == 1


def test_one_car_serves_points_of_two_gaps_where_rounds_would_take_two() -> None:
    gap = np.full(12, 8 * HOUR)
    gap[[2, 7]] = 4 * HOUR
    problem = replace(ring(12), gap=gap, least_gap=gap // 2)
    plan = planned_by_windows(problem, Budget(iterations=200))
    assert plan is not None
    assert check_spacing(problem, plan) == 1
    assert [len(begins) for begins in begins_by_point(problem, plan)] == [2 if g == 4 * HOUR else 1 for g in gap]


def test_what_finds_no_room_is_left_out_whole() -> None:
    problem = ring(60, cars=1)
    plan = planned_by_windows(problem, Budget(iterations=200))
    assert plan is not None
    assert plan.left_out
    assert check_spacing(problem, plan) == pytest.approx(1 + problem.price_of_leaving_out * len(plan.left_out))
    assert all(not begins_by_point(problem, plan)[p] for p in plan.left_out)


def test_frequent_visits_are_not_for_windows() -> None:
    assert not suits_windows(ring(10, gap=2 * HOUR))
    assert suits_windows(ring(10, gap=4 * HOUR))


def test_it_tells_how_far_it_is_and_can_be_stopped() -> None:
    seen: list[Progress] = []

    def stop(step: Progress) -> bool:
        seen.append(step)
        return False

    plan = planned_by_windows(ring(30), Budget(iterations=100_000), observe=stop)
    assert plan is not None
    assert seen
    assert all(step.objective is None for step in seen)


def test_the_solver_takes_windows_where_visits_are_few() -> None:
    gap = np.full(12, 8 * HOUR)
    gap[[2, 7]] = 4 * HOUR
    outcome = solve_spacing(replace(ring(12), gap=gap, least_gap=gap // 2), Budget(iterations=2, seed=3))
    assert outcome.objective == outcome.bound == 1
    assert outcome.proved
    assert outcome.solver == "visits in windows"
    assert outcome.seed == 3


def test_rounds_are_tried_too_where_windows_leave_points_out() -> None:
    problem = ring(60, cars=1)
    outcome = solve_spacing(problem, Budget(iterations=1))
    assert outcome.plan.left_out
    assert check_spacing(problem, outcome.plan) == outcome.objective
    assert outcome.bound is not None
    assert outcome.bound <= outcome.objective


def test_the_same_steps_and_seed_give_the_same_plan() -> None:
    gap = np.where(np.arange(20) % 5 == 0, 4 * HOUR, 8 * HOUR)
    problem = replace(ring(20), gap=gap, least_gap=gap // 2)
    one, two = (solve_spacing(problem, Budget(iterations=2, seed=7)).plan for _ in range(2))
    assert [route.points.tolist() for route in one.routes] == [route.points.tolist() for route in two.routes]
    assert [route.begin.tolist() for route in one.routes] == [route.begin.tolist() for route in two.routes]


def test_a_stop_is_heard_and_keeps_what_there_is() -> None:
    problem = ring(40)
    outcome = solve_spacing(problem, Budget(seconds=60.0), observe=lambda _: False)
    assert outcome.termination is Termination.CANCELLED
    assert not outcome.proved
    assert check_spacing(problem, outcome.plan) == outcome.objective


def test_a_stop_before_the_rounds_have_a_plan_keeps_that_of_the_windows() -> None:
    problem, going = ring(60, cars=1), [True]

    def rounds(_: SpacingProblem, __: Budget, *, observe: Observer) -> Outcome[SpacedPlan]:
        going[0] = False
        assert not observe(Progress(seconds=0.0))
        raise stopped_before_any_plan()

    outcome = solve_windows(problem, Budget(iterations=1), rounds, observe=lambda _: going[0])
    assert outcome.termination is Termination.CANCELLED
    assert outcome.bound is None
    assert outcome.plan.routes
    assert check_spacing(problem, outcome.plan) == outcome.objective
