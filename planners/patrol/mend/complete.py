"""What a shift asks beside its rounds, put into a plan of the rounds: appointments, set stops, breaks, optional stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError, ParameterError
from planners.contract import Budget, Observer, Outcome, Termination
from planners.patrol.mend import network as nw
from planners.patrol.mend import times
from planners.patrol.mend.chances import with_optional
from planners.patrol.mend.conflict import Conflict
from planners.patrol.mend.edit import insert, move
from planners.patrol.mend.recover import Weights, recovered, take_out
from planners.patrol.mend.relief import relieved
from planners.patrol.mend.timetable import Timetable
from planners.patrol.mend.writing import plan_of
from planners.patrol.spacing.appointments import kept
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.check_asked import pin_kept
from planners.patrol.spacing.plan import Role, SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Solve = Callable[..., Outcome[SpacedPlan]]


def completed(problem: SpacingProblem, budget: Budget, solve: Solve, *, observe: Observer) -> Outcome[SpacedPlan]:
    """Solve the rounds alone and complete their plan; the bound is that of the rounds less all that prizes can bring.

    Raises
    ------
    ParameterError
        Where units are under way already: such a shift is replanned.
    InfeasibleError
        As ``solve``.
    """
    if problem.starts:
        raise ParameterError("Units are under way already: replan the shift instead", "已有巡组出发：请改用重排")
    rounds = np.flatnonzero(problem.on_rounds)
    outcome = solve(rounds_of(problem), budget, observe=observe)
    plan = complete(problem, _lifted(outcome.plan, rounds))
    prizes = sum(item.prize for item in problem.optional)
    bound = None if outcome.bound is None else outcome.bound - prizes / (prizes + 1)
    objective, termination = check_spacing(problem, plan), outcome.termination
    if termination is Termination.OPTIMAL and (bound is None or objective > bound):
        # The rounds are proved, but not what is put into them.
        termination = Termination.ITERATIONS if budget.seconds is None else Termination.TIME
    return replace(outcome, plan=plan, objective=objective, bound=bound, termination=termination)


def rounds_of(problem: SpacingProblem) -> SpacingProblem:
    """Return the problem of the rounds alone; kinds that a ban keeps from a point are not eligible for it.

    Raises
    ------
    InfeasibleError
        Where no point is on the rounds.
    """
    rounds = np.flatnonzero(problem.on_rounds)
    places = np.concatenate([np.arange(problem.posts), problem.posts + rounds])
    eligible = problem.eligible.copy()
    for ban in problem.bans:
        if ban.who in problem.kinds:
            eligible[ban.point, problem.kinds.index(ban.who)] = False
    return replace(
        problem,
        point_keys=tuple(problem.point_keys[p] for p in rounds.tolist()),
        seconds=problem.seconds[:, places][:, :, places], metres=problem.metres[:, places][:, :, places],
        dwell=problem.dwell[rounds], gap=problem.gap[rounds], least_gap=problem.least_gap[rounds],
        since=problem.since[rounds], eligible=eligible[rounds], priority=problem.priority[rounds],
        on_rounds=np.ones(len(rounds), np.bool_), appointments=(), breaks=(), optional=(), pins=(), bans=(),
    )  # fmt: skip


def complete(problem: SpacingProblem, plan: SpacedPlan) -> SpacedPlan:
    """Return a plan of the rounds with all else put in, and what could not be: it passes the check.

    In this order: units that are banned from a point exchange rounds with others, or give it to them; appointments are kept by
    units beside the rounds; set stops are moved to their units; breaks are put where times allow, else the unit is relieved by
    another; optional stops are added by prize for each second more, as long as all gaps are kept.
    """
    routes, _ = kept(problem, list(plan.routes))
    plan = _without_banned(problem, replace(plan, routes=tuple(routes)))
    for number in range(len(problem.pins)):
        plan = _pinned(problem, plan, number)
    for number in range(len(problem.breaks)):
        plan = relieved(problem, _rested(problem, plan, number), number)
    return with_optional(problem, plan)


def _lifted(plan: SpacedPlan, rounds: npt.NDArray[np.int64]) -> SpacedPlan:
    """Return a plan of the points on the rounds with the indices of all points."""
    routes = tuple(replace(route, points=rounds[route.points].astype(np.int32)) for route in plan.routes)
    return replace(plan, routes=routes, left_out=tuple(int(rounds[p]) for p in plan.left_out))


def _without_banned(problem: SpacingProblem, plan: SpacedPlan) -> SpacedPlan:
    """Exchange units whose rounds lead to points that they are banned from; where none fits, give those stops to others."""
    plan = _exchanged(problem, plan)
    table = Timetable.of(problem, plan)
    moved = False
    for number, (vehicle, unit) in enumerate(table.units):
        for node in table.route(number):
            if not problem.may_stop(vehicle, unit, table.point_of(node)):
                take_out(table, node)
                moved = True
    out = [n for n in range(len(table.units)) if table.route(n)]
    return recovered(table, open_units=out, iterations=60 if moved else 0, seed=1, weights=Weights(change=0.0))


def _exchanged(problem: SpacingProblem, plan: SpacedPlan) -> SpacedPlan:
    """Return a plan where routes that lead to banned points are driven by other units of the kind, if any can in time."""
    routes = {(route.vehicle, route.unit): route for route in plan.routes}
    units = [(v, u) for v, kind in enumerate(problem.vehicles) if problem.may_go(v) for u in range(kind.available)]
    for unit in sorted(routes):
        if _driven(problem, routes[unit], unit) is not None:
            continue
        for other in units:
            if problem.kind_of(other[0]) != problem.kind_of(unit[0]) or other == unit:
                continue
            mine = _driven(problem, routes[unit], other)
            theirs = _driven(problem, routes[other], unit) if other in routes else None
            if mine is not None and (other not in routes or theirs is not None):
                del routes[unit]
                routes[other] = mine
                if theirs is not None:
                    routes[unit] = theirs
                break
    return replace(plan, routes=tuple(routes[unit] for unit in sorted(routes)))


def _driven(problem: SpacingProblem, route: SpacedRoute, unit: tuple[int, int]) -> SpacedRoute | None:
    """Return a route as another unit drives it at the same times, or None where it may not or is not in time."""
    vehicle = problem.vehicles[unit[0]]
    legs = problem.seconds[problem.kind_of(unit[0])]
    places = problem.posts + route.points
    leave = int(route.begin[0]) - int(legs[vehicle.start_post, places[0]])
    back = int(route.departure[-1]) + int(legs[places[-1], vehicle.end_post])
    if leave < 0 or back > problem.shift_seconds or not all(problem.may_stop(*unit, p) for p in route.points.tolist()):
        return None
    arrival = route.arrival.copy()
    arrival[0] = route.begin[0]
    return replace(route, vehicle=unit[0], unit=unit[1], leave=leave, back=back, arrival=arrival)


def _pinned(problem: SpacingProblem, plan: SpacedPlan, number: int) -> SpacedPlan:
    """Move the visit that is nearest in time to a set stop to its unit, or add one; else the plan as it is, which says so."""
    pin = problem.pins[number]
    if pin_kept(problem, plan, number):
        return plan
    middle, slack = (pin.earliest + pin.latest) // 2, (pin.latest - pin.earliest) // 2
    visits = [
        (abs(int(begin) - middle), problem.unit_key(route.vehicle, route.unit), index)
        for route in plan.routes
        for index, (point, role, begin) in enumerate(zip(route.points, route.role, route.begin, strict=True))
        if point == pin.point and role == Role.ROUND
    ]
    for _, unit, index in sorted(visits)[:2]:
        try:
            return move(problem, plan, unit=unit, index=index, to=pin.unit, begin=middle, tolerance=slack).plan
        except (InfeasibleError, InputError):
            continue
    try:
        return insert(problem, plan, point=pin.point, to=pin.unit, begin=middle, tolerance=slack).plan
    except (InfeasibleError, InputError):
        return plan


def _rested(problem: SpacingProblem, plan: SpacedPlan, number: int) -> SpacedPlan:
    """Put a break into the routes where times allow it, with the least change of times."""
    for route in plan.routes:
        if (number, problem.unit_key(route.vehicle, route.unit)) in plan.unrested:
            plan = _with_break(problem, plan, route, number)
    return plan


def _with_break(problem: SpacingProblem, plan: SpacedPlan, route: SpacedRoute, number: int) -> SpacedPlan:
    item = problem.breaks[number]
    table = Timetable.of(problem, plan)
    unit = table.number_of(problem.unit_key(route.vehicle, route.unit))
    kind = int(table.kind[unit])
    node = table.add(0, role=Role.BREAK, item=number, dwell=item.seconds, wish=item.earliest)
    table.net[nw.LO, node], table.net[nw.HI, node] = item.earliest, item.latest
    held = table.net.copy()
    best: tuple[int, SpacedPlan] | None = None
    for at in (unit, *table.route(unit)):
        free = int(table.wish[at] + table.net[nw.DW, at])
        if free > item.latest or (
            at != unit and int(table.wish[int(table.net[nw.RN, at])]) < item.earliest - item.seconds
        ):
            continue
        table.net[:] = held
        here = nw.place_of(table.net, at)
        spots = [min(item.posts, key=lambda post, here=here: int(table.legs[kind, here, post]))] if item.posts else [-1]  # type: ignore[misc]
        table.net[nw.PT, node] = spots[0]
        table.wish[node] = max(item.earliest, free)
        nw.put_after(table.net, table.legs, kind, node, at)
        found = times.begins(table)
        if isinstance(found, Conflict):
            continue
        used = slice(0, table.used)
        moved = int(np.abs(found[used] - table.wish[used]).sum())
        if best is None or moved < best[0]:
            best = (moved, plan_of(table, found))
    return plan if best is None else best[1]
