"""A plan with time to spare at every stop: what unpredictability costs in units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geo.errors import ParameterError
from planners.contract import Budget, Observer, silent
from planners.patrol.guess.offsets import retimed
from planners.patrol.guess.presence import watched_points
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing


def solve_with_reserve(
    problem: SpacingProblem, budget: Budget, *, reserve_seconds: int = 50, observe: Observer = silent
) -> SpacedPlan:
    """Plan as if each stop that can be seen lasted ``reserve_seconds`` longer, then keep the true dwells: the rest is waited.

    Rounds as long as their units can keep leave no choice of times. The plan passes ``check_spacing`` of ``problem``, with more units than
    a plan without reserve may need. Asks for rounds and appointments only: a stop of another role is refused.
    """
    if reserve_seconds < 0:
        raise ParameterError("The reserve must be 0 seconds or more", "预留时间不得为负")
    if not problem.plain:
        raise ParameterError(
            "A reserve is planned for rounds and appointments only; plan breaks and optional stops afterwards",
            "预留时间仅用于巡线与定时任务；休息与可选停留请随后安排",
        )
    dwell = np.array(problem.dwell)
    seen = watched_points(problem)
    dwell[seen] = np.minimum(dwell[seen] + reserve_seconds, np.maximum(dwell[seen], problem.gap[seen] - 1))
    plan = solve_spacing(replace(problem, dwell=dwell), budget, observe=observe).plan
    routes = []
    for route in plan.routes:
        held = route.departure - route.begin
        held = np.where(route.appointment < 0, problem.dwell[route.points], held).astype(np.int32)
        routes.append(replace(route, departure=route.begin + held))
    begins = np.concatenate([np.zeros(0, np.int64), *(r.begin.astype(np.int64) for r in routes)])
    found = replace(plan, routes=tuple(retimed(problem, routes, begins)))
    check_spacing(problem, found)
    return found
