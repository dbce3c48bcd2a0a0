"""Which visits a unit could make at all, and why not."""

from __future__ import annotations

import numpy as np

from planners.patrol.plan import Impossible, Reason
from planners.patrol.problem import NO_WAY, PatrolProblem

_REASONS: tuple[Reason, ...] = ("no_unit", "no_way", "window", "shift")


def impossible_visits(problem: PatrolProblem, *, required_only: bool = True) -> tuple[Impossible, ...]:
    """Return the visits that no unit could make even if it went there, and back, for that visit alone.

    The reason is the last hurdle that at least one type of unit reached: a kind that may, a way, the window, the shift.
    """
    best = np.zeros(problem.visits, np.int64)
    places = problem.place_of_visit
    for vehicle in problem.vehicles:
        if vehicle.available == 0:
            continue
        kind = problem.kind_of(vehicle)
        going = problem.seconds[kind, vehicle.start_post, places].astype(np.int64)
        coming = problem.seconds[kind, places, vehicle.end_post].astype(np.int64)
        begin = np.maximum(problem.window[:, 0], going)
        hurdles = (
            problem.eligible[:, kind] & (problem.load <= vehicle.capacity),
            (going < NO_WAY) & (coming < NO_WAY),
            begin <= problem.window[:, 1],
            begin + problem.dwell + coming <= vehicle.shift_seconds,
        )
        passed = np.cumprod(np.stack(hurdles), axis=0).sum(axis=0)
        best = np.maximum(best, passed)
    failed = (best < len(_REASONS)) & (problem.required | (not required_only))
    return tuple(Impossible(visit=int(v), reason=_REASONS[int(best[v])]) for v in np.flatnonzero(failed))
