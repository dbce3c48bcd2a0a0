"""A proved least of overdue minutes for what is left of a shift."""

from __future__ import annotations

import numpy as np

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.check import begins_by_point
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem


def least_overdue(problem: SpacingProblem, plan: SpacedPlan) -> float:
    """Return minutes over the gaps, times priority, that no plan with the same units and the same past can go below.

    Each visit takes its dwell and at least the shortest way into its point; the units have what is left of their shifts. If that is less
    than the visits that keep all gaps need, visits must fall out; the first that falls out at a point lengthens its gaps by what
    the rest of the shift is longer than the remaining gaps, each further one by a gap. The cheapest such choice, taken
    in fractions, is the bound. Points that several kinds of units may visit ask for nothing here.
    """
    end, total = problem.shift_seconds, 0.0
    begins = begins_by_point(problem, _past(problem, plan))
    free = {(r.vehicle, r.unit): problem.start_of(r.vehicle, r.unit).free for r in plan.routes}
    for kind, legs in enumerate(problem.seconds):
        time = sum(max(0, end - at) for (vehicle, _), at in free.items() if problem.kind_of(vehicle) == kind)
        ways = np.where(legs >= NO_WAY, NO_WAY, legs).astype(np.int64)
        np.fill_diagonal(ways, NO_WAY)
        shortest = ways.min(axis=0)[problem.posts :]
        offers: list[tuple[float, int, float]] = []
        need = 0
        for point in range(problem.points):
            alone = problem.eligible[point, kind] and problem.eligible[point].sum() == 1
            if not alone or not problem.on_rounds[point] or point in plan.left_out:
                continue
            gap, one = int(problem.gap[point]), int(problem.dwell[point]) + min(int(shortest[point]), end)
            last = begins[point][-1] if begins[point] else -int(problem.since[point])
            visits = max(0, -(-(end + 1 - last) // gap) - 1)
            need += visits * one
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


def _past(problem: SpacingProblem, plan: SpacedPlan) -> SpacedPlan:
    """Return the stops that are done or promised."""
    done = (problem.start_of(r.vehicle, r.unit).done for r in plan.routes)
    return SpacedPlan(routes=tuple(route for route in done if route is not None))
