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
from typing import Any, Final

import numpy as np
from scipy import sparse

from planners.contract import Budget
from planners.integer_program import IntegerProgram, solve_program
from planners.patrol.problem import PatrolProblem

MOST_ROUTES: Final = 20_000
NEAR: Final = 1.02
"""Steps up to so many times the travel of the best are noted: looking at all would cost the search a tenth of its steps."""
_NODES: Final = 20

Route = tuple[int, tuple[int, ...]]
"""Vehicle type and visits in order."""


class RoutePool:
    """Notes the feasible routes of PyVRP's good steps; its callbacks are called by name."""

    def __init__(self, visits: Sequence[int], types: Sequence[int]) -> None:
        self.visits = visits
        self.types = types
        self.held: dict[tuple[int, frozenset[int]], tuple[int, tuple[int, ...]]] = {}

    def on_start(self, _search: Any) -> None:
        """Nothing to do."""

    def on_iteration(self, _current: Any, candidate: Any, best: Any, _evaluator: Any) -> None:
        """Note the routes of a step that is near the best; of two with the same visits the shorter one stays."""
        if candidate.distance() > NEAR * best.distance():
            return
        for route in candidate.routes():
            if not route.is_feasible():
                continue
            made = tuple(stop.idx for stop in route if stop.is_client())
            key = (route.vehicle_type(), frozenset(made))
            cost = int(route.distance())
            old = self.held.get(key)
            if old is None or cost < old[0]:
                self.held.pop(key, None)
                self.held[key] = (cost, made)
        while len(self.held) > MOST_ROUTES:
            del self.held[next(iter(self.held))]

    def on_end(self, _result: Any) -> None:
        """Nothing to do."""

    def on_restart(self, _best: Any) -> None:
        """Nothing to do."""

    def on_best(self, _best: Any) -> None:
        """Nothing to do."""

    def routes(self) -> list[tuple[int, Route]]:
        """Return travel and route of all that are held."""
        return [
            (cost, (self.types[kind], tuple(self.visits[i] for i in made)))
            for (kind, _), (cost, made) in self.held.items()
        ]


def recombined(
    problem: PatrolProblem,
    pool: Sequence[tuple[int, Route]],
    best: Sequence[Route],
    *,
    seconds: float | None,
    seed: int,
) -> list[Route] | None:
    """Return a plan of routes of the pool that costs less than ``best``, or None where none is found.

    Without ``seconds`` a number of nodes of the search tree is the limit, so that the answer repeats.
    """
    held = {(kind, frozenset(made)): number for number, (_, (kind, made)) in enumerate(pool)}
    chosen = [held.get((kind, frozenset(made))) for kind, made in best]
    if not pool or any(number is None for number in chosen):
        return None
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
    costs = np.array([cost + problem.unit_seconds for cost, _ in pool], np.float64)
    start = np.zeros(routes + len(visits))
    start[[number for number in chosen if number is not None]] = 1.0
    missing = [row_of[v] for v in visits if v not in {v for _, made in best for v in made}]
    start[[routes + row for row in missing]] = 1.0
    program = IntegerProgram(
        costs=np.r_[costs, np.where(required, 0, problem.prize[visits])],
        lower=np.zeros(routes + len(visits)),
        upper=np.r_[np.ones(routes), np.where(required, 0.0, 1.0)],
        whole=np.r_[np.ones(routes, bool), np.zeros(len(visits), bool)],
        rows=rows, row_lower=np.r_[np.ones(len(visits)), np.full(len(types), -np.inf)],
        row_upper=np.r_[np.ones(len(visits)), available], sense=-1, slack=0.999,
    )  # fmt: skip
    budget = Budget(seconds=seconds, iterations=_NODES if seconds is None else None, seed=seed)
    answer = solve_program(program, budget, start=start, began=time.perf_counter())
    if answer.values is None or program.costs @ answer.values > program.costs @ start - 0.5:
        return None
    return [pool[r][1] for r in np.flatnonzero(answer.values[:routes] > 0.5).tolist()]
