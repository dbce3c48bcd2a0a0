from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InfeasibleError
from planners.contract import Budget
from planners.patrol.mend.bound import least_overdue
from planners.patrol.mend.edit import changed_units, insert, lock_of, move, remove
from planners.patrol.mend.events import Event, StreetsChanged, UnitAway, UnitBack, UnitLate
from planners.patrol.mend.replan import replan
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import broken_gaps, check_spacing
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

HOUR = 3600


@cache
def solved(seed: int) -> tuple[SpacingProblem, SpacedPlan]:
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 4000, (20, 2))
    problem = car_and_video(
        seconds=np.abs(at[:, None] - at[None, :]).sum(axis=2) / 8, metres=None, post_keys=["a", "b"],
        point_keys=[f"p{i:02}" for i in range(18)], dwell=rng.integers(10, 16, 18) * 60, cars_at=[3, 3],
        shift_seconds=6 * HOUR, gap_seconds=2 * HOUR, least_gap_seconds=HOUR, priority=rng.integers(1, 4, 18),
    )  # fmt: skip
    return problem, solve_spacing(problem, Budget(iterations=1)).plan


def unit_of(problem: SpacingProblem, route: SpacedRoute) -> str:
    return problem.unit_key(route.vehicle, route.unit)


plans = st.integers(0, 2).map(solved)


@settings(max_examples=60, deadline=None)
@given(plans, st.data())
def test_an_edit_keeps_all_gaps_and_locks_or_is_refused(
    held: tuple[SpacingProblem, SpacedPlan], data: st.DataObject
) -> None:
    problem, plan = held
    route = data.draw(st.sampled_from(plan.routes))
    index = data.draw(st.integers(0, len(route.points) - 1))
    locked = [
        lock_of(problem, plan, unit=unit_of(problem, other), index=k)
        for other in plan.routes
        for k in data.draw(st.sets(st.integers(0, len(other.points) - 1), max_size=3))
        if (other, k) != (route, index)
    ]
    unit, soft = unit_of(problem, route), data.draw(st.booleans())
    to = data.draw(st.sampled_from([*(unit_of(problem, r) for r in plan.routes), "a-3"]))
    begin = data.draw(st.none() | st.integers(-1500, 1500).map(lambda d: int(route.begin[index]) + d))
    what = data.draw(st.sampled_from(["move", "remove", "insert"]))
    try:
        if what == "move":
            edited = move(problem, plan, unit=unit, index=index, to=to, begin=begin, locks=locked, soft=soft)
        elif what == "remove":
            edited = remove(problem, plan, unit=unit, index=index, locks=locked, soft=soft)
        else:
            point = data.draw(st.integers(0, problem.points - 1))
            edited = insert(problem, plan, point=point, to=to, begin=begin, locks=locked, soft=soft)
    except InfeasibleError:
        return
    check_spacing(problem, edited.plan)
    assert broken_gaps(problem, edited.plan) == edited.plan.broken == edited.broken
    assert soft or not edited.broken
    assert edited.changed == changed_units(problem, plan, edited.plan)
    for lock in locked:
        stops = [r for r in edited.plan.routes if unit_of(problem, r) == lock.unit]
        assert any(p == lock.point and b == lock.begin for r in stops for p, b in zip(r.points, r.begin, strict=True))
    if what == "move" and begin is not None:
        stops = [r for r in edited.plan.routes if unit_of(problem, r) == to]
        assert any(
            p == route.points[index] and b == begin for r in stops for p, b in zip(r.points, r.begin, strict=True)
        )


@settings(max_examples=25, deadline=None)
@given(plans, st.integers(0, 6 * HOUR - 1), st.data())
def test_the_past_and_held_stops_stay_and_nothing_changes_without_an_event(
    held: tuple[SpacingProblem, SpacedPlan], now: int, data: st.DataObject
) -> None:
    problem, plan = held
    quiet = replan(problem, plan, [], now=now, iterations=5)
    assert quiet.changed == ()
    assert quiet.overdue == 0
    key = unit_of(problem, data.draw(st.sampled_from(plan.routes)))
    late = UnitLate(unit=key, seconds=data.draw(st.integers(0, 2400)))
    event: Event = UnitAway(unit=key, at=now) if data.draw(st.booleans()) else late
    found = replan(problem, plan, [event], now=now, iterations=15)
    assert np.isclose(check_spacing(found.problem, found.plan), replan_objective(found.problem, found.plan))
    assert 0 <= found.bound <= found.overdue <= found.before + 1e-9
    told = {unit_of(problem, r): r for r in plan.routes}
    made = {unit_of(problem, r): r for r in found.plan.routes}
    for unit, route in told.items():
        begun = int((route.begin <= now).sum())
        kept = begun if unit == key else min(begun + 1, len(route.points))
        if kept:
            assert made[unit].points[:kept].tolist() == route.points[:kept].tolist()
            assert made[unit].begin[:kept].tolist() == route.begin[:kept].tolist()
    if isinstance(event, UnitAway):
        assert len(made[key].points if key in made else ()) == int((told[key].begin <= now).sum())
    again = replan(problem, plan, [event], now=now, iterations=15)
    assert changed_units(found.problem, found.plan, again.plan) == ()


@settings(max_examples=12, deadline=None)
@given(plans, st.integers(0, 2**32 - 1))
def test_events_follow_each_other_on_streets_that_obey_no_rule(
    held: tuple[SpacingProblem, SpacedPlan], seed: int
) -> None:
    problem, plan = held
    rng = np.random.default_rng(seed)
    unit = unit_of(problem, plan.routes[int(rng.integers(len(plan.routes)))])
    seconds = problem.seconds.copy()
    cut, slow = rng.choice(np.arange(problem.posts, problem.posts + problem.points), 2, replace=False)
    seconds[0, slow] *= 4
    seconds[0, :, cut] = NO_WAY
    seconds[0, cut, cut] = 0
    first, second, third = np.sort(rng.integers(0, 6 * HOUR, 3)).tolist()
    for now, event in (
        (first, UnitAway(unit=unit, at=first)), (second, StreetsChanged(seconds=seconds)), (third, UnitBack(unit=unit, at=third)),
    ):  # fmt: skip
        found = replan(problem, plan, [event], now=now, iterations=10)
        problem, plan = found.problem, found.plan
        assert np.isclose(check_spacing(problem, plan), replan_objective(problem, plan))
        quiet = replan(problem, plan, [], now=now)
        assert quiet.changed == ()
        assert quiet.overdue == found.overdue


def replan_objective(problem: SpacingProblem, plan: SpacedPlan) -> float:
    """Return units plus the price of gaps that are over, from the gaps alone."""
    share = np.zeros(problem.points)
    for gap in broken_gaps(problem, plan):
        never = gap.before == -int(problem.since[gap.point]) and gap.after == problem.shift_seconds
        share[gap.point] += 1 if never else abs(gap.over) / int(problem.gap[gap.point])
    lost = problem.priority * np.where(share > 0, 0.5 + 0.5 * np.minimum(share, 1), 0)
    return float(len(plan.routes) + problem.price_of_leaving_out * lost.sum())


@settings(max_examples=30, deadline=None)
@given(plans, st.integers(0, 6 * HOUR - 1), st.data())
def test_a_replan_leaves_locked_stops_of_the_others_and_says_which_gaps_are_broken(
    held: tuple[SpacingProblem, SpacedPlan], now: int, data: st.DataObject
) -> None:
    problem, plan = held
    key = unit_of(problem, data.draw(st.sampled_from(plan.routes)))
    locks = {
        lock_of(problem, plan, unit=unit_of(problem, route), index=index)
        for route in plan.routes
        for index in data.draw(st.sets(st.integers(0, len(route.points) - 1), max_size=4))
    }
    found = replan(problem, plan, [UnitAway(unit=key, at=now)], now=now, locks=locks, iterations=20)
    check_spacing(found.problem, found.plan)
    assert broken_gaps(found.problem, found.plan) == found.plan.broken
    for lock in locks:
        if lock.unit != key:
            (route,) = (r for r in found.plan.routes if unit_of(problem, r) == lock.unit)
            assert (lock.point, lock.begin) in list(zip(route.points.tolist(), route.begin.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(3))
def test_a_unit_that_is_back_at_once_makes_up_for_its_absence(seed: int) -> None:
    problem, plan = solved(seed)
    for route in plan.routes:
        key = unit_of(problem, route)
        now = int(route.begin[len(route.begin) // 2])
        gone = replan(problem, plan, [UnitAway(unit=key, at=now)], now=now, iterations=40)
        # Where it stands it has begun a visit, which is cut short and counts.
        place = problem.posts + int(route.points[len(route.begin) // 2])
        back = replan(gone.problem, gone.plan, [UnitBack(unit=key, at=now, place=place)], now=now, iterations=150)
        check_spacing(back.problem, back.plan)
        # Others have given up their order for it; most of what was over is made up for, and nothing more is over.
        assert back.overdue <= 0.5 * gone.overdue


@settings(max_examples=15, deadline=None)
@given(plans, st.permutations(range(18)), st.integers(0, 6 * HOUR - 1))
def test_the_order_of_the_points_changes_no_bound_and_no_quiet_plan(
    held: tuple[SpacingProblem, SpacedPlan], order: list[int], now: int
) -> None:
    problem, plan = held
    points = np.array(order)
    places = np.r_[np.arange(problem.posts), problem.posts + points]
    other = replace(
        problem, point_keys=tuple(problem.point_keys[p] for p in order), seconds=problem.seconds[:, places][:, :, places],
        metres=problem.metres[:, places][:, :, places], dwell=problem.dwell[points], gap=problem.gap[points],
        least_gap=problem.least_gap[points], since=problem.since[points], eligible=problem.eligible[points],
        priority=problem.priority[points], on_rounds=problem.on_rounds[points],
    )  # fmt: skip
    index = np.argsort(points)
    same = replace(plan, routes=tuple(replace(r, points=index[r.points].astype(np.int32)) for r in plan.routes))
    assert check_spacing(other, same) == check_spacing(problem, plan)
    assert replan(other, same, [], now=now).changed == ()
    key = unit_of(problem, plan.routes[0])
    one, two = (
        replan(p, made, [UnitAway(unit=key, at=now)], now=now, iterations=1)
        for p, made in ((problem, plan), (other, same))
    )
    bound = least_overdue(one.problem, one.plan)
    assert least_overdue(two.problem, two.plan) == pytest.approx(bound)
    assert min(one.overdue, two.overdue) >= bound - 1e-9
