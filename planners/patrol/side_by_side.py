"""Two searches side by side on two processors: one goes on, the other starts anew and puts routes together.

The first is PyVRP's own search with the seed of the budget. The second, where visits may be made at any time, is simulated annealing
(``annealed``), which goes further on routes with many visits. Else it begins with penalties that fit the instance; when it
finds nothing better for long, it puts together the best plan of all routes that it has seen (``route_pool``) and goes on from
there, or starts anew where none is better. At the end the routes of both are put together. Neither looks at the other before,
so that steps and seed give the same plan.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final

from planners.patrol.annealed import Annealed, suits_strings
from planners.patrol.local_search import fitting_penalties, quiet, searched
from planners.patrol.problem import PatrolProblem
from planners.patrol.route_pool import Route, RoutePool, recombined
from planners.patrol.routing_model import routes_of, solution_of
from planners.patrol.steps import REPORT_SECONDS, Limits, Steps

PATIENCE: Final = 0.05
"""Steps without a better plan after which the second search puts routes together, times the square of the visits."""
_LEAST_PATIENCE: Final = 300
_SHARE: Final = 0.04
"""Share of the seconds that one such putting together may take."""
_APART: Final = 1000


def side_by_side(
    problem: PatrolProblem, data: Any, visits: Sequence[int], seed: int, limits: Limits, *, until: float
) -> list[Route] | None:
    """Return the routes of the best plan found, None where no plan was found that keeps all constraints.

    On a single processor and with a limit of seconds only the second search runs.

    Parameters
    ----------
    until
        Share of the budget after which a search gives up that has no such plan.
    """
    types = [int(kind.name) for kind in data.vehicle_types()]
    pools = [RoutePool(visits, types), RoutePool(visits, types)]
    alone = limits.iterations is None and processors() < 2
    first, second = Steps(limits, reports=not alone, until=until), Steps(limits, reports=alone, until=until)

    cooling = Annealed(problem, visits, seed + _APART) if suits_strings(problem, visits) else None

    def restarting() -> Any:
        try:
            if cooling is None:
                return _restarting(problem, data, visits, seed + _APART, second, pools[1])
            routes = cooling.run(second)
            return None if routes is None else solution_of(data, visits, routes)
        except BaseException:
            limits.cancelled = True
            raise

    with quiet(), ThreadPoolExecutor(1) as threads:
        other = _done(restarting()) if alone else threads.submit(restarting)
        try:
            own = None if alone else searched(data, seed=seed, stop=first, callbacks=pools[0]).best
            while not other.done():
                wait([other], timeout=REPORT_SECONDS)
                limits.report(limits.spent(second.done))
        except BaseException:
            limits.cancelled = True
            raise
        plans = [plan for plan in (own, other.result()) if plan is not None and plan.is_feasible()]
    if not plans:
        return None
    best = routes_of(data, visits, min(plans, key=_cost))
    if limits.cancelled:
        return best
    seen = [*pools[0].routes(), *pools[1].routes()]
    if cooling is not None:
        seen += [(travel, route) for route, travel in cooling.noted.items()]
    better = recombined(problem, seen, best, seconds=limits.left(), seed=seed)
    return best if better is None else better


def _done(plan: Any) -> Future[Any]:
    future = Future[Any]()
    future.set_result(plan)
    return future


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _restarting(
    problem: PatrolProblem, data: Any, visits: Sequence[int], seed: int, steps: Steps, pool: RoutePool
) -> Any:
    penalties = fitting_penalties(problem)
    best, start = None, None
    for number in itertools.count(seed):
        stop = steps.begin(patience=max(_LEAST_PATIENCE, int(PATIENCE * len(visits) ** 2)))
        found = searched(data, seed=number, stop=stop, callbacks=pool, penalties=penalties, start=start).best
        if found.is_feasible() and (best is None or _cost(found) < _cost(best)):
            best = found
        if steps.over:
            break
        start = None
        if best is None:
            continue
        seconds = None if steps.limits.seconds is None else steps.limits.seconds * _SHARE
        better = recombined(problem, pool.routes(), routes_of(data, visits, best), seconds=seconds, seed=seed)
        if better is not None:
            best = start = solution_of(data, visits, better)
            steps.note(float(_cost(best)))
    return best


def _cost(plan: Any) -> int:
    return int(plan.distance() + plan.fixed_vehicle_cost() + plan.uncollected_prizes())
