"""The cheapest days on which a point keeps its frequency."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.visits.problem import VisitsProblem

Ints = npt.NDArray[np.int64]


NEVER: Final = 1 << 40
"""Cost of a day on which a point cannot be visited."""


@compiled()
def choose_days(costs: Ints, low: int, high: int, first: int, latest: int, last: int, chosen: Ints, reach: Ints) -> int:
    """Write the cheapest days into ``chosen`` and return how many, 0 where no days keep the frequency.

    A shortest path over the days: from a first day in ``first..latest``, by steps of ``low..high``, to a day not before ``last``.
    """
    days = len(costs)
    before = reach[days:]
    best, end = NEVER, -1
    for day in range(days):
        reach[day] = NEVER
        before[day] = -1
        if costs[day] >= NEVER:
            continue
        if first <= day <= latest:
            reach[day] = costs[day]
        for gap in range(low, high + 1):
            if gap > day:
                break
            if reach[day - gap] + costs[day] < reach[day]:
                reach[day] = reach[day - gap] + costs[day]
                before[day] = day - gap
        if day >= last and reach[day] < best:
            best, end = reach[day], day
    count = 0
    while end >= 0:
        chosen[count] = end
        count += 1
        end = before[end]
    return count


def cheapest_days(problem: VisitsProblem, point: int, costs: Ints) -> list[int] | None:
    """Return the days of least cost that keep the frequency of a point, rising, or None where there are none."""
    chosen, reach = np.zeros(problem.days + 1, np.int64), np.zeros(2 * problem.days, np.int64)
    every, slack = int(problem.every[point]), int(problem.tolerance[point])
    first, latest = problem.first_days(point)
    count = choose_days(costs, every - slack, every + slack, first, latest, problem.last_day(point), chosen, reach)
    return sorted(int(day) for day in chosen[:count]) if count else None


def fewest_visits(problem: VisitsProblem) -> Ints:
    """Return the least number of visits that keeps the frequency of each point, int64[p]; 0 where none is due or none does."""
    found = np.zeros(problem.points, np.int64)
    for point in np.flatnonzero(problem.due()).tolist():
        costs = np.where(problem.may[point] & (problem.units > 0), 1, NEVER).astype(np.int64)
        days = cheapest_days(problem, point, costs)
        found[point] = len(days) if days else 0
    return found
