"""Makes the compiled parts of the patrol planner ready, so that the first plan does not wait for them."""

from __future__ import annotations

import numpy as np

from planners.contract import Budget
from planners.patrol.cover.improve import improve_cover
from planners.patrol.cover.problem import cover_problem
from planners.patrol.mend.edit import move
from planners.patrol.mend.events import UnitAway
from planners.patrol.mend.improve import improve
from planners.patrol.mend.replan import replan
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.solve import solve_spacing


def patrol_kernels_ready() -> None:
    """Solve, cover, improve, edit and mend a plan of a few points on a line."""
    n = 9
    at = np.arange(n + 1, dtype=np.float64)
    seconds = 120.0 * np.abs(at[:, None] - at[None, :])
    problem = car_and_video(
        seconds=seconds, metres=None, post_keys=["post"],
        point_keys=[f"p{i}" for i in range(n)], dwell=np.full(n, 600), cars_at=[4], shift_seconds=4 * 3600,
        gap_seconds=2 * 3600,
    )  # fmt: skip
    budget = Budget(iterations=1, seed=1)
    plan = solve_spacing(problem, budget).plan
    calls = cover_problem(seconds, np.ones(n + 1), standard_seconds=300, spot_of_place=np.arange(n + 1))
    improve_cover(problem, plan, calls, budget)
    plan = improve(problem, plan, budget).plan
    route = plan.routes[0]
    unit = problem.unit_key(route.vehicle, route.unit)
    made = move(problem, plan, unit=unit, index=0, begin=int(route.begin[0]), soft=True)
    replan(made.problem, made.plan, [UnitAway(unit=unit, at=3600)], now=3600, iterations=1)
