"""Moves of sweep routes: tasks moved, swapped and turned, the side of each street chosen best in every evaluation.

As in Vidal, T. (2017). Node, edge, arc routing and turn penalties: multiple problems - one neighborhood extension. Operations
Research 65, 992-1010. A move is looked at closely only where cheap bounds on what it can save promise anything.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.sweep.routes import (
    AHEAD,
    BEHIND,
    COST,
    EXTRAS,
    FRONT,
    LEAST,
    LENGTH,
    LOAD,
    LOADS,
    REAR,
    TASK,
    WITHOUT,
    Rules,
    joined,
    penalised,
)

Ints = npt.NDArray[np.int64]

PULLS: Final = np.array([(0, 1), (0, 2), (-1, 2), (0, 3)], np.int64)
"""Where the tasks that are moved begin, seen from the place looked at, and how many."""

SWAPS: Final = np.array([(1, 0, 1), (1, 0, 2), (2, 0, 1), (2, 0, 2), (1, 1, 1), (1, -1, 1)], np.int64)
"""How many tasks the one route gives from its place on; where those of the other begin, and how many."""

CROSSES: Final = np.array([(0, -1, 0), (-1, 0, 0), (0, 0, 1), (-1, -1, 1)], np.int64)
"""Up to where the front of each route goes, seen from the places looked at; 1 where fronts are joined with each other, and rears."""

WINDOW: Final = 60
"""Tasks that a move inside a route may put in a new order at most."""


@compiled()
def _chained(
    dist: Ints,
    serve: Ints,
    a0: int,
    a1: int,
    one: int,
    cell: Ints,
    r: int,
    at: int,
    n: int,
    turn: int,
    b0: int,
    b1: int,
    other: int,
) -> int:
    """Return the least cost through tasks of a route, turned where ``turn`` is 1, between what lies before and behind."""
    for i in range(n):
        task = cell[r, at + n - 1 - i if turn == 1 else at + i, TASK]
        p, q = 2 * one, 2 * task
        first = min(a0 + dist[p, q], a1 + dist[p + 1, q]) + serve[q]
        a1 = min(a0 + dist[p, q + 1], a1 + dist[p + 1, q + 1]) + serve[q + 1]
        a0 = first
        one = task
    return joined(dist, a0, a1, one, b0, b1, other)


@compiled(inline=True)
def _replaced(dist: Ints, serve: Ints, cell: Ints, u: int, x: int, a: int, v: int, y: int, b: int) -> tuple[int, int]:
    """Return the least cost of route ``u`` with ``b`` tasks of ``v`` from place ``y`` on for its ``a`` from ``x`` on, and 1 where they are turned."""
    a0, a1 = cell[u, x - 1, AHEAD], cell[u, x - 1, AHEAD + 1]
    b0, b1 = cell[u, x + a, BEHIND], cell[u, x + a, BEHIND + 1]
    one, other = cell[u, x - 1, TASK], cell[u, x + a, TASK]
    best, turn = _chained(dist, serve, a0, a1, one, cell, v, y, b, 0, b0, b1, other), 0
    if b > 1:
        cost = _chained(dist, serve, a0, a1, one, cell, v, y, b, 1, b0, b1, other)
        if cost < best:
            best, turn = cost, 1
    return best, turn


@compiled()
def _copied(into: Ints, at: int, cell: Ints, r: int, first: int, last: int, turn: int) -> int:
    """Append tasks of a route, turned where ``turn`` is 1; return the new end."""
    for i in range(last - first):
        into[at + i] = cell[r, last - 1 - i if turn == 1 else first + i, TASK]
    return at + last - first


@compiled()
def relocate(cell: Ints, line: Ints, dist: Ints, serve: Ints, close: Ints, rules: Rules, u: int, i: int, v: int, j: int,
             first: Ints, second: Ints) -> tuple[int, int]:  # fmt: skip
    """Move one to three tasks of route ``u`` around place ``i`` to either side of place ``j`` of route ``v``.

    This and the next write the new routes and return their lengths, (-1, -1) where no move helps.
    """
    n, m = line[u, LENGTH], line[v, LENGTH]
    held_u, held_v, cost_v = line[u, LOAD], line[v, LOAD], line[v, COST]
    was = penalised(line[u, COST], held_u, rules) + penalised(cost_v, held_v, rules)
    for pull in range(len(PULLS)):
        x, a = i + PULLS[pull, 0], PULLS[pull, 1]
        if x < 1 or x + a > n + 1:
            continue
        more = cell[u, x + a - 1, LOADS] - cell[u, x - 1, LOADS]
        room = was - penalised(cell[u, x, WITHOUT + a - 1], held_u - more, rules)
        # To sweep a street costs at least what it costs above passing it: a move that is not better so is not better.
        extra = cell[u, x + a - 1, EXTRAS] - cell[u, x - 1, EXTRAS]
        if penalised(cost_v + extra, held_v + more, rules) >= room:
            continue
        head, tail = cell[u, x, TASK], cell[u, x + a - 1, TASK]
        inner = cell[u, x + a - 1, LEAST] - cell[u, x, LEAST] + min(serve[2 * head], serve[2 * head + 1])
        for y in range(j, min(j + 2, m + 2)):
            p, q = cell[v, y - 1, TASK], cell[v, y, TASK]
            links = min(close[p, head] + close[tail, q], close[p, tail] + close[head, q])
            ahead = min(cell[v, y - 1, AHEAD], cell[v, y - 1, AHEAD + 1])
            behind = min(cell[v, y, BEHIND], cell[v, y, BEHIND + 1])
            if penalised(ahead + inner + links + behind, held_v + more, rules) >= room:
                continue
            best, turn = _replaced(dist, serve, cell, v, y, 0, u, x, a)
            if penalised(best, held_v + more, rules) >= room:
                continue
            end = _copied(first, 0, cell, u, 1, x, 0)
            end = _copied(first, end, cell, u, x + a, n + 1, 0)
            far = _copied(second, 0, cell, v, 1, y, 0)
            far = _copied(second, far, cell, u, x, x + a, turn)
            far = _copied(second, far, cell, v, y, m + 1, 0)
            return end, far
    return -1, -1


@compiled()
def swap(cell: Ints, line: Ints, dist: Ints, serve: Ints, rules: Rules, u: int, i: int, v: int, j: int,
         first: Ints, second: Ints) -> tuple[int, int]:  # fmt: skip
    """Give tasks of route ``u`` around place ``i`` for tasks of route ``v`` around place ``j``, in either order."""
    n, m = line[u, LENGTH], line[v, LENGTH]
    held_u, held_v = line[u, LOAD], line[v, LOAD]
    was = penalised(line[u, COST], held_u, rules) + penalised(line[v, COST], held_v, rules)
    for move in range(len(SWAPS)):
        x, a, y, b = i, SWAPS[move, 0], j + SWAPS[move, 1], SWAPS[move, 2]
        if y < 1 or x + a > n + 1 or y + b > m + 1:
            continue
        more = cell[v, y + b - 1, LOADS] - cell[v, y - 1, LOADS] - cell[u, x + a - 1, LOADS] + cell[u, x - 1, LOADS]
        gone_u = cell[u, x, WITHOUT + a - 1] + cell[v, y + b - 1, EXTRAS] - cell[v, y - 1, EXTRAS]
        gone_v = cell[v, y, WITHOUT + b - 1] + cell[u, x + a - 1, EXTRAS] - cell[u, x - 1, EXTRAS]
        if penalised(gone_u, held_u + more, rules) + penalised(gone_v, held_v - more, rules) >= was:
            continue
        cost, turn_u = _replaced(dist, serve, cell, u, x, a, v, y, b)
        new_u = penalised(cost, held_u + more, rules)
        if new_u + penalised(gone_v, held_v - more, rules) >= was:
            continue
        cost, turn_v = _replaced(dist, serve, cell, v, y, b, u, x, a)
        if new_u + penalised(cost, held_v - more, rules) >= was:
            continue
        end = _copied(first, 0, cell, u, 1, x, 0)
        end = _copied(first, end, cell, v, y, y + b, turn_u)
        end = _copied(first, end, cell, u, x + a, n + 1, 0)
        far = _copied(second, 0, cell, v, 1, y, 0)
        far = _copied(second, far, cell, u, x, x + a, turn_v)
        far = _copied(second, far, cell, v, y + b, m + 1, 0)
        return end, far
    return -1, -1


@compiled()
def cross(cell: Ints, line: Ints, dist: Ints, rules: Rules, u: int, i: int, v: int, j: int,
          first: Ints, second: Ints) -> tuple[int, int]:  # fmt: skip
    """Join two places: what lies up to the one with what lies from the other on, or both fronts, or both rears."""
    n, m = line[u, LENGTH], line[v, LENGTH]
    whole_u, whole_v = line[u, LOAD], line[v, LOAD]
    was = penalised(line[u, COST], whole_u, rules) + penalised(line[v, COST], whole_v, rules)
    for way in range(len(CROSSES)):
        x, y, turned = i + CROSSES[way, 0], j + CROSSES[way, 1], CROSSES[way, 2] == 1
        if y > m:
            continue
        load_u, load_v = cell[u, x, LOADS], cell[v, y, LOADS]
        a0, a1, c0, c1 = cell[u, x, AHEAD], cell[u, x, AHEAD + 1], cell[v, y + 1, BEHIND], cell[v, y + 1, BEHIND + 1]
        if turned:
            held_u, held_v = load_u + load_v, whole_u - load_u + whole_v - load_v
            b0, b1, d0, d1 = cell[v, y, FRONT], cell[v, y, FRONT + 1], cell[u, x + 1, REAR], cell[u, x + 1, REAR + 1]
            s, t, o = cell[v, y, TASK], cell[u, x + 1, TASK], cell[v, y + 1, TASK]
        else:
            held_u, held_v = load_u + whole_v - load_v, load_v + whole_u - load_u
            b0, b1, d0, d1 = c0, c1, cell[v, y, AHEAD], cell[v, y, AHEAD + 1]
            c0, c1 = cell[u, x + 1, BEHIND], cell[u, x + 1, BEHIND + 1]
            s, t, o = cell[v, y + 1, TASK], cell[v, y, TASK], cell[u, x + 1, TASK]
        # No link costs less than none.
        low_u, low_v = min(a0, a1) + min(b0, b1), min(c0, c1) + min(d0, d1)
        if penalised(low_u, held_u, rules) + penalised(low_v, held_v, rules) >= was:
            continue
        new_u = penalised(joined(dist, a0, a1, cell[u, x, TASK], b0, b1, s), held_u, rules)
        if new_u + penalised(low_v, held_v, rules) >= was:
            continue
        if new_u + penalised(joined(dist, d0, d1, t, c0, c1, o), held_v, rules) >= was:
            continue
        end = _copied(first, 0, cell, u, 1, x + 1, 0)
        if turned:
            end = _copied(first, end, cell, v, 1, y + 1, 1)
            far = _copied(second, 0, cell, u, x + 1, n + 1, 1)
            far = _copied(second, far, cell, v, y + 1, m + 1, 0)
        else:
            end = _copied(first, end, cell, v, y + 1, m + 1, 0)
            far = _copied(second, 0, cell, v, 1, y + 1, 0)
            far = _copied(second, far, cell, u, x + 1, n + 1, 0)
        return end, far
    return -1, -1


@compiled()
def _rearranged(cell: Ints, u: int, n: int, i: int, j: int, move: int, changed: Ints) -> tuple[int, int]:
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
            at = _copied(changed, 0, cell, u, i + size, last + 1, 0)
            _copied(changed, at, cell, u, i, i + size, turn)
            return i, last
        if j + side >= i:
            return 1, 0
        at = _copied(changed, 0, cell, u, i, i + size, turn)
        _copied(changed, at, cell, u, j + side, i, 0)
        return j + side, i + size - 1
    low, high = min(i, j), max(i, j)
    if move == 10:
        _copied(changed, 0, cell, u, low, high + 1, 0)
        changed[0], changed[high - low] = cell[u, high, TASK], cell[u, low, TASK]
        return low, high
    first, last = low + 12 - move, high - move + 11
    if first < last:
        _copied(changed, 0, cell, u, first, last + 1, 1)
        return first, last
    return 1, 0


@compiled()
def inside(cell: Ints, line: Ints, dist: Ints, serve: Ints, close: Ints, rules: Rules, u: int, i: int, j: int,
           changed: Ints, whole: Ints) -> int:  # fmt: skip
    """Try all moves inside a route around two places; write the new route and return its length, or -1."""
    n, load = line[u, LENGTH], line[u, LOAD]
    was = penalised(line[u, COST], load, rules)
    if abs(i - j) > WINDOW:
        return -1
    for move in range(13):
        if move < 10:
            a = 1 if move < 2 else 2 + (move - 2) // 4
            if i + a > n + 1:
                continue
            extra = cell[u, i + a - 1, EXTRAS] - cell[u, i - 1, EXTRAS]
            if penalised(cell[u, i, WITHOUT + a - 1] + extra, load, rules) >= was:
                continue
        low, high = _rearranged(cell, u, n, i, j, move, changed)
        if low >= high or high - low > WINDOW:
            continue
        a0, a1, b0, b1 = (
            cell[u, low - 1, AHEAD],
            cell[u, low - 1, AHEAD + 1],
            cell[u, high + 1, BEHIND],
            cell[u, high + 1, BEHIND + 1],
        )
        p, q = cell[u, low - 1, TASK], cell[u, high + 1, TASK]
        if move > 10:
            head, tail = changed[0], changed[high - low]
            inner = cell[u, high, LEAST] - cell[u, low, LEAST] + min(serve[2 * tail], serve[2 * tail + 1])
            if penalised(min(a0, a1) + close[p, head] + inner + close[tail, q] + min(b0, b1), load, rules) >= was:
                continue
        one = p
        for k in range(high - low + 1):
            f, t = 2 * one, 2 * changed[k]
            c0 = min(a0 + dist[f, t], a1 + dist[f + 1, t]) + serve[t]
            a1 = min(a0 + dist[f, t + 1], a1 + dist[f + 1, t + 1]) + serve[t + 1]
            a0 = c0
            one = changed[k]
        if penalised(joined(dist, a0, a1, one, b0, b1, q), load, rules) >= was:
            continue
        end = _copied(whole, 0, cell, u, 1, low, 0)
        for k in range(high - low + 1):
            whole[end + k] = changed[k]
        return _copied(whole, end + high - low + 1, cell, u, high + 1, n + 1, 0)
    return -1
