"""Begin times of stops as a simple temporal network: rows of one integer table, settled by longest paths.

A column is a node: the start and the end of each unit's route, the visit before and the visit after the shift of each point, and the stops. Edges
are implied by the rows: along a route ``b[next] >= b + W``, along the visits of a point ``LEAST <= b - b[before] <= GAP``, and
stops that are made together begin together.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Ints = npt.NDArray[np.int64]
Legs = npt.NDArray[np.int32]

RP: Final = 0
"""Node before on the route, -1 for a start and for a stop that no unit makes."""
RN: Final = 1
PP: Final = 2
"""Visit of the point before, -1 where there is none."""
PN: Final = 3
SY: Final = 4
"""Next of the stops that begin together, itself where alone."""
W: Final = 5
"""Seconds from the begin of a node to the earliest begin of the next on the route."""
LO: Final = 6
HI: Final = 7
GAP: Final = 8
LEAST: Final = 9
DW: Final = 10
PT: Final = 11
"""Place, -1 for a break wherever the unit stands."""
RT: Final = 12
"""Number of the unit, -1 for a stop that no unit makes."""
LK: Final = 13
"""1 where the stop may not change units, 2 where it is no visit of the rounds."""
GONE: Final = 14
"""1 for a visit that is given up: its gaps do not bind."""
ROWS: Final = 15

BIG: Final = 1 << 40

ROOT: Final = 0
BY_ROUTE: Final = 1
BY_LEAST: Final = 2
BY_GAP: Final = 3
BY_SYNC: Final = 4

QUEUE: Final = 0
QUEUED: Final = 1
HITS: Final = 2
CAUSE: Final = 3
EDGE: Final = 4
RUN: Final = 5
"""Run in which hits and cause of a node were set; in the column after the nodes the number of the last run."""
WORK: Final = 6


@compiled()
def _cycle(work: Ints, node: int, run: int) -> bool:
    """Return whether the causes of a node in a run lead back to it."""
    at = work[3, node]
    for _ in range(work.shape[1]):
        if at < 0 or work[5, at] != run:
            return False
        if at == node:
            return True
        at = work[3, at]
    return True


@compiled()
def raise_lower(net: Ints, x: Ints, work: Ints, seeds: int, trail: Ints, most: int) -> tuple[int, int]:
    """Raise begins to the least that keep all edges, from the first ``seeds`` of the queue on.

    Returns the node whose begin cannot be that late, or is on a cycle that no times keep, -1 where all is kept; and the length of the trail:
    pairs of a node and its begin before, in ``trail`` int64[2, m], kept where ``most`` is above 0; a trail longer than that counts as not kept.
    """
    n = net.shape[1]
    head, held, steps = 0, seeds, 0
    failed = -1
    work[5, n] += 1
    run = work[5, n]
    for k in range(seeds):
        work[1, work[0, k]] = 1
    while held > 0:
        s = work[0, head]
        head = head + 1 if head + 1 < n else 0
        held -= 1
        work[1, s] = 0
        for way in range(1, 5):
            # A call here would count references to both tables for each edge, which costs more than all else.
            t = net[1 if way == 1 else 3 if way == 2 else 2 if way == 3 else 4, s]
            more = net[9, t] if way == 2 and t >= 0 else net[5, s] if way == 1 else -net[8, s] if way == 3 else 0
            least = x[s] + more
            if t < 0 or least <= x[t]:
                continue
            if most > 0:
                if steps >= most:
                    failed = t
                    break
                trail[0, steps] = t
                trail[1, steps] = x[t]
                steps += 1
            x[t] = least
            work[3, t] = s
            work[4, t] = way
            if least > net[7, t]:
                failed = t
                break
            if work[5, t] != run:
                work[5, t], work[2, t] = run, 0
            work[2, t] += 1
            if work[2, t] % 32 == 0 and _cycle(work, t, run):
                failed = t
                break
            if work[1, t] == 0:
                work[1, t] = 1
                at = head + held
                work[0, at if at < n else at - n] = t
                held += 1
        if failed >= 0:
            break
    for k in range(held):
        at = head + k
        work[1, work[0, at if at < n else at - n]] = 0
    return failed, steps


@compiled()
def lower_upper(net: Ints, y: Ints, work: Ints, seeds: int) -> None:
    """Lower begins to the greatest that keep all edges, from the first ``seeds`` of the queue on; some times must keep them."""
    n = net.shape[1]
    head, held = 0, seeds
    for k in range(seeds):
        work[1, work[0, k]] = 1
    while held > 0:
        s = work[0, head]
        head = head + 1 if head + 1 < n else 0
        held -= 1
        work[1, s] = 0
        for way in range(1, 5):
            if way == 1:
                t = net[0, s]
                greatest = y[s] - net[5, t] if t >= 0 else 0
            elif way == 2:
                t, greatest = net[2, s], y[s] - net[9, s]
            elif way == 3:
                t = net[3, s]
                greatest = y[s] + net[8, t] if t >= 0 else 0
            else:
                t, greatest = net[4, s], y[s]
            if t < 0 or greatest >= y[t]:
                continue
            y[t] = greatest
            if greatest < net[6, t]:
                # No times keep the edges; without this a cycle would be walked for ever.
                for k in range(held):
                    at = head + k
                    work[1, work[0, at if at < n else at - n]] = 0
                return
            if work[1, t] == 0:
                work[1, t] = 1
                at = head + held
                work[0, at if at < n else at - n] = t
                held += 1


@compiled()
def everywhere(work: Ints, used: int) -> int:
    """Put all nodes into the queue and forget causes."""
    for s in range(used):
        work[0, s] = s
        work[3, s] = -1
    return used


@compiled()
def earliest(net: Ints, x: Ints, work: Ints, used: int) -> int:
    """Fill ``x`` with the earliest begins; return the node that fails, or -1."""
    for s in range(used):
        x[s] = net[6, s]
    failed, _ = raise_lower(net, x, work, everywhere(work, used), np.empty((2, 0), np.int64), 0)
    return failed


@compiled()
def latest(net: Ints, y: Ints, work: Ints, used: int) -> None:
    """Fill ``y`` with the latest begins of a network that has some."""
    for s in range(used):
        y[s] = net[7, s]
    lower_upper(net, y, work, everywhere(work, used))


@compiled()
def nearest(net: Ints, wish: Ints, y: Ints, x: Ints, work: Ints, used: int) -> int:
    """Fill ``x`` with begins that keep all edges and leave ``wish`` only where they must: later where pushed, else as late as can be."""
    for s in range(used):
        x[s] = max(net[6, s], min(wish[s], y[s]))
    failed, _ = raise_lower(net, x, work, everywhere(work, used), np.empty((2, 0), np.int64), 0)
    return failed


@compiled(inline=True)
def place_of(net: Ints, s: int) -> int:
    """Return the place of a node: that of the node before for a break wherever the unit stands."""
    while net[11, s] < 0:
        s = net[0, s]
    return int(net[11, s])


@compiled(inline=True)
def reweigh(net: Ints, legs: Legs, kind: int, s: int) -> None:
    """Set the seconds from a node to the next, and where the next is a break on the spot, from that to the one after."""
    while True:
        t = net[1, s]
        if t < 0:
            return
        net[5, s] = net[10, s] + (0 if net[11, t] < 0 else legs[kind, place_of(net, s), net[11, t]])
        if net[11, t] >= 0:
            return
        s = t


@compiled(inline=True)
def put_after(net: Ints, legs: Legs, kind: int, v: int, i: int) -> None:
    """Insert a stop into a route after a node."""
    j = net[1, i]
    net[0, v], net[1, v] = i, j
    net[1, i] = v
    net[0, j] = v
    net[12, v] = net[12, i]
    reweigh(net, legs, kind, i)
    reweigh(net, legs, kind, v)


@compiled(inline=True)
def take_out(net: Ints, legs: Legs, kind: int, v: int) -> None:
    """Take a stop out of its route; among the visits of its point it stays."""
    i, j = net[0, v], net[1, v]
    net[1, i] = j
    net[0, j] = i
    net[0, v], net[1, v], net[12, v] = -1, -1, -1
    net[5, v] = 0
    reweigh(net, legs, kind, i)


@compiled(inline=True)
def bind_gap(net: Ints, base: Ints, s: int) -> None:
    """Set the gap before a visit by which are given up; ``base`` int64[2, n] are the gaps and least gaps of all.

    A visit that is given up hands the least gap on to the next one that is not, if there is one.
    """
    if s >= 0 and net[2, s] >= 0:
        before, after = net[2, s], s
        net[8, s] = 1 << 40 if net[14, s] == 1 or net[14, before] == 1 else base[0, s]
        while net[14, after] == 1 and net[3, after] >= 0:
            after = net[3, after]
        net[9, s] = 0 if net[14, before] == 1 or (after != s and net[3, after] < 0) else base[1, s]
