"""Short closed tours through points on one-way streets: iterated local search by Or-opt and 2-opt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def neighbours(legs: Ints, count: int = 10) -> Ints:
    """Return the places nearest to each by the shorter of the two ways, int64[n, min(count, n - 1)]."""
    near = np.minimum(legs, legs.T).copy()
    np.fill_diagonal(near, np.iinfo(np.int64).max)
    return np.ascontiguousarray(np.argsort(near, axis=1, kind="stable")[:, : min(count, len(legs) - 1)])


@compiled()
def tour_seconds(tour: Ints, legs: Ints) -> int:
    """Return the travel of a closed tour."""
    total = 0
    n = len(tour)
    for i in range(n):
        total += legs[tour[i], tour[(i + 1) % n]]
    return total


@compiled()
def nearest_first(legs: Ints, start: int) -> Ints:
    """Return the tour that always goes to the nearest place not yet visited."""
    n = len(legs)
    tour = np.empty(n, np.int64)
    free = np.ones(n, np.bool_)
    here = start
    for i in range(n):
        tour[i] = here
        free[here] = False
        best = -1
        for other in range(n):
            if free[other] and (best < 0 or legs[here, other] < legs[here, best]):
                best = other
        here = best
    return tour


@compiled()
def _sums(tour: Ints, legs: Ints, there: Ints, back: Ints, place: Ints) -> None:
    n = len(tour)
    there[0] = 0
    back[0] = 0
    for i in range(n):
        place[tour[i]] = i
        if i + 1 < n:
            there[i + 1] = there[i] + legs[tour[i], tour[i + 1]]
            back[i + 1] = back[i] + legs[tour[i + 1], tour[i]]


@compiled()
def _turn(tour: Ints, first: int, last: int) -> None:
    while first < last:
        held = tour[first]
        tour[first] = tour[last]
        tour[last] = held
        first += 1
        last -= 1


@compiled()
def _try_turn(a: int, tour: Ints, legs: Ints, near: Ints, there: Ints, back: Ints, place: Ints) -> bool:
    n = len(tour)
    for k in range(near.shape[1]):
        low, high = place[a], place[near[a, k]]
        for side in range(2):
            # Turn the stretch first..last, which makes the two places follow each other.
            if side == 0:
                first, last = min(low, high) + 1, max(low, high)
            else:
                first, last = min(low, high), max(low, high) - 1
            if first < 1 or last >= n - 1 or first >= last:
                continue
            p, s = tour[first - 1], tour[last + 1]
            gain = legs[p, tour[first]] + legs[tour[last], s] + there[last] - there[first]
            cost = legs[p, tour[last]] + legs[tour[first], s] + back[last] - back[first]
            if cost < gain:
                _turn(tour, first, last)
                return True
    return False


@compiled()
def _try_move(a: int, tour: Ints, legs: Ints, near: Ints, place: Ints) -> bool:
    n = len(tour)
    for size in range(1, 4):
        for end in range(2):
            first = place[a] - (size - 1) * end
            last = first + size - 1
            if first < 1 or last >= n - 1:
                continue
            f, t = tour[first], tour[last]
            p, s = tour[first - 1], tour[last + 1]
            gain = legs[p, f] + legs[t, s] - legs[p, s]
            inner, turned = 0, 0
            for i in range(first, last):
                inner += legs[tour[i], tour[i + 1]]
                turned += legs[tour[i + 1], tour[i]]
            for k in range(near.shape[1]):
                b = place[near[a, k]]
                for side in range(2):
                    left = b - side
                    if left < 0 or left >= n - 1 or (first - 1 <= left <= last):
                        continue
                    u, v = tour[left], tour[left + 1]
                    for way in range(2):
                        head, tail = (f, t) if way == 0 else (t, f)
                        cost = legs[u, head] + legs[tail, v] - legs[u, v] + way * (turned - inner)
                        if cost < gain:
                            if way == 1:
                                _turn(tour, first, last)
                            if left > last:
                                _turn(tour, first, last)
                                _turn(tour, last + 1, left)
                                _turn(tour, first, left)
                            else:
                                _turn(tour, left + 1, first - 1)
                                _turn(tour, first, last)
                                _turn(tour, left + 1, last)
                            return True
    return False


@compiled()
def search(tour: Ints, legs: Ints, near: Ints, draws: Floats) -> Ints:
    """Return a shorter tour after one kick for each row of ``draws``, float64[kicks, 5] in [0, 1)."""
    n = len(tour)
    best = tour.copy()
    if n < 5:
        return best
    there, back, place = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    stack, waiting = np.empty(n, np.int64), np.zeros(n, np.bool_)
    now = tour.copy()
    least = tour_seconds(best, legs)
    for number in range(len(draws) + 1):
        size = 0
        if number == 0:
            for i in range(n):
                stack[size] = now[n - 1 - i]
                waiting[now[n - 1 - i]] = True
                size += 1
        else:
            draw = draws[number - 1]
            shift = int(draw[0] * n)
            for i in range(n):
                now[i] = best[(i + shift) % n]
            span = min(n - 2, 40)
            i = 1 + int(draw[1] * max(1, n - 1 - span))
            j = i + int(draw[2] * (span // 2))
            k = j + 1 + int(draw[3] * (span // 2))
            k = min(k, n - 2)
            if j >= k:
                continue
            for at in (i - 1, i, j, j + 1, k, k + 1):
                if not waiting[now[at]]:
                    waiting[now[at]] = True
                    stack[size] = now[at]
                    size += 1
            _turn(now, i, j)
            _turn(now, j + 1, k)
            _turn(now, i, k)
        _sums(now, legs, there, back, place)
        while size > 0:
            size -= 1
            a = stack[size]
            waiting[a] = False
            while _try_turn(a, now, legs, near, there, back, place) or _try_move(a, now, legs, near, place):
                _sums(now, legs, there, back, place)
                i = place[a]
                for b in (now[(i - 1) % n], now[(i + 1) % n]):
                    if not waiting[b]:
                        waiting[b] = True
                        stack[size] = b
                        size += 1
        found = tour_seconds(now, legs)
        if found <= least:
            least = found
            best[:] = now
    return best


@compiled()
def _trace(came: Ints) -> Ints:
    """Return where the rounds begin, rising, of the best way to cut all places."""
    at = len(came) - 1
    count = 0
    while at > 0:
        at = came[at]
        count += 1
    cuts = np.empty(count, np.int64)
    at = len(came) - 1
    while at > 0:
        at = came[at]
        count -= 1
        cuts[count] = at
    return cuts


@compiled()
def split(tour: Ints, legs: Ints, dwell: Ints, period: int, most: int) -> tuple[int, Ints]:
    """Cut a tour into closed rounds so that the units, then the travel, are least.

    A round of ``L`` seconds needs ``ceil(L / period)`` units, at most ``most``; numbers that do not divide ``most``, whose units end
    far from where they began, count half a unit more. Returns the units and the positions where rounds
    begin, rising; 0 units where a point alone is longer than all its units may take.
    """
    n = len(tour)
    doubled = np.empty(2 * n + 1, np.int64)
    for i in range(2 * n + 1):
        doubled[i] = tour[i % n]
    along = np.zeros(2 * n + 1, np.int64)
    for i in range(2 * n):
        along[i + 1] = along[i] + dwell[doubled[i]] + legs[doubled[i], doubled[i + 1]]
    far = np.int64(1) << 60
    big = np.int64(1) << 40
    best = far
    cuts = np.zeros(0, np.int64)
    reach = 0
    while reach < n and along[reach] < period * most:
        reach += 1
    value = np.empty(n + 1, np.int64)
    came = np.empty(n + 1, np.int64)
    for start in range(reach):
        value[:] = far
        value[0] = 0
        for i in range(n):
            if value[i] == far:
                continue
            for j in range(i, n):
                a, b = start + i, start + j
                length = along[b] - along[a] + dwell[doubled[b]] + legs[doubled[b], doubled[a]]
                if length > period * most:
                    if along[b] - along[a] > period * most:
                        break
                    continue
                units = (length + period - 1) // period
                cost = value[i] + units * big + (big // 2 if most % units else 0) + length
                if cost < value[j + 1]:
                    value[j + 1] = cost
                    came[j + 1] = i
        if value[n] < best:
            best = value[n]
            cuts = (_trace(came) + start) % n
    if best == far:
        return 0, cuts
    return int(best // big), np.sort(cuts)


@compiled()
def cut_once(tour: Ints, legs: Ints, dwell: Ints, period: int, most: int, value: Ints, came: Ints) -> int:
    """Fill ``value`` and ``came`` for rounds cut from the first place on, as ``split``; return ``units * 2**40 + seconds``."""
    n = len(tour)
    far = np.int64(1) << 60
    big = np.int64(1) << 40
    value[:] = far
    value[0] = 0
    for i in range(n):
        if value[i] == far:
            continue
        length = 0
        for j in range(i, n):
            length += dwell[tour[j]]
            if length > period * most:
                break
            whole = length + legs[tour[j], tour[i]]
            units = (whole + period - 1) // period
            if units <= most:
                cost = value[i] + units * big + (big // 2 if most % units else 0) + whole
                if cost < value[j + 1]:
                    value[j + 1] = cost
                    came[j + 1] = i
            if j + 1 < n:
                length += legs[tour[j], tour[j + 1]]
    return int(value[n])


@compiled()
def search_cut(
    tour: Ints, legs: Ints, near: Ints, dwell: Ints, period: int, most: int, draws: Floats
) -> tuple[int, Ints, Ints]:
    """Search for a tour that is cut well, from one that is short; return units, tour, and positions where rounds begin.

    One kick for each row of ``draws``, float64[kicks, 5] in [0, 1). 0 units where a point alone is longer than its units may take.
    """
    n = len(tour)
    units, cuts = split(tour, legs, dwell, period, most)
    if units == 0:
        return 0, tour, cuts
    value, came = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)
    there, back, place = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    best = np.empty(n, np.int64)
    for i in range(n):
        best[i] = tour[(i + cuts[0]) % n]
    least = cut_once(best, legs, dwell, period, most, value, came)
    cuts = _trace(came)
    now = best.copy()
    for number in range(len(draws) if n >= 8 else 0):
        draw = draws[number]
        first = cuts[int(draw[0] * len(cuts))]
        for i in range(n):
            now[i] = best[(i + first) % n]
        _kick(now, near, place, draw)
        _sums(now, legs, there, back, place)
        for node in (now[int(draw[1] * n)], now[0], now[n - 1]):
            while _try_turn(node, now, legs, near, there, back, place) or _try_move(node, now, legs, near, place):
                _sums(now, legs, there, back, place)
        found = cut_once(now, legs, dwell, period, most, value, came)
        if found <= least:
            least = found
            best[:] = now
            cuts = _trace(came)
    return least >> 40, best, cuts


@compiled()
def _kick(now: Ints, near: Ints, place: Ints, draw: Floats) -> None:
    """Swap two stretches that follow each other, or move one place beside one near to it."""
    n = len(now)
    span = min(n - 2, 60)
    i = int(draw[1] * (n - span))
    j = i + int(draw[2] * (span // 2))
    k = j + 1 + int(draw[3] * (span // 2))
    if draw[4] < 0.5:
        _turn(now, i, j)
        _turn(now, j + 1, k)
        _turn(now, i, k)
        return
    for q in range(n):
        place[now[q]] = q
    a = now[i]
    first, last = i, place[near[a, int(draw[2] * near.shape[1])]]
    step = 1 if first < last else -1
    for q in range(first, last, step):
        now[q] = now[q + step]
    now[last] = a
