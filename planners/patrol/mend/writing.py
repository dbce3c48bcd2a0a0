"""From the begins of a timetable back to a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from planners.patrol.mend import network as nw
from planners.patrol.mend.network import Ints
from planners.patrol.mend.timetable import Timetable
from planners.patrol.spacing.check import broken_gaps
from planners.patrol.spacing.check_asked import owes, pin_kept
from planners.patrol.spacing.plan import Role, SpacedPlan, SpacedRoute


def plan_of(table: Timetable, begins: Ints) -> SpacedPlan:
    """Return the plan with these begins; what it does not keep is worked out from its routes."""
    problem = table.problem
    before = {(route.vehicle, route.unit): route for route in table.plan.routes}
    routes = []
    for number, unit in enumerate(table.units):
        nodes, start = table.route(number), problem.start_of(*unit)
        if nodes or start.done is not None:
            routes.append(_route_of(table, number, nodes, begins, before.get(unit)))
    visited = {
        p for r in routes for p, role in zip(r.points.tolist(), r.role.tolist(), strict=True) if role == Role.ROUND
    }
    kept: dict[int, list[int]] = {}
    for route in routes:
        for task, begin in zip(route.appointment.tolist(), route.begin.tolist(), strict=True):
            kept.setdefault(task, []).append(begin)
    draft = SpacedPlan(
        routes=tuple(sorted(routes, key=lambda r: (r.vehicle, r.unit))),
        left_out=tuple(p for p in table.plan.left_out if p not in visited),
        missed=tuple(
            t
            for t, item in enumerate(problem.appointments)
            if len(kept.get(t, ())) != item.units or len(set(kept[t])) != 1
        ),
    )
    unrested = tuple(
        (n, problem.unit_key(r.vehicle, r.unit))
        for n, item in enumerate(problem.breaks)
        for r in draft.routes
        if not (r.rest == n).any() and owes(problem, item, r)
    )
    unpinned = tuple(n for n in range(len(problem.pins)) if not pin_kept(problem, draft, n))
    return replace(draft, unrested=unrested, unpinned=unpinned, broken=broken_gaps(problem, draft))


def _route_of(
    table: Timetable, number: int, nodes: Sequence[int], begins: Ints, before: SpacedRoute | None
) -> SpacedRoute:
    vehicle, unit = table.units[number]
    start, kind = table.problem.start_of(vehicle, unit), int(table.kind[number])
    done = start.done
    points = np.array([int(table.net[nw.PT, n]) for n in nodes], np.int64)
    for k in np.flatnonzero(points < 0).tolist():
        points[k] = nw.place_of(table.net, nodes[k])
    points -= table.problem.posts
    begin = begins[list(nodes)] if nodes else np.zeros(0, np.int64)
    departure = begin + table.net[nw.DW, list(nodes)] if nodes else begin
    places = np.concatenate([[start.place], points + table.problem.posts])
    legs = table.legs[kind, places[:-1], places[1:]]
    leave = 0 if done is None else done.leave
    if done is None:
        # A first stop that stays is waited for as before.
        same = before is not None and len(before.points) > 0 and nodes[0] == table.stop[number][0]
        waited = int(before.begin[0] - before.arrival[0]) if before is not None and same else 0
        leave = max(start.free, int(begin[0] - legs[0]) - waited)
    left = np.concatenate([[start.free if done is not None else leave], departure])
    arrival = left[:-1] + legs
    held: dict[str, npt.NDArray[np.int64]] = {}
    for name, role in (("appointment", Role.APPOINTMENT), ("rest", Role.BREAK), ("optional", Role.OPTIONAL)):
        held[name] = np.where(table.role[list(nodes)] == int(role), table.item[list(nodes)], -1)
    held |= {"points": points, "arrival": arrival, "begin": begin, "departure": departure}
    back = int(left[-1] + table.legs[kind, places[-1], table.problem.vehicles[vehicle].end_post])
    if done is not None:
        held = {name: np.concatenate([getattr(done, name), values]) for name, values in held.items()}
        back = done.back if table.away(number) else back
    as_int = {name: values.astype(np.int32) for name, values in held.items()}
    return SpacedRoute(vehicle=vehicle, unit=unit, leave=leave, back=back, **as_int)
