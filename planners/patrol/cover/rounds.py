"""Closed rounds as arrays: the order of their points, who begins where on them and when, and what cover needs to know of the streets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.guess.offsets import drawn_begins, pushed_begins
from planners.patrol.problem import NO_WAY

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FURTHER = 6
"""Times as far that begins are pushed where they do not fit at first."""


class Ground(NamedTuple):
    """What no change touches. Places are posts, then points.

    ``legs`` int32[kinds, places, places]; ``dwell``, ``gap``, ``least``, ``since`` int64[points]; ``near`` int32[kinds, points, k], points by
    rising way; ``leaves``, ``returns``, ``kind`` int64[crews], posts and kind of each unit; ``first`` int64[places + 1] and ``reached`` int32[...],
    demand reached from each place; ``calls`` float64[moments, demand], shares of all calls; ``at`` float64[moments], seconds.
    """

    legs: npt.NDArray[np.int32]
    dwell: Ints
    gap: Ints
    least: Ints
    since: Ints
    near: npt.NDArray[np.int32]
    leaves: Ints
    returns: Ints
    kind: Ints
    first: Ints
    reached: npt.NDArray[np.int32]
    calls: Floats
    at: Floats
    posts: int
    shift: int


class Rounds(NamedTuple):
    """Rounds r and their units u, in the order of the arrays; a unit walks ``stops`` points of the round's order from position ``start`` on.

    ``order`` int64[r, points], ``size``, ``kind``, ``units``, ``travel`` int64[r]; ``start``, ``stops``, ``crew`` int64[r, u]; ``begin``
    int64[r, u, visits]; ``place`` int64[r, u, moments], where the unit counts.
    """

    order: Ints
    size: Ints
    kind: Ints
    units: Ints
    travel: Ints
    start: Ints
    stops: Ints
    crew: Ints
    begin: Ints
    place: Ints


def empty(rounds: int, points: int, units: int, visits: int, moments: int) -> Rounds:
    """Return room for rounds of at most so many points, units and visits a unit."""
    return Rounds(
        order=np.zeros((rounds, points), np.int64), size=np.zeros(rounds, np.int64), kind=np.zeros(rounds, np.int64),
        units=np.zeros(rounds, np.int64), travel=np.zeros(rounds, np.int64), start=np.zeros((rounds, units), np.int64),
        stops=np.zeros((rounds, units), np.int64), crew=np.zeros((rounds, units), np.int64),
        begin=np.zeros((rounds, units, visits), np.int64), place=np.zeros((rounds, units, moments), np.int64),
    )  # fmt: skip


@compiled()
def copied(source: Rounds, i: int, target: Rounds, j: int) -> None:
    """Copy a round to another row; where its units are is not copied."""
    n, k = source.size[i], source.units[i]
    target.size[j], target.units[j], target.kind[j], target.travel[j] = n, k, source.kind[i], source.travel[i]
    target.order[j, :n] = source.order[i, :n]
    for u in range(k):
        m = source.stops[i, u]
        target.start[j, u], target.stops[j, u], target.crew[j, u] = source.start[i, u], m, source.crew[i, u]
        target.begin[j, u, :m] = source.begin[i, u, :m]


@compiled()
def travelled(ground: Ground, rounds: Rounds, r: int) -> int:
    """Return the seconds that the units of a round drive, ``NO_WAY`` or more where they cannot."""
    legs, posts, n = ground.legs[rounds.kind[r]], ground.posts, rounds.size[r]
    total = 0
    for u in range(rounds.units[r]):
        here = ground.leaves[rounds.crew[r, u]]
        for j in range(rounds.stops[r, u]):
            there = posts + rounds.order[r, (rounds.start[r, u] + j) % n]
            total += legs[here, there]
            here = there
        total += legs[here, ground.returns[rounds.crew[r, u]]]
    return int(total)


class Bounds(NamedTuple):
    """What the begins of a round's visits must keep, int64[visits] each, unit by unit; see ``guess.offsets.Freedom``.

    ``spot`` is the position of each visit in the order of the round.
    """

    begin: Ints
    low: Ints
    high: Ints
    before: Ints
    after: Ints
    lag: Ints
    earlier: Ints
    later: Ints
    gap: Ints
    least: Ints
    spot: Ints


@compiled()
def _along_routes(ground: Ground, rounds: Rounds, r: int) -> Bounds:
    """Write down what ways, dwells and the shift ask of the visits of a round."""
    legs, posts, n = ground.legs[rounds.kind[r]], ground.posts, rounds.size[r]
    total = 0
    for u in range(rounds.units[r]):
        total += rounds.stops[r, u]
    zero, none = np.zeros(total, np.int64), np.full(total, -1)
    b = Bounds(
        zero, zero.copy(), zero.copy(), none, none.copy(), zero.copy(), none.copy(), none.copy(), zero.copy(),
        zero.copy(), zero.copy(),
    )  # fmt: skip
    i = 0
    for u in range(rounds.units[r]):
        here = ground.leaves[rounds.crew[r, u]]
        for j in range(rounds.stops[r, u]):
            b.spot[i] = (rounds.start[r, u] + j) % n
            point = rounds.order[r, b.spot[i]]
            way = int(legs[here, posts + point])
            b.begin[i], b.gap[i], b.least[i] = rounds.begin[r, u, j], ground.gap[point], ground.least[point]
            b.high[i] = ground.shift - ground.dwell[point]
            if j == 0:
                b.low[i] = way
            else:
                b.before[i], b.after[i - 1] = i - 1, i
                b.lag[i - 1] = way + ground.dwell[rounds.order[r, b.spot[i - 1]]]
            here = posts + point
            i += 1
        b.high[i - 1] -= int(legs[here, ground.returns[rounds.crew[r, u]]])
    return b


@compiled()
def _by_point(ground: Ground, rounds: Rounds, r: int, b: Bounds) -> bool:
    """Add what the gaps ask of the visits of each point, in the order of their begins; return whether all points are visited."""
    last = np.full(rounds.size[r], -1)
    for i in np.argsort(b.begin):
        point = rounds.order[r, b.spot[i]]
        if last[b.spot[i]] >= 0:
            b.earlier[i], b.later[last[b.spot[i]]] = last[b.spot[i]], i
        else:
            b.high[i] = min(b.high[i], ground.gap[point] - ground.since[point])
        last[b.spot[i]] = i
    for p in range(len(last)):
        if last[p] < 0:
            return False
        b.low[last[p]] = max(b.low[last[p]], ground.shift - ground.gap[rounds.order[r, p]] + 1)
    return True


@compiled()
def _least(b: Bounds, by: int) -> tuple[Ints, bool]:
    return pushed_begins(b.begin - by, b.low, b.high, b.after, b.lag, b.later, b.gap, b.least)


@compiled()
def _greatest(b: Bounds, by: int) -> tuple[Ints, bool]:
    """Return the greatest begins up to ``by`` later than now that fit: the least with time turned round."""
    lag = np.zeros(len(b.begin), np.int64)
    for i in range(len(lag)):
        if b.before[i] >= 0:
            lag[i] = b.lag[b.before[i]]
    found, fits = pushed_begins(-b.begin - by, -b.high, -b.low, b.before, lag, b.earlier, b.gap, b.least)
    return -found, fits


@compiled()
def timed(ground: Ground, rounds: Rounds, r: int, by: int, share: float, who: Ints, luck: Floats) -> bool:
    """Move the begins of a round until they keep everything, each by about ``by`` at most where that is enough; return whether they do.

    They are taken at ``share`` of the way between the least and the greatest that fit; then those numbered ``who`` are redrawn one by one.
    """
    b = _along_routes(ground, rounds, r)
    if not _by_point(ground, rounds, r, b):
        return False
    found, fits = _least(b, by)
    if not fits:
        by *= _FURTHER
        found, fits = _least(b, by)
        if not fits:
            return False
    if share > 0:
        other, fits = _greatest(b, by)
        if fits:
            # Differences with whole bounds hold for the whole part of every mean of begins that keep them.
            found = found + np.floor(share * (other - found)).astype(np.int64)
    if len(who):
        found = drawn_begins(
            found, b.low, b.high, b.before, b.after, b.lag, b.earlier, b.later, b.gap, b.least, who % len(found), luck
        )
    i = 0
    for u in range(rounds.units[r]):
        m = rounds.stops[r, u]
        rounds.begin[r, u, :m] = found[i : i + m]
        i += m
    return True


@compiled()
def placed(ground: Ground, rounds: Rounds, r: int) -> None:
    """Fill where each unit of a round counts at each moment; one under way counts at its start for the first half, then at its end."""
    legs, posts, n, moments = ground.legs[rounds.kind[r]], ground.posts, rounds.size[r], len(ground.at)
    for u in range(rounds.units[r]):
        crew, m = rounds.crew[r, u], 0
        here = ground.leaves[crew]
        out = float(rounds.begin[r, u, 0] - legs[here, posts + rounds.order[r, rounds.start[r, u]]])
        for j in range(rounds.stops[r, u] + 1):
            there = ground.returns[crew]
            if j < rounds.stops[r, u]:
                there = posts + rounds.order[r, (rounds.start[r, u] + j) % n]
            half = out + 0.5 * legs[here, there]
            while m < moments and ground.at[m] < half:
                rounds.place[r, u, m] = here
                m += 1
            here = there
            if j < rounds.stops[r, u]:
                out = float(rounds.begin[r, u, j] + ground.dwell[there - posts])
        rounds.place[r, u, m:] = here


@compiled()
def exchanged(ground: Ground, counts: npt.NDArray[np.int16], old: Ints, new: Ints) -> float:
    """Let a unit be elsewhere, int64[moments] each, and return by how much the share of calls in reach grows."""
    gain = 0.0
    for m in range(len(old)):
        here, there = old[m], new[m]
        if here == there:
            continue
        for e in range(ground.first[there], ground.first[there + 1]):
            d = ground.reached[e]
            if counts[m, d] == 0:
                gain += ground.calls[m, d]
            counts[m, d] += 1
        for e in range(ground.first[here], ground.first[here + 1]):
            d = ground.reached[e]
            counts[m, d] -= 1
            if counts[m, d] == 0:
                gain -= ground.calls[m, d]
    return gain


@compiled()
def reposted(ground: Ground, rounds: Rounds, r: int, u: int, busy: npt.NDArray[np.bool_], blur: Floats) -> None:
    """Give a unit's part of a round to the free unit that drives least for it, ways taken ``blur`` float64[crews] times as long."""
    legs, posts = ground.legs[rounds.kind[r]], ground.posts
    first = posts + rounds.order[r, rounds.start[r, u]]
    last = posts + rounds.order[r, (rounds.start[r, u] + rounds.stops[r, u] - 1) % rounds.size[r]]
    own, best = rounds.crew[r, u], float(NO_WAY)
    found = own
    for c in range(len(busy)):
        if ground.kind[c] == rounds.kind[r] and (c == own or not busy[c]):
            way = (float(legs[ground.leaves[c], first]) + float(legs[last, ground.returns[c]])) * blur[c]
            if way < best:
                best, found = way, c
    busy[own] = False
    busy[found] = True
    rounds.crew[r, u] = found
