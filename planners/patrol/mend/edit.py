"""Changes of a plan by hand: each is made whole and checked, or refused with the constraint that binds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from geo.errors import InfeasibleError, InputError
from planners.patrol.mend import network as nw
from planners.patrol.mend import times
from planners.patrol.mend.conflict import Conflict
from planners.patrol.mend.network import Ints
from planners.patrol.mend.recover import drop
from planners.patrol.mend.timetable import Lock, Timetable
from planners.patrol.mend.writing import plan_of
from planners.patrol.spacing.asked import Start
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import BrokenGap, Role, SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A changed plan, which passes the check of ``problem``.

    Attributes
    ----------
    changed : keys of the units whose stops or times changed, rising
    broken : gaps that this change broke; none unless it was asked to be kept all the same
    """

    problem: SpacingProblem
    plan: SpacedPlan
    changed: tuple[str, ...]
    broken: tuple[BrokenGap, ...]


def lock_of(problem: SpacingProblem, plan: SpacedPlan, *, unit: str, index: int) -> Lock:
    """Return the lock of a stop: the unit and the time stay as they are.

    Raises
    ------
    InputError
        Where the unit has no such stop.
    """
    for route in plan.routes:
        if problem.unit_key(route.vehicle, route.unit) == unit and 0 <= index < len(route.points):
            return Lock(unit=unit, point=int(route.points[index]), begin=int(route.begin[index]))
    raise InputError(
        f"Unit {unit} has no stop number {index + 1}", f"巡组 {unit} 没有第 {index + 1} 个停留", rows=[unit]
    )


def move(
    problem: SpacingProblem, plan: SpacedPlan, *, unit: str, index: int, to: str | None = None, begin: int | None = None,
    tolerance: int = 0, locks: Iterable[Lock] = (), soft: bool = False,
) -> Edited:  # fmt: skip
    """Move a stop to another unit (``to``), to begin within ``tolerance`` of another second (``begin``), or both.

    Without ``begin`` it takes the position on the other route that moves the times of all stops least. ``soft`` keeps the change where gaps break.

    Raises
    ------
    InfeasibleError
        Naming the constraint that binds, and by how many minutes.
    InputError
        Where there is no such stop or unit, or the stop is done or locked.
    """
    table = Timetable.of(problem, plan, locks=locks)
    node = _movable(table, unit, index)
    number = table.number_of(unit if to is None else to)
    if table.role[node] == Role.BREAK and to not in (None, unit):
        raise InfeasibleError(
            f"The break of {unit} cannot be given to {to}", f"巡组 {unit} 的休息不能转给 {to}", rows=[unit]
        )
    _require_may(table, node, number)
    nw.take_out(table.net, table.legs, int(table.kind[int(table.net[nw.RT, node])]), node)
    return _placed(table, node, number, begin=begin, tolerance=tolerance, soft=soft)


def remove(
    problem: SpacingProblem, plan: SpacedPlan, *, unit: str, index: int, locks: Iterable[Lock] = (), soft: bool = False
) -> Edited:
    """Take a stop out of a plan; an appointment is then missed by all its units.

    Raises
    ------
    InfeasibleError, InputError
        As ``move``.
    """
    table = Timetable.of(problem, plan, locks=locks)
    drop(table, _movable(table, unit, index))
    return _finished(table, times.eased(table) if soft else times.begins(table))


def insert(
    problem: SpacingProblem, plan: SpacedPlan, *, point: int, to: str, begin: int | None = None, tolerance: int = 0,
    locks: Iterable[Lock] = (), soft: bool = False,
) -> Edited:  # fmt: skip
    """Add a visit of the rounds at a point to a unit; without ``begin`` in the middle of the longest gap of the point.

    Raises
    ------
    InfeasibleError, InputError
        As ``move``.
    """
    if not 0 <= point < problem.points or not problem.on_rounds[point]:
        raise InputError("The point is not on the rounds of this shift", "该地点不在本班次的必巡范围内")
    table = Timetable.of(problem, plan, locks=locks)
    visits = [int(table.wish[n]) for n in table.visits(point)]
    steps = np.array([-int(problem.since[point]), *visits, problem.shift_seconds])
    longest = int(np.diff(steps).argmax())
    wish = max(0, int(steps[longest : longest + 2].mean()))
    node = table.add(point, role=Role.ROUND, item=-1, dwell=int(problem.dwell[point]), wish=wish)
    number = table.number_of(to)
    _require_may(table, node, number)
    table.link_visit(node)
    return _placed(table, node, number, begin=begin, tolerance=tolerance, soft=soft)


def free_from(
    problem: SpacingProblem, plan: SpacedPlan, *, unit: str, place: int, free: int, locks: Iterable[Lock] = (),
    soft: bool = False,
) -> Edited:  # fmt: skip
    """Let a unit start its stops that are still to be made from a place, at a second or later; the order stays.

    Raises
    ------
    InfeasibleError, InputError
        As ``move``.
    """
    held = next((s.done for s in problem.starts if s.unit == unit), None)
    others = tuple(s for s in problem.starts if s.unit != unit)
    late = replace(problem, starts=(*others, Start(unit=unit, place=place, free=free, done=held)))
    table = Timetable.of(late, plan, locks=locks)
    return _finished(table, times.eased(table) if soft else times.begins(table))


def changed_units(problem: SpacingProblem, one: SpacedPlan, other: SpacedPlan) -> tuple[str, ...]:
    """Return the keys of the units whose stops or times differ between two plans, rising; when they are home again is no order."""
    held = [
        {
            problem.unit_key(r.vehicle, r.unit): (
                r.leave, r.points.tobytes(), r.begin.tobytes(), r.departure.tobytes(), r.role.tobytes()
            )
            for r in plan.routes
        }
        for plan in (one, other)
    ]  # fmt: skip
    return tuple(sorted(key for key in held[0].keys() | held[1].keys() if held[0].get(key) != held[1].get(key)))


def _movable(table: Timetable, unit: str, index: int) -> int:
    stops = table.stop[table.number_of(unit)]
    if not 0 <= index < len(stops):
        raise InputError(
            f"Unit {unit} has no stop number {index + 1}", f"巡组 {unit} 没有第 {index + 1} 个停留", rows=[unit]
        )
    node = stops[index]
    if node < 0:
        raise InputError(
            f"Stop number {index + 1} of {unit} is done or promised already",
            f"巡组 {unit} 的第 {index + 1} 个停留已完成或已下达",
            rows=[unit],
        )
    if table.net[nw.LK, node] == 1:
        raise InputError(
            f"Stop number {index + 1} of {unit} is locked; unlock it first",
            f"巡组 {unit} 的第 {index + 1} 个停留已锁定，请先解锁",
            rows=[unit],
        )
    return node


def _require_may(table: Timetable, node: int, number: int) -> None:
    problem, (vehicle, unit) = table.problem, table.units[number]
    role, kind = int(table.role[node]), problem.vehicles[vehicle].kind
    if role == Role.BREAK:
        return
    point = table.point_of(node)
    if role == Role.ROUND:
        may = bool(problem.eligible[point, problem.kind_of(vehicle)])
    elif role == Role.APPOINTMENT:
        may = kind in problem.appointments[int(table.item[node])].kinds
    else:
        may = kind in problem.optional[int(table.item[node])].kinds
    key, who = problem.point_keys[point], table.unit_key(number)
    if not may or not problem.may_stop(vehicle, unit, point):
        raise InfeasibleError(f"{key} may not be visited by {who}", f"不允许巡组 {who} 到访 {key}", rows=[key, who])
    if table.away(number):
        raise InfeasibleError(f"Unit {who} is away", f"巡组 {who} 已离岗", rows=[who])


def _placed(table: Timetable, node: int, number: int, *, begin: int | None, tolerance: int, soft: bool) -> Edited:
    """Put a stop that no unit makes into a route and finish."""
    problem, net = table.problem, table.net
    if begin is not None:
        table.wish[node] = begin
        low, high = max(int(net[nw.LO, node]), begin - tolerance), min(int(net[nw.HI, node]), begin + tolerance)
        if low > high:
            key = problem.place_key(table.point_of(node)) if net[nw.PT, node] >= 0 else table.unit_key(number)
            raise InfeasibleError(
                f"{key} may not be begun then: its window or the shift is over or has not begun",
                f"{key} 不能在该时刻开始：超出时间窗或班次",
                rows=[key],
            )
        net[nw.LO, node], net[nw.HI, node] = low, high
        if net[nw.PP, node] >= 0:
            table.unlink_visit(node)
            table.link_visit(node)
    route = [number, *table.route(number)]
    spot = max(k for k, at in enumerate(route) if k == 0 or table.wish[at] <= table.wish[node])
    near = sorted(range(len(route)), key=lambda k: (abs(k - spot), k))
    held = net.copy()
    best: tuple[tuple[int, int], Ints, Ints] | None = None
    refused: Conflict | None = None
    for ease in (False, True) if soft else (False,):
        refused = None
        for k in near[:3] if begin is not None or ease else near:
            table.net[:] = held
            nw.put_after(table.net, table.legs, int(table.kind[number]), node, route[k])
            found = times.eased(table) if ease else times.begins(table)
            if isinstance(found, Conflict):
                refused = found if refused is None else refused
                continue
            used = slice(0, table.used)
            moved = int(np.abs(found[used] - table.wish[used]).sum())
            rank = (_over(table, found) if ease else 0, moved)
            if best is None or rank < best[0]:
                best = (rank, found, table.net.copy())
        if best is not None:
            table.net[:] = best[2]
            return _finished(table, best[1])
    assert refused is not None
    return _finished(table, refused)


def _over(table: Timetable, x: Ints) -> int:
    """Return priority times the seconds by which gaps are not kept."""
    net = table.net[:, : table.used]
    later = np.flatnonzero(net[nw.PP] >= 0)
    step = x[later] - x[net[nw.PP, later]]
    over = np.maximum(step - table.base[0, later], 0) + np.maximum(table.base[1, later] - step, 0)
    priority = np.array([int(table.problem.priority[table.point_of(int(n))]) for n in later[over > 0]], np.int64)
    return int((priority * over[over > 0]).sum())


def _finished(table: Timetable, found: Ints | Conflict) -> Edited:
    if isinstance(found, Conflict):
        rows = [key for key in (found.unit, table.problem.place_key(found.point) if found.point >= 0 else "") if key]
        raise InfeasibleError(found.en, found.zh, rows=rows)
    plan = plan_of(table, found)
    check_spacing(table.problem, plan)
    return Edited(
        problem=table.problem, plan=plan, changed=changed_units(table.problem, table.plan, plan),
        broken=tuple(gap for gap in plan.broken if gap not in table.plan.broken),
    )  # fmt: skip
