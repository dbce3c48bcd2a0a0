"""Moves within and between tours that shorten them, or that collect more: compiled, first improvement."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
TINY = 1e-9


@compiled()
def length(tour: Ints, size: int, legs: Floats, start: int, end: int) -> float:
    """Return the seconds of a tour of ``size`` places between start and end."""
    if size == 0:
        return float(legs[start, end])
    total = legs[start, tour[0]] + legs[tour[size - 1], end]
    for i in range(size - 1):
        total += legs[tour[i], tour[i + 1]]
    return float(total)


@compiled()
def taken(tours: Ints, sizes: Ints, r: int, i: int) -> int:
    """Take the i-th place out of tour r and return it."""
    place = tours[r, i]
    for k in range(i, sizes[r] - 1):
        tours[r, k] = tours[r, k + 1]
    sizes[r] -= 1
    return int(place)


@compiled()
def put(tours: Ints, sizes: Ints, r: int, i: int, place: int) -> None:
    """Put a place before the i-th of tour r."""
    for k in range(sizes[r], i, -1):
        tours[r, k] = tours[r, k - 1]
    tours[r, i] = place
    sizes[r] += 1


@compiled()
def around(tours: Ints, sizes: Ints, r: int, i: int, start: int, end: int) -> tuple[int, int]:
    """Return the places before and after the i-th of tour r."""
    before = start if i == 0 else tours[r, i - 1]
    after = end if i == sizes[r] - 1 else tours[r, i + 1]
    return int(before), int(after)


@compiled()
def shorten(tours: Ints, sizes: Ints, r: int, legs: Floats, start: int, end: int) -> bool:
    """Reverse parts of one tour (2-opt on lengths both ways) and move chains of up to three places while that shortens it."""
    changed, again = False, True
    tour = tours[r]
    trial = np.empty_like(tour)
    while again:
        again = False
        size = sizes[r]
        for i in range(size):
            inner = 0.0
            back = 0.0
            before = start if i == 0 else tour[i - 1]
            for j in range(i + 1, size):
                inner += legs[tour[j - 1], tour[j]]
                back += legs[tour[j], tour[j - 1]]
                after = end if j == size - 1 else tour[j + 1]
                gain = legs[before, tour[i]] + inner + legs[tour[j], after]
                if legs[before, tour[j]] + back + legs[tour[i], after] < gain - TINY:
                    tour[i : j + 1] = tour[i : j + 1][::-1].copy()
                    again = True
                    break
            if again:
                break
        if not again:
            again = _chain(tour, size, legs, start, end, trial)
        changed = changed or again
    return changed


@compiled()
def _chain(tour: Ints, size: int, legs: Floats, start: int, end: int, trial: Ints) -> bool:
    for chain in range(1, 4):
        for i in range(size - chain + 1):
            before = start if i == 0 else tour[i - 1]
            after = end if i + chain == size else tour[i + chain]
            gain = legs[before, tour[i]] + legs[tour[i + chain - 1], after] - legs[before, after]
            best, at = gain - TINY, -1
            for j in range(size - chain + 1):
                if j == i:
                    continue
                # Position j of what is left when the chain is out.
                left = start if j == 0 else tour[j - 1 if j - 1 < i else j - 1 + chain]
                right = end if j == size - chain else tour[j if j < i else j + chain]
                cost = legs[left, tour[i]] + legs[tour[i + chain - 1], right] - legs[left, right]
                if cost < best:
                    best, at = cost, j
            if at >= 0:
                k = 0
                for x in range(size - chain + 1):
                    if x == at:
                        for y in range(chain):
                            trial[k] = tour[i + y]
                            k += 1
                    if x < size - chain:
                        trial[k] = tour[x if x < i else x + chain]
                        k += 1
                tour[:size] = trial[:size]
                return True
    return False


@compiled()
def relocate(tours: Ints, sizes: Ints, lengths: Floats, legs: Floats, start: int, end: int, limit: float) -> bool:
    """Move single places to other tours where that shortens the whole."""
    changed = False
    units = len(sizes)
    for r in range(units):
        i = 0
        while i < sizes[r]:
            place = tours[r, i]
            before, after = around(tours, sizes, r, i, start, end)
            gain = legs[before, place] + legs[place, after] - legs[before, after]
            best, to, at = gain - TINY, -1, -1
            for s in range(units):
                if s == r:
                    continue
                for j in range(sizes[s] + 1):
                    x = start if j == 0 else tours[s, j - 1]
                    y = end if j == sizes[s] else tours[s, j]
                    cost = legs[x, place] + legs[place, y] - legs[x, y]
                    if cost < best and lengths[s] + cost <= limit:
                        best, to, at = cost, s, j
            if to < 0:
                i += 1
                continue
            taken(tours, sizes, r, i)
            lengths[r] -= gain
            put(tours, sizes, to, at, place)
            lengths[to] += best
            changed = True
    return changed


@compiled()
def swap(tours: Ints, sizes: Ints, lengths: Floats, legs: Floats, start: int, end: int, limit: float) -> bool:
    """Swap places of two tours where that shortens the whole."""
    changed = False
    for r in range(len(sizes)):
        for s in range(r + 1, len(sizes)):
            for i in range(sizes[r]):
                for j in range(sizes[s]):
                    one, other = tours[r, i], tours[s, j]
                    a, b = around(tours, sizes, r, i, start, end)
                    x, y = around(tours, sizes, s, j, start, end)
                    here = legs[a, other] + legs[other, b] - legs[a, one] - legs[one, b]
                    there = legs[x, one] + legs[one, y] - legs[x, other] - legs[other, y]
                    fits = lengths[r] + here <= limit and lengths[s] + there <= limit
                    if here + there < -TINY and fits:
                        tours[r, i], tours[s, j] = other, one
                        lengths[r] += here
                        lengths[s] += there
                        changed = True
    return changed


@compiled()
def fill(
    tours: Ints, sizes: Ints, lengths: Floats, out: Flags, prize: Floats, legs: Floats, start: int, end: int,
    limit: float, power: float, noise: Floats,
) -> bool:  # fmt: skip
    """Insert places that are ``out`` where ``prize ** power / seconds`` is largest, while any fits."""
    added = False
    while True:
        best, place, to, at, price = -1.0, -1, -1, -1, 0.0
        for u in np.flatnonzero(out):
            cost, r_of, j_of = np.inf, -1, -1
            for r in range(len(sizes)):
                room = limit - lengths[r]
                for j in range(sizes[r] + 1):
                    x = start if j == 0 else tours[r, j - 1]
                    y = end if j == sizes[r] else tours[r, j]
                    more = legs[x, u] + legs[u, y] - legs[x, y]
                    if more < cost and more <= room:
                        cost, r_of, j_of = more, r, j
            if r_of >= 0:
                worth = prize[u] ** power / (max(cost, 0.0) + 1e-3) * noise[u]
                if worth > best:
                    best, place, to, at, price = worth, int(u), r_of, j_of, cost
        if place < 0:
            return added
        put(tours, sizes, to, at, place)
        lengths[to] += price
        out[place] = False
        added = True


@compiled()
def replace(
    tours: Ints, sizes: Ints, lengths: Floats, out: Flags, prize: Floats, legs: Floats, start: int, end: int,
    limit: float,
) -> bool:  # fmt: skip
    """Put a place that is ``out`` in for one that is worth less, or as much and takes longer."""
    changed = False
    for u in np.flatnonzero(out):
        best, r_of, i_of, j_of, price = TINY, -1, -1, -1, 0.0
        for r in range(len(sizes)):
            for i in range(sizes[r]):
                v = tours[r, i]
                if prize[v] > prize[u]:
                    continue
                a, b = around(tours, sizes, r, i, start, end)
                gone = legs[a, v] + legs[v, b] - legs[a, b]
                cost, at = legs[a, u] + legs[u, b] - legs[a, b], i
                for j in range(sizes[r] + 1):
                    if j in (i, i + 1):
                        continue
                    x = start if j == 0 else tours[r, j - 1]
                    y = end if j == sizes[r] else tours[r, j]
                    more = legs[x, u] + legs[u, y] - legs[x, y]
                    if more < cost:
                        cost, at = more, j
                if lengths[r] - gone + cost <= limit:
                    # A step of prize counts before all seconds: those are scaled below it.
                    gain = prize[u] - prize[v] + 1e-4 * (gone - cost) / max(limit, 1.0)
                    if gain > best:
                        best, r_of, i_of, j_of, price = gain, r, i, at, cost - gone
        if r_of >= 0:
            v = taken(tours, sizes, r_of, i_of)
            put(tours, sizes, r_of, j_of if j_of <= i_of else j_of - 1, int(u))
            lengths[r_of] += price
            out[v], out[u] = True, False
            changed = True
    return changed
