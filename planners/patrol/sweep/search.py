"""Local search over sweep routes: tasks moved, swapped and turned, the side of each street chosen best every time."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.sweep.ground import FAR, Ground

Ints = npt.NDArray[np.int64]
Tasks = npt.NDArray[np.int64]

EXCHANGES: Final = np.array(
    [
        (0, 1, 0, 0), (0, 1, 1, 0), (0, 2, 0, 0), (0, 2, 1, 0), (-1, 2, 0, 0), (-1, 2, 1, 0), (0, 3, 0, 0), (0, 3, 1, 0),
        (0, 1, 0, 1), (0, 1, 0, 2), (0, 2, 0, 1), (0, 2, 0, 2), (0, 1, 1, 1), (0, 1, -1, 1),
    ],
    np.int64,
)  # fmt: skip
"""Moves of two routes: where the tasks of the one begin, how many, where those of the other begin, how many."""


WINDOW: Final = 60
"""Tasks that a move inside a route may put in a new order at most."""


class Rules(NamedTuple):
    """What a route may carry and cost, and the price of each unit above."""

    capacity: int
    limit: int
    load_price: float
    cost_price: float


class Routes(NamedTuple):
    """Routes as rows of tasks between two depots, with the least costs up to, from, and against each place.

    ``task`` int64[r, t + 2], ``length`` int64[r]; ``ahead``, ``behind``, ``turned_ahead``, ``turned_behind``
    int64[r, t + 2, 2] by mode: from the depot up to here; from here to the depot; from here back to the depot by the front;
    from the depot by the rear up to here. ``cost``, ``load``, ``stamp`` int64[r], ``loads`` int64[r, t + 2], ``route`` and ``place``
    int64[t].
    """

    task: Tasks
    length: Ints
    ahead: Ints
    behind: Ints
    turned_ahead: Ints
    turned_behind: Ints
    cost: Ints
    load: Ints
    loads: Ints
    stamp: Ints
    route: Tasks
    place: Tasks


def empty_routes(routes: int, tasks: int) -> Routes:
    """Return routes without tasks."""
    wide = (routes, tasks + 2)
    return Routes(
        task=np.full(wide, tasks, np.int64), length=np.zeros(routes, np.int64), ahead=np.zeros((*wide, 2), np.int64),
        behind=np.zeros((*wide, 2), np.int64), turned_ahead=np.zeros((*wide, 2), np.int64),
        turned_behind=np.zeros((*wide, 2), np.int64), cost=np.zeros(routes, np.int64), load=np.zeros(routes, np.int64),
        loads=np.zeros(wide, np.int64), stamp=np.zeros(routes, np.int64), route=np.zeros(tasks, np.int64),
        place=np.zeros(tasks, np.int64),
    )  # fmt: skip


@compiled()
def penalised(cost: int, load: int, rules: Rules) -> float:
    """Return the cost of a route with the price of what is above the rules."""
    over = max(0, load - rules.capacity)
    late = max(0, cost - rules.limit)
    return cost + rules.load_price * over + rules.cost_price * late


@compiled()
def _step(dist: Ints, a0: int, a1: int, one: int, b0: int, b1: int, other: int) -> int:
    """Return the least cost of costs up to ``one`` (by mode), the way on, and costs from ``other``."""
    p, q = 2 * one, 2 * other
    first: int = a0 + min(dist[p, q] + b0, dist[p, q + 1] + b1)
    second: int = a1 + min(dist[p + 1, q] + b0, dist[p + 1, q + 1] + b1)
    return min(first, second)


@compiled()
def _chain(
    dist: Ints, serve: Ints, a0: int, a1: int, one: int, middle: Tasks, n: int, b0: int, b1: int, other: int
) -> int:
    """Return the least cost through ``middle[:n]`` between what lies before and what lies behind."""
    for i in range(n):
        p, q = 2 * one, 2 * middle[i]
        first = min(a0 + dist[p, q], a1 + dist[p + 1, q]) + serve[q]
        a1 = min(a0 + dist[p, q + 1], a1 + dist[p + 1, q + 1]) + serve[q + 1]
        a0 = first
        one = middle[i]
    return _step(dist, a0, a1, one, b0, b1, other)


@compiled()
def refresh(r: int, routes: Routes, ground: Ground) -> None:
    """Recompute all that follows from the tasks of a route."""
    dist, serve = ground.dist, ground.serve
    row, n = routes.task[r], routes.length[r]
    depot = len(ground.demand) - 1
    row[0], row[n + 1] = depot, depot
    ahead, behind = routes.ahead[r], routes.behind[r]
    front, rear = routes.turned_ahead[r], routes.turned_behind[r]
    ahead[0, 0], ahead[0, 1], front[0, 0], front[0, 1] = 0, FAR, 0, FAR
    behind[n + 1, 0], behind[n + 1, 1], rear[n + 1, 0], rear[n + 1, 1] = 0, FAR, 0, FAR
    load = 0
    routes.loads[r, 0] = 0
    for i in range(1, n + 2):
        for k in range(2):
            q, p = 2 * row[i] + k, 2 * row[i - 1]
            ahead[i, k] = serve[q] + min(ahead[i - 1, 0] + dist[p, q], ahead[i - 1, 1] + dist[p + 1, q])
            if i <= n:
                front[i, k] = serve[q] + min(dist[q, p] + front[i - 1, 0], dist[q, p + 1] + front[i - 1, 1])
        if i <= n:
            load += ground.demand[row[i]]
            routes.route[row[i]] = r
            routes.place[row[i]] = i
        routes.loads[r, i] = load
    for i in range(n, -1, -1):
        for k in range(2):
            p, q = 2 * row[i] + k, 2 * row[i + 1]
            behind[i, k] = serve[p] + min(dist[p, q] + behind[i + 1, 0], dist[p, q + 1] + behind[i + 1, 1])
            if i >= 1:
                rear[i, k] = serve[p] + min(rear[i + 1, 0] + dist[q, p], rear[i + 1, 1] + dist[q + 1, p])
    routes.cost[r] = 0 if n == 0 else ahead[n + 1, 0]
    routes.load[r] = load


@compiled()
def _keep(r: int, tasks: Tasks, n: int, routes: Routes, ground: Ground, now: int) -> None:
    for i in range(n):
        routes.task[r, i + 1] = tasks[i]
    routes.length[r] = n
    routes.stamp[r] = now
    refresh(r, routes, ground)


@compiled()
def _copy(into: Tasks, at: int, row: Tasks, first: int, last: int, turn: int) -> int:
    """Append ``row[first:last]``, turned where ``turn`` is 1; return the new end."""
    for i in range(last - first):
        into[at + i] = row[last - 1 - i] if turn == 1 else row[first + i]
    return at + last - first


@compiled()
def _exchange(u: int, i: int, v: int, j: int, routes: Routes, ground: Ground, rules: Rules, moves: int,
              first: Tasks, second: Tasks, now: int) -> bool:  # fmt: skip
    """Give tasks of route ``u`` around place ``i`` for tasks of route ``v`` around place ``j``, in either order."""
    n, m = routes.length[u], routes.length[v]
    one, other, loads = routes.task[u], routes.task[v], routes.loads
    dist, serve, extra, ahead, behind = ground.dist, ground.serve, ground.extra, routes.ahead, routes.behind
    held_u, held_v, cost_v = routes.load[u], routes.load[v], routes.cost[v]
    was = penalised(routes.cost[u], held_u, rules) + penalised(cost_v, held_v, rules) - 1e-6
    for move in range(moves):
        shift, a, side, b = EXCHANGES[move]
        x, y = i + shift, j + side
        if x < 1 or y < 1 or x + a > n + 1 or y + b > m + 1:
            continue
        more = loads[v, y + b - 1] - loads[v, y - 1] - loads[u, x + a - 1] + loads[u, x - 1]
        # To sweep a street costs at least what it costs above passing it: a move that is not better so is not better.
        p, q = one[x - 1], one[x + a]
        a0, a1, b0, b1 = ahead[u, x - 1, 0], ahead[u, x - 1, 1], behind[u, x + a, 0], behind[u, x + a, 1]
        gone_u = _step(dist, a0, a1, p, b0, b1, q)
        r, s = other[y - 1], other[y + b]
        c0, c1, d0, d1 = ahead[v, y - 1, 0], ahead[v, y - 1, 1], behind[v, y + b, 0], behind[v, y + b, 1]
        gone_v = cost_v if b == 0 else _step(dist, c0, c1, r, d0, d1, s)
        for k in range(b):
            gone_u += extra[other[y + k]]
        for k in range(a):
            gone_v += extra[one[x + k]]
        if penalised(gone_u, held_u + more, rules) + penalised(gone_v, held_v - more, rules) > was:
            continue
        best_u, best_v, turn_u, turn_v = gone_u, FAR, 0, 0
        for turn in range(min(b, 2)):
            _copy(first, 0, other, y, y + b, turn)
            cost = _chain(dist, serve, a0, a1, p, first, b, b0, b1, q)
            if turn == 0 or cost < best_u:
                best_u, turn_u = cost, turn
        for turn in range(min(a, 2)):
            _copy(second, 0, one, x, x + a, turn)
            cost = _chain(dist, serve, c0, c1, r, second, a, d0, d1, s)
            if cost < best_v:
                best_v, turn_v = cost, turn
        if penalised(best_u, held_u + more, rules) + penalised(best_v, held_v - more, rules) > was:
            continue
        end = _copy(first, 0, one, 1, x, 0)
        end = _copy(first, end, other, y, y + b, turn_u)
        end = _copy(first, end, one, x + a, n + 1, 0)
        far = _copy(second, 0, other, 1, y, 0)
        far = _copy(second, far, one, x, x + a, turn_v)
        far = _copy(second, far, other, y + b, m + 1, 0)
        _keep(u, first, end, routes, ground, now)
        _keep(v, second, far, routes, ground, now)
        return True
    return False


@compiled()
def _cross(u: int, i: int, v: int, j: int, routes: Routes, ground: Ground, rules: Rules, crossings: int,
           first: Tasks, second: Tasks, now: int) -> bool:  # fmt: skip
    """Join what lies up to a place with what lies behind the other, straight, or both fronts and both rears."""
    n, m = routes.length[u], routes.length[v]
    one, other, loads = routes.task[u], routes.task[v], routes.loads
    was = penalised(routes.cost[u], routes.load[u], rules) + penalised(routes.cost[v], routes.load[v], rules) - 1e-6
    dist, ahead, behind, front, rear = (
        ground.dist,
        routes.ahead,
        routes.behind,
        routes.turned_ahead,
        routes.turned_behind,
    )
    for crossing in range(crossings):
        x, y = i - crossing // 2, j - crossing % 2
        p, q, r, s = one[x], one[x + 1], other[y], other[y + 1]
        a0, a1, b0, b1 = ahead[u, x, 0], ahead[u, x, 1], behind[v, y + 1, 0], behind[v, y + 1, 1]
        load_u, load_v = loads[u, x], loads[v, y]
        rest_u, rest_v = routes.load[u] - load_u, routes.load[v] - load_v
        cost_u = _step(dist, a0, a1, p, b0, b1, s)
        cost_v = _step(dist, ahead[v, y, 0], ahead[v, y, 1], r, behind[u, x + 1, 0], behind[u, x + 1, 1], q)
        straight = penalised(cost_u, load_u + rest_v, rules) + penalised(cost_v, load_v + rest_u, rules)
        cost_u = _step(dist, a0, a1, p, front[v, y, 0], front[v, y, 1], r)
        cost_v = _step(dist, rear[u, x + 1, 0], rear[u, x + 1, 1], q, b0, b1, s)
        turned = penalised(cost_u, load_u + load_v, rules) + penalised(cost_v, rest_u + rest_v, rules)
        if min(straight, turned) > was:
            continue
        end = _copy(first, 0, one, 1, x + 1, 0)
        if straight <= turned:
            end = _copy(first, end, other, y + 1, m + 1, 0)
            far = _copy(second, 0, other, 1, y + 1, 0)
            far = _copy(second, far, one, x + 1, n + 1, 0)
        else:
            end = _copy(first, end, other, 1, y + 1, 1)
            far = _copy(second, 0, one, x + 1, n + 1, 1)
            far = _copy(second, far, other, y + 1, m + 1, 0)
        _keep(u, first, end, routes, ground, now)
        _keep(v, second, far, routes, ground, now)
        return True
    return False


@compiled()
def _rearranged(row: Tasks, n: int, i: int, j: int, move: int, changed: Tasks) -> tuple[int, int]:
    """Write what a move inside a route puts between two places, which are returned; (1, 0) where it changes nothing.

    Moves 0 to 9 take one to three tasks at ``i``, straight or turned, to either side of ``j``; 10 swaps both; 11 and 12 turn
    what lies between.
    """
    if move < 10:
        size, turn, side = (1, 0, move % 2) if move < 2 else (2 + (move - 2) // 4, (move - 2) // 2 % 2, move % 2)
        if i + size - 1 > n or i <= j < i + size:
            return 1, 0
        if i < j:
            last = j - 1 + side
            if last < i + size:
                return 1, 0
            at = _copy(changed, 0, row, i + size, last + 1, 0)
            _copy(changed, at, row, i, i + size, turn)
            return i, last
        if j + side >= i:
            return 1, 0
        at = _copy(changed, 0, row, i, i + size, turn)
        _copy(changed, at, row, j + side, i, 0)
        return j + side, i + size - 1
    low, high = min(i, j), max(i, j)
    if move == 10:
        _copy(changed, 0, row, low, high + 1, 0)
        changed[0], changed[high - low] = row[high], row[low]
        return low, high
    first, last = low + 12 - move, high - move + 11
    if first < last:
        _copy(changed, 0, row, first, last + 1, 1)
        return first, last
    return 1, 0


@compiled()
def _inside(u: int, i: int, j: int, routes: Routes, ground: Ground, rules: Rules, changed: Tasks, whole: Tasks,
            now: int) -> bool:  # fmt: skip
    """Try all moves inside a route around two places."""
    row, n, load = routes.task[u], routes.length[u], routes.load[u]
    dist, serve, ahead, behind = ground.dist, ground.serve, routes.ahead, routes.behind
    was = penalised(routes.cost[u], load, rules) - 1e-6
    for move in range(13):
        low, high = _rearranged(row, n, i, j, move, changed)
        if low >= high or high - low > WINDOW:
            continue
        cost = _chain(dist, serve, ahead[u, low - 1, 0], ahead[u, low - 1, 1], row[low - 1], changed, high - low + 1,
                      behind[u, high + 1, 0], behind[u, high + 1, 1], row[high + 1])  # fmt: skip
        if penalised(cost, load, rules) > was:
            continue
        end = _copy(whole, 0, row, 1, low, 0)
        end = _copy(whole, end, changed, 0, high - low + 1, 0)
        end = _copy(whole, end, row, high + 1, n + 1, 0)
        _keep(u, whole, end, routes, ground, now)
        return True
    return False


@compiled()
def improve(order: Ints, routes: Routes, ground: Ground, rules: Rules) -> None:
    """Improve routes until no move helps, looking at tasks in the given order.

    Moves as in Vidal (2017), "Node, edge, arc routing and turn penalties: multiple problems - one neighborhood
    extension": the side of every street is chosen best within each evaluation.
    """
    tasks = len(routes.route)
    first, second = np.empty(tasks + 2, np.int64), np.empty(tasks + 2, np.int64)
    looked = np.full(tasks, -1, np.int64)
    now = tasks + 1
    for r in range(len(routes.length)):
        routes.stamp[r] = 0
    again = True
    while again:
        again = False
        for u in order:
            since = looked[u]
            looked[u] = now
            for k in range(ground.near.shape[1]):
                v = ground.near[u, k]
                r, s = routes.route[u], routes.route[v]
                if max(routes.stamp[r], routes.stamp[s]) <= since:
                    continue
                now += 1
                i, j = routes.place[u], routes.place[v]
                if r == s:
                    moved = _inside(r, i, j, routes, ground, rules, first, second, now)
                else:
                    moved = _exchange(r, i, s, j, routes, ground, rules, len(EXCHANGES), first, second, now) or _cross(
                        r, i, s, j, routes, ground, rules, 4, first, second, now
                    )
                again = again or moved
            if _out(u, since, routes, ground, rules, first, second, now):
                now += 1
                again = True


@compiled()
def _out(
    u: int, since: int, routes: Routes, ground: Ground, rules: Rules, first: Tasks, second: Tasks, now: int
) -> bool:
    """Try to begin a route of its own with a task, or with all that lies behind it."""
    r = routes.route[u]
    if routes.stamp[r] <= since:
        return False
    for empty in range(len(routes.length)):
        if routes.length[empty] == 0:
            # Taken from the arrays, as a literal 1 would compile every kernel below once more.
            i, one = routes.place[u], routes.length[empty] + 1
            return _exchange(r, i, empty, one, routes, ground, rules, one, first, second, now + 1) or _cross(
                r, i, empty, one - 1, routes, ground, rules, one, first, second, now + 1
            )
    return False
