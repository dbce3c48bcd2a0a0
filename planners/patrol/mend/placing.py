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
BROKEN = 600
"""Seconds that a gap that is broken counts for beside those that it is over: few points a little more over, not many a little."""


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


@compiled(inline=True)
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
    failed, steps = raise_lower(net, times[0], work, _seeded(work, a, b, c), trail, trail.shape[1])
    if failed >= 0:
        for k in range(steps - 1, -1, -1):
            times[0, trail[0, k]] = trail[1, k]
        return False
    lower_upper(net, times[1], work, _seeded(work, a, b, c))
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


@compiled(inline=True)
def let_go(net: Ints, base: Ints, v: int, gone: int) -> None:
    """Give a visit that nobody makes up (1), so that its gaps do not bind, or ask for it again (0)."""
    net[14, v] = gone
    bind_gap(net, base, v)
    bind_gap(net, base, net[3, v])
    before = net[2, v]
    while before >= 0 and net[14, before] == 1:
        bind_gap(net, base, before)
        before = net[2, before]


@compiled(inline=True)
def _counts(step: int, gap: int, never: int) -> int:
    """Return what a gap counts for, in seconds over: 0 where it is kept, a whole gap at least where a point is never (1) visited in the shift."""
    if never == 1:
        return max(gap, step - gap) + BROKEN
    return step - gap + BROKEN if step > gap else 0


@compiled(inline=True)
def over(net: Ints, at: Ints, gaps: Ints, s: int, begin: int) -> int:
    """Return what it counts for, in seconds over, if a visit is begun at ``begin``: 0 where the gap before it is kept."""
    before = net[2, s]
    while before >= 0 and net[14, before] == 1:
        before = net[2, before]
    return _counts(begin - at[before], gaps[s], 1 if net[2, before] < 0 and net[3, s] < 0 else 0) if before >= 0 else 0


@compiled(inline=True)
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
    return float(
        price[v] * _counts(at[after] - at[before], gaps[after], 1 if net[2, before] < 0 and net[3, after] < 0 else 0)
    )


@compiled()
def _pushed(net: Ints, at: Ints, gaps: Ints, price: Floats, s: int, begin: int, most: float) -> float:
    """Return the cost of gaps exceeded on a route whose node ``s`` cannot begin before ``begin``; it stops counting above ``most``."""
    cost = 0.0
    while net[1, s] >= 0 and begin > at[s] and cost < most:
        # Written out: a call for each node would count references to each table, which costs more than all else.
        before = net[2, s]
        while before >= 0 and net[14, before] == 1:
            before = net[2, before]
        if before >= 0:
            gap, never = gaps[s], 1 if net[2, before] < 0 and net[3, s] < 0 else 0
            cost += price[s] * (_counts(begin - at[before], gap, never) - _counts(at[s] - at[before], gap, never))
        begin += net[5, s]
        s = net[1, s]
    return cost


@compiled()
def overs(net: Ints, at: Ints, gaps: Ints, live: Ints, found: Ints) -> None:
    """Fill ``found`` with ``over`` of all these nodes at their begins; 0 for visits given up and other stops."""
    # Written out, as in ``_pushed``.
    for v in live:
        found[v] = 0
        before = net[2, v] if net[14, v] == 0 else -1
        while before >= 0 and net[14, before] == 1:
            before = net[2, before]
        if before >= 0:
            found[v] = _counts(at[v] - at[before], gaps[v], 1 if net[2, before] < 0 and net[3, v] < 0 else 0)


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
        cheapest = np.inf
        while True:
            j = net[1, i]
            if j < 0 or x[i] + net[10, i] > y[v]:
                break
            if y[j] < x[v] + dwell:
                # Whatever stands before this node is over before the stop may begin.
                i = j
                continue
            here = net[11, i] if net[11, i] >= 0 else place_of(net, i)
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
        if count > 0 and net[12, int(found[0, 1])] != r:
            second = min(second, cheapest)
    return count, second - found[0, 0] if count > 0 else 0.0
