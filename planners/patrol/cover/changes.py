"""Small changes of closed rounds: parts reversed or moved, points exchanged, rounds turned, reversed and cut elsewhere."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.cover.rounds import Ground, Rounds

Ints = npt.NDArray[np.int64]


@compiled()
def reverse_part(rounds: Rounds, r: int, at: int, size: int) -> None:
    """Reverse ``size`` points of the order from position ``at`` on."""
    n = rounds.size[r]
    for i in range(size // 2):
        a, b = (at + i) % n, (at + size - 1 - i) % n
        rounds.order[r, a], rounds.order[r, b] = rounds.order[r, b], rounds.order[r, a]


@compiled()
def move_part(rounds: Rounds, r: int, at: int, size: int, by: int) -> None:
    """Move ``size`` points from position ``at`` on forward by ``by`` places, those between go back."""
    # A rotation is three reversals.
    reverse_part(rounds, r, at, size)
    reverse_part(rounds, r, at + size, by)
    reverse_part(rounds, r, at, size + by)


@compiled()
def reverse_round(rounds: Rounds, r: int) -> None:
    """Drive the round the other way; each unit begins at the end of a part that one of them began with."""
    n = rounds.size[r]
    reverse_part(rounds, r, 0, n)
    for u in range(rounds.units[r]):
        rounds.start[r, u] = (n - rounds.start[r, u]) % n


@compiled()
def turn(rounds: Rounds, r: int, by: int) -> None:
    """Let all units begin ``by`` positions further on."""
    for u in range(rounds.units[r]):
        rounds.start[r, u] = (rounds.start[r, u] + by) % rounds.size[r]


@compiled()
def cut_later(ground: Ground, rounds: Rounds, r: int, u: int) -> bool:
    """Leave the first stop of a unit to the one that ends just before it; return whether there is one."""
    n, first = rounds.size[r], rounds.start[r, u]
    v = _ends_at(rounds, r, first)
    if v < 0 or v == u or rounds.stops[r, u] < 2 or rounds.stops[r, v] + 1 > rounds.begin.shape[2]:
        return False
    m = rounds.stops[r, v]
    rounds.begin[r, v, m] = rounds.begin[r, v, m - 1] + _lag(ground, rounds, r, (first - 1) % n)
    rounds.stops[r, v] += 1
    for j in range(rounds.stops[r, u] - 1):
        rounds.begin[r, u, j] = rounds.begin[r, u, j + 1]
    rounds.start[r, u] = (first + 1) % n
    rounds.stops[r, u] -= 1
    return True


@compiled()
def cut_earlier(ground: Ground, rounds: Rounds, r: int, u: int) -> bool:
    """Let a unit begin with the last stop of the one that ends just before it; return whether there is one."""
    n, first, m = rounds.size[r], rounds.start[r, u], rounds.stops[r, u]
    v = _ends_at(rounds, r, first)
    if v < 0 or v == u or rounds.stops[r, v] < 2 or m + 1 > rounds.begin.shape[2]:
        return False
    for j in range(m, 0, -1):
        rounds.begin[r, u, j] = rounds.begin[r, u, j - 1]
    rounds.begin[r, u, 0] -= _lag(ground, rounds, r, (first - 1) % n)
    rounds.start[r, u] = (first - 1) % n
    rounds.stops[r, u] += 1
    rounds.stops[r, v] -= 1
    return True


@compiled()
def _ends_at(rounds: Rounds, r: int, position: int) -> int:
    """Return the unit that ends just before a position, -1 where there is none."""
    for v in range(rounds.units[r]):
        if (rounds.start[r, v] + rounds.stops[r, v]) % rounds.size[r] == position:
            return v
    return -1


@compiled()
def _lag(ground: Ground, rounds: Rounds, r: int, position: int) -> int:
    """Return the seconds from a begin at a position to that at the next, without waiting."""
    here, there = rounds.order[r, position], rounds.order[r, (position + 1) % rounds.size[r]]
    return int(ground.dwell[here] + ground.legs[rounds.kind[r], ground.posts + here, ground.posts + there])


@compiled()
def take_out(rounds: Rounds, r: int, position: int) -> bool:
    """Take a point out of a round; return whether each unit still has a stop."""
    n = rounds.size[r]
    if n < 2:
        return False
    for u in range(rounds.units[r]):
        kept = 0
        for j in range(rounds.stops[r, u]):
            if (rounds.start[r, u] + j) % n != position:
                rounds.begin[r, u, kept] = rounds.begin[r, u, j]
                kept += 1
        if kept == 0:
            return False
        rounds.stops[r, u] = kept
        if rounds.start[r, u] > position:
            rounds.start[r, u] -= 1
        elif rounds.start[r, u] == n - 1:
            rounds.start[r, u] = 0
    for i in range(position, n - 1):
        rounds.order[r, i] = rounds.order[r, i + 1]
    rounds.size[r] = n - 1
    return True


@compiled()
def put_after(ground: Ground, rounds: Rounds, r: int, position: int, point: int, with_next: int) -> bool:
    """Put a point behind a position; who visits that one, or with ``with_next`` the next one, visits it too. Return whether there is room."""
    n = rounds.size[r]
    if n + 1 > rounds.order.shape[1]:
        return False
    mark = (position + 1) % n if with_next else position
    for u in range(rounds.units[r]):
        old = rounds.begin[r, u, : rounds.stops[r, u]].copy()
        first, m = rounds.start[r, u], 0
        for j in range(len(old)):
            here = (first + j) % n
            if m + 2 > rounds.begin.shape[2]:
                return False
            if here == mark and with_next:
                rounds.begin[r, u, m] = old[j] - ground.dwell[point]
                m += 1
            rounds.begin[r, u, m] = old[j]
            m += 1
            if here == mark and not with_next:
                rounds.begin[r, u, m] = old[j] + ground.dwell[rounds.order[r, here]]
                m += 1
        rounds.stops[r, u] = m
        if first == mark and with_next:
            rounds.start[r, u] = position + 1
        elif first > position:
            rounds.start[r, u] = first + 1
    for i in range(n, position + 1, -1):
        rounds.order[r, i] = rounds.order[r, i - 1]
    rounds.order[r, position + 1] = point
    rounds.size[r] = n + 1
    return True


@compiled()
def position_of(rounds: Rounds, r: int, point: int) -> int:
    """Return where a point stands in the order of a round."""
    for i in range(rounds.size[r]):
        if rounds.order[r, i] == point:
            return i
    return -1
