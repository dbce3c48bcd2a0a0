"""Patrol routes by PyVRP's iterated local search, fed with whole matrices.

Program (a prize-collecting vehicle routing problem with many depots, unlike vehicles and time windows): choose routes
so that the objective of ``PatrolProblem`` is least. Bound: ``planners.patrol.bound``. Search: Wouda, Lan and
Kool (2024), PyVRP: a high-performance VRP solver package, INFORMS Journal on Computing 36(4), 943-955.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from planners.contract import Budget, Observer, Outcome, Termination, silent
from planners.patrol.bound import bound_patrol
from planners.patrol.check import check_patrol
from planners.patrol.local_search import quiet, searched
from planners.patrol.plan import PatrolPlan, PatrolRoute
from planners.patrol.problem import PatrolProblem
from planners.patrol.reach import impossible_visits
from planners.patrol.route_pool import Route
from planners.patrol.routing_model import model_of, routes_of
from planners.patrol.schedule import fits, schedule
from planners.patrol.side_by_side import side_by_side
from planners.patrol.steps import Limits

TRIAL_SHARE: Final = 1 / 3
"""Share of the budget after which a search for all required visits gives up, if none was found, for the most."""


def solve_routes(problem: PatrolProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[PatrolPlan]:
    """Find routes that make all required visits with the least objective, or as many of them as can be found.

    ``budget.iterations`` counts steps of the local search (5,000 where the budget says nothing); with iterations and
    seed alone the plan repeats exactly. Visits that no unit could make are left out up front and listed in the plan.
    """
    began = time.perf_counter()
    impossible = impossible_visits(problem)
    out = {item.visit for item in impossible}
    out |= {item.visit for item in impossible_visits(problem, required_only=False)}
    left = [visit for visit in range(problem.visits) if visit not in out]
    bound = bound_patrol(problem)
    fixed = float(problem.prize[[v for v in out if not problem.required[v]]].sum())
    limits = Limits(budget, observe, began=began, bound=bound.objective, fixed=fixed)
    found = _searched(problem, left, budget.seed, limits, all_required=bound.units <= problem.units) if left else []
    plan = _plan(problem, found, impossible)
    objective = check_patrol(problem, plan)
    return Outcome(
        plan=plan,
        objective=objective,
        bound=min(bound.objective, objective),
        sense=-1,
        termination=limits.termination() if left else Termination.OPTIMAL,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver="patrol.routes.pyvrp",
    )


def _searched(
    problem: PatrolProblem, left: Sequence[int], seed: int, limits: Limits, *, all_required: bool
) -> list[Route]:
    if all_required:
        data = model_of(problem, left, all_required=True)
        found = side_by_side(problem, data, left, seed, limits, until=TRIAL_SHARE)
        if found is not None:
            return found
    stop = limits.without_all()
    data = model_of(problem, left, all_required=False)
    with quiet():
        best = searched(data, seed=seed, stop=stop).best
    routes = routes_of(data, left, best)
    return routes if best.is_feasible() else [_mended(problem, route) for route in routes]


def _mended(problem: PatrolProblem, route: Route) -> Route:
    """Keep, in order, the visits with which the unit is still in time everywhere."""
    vehicle, kept = route[0], list[int]()
    for visit in route[1]:
        if fits(problem, schedule(problem, vehicle=vehicle, unit=0, visits=[*kept, visit])):
            kept.append(visit)
    return vehicle, tuple(kept)


def _plan(problem: PatrolProblem, found: Sequence[Route], impossible: Any) -> PatrolPlan:
    routes: list[PatrolRoute] = []
    used: dict[int, int] = {}
    made: npt.NDArray[np.bool_] = np.zeros(problem.visits, bool)
    for vehicle, visits in sorted((item for item in found if item[1]), key=lambda item: (item[0], item[1])):
        unit = used.get(vehicle, 0)
        used[vehicle] = unit + 1
        routes.append(schedule(problem, vehicle=vehicle, unit=unit, visits=visits))
        made[list(visits)] = True
    never = {item.visit for item in impossible}
    missed = tuple(v for v in np.flatnonzero(problem.required & ~made).tolist() if v not in never)
    return PatrolPlan(routes=tuple(routes), impossible=impossible, missed=missed)
