"""Units that rest in turn: one that is free takes over the stops of another, which rests and then takes over from the next."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.check_asked import owes, pin_kept
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

_NAMES = ("points", "appointment", "rest", "optional", "arrival", "begin", "departure")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Free:
    """A unit that can take over: its stops so far, and where and from when it is free."""

    unit: tuple[int, int]
    place: int
    free: int
    head: SpacedRoute | None


def relieved(problem: SpacingProblem, plan: SpacedPlan, number: int) -> SpacedPlan:
    """Give a break to units that owe it by handing their later stops to others; no time of a stop changes, so all gaps stay.

    A unit that has rested takes over from the next one; where none is in time, one at its post that is not out comes. Units that still owe the
    break are left so, and the plan says it.
    """
    item = problem.breaks[number]
    routes = {(r.vehicle, r.unit): r for r in plan.routes}
    pool: list[_Free] = []
    owing = {
        (r.vehicle, r.unit) for r in plan.routes if not (r.rest == number).any() and owes(problem, item, r)
    }  # fmt: skip
    while owing:
        best = None
        spare = _at_posts(problem, routes)
        for unit in sorted(owing):
            for fresh, candidates in ((0, pool), (1, spare)):
                found = _earliest(problem, number, routes[unit], candidates)
                if found is not None and (best is None or (fresh, *found[:2]) < best[0][:3]):
                    best = ((fresh, *found[:2], unit), found[2])
        if best is None:
            break
        (_, _, cut, unit), helper = best
        head, tail = _handed(problem, number, routes[unit], cut, helper)
        routes[unit], routes[helper.unit] = head, tail
        owing.discard(unit)
        pool = [free for free in pool if free.unit != helper.unit]
        pool.append(
            _Free(unit=unit, place=problem.posts + int(head.points[-1]), free=int(head.departure[-1]), head=head)
        )
        if not (tail.rest == number).any() and owes(problem, item, tail):
            owing.add(helper.unit)
    draft = replace(plan, routes=tuple(routes[unit] for unit in sorted(routes)))
    unrested = tuple(
        (n, problem.unit_key(r.vehicle, r.unit))
        for n, rest in enumerate(problem.breaks)
        for r in draft.routes
        if not (r.rest == n).any() and owes(problem, rest, r)
    )
    unpinned = tuple(n for n in range(len(problem.pins)) if not pin_kept(problem, draft, n))
    return replace(draft, unrested=unrested, unpinned=unpinned)


def _at_posts(problem: SpacingProblem, routes: dict[tuple[int, int], SpacedRoute]) -> list[_Free]:
    """Return one unit of each type that is not out."""
    found = []
    for vehicle, kind in enumerate(problem.vehicles):
        idle = [unit for unit in range(kind.available) if (vehicle, unit) not in routes]
        if idle and problem.may_go(vehicle):
            found.append(_Free(unit=(vehicle, idle[0]), place=kind.start_post, free=0, head=None))
    return found


def _earliest(
    problem: SpacingProblem, number: int, route: SpacedRoute, helpers: list[_Free]
) -> tuple[int, int, _Free] | None:
    """Return the begin of the earliest break that a unit can take, the first stop that is handed over, and to whom."""
    item = problem.breaks[number]
    kind = problem.kind_of(route.vehicle)
    legs = problem.seconds[kind]
    mine = [pin for pin in problem.pins if pin.unit == problem.unit_key(route.vehicle, route.unit)]
    held = [
        index
        for index, (point, at) in enumerate(zip(route.points, route.begin, strict=True))
        if any(pin.point == point and pin.earliest <= at <= pin.latest for pin in mine)
    ]
    for cut in range(max(held, default=0) + 1, len(route.points)):
        begin, place = _break_at(problem, number, route, cut)
        if begin > item.latest:
            break
        home = begin + item.seconds + int(legs[place, problem.vehicles[route.vehicle].end_post])
        if home > problem.shift_seconds:
            continue
        first, last = problem.posts + int(route.points[cut]), problem.posts + int(route.points[-1])
        best: tuple[int, _Free] | None = None
        for helper in helpers:
            vehicle = helper.unit[0]
            if helper.unit == (route.vehicle, route.unit) or problem.kind_of(vehicle) != kind:
                continue
            way = int(legs[helper.place, first])
            back = int(route.departure[-1]) + int(legs[last, problem.vehicles[vehicle].end_post])
            in_time = helper.free + way <= route.begin[cut] and way < NO_WAY and back <= problem.shift_seconds
            may = all(problem.may_stop(*helper.unit, p) for p in route.points[cut:].tolist() if p >= 0)
            if in_time and may and not (route.rest[cut:] >= 0).any() and (best is None or way < best[0]):
                best = (way, helper)
        if best is not None:
            return begin, cut, best[1]
    return None


def _break_at(problem: SpacingProblem, number: int, route: SpacedRoute, cut: int) -> tuple[int, int]:
    """Return begin and place of a break after the first stops of a route."""
    item = problem.breaks[number]
    here, free = problem.posts + int(route.points[cut - 1]), int(route.departure[cut - 1])
    if not item.posts:
        return max(item.earliest, free), here
    legs = problem.seconds[problem.kind_of(route.vehicle), here]
    post = min(item.posts, key=lambda p: (int(legs[p]), p))
    return max(item.earliest, free + int(legs[post])), post


def _handed(
    problem: SpacingProblem, number: int, route: SpacedRoute, cut: int, helper: _Free
) -> tuple[SpacedRoute, SpacedRoute]:
    """Return the route of the unit that rests, and that of the one that goes on."""
    legs = problem.seconds[problem.kind_of(route.vehicle)]
    begin, place = _break_at(problem, number, route, cut)
    here = problem.posts + int(route.points[cut - 1])
    stop = {
        "points": place - problem.posts, "appointment": -1, "rest": number, "optional": -1,
        "arrival": int(route.departure[cut - 1]) + int(legs[here, place]), "begin": begin,
        "departure": begin + problem.breaks[number].seconds,
    }  # fmt: skip
    end = int(stop["departure"]) + int(legs[place, problem.vehicles[route.vehicle].end_post])
    held = {name: np.append(getattr(route, name)[:cut], stop[name]) for name in _NAMES}
    rested = SpacedRoute(vehicle=route.vehicle, unit=route.unit, leave=route.leave, back=end, **held)
    first, last = problem.posts + int(route.points[cut]), problem.posts + int(route.points[-1])
    way = int(legs[helper.place, first])
    vehicle, unit = helper.unit
    back = int(route.departure[-1]) + int(legs[last, problem.vehicles[vehicle].end_post])
    parts = {name: getattr(route, name)[cut:].copy() for name in _NAMES}
    if helper.head is None:
        parts["arrival"][0] = parts["begin"][0]
        leave = int(parts["begin"][0]) - way
    else:
        parts["arrival"][0] = helper.free + way
        parts = {name: np.concatenate([getattr(helper.head, name), parts[name]]) for name in _NAMES}
        leave = helper.head.leave
    return rested, SpacedRoute(vehicle=vehicle, unit=unit, leave=leave, back=back, **parts)
