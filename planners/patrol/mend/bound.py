"""A proved least of overdue minutes for what is left of a shift."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.asked import Start
from planners.patrol.spacing.check import begins_by_point
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem


def least_overdue(problem: SpacingProblem, plan: SpacedPlan) -> float:
    """Return minutes over the gaps, times priority, that no plan with the same units and the same past can go below.

    It is the greater of two bounds: what is late already or cannot be reached in time, and what the units have no time for. Plans keep
    the least gaps of all visits to come.
    """
    return max(_late_already(problem, plan), _short_of_time(problem, plan))


def _late_already(problem: SpacingProblem, plan: SpacedPlan) -> float:
    """Return the minutes of gaps between visits that are done or promised, and of those that the nearest unit can only end too late.

    A unit comes from where it is free, or from another stop, which it reaches and leaves by the shortest ways there are. A point that is not
    visited any more has a gap until the end of the shift.
    """
    end, total = problem.shift_seconds, 0.0
    begins = begins_by_point(problem, _past(problem, plan))
    soonest = np.full(problem.points, end, np.int64)
    held = [
        *(a.dwell for a in problem.appointments),
        *(b.seconds for b in problem.breaks),
        *(o.dwell for o in problem.optional),
    ]
    dwell = min([int(problem.dwell[problem.on_rounds].min(initial=end)), *held])
    starts = _starts(problem, plan)
    for kind, legs in enumerate(problem.seconds):
        ways = np.minimum(legs, NO_WAY).astype(np.int64)
        np.fill_diagonal(ways, NO_WAY)
        into, out = ways.min(axis=0)[problem.posts :], ways.min(axis=1)
        found = np.full(problem.points, end, np.int64)
        for (vehicle, _), start in starts.items():
            if problem.kind_of(vehicle) == kind:
                here = np.minimum(legs[start.place, problem.posts :], NO_WAY).astype(np.int64)
                way = np.minimum(here, out[start.place] + dwell + into)
                found = np.minimum(found, start.free + np.minimum(way, NO_WAY))
        soonest = np.where(problem.eligible[:, kind], np.minimum(soonest, found), soonest)
    for point in np.flatnonzero(problem.on_rounds).tolist():
        if point in plan.left_out:
            continue
        gap, steps = int(problem.gap[point]), [-int(problem.since[point]), *begins[point]]
        # A visit may still come before one that is promised.
        over = sum(
            max(0, min(after, max(int(soonest[point]), before + gap)) - before - gap)
            for before, after in pairwise(steps)
        )
        never = max(0, end - steps[-1] - gap + 1)
        late = max(0, int(soonest[point]) - steps[-1] - gap) if soonest[point] < end else never
        total += float(problem.priority[point]) * (over + min(late, never)) / 60
    return total


def _short_of_time(problem: SpacingProblem, plan: SpacedPlan) -> float:
    """Return the minutes that units have no time for.

    Each visit takes its dwell and at least the shortest way into its point, or what a unit that stays there waits until the least gap is
    over; a unit that stands at the point has no way there. The units have what is left of their shifts. If that is less
    than the visits that keep all gaps need, visits must fall out; the first that falls out at a point lengthens its gaps by what
    the rest of the shift is longer than the remaining gaps, each further one by a gap. The cheapest such choice, taken
    in fractions, is the bound. Points that several kinds of units may visit ask for nothing here.
    """
    end, total = problem.shift_seconds, 0.0
    begins = begins_by_point(problem, _past(problem, plan))
    starts = _starts(problem, plan)
    for kind, legs in enumerate(problem.seconds):
        mine = [
            start for (vehicle, _), start in starts.items() if problem.kind_of(vehicle) == kind and start.free < end
        ]
        time = sum(end - start.free for start in mine)
        ways = np.where(legs >= NO_WAY, NO_WAY, legs).astype(np.int64)
        np.fill_diagonal(ways, NO_WAY)
        shortest = ways.min(axis=0)[problem.posts :]
        offers: list[tuple[float, int, float]] = []
        need = 0
        for point in range(problem.points):
            alone = problem.eligible[point, kind] and problem.eligible[point].sum() == 1
            if not alone or not problem.on_rounds[point] or point in plan.left_out:
                continue
            gap, dwell, place = int(problem.gap[point]), int(problem.dwell[point]), problem.posts + point
            stay = max(int(legs[place, place]), int(problem.least_gap[point]) - dwell)
            way = min(int(shortest[point]), stay, end)
            one = dwell + way
            last = begins[point][-1] if begins[point] else -int(problem.since[point])
            visits = max(0, -(-(end + 1 - last) // gap) - 1)
            need += visits * one - way * min(visits, sum(start.place == place for start in mine))
            price = float(problem.priority[point]) / 60
            for missing in range(visits):
                # The first is the cheapest, so fractions are taken in this order.
                cost = price * (gap if missing else end + 1 - last - visits * gap)
                offers.append((cost / one, one, cost))
        short = float(need) - time
        for _, one, cost in sorted(offers):
            if short <= 0:
                break
            total += cost * min(1.0, short / one)
            short -= one
    return total


def _starts(problem: SpacingProblem, plan: SpacedPlan) -> dict[tuple[int, int], Start]:
    """Return from where and when the units go on that are out or under way."""
    units = {problem.unit_key(v, u): (v, u) for v, kind in enumerate(problem.vehicles) for u in range(kind.available)}
    found = {(r.vehicle, r.unit): problem.start_of(r.vehicle, r.unit) for r in plan.routes}
    return found | {units[start.unit]: start for start in problem.starts}


def _past(problem: SpacingProblem, plan: SpacedPlan) -> SpacedPlan:
    """Return the stops that are done or promised."""
    done = (start.done for start in _starts(problem, plan).values())
    return SpacedPlan(routes=tuple(route for route in done if route is not None))
