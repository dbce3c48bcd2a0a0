"""A plan with time to spare at every stop: what unpredictability costs in units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geo.errors import ParameterError
from planners.contract import Budget, Observer, silent
from planners.patrol.guess.offsets import retimed
from planners.patrol.guess.presence import watched_points
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import Role, SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing


def solve_with_reserve(
    problem: SpacingProblem, budget: Budget, *, reserve_seconds: int = 50, observe: Observer = silent
) -> SpacedPlan:
    """Plan as if each stop that can be seen lasted ``reserve_seconds`` longer, then keep the true dwells: the rest is waited.

    Rounds as long as their units can keep leave no choice of times. The plan passes ``check_spacing`` of ``problem``, with more units than
    a plan without reserve may need.
    """
    longer = with_reserve(problem, reserve_seconds)
    found = without_reserve(problem, solve_spacing(longer, budget, observe=observe).plan)
    check_spacing(problem, found)
    return found


def with_reserve(problem: SpacingProblem, reserve_seconds: int) -> SpacingProblem:
    """Return the problem with ``reserve_seconds`` more at each point that can be seen, less where the gap leaves no room."""
    if reserve_seconds < 0:
        raise ParameterError("The reserve must be 0 seconds or more", "预留时间不得为负")
    dwell = np.array(problem.dwell)
    seen = watched_points(problem)
    dwell[seen] = np.minimum(dwell[seen] + reserve_seconds, np.maximum(dwell[seen], problem.gap[seen] - 1))
    return replace(problem, dwell=dwell)


def without_reserve(problem: SpacingProblem, plan: SpacedPlan) -> SpacedPlan:
    """Return a plan of ``with_reserve`` with the dwells of ``problem``: all begins stay, and units wait for the rest."""
    routes = []
    for route in plan.routes:
        held = np.where(
            route.role == Role.ROUND, problem.dwell[np.maximum(route.points, 0)], route.departure - route.begin
        )
        routes.append(replace(route, departure=(route.begin + held).astype(np.int32)))
    begins = np.concatenate([np.zeros(0, np.int64), *(r.begin.astype(np.int64) for r in routes)])
    return replace(plan, routes=tuple(retimed(problem, routes, begins)))
