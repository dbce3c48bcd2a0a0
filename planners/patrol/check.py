"""Recompute what patrol routes claim from the matrices alone, or raise."""

from __future__ import annotations

import numpy as np

from geo.errors import CheckError
from planners.patrol.plan import PatrolPlan, PatrolRoute
from planners.patrol.problem import NO_WAY, PatrolProblem
from planners.patrol.reach import impossible_visits


def check_patrol(problem: PatrolProblem, plan: PatrolPlan) -> float:
    """Return the objective of a plan, recomputed leg by leg.

    Raises
    ------
    CheckError
        Naming the breach: a visit made twice or not made and not said so, a wrong unit, post, kind or time, a window or
        shift not kept, or a visit called impossible that is not.
    """
    _check_units(problem, plan)
    travel = sum(_check_route(problem, route) for route in plan.routes)
    made = np.zeros(problem.visits, np.int64)
    for route in plan.routes:
        np.add.at(made, route.visits, 1)
    for visit in np.flatnonzero(made > 1).tolist():
        raise _breach(problem, visit, "is visited twice", "被重复安排")
    impossible = {item.visit for item in impossible_visits(problem)}
    for item in plan.impossible:
        if item.visit not in impossible or made[item.visit]:
            raise _breach(problem, item.visit, "is called impossible but is not", "被标为不可达，实际可达")
    named = {item.visit for item in plan.impossible} | set(plan.missed)
    left = problem.required & (made == 0)
    for visit in np.flatnonzero(left).tolist():
        if visit not in named:
            raise _breach(
                problem, visit, "is required, not visited and not listed as missed", "为必巡，未安排且未列入漏巡"
            )
    for visit in plan.missed:
        if made[visit] or not problem.required[visit] or visit in impossible:
            raise _breach(problem, visit, "is listed as missed but is not", "被误列入漏巡")
    lost = int(problem.prize[~problem.required & (made == 0)].sum())
    return float(travel + problem.unit_seconds * len(plan.routes) + lost + problem.missed_seconds * len(plan.missed))


def _check_units(problem: PatrolProblem, plan: PatrolPlan) -> None:
    seen: set[tuple[int, int]] = set()
    for route in plan.routes:
        if not 0 <= route.vehicle < len(problem.vehicles):
            raise CheckError("A route names a type of unit that does not exist", "路线引用了不存在的巡组类型")
        vehicle = problem.vehicles[route.vehicle]
        if not 0 <= route.unit < vehicle.available:
            raise CheckError(
                f"A route uses unit {route.unit + 1} of {vehicle.available} {vehicle.kind} units at one post",
                f"路线使用了第 {route.unit + 1} 个 {vehicle.kind} 巡组，该点只有 {vehicle.available} 个",
            )
        if (route.vehicle, route.unit) in seen:
            key = vehicle.unit_keys[route.unit]
            raise CheckError(f"Unit {key} has two routes", f"巡组 {key} 有两条路线", rows=[key])
        seen.add((route.vehicle, route.unit))


def _check_route(problem: PatrolProblem, route: PatrolRoute) -> int:
    vehicle = problem.vehicles[route.vehicle]
    kind = problem.kind_of(vehicle)
    key = vehicle.unit_keys[route.unit]
    seconds, places = problem.seconds[kind], problem.place_of_visit
    lengths = {len(array) for array in (route.visits, route.arrival, route.begin, route.departure)}
    if len(lengths) != 1 or lengths == {0}:
        raise CheckError(
            f"The route of {key} has no visit or times missing", f"巡组 {key} 的路线为空或缺时刻", rows=[key]
        )
    if route.visits.min() < 0 or route.visits.max() >= problem.visits:
        raise CheckError(
            f"The route of {key} names an unknown visit", f"巡组 {key} 的路线引用了不存在的任务", rows=[key]
        )
    carried = int(problem.load[route.visits].sum())
    if carried > vehicle.capacity:
        raise CheckError(
            f"Unit {key} carries {carried}, above {vehicle.capacity}", f"巡组 {key} 载量 {carried} 超过 {vehicle.capacity}",
            rows=[key],
        )  # fmt: skip
    here, now, travel = vehicle.start_post, route.leave, 0
    if route.leave < 0:
        raise CheckError(f"Unit {key} leaves before the shift begins", f"巡组 {key} 在班次开始前出发", rows=[key])
    stops = zip(
        route.visits.tolist(), route.arrival.tolist(), route.begin.tolist(), route.departure.tolist(), strict=True
    )
    for visit, arrival, begin, departure in stops:
        place = int(places[visit])
        leg = int(seconds[here, place])
        if leg >= NO_WAY:
            raise _breach(problem, visit, f"has no way for unit {key}", f"巡组 {key} 无路可达")
        if not problem.eligible[visit, kind]:
            raise _breach(
                problem, visit, f"may not be visited by a {vehicle.kind} unit", f"不允许 {vehicle.kind} 巡组到访"
            )
        if arrival != now + leg:
            raise _breach(
                problem, visit, f"is reached at {now + leg} s, not {arrival} s", f"到达时刻应为 {now + leg} 秒"
            )
        low, high = int(problem.window[visit, 0]), int(problem.window[visit, 1])
        if begin < arrival or not low <= begin <= high:
            raise _breach(problem, visit, f"begins at {begin} s outside {low} to {high} s", f"{begin} 秒不在时间窗内")
        if departure != begin + int(problem.dwell[visit]):
            raise _breach(problem, visit, "is left before or after its dwell", "离开时刻与驻守时长不符")
        here, now, travel = place, departure, travel + leg
    leg = int(seconds[here, vehicle.end_post])
    if leg >= NO_WAY or route.back != now + leg:
        raise CheckError(f"Unit {key} is not back when the plan says", f"巡组 {key} 的归队时刻有误", rows=[key])
    if route.back > vehicle.shift_seconds:
        raise CheckError(
            f"Unit {key} is back at {route.back} s, after its shift of {vehicle.shift_seconds} s",
            f"巡组 {key} 于 {route.back} 秒归队，超出班次 {vehicle.shift_seconds} 秒",
            rows=[key],
        )
    return travel + leg


def _breach(problem: PatrolProblem, visit: int, en: str, zh: str) -> CheckError:
    key = problem.visit_key(visit)
    return CheckError(f"{key} {en}", f"{key} {zh}", rows=[key])
