from dataclasses import replace

import numpy as np
import pytest

from geo.errors import CancelledError
from planners.contract import Budget, Progress, Termination
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.binding import binding_constraint
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import begins_by_point, check_spacing
from planners.patrol.spacing.packing import Group, Packing, bases, composed, fewer, mixed
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


def packing(problem: SpacingProblem, units: int, base: int) -> Packing:
    group = Group.of(problem, np.arange(problem.points), 0)
    return Packing(group=group, units=composed(units, base, group.visits), bits=np.array([7], np.uint64))


@pytest.mark.parametrize(("units", "visits"), [(1, 4), (7, 4), (53, 4), (54, 4), (40, 6), (9, 7), (30, 1)])
def test_mixes_have_all_units_in_rounds_of_sizes_that_divide_the_visits(units: int, visits: int) -> None:
    made = [sizes.tolist() for sizes in mixed(units, visits)]
    assert composed(units, bases(visits)[0], visits).tolist() in made
    for sizes in made:
        assert sum(sizes) == units
        assert sizes == sorted(sizes, reverse=True)
        assert set(sizes) <= set(bases(visits))
    assert len({tuple(sizes) for sizes in made}) == len(made)
    if units == 53:
        assert [4] * 12 + [2, 2, 1] in made


def test_fewer_units_are_taken_from_the_last_rounds() -> None:
    sizes = np.array([4, 4, 2, 1])
    assert fewer(sizes, 11).tolist() == [4, 4, 2, 1]
    assert fewer(sizes, 10).tolist() == [4, 4, 2]
    assert fewer(sizes, 9).tolist() == [4, 4, 1]
    assert fewer(sizes, 6).tolist() == [4, 2]
    assert fewer(sizes, 13).tolist() == [4, 4, 2, 1, 2]


@pytest.mark.parametrize("base", [1, 2, 4])
def test_every_point_lies_on_one_round_that_its_units_can_walk_in_time(base: int) -> None:
    problem = ring(24)
    held = packing(problem, 4, base)
    assert held.improve(2000) == 0
    rounds, _ = held.rounds()
    assert sorted(p for r in rounds for p in r.points) == list(range(24))
    assert sum(r.units for r in rounds) <= 4
    for item in rounds:
        order = np.array(item.points)
        length = 600 * len(order) + int(problem.seconds[0][order + 1, np.roll(order, -1) + 1].sum())
        assert length <= item.units * 2 * HOUR


def test_too_few_units_leave_the_points_of_least_priority_absent() -> None:
    priority = np.ones(24, np.int64)
    priority[[3, 9, 15]] = 10
    problem = ring(24, priority=priority)
    group = Group.of(problem, np.arange(24), 0)
    held = Packing(group=group, units=np.array([1]), bits=np.array([7], np.uint64), by_priority=True)
    assert held.improve(3000) > 0
    assert not {3, 9, 15} & set(held.absent)


def test_units_of_a_round_divide_the_visits() -> None:
    assert bases(4) == (4, 2, 1)
    assert bases(3) == (3, 1)
    assert bases(1) == (1,)
    assert bases(7) == (7, 1)
    assert composed(11, 4, 4).tolist() == [4, 4, 2, 1]
    assert composed(3, 2, 4).tolist() == [2, 1]


def test_the_beat_of_a_round_is_even_and_no_faster_than_its_length() -> None:
    problem = ring(18)
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    assert plan.units_used == 2
    # 18 * 720 s walked by two units: every point is begun again after 6,480 s at the soonest when the beat is even.
    assert min(np.diff(begins).min() for begins in begins_by_point(problem, plan)) >= 6480 - 5


def test_a_shift_that_the_gap_does_not_divide_is_kept_too() -> None:
    problem = ring(20, gap_seconds=3 * HOUR)
    outcome = solve_spacing(problem, Budget(iterations=1))
    assert check_spacing(problem, outcome.plan) == outcome.objective
    assert not outcome.plan.left_out
    for begins in begins_by_point(problem, outcome.plan):
        assert begins[0] <= 3 * HOUR
        assert begins[-1] > 5 * HOUR
        assert np.diff(begins).max() <= 3 * HOUR


def test_more_units_are_never_worse() -> None:
    priority = np.arange(1, 25)
    found = [solve_spacing(ring(24, cars=cars, priority=priority), Budget(iterations=2)).plan for cars in range(1, 5)]
    lost = [int(priority[list(plan.left_out)].sum()) for plan in found]
    assert lost == sorted(lost, reverse=True)
    assert lost[0] > 0
    assert lost[-1] == 0


def test_same_seed_same_plan_and_a_stop_keeps_the_plan() -> None:
    problem = ring(24)
    one, other = (solve_spacing(problem, Budget(iterations=3, seed=4)).plan for _ in range(2))
    assert [r.points.tolist() for r in one.routes] == [r.points.tolist() for r in other.routes]
    assert [r.begin.tolist() for r in one.routes] == [r.begin.tolist() for r in other.routes]
    seen: list[Progress] = []

    def stop(progress: Progress) -> bool:
        seen.append(progress)
        return progress.objective is None

    outcome = solve_spacing(problem, Budget(seconds=60), observe=stop)
    assert outcome.termination in {Termination.CANCELLED, Termination.OPTIMAL}
    assert [step.objective for step in seen[:-1]] == [None] * (len(seen) - 1)
    assert check_spacing(problem, outcome.plan) == seen[-1].objective


def test_a_stop_before_there_is_a_plan_is_heeded_at_once() -> None:
    seen: list[Progress] = []

    def stop(progress: Progress) -> bool:
        seen.append(progress)
        return False

    with pytest.raises(CancelledError, match="before a first plan"):
        solve_spacing(ring(24), Budget(seconds=60), observe=stop)
    assert len(seen) == 1


def test_a_stop_while_the_bound_is_proved_keeps_what_is_proved_by_then() -> None:
    problem = ring(24)
    asked: list[bool] = []

    def going() -> bool:
        asked.append(len(asked) < 1)
        return asked[-1]

    assert 1 <= bound_units(problem, going=going).units <= bound_units(problem).units
    assert asked == [True, False]


def test_binding_says_what_is_short_and_what_one_more_unit_brings() -> None:
    problem = ring(18, cars=1)
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    found = binding_constraint(problem, plan)
    assert found is not None
    assert found.points == plan.left_out
    # 18 * 720 s of round need two units of at most 7,200 s; with the second all points are kept.
    assert found.needed == {"car": 2}
    assert found.gained == len(plan.left_out)
    assert found.priority_gained == found.gained
    assert "at least 2 units (car), 1 are on shift (proved)" in found.en
    assert "120" in found.zh
    assert binding_constraint(ring(18), SpacedPlan(routes=plan.routes)) is None


def test_binding_tells_a_point_too_far_from_one_without_a_way() -> None:
    problem = ring(8)
    seconds = problem.seconds.copy()
    seconds[0, :, 4] = NO_WAY
    seconds[0, 4, 4] = 0
    seconds[0, 0, 6] = 7300
    cut = replace(problem, seconds=seconds)
    plan = solve_spacing(cut, Budget(iterations=1)).plan
    assert plan.left_out == (3, 5)
    found = binding_constraint(cut, plan)
    assert found is not None
    assert "p03" in found.en.split(";")[0]
    assert "no street" in found.en
    assert "so far" in found.en
    assert found.kind is None
