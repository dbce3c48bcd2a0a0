"""Ruin and recreate: stops are taken out of their routes and put back where they cost least."""

from __future__ import annotations

import numpy as np

from geo.compiled import compiled
from planners.patrol.mend.network import Ints, Legs, take_out
from planners.patrol.mend.placing import (
    Flags,
    Floats,
    copied,
    let_go,
    loss,
    overs,
    put_if_fits,
    scan,
    settle,
    tightened,
)

AGAIN = 3
"""Visits that were given up and are tried again in one step."""


@compiled()
def _loosened(net: Ints, base: Ints, bank: Ints, wish: Ints, times: Ints, work: Ints, used: int, price: Floats) -> bool:
    """Give visits of the bank up, cheapest first, until some times keep the rest; return whether any do."""
    for _ in range(len(bank)):
        cheapest = -1
        for k in range(len(bank)):
            if net[14, bank[k]] == 0 and (cheapest < 0 or price[bank[k]] < price[bank[cheapest]]):
                cheapest = k
        if cheapest < 0:
            break
        let_go(net, base, bank[cheapest], 1)
        if settle(net, wish, times, work, used):
            return True
    return False


@compiled()
def _regret(
    net: Ints, legs: Legs, kinds: Ints, may: Flags, v: int, times: Ints, gaps: Ints, price: Floats, extra: Floats, found: Floats,
    units: Ints,
) -> float:  # fmt: skip
    """Return what a stop loses if its best route is taken, and put its two best routes into ``units``."""
    count, second = scan(net, legs, kinds, may, v, times, gaps, price, extra, found)
    for c in range(2):
        units[c] = net[12, int(found[c, 1])] if c < count else -1
    return float(min(second, loss(net, times[2], gaps, price, v) - found[0, 0])) if count > 0 else 0.0


@compiled()
def _placed(
    net: Ints, legs: Legs, kinds: Ints, v: int, wish: Ints, times: Ints, work: Ints, trail: Ints, used: int, found: Floats,
    least: float,
) -> int:  # fmt: skip
    """Put a stop at the cheapest position that has times and costs less than ``least``; return the unit, -1 where there is none."""
    for c in range(len(found)):
        if found[c, 0] >= least:
            break
        i = int(found[c, 1])
        r = net[12, i]
        if put_if_fits(net, legs, kinds[r], v, i, wish, times, work, trail, used):
            return int(r)
    return -1


@compiled()
def recreate(
    net: Ints, legs: Legs, kinds: Ints, may: Flags, base: Ints, gaps: Ints, bank: Ints, wish: Ints, times: Ints, work: Ints,
    used: int, extra: Floats, price: Floats, trail: Ints, regret: int, noise: Floats,
) -> bool:  # fmt: skip
    """Put the stops of the bank back one by one, where that costs less than to give them up.

    Returns whether any times keep the routes without the bank: where ways do not obey the triangle inequality, none may.

    With ``regret`` 1 the stop comes first that would lose most if its best route were taken, else that with the least room in time.
    """
    size = len(bank)
    found = np.empty((4, 2))
    waiting = np.ones(size, np.bool_)
    ranks = np.full(size, -np.inf)
    stale = np.ones(size, np.bool_)
    wanted_by = np.full((size, 2), -1)
    before = np.empty_like(times)
    if not settle(net, wish, times, work, used) and not _loosened(net, base, bank, wish, times, work, used, price):
        return False
    for _ in range(size):
        chosen, most = 0, -np.inf
        for k in range(size):
            v = bank[k]
            if not waiting[k]:
                continue
            if regret == 0:
                ranks[k] = float(times[0, v] - times[1, v])
            elif stale[k]:
                # Where nothing was put on the two routes that suit a stop best, its rank stays.
                stale[k] = False
                ranks[k] = _regret(net, legs, kinds, may, v, times, gaps, price, extra, found, wanted_by[k])
            rank = ranks[k] * (0.7 + 0.6 * noise[k % len(noise)])
            if rank > most:
                chosen, most = k, rank
        waiting[chosen] = False
        v = bank[chosen]
        again = net[14, v] == 1
        if again:
            copied(times, before)
            let_go(net, base, v, 0)
            if not tightened(net, wish, times, work, trail, net[2, v], v, net[3, v], used):
                let_go(net, base, v, 1)
                continue
        count, _ = scan(net, legs, kinds, may, v, times, gaps, price, extra, found)
        least = loss(net, times[2], gaps, price, v)
        r = _placed(net, legs, kinds, v, wish, times, work, trail, used, found[:count], least)
        if r >= 0:
            extra[r] = 0.0
            stale |= (wanted_by[:, 0] == r) | (wanted_by[:, 1] == r)
            continue
        let_go(net, base, v, 1)
        if again:
            copied(before, times)
        else:
            settle(net, wish, times, work, used)
    return True


@compiled()
def _string(net: Ints, legs: Legs, kind: int, v: int, back: int, most: int, bank: Ints, size: int) -> int:
    """Take up to ``most`` visits that follow each other out of a route, one of them ``v``, the first up to ``back`` before it."""
    for _ in range(back):
        if net[0, v] < 0 or net[1, net[0, v]] != v or net[0, net[0, v]] < 0 or net[13, net[0, v]] != 0:
            break
        v = net[0, v]
    for _ in range(most):
        after = net[1, v]
        take_out(net, legs, kind, v)
        bank[size] = v
        size += 1
        if net[1, after] < 0 or net[13, after] != 0:
            break
        v = after
    return size


@compiled()
def ruin(
    net: Ints, legs: Legs, kinds: Ints, free: Ints, at: Ints, late: Ints, bank: Ints, size: int, most: int, draw: Floats
) -> int:
    """Take ``most`` stops, or strings of stops, near in place and time to one that is drawn, into the bank; return its size."""
    seed = free[int(draw[0] * len(free))]
    if size > 0 and draw[1] < 0.4:
        seed = bank[int(draw[0] * size)]
    elif draw[1] < 0.8:
        # The next stop, from a drawn one on, whose gap is exceeded.
        for k in range(len(free)):
            v = free[(int(draw[0] * len(free)) + k) % len(free)]
            if net[12, v] >= 0 and late[v] > 0:
                seed = v
                break
    home = net[11, seed]
    far = np.empty(len(free))
    for k in range(len(free)):
        v = free[k]
        if net[12, v] < 0:
            far[k] = np.inf
        else:
            road = min(legs[kinds[net[12, v]], home, net[11, v]], 1 << 20)
            far[k] = (road + 0.15 * abs(at[v] - at[seed])) * (0.5 + draw[2 + (k * 7) % (len(draw) - 2)])
    longest = 1 if draw[57] < 0.5 else 2 + int(draw[56] * 8)
    goal = size + min(most, len(free))
    while size < goal:
        k = int(np.argmin(far))
        if far[k] == np.inf:
            break
        far[k] = np.inf
        v = free[k]
        if net[12, v] >= 0:
            size = _string(
                net, legs, kinds[net[12, v]], v, int(draw[55] * longest), min(longest, goal - size), bank, size
            )
    return size


@compiled()
def empty_route(net: Ints, legs: Legs, kinds: Ints, r: int, bank: Ints, size: int) -> int:
    """Take all visits of one unit into the bank; return its size."""
    v = net[1, r]
    while net[1, v] >= 0:
        after = net[1, v]
        if net[13, v] == 0:
            take_out(net, legs, kinds[r], v)
            bank[size] = v
            size += 1
        v = after
    return size


@compiled()
def _out(net: Ints, r: int, units: int) -> int:
    """Return the first unit from a number on that is out."""
    for k in range(units):
        if net[1, (r + k) % units] != (r + k) % units + units:
            return (r + k) % units
    return r


@compiled()
def _again(net: Ints, free: Ints, bank: Ints, most: int, draw: Floats) -> int:
    """Put stops that no unit makes into the bank, ``most`` of the visits from a drawn one on and all others; return how many."""
    size, visits, start = 0, 0, int(draw[58] * len(free))
    for k in range(len(free)):
        v = free[(start + k) % len(free)]
        if net[12, v] < 0 and (visits < most or net[13, v] != 0):
            visits += net[13, v] == 0
            bank[size] = v
            size += 1
    return size


@compiled(inline=True)
def reordered(net: Ints, first: Ints, r: int) -> bool:
    """Return whether the stops of a unit are not those, or not in the order, that ``first`` says."""
    s = r
    while net[1, s] >= 0:
        if net[1, s] != first[s]:
            return True
        s = net[1, s]
    return False


@compiled()
def _live(net: Ints, used: int) -> Ints:
    """Return the nodes whose gap, or whose being made at all, the search can change."""
    found, size = np.empty(used, np.int64), 0
    for v in range(used):
        before = net[2, v]
        if before < 0 or net[6, v] < net[7, v] or net[6, before] < net[7, before]:
            found[size] = v
            size += 1
    return found[:size]


@compiled()
def value(
    net: Ints, units: int, first: Ints, live: Ints, late: Ints, at: Ints, gaps: Ints, price: Floats, unit_cost: float, change_cost: float,
) -> float:  # fmt: skip
    """Return the cost of routes: gaps exceeded, stops given up, units out, crews with another order, travel; fill ``late`` with ``overs``."""
    total = 0.0
    overs(net, at, gaps, live, late)
    for v in live:
        total += price[v] * late[v]
        if net[2, v] < 0 and net[14, v] == 1:
            total += price[v]
    for r in range(units):
        if net[1, r] != r + units:
            total += unit_cost
        if reordered(net, first, r):
            total += change_cost
        s = r
        while net[1, s] >= 0:
            total += net[5, s] - net[10, s]
            s = net[1, s]
    return total


@compiled()
def search(
    net: Ints, legs: Legs, kinds: Ints, may: Flags, base: Ints, gaps: Ints, wish: Ints, first: Ints, free: Ints, price: Floats,
    unit_cost: float, change_cost: float, work: Ints, used: int, most: int, draws: Floats,
) -> float:  # fmt: skip
    """Improve routes by one ruin and recreation for each row of ``draws``, float64[steps, 64] in [0, 1); return their cost.

    ``base`` are the gaps that bind, ``gaps`` those above which it costs ``price`` a second.
    """
    times = np.zeros((3, net.shape[1]), np.int64)
    bank = np.empty(used, np.int64)
    trail = np.empty((2, 4000), np.int64)
    extra = np.zeros(len(kinds))
    held, kept = net.copy(), net.copy()
    live, late = _live(net, used), np.zeros(used, np.int64)
    for v in free:
        if net[12, v] < 0:
            let_go(kept, base, v, 1)
    settle(kept, wish, times, work, used)
    best = value(kept, len(kinds), first, live, late, times[2], gaps, price, unit_cost, change_cost)
    now = best
    for step in range(len(draws)):
        draw = draws[step]
        size = _again(net, free, bank, len(free) if step == 0 else AGAIN, draw)
        for r in range(len(kinds)):
            # Another unit in the plan, or another order told to a crew, must pay.
            extra[r] = unit_cost if net[1, r] == r + len(kinds) else 0.0
            if change_cost > 0 and not reordered(net, first, r):
                extra[r] += change_cost
        if unit_cost > 0 and draw[63] < 0.15:
            r = _out(net, int(draw[62] * len(kinds)), len(kinds))
            size = empty_route(net, legs, kinds, r, bank, size)
            extra[r] = unit_cost + change_cost
        elif len(free) > 0 and step > 0:
            size = ruin(net, legs, kinds, free, times[2], late, bank, size, 2 + int(draw[61] * draw[61] * most), draw)
        if size == 0:
            continue
        done = recreate(
            net, legs, kinds, may, base, gaps, bank[:size], wish, times, work, used, extra, price, trail,
            1 if draw[60] < 0.3 or step == 0 else 0, draw,
        )  # fmt: skip
        if not done:
            copied(held, net)
            continue
        found = value(net, len(kinds), first, live, late, times[2], gaps, price, unit_cost, change_cost)
        if found < best - 1e-9:
            best = found
            copied(net, kept)
        if found <= now + 120.0 * draw[59]:
            now = found
            copied(net, held)
        else:
            copied(held, net)
    copied(kept, net)
    return best
