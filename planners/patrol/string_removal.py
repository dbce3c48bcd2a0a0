"""One step of a search over routes without windows: strings of visits are taken out and put back where they add least.

Source: Christiaens, J. and Vanden Berghe, G. (2020). Slack induction by string removals for vehicle routing problems.
Transportation Science 54(2), 417-433.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.draws import Bits, draw

Ints = npt.NDArray[np.int64]
Legs = npt.NDArray[np.int32]

_REMOVED = 10.0
"""Mean number of visits that are taken out in a step."""
_STRING = 10.0
"""Longest string that is taken out of one route."""
_SPLIT = 0.5
"""Share of strings that keep some visits in their middle."""
_GROWS = 0.99
"""Chance that one more visit is kept."""
_BLINK = 0.01
"""Share of places that are passed over."""
_NO_ROOM = 1 << 60

BEFORE, AFTER, ROUTE = 0, 1, 2
"""Rows of ``links``, int64[3, n]: the visit before and after, -1 at the ends, and the route."""
FIRST, LAST, SIZE, LOAD, SECONDS = 0, 1, 2, 3, 4
"""Rows of ``routes``, int64[5, r]: its first and last visit, -1 where there is none; visits, load, and travel with dwell."""
START, END, ROOM, SHIFT = 0, 1, 2, 3
"""Rows of ``units``, int64[4, r]: places of the posts, what it can carry, and how long it may be out."""


@compiled(inline=True)
def _take(visit: int, links: Ints, routes: Ints, units: Ints, legs: Legs, load: Ints, dwell: Ints) -> int:
    """Take a visit out of its route; return by how much the travel grows."""
    p, f, r = links[BEFORE, visit], links[AFTER, visit], links[ROUTE, visit]
    a = units[START, r] if p < 0 else p
    b = units[END, r] if f < 0 else f
    grows = -int(legs[a, visit]) - int(legs[visit, b])
    if p >= 0 or f >= 0:
        grows += int(legs[a, b])
    if p < 0:
        routes[FIRST, r] = f
    else:
        links[AFTER, p] = f
    if f < 0:
        routes[LAST, r] = p
    else:
        links[BEFORE, f] = p
    links[ROUTE, visit] = -1
    routes[SIZE, r] -= 1
    routes[LOAD, r] -= load[visit]
    routes[SECONDS, r] += grows - dwell[visit]
    return grows


@compiled(inline=True)
def _put(visit: int, left: int, r: int, grows: int, links: Ints, routes: Ints, load: Ints, dwell: Ints) -> None:
    """Put a visit into a route after ``left``, -1 for its begin."""
    right = routes[FIRST, r] if left < 0 else links[AFTER, left]
    links[BEFORE, visit], links[AFTER, visit], links[ROUTE, visit] = left, right, r
    if left < 0:
        routes[FIRST, r] = visit
    else:
        links[AFTER, left] = visit
    if right < 0:
        routes[LAST, r] = visit
    else:
        links[BEFORE, right] = visit
    routes[SIZE, r] += 1
    routes[LOAD, r] += load[visit]
    routes[SECONDS, r] += grows + dwell[visit]


@compiled(inline=True)
def _keep(r: int, step: int, links: Ints, routes: Ints, kept: Ints, order: Ints, count: Ints) -> None:
    """Note a route before it is changed for the first time in a step.

    ``kept`` int64[2, r] are the step at which each route was noted last, and the notes; ``order`` its visits one after the other;
    ``count`` int64[2] the notes and the visits noted.
    """
    if kept[0, r] == step:
        return
    kept[0, r] = step
    kept[1, count[0]] = r
    count[0] += 1
    here = routes[FIRST, r]
    while here >= 0:
        order[count[1]] = here
        count[1] += 1
        here = links[AFTER, here]
    order[count[1]] = -1
    count[1] += 1


@compiled(inline=True)
def _undo(links: Ints, routes: Ints, noted: Ints, kept: Ints, order: Ints, count: Ints) -> None:
    """Put all noted routes back; ``noted`` int64[2, notes] are their load and seconds."""
    at = 0
    for k in range(count[0]):
        r = kept[1, k]
        size, before = 0, -1
        while order[at] >= 0:
            here = order[at]
            links[BEFORE, here], links[ROUTE, here] = before, r
            if before < 0:
                routes[FIRST, r] = here
            else:
                links[AFTER, before] = here
            before = here
            size += 1
            at += 1
        at += 1
        if size == 0:
            routes[FIRST, r] = -1
        else:
            links[AFTER, before] = -1
        routes[LAST, r], routes[SIZE, r] = before, size
        routes[LOAD, r], routes[SECONDS, r] = noted[0, k], noted[1, k]


@compiled(inline=True)
def _ruin(
    bits: Bits, step: int, legs: Legs, load: Ints, dwell: Ints, units: Ints, near: Ints, links: Ints, routes: Ints,
    used: int, absent: Ints, noted: Ints, kept: Ints, order: Ints, count: Ints,
) -> tuple[int, int]:  # fmt: skip
    """Take strings out of routes that lie near each other; return how many visits are absent, and by how much travel grows."""
    n = len(load)
    longest = min(_STRING, n / max(1, used))
    strings = int(draw(bits) * (4.0 * _REMOVED / (1.0 + longest) - 1.0) + 1.0)
    seed = int(draw(bits) * n)
    gone, grows = 0, 0
    for place in range(-1, near.shape[1]):
        if strings == 0:
            break
        visit = seed if place < 0 else near[seed, place]
        r = links[ROUTE, visit]
        if r < 0 or kept[0, r] == step:
            continue
        strings -= 1
        noted[0, count[0]], noted[1, count[0]] = routes[LOAD, r], routes[SECONDS, r]
        _keep(r, step, links, routes, kept, order, count)
        size = routes[SIZE, r]
        string = min(size, int(draw(bits) * min(float(size), longest) + 1.0))
        skipped = 0
        if 1 < string < size and draw(bits) < _SPLIT:
            skipped = 1
            while string + skipped < size and draw(bits) < _GROWS:
                skipped += 1
        total = string + skipped
        position, here = 0, visit
        while links[BEFORE, here] >= 0:
            here = links[BEFORE, here]
            position += 1
        low, high = max(0, position - total + 1), min(position, size - total)
        for _ in range(low + int(draw(bits) * (high - low + 1))):
            here = links[AFTER, here]
        hold = 1 + int(draw(bits) * (string - 1)) if skipped else total
        for i in range(total):
            follow = links[AFTER, here]
            if not hold <= i < hold + skipped:
                grows += _take(here, links, routes, units, legs, load, dwell)
                absent[gone] = here
                gone += 1
            here = follow
    return gone, grows


@compiled(inline=True)
def _place(
    bits: Bits, visit: int, legs: Legs, toward: Legs, load: Ints, dwell: Ints, units: Ints, unit_price: int, links: Ints, routes: Ints,
) -> tuple[int, int, int]:  # fmt: skip
    """Return the route where a visit adds least, after which visit, and by how much travel grows; the route is -1 where there is no room.

    Of routes without visits the first of each kind of unit is tried.
    """
    least, into, left = _NO_ROOM, -1, -1
    out, home = legs[visit], toward[visit]
    empty = -1
    for r in range(routes.shape[1]):
        if routes[LOAD, r] + load[visit] > units[ROOM, r]:
            continue
        a = units[START, r]
        before = -1
        here = routes[FIRST, r]
        if here < 0:
            if empty >= 0 and (units[:, empty] == units[:, r]).all():
                continue
            empty = r
            grows = int(home[a]) + out[units[END, r]]
            if grows + unit_price < least and grows + dwell[visit] <= units[SHIFT, r]:
                least, into, left = grows + unit_price, r, -1
            continue
        most = units[SHIFT, r] - routes[SECONDS, r] - dwell[visit]
        while True:
            b = units[END, r] if here < 0 else here
            grows = int(home[a]) + out[b] - legs[a, b]
            if grows < least and grows <= most and draw(bits) > _BLINK:
                least, into, left = grows, r, before
            if here < 0:
                break
            a = before = here
            here = links[AFTER, here]
    return into, left, least - (unit_price if into >= 0 and routes[SIZE, into] == 0 else 0)


@compiled(inline=True)
def _recreate(
    bits: Bits, step: int, legs: Legs, toward: Legs, load: Ints, dwell: Ints, units: Ints, unit_price: int, links: Ints,
    routes: Ints, absent: Ints, gone: int, key: npt.NDArray[np.float64], noted: Ints, kept: Ints, order: Ints, count: Ints,
) -> tuple[bool, int]:  # fmt: skip
    """Put absent visits where they add least; return whether all found room, and by how much travel grows."""
    rule = draw(bits) * 11.0
    post = units[START, 0]
    for i in range(gone):
        visit = absent[i]
        if rule < 4.0:
            key[i] = draw(bits)
        elif rule < 8.0:
            key[i] = -float(load[visit])
        elif rule < 10.0:
            key[i] = -float(legs[post, visit])
        else:
            key[i] = float(legs[post, visit])
    grown = 0
    for i in np.argsort(key[:gone]):
        visit = absent[i]
        into, left, grows = _place(bits, visit, legs, toward, load, dwell, units, unit_price, links, routes)
        if into < 0:
            return False, grown
        if kept[0, into] != step:
            noted[0, count[0]], noted[1, count[0]] = routes[LOAD, into], routes[SECONDS, into]
            _keep(into, step, links, routes, kept, order, count)
        _put(visit, left, into, grows, links, routes, load, dwell)
        grown += grows
    return True, grown


@compiled()
def remove_strings(
    bits: Bits, steps: int, heat: float, legs: Legs, toward: Legs, load: Ints, dwell: Ints, units: Ints, unit_price: int,
    near: Ints, links: Ints, routes: Ints, best: Ints, now: int, least: int,
) -> tuple[int, int]:  # fmt: skip
    """Take some steps at a heat, in place, from routes that cost ``now``; return the least cost on the way, and that at the end.

    Parameters
    ----------
    legs, toward
        int32[places, places], visits first, then posts; and turned round.
    near
        int64[n, k], the visits nearest to each.
    links, routes, units
        See ``BEFORE``, ``FIRST`` and ``START``. A step that leaves a visit without room is undone.
    best
        int64[2, n], filled with the visit before and the route of each in the cheapest routes, where these cost less than ``least``.
    """
    n, r = len(load), routes.shape[1]
    absent, key = np.empty(n, np.int64), np.empty(n)
    noted, kept = np.empty((2, r), np.int64), np.full((2, r), -1)
    order, count = np.empty(n + r, np.int64), np.zeros(2, np.int64)
    used = 0
    for i in range(r):
        used += routes[SIZE, i] > 0
    for step in range(steps):
        count[:] = 0
        gone, less = _ruin(
            bits, step, legs, load, dwell, units, near, links, routes, used, absent, noted, kept, order, count
        )
        whole, more = _recreate(
            bits, step, legs, toward, load, dwell, units, unit_price, links, routes, absent, gone, key, noted, kept, order, count
        )  # fmt: skip
        opened, at = 0, 0
        for k in range(count[0]):
            opened += (routes[SIZE, kept[1, k]] > 0) - (order[at] >= 0)
            while order[at] >= 0:
                at += 1
            at += 1
        cost = now + less + more + unit_price * opened
        if not whole or cost >= now - heat * np.log(draw(bits)):
            for i in range(gone):
                links[ROUTE, absent[i]] = -1
            _undo(links, routes, noted, kept, order, count)
            continue
        now = cost
        used += opened
        if now < least:
            least = now
            best[0], best[1] = links[BEFORE], links[ROUTE]
    return least, now


@compiled()
def begin_routes(
    bits: Bits, legs: Legs, toward: Legs, load: Ints, dwell: Ints, units: Ints, unit_price: int, links: Ints, routes: Ints
) -> bool:  # fmt: skip
    """Put all visits into routes that are empty, one after the other where each adds least; return whether all found room."""
    n, r = len(load), routes.shape[1]
    noted, kept = np.empty((2, r), np.int64), np.full((2, r), -1)
    order, count = np.empty(n + r, np.int64), np.zeros(2, np.int64)
    return _recreate(
        bits, 0, legs, toward, load, dwell, units, unit_price, links, routes, np.arange(n), n, np.empty(n), noted, kept, order, count
    )[0]  # fmt: skip
