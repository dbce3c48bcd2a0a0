"""Moves that collect more: places that are out go in, alone or for one that is worth less."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.hot_spots.moves import TINY, Floats, Ints, put, take

Flags = npt.NDArray[np.bool_]


@compiled()
def _cheapest(way: Ints, size: int, legs: Floats, place: int) -> tuple[float, int]:
    best, at = np.inf, -1
    for j in range(size + 1):
        x, y = way[j], way[j + 1]
        more = legs[x, place] + legs[place, y] - legs[x, y]
        if more < best:
            best, at = more, j
    return best, at


@compiled()
def fill(
    ways: Ints, sizes: Ints, lengths: Floats, out: Flags, weight: Floats, legs: Floats, limit: float,
    costs: Floats, spots: Ints,
) -> bool:  # fmt: skip
    """Insert places that are ``out`` where ``weight / seconds`` is largest, while any fits.

    ``costs`` and ``spots`` [units, n] are room for the cheapest insertion of each place into each tour.
    """
    units = len(sizes)
    away = np.flatnonzero(out)
    for r in range(units):
        for u in away:
            costs[r, u], spots[r, u] = _cheapest(ways[r], sizes[r], legs, int(u))
    added = False
    while True:
        place, to = _worthiest(lengths, out, away, weight, limit, costs)
        if place < 0:
            return added
        at = spots[to, place]
        put(ways[to], sizes, to, at, place)
        lengths[to] += costs[to, place]
        out[place] = False
        added = True
        _look_again(ways[to], sizes[to], out, away, legs, at, costs[to], spots[to])


@compiled()
def _worthiest(lengths: Floats, out: Flags, away: Ints, weight: Floats, limit: float, costs: Floats) -> tuple[int, int]:
    best, place, to = -1.0, -1, -1
    for u in away:
        if not out[u]:
            continue
        cost, r_of = np.inf, -1
        for r in range(len(lengths)):
            if costs[r, u] < cost and costs[r, u] <= limit - lengths[r]:
                cost, r_of = costs[r, u], r
        if r_of >= 0:
            worth = weight[u] / (max(cost, 0.0) + 1e-3)
            if worth > best:
                best, place, to = worth, u, r_of
    return place, to


@compiled()
def _look_again(
    way: Ints, size: int, out: Flags, away: Ints, legs: Floats, at: int, costs: Floats, spots: Ints
) -> None:
    """Correct the cheapest insertions into a tour in which a place was put behind the one at ``at``."""
    x, place, y = way[at], way[at + 1], way[at + 2]
    for u in away:
        if not out[u]:
            continue
        if spots[u] == at:
            costs[u], spots[u] = _cheapest(way, size, legs, int(u))
            continue
        if spots[u] > at:
            spots[u] += 1
        left = legs[x, u] + legs[u, place] - legs[x, place]
        if left < costs[u]:
            costs[u], spots[u] = left, at
        right = legs[place, u] + legs[u, y] - legs[place, y]
        if right < costs[u]:
            costs[u], spots[u] = right, at + 1


@compiled()
def replace(ways: Ints, sizes: Ints, lengths: Floats, out: Flags, prize: Floats, legs: Floats, limit: float) -> bool:
    """Put a place that is ``out`` in for one that is worth less, or as much and takes longer."""
    changed = False
    price = np.empty(3)
    spot = np.empty(3, np.int64)
    for u in np.flatnonzero(out):
        best, r_of, i_of, j_of, more = TINY, -1, -1, -1, 0.0
        for r in range(len(sizes)):
            # The three cheapest insertions: at most two of them touch the place that goes.
            price[:], spot[:] = np.inf, -1
            for j in range(sizes[r] + 1):
                x, y = ways[r, j], ways[r, j + 1]
                cost = legs[x, u] + legs[u, y] - legs[x, y]
                if cost < price[2]:
                    k = 2
                    while k > 0 and cost < price[k - 1]:
                        price[k], spot[k] = price[k - 1], spot[k - 1]
                        k -= 1
                    price[k], spot[k] = cost, j
            for i in range(1, sizes[r] + 1):
                v = ways[r, i]
                if prize[v] > prize[u]:
                    continue
                a, b = ways[r, i - 1], ways[r, i + 1]
                gone = legs[a, v] + legs[v, b] - legs[a, b]
                cost, at = legs[a, u] + legs[u, b] - legs[a, b], i - 1
                for k in range(3):
                    if spot[k] != i - 1 and spot[k] != i:
                        if price[k] < cost:
                            cost, at = price[k], spot[k]
                        break
                if lengths[r] - gone + cost <= limit:
                    # A step of prize counts before all seconds: those are scaled below it.
                    gain = prize[u] - prize[v] + 1e-4 * (gone - cost) / max(limit, 1.0)
                    if gain > best:
                        best, r_of, i_of, j_of, more = gain, r, i, at, cost - gone
        if r_of >= 0:
            v = ways[r_of, i_of]
            take(ways[r_of], sizes, r_of, i_of)
            put(ways[r_of], sizes, r_of, j_of if j_of < i_of else j_of - 1, int(u))
            lengths[r_of] += more
            out[v], out[u] = True, False
            changed = True
    return changed
