"""From an order of visits to the times of a route."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planners.patrol.plan import PatrolRoute
from planners.patrol.problem import PatrolProblem


def schedule(problem: PatrolProblem, *, vehicle: int, unit: int, visits: Sequence[int]) -> PatrolRoute:
    """Return the route that makes ``visits`` in this order as early as it may.

    It leaves the post only when it must to begin the first dwell at its earliest: it waits at the post, not at the
    first point. Whether windows and shift are kept is for the reader to see (``fits``).
    """
    kind = problem.vehicles[vehicle]
    seconds = problem.seconds[problem.kind_of(kind)]
    places = problem.place_of_visit
    here, now = kind.start_post, 0
    leave = 0
    arrival, begin, departure = [], [], []
    for position, visit in enumerate(visits):
        travel = int(seconds[here, places[visit]])
        if position == 0:
            leave = now = max(0, int(problem.window[visit, 0]) - travel)
        now += travel
        arrival.append(now)
        now = max(now, int(problem.window[visit, 0]))
        begin.append(now)
        now += int(problem.dwell[visit])
        departure.append(now)
        here = int(places[visit])
    back = now + int(seconds[here, kind.end_post])
    times = [np.minimum(np.asarray(values, np.int64), 2**31 - 1) for values in (arrival, begin, departure)]
    return PatrolRoute(
        vehicle=vehicle,
        unit=unit,
        visits=np.asarray(visits, np.int32),
        arrival=times[0].astype(np.int32),
        begin=times[1].astype(np.int32),
        departure=times[2].astype(np.int32),
        leave=leave,
        back=back,
    )


def fits(problem: PatrolProblem, route: PatrolRoute) -> bool:
    """Tell whether a scheduled route keeps its windows, its kind, its capacity and its shift."""
    vehicle = problem.vehicles[route.vehicle]
    return (
        route.back <= vehicle.shift_seconds
        and int(problem.load[route.visits].sum()) <= vehicle.capacity
        and bool((route.begin <= problem.window[route.visits, 1]).all())
        and bool(problem.eligible[route.visits, problem.kind_of(vehicle)].all())
    )
