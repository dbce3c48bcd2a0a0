"""Stops that no unit makes are put back where they fit; what fits nowhere is given up, by the least minutes over its gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError
from planners.patrol.mend import network as nw
from planners.patrol.mend import placing, search, times
from planners.patrol.mend.conflict import Conflict, chain, explain
from planners.patrol.mend.network import Ints
from planners.patrol.mend.timetable import Timetable
from planners.patrol.mend.writing import plan_of
from planners.patrol.spacing.plan import BrokenGap, Role, SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem

_MOST = 16
"""Most stops that are taken out of their routes at once."""
_APPOINTMENT = 1e6
"""Overdue minutes that an appointment not kept counts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Seconds of travel that count as much as an overdue minute, a unit that is out, and a crew whose order changes.

    ``slack`` are the seconds by which a gap may be exceeded by a visit that is made; where that is not enough, the visit is given up.
    """

    overdue: float = 1e6
    unit: float = 0.0
    change: float = 1e4
    slack: int = 1800


def take_out(table: Timetable, node: int) -> None:
    """Take a stop out of its route; it waits to be put back."""
    nw.take_out(table.net, table.legs, int(table.kind[int(table.net[nw.RT, node])]), node)


def idle(table: Timetable) -> list[int]:
    """Return the stops that wait to be put back."""
    stops = np.arange(2 * (len(table.units) + table.problem.points), table.used)
    return [int(n) for n in stops if table.net[nw.RT, n] < 0 and table.net[nw.LK, n] != 1]


def drop(table: Timetable, node: int) -> None:
    """Take a stop out of its route and from among the visits for good; the other units of its appointment too."""
    group, at = [node], int(table.net[nw.SY, node])
    while at != node:
        group.append(at)
        at = int(table.net[nw.SY, at])
    for stop in group:
        table.net[nw.SY, stop] = stop
        table.net[nw.LK, stop] = 1
        if table.net[nw.RT, stop] >= 0:
            take_out(table, stop)
        if table.net[nw.PP, stop] >= 0:
            table.unlink_visit(stop)


def wanted(table: Timetable, *, after: int) -> None:
    """Add the visits that broken gaps and points left out lack, given up for now, not before ``after``."""
    for gap in (*table.plan.broken, *_left_out(table)):
        allowed = int(table.problem.gap[gap.point])
        # The last gap must stay below what is allowed, since it goes on in the next shift.
        length = gap.after - gap.before - (gap.after < table.problem.shift_seconds)
        missing = length // allowed if gap.over > 0 and gap.after > after else 0
        for number in range(missing):
            at = max(after, gap.before + (gap.after - gap.before) * (number + 1) // (missing + 1))
            node = table.add(gap.point, role=Role.ROUND, item=-1, dwell=int(table.problem.dwell[gap.point]), wish=at)
            table.link_visit(node)
            placing.let_go(table.net, table.base, node, 1)


def _left_out(table: Timetable) -> list[BrokenGap]:
    """Return the gaps of the points left out: from the visit before the shift to its end."""
    problem = table.problem
    ends = [(p, -int(problem.since[p]), problem.shift_seconds) for p in table.plan.left_out if problem.on_rounds[p]]
    return [
        BrokenGap(point=point, before=before, after=end, over=end - before - int(problem.gap[point]) + 1)
        for point, before, end in ends
    ]


def loosen(table: Timetable) -> list[int]:
    """Take out stops until some times keep the rest; gaps that bind without a stop to take out are left unbound and returned.

    Raises
    ------
    InfeasibleError
        Naming what is held or locked and can no longer be in time.
    """
    net, x, eased = table.net, np.zeros_like(table.wish), []
    while (failed := nw.earliest(net, x, table.work, table.used)) >= 0:
        edges, _ = chain(table, failed, x)
        nodes = list(dict.fromkeys([failed, *(s for s, _, _ in edges)]))
        waiting = [
            n
            for n in nodes
            if table.role[n] == Role.ROUND and net[nw.RT, n] < 0 and net[nw.LK, n] == 0 and not net[nw.GONE, n]
        ]
        free = [n for n in nodes if table.role[n] == Role.ROUND and net[nw.RT, n] >= 0 and net[nw.LK, n] == 0]
        gaps = [s for s, _, by in edges if by == nw.BY_GAP]
        priority = table.problem.priority
        if waiting:
            node = min(waiting, key=lambda n: (int(priority[table.point_of(n)]), n))
            placing.let_go(net, table.base, node, 1)
        elif free:
            take_out(table, min(free, key=lambda n: (int(priority[table.point_of(n)]), n)))
        elif gaps:
            node = min(gaps, key=lambda n: (int(priority[table.point_of(n)]), n))
            net[nw.GAP, node] = nw.BIG
            eased.append(node)
        else:
            conflict = explain(table, failed, x)
            loose = [
                n
                for n in nodes
                if table.role[n] in (Role.APPOINTMENT, Role.OPTIONAL, Role.BREAK) and net[nw.LK, n] != 1
            ]
            if not loose:
                raise InfeasibleError(conflict.en, conflict.zh, rows=[key for key in (conflict.unit,) if key])
            drop(table, loose[0])
    return eased


def recovered(
    table: Timetable,
    *,
    open_units: Sequence[int],
    iterations: int,
    seed: int,
    weights: Weights,
    first: Ints | None = None,
) -> SpacedPlan:
    """Return the plan with the stops that wait put back, by ``iterations`` of ruin and recreation.

    ``first`` are the nodes that followed each node in what the crews were told, to count those whose order changes.

    Raises
    ------
    InfeasibleError
        Naming what is held or locked and can no longer be in time.
    """
    first = table.net[nw.RN].copy() if first is None else first
    loose, eased = loosened(table, weights)
    if iterations:
        search_routes(
            table, loose, open_units=open_units, iterations=iterations, seed=seed, weights=weights, first=first
        )
    return settled(table, eased)


def loosened(table: Timetable, weights: Weights) -> tuple[Ints, list[int]]:
    """Let gaps be exceeded by the slack and take out what even so cannot be kept; return the gaps that bind, and ``loosen``."""
    loose = table.base.copy()
    loose[0] += weights.slack
    net, used = table.net, slice(0, table.used)
    visits = net[nw.PP, used] >= 0
    net[nw.GAP, used][visits] = np.maximum(net[nw.GAP, used], loose[0, used])[visits]
    return loose, loosen(table)


def search_routes(
    table: Timetable,
    loose: Ints,
    *,
    open_units: Sequence[int],
    iterations: int,
    seed: int,
    weights: Weights,
    first: Ints,
) -> float:
    """Run the search in place and return the cost; the timetable must have times, with ``loose`` instead of its gaps."""
    net, role = table.net[:, : table.used], table.role[: table.used]
    waiting = (net[nw.RT] < 0) & (net[nw.LK] == 2) & (role >= 0)
    free = np.flatnonzero(((net[nw.LK] == 0) & (role == int(Role.ROUND))) | waiting)
    draws = np.random.default_rng(seed).random((iterations, 64))
    return float(
        search.search(
            table.net, table.legs, table.kind, _may(table, open_units), loose, table.base[0], table.wish, first, free,
            _price(table, weights), weights.unit, weights.change, table.work, table.used, _MOST, draws,
        )
    )  # fmt: skip


def settled(table: Timetable, eased: list[int]) -> SpacedPlan:
    """Give up what still waits, and return the plan whose broken gaps are as little over as they can be one by one."""
    net = table.net
    for node in idle(table):
        placing.let_go(net, table.base, node, 1)
    for node in eased:
        net[nw.GAP, node] = nw.BIG
    found = times.begins(table)
    if isinstance(found, Conflict):
        raise InfeasibleError(found.en, found.zh, rows=[key for key in (found.unit,) if key])
    for node in idle(table):
        if net[nw.LK, node] != 1:
            drop(table, node)
    visits = np.flatnonzero(net[nw.PP, : table.used] >= 0)
    step = found[visits] - found[net[nw.PP, visits]]
    net[nw.GAP, visits] = np.maximum(table.base[0, visits], step)
    return plan_of(table, times.squeeze(table, visits[step > table.base[0, visits]].tolist(), found))


def overdue_minutes(problem: SpacingProblem, plan: SpacedPlan) -> float:
    """Return the minutes over all gaps, times priority; a point left out counts as over by a gap at least."""
    over = sum(int(problem.priority[gap.point]) * gap.over for gap in plan.broken if gap.over > 0)
    for point in plan.left_out:
        gap, step = int(problem.gap[point]), problem.shift_seconds + int(problem.since[point])
        over += int(problem.priority[point]) * max(gap, step - gap) if problem.on_rounds[point] else 0
    return over / 60


def _may(table: Timetable, open_units: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Return bool[n, units], who may make which stop."""
    problem = table.problem
    found = np.zeros((table.net.shape[1], len(table.units)), np.bool_)
    by_point = problem.eligible[:, table.kind] & problem.on_rounds[:, None]
    for ban in problem.bans:
        for number, (vehicle, unit) in enumerate(table.units):
            by_point[ban.point, number] &= not problem.concerns(ban.who, vehicle, unit)
    places = np.maximum(table.net[nw.PT, : table.used] - problem.posts, 0)
    rounds = table.role[: table.used] == Role.ROUND
    found[: table.used] = by_point[places] & rounds[:, None]
    for node in np.flatnonzero(table.role[: table.used] == Role.APPOINTMENT).tolist():
        item = problem.appointments[int(table.item[node])]
        for number, (vehicle, unit) in enumerate(table.units):
            found[node, number] = problem.vehicles[vehicle].kind in item.kinds and problem.may_stop(
                vehicle, unit, item.point
            )
    closed = np.ones(len(table.units), np.bool_)
    closed[list(open_units)] = False
    found[:, closed] = False
    return found


def _price(table: Timetable, weights: Weights) -> npt.NDArray[np.float64]:
    """Return what a second over the gap before each visit costs, or an appointment that is given up."""
    price, first, points = np.zeros(table.net.shape[1]), 2 * len(table.units), table.problem.points
    second = weights.overdue / 60 * table.problem.priority.astype(np.float64)
    price[first : first + points] = price[first + points : first + 2 * points] = second
    visits = np.flatnonzero(table.role[: table.used] == int(Role.ROUND))
    price[visits] = second[table.net[nw.PT, visits] - table.problem.posts]
    price[np.flatnonzero(table.role[: table.used] == int(Role.APPOINTMENT))] = weights.overdue * _APPOINTMENT
    return price
