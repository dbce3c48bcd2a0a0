"""Where a stop may go into the routes of a timetable, what that costs, and putting it there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.mend.network import (
    Ints,
    Legs,
    bind_gap,
    everywhere,
    forget,
    latest,
    lower_upper,
    place_of,
    put_after,
    raise_lower,
    take_out,
)

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

X = 0
"""Row of ``times``: earliest begins."""
Y = 1
"""Latest begins."""
AT = 2
"""Begins that are as wished wherever they can be."""


@compiled()
def copied(source: Ints, target: Ints) -> None:
    """Copy one table over another."""
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            target[i, j] = source[i, j]


@compiled()
def _near(net: Ints, wish: Ints, times: Ints, work: Ints, used: int) -> None:
    for s in range(used):
        times[2, s] = max(net[6, s], min(wish[s], times[1, s]))
    raise_lower(net, times[2], work, everywhere(work, used), np.empty((2, 0), np.int64), 0)


@compiled()
def settle(net: Ints, wish: Ints, times: Ints, work: Ints, used: int) -> bool:
    """Fill the rows of ``times``; return whether there are any."""
    for s in range(used):
        times[0, s] = net[6, s]
    failed, _ = raise_lower(net, times[0], work, everywhere(work, used), np.empty((2, 0), np.int64), 0)
    if failed >= 0:
        return False
    latest(net, times[1], work, used)
    _near(net, wish, times, work, used)
    return True


@compiled()
def _seeded(work: Ints, a: int, b: int, c: int) -> int:
    """Put up to three nodes into the queue and return how many."""
    held = 0
    for k in range(3):
        s = a if k == 0 else (b if k == 1 else c)
        if s >= 0:
            work[0, held] = s
            held += 1
    return held


@compiled()
def tightened(net: Ints, wish: Ints, times: Ints, work: Ints, trail: Ints, a: int, b: int, c: int, used: int) -> bool:
    """Bring times up to date after edges were added at three nodes; where none keep them, they are as before."""
    forget(work)
    failed, steps = raise_lower(net, times[0], work, _seeded(work, a, b, c), trail, trail.shape[1])
    if failed >= 0:
        for k in range(steps - 1, -1, -1):
            times[0, trail[0, k]] = trail[1, k]
        return False
    lower_upper(net, times[1], work, _seeded(work, a, b, c))
    forget(work)
    failed, _ = raise_lower(net, times[2], work, _seeded(work, a, b, c), trail, 0)
    if failed >= 0:
        _near(net, wish, times, work, used)
    return True


@compiled()
def put_if_fits(
    net: Ints, legs: Legs, kind: int, v: int, i: int, wish: Ints, times: Ints, work: Ints, trail: Ints, used: int
) -> bool:
    """Insert a stop after a node where some times keep all edges, and bring ``times`` up to date; else all is as before."""
    j = net[1, i]
    put_after(net, legs, kind, v, i)
    if tightened(net, wish, times, work, trail, i, v, j, used):
        return True
    take_out(net, legs, kind, v)
    return False


@compiled()
def let_go(net: Ints, base: Ints, v: int, gone: int) -> None:
    """Give a visit that nobody makes up (1), so that its gaps do not bind, or ask for it again (0)."""
    net[14, v] = gone
    bind_gap(net, base, v)
    bind_gap(net, base, net[3, v])


@compiled()
def over(net: Ints, at: Ints, gaps: Ints, s: int, begin: int) -> int:
    """Return by how many seconds the gap before a visit is exceeded if it is begun at ``begin``."""
    before = net[2, s]
    while before >= 0 and net[14, before] == 1:
        before = net[2, before]
    return _exceeded(net, before, s, begin - at[before], gaps[s]) if before >= 0 else 0


@compiled()
def _exceeded(net: Ints, before: int, after: int, step: int, gap: int) -> int:
    """Return by how many seconds a gap is exceeded; a whole gap at least where a point is never visited in the shift."""
    if net[2, before] < 0 and net[3, after] < 0:
        return max(gap, step - gap)
    return max(0, step - gap)


@compiled()
def loss(net: Ints, at: Ints, gaps: Ints, price: Floats, v: int) -> float:
    """Return what it costs to give up a stop."""
    after = net[3, v]
    if after < 0:
        return float(price[v])
    while net[14, after] == 1:
        after = net[3, after]
    before = net[2, v]
    while net[14, before] == 1:
        before = net[2, before]
    return float(price[v] * _exceeded(net, before, after, at[after] - at[before], gaps[after]))


@compiled()
def _pushed(net: Ints, at: Ints, gaps: Ints, price: Floats, s: int, begin: int, most: float) -> float:
    """Return the cost of gaps exceeded on a route whose node ``s`` cannot begin before ``begin``; it stops counting above ``most``."""
    cost = 0.0
    while net[1, s] >= 0 and begin > at[s] and cost < most:
        if net[2, s] >= 0:
            cost += price[s] * (over(net, at, gaps, s, begin) - over(net, at, gaps, s, at[s]))
        begin += net[5, s]
        s = net[1, s]
    return cost


@compiled()
def scan(
    net: Ints, legs: Legs, kinds: Ints, may: Flags, v: int, times: Ints, gaps: Ints, price: Floats, extra: Floats,
    found: Floats,
) -> tuple[int, float]:  # fmt: skip
    """Find where a stop may fit, judged by its neighbours: rows (cost, node before) of ``found``, cheapest first.

    ``extra`` is the cost of each unit beside travel, ``may`` bool[n, units] who may make which stop. Returns how many, and by how
    much the best position on another route costs more than the best.
    """
    count, second = 0, np.inf
    p, dwell = net[11, v], net[10, v]
    x, y, at = times[0], times[1], times[2]
    for r in range(len(kinds)):
        if not may[v, r]:
            continue
        k = kinds[r]
        i = r
        here = place_of(net, i)
        cheapest = np.inf
        while True:
            j = net[1, i]
            if j < 0 or x[i] + net[10, i] > y[v]:
                break
            there = here if net[11, j] < 0 else net[11, j]
            early = x[i] + net[10, i] + legs[k, here, p]
            if max(x[v], early) <= y[v] and max(x[v], early) + dwell + legs[k, p, there] <= y[j]:
                most = found[count - 1, 0] if count == len(found) else np.inf
                cost = legs[k, here, p] + legs[k, p, there] - legs[k, here, there] + extra[r]
                begin = max(at[v], at[i] + net[10, i] + legs[k, here, p])
                if cost < most and net[2, v] >= 0:
                    cost += price[v] * over(net, at, gaps, v, begin)
                if cost < most:
                    cost += _pushed(net, at, gaps, price, j, begin + dwell + legs[k, p, there], most - cost)
                cheapest = min(cheapest, cost)
                if cost < most:
                    count = min(count + 1, len(found))
                    q = count - 1
                    while q > 0 and found[q - 1, 0] > cost:
                        found[q, 0], found[q, 1] = found[q - 1, 0], found[q - 1, 1]
                        q -= 1
                    found[q, 0], found[q, 1] = cost, i
            i = j
            here = there
        if count > 0 and net[12, int(found[0, 1])] != r:
            second = min(second, cheapest)
    return count, second - found[0, 0] if count > 0 else 0.0
