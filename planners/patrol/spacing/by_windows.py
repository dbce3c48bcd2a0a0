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
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import CancelledError
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent, stopped_before_any_plan
from planners.patrol.mend.improve import improve
from planners.patrol.problem import PatrolProblem
from planners.patrol.routes import solve_routes
from planners.patrol.spacing import appointments
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

FEW: Final = 2.0
"""Windows are tried where a point is visited at most so many times on average ..."""
MOST: Final = 1_200
"""... and all points at most so many times together: more are too many to be routed while somebody waits."""
ONCE: Final = 1.3
"""Rounds are tried as well where points are visited more often than this on average, or windows leave points out."""
ROUTING_SHARE: Final = 0.6
"""Part of the time for routes; in the rest begins leave their windows where gaps let them."""
STEPS: Final = 100
"""Steps of the routing for each iteration of a budget."""
_NARROWEST: Final = 0.05


Solve = Callable[..., Outcome[SpacedPlan]]


def suits_windows(problem: SpacingProblem) -> bool:
    """Return whether visits are few enough for windows.

    Never where all ways are alike, so that one round is as good as any, nor where points are roads that end elsewhere than they begin.
    """
    if np.diagonal(problem.seconds, axis1=1, axis2=2).any():
        return False
    places = problem.posts + np.flatnonzero(problem.on_rounds)
    ways = problem.seconds[:, places][:, :, places][:, ~np.eye(len(places), dtype=np.bool_)]
    if not ways.size or bool((ways.min(axis=1) == ways.max(axis=1)).all()):
        return False
    return _visits(problem) <= FEW and len(windows_of(problem)[0]) <= MOST


def solve_windows(
    problem: SpacingProblem, budget: Budget, rounds: Solve, *, observe: Observer = silent
) -> Outcome[SpacedPlan]:
    """Solve by windows and improve the plan; where that leaves points out or visits are not so few, by ``rounds`` as well.

    Raises
    ------
    InfeasibleError
        As ``rounds``.
    CancelledError
        Where the observer asks to stop before there is a plan.
    """
    began = time.perf_counter()
    asked = _Asked(observe, began)
    both = _visits(problem) > ONCE
    share = ROUTING_SHARE / 2 if both else ROUTING_SHARE
    steps = STEPS * (budget.iterations or 3) if budget.iterations or budget.seconds is None else None
    seconds = None if budget.seconds is None else share * budget.seconds
    plan = planned_by_windows(problem, replace(budget, seconds=seconds, iterations=steps), observe=asked)
    if asked.stopped and not (plan and plan.routes):
        raise stopped_before_any_plan()
    found = None
    if not asked.stopped and (plan is None or plan.left_out or both):
        left = None if budget.seconds is None else max(0.5, budget.seconds - (time.perf_counter() - began)) / 2
        try:
            found = rounds(problem, replace(budget, seconds=left), observe=asked)
        except CancelledError:
            # Stopped before the rounds had a plan: that of the windows counts, if there is one.
            if plan is None or not plan.routes:
                raise
        if found is not None and (plan is None or found.objective <= check_spacing(problem, plan)):
            plan = found.plan
    assert plan is not None
    bound = None if found is None else found.bound
    if bound is None and not asked.stopped:
        bound = float(min(bound_units(problem, going=asked.going).units, problem.price_of_leaving_out))
    termination = Termination.ITERATIONS if budget.seconds is None else Termination.TIME
    if not asked.stopped and (bound is None or check_spacing(problem, plan) > bound) and not plan.left_out:
        left = None if budget.seconds is None else max(0.2, budget.seconds - (time.perf_counter() - began))
        plan = improve(problem, plan, replace(budget, seconds=left), bound=bound, idle=True, observe=asked).plan
    objective = check_spacing(problem, plan)
    if asked.stopped:
        termination = Termination.CANCELLED
    elif bound is not None and objective <= bound:
        termination = Termination.OPTIMAL
    return Outcome(
        plan=plan, objective=objective, bound=bound, sense=-1, termination=termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver="visits in windows",
    )  # fmt: skip


class _Asked:
    """An observer that remembers whether it was asked to stop, and tells the seconds since the whole began."""

    def __init__(self, observe: Observer, began: float) -> None:
        self._observe = observe
        self._began = began
        self.stopped = False

    def __call__(self, step: Progress) -> bool:
        told = replace(step, seconds=time.perf_counter() - self._began)
        self.stopped = self.stopped or not self._observe(told)
        return not self.stopped

    def going(self) -> bool:
        return self(Progress(seconds=0.0))


def _visits(problem: SpacingProblem) -> float:
    """Return how often a point is visited on average."""
    point, _, _ = windows_of(problem)
    return len(point) / max(1, int(problem.on_rounds.sum()))


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
