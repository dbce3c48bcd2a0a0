"""Optional stops, put into the waiting of a plan by prize for each second more."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from planners.patrol.mend import network as nw
from planners.patrol.mend import placing, times
from planners.patrol.mend.conflict import Conflict
from planners.patrol.mend.timetable import Lock, Timetable
from planners.patrol.mend.writing import plan_of
from planners.patrol.spacing.check import objective_of
from planners.patrol.spacing.plan import Role, SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem

_PLACES = 12
"""Positions of each stop that are tried."""


def with_optional(
    problem: SpacingProblem,
    plan: SpacedPlan,
    *,
    locks: Iterable[Lock] = (),
    only: Collection[int] | None = None,
    after: int = 0,
) -> SpacedPlan:
    """Return a plan with optional stops where units have the time for them; no gap breaks and no unit is added.

    ``only`` are the indices that are tried, all unless given, none of them before ``after``. Each step adds the stop with the greatest
    prize for each second of travel and dwell more whose times are kept exactly.
    """
    taken = {int(i) for route in plan.routes for i in route.optional if i >= 0}
    offers = enumerate(problem.optional)
    waiting = [i for i, o in offers if i not in taken and (only is None or i in only) and o.latest >= after]
    if not waiting:
        return plan
    table = Timetable.of(problem, plan, locks=locks)
    nodes = {}
    for number in waiting:
        offer = problem.optional[number]
        wish = max(offer.earliest, after)
        node = table.add(offer.point, role=Role.OPTIONAL, item=number, dwell=offer.dwell, wish=wish)
        table.net[nw.LO, node], table.net[nw.HI, node] = wish, offer.latest
        nodes[node] = number
    under_way = {(r.vehicle, r.unit) for r in plan.routes}
    out = [n for n, unit in enumerate(table.units) if unit in under_way and not table.away(n)]
    may = np.zeros((table.net.shape[1], len(table.units)), np.bool_)
    for node, number in nodes.items():
        offer = problem.optional[number]
        for n in out:
            vehicle, unit = table.units[n]
            may[node, n] = problem.vehicles[vehicle].kind in offer.kinds and problem.may_stop(
                vehicle, unit, offer.point
            )
    held = np.zeros((3, table.net.shape[1]), np.int64)
    if not placing.settle(table.net, table.wish, held, table.work, table.used):
        return plan
    trail, price, extra = np.empty((2, 4000), np.int64), np.zeros(table.net.shape[1]), np.zeros(len(table.units))
    found = np.empty((_PLACES, 2))
    refused: set[int] = set()
    while True:
        best: tuple[float, int] | None = None
        for node, number in nodes.items():
            if node in refused or table.net[nw.RT, node] >= 0:
                continue
            count, _ = placing.scan(
                table.net, table.legs, table.kind, may, node, held, table.base[0], price, extra, found
            )
            rate = (
                problem.optional[number].prize / max(1.0, found[0, 0] + problem.optional[number].dwell)
                if count
                else 0.0
            )
            if count == 0:
                refused.add(node)
            elif best is None or rate > best[0]:
                best = (rate, node)
        if best is None:
            break
        node = best[1]
        count, _ = placing.scan(table.net, table.legs, table.kind, may, node, held, table.base[0], price, extra, found)
        if not any(_put(table, node, int(found[k, 1]), held, trail) for k in range(count)):
            refused.add(node)
    return _better(problem, table, plan)


def _put(table: Timetable, node: int, after: int, held: nw.Ints, trail: nw.Ints) -> bool:
    kind = int(table.kind[int(table.net[nw.RT, after])])
    return bool(
        placing.put_if_fits(table.net, table.legs, kind, node, after, table.wish, held, table.work, trail, table.used)
    )


def _better(problem: SpacingProblem, table: Timetable, plan: SpacedPlan) -> SpacedPlan:
    """Return the plan of a timetable where it is better than another."""
    found = times.begins(table)
    if isinstance(found, Conflict):
        return plan
    made = plan_of(table, found)
    return made if objective_of(problem, made) < objective_of(problem, plan) else plan
