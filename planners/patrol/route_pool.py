"""The best plan that can be put together from all routes that a search has seen: a set partitioning.

With ``c_r`` the travel of route ``r`` and the price of its unit, ``V(r)`` its visits and ``t(r)`` its type of unit::

    minimise    sum_r c_r x_r + sum_v prize_v y_v
    subject to  sum_{r: v in V(r)} x_r + y_v = 1     for every visit v; y_v = 0 where it is required
                sum_{r: t(r) = t} x_r <= units_t     for every type t
                x_r in {0, 1},  y_v >= 0

Rochat, Y. and Taillard, E. (1995). Probabilistic diversification and intensification in local search for vehicle routing.
Journal of Heuristics 1, 147-167.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linprog

from planners.contract import Budget
from planners.integer_program import IntegerProgram, solve_program
from planners.patrol.problem import PatrolProblem

MOST_ROUTES: Final = 20_000
NEAR: Final = 1.02
"""Steps up to so many times the travel of the best are noted: looking at all would cost the search a tenth of its steps."""
MOST_STOPS: Final = 60_000
"""Stops of all routes that are looked at when routes are put together, the latest routes first."""
_KEPT: Final = 4
"""Routes a visit that go into the integer program, by their reduced cost."""
_NODES: Final = 100

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Route = tuple[int, tuple[int, ...]]
"""Vehicle type and visits in order."""


class RoutePool:
    """Notes the feasible routes of PyVRP's good steps; its callbacks are called by name.

    A step changes a few routes: those with the type, travel, dwell, load and number of stops of one that is held count as seen,
    which spares most of the looking.
    """

    def __init__(self, visits: Sequence[int], types: Sequence[int]) -> None:
        self.visits = visits
        self.types = types
        self.held: dict[tuple[int, ...], tuple[int, ...] | None] = {}

    def on_start(self, _search: Any) -> None:
        """Nothing to do."""

    def on_iteration(self, current: Any, candidate: Any, best: Any, _evaluator: Any) -> None:
        """Note the new routes of a step that was accepted and is near the best."""
        if candidate is not current or candidate.distance() > NEAR * best.distance():
            return
        held = self.held
        for route in candidate.routes():
            key = (route.vehicle_type(), route.distance(), route.service_duration(), len(route), *route.delivery())
            if key not in held:
                feasible = route.is_feasible()
                held[key] = tuple(stop.idx for stop in route if stop.is_client()) if feasible else None
        while len(held) > MOST_ROUTES:
            del held[next(iter(held))]

    def on_end(self, _result: Any) -> None:
        """Nothing to do."""

    def on_restart(self, _best: Any) -> None:
        """Nothing to do."""

    def on_best(self, _best: Any) -> None:
        """Nothing to do."""

    def routes(self) -> list[tuple[int, Route]]:
        """Return travel and route of all that are held."""
        return [
            (key[1], (self.types[key[0]], tuple(self.visits[i] for i in made)))
            for key, made in list(self.held.items()) if made
        ]  # fmt: skip


def recombined(
    problem: PatrolProblem,
    pool: Sequence[tuple[int, Route]],
    best: Sequence[Route],
    *,
    seconds: float | None,
    seed: int,
) -> list[Route] | None:
    """Return a plan of routes of the pool and of ``best`` that costs less than ``best``, or None where none is found.

    Without ``seconds`` a number of nodes of the search tree is the limit, so that the answer repeats.
    """
    began = time.perf_counter()
    cheapest = {(kind, frozenset(made)): (travel_of(problem, (kind, made)), (kind, made)) for kind, made in best}
    if not cheapest:
        return None
    stops = 0
    for cost, (kind, made) in reversed(pool):
        stops += len(made)
        if stops > MOST_STOPS:
            break
        key = (kind, frozenset(made))
        if key not in cheapest or cost < cheapest[key][0]:
            cheapest[key] = (cost, (kind, made))
    number_of = {key: number for number, key in enumerate(cheapest)}
    chosen = [number_of[kind, frozenset(made)] for kind, made in best]
    pool = list(cheapest.values())
    routes = len(pool)
    visits = sorted({v for _, (_, made) in pool for v in made})
    row_of = {visit: row for row, visit in enumerate(visits)}
    columns = [(row_of[v], r) for r, (_, (_, made)) in enumerate(pool) for v in made]
    types = sorted({kind for _, (kind, _) in pool})
    columns += [(len(visits) + types.index(kind), r) for r, (_, (kind, _)) in enumerate(pool)]
    columns += [(row, routes + row) for row in range(len(visits))]
    at = np.array(columns)
    rows = sparse.csr_matrix(
        (np.ones(len(at)), (at[:, 0], at[:, 1])), shape=(len(visits) + len(types), routes + len(visits))
    )
    required = problem.required[visits]
    available = np.array([problem.vehicles[kind].available for kind in types], np.float64)
    start = np.zeros(routes + len(visits))
    start[chosen] = 1.0
    missing = [row_of[v] for v in visits if v not in {v for _, made in best for v in made}]
    start[[routes + row for row in missing]] = 1.0
    program = IntegerProgram(
        costs=np.r_[[cost + problem.unit_seconds for cost, _ in pool], np.where(required, 0, problem.prize[visits])],
        lower=np.zeros(routes + len(visits)), upper=np.r_[np.ones(routes), np.where(required, 0.0, 1.0)],
        whole=np.r_[np.ones(routes, bool), np.zeros(len(visits), bool)],
        rows=rows, row_lower=np.r_[np.ones(len(visits)), np.full(len(types), -np.inf)],
        row_upper=np.r_[np.ones(len(visits)), available], sense=-1, slack=0.999,
    )  # fmt: skip
    kept = _promising(program, start, len(visits), most=_KEPT * len(visits))
    if kept is None:
        return None
    program = replace(
        program, costs=program.costs[kept], lower=program.lower[kept], upper=program.upper[kept],
        whole=program.whole[kept], rows=sparse.csr_matrix(program.rows[:, kept]),
    )  # fmt: skip
    budget = Budget(seconds=seconds, iterations=_NODES if seconds is None else None, seed=seed)
    answer = solve_program(program, budget, start=start[kept], began=began)
    if answer.values is None or program.costs @ answer.values > program.costs @ start[kept] - 0.5:
        return None
    return sorted(pool[kept[r]][1] for r in np.flatnonzero((answer.values > 0.5) & program.whole).tolist())


def _promising(program: IntegerProgram, start: Floats, visits: int, *, most: int) -> Ints | None:
    """Return columns worth a try: all visits left out, the routes of ``start``, and those with the least reduced costs.

    A route whose reduced cost exceeds the gap between ``start`` and the relaxation is in no better plan. None where the
    relaxation shows that there is no better plan.
    """
    routes = len(start) - visits
    solver: Any = linprog
    relaxed = solver(
        program.costs, A_eq=program.rows[:visits], b_eq=np.ones(visits), A_ub=program.rows[visits:],
        b_ub=program.row_upper[visits:], bounds=np.column_stack([program.lower, np.where(program.whole, np.inf, program.upper)]),
        method="highs",
    )  # fmt: skip
    gap = program.costs @ start - relaxed.fun if relaxed.status == 0 else 0.0
    if gap < 0.5:
        return None
    prices = np.r_[relaxed.eqlin.marginals, relaxed.ineqlin.marginals]
    reduced = (program.costs - program.rows.T @ prices)[:routes]
    least = np.argsort(reduced, kind="stable")[:most]
    within = least[reduced[least] <= gap]
    kept = np.union1d(within, np.flatnonzero(start[:routes] > 0.5))
    return np.asarray(np.r_[kept, np.arange(routes, len(start))], np.int64)


def travel_of(problem: PatrolProblem, route: Route) -> int:
    """Return the seconds of travel of a route from post to post."""
    vehicle = problem.vehicles[route[0]]
    way = [vehicle.start_post, *problem.place_of_visit[list(route[1])].tolist(), vehicle.end_post]
    return int(problem.seconds[problem.kind_of(vehicle)][way[:-1], way[1:]].astype(np.int64).sum())
