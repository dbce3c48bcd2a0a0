"""Sweep routes as the search holds them: rows of tasks with the least costs up to, from and without each place."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.sweep.ground import FAR, Ground

Ints = npt.NDArray[np.int64]

TASK: Final = 0
AHEAD: Final = 1
"""From the depot up to here, by mode."""
BEHIND: Final = 3
"""From here to the depot, by mode."""
FRONT: Final = 5
"""From here back to the depot through all that is ahead turned, by mode."""
REAR: Final = 7
"""From the depot up to here through all that is behind turned, by mode."""
LOADS: Final = 9
"""Demand up to here."""
EXTRAS: Final = 10
"""What sweeping costs at least above passing, up to here."""
LEAST: Final = 11
"""The least that links and tasks up to here can cost in any mode and direction."""
WITHOUT: Final = 12
"""The route without one, two or three tasks from here on."""
FIELDS: Final = 16

LENGTH: Final = 0
COST: Final = 1
LOAD: Final = 2
STAMP: Final = 3


class Rules(NamedTuple):
    """What a route may carry and cost, and the price of each unit above."""

    capacity: int
    limit: int
    load_price: float
    cost_price: float


class Routes(NamedTuple):
    """Routes as rows of tasks between two depots; few wide arrays, as every array handed to a kernel costs time.

    ``cell`` int64[r, t + 2, 16] holds the fields of each place, ``line`` int64[r, 4] those of each route, ``where`` int64[t, 2]
    route and place of each task.
    """

    cell: Ints
    line: Ints
    where: Ints


def empty_routes(routes: int, tasks: int) -> Routes:
    """Return routes without tasks."""
    return Routes(
        cell=np.zeros((routes, tasks + 2, FIELDS), np.int64),
        line=np.zeros((routes, 4), np.int64),
        where=np.zeros((tasks, 2), np.int64),
    )


@compiled()
def penalised(cost: int, load: int, rules: Rules) -> float:
    """Return the cost of a route with the price of what is above the rules."""
    over = max(0, load - rules.capacity)
    late = max(0, cost - rules.limit)
    return cost + rules.load_price * over + rules.cost_price * late


@compiled()
def joined(dist: Ints, a0: int, a1: int, one: int, b0: int, b1: int, other: int) -> int:
    """Return the least cost of costs up to ``one`` (by mode), the way on, and costs from ``other``."""
    p, q = 2 * one, 2 * other
    first: int = a0 + min(dist[p, q] + b0, dist[p, q + 1] + b1)
    second: int = a1 + min(dist[p + 1, q] + b0, dist[p + 1, q + 1] + b1)
    return min(first, second)


@compiled()
def refresh(r: int, routes: Routes, ground: Ground) -> None:
    """Recompute all that follows from the tasks of a route."""
    cell, line, where = routes
    dist, serve, close = ground.dist, ground.serve, ground.close
    n, depot = line[r, LENGTH], len(ground.demand) - 1
    cell[r, 0, TASK], cell[r, n + 1, TASK] = depot, depot
    cell[r, 0, AHEAD], cell[r, 0, AHEAD + 1], cell[r, 0, FRONT], cell[r, 0, FRONT + 1] = 0, FAR, 0, FAR
    end = n + 1
    cell[r, end, BEHIND], cell[r, end, BEHIND + 1], cell[r, end, REAR], cell[r, end, REAR + 1] = 0, FAR, 0, FAR
    load, extra, least = 0, 0, 0
    cell[r, 0, LOADS], cell[r, 0, EXTRAS], cell[r, 0, LEAST] = 0, 0, 0
    for i in range(1, n + 2):
        before, task = cell[r, i - 1, TASK], cell[r, i, TASK]
        p, q = 2 * before, 2 * task
        a0, a1, f0, f1 = (
            cell[r, i - 1, AHEAD],
            cell[r, i - 1, AHEAD + 1],
            cell[r, i - 1, FRONT],
            cell[r, i - 1, FRONT + 1],
        )
        for k in range(2):
            cell[r, i, AHEAD + k] = serve[q + k] + min(a0 + dist[p, q + k], a1 + dist[p + 1, q + k])
            cell[r, i, FRONT + k] = serve[q + k] + min(dist[q + k, p] + f0, dist[q + k, p + 1] + f1)
        least += close[before, task] + min(serve[q], serve[q + 1])
        if i <= n:
            load += ground.demand[task]
            extra += ground.extra[task]
            where[task, 0], where[task, 1] = r, i
        cell[r, i, LOADS], cell[r, i, EXTRAS], cell[r, i, LEAST] = load, extra, least
    for i in range(n, -1, -1):
        here = cell[r, i, TASK]
        p, q = 2 * here, 2 * cell[r, i + 1, TASK]
        b0, b1, r0, r1 = (
            cell[r, i + 1, BEHIND],
            cell[r, i + 1, BEHIND + 1],
            cell[r, i + 1, REAR],
            cell[r, i + 1, REAR + 1],
        )
        for k in range(2):
            cell[r, i, BEHIND + k] = serve[p + k] + min(dist[p + k, q] + b0, dist[p + k, q + 1] + b1)
            cell[r, i, REAR + k] = serve[p + k] + min(r0 + dist[q, p + k], r1 + dist[q + 1, p + k])
        for to in range(i + 2, min(i + 5, n + 2)):
            cell[r, i + 1, WITHOUT + to - i - 2] = joined(
                dist,
                cell[r, i, AHEAD],
                cell[r, i, AHEAD + 1],
                here,
                cell[r, to, BEHIND],
                cell[r, to, BEHIND + 1],
                cell[r, to, TASK],
            )
    line[r, COST] = 0 if n == 0 else cell[r, end, AHEAD]
    line[r, LOAD] = load


@compiled()
def keep(r: int, tasks: Ints, n: int, routes: Routes, ground: Ground, now: int) -> None:
    """Give a route the first ``n`` tasks."""
    for i in range(n):
        routes.cell[r, i + 1, TASK] = tasks[i]
    routes.line[r, LENGTH] = n
    routes.line[r, STAMP] = now
    refresh(r, routes, ground)
