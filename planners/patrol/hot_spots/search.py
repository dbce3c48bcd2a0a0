"""One stretch of the search: ruin, fill by worth for the way, polish, accept by a falling temperature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.hot_spots.insertion import Flags, fill, replace
from planners.patrol.hot_spots.moves import TINY, Floats, Ints, cross, length, relocate, shorten, swap
from planners.patrol.hot_spots.pack import Words

DRAWS = 9
"""Draws of a step beside one for each place."""
_GOOD = 0.93
"""Tours of plans with this share of the best prize are noted."""
_KNOWN = 16
"""Bits of the place in the table of tours noted lately."""
_ADOPTED = 0.2
"""Share of the steps that put in a tour seen before instead of taking places out."""
_SLACK = 0.3
"""Prize that all time of all tours is worth when states are compared, as a share of the best prize: time left makes room."""


class Ground(NamedTuple):
    """What a search does not change: prizes [n], legs [n, n], places by distance from each [n, n], limit of a tour."""

    prize: Floats
    legs: Floats
    near: Ints
    limit: float


class Tours(NamedTuple):
    """Tours as rows ``start, places..., end`` [units, n + 2], how many places each has, and which places are in none."""

    ways: Ints
    sizes: Ints
    out: Flags

    def copy(self) -> Tours:
        """Return tours of their own arrays."""
        return Tours(self.ways.copy(), self.sizes.copy(), self.out.copy())


class Noted(NamedTuple):
    """Room for tours of good states, their prize and places as bits, and a table of those noted lately."""

    ways: Ints
    sizes: Ints
    worth: Floats
    words: Words
    known: Words


class Pool(NamedTuple):
    """Tours seen before, as rows ``start, places..., end``, and how many places each has."""

    ways: npt.NDArray[np.int32]
    sizes: Ints


def room_for(rows: int, places: int, words: int) -> Noted:
    """Return room for so many tours."""
    return Noted(
        np.zeros((rows, places + 2), np.int64), np.zeros(rows, np.int64), np.zeros(rows),
        np.zeros((rows, words), np.uint64), np.zeros(1 << _KNOWN, np.uint64),
    )  # fmt: skip


@compiled()
def worth_of(tours: Tours, prize: Floats) -> float:
    """Return the prize of all tours."""
    total = 0.0
    for r in range(len(tours.sizes)):
        for i in range(1, tours.sizes[r] + 1):
            total += prize[tours.ways[r, i]]
    return total


@compiled()
def polish(tours: Tours, ground: Ground) -> None:
    """Shorten, fill and replace until nothing helps."""
    ways, sizes, out = tours
    prize, legs, _near, limit = ground
    units, n = len(sizes), len(prize)
    costs, spots, spare = np.empty((units, n)), np.empty((units, n), np.int64), np.empty(n + 2, np.int64)
    lengths, settled = np.empty(units), np.full(units, -1.0)
    while True:
        for r in range(units):
            lengths[r] = length(ways[r], sizes[r], legs)
            if abs(lengths[r] - settled[r]) > TINY:
                shorten(ways[r], sizes[r], legs)
                lengths[r] = settled[r] = length(ways[r], sizes[r], legs)
        shorter = relocate(ways, sizes, lengths, legs, limit)
        shorter = swap(ways, sizes, lengths, legs, limit) or shorter
        shorter = cross(ways, sizes, lengths, legs, limit, spare) or shorter
        if shorter:
            continue
        more = fill(ways, sizes, lengths, out, prize, legs, limit, costs, spots)
        more = replace(ways, sizes, lengths, out, prize, legs, limit) or more
        if not more:
            return


@compiled()
def adopt(tours: Tours, way: npt.NDArray[np.int32], size: int) -> None:
    """Put a tour in for the one that shares most places with it; the others lose the places that it has."""
    ways, sizes, out = tours
    own = np.zeros(len(out), np.bool_)
    for i in range(1, size + 1):
        own[way[i]] = True
    most, to = -1, 0
    for r in range(len(sizes)):
        shared = own[ways[r, 1 : sizes[r] + 1]].sum()
        if shared > most:
            most, to = shared, r
    for r in range(len(sizes)):
        for i in range(1, sizes[r] + 1):
            if r == to or own[ways[r, i]]:
                out[ways[r, i]] = True
    _close(tours)
    ways[to, : size + 2] = way[: size + 2]
    sizes[to] = size
    for i in range(1, size + 1):
        out[way[i]] = False


@compiled()
def _close(tours: Tours) -> None:
    """Close the gaps of the places that are out."""
    ways, sizes, out = tours
    for r in range(len(sizes)):
        kept = 0
        for i in range(1, sizes[r] + 1):
            if not out[ways[r, i]]:
                kept += 1
                ways[r, kept] = ways[r, i]
        ways[r, kept + 1] = ways[r, sizes[r] + 1]
        sizes[r] = kept


@compiled()
def _ruin(tours: Tours, near: Ints, draws: Floats, share: float) -> None:
    """Take places out: at random, a stretch of each tour, or those around one place."""
    ways, sizes, out = tours
    n, units = len(out), len(sizes)
    kind, size, where = int(draws[n] * 3), draws[n + 1] * share, draws[n + 2]
    held = sizes.sum()
    many = min(held, 1 + int(size * held))
    if kind == 0:
        gone, left = many, held
        for r in range(units):
            for i in range(1, sizes[r] + 1):
                if draws[ways[r, i]] * left < gone:
                    out[ways[r, i]] = True
                    gone -= 1
                left -= 1
    elif kind == 1:
        for r in range(units):
            cut = int(draws[r % n] * (1 + size * sizes[r]))
            at = 1 + int(where * (sizes[r] - cut + 1))
            out[ways[r, at : at + cut]] = True
    else:
        made = np.zeros(n, np.bool_)
        for r in range(units):
            made[ways[r, 1 : sizes[r] + 1]] = True
        for place in near[int(where * n)]:
            if made[place]:
                out[place] = True
                many -= 1
                if many <= 0:
                    break
    _close(tours)


@compiled()
def _refill(tours: Tours, ground: Ground, draws: Floats, step: int) -> None:
    """Insert by worth for the way, with a power of the prize and noise that are drawn."""
    ways, sizes, out = tours
    prize, legs, _near, limit = ground
    units, n = len(sizes), len(prize)
    lengths, weight = np.empty(units), np.zeros(n)
    for r in range(units):
        lengths[r] = length(ways[r], sizes[r], legs)
    power, noise = 0.3 + 1.7 * draws[n + 3], 0.6 * draws[n + 4]
    for u in range(n):
        if out[u]:
            weight[u] = prize[u] ** power * (1.0 + noise * draws[(7 * u + step) % n])
    # A far hot spot of great prize is never the best for its way: half of the time one that is out goes in first.
    if draws[n + 5] < 0.5:
        weight[int(2 * n * draws[n + 5])] = 1e15
    fill(ways, sizes, lengths, out, weight, legs, limit, np.empty((units, n)), np.empty((units, n), np.int64))


@compiled()
def _note(tours: Tours, prize: Floats, seen: Noted, noted: int) -> int:
    for r in range(len(tours.sizes)):
        size = tours.sizes[r]
        if noted == len(seen.sizes) or size == 0:
            continue
        words = seen.words[noted]
        words[:] = 0
        for i in range(1, size + 1):
            words[tours.ways[r, i] // 64] |= np.uint64(1) << np.uint64(tours.ways[r, i] % 64)
        sign = np.uint64(0)
        for word in words:
            sign = (sign ^ word) * np.uint64(0x9E3779B97F4A7C15)
        at = np.int64(sign >> np.uint64(64 - _KNOWN))
        if seen.known[at] == sign:
            continue
        seen.known[at] = sign
        seen.ways[noted], seen.sizes[noted] = tours.ways[r], size
        seen.worth[noted] = prize[tours.ways[r, 1 : size + 1]].sum()
        noted += 1
    return noted


@compiled()
def _energy(tours: Tours, ground: Ground, price: float) -> float:
    total = worth_of(tours, ground.prize)
    for r in range(len(tours.sizes)):
        total -= price * length(tours.ways[r], tours.sizes[r], ground.legs)
    return total


@compiled()
def stretch(
    tours: Tours, best: Tours, ground: Ground, draws: Floats, hot: Floats, share: float, pool: Pool, seen: Noted
) -> int:
    """Search from ``tours``, which are left at the accepted state; return how many tours were noted in ``seen``.

    Parameters
    ----------
    best
        Tours with the most prize; better ones are put there.
    draws
        float64[steps, n + DRAWS] in [0, 1).
    hot
        float64[steps], the temperature of each step as a share of the prize.
    share
        Places that a step takes out at most, as a share of all in tours.
    pool
        Tours seen before.
    """
    prize = ground.prize
    n, units, held = len(prize), len(tours.sizes), len(pool.sizes)
    trial = Tours(tours.ways.copy(), tours.sizes.copy(), tours.out.copy())
    top = worth_of(best, prize)
    price = _SLACK * top / (units * ground.limit)
    energy = _energy(tours, ground, price)
    noted = 0
    for step in range(len(draws)):
        _put(trial, tours)
        if held and draws[step, n + 7] < _ADOPTED:
            row = int(draws[step, n + 8] * held)
            adopt(trial, pool.ways[row], pool.sizes[row])
        else:
            _ruin(trial, ground.near, draws[step], share)
        _refill(trial, ground, draws[step], step)
        polish(trial, ground)
        worth = worth_of(trial, prize)
        if worth >= _GOOD * top:
            noted = _note(trial, prize, seen, noted)
        now = _energy(trial, ground, price)
        if now >= energy or draws[step, n + 6] < np.exp((now - energy) / max(hot[step] * worth, 1e-9)):
            energy = now
            _put(tours, trial)
        if worth > top + TINY:
            top = worth
            _put(best, trial)
    return noted


@compiled()
def _put(into: Tours, tours: Tours) -> None:
    into.ways[:], into.sizes[:], into.out[:] = tours.ways, tours.sizes, tours.out
