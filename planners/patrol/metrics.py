"""What patrol routes are worth: units, shares of time, visits and revisit gaps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from planners.arrays import read_only
from planners.patrol.plan import PatrolPlan
from planners.patrol.problem import PatrolProblem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatrolMetrics:
    """Figures of a plan; shares are of the shifts of the units used.

    Attributes
    ----------
    units_used, units_available
    travel_seconds, dwell_seconds, wait_seconds : sums over all routes; waiting is on the road, not at the post
    travel_share, dwell_share : 0 where no unit is used
    metres : length of all routes
    longest_route_seconds, longest_route_metres : from leaving the post to being back
    visits_made, visits_missed, visits_impossible
    visits_of_point : int32[points]
    worst_gap_seconds : int32[points], longest time from the end of one visit to the begin of the next of the same point
        in this shift; -1 where it has fewer than two visits
    route_seconds, route_metres : int64[routes]
    """

    units_used: int
    units_available: int
    travel_seconds: int
    dwell_seconds: int
    wait_seconds: int
    travel_share: float
    dwell_share: float
    metres: int
    longest_route_seconds: int
    longest_route_metres: int
    visits_made: int
    visits_missed: int
    visits_impossible: int
    visits_of_point: npt.NDArray[np.int32]
    worst_gap_seconds: npt.NDArray[np.int32]
    route_seconds: npt.NDArray[np.int64]
    route_metres: npt.NDArray[np.int64]


def evaluate(problem: PatrolProblem, plan: PatrolPlan) -> PatrolMetrics:
    """Compute the figures of a plan."""
    places = problem.place_of_visit
    travel = dwell = shift = 0
    seconds, metres = [], []
    for route in plan.routes:
        vehicle = problem.vehicles[route.vehicle]
        kind = problem.kind_of(vehicle)
        way = np.concatenate([[vehicle.start_post], places[route.visits], [vehicle.end_post]])
        travel += int(problem.seconds[kind, way[:-1], way[1:]].sum())
        dwell += int(problem.dwell[route.visits].sum())
        shift += vehicle.shift_seconds
        seconds.append(route.back - route.leave)
        metres.append(int(problem.metres[kind, way[:-1], way[1:]].astype(np.int64).sum()))
    count, gaps = _revisits(problem, plan)
    return PatrolMetrics(
        units_used=plan.units_used,
        units_available=problem.units,
        travel_seconds=travel,
        dwell_seconds=dwell,
        wait_seconds=sum(seconds) - travel - dwell,
        travel_share=travel / shift if shift else 0.0,
        dwell_share=dwell / shift if shift else 0.0,
        metres=sum(metres),
        longest_route_seconds=max(seconds, default=0),
        longest_route_metres=max(metres, default=0),
        visits_made=int(count.sum()),
        visits_missed=len(plan.missed),
        visits_impossible=len(plan.impossible),
        visits_of_point=read_only(count, np.int32),
        worst_gap_seconds=read_only(gaps, np.int32),
        route_seconds=read_only(seconds, np.int64),
        route_metres=read_only(metres, np.int64),
    )


def _revisits(problem: PatrolProblem, plan: PatrolPlan) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    times: dict[int, list[tuple[int, int]]] = {}
    for route in plan.routes:
        for visit, begin, departure in zip(
            route.visits.tolist(), route.begin.tolist(), route.departure.tolist(), strict=True
        ):
            times.setdefault(int(problem.visit_point[visit]), []).append((begin, departure))
    count = np.zeros(len(problem.point_keys), np.int64)
    gaps = np.full(len(problem.point_keys), -1, np.int64)
    for point, stays in times.items():
        count[point] = len(stays)
        stays.sort()
        for (_, left), (begun, _) in pairwise(stays):
            gaps[point] = max(gaps[point], begun - left, 0)
    return count, gaps
