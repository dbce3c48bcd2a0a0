"""Recompute periodic rounds from the problem alone, or raise; their measures; and why points are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from geo.errors import CheckError
from planners.patrol.problem import NO_WAY
from planners.patrol.visits.days import NEVER, cheapest_days
from planners.patrol.visits.plan import DayRoute, VisitsPlan
from planners.patrol.visits.problem import UNKNOWN, VisitsProblem

Reason = Literal["no_way", "day", "frequency", "room"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitsMetrics:
    """What a plan costs and how even it is; seconds, ``busiest`` and ``quietest`` by units of a day, shares of 1.

    ``kept_exactly`` is the share of all gaps between two visits that are exactly ``every`` days.
    """

    unit_days: int
    visits: int
    travel_seconds: int
    service_seconds: int
    longest_route: int
    busiest: int
    quietest: int
    kept_exactly: float
    gaps: int


def check_visits(problem: VisitsProblem, plan: VisitsPlan) -> float:
    """Return the objective, recomputed leg by leg: seconds of travel, unit days at their price, and what is left out.

    Raises
    ------
    CheckError
        Naming the breach: a route longer than its day, more routes than units, a point twice a day, on a day when it may not be
        visited, too early or too late after its last visit, or neither visited nor listed as left out.
    """
    on, due = visit_days(problem, plan), problem.due()
    used = np.zeros(problem.days, np.int64)
    travel = 0
    for route in plan.routes:
        seconds = route_seconds(problem, route)
        used[route.day] += 1
        travel += seconds
        whole = seconds + int(problem.service[route.points].sum())
        if whole > problem.day_seconds[route.day]:
            raise CheckError(
                f"A route of day {route.day + 1} takes {whole} s, above {problem.day_seconds[route.day]} s",
                f"第 {route.day + 1} 天有路线用时 {whole} 秒，超过 {problem.day_seconds[route.day]} 秒",
            )
    if (used > problem.units).any():
        day = int(np.argmax(used > problem.units))
        raise CheckError(
            f"Day {day + 1} has {used[day]} routes for {problem.units[day]} units",
            f"第 {day + 1} 天有 {used[day]} 条路线，但只有 {problem.units[day]} 个巡组",
        )
    for point in range(problem.points):
        days = np.flatnonzero(on[point])
        if point in plan.left_out:
            if len(days):
                raise _point(problem, point, "is listed as left out but is visited", "列为未安排，实际已安排")
        elif len(days) or due[point]:
            _check_days(problem, point, days)
    lost = int(problem.priority[list(plan.left_out)].sum())
    return float(travel + problem.unit_seconds * len(plan.routes) + problem.price_of_leaving_out * lost)


def evaluate_visits(problem: VisitsProblem, plan: VisitsPlan) -> VisitsMetrics:
    """Return the measures of a plan that ``check_visits`` accepts."""
    on = visit_days(problem, plan)
    travel = [route_seconds(problem, route) for route in plan.routes]
    service = [int(problem.service[route.points].sum()) for route in plan.routes]
    used = np.bincount([route.day for route in plan.routes], minlength=problem.days)
    gaps = [(point, gap) for point in range(problem.points) for gap in np.diff(np.flatnonzero(on[point])).tolist()]
    exact = sum(gap == problem.every[point] for point, gap in gaps)
    duty = used[problem.units > 0]
    return VisitsMetrics(
        unit_days=len(plan.routes), visits=int(on.sum()), travel_seconds=sum(travel), service_seconds=sum(service),
        longest_route=max((a + b for a, b in zip(travel, service, strict=True)), default=0),
        busiest=int(duty.max(initial=0)), quietest=int(duty.min(initial=problem.units.max())) if len(duty) else 0,
        kept_exactly=float(exact / len(gaps)) if gaps else 1.0, gaps=len(gaps),
    )  # fmt: skip


def visit_days(problem: VisitsProblem, plan: VisitsPlan) -> npt.NDArray[np.bool_]:
    """Return on which days each point is visited, bool[p, d]; raise where a route names what is not there."""
    on = np.zeros((problem.points, problem.days), np.bool_)
    for route in plan.routes:
        points = route.points
        if not 0 <= route.day < problem.days or not len(points) or points.min() < 0 or points.max() >= problem.points:
            raise CheckError(
                "A route is empty or names an unknown day or point", "路线为空，或引用了不存在的日期、走访点"
            )
        if on[points, route.day].any() or len(np.unique(points)) < len(points):
            raise CheckError(
                f"A point is visited twice on day {route.day + 1}", f"第 {route.day + 1} 天有走访点被重复走访"
            )
        if not problem.may[points, route.day].all():
            point = int(points[np.argmin(problem.may[points, route.day])])
            raise _point(
                problem, point, f"may not be visited on day {route.day + 1}", f"不允许在第 {route.day + 1} 天走访"
            )
        on[points, route.day] = True
    return on


def route_seconds(problem: VisitsProblem, route: DayRoute) -> int:
    """Return the seconds of travel of a route."""
    way = np.concatenate([[0], route.points + 1, [0]])
    legs = problem.seconds[way[:-1], way[1:]]
    if (legs >= NO_WAY).any():
        raise CheckError(f"A route of day {route.day + 1} has no way", f"第 {route.day + 1} 天有路线不可通行")
    return int(legs.astype(np.int64).sum())


def why_left_out(problem: VisitsProblem, plan: VisitsPlan) -> list[tuple[int, Reason]]:
    """Return why each point is left out: no way, longer than any day, no days that keep its frequency, or no room."""
    return [(point, impossible(problem, point) or "room") for point in plan.left_out]


def impossible(problem: VisitsProblem, point: int) -> Reason | None:
    """Return why a point could not be visited even if it were alone, or None."""
    alone = int(problem.round_trip()[point])
    if alone >= NO_WAY:
        return "no_way"
    days = problem.may[point] & (problem.units > 0)
    if not (days & (problem.day_seconds >= alone)).any():
        return "day"
    costs = np.where(days & (problem.day_seconds >= alone), 1, NEVER)
    if cheapest_days(problem, point, costs.astype(np.int64)) is None:
        return "frequency"
    return None


def _check_days(problem: VisitsProblem, point: int, days: npt.NDArray[np.intp]) -> None:
    if not len(days):
        raise _point(problem, point, "is never visited and not listed as left out", "未安排且未列入未安排")
    low, high = problem.first_days(point)
    if not low <= days[0] <= high:
        early = "" if problem.since[point] == UNKNOWN else f"（距上次 {days[0] + problem.since[point]} 天）"
        raise _point(problem, point, f"is first visited on day {days[0] + 1}", f"首次走访在第 {days[0] + 1} 天{early}")
    if days[-1] < problem.last_day(point):
        raise _point(problem, point, f"is last visited on day {days[-1] + 1}", f"末次走访在第 {days[-1] + 1} 天，过早")
    gaps = np.diff(days)
    off = np.abs(gaps - problem.every[point]) > problem.tolerance[point]
    if off.any():
        gap = int(gaps[np.argmax(off)])
        raise _point(problem, point, f"has {gap} days between two visits", f"两次走访相隔 {gap} 天")


def _point(problem: VisitsProblem, point: int, en: str, zh: str) -> CheckError:
    key = problem.point_keys[point]
    return CheckError(f"{key} {en}", f"{key} {zh}", rows=[key])
