"""One order of all tasks cut into routes at the least cost, and orders made of two others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.sweep.ground import FAR, Ground
from planners.patrol.sweep.routes import LENGTH, TASK, Routes, Rules, penalised, refresh

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@compiled()
def split(order: Ints, routes: Routes, ground: Ground, rules: Rules) -> None:
    """Cut an order into at most as many routes as there are rows, with the sides of streets chosen best.

    Prins (2004) for routes with a limit on their number; routes above the rules cost their price, and none is longer than half as much
    again.
    """
    n, most = len(order), len(routes.line)
    cell, line = routes.cell, routes.line
    dist, serve = ground.dist, ground.serve
    depot = 2 * n
    value = np.full((most + 1, n + 1), np.inf)
    before = np.zeros((most + 1, n + 1), np.int64)
    value[0, 0] = 0.0
    for start in range(n):
        load = 0
        a0, a1 = 0, FAR
        one = depot
        for end in range(start, n):
            q = 2 * order[end]
            first = min(a0 + dist[one, q], a1 + dist[one + 1, q]) + serve[q]
            a1 = min(a0 + dist[one, q + 1], a1 + dist[one + 1, q + 1]) + serve[q + 1]
            a0 = first
            one = q
            load += ground.demand[order[end]]
            cost = min(a0 + dist[q, depot], a1 + dist[q + 1, depot])
            if end > start and (2 * load > 3 * rules.capacity or 2 * cost > 3 * rules.limit):
                break
            price = penalised(cost, load, rules)
            for k in range(most):
                reached = value[k, start] + price
                if reached < value[k + 1, end + 1]:
                    value[k + 1, end + 1] = reached
                    before[k + 1, end + 1] = start
    count = 1
    for k in range(1, most + 1):
        if value[k, n] < value[count, n]:
            count = k
    for r in range(most):
        line[r, LENGTH] = 0
    if not np.isfinite(value[count, n]):
        # The few routes cannot hold the order: all that is left over goes into them by turns.
        for at in range(n):
            r = at * most // n
            line[r, LENGTH] += 1
            cell[r, line[r, LENGTH], TASK] = order[at]
    else:
        end = n
        for k in range(count, 0, -1):
            start = before[k, end]
            for at in range(start, end):
                cell[k - 1, at - start + 1, TASK] = order[at]
            line[k - 1, LENGTH] = end - start
            end = start
    for r in range(most):
        refresh(r, routes, ground)


@compiled()
def crossed(one: Ints, other: Ints, first: int, last: int) -> Ints:
    """Return the order that keeps ``one[first:last + 1]`` (round the end) and takes the rest as it comes in ``other``."""
    n = len(one)
    child = np.empty(n, np.int64)
    taken = np.zeros(n, np.bool_)
    at = first
    while True:
        child[at] = one[at]
        taken[one[at]] = True
        if at == last:
            break
        at = (at + 1) % n
    put = (last + 1) % n
    for k in range(n):
        task = other[(last + 1 + k) % n]
        if not taken[task]:
            child[put] = task
            put = (put + 1) % n
    return child


@compiled()
def scanned(tasks: Ints, ground: Ground, draws: Floats, capacity: int) -> Ints:
    """Return an order of tasks that always goes on to one of the nearest left; a full unit begins again at the depot.

    Path scanning of Golden, DeArmond and Baker (1983), with one draw in [0, 1) a task to choose among the three nearest.
    """
    n = len(tasks)
    dist = ground.dist
    depot = 2 * (len(ground.demand) - 1)
    order = np.empty(n, np.int64)
    left = tasks.copy()
    here, load = depot, 0
    for at in range(n):
        best = np.full(3, FAR, np.int64)
        modes = np.full(3, -1, np.int64)
        places = np.full(3, -1, np.int64)
        for place in range(n - at):
            for mode in (2 * left[place], 2 * left[place] + 1):
                way = dist[here, mode]
                if ground.serve[mode] >= FAR:
                    continue
                for k in range(3):
                    if modes[k] < 0 or way < best[k]:
                        for back in range(2, k, -1):
                            best[back], modes[back], places[back] = best[back - 1], modes[back - 1], places[back - 1]
                        best[k], modes[k], places[k] = way, mode, place
                        break
        pick = int(draws[at] * draws[at] * 3.0)
        if modes[pick] < 0:
            pick = 0
        task, here = left[places[pick]], modes[pick]
        left[places[pick]] = left[n - 1 - at]
        if load + ground.demand[task] > capacity:
            load = 0
        order[at] = task
        load += ground.demand[task]
        if load >= capacity:
            here, load = depot, 0
    return order
