"""Visits that are few and far between, as a routing problem with windows: any begins in them keep the gaps.

A point with gap ``g``, least gap ``l`` and ``s`` seconds since its last visit is visited ``m`` times. The ``w``-th window
``[a_w, a_w + W]`` has ``a_w = g - s - W + w (g - W)``. Then the first visit begins at ``g - s`` or earlier, two visits are at most ``g`` apart and at
least ``g - 2 W``, so ``W <= (g - l) / 2``; and the last begins after the shift less ``g`` where ``m W <= (m + 1) g - s - T - 1``.
``m`` is the least number for which ``W`` is not below a twentieth of the gap.

Units then share points of all gaps and kinds, which rounds (``packing``) do not. With ``m`` visits a window is at most ``g / m`` wide,
so the more often a point is visited the more of what is possible is given away: rounds are better then.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from planners.contract import Budget, Observer, Progress, silent
from planners.patrol.problem import PatrolProblem
from planners.patrol.routes import solve_routes
from planners.patrol.spacing import appointments
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

FEW: Final = 2.0
"""Windows are tried where a point is visited at most so many times on average ..."""
MOST: Final = 1_200
"""... and all points at most so many times together: more are too many to be routed while somebody waits."""
_NARROWEST: Final = 0.05


def suits_windows(problem: SpacingProblem) -> bool:
    """Return whether visits are few enough for ``planned_by_windows``."""
    visits = len(windows_of(problem)[0])
    return visits <= min(MOST, FEW * int(problem.on_rounds.sum()))


def windows_of(problem: SpacingProblem) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return point, number and window (earliest and latest begin) of each visit, int32[v], int32[v] and int32[v, 2].

    Points of which a visit can begin in no window are left out.
    """
    points, numbers, windows = list[int](), list[int](), list[tuple[int, int]]()
    for point in np.flatnonzero(problem.on_rounds).tolist():
        found = _windows(
            shift=problem.shift_seconds, gap=int(problem.gap[point]), least=int(problem.least_gap[point]),
            since=int(problem.since[point]), dwell=int(problem.dwell[point]),
        )  # fmt: skip
        points += [point] * len(found)
        numbers += range(len(found))
        windows += found
    return np.array(points, np.int32), np.array(numbers, np.int32), np.array(windows, np.int32).reshape(-1, 2)


def planned_by_windows(problem: SpacingProblem, budget: Budget, *, observe: Observer = silent) -> SpacedPlan | None:
    """Return a plan with as few units as the search finds, None where no point has windows; points short of a visit are left out."""
    point, number, window = windows_of(problem)
    vehicles = [v for v in range(len(problem.vehicles)) if problem.may_go(v) and problem.vehicles[v].available]
    if not len(point) or not vehicles:
        return None
    asked = PatrolProblem(
        post_keys=problem.post_keys, point_keys=problem.point_keys, kinds=problem.kinds, seconds=problem.seconds,
        metres=problem.metres, vehicles=tuple(problem.vehicles[v] for v in vehicles), visit_point=point, visit_number=number,
        window=window, dwell=problem.dwell[point], required=np.ones(len(point), np.bool_),
        prize=np.zeros(len(point), np.int64), eligible=problem.eligible[point],
        unit_seconds=len(problem.vehicles) * problem.shift_seconds,
    )  # fmt: skip
    found = solve_routes(asked, budget, observe=lambda step: observe(_told(step))).plan
    made = np.bincount(point[[v for route in found.routes for v in route.visits.tolist()]], minlength=problem.points)
    out = np.flatnonzero(problem.on_rounds & (made < np.maximum(1, np.bincount(point, minlength=problem.points))))
    routes = []
    for route in found.routes:
        kept = ~np.isin(point[route.visits], out)
        if not kept.any():
            continue
        routes.append(
            _timed(problem, vehicles[route.vehicle], route.unit, point[route.visits[kept]], window[route.visits[kept]])
        )
    routes, missed = appointments.kept(problem, routes)
    return SpacedPlan(routes=tuple(routes), left_out=tuple(out.tolist()), missed=missed)


def _told(step: Progress) -> Progress:
    """Leave out objective and bound, which are those of the routing."""
    return replace(step, objective=None, bound=None)


def _windows(*, shift: int, gap: int, least: int, since: int, dwell: int) -> list[tuple[int, int]]:
    for visits in range(1, math.ceil((shift + 1 + since) / gap) + 2):
        wide = ((visits + 1) * gap - shift - since - 1) // visits
        if visits > 1:
            wide = min(wide, (gap - least) // 2)
        wide = min(wide, gap - since)
        if wide < _NARROWEST * gap and visits <= shift // gap + 1:
            continue
        first = [gap - since - wide + number * (gap - wide) for number in range(visits)]
        found = [(a, min(a + wide, shift - dwell)) for a in first]
        if all(0 <= a <= b for a, b in found):
            return found
    return []


def _timed(
    problem: SpacingProblem,
    vehicle: int,
    unit: int,
    points: npt.NDArray[np.int32],
    windows: npt.NDArray[np.int32],
) -> SpacedRoute:
    """Return the route with each begin as early as its window lets it be; the unit leaves as late as it may."""
    kind = problem.vehicles[vehicle]
    seconds = problem.seconds[problem.kind_of(vehicle)]
    here, now = kind.start_post, max(0, int(windows[0, 0]) - int(seconds[kind.start_post, problem.posts + points[0]]))
    leave = now
    times = []
    for point, (early, _) in zip(points.tolist(), windows.tolist(), strict=True):
        arrival = now + int(seconds[here, problem.posts + point])
        begin = max(arrival, early)
        now, here = begin + int(problem.dwell[point]), problem.posts + point
        times.append((arrival, begin, now))
    at = np.array(times, np.int32)
    return SpacedRoute(
        vehicle=vehicle, unit=unit, points=points, appointment=np.full(len(points), -1, np.int32), arrival=at[:, 0],
        begin=at[:, 1], departure=at[:, 2], leave=leave, back=now + int(seconds[here, kind.end_post]),
    )  # fmt: skip
