"""Recompute a spaced plan from the street times alone, or raise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

import numpy as np

from geo.errors import CheckError
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.asked import Start
from planners.patrol.spacing.check_asked import check_asked
from planners.patrol.spacing.plan import BrokenGap, Role, SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem


def check_spacing(problem: SpacingProblem, plan: SpacedPlan) -> float:
    """Return the objective, recomputed leg by leg.

    It is the units used, plus the price of what is left out (points by priority, appointments, breaks and pins not kept, and
    half of the price and half of the share of its gap, 1 at most, by which a point's broken gaps are over; all of it where it is never
    visited), less the share of all prizes that the optional stops collect, which is below one unit: ``collected / (all prizes + 1)``.

    Raises
    ------
    CheckError
        Naming the breach: a unit twice or against the crew rule, a leg, time, dwell, kind, ban or shift not kept, a gap exceeded or
        undercut and not said to be, an appointment, break or pin not kept and not said to be, an optional stop outside its window.
    """
    _check_units(problem, plan)
    for route in plan.routes:
        _check_route(problem, route)
    begins = begins_by_point(problem, plan)
    for point in plan.left_out:
        if begins[point]:
            raise _point(problem, point, "is listed as left out but is visited", "列为未安排，实际已安排")
    found = broken_gaps(problem, plan)
    for gap in found:
        if gap not in plan.broken:
            _refuse(problem, gap, begins[gap.point])
    for gap in plan.broken:
        if gap not in found:
            raise _point(problem, gap.point, "has a gap listed as broken that is not", "有误列为超时的间隔")
    check_asked(problem, plan)
    return objective_of(problem, plan)


def objective_of(problem: SpacingProblem, plan: SpacedPlan) -> float:
    """Return the objective that a plan claims; see ``check_spacing``."""
    lost = float(int(problem.priority[list(plan.left_out)].sum()))
    lost += len(plan.missed) + len(plan.unrested) + len(plan.unpinned)
    over = np.zeros(problem.points)
    for gap in plan.broken:
        over[gap.point] += abs(gap.over)
        if gap.before == -int(problem.since[gap.point]) and gap.after == problem.shift_seconds:
            over[gap.point] = problem.gap[gap.point]
    # Half of the price at least, so that no gap is broken to save a unit; all of it where a point is never visited.
    share = np.where(over > 0, 0.5 + 0.5 * np.minimum(over / np.maximum(problem.gap, 1), 1.0), 0.0)
    lost += float((problem.priority * share).sum())
    collected = sum(problem.optional[i].prize for route in plan.routes for i in route.optional.tolist() if i >= 0)
    prizes = sum(item.prize for item in problem.optional)
    return plan.units_used + problem.price_of_leaving_out * lost - float(collected) / (prizes + 1)


def broken_gaps(problem: SpacingProblem, plan: SpacedPlan) -> tuple[BrokenGap, ...]:
    """Return all gaps that a plan does not keep, rising by point and time; points left out or off the rounds have none."""
    out = set(plan.left_out)
    return tuple(
        gap
        for point, begins in enumerate(begins_by_point(problem, plan))
        if problem.on_rounds[point] and point not in out
        for gap in _broken(problem, point, begins)
    )


def _broken(problem: SpacingProblem, point: int, begins: list[int]) -> Iterator[BrokenGap]:
    gap, least = int(problem.gap[point]), int(problem.least_gap[point])
    steps = [-int(problem.since[point]), *begins, problem.shift_seconds]
    for number, (before, after) in enumerate(pairwise(steps)):
        # A visit at the very end of the gap belongs to the next shift.
        over = after - before - gap + (number == len(begins))
        if over > 0:
            yield BrokenGap(point=point, before=before, after=after, over=over)
        elif 0 < number < len(begins) and after - before < least:
            yield BrokenGap(point=point, before=before, after=after, over=after - before - least)


def begins_by_point(problem: SpacingProblem, plan: SpacedPlan) -> list[list[int]]:
    """Return the rising begins of the rounds at each point."""
    found: list[list[int]] = [[] for _ in range(problem.points)]
    for route in plan.routes:
        for point, role, begin in zip(route.points.tolist(), route.role.tolist(), route.begin.tolist(), strict=True):
            if role == Role.ROUND and problem.on_rounds[point]:
                found[point].append(begin)
    return [sorted(begins) for begins in found]


def _check_units(problem: SpacingProblem, plan: SpacedPlan) -> None:
    seen: set[tuple[int, int]] = set()
    for route in plan.routes:
        if not 0 <= route.vehicle < len(problem.vehicles):
            raise CheckError("A route names a type of unit that does not exist", "路线引用了不存在的巡组类型")
        vehicle = problem.vehicles[route.vehicle]
        if not 0 <= route.unit < vehicle.available or (route.vehicle, route.unit) in seen:
            raise CheckError(
                "A unit that does not exist or has a route already is sent", "路线使用了不存在或重复的巡组"
            )
        if not problem.may_go(route.vehicle):
            key = vehicle.unit_keys[route.unit]
            raise CheckError(f"Unit {key} has no police officer in its crew", f"巡组 {key} 没有民警", rows=[key])
        seen.add((route.vehicle, route.unit))
    sent = {problem.unit_key(*unit) for unit in seen}
    for start in problem.starts:
        if start.done is not None and len(start.done.points) and start.unit not in sent:
            key = start.unit
            raise CheckError(f"The plan forgets what {key} has done", f"方案遗漏了巡组 {key} 已完成的停留", rows=[key])


def _check_route(problem: SpacingProblem, route: SpacedRoute) -> None:
    vehicle = problem.vehicles[route.vehicle]
    kind = problem.kind_of(route.vehicle)
    key = vehicle.unit_keys[route.unit]
    seconds = problem.seconds[kind]
    sizes = {len(a) for a in (route.points, route.appointment, route.rest, route.optional, route.arrival, route.begin,
                              route.departure)}  # fmt: skip
    if len(sizes) != 1 or sizes == {0} or route.leave < 0:
        raise CheckError(
            f"The route of {key} has no stop or wrong times", f"巡组 {key} 的路线为空或时刻有误", rows=[key]
        )
    start = problem.start_of(route.vehicle, route.unit)
    done = _check_done(route, start, key)
    if not done and route.leave < start.free:
        raise CheckError(f"Unit {key} leaves before it is free", f"巡组 {key} 出发早于可用时刻", rows=[key])
    here, now = start.place, start.free if done else route.leave
    if start.free >= problem.shift_seconds:
        if done < len(route.points):
            raise CheckError(f"Unit {key} is away but has a stop", f"巡组 {key} 已离岗，仍有停留", rows=[key])
        return
    stops = zip(
        route.points.tolist(), route.appointment.tolist(), route.rest.tolist(), route.optional.tolist(),
        route.arrival.tolist(), route.begin.tolist(), route.departure.tolist(), strict=True,
    )  # fmt: skip
    for stop in islice(stops, done, None):
        here, now = _check_stop(problem, route, stop, here, now)
    leg = int(seconds[here, vehicle.end_post])
    if leg >= NO_WAY or route.back != now + leg or route.back > problem.shift_seconds:
        raise CheckError(f"Unit {key} is not back in time", f"巡组 {key} 未按时归队", rows=[key])


def _check_done(route: SpacedRoute, start: Start, key: str) -> int:
    """Return how many stops of a route are facts, which must stand at its head."""
    if start.done is None:
        return 0
    done = len(start.done.points)
    for name in ("points", "appointment", "rest", "optional", "arrival", "begin", "departure"):
        if not np.array_equal(getattr(route, name)[:done], getattr(start.done, name)):
            raise CheckError(f"The plan changes what {key} has done", f"方案改动了巡组 {key} 已完成的停留", rows=[key])
    if route.leave != start.done.leave:
        raise CheckError(f"The plan changes when {key} left", f"方案改动了巡组 {key} 的出发时刻", rows=[key])
    return done


def _check_stop(
    problem: SpacingProblem, route: SpacedRoute, stop: tuple[int, ...], here: int, now: int
) -> tuple[int, int]:
    """Return the place and departure of a stop that is kept."""
    kind = problem.kind_of(route.vehicle)
    key = problem.unit_key(route.vehicle, route.unit)
    point, task, rest, chance, arrival, begin, departure = stop
    known = (
        -problem.posts <= point < problem.points and (point >= 0 or rest >= 0)
        and task < len(problem.appointments) and rest < len(problem.breaks) and chance < len(problem.optional)
        and (task >= 0) + (rest >= 0) + (chance >= 0) <= 1
    )  # fmt: skip
    if not known:
        raise CheckError(f"The route of {key} names an unknown point", f"巡组 {key} 的路线引用了不存在的点", rows=[key])
    place = problem.posts + point
    leg = int(problem.seconds[kind, here, place])
    if leg >= NO_WAY or arrival != now + leg:
        raise _point(problem, point, f"is not reached by {key} when the plan says", f"巡组 {key} 的到达时刻有误")
    name = problem.vehicles[route.vehicle].kind
    if rest >= 0:
        item = problem.breaks[rest]
        may = place in item.posts if item.posts else place == here
        dwell = item.seconds
    elif task >= 0:
        asked = problem.appointments[task]
        may, dwell = asked.point == point and name in asked.kinds, asked.dwell
    elif chance >= 0:
        offer = problem.optional[chance]
        may, dwell = offer.point == point and name in offer.kinds, offer.dwell
    else:
        may, dwell = bool(problem.eligible[point, kind] and problem.on_rounds[point]), int(problem.dwell[point])
    if not may or (rest < 0 and not problem.may_stop(route.vehicle, route.unit, point)):
        raise _point(problem, point, f"may not be visited by {key}", f"不允许巡组 {key} 到访")
    if begin < arrival or departure != begin + dwell:
        raise _point(problem, point, f"is begun or left by {key} at the wrong time", f"巡组 {key} 的驻守时刻有误")
    return place, departure


def _refuse(problem: SpacingProblem, gap: BrokenGap, begins: list[int]) -> None:
    point, allowed = gap.point, int(problem.gap[gap.point])
    if not begins:
        raise _point(problem, point, "is never visited and not listed as left out", "未安排且未列入未安排")
    if gap.over < 0:
        raise _point(problem, point, "is visited again too soon", "重复到点过早")
    if gap.after == begins[0]:
        raise _point(problem, point, f"is first visited at {begins[0]} s", f"首次到点过晚（{begins[0]} 秒）")
    if gap.before == begins[-1]:
        raise _point(problem, point, f"is last visited at {begins[-1]} s", f"末次到点过早（{begins[-1]} 秒）")
    step = gap.after - gap.before
    raise _point(problem, point, f"has a gap of {step} s, above {allowed} s", f"间隔 {step} 秒超过 {allowed} 秒")


def _point(problem: SpacingProblem, point: int, en: str, zh: str) -> CheckError:
    key = problem.place_key(point)
    return CheckError(f"{key} {en}", f"{key} {zh}", rows=[key])
