"""Recompute a spaced plan from the street times alone, or raise."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

import numpy as np

from geo.errors import CheckError
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Begins: TypeAlias = dict[int, list[int]]


def check_spacing(problem: SpacingProblem, plan: SpacedPlan) -> float:
    """Return the objective, recomputed leg by leg: units used, plus the price of what is left out.

    Raises
    ------
    CheckError
        Naming the breach: a unit twice or against the crew rule, a leg, time, dwell, kind or shift not kept, a gap exceeded or
        undercut, an appointment not kept, not together, or not said to be missed.
    """
    _check_units(problem, plan)
    rounds: Begins = {}
    kept: Begins = {}
    for route in plan.routes:
        _check_route(problem, route)
        for point, task, begin in zip(
            route.points.tolist(), route.appointment.tolist(), route.begin.tolist(), strict=True
        ):
            if task >= 0:
                kept.setdefault(task, []).append(begin)
            else:
                rounds.setdefault(point, []).append(begin)
    for point in range(problem.points):
        if point in plan.left_out:
            if point in rounds:
                raise _point(problem, point, "is listed as left out but is visited", "列为未安排，实际已安排")
        else:
            _check_gaps(problem, point, sorted(rounds.get(point, [])))
    for task, item in enumerate(problem.appointments):
        begins = kept.get(task, [])
        if task in plan.missed:
            if begins:
                raise CheckError(f"{item.key} is listed as missed but is kept", f"{item.key} 被误列入未完成")
        elif len(begins) != item.units or len(set(begins)) != 1 or not item.earliest <= begins[0] <= item.latest:
            raise CheckError(
                f"{item.key} is not kept by {item.units} units together within its time",
                f"{item.key} 未由 {item.units} 个巡组在规定时间同时到场",
                rows=[item.key],
            )
    lost = int(problem.priority[list(plan.left_out)].sum()) + len(plan.missed)
    return float(plan.units_used + problem.price_of_leaving_out * lost)


def begins_by_point(problem: SpacingProblem, plan: SpacedPlan) -> list[list[int]]:
    """Return the rising begins of the rounds at each point."""
    found: list[list[int]] = [[] for _ in range(problem.points)]
    for route in plan.routes:
        for point, task, begin in zip(
            route.points.tolist(), route.appointment.tolist(), route.begin.tolist(), strict=True
        ):
            if task < 0:
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


def _check_route(problem: SpacingProblem, route: SpacedRoute) -> None:
    vehicle = problem.vehicles[route.vehicle]
    kind = problem.kind_of(route.vehicle)
    key = vehicle.unit_keys[route.unit]
    seconds = problem.seconds[kind]
    sizes = {len(a) for a in (route.points, route.appointment, route.arrival, route.begin, route.departure)}
    if len(sizes) != 1 or sizes == {0} or route.leave < 0:
        raise CheckError(
            f"The route of {key} has no stop or wrong times", f"巡组 {key} 的路线为空或时刻有误", rows=[key]
        )
    here, now = vehicle.start_post, route.leave
    for point, task, arrival, begin, departure in zip(
        route.points.tolist(), route.appointment.tolist(), route.arrival.tolist(), route.begin.tolist(),
        route.departure.tolist(), strict=True,
    ):  # fmt: skip
        if not 0 <= point < problem.points or not -1 <= task < len(problem.appointments):
            raise CheckError(f"The route of {key} names an unknown point", f"巡组 {key} 的路线引用了不存在的点")
        place = problem.posts + point
        leg = int(seconds[here, place])
        if leg >= NO_WAY or arrival != now + leg:
            raise _point(problem, point, f"is not reached by {key} when the plan says", f"巡组 {key} 的到达时刻有误")
        if task < 0:
            may, dwell = bool(problem.eligible[point, kind]), int(problem.dwell[point])
        else:
            item = problem.appointments[task]
            may, dwell = item.point == point and vehicle.kind in item.kinds, item.dwell
        if not may:
            raise _point(problem, point, f"may not be visited by {key}", f"不允许巡组 {key} 到访")
        if begin < arrival or departure != begin + dwell:
            raise _point(problem, point, f"is begun or left by {key} at the wrong time", f"巡组 {key} 的驻守时刻有误")
        here, now = place, departure
    leg = int(seconds[here, vehicle.end_post])
    if leg >= NO_WAY or route.back != now + leg or route.back > problem.shift_seconds:
        raise CheckError(f"Unit {key} is not back in time", f"巡组 {key} 未按时归队", rows=[key])


def _check_gaps(problem: SpacingProblem, point: int, begins: list[int]) -> None:
    gap, since = int(problem.gap[point]), int(problem.since[point])
    if not begins:
        raise _point(problem, point, "is never visited and not listed as left out", "未安排且未列入未安排")
    if begins[0] > gap - since:
        raise _point(problem, point, f"is first visited at {begins[0]} s", f"首次到点过晚（{begins[0]} 秒）")
    if problem.shift_seconds - begins[-1] >= gap:
        raise _point(problem, point, f"is last visited at {begins[-1]} s", f"末次到点过早（{begins[-1]} 秒）")
    steps = np.diff(begins)
    if len(steps) and steps.max() > gap:
        raise _point(
            problem, point, f"has a gap of {steps.max()} s, above {gap} s", f"间隔 {steps.max()} 秒超过 {gap} 秒"
        )
    if any(after - before < int(problem.least_gap[point]) for before, after in pairwise(begins)):
        raise _point(problem, point, "is visited again too soon", "重复到点过早")


def _point(problem: SpacingProblem, point: int, en: str, zh: str) -> CheckError:
    key = problem.point_keys[point]
    return CheckError(f"{key} {en}", f"{key} {zh}", rows=[key])
