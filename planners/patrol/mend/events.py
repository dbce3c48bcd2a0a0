"""What happens during a shift, and the problem that is left then: what has begun is fact, the next stop of each unit is promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.asked import Start
from planners.patrol.spacing.check import broken_gaps
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitAway:
    """A unit is pulled away (脱岗处警) at a second; a stop that it has begun then counts as a visit."""

    unit: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitBack:
    """A unit is free again (归队) at a second, at a place (posts, then points) or at its post."""

    unit: str
    at: int
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLate:
    """A unit reaches its next stop so many seconds later than planned."""

    unit: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreetsChanged:
    """Times between all places from now on, such as after a street is closed; int32[kinds, places, places]."""

    seconds: npt.NDArray[np.int32]
    metres: npt.NDArray[np.int32] | None = None


UnitEvent: TypeAlias = UnitAway | UnitBack | UnitLate
Event: TypeAlias = UnitEvent | StreetsChanged


def under_way(
    problem: SpacingProblem, plan: SpacedPlan, events: Sequence[Event], *, now: int
) -> tuple[SpacingProblem, SpacedPlan]:
    """Return the problem with all units under way at ``now``, and the plan whose promised stops are late where they must be.

    A unit that drives towards a stop over a street that has changed is taken to have the whole new way before it since it
    left; where there is no way any more it turns back. A promised stop that can no longer be in its window, or from which the unit
    would not be back in time, is not held; a unit that cannot be back in time whatever it does counts as away.

    Raises
    ------
    InputError, ParameterError
        Naming an event of a unit that does not exist, is away already or is not, or a time outside the shift.
    """
    if not 0 <= now <= problem.shift_seconds:
        raise ParameterError("The time of the change is outside the shift", "变更时刻不在班次内")
    old = problem
    for event in events:
        if isinstance(event, StreetsChanged):
            metres = problem.metres if event.metres is None else event.metres
            problem = replace(problem, seconds=event.seconds, metres=metres)
    late = _by_unit(problem, events, now)
    starts, routes = {s.unit: s for s in problem.starts}, []
    for route in plan.routes:
        key = problem.unit_key(route.vehicle, route.unit)
        mine = late.get(key)
        away = key in starts and starts[key].free >= problem.shift_seconds
        if mine is not None and away != isinstance(mine, UnitBack):
            state = ("away already", "已离岗") if away else ("not away", "并未离岗")
            raise InputError(f"Unit {key} is {state[0]}", f"巡组 {key} {state[1]}", rows=[key])
        if away and mine is None:
            routes.append(route)
            continue
        start, changed = _start(old, problem, route, mine, now=now)
        starts[key] = start
        if len(changed.points):
            routes.append(changed)
    out = {problem.unit_key(r.vehicle, r.unit) for r in plan.routes}
    for key, event in late.items():
        if key not in out and isinstance(event, UnitLate):
            raise InputError(
                f"Unit {key} has no stop that it could be late for", f"巡组 {key} 没有可晚点的停留", rows=[key]
            )
        if key not in out:
            vehicle = next(v for v in problem.vehicles if key in v.unit_keys)
            place = event.place if isinstance(event, UnitBack) and event.place is not None else vehicle.start_post
            free = event.at if isinstance(event, UnitBack) else problem.shift_seconds
            starts[key] = Start(unit=key, place=place, free=min(free, problem.shift_seconds))
    problem = replace(problem, starts=tuple(starts[key] for key in sorted(starts)))
    draft = replace(plan, routes=tuple(routes), broken=())
    return problem, replace(draft, broken=broken_gaps(problem, draft))


def _by_unit(problem: SpacingProblem, events: Sequence[Event], now: int) -> dict[str, UnitEvent]:
    found: dict[str, UnitEvent] = {}
    known = {
        problem.unit_key(v, u)
        for v, kind in enumerate(problem.vehicles)
        if problem.may_go(v)
        for u in range(kind.available)
    }
    for event in events:
        if isinstance(event, StreetsChanged):
            continue
        if event.unit not in known:
            raise InputError(
                f"There is no unit {event.unit} that may go out", f"没有可出巡的巡组 {event.unit}", rows=[event.unit]
            )
        if event.unit in found:
            raise InputError(
                f"Unit {event.unit} has two events at once", f"巡组 {event.unit} 同时有两个事件", rows=[event.unit]
            )
        if isinstance(event, UnitLate) and event.seconds < 0:
            raise ParameterError(
                f"Unit {event.unit} cannot be late by less than 0 seconds", f"巡组 {event.unit} 的晚点不得为负"
            )
        if not isinstance(event, UnitLate) and not now <= event.at <= problem.shift_seconds:
            raise ParameterError(
                f"The event of {event.unit} is before now or after the shift",
                f"巡组 {event.unit} 的事件时刻早于现在或晚于班次",
            )
        found[event.unit] = event
    return found


def _start(
    old: SpacingProblem,
    problem: SpacingProblem,
    route: SpacedRoute,
    event: UnitEvent | None,
    *,
    now: int,
) -> tuple[Start, SpacedRoute]:
    """Return from where a unit goes on, and its route with the promised stop at its new time."""
    key = problem.unit_key(route.vehicle, route.unit)
    before = problem.start_of(route.vehicle, route.unit)
    promised = 0 if before.done is None else len(before.done.points)
    if isinstance(event, UnitBack):
        place = problem.vehicles[route.vehicle].start_post if event.place is None else event.place
        return Start(unit=key, place=place, free=event.at, done=before.done), route
    if isinstance(event, UnitAway):
        # What was promised to others is void where the unit has not begun it.
        begun = int((route.begin <= event.at).sum())
        kept = _cut(route, begun)
        if begun and kept.departure[-1] > event.at:
            kept = replace(kept, departure=np.r_[kept.departure[:-1], event.at])
        rest = _joined(kept, route, begun)
        place = problem.posts + int(route.points[begun - 1]) if begun else before.place
        return Start(unit=key, place=place, free=problem.shift_seconds, done=kept if begun else None), rest
    begun = int((route.begin <= now).sum())
    held = max(promised, min(len(route.points), begun + 1))
    lag = event.seconds if isinstance(event, UnitLate) else 0
    moved = _retimed(old, problem, route, begun, lag, now)
    if isinstance(moved, Start):
        return moved, route
    if held == 0:
        return before, route
    done = _cut(moved, held)
    place = problem.posts + int(done.points[-1])
    free = int(done.departure[-1])
    home = int(problem.seconds[problem.kind_of(route.vehicle), place, problem.vehicles[route.vehicle].end_post])
    if free + home > problem.shift_seconds:
        # It cannot be back in time any more: nothing else is asked of it.
        return Start(unit=key, place=place, free=problem.shift_seconds, done=done), moved
    done = replace(done, back=free + home)
    return Start(unit=key, place=place, free=free, done=done), moved if held < len(moved.points) else done


def _retimed(
    old: SpacingProblem, problem: SpacingProblem, route: SpacedRoute, begun: int, lag: int, now: int
) -> SpacedRoute | Start:
    """Return the route with its next stop as late as it must be, or from where the unit goes on if it cannot be held."""
    if begun >= len(route.points):
        return route
    before, kind = problem.start_of(route.vehicle, route.unit), problem.kind_of(route.vehicle)
    if begun == (0 if before.done is None else len(before.done.points)):
        here = before.place
    else:
        here = problem.posts + int(route.points[begun - 1]) if begun else problem.vehicles[route.vehicle].start_post
    place = problem.posts + int(route.points[begun])
    leg, was = int(problem.seconds[kind, here, place]), int(old.seconds[kind, here, place])
    arrival = int(route.arrival[begun]) + lag + max(0, leg - was)
    begin = max(int(route.begin[begun]), arrival)
    late = begin - int(route.begin[begun])
    end, over = problem.vehicles[route.vehicle].end_post, problem.shift_seconds
    back = int(route.departure[begun]) + late + int(problem.seconds[kind, place, end])
    if not late and back <= over:
        return route
    if leg >= NO_WAY or back > over or late_for_window(problem, route, begun, begin):
        left = int(route.arrival[begun]) - was
        done = None if begun == 0 else _cut(route, begun)
        free = max(left, left + lag if leg < NO_WAY else now + (now - left))
        home = int(problem.seconds[kind, here, end])
        return Start(unit=before.unit, place=here, free=free if free + home <= over else over, done=done)
    arrivals, begins, departures = route.arrival.copy(), route.begin.copy(), route.departure.copy()
    arrivals[begun], begins[begun] = arrival, begin
    departures[begun] += late
    return replace(route, arrival=arrivals, begin=begins, departure=departures)


def late_for_window(problem: SpacingProblem, route: SpacedRoute, number: int, begin: int) -> bool:
    """Return whether a stop begun then would be after its window, or not together with other units."""
    task, rest, chance = (int(a[number]) for a in (route.appointment, route.rest, route.optional))
    if task >= 0:
        return begin > problem.appointments[task].latest or problem.appointments[task].units > 1
    if rest >= 0:
        return begin > problem.breaks[rest].latest
    return chance >= 0 and begin > problem.optional[chance].latest


def _cut(route: SpacedRoute, stops: int) -> SpacedRoute:
    """Return the first stops of a route."""
    return _joined(route, route, stops, stops)


def _joined(head: SpacedRoute, route: SpacedRoute, stops: int, end: int | None = None) -> SpacedRoute:
    """Return the first stops of ``head`` and those after them, up to ``end``, of a route."""
    return replace(
        head,
        points=np.r_[head.points[:stops], route.points[stops:end]],
        appointment=np.r_[head.appointment[:stops], route.appointment[stops:end]],
        rest=np.r_[head.rest[:stops], route.rest[stops:end]],
        optional=np.r_[head.optional[:stops], route.optional[stops:end]],
        arrival=np.r_[head.arrival[:stops], route.arrival[stops:end]],
        begin=np.r_[head.begin[:stops], route.begin[stops:end]],
        departure=np.r_[head.departure[:stops], route.departure[stops:end]],
    )
