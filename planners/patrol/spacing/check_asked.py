"""Recompute whether a spaced plan does what is asked beside the rounds, or raise."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from geo.errors import CheckError
from planners.patrol.spacing.asked import Break
from planners.patrol.spacing.plan import Role, SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem


def check_asked(problem: SpacingProblem, plan: SpacedPlan) -> None:
    """Check appointments, breaks, optional stops and pins of a plan whose routes are checked.

    Raises
    ------
    CheckError
        Naming what is not kept, or is kept and said not to be.
    """
    _check_appointments(problem, plan)
    _check_breaks(problem, plan)
    _check_optional(problem, plan)
    for number, pin in enumerate(problem.pins):
        if (number in plan.unpinned) == pin_kept(problem, plan, number):
            raise CheckError(
                f"The set stop of {pin.unit} at {problem.point_keys[pin.point]} is not as the plan says",
                f"巡组 {pin.unit} 在 {problem.point_keys[pin.point]} 的指定停留与方案不符",
                rows=[pin.unit],
            )


def pin_kept(problem: SpacingProblem, plan: SpacedPlan, number: int) -> bool:
    """Return whether a visit of the rounds keeps a pin."""
    pin = problem.pins[number]
    return any(
        point == pin.point and role == Role.ROUND and pin.earliest <= begin <= pin.latest
        for route in plan.routes
        if problem.unit_key(route.vehicle, route.unit) == pin.unit
        for point, role, begin in zip(route.points.tolist(), route.role.tolist(), route.begin.tolist(), strict=True)
    )


def owes(problem: SpacingProblem, item: Break, route: SpacedRoute) -> bool:
    """Return whether a unit must take a break on its route: it is out too long to rest at its own post."""
    if not any(problem.concerns(who, route.vehicle, route.unit) for who in item.who):
        return False
    if problem.start_of(route.vehicle, route.unit).free >= problem.shift_seconds:
        return False
    return rests_at_post(problem, item, route) is None


def rests_at_post(problem: SpacingProblem, item: Break, route: SpacedRoute) -> Literal["before", "after"] | None:
    """Return whether a unit can take a break at its own post before it leaves or after it is back."""
    vehicle = problem.vehicles[route.vehicle]
    if route.leave >= item.earliest + item.seconds and (not item.posts or vehicle.start_post in item.posts):
        return "before"
    in_time = max(route.back, item.earliest) <= min(item.latest, problem.shift_seconds - item.seconds)
    return "after" if in_time and (not item.posts or vehicle.end_post in item.posts) else None


def _check_appointments(problem: SpacingProblem, plan: SpacedPlan) -> None:
    kept: dict[int, list[int]] = {}
    promised: set[int] = set()
    for route in plan.routes:
        for task, begin in zip(route.appointment.tolist(), route.begin.tolist(), strict=True):
            if task >= 0:
                kept.setdefault(task, []).append(begin)
        done = problem.start_of(route.vehicle, route.unit).done
        promised |= set() if done is None else set(done.appointment.tolist())
    for task, item in enumerate(problem.appointments):
        begins = kept.get(task, [])
        if task in plan.missed:
            # Units that were there, or are on their way, may be too few since another was pulled away.
            if begins and task not in promised:
                raise CheckError(f"{item.key} is listed as missed but is kept", f"{item.key} 被误列入未完成")
        elif len(begins) != item.units or len(set(begins)) != 1 or not item.earliest <= begins[0] <= item.latest:
            raise CheckError(
                f"{item.key} is not kept by {item.units} units together within its time",
                f"{item.key} 未由 {item.units} 个巡组在规定时间同时到场",
                rows=[item.key],
            )


def _check_breaks(problem: SpacingProblem, plan: SpacedPlan) -> None:
    for route in plan.routes:
        key = problem.unit_key(route.vehicle, route.unit)
        for number, item in enumerate(problem.breaks):
            begins = route.begin[route.rest == number].tolist()
            mine = any(problem.concerns(who, route.vehicle, route.unit) for who in item.who)
            wrong = len(begins) > mine or any(not item.earliest <= begin <= item.latest for begin in begins)
            if wrong or (((number, key) in plan.unrested) != (not begins and owes(problem, item, route))):
                raise CheckError(
                    f"Unit {key} does not take the break {item.key} as the plan says",
                    f"巡组 {key} 的休息 {item.key} 与方案不符",
                    rows=[key],
                )
    known = {(n, problem.unit_key(r.vehicle, r.unit)) for n in range(len(problem.breaks)) for r in plan.routes}
    if not set(plan.unrested) <= known:
        raise CheckError("A break of a unit without a route is listed", "列出了未出巡巡组的休息")


def _check_optional(problem: SpacingProblem, plan: SpacedPlan) -> None:
    taken = Counter(i for route in plan.routes for i in route.optional.tolist() if i >= 0)
    for route in plan.routes:
        for number, begin in zip(route.optional.tolist(), route.begin.tolist(), strict=True):
            if number < 0:
                continue
            item = problem.optional[number]
            if taken[number] > 1 or not item.earliest <= begin <= item.latest:
                raise CheckError(
                    f"{item.key} is visited twice or outside its window",
                    f"{item.key} 重复到访或不在时间窗内",
                    rows=[item.key],
                )
