"""Patrol routes by PyVRP's iterated local search, fed with whole matrices.

Program (a prize-collecting vehicle routing problem with many depots, unlike vehicles and time windows): choose routes
so that the objective of ``PatrolProblem`` is least. Bound: ``planners.patrol.bound``. Search: Wouda, Lan and
Kool (2024), PyVRP: a high-performance VRP solver package, INFORMS Journal on Computing 36(4), 943-955.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.patrol.bound import bound_patrol
from planners.patrol.check import check_patrol
from planners.patrol.plan import PatrolPlan, PatrolRoute
from planners.patrol.problem import NO_WAY, PatrolProblem
from planners.patrol.reach import impossible_visits
from planners.patrol.route_pool import RoutePool, recombined
from planners.patrol.schedule import fits, schedule

DEFAULT_ITERATIONS: Final = 5000
SEARCH_SHARE: Final = 0.92
"""Share of the budget that the search takes; the rest is for putting together what it has seen."""
TRIAL_SHARE: Final = 1 / 3
"""Share of the budget after which a search for all required visits gives up, if none was found, for the most."""
REPORT_SECONDS: Final = 0.2
TWICE_VISITS: Final = 150
"""Up to so many visits the search starts twice: two halves put together are better than one search twice as long."""
_APART: Final = 1000


class _Stop:
    """Stops PyVRP by iterations, seconds or the observer's wish; counts over both searches of one solve."""

    def __init__(self, budget: Budget, observe: Observer, began: float, bound: float) -> None:
        none = budget.seconds is None and budget.iterations is None
        self.iterations = DEFAULT_ITERATIONS if none else budget.iterations
        self.seconds = budget.seconds
        self.observe = observe
        self.began = began
        self.bound = bound
        self.done = 0
        self.last = -1.0
        self.fixed = 0.0
        self.until = 1.0
        self.turn = 1.0
        self.best: float | None = None
        self.found = False
        self.termination: Termination | None = None

    def __call__(self, best_cost: float) -> bool:
        now = time.perf_counter() - self.began
        self.found = best_cost < 2**52
        if self.found:
            value = float(best_cost) + self.fixed
            self.best = value if self.best is None else min(self.best, value)
        spent = self._spent(now)
        if now - self.last >= REPORT_SECONDS:
            self.last = now
            if not self.observe(Progress(seconds=now, objective=self.best, bound=self.bound, share=min(1.0, spent))):
                self.termination = Termination.CANCELLED
        if self.termination is None and spent >= 1.0:
            by_time = self.seconds is not None and now >= self.seconds * SEARCH_SHARE
            self.termination = Termination.TIME if by_time else Termination.ITERATIONS
        if self.termination is not None or spent >= self.turn or (spent >= self.until and not self.found):
            return True
        self.done += 1
        return False

    def _spent(self, now: float) -> float:
        parts = [self.done / self.iterations] if self.iterations is not None else []
        if self.seconds is not None:
            parts.append(now / (self.seconds * SEARCH_SHARE))
        return max(parts)

    def left(self) -> float | None:
        """Return the seconds that are left, None where time is no limit."""
        return None if self.seconds is None else max(0.05, self.seconds - (time.perf_counter() - self.began))


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
    stop = _Stop(budget, observe, began, bound.objective)
    stop.fixed = float(problem.prize[[v for v in out if not problem.required[v]]].sum())
    found: list[tuple[int, list[int]]] = []
    if left:
        found = _searched(problem, left, budget.seed, stop, all_required=bound.units <= problem.units)
    plan = _plan(problem, found, impossible)
    objective = check_patrol(problem, plan)
    return Outcome(
        plan=plan,
        objective=objective,
        bound=min(bound.objective, objective),
        sense=-1,
        termination=stop.termination or Termination.OPTIMAL,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver="patrol.routes.pyvrp",
    )


def _searched(
    problem: PatrolProblem, left: Sequence[int], seed: int, stop: _Stop, *, all_required: bool
) -> list[tuple[int, list[int]]]:
    if all_required:
        stop.until = TRIAL_SHARE
        model = model_of(problem, left, all_required=True)
        pool = RoutePool(left, [int(kind.name) for kind in model.vehicle_types()])
        starts = 2 if len(left) <= TWICE_VISITS else 1
        routes, feasible, cost = list[tuple[int, list[int]]](), False, 2**62
        for number in range(starts):
            stop.turn = (number + 1) / starts if number + 1 < starts else 2.0
            found, fits_all, price = _run(model, left, seed + _APART * number, stop, pool)
            if (not fits_all, price) < (not feasible, cost) or not routes:
                routes, feasible, cost = found, fits_all, price
            if stop.termination is not None:
                break
        if feasible and stop.termination is not Termination.CANCELLED:
            best = [(vehicle, tuple(made)) for vehicle, made in routes]
            better = recombined(problem, pool.routes(), best, seconds=stop.left(), seed=seed)
            return routes if better is None else [(vehicle, list(made)) for vehicle, made in better]
        if feasible or stop.termination is Termination.CANCELLED:
            return routes if feasible else [_mended(problem, route) for route in routes]
    stop.until, stop.turn, stop.best, stop.termination = 2.0, 2.0, None, None
    routes, feasible, _ = _run(model_of(problem, left, all_required=False), left, seed, stop)
    return routes if feasible else [_mended(problem, route) for route in routes]


def model_of(problem: PatrolProblem, visits: Sequence[int], *, all_required: bool) -> Any:
    """Return PyVRP's problem data: one location a post in use and a visit, one profile a kind of unit.

    A leg that a kind may not take is longer than the longest shift, so that no feasible route has it. Where not all
    required visits can be made they become optional at ``missed_seconds`` each.
    """
    import pyvrp

    posts = sorted({p for v in problem.vehicles for p in (v.start_post, v.end_post)})
    chosen = np.asarray(visits, np.int64)
    places = np.concatenate([np.asarray(posts, np.int64), problem.place_of_visit[chosen]])
    beyond = 2 * max(v.shift_seconds for v in problem.vehicles) + 1
    matrices: list[Any] = []
    for kind in range(len(problem.kinds)):
        legs = problem.seconds[kind][np.ix_(places, places)].astype(np.int64)
        may = np.concatenate([np.ones(len(posts), bool), problem.eligible[chosen, kind]])
        legs[(legs >= NO_WAY) | ~may[:, None] | ~may[None, :]] = beyond
        np.fill_diagonal(legs, 0)
        matrices.append(np.ascontiguousarray(np.minimum(legs, beyond)))
    missed = problem.missed_seconds
    carried = bool(problem.load.any())
    clients = [
        pyvrp.Client(
            location=len(posts) + number,
            delivery=[int(problem.load[v])] if carried else [],
            service_duration=int(problem.dwell[v]),
            tw_early=int(problem.window[v, 0]),
            tw_late=int(problem.window[v, 1]),
            required=all_required and bool(problem.required[v]),
            prize=(0 if all_required else missed) if problem.required[v] else int(problem.prize[v]),
        )
        for number, v in enumerate(chosen.tolist())
    ]
    vehicles = [
        pyvrp.VehicleType(
            num_available=v.available,
            capacity=[v.capacity] if carried else [],
            start_depot=posts.index(v.start_post),
            end_depot=posts.index(v.end_post),
            fixed_cost=problem.unit_seconds,
            tw_early=0,
            tw_late=v.shift_seconds,
            shift_duration=v.shift_seconds,
            profile=problem.kind_of(v),
            name=str(number),
        )
        for number, v in enumerate(problem.vehicles)
        if v.available
    ]
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in places],
        clients=clients,
        depots=[pyvrp.Depot(location=number) for number in range(len(posts))],
        vehicle_types=vehicles,
        distance_matrices=matrices,
        duration_matrices=matrices,
    )


def _run(
    data: Any, visits: Sequence[int], seed: int, stop: _Stop, pool: RoutePool | None = None
) -> tuple[list[tuple[int, list[int]]], bool, int]:
    import pyvrp
    from pyvrp.exceptions import PenaltyBoundWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        watched: Any = pool
        search = pyvrp.IteratedLocalSearchParams(callbacks=watched)
        params = pyvrp.SolveParams(ils=search)
        result = pyvrp.solve(data, stop=stop, seed=seed, collect_stats=False, display=False, params=params)
    types = data.vehicle_types()
    routes = [
        (int(types[route.vehicle_type()].name), [visits[stop_.idx] for stop_ in route if stop_.is_client()])
        for route in result.best.routes()
    ]
    feasible = bool(result.best.is_feasible())
    return [(vehicle, made) for vehicle, made in routes if made], feasible, int(result.cost()) if feasible else 2**62


def _mended(problem: PatrolProblem, route: tuple[int, list[int]]) -> tuple[int, list[int]]:
    """Keep, in order, the visits with which the unit is still in time everywhere."""
    vehicle, kept = route[0], list[int]()
    for visit in route[1]:
        if fits(problem, schedule(problem, vehicle=vehicle, unit=0, visits=[*kept, visit])):
            kept.append(visit)
    return vehicle, kept


def _plan(problem: PatrolProblem, found: Sequence[tuple[int, list[int]]], impossible: Any) -> PatrolPlan:
    routes: list[PatrolRoute] = []
    used: dict[int, int] = {}
    made: npt.NDArray[np.bool_] = np.zeros(problem.visits, bool)
    for vehicle, visits in sorted((item for item in found if item[1]), key=lambda item: (item[0], item[1])):
        unit = used.get(vehicle, 0)
        used[vehicle] = unit + 1
        routes.append(schedule(problem, vehicle=vehicle, unit=unit, visits=visits))
        made[visits] = True
    never = {item.visit for item in impossible}
    missed = tuple(v for v in np.flatnonzero(problem.required & ~made).tolist() if v not in never)
    return PatrolPlan(routes=tuple(routes), impossible=impossible, missed=missed)
