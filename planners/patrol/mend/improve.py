"""A plan solved again around what is locked: fewer broken gaps, fewer units, less travel."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.patrol.mend import network as nw
from planners.patrol.mend.chances import with_optional
from planners.patrol.mend.recover import Weights, loosened, search_routes, settled, wanted
from planners.patrol.mend.timetable import Lock, Timetable
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem

_CHUNK = 50
"""Steps of the search between two looks at the clock, at most."""
_LOOK = 0.1
"""Seconds between two looks that are aimed at."""


def improve(
    problem: SpacingProblem, plan: SpacedPlan, budget: Budget, *, locks: Iterable[Lock] = (), bound: float | None = None,
    idle: bool = False, observe: Observer = silent,
) -> Outcome[SpacedPlan]:  # fmt: skip
    """Improve a plan by ruin and recreation; stops that are locked, done or pinned, and all that are no visits of the rounds, stay.

    Visits that broken gaps and points left out lack are tried again, at the end optional stops too. Units that have no route are sent
    only with ``idle``. ``bound`` is that of the problem, where one is known; none is proved here. One iteration of the budget is 50 steps;
    between two looks at the clock and the observer lies about a tenth of a second.

    Raises
    ------
    CheckError
        Where the plan that came in does not keep what it says.
    InputError
        Naming a lock that is not in the plan.
    """
    began = time.perf_counter()
    best, least, held = plan, _rank(problem, plan), set(locks)
    looks = budget.iterations or (1 if budget.seconds is None else 1 << 40)
    termination = Termination.ITERATIONS
    weights = Weights(overdue=1e8, unit=1e6, change=0.0, slack=1800 if plan.broken else 0)
    now = min((start.free for start in problem.starts if start.free < problem.shift_seconds), default=-1)
    table = Timetable.of(problem, plan, locks=held)
    wanted(table, after=now)
    out = {(route.vehicle, route.unit) for route in plan.routes}
    open_units = [n for n, unit in enumerate(table.units) if (idle or unit in out) and not table.away(n)]
    first = table.net[nw.RN].copy()
    loose, eased = loosened(table, weights)
    cost, took, steps = np.inf, 0.0, _CHUNK if budget.seconds is None else 1
    for look in range(looks):
        spent = time.perf_counter() - began
        if not observe(Progress(seconds=spent, objective=least[0], bound=bound)):
            termination = Termination.CANCELLED
            break
        if budget.seconds is not None and spent + took > budget.seconds:
            termination = Termination.TIME
            break
        if bound is not None and least[0] <= bound:
            termination = Termination.OPTIMAL
            break
        found = search_routes(
            table, loose, open_units=open_units, iterations=steps, seed=budget.seed + 7919 * look, weights=weights, first=first
        )  # fmt: skip
        if found < cost - 1e-6:
            cost = found
            other = settled(replace(table, net=table.net.copy()), eased)
            rank = _rank(problem, other)
            if rank < least:
                best, least = other, rank
        if budget.seconds is not None:
            took = time.perf_counter() - began - spent
            steps = min(_CHUNK, max(1, int(steps * _LOOK / max(took, 1e-3))), 2 * steps)
    if problem.optional:
        best = with_optional(problem, best, locks=held, after=max(now, 0))
        least = _rank(problem, best)
    return Outcome(
        plan=best, objective=least[0], bound=bound, sense=-1, termination=termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver="ruin and recreate",
    )  # fmt: skip


def _rank(problem: SpacingProblem, plan: SpacedPlan) -> tuple[float, int]:
    return check_spacing(problem, plan), _travel(plan)


def _travel(plan: SpacedPlan) -> int:
    """Return the seconds between the stops of all routes."""
    return sum(
        int(r.arrival.astype(np.int64).sum() - r.departure.astype(np.int64).sum()) + r.back - r.leave
        for r in plan.routes
    )
