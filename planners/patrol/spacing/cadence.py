"""From a closed round and its units to times: the earliest that keep all gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.plan import SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Ints = npt.NDArray[np.int64]

_FAR = 1 << 40
_SWEEPS = 60
"""Passes over a round after which its times do not settle."""
_EASE = 60
"""Seconds to spare from which on shorter ways count more than more time to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A closed round: points in order, and how many units of which kind follow each other on it."""

    points: tuple[int, ...]
    units: int
    kind: int


def round_seconds(problem: SpacingProblem, points: tuple[int, ...], kind: int) -> int:
    """Return the length of a closed round: dwell and travel."""
    places = np.array(points, np.int64) + problem.posts
    return int(problem.dwell[list(points)].sum()) + int(
        problem.seconds[kind, places, np.roll(places, -1)].astype(np.int64).sum()
    )


@compiled()
def _count(cuts: Ints, along: Ints, gap: int, shift: int, visits: Ints) -> int:
    """Fill how often each stop is visited when its unit begins at once; return the most."""
    n, k = len(visits), len(cuts)
    most = 1
    for s in range(k):
        low = cuts[s]
        high = cuts[(s + 1) % k] + (n if s == k - 1 else 0)
        for j in range(low, high):
            i = j % n
            phase = 1 + along[i] - along[low] + (along[n] if j >= n else 0)
            rest = shift - gap - phase
            visits[i] = 1 if rest < 0 else rest // gap + 2
        most = max(most, visits[low])
    for i in range(n):
        visits[i] = max(visits[i], most - 1, 1)
    return int(most)


@compiled()
def _raise(
    cuts: Ints, dwell: Ints, legs: Ints, gap: int, least: Ints, into: Ints, visits: Ints, times: npt.NDArray[np.int64],
    most: int,
) -> bool:  # fmt: skip
    """Raise times to what the ways, the least gaps and the gaps ask for, once along the round; return whether one rose."""
    n, k = len(dwell), len(cuts)
    moved = False
    for w in range(most):
        for s in range(k):
            low = cuts[s]
            high = cuts[(s + 1) % k] + (n if s == k - 1 else 0)
            for j in range(low, high):
                i, b = j % n, (j - 1) % n
                if w >= visits[i]:
                    break
                early = into[s]
                if j > low:
                    early = times[w, b] + dwell[b] + legs[b]
                elif w > 0:
                    early = times[w - 1, b] + dwell[b] + legs[b]
                if w > 0:
                    early = max(early, times[w - 1, i] + least[i])
                if early > times[w, i]:
                    times[w, i] = early
                    moved = True
    for w in range(most - 2, -1, -1):
        for i in range(n):
            if w + 1 < visits[i] and times[w + 1, i] - gap > times[w, i]:
                times[w, i] = times[w + 1, i] - gap
                moved = True
    return moved


@compiled()
def settle(
    cuts: Ints, along: Ints, dwell: Ints, legs: Ints, since: Ints, gap: int, least: Ints, shift: int, into: Ints,
    home: Ints, crew: Ints, visits: Ints, times: npt.NDArray[np.int64],
) -> int:  # fmt: skip
    """Fill the earliest begins ``times[visit, stop]`` that keep all gaps; return by how many seconds the worst stop is late.

    The u-th unit begins at stop ``cuts[u]`` (rising) and takes one stretch between cuts after the other; a stretch is taken the first
    time by its own unit, the next time by the unit before it. ``legs[i]`` leads from stop i to the next, ``along`` is the time on
    the way from stop 0, ``into[u]`` the way from a post, ``home[i, crew[u]]`` to a post. 0 or less where everything is in time.
    """
    n, k = len(dwell), len(cuts)
    most = _count(cuts, along, gap, shift, visits)
    if most > times.shape[0]:
        return _FAR
    for w in range(most):
        for i in range(n):
            times[w, i] = shift - gap + 1 if w == visits[i] - 1 else 0
    sweeps = 0
    while _raise(cuts, dwell, legs, gap, least, into, visits, times, most):
        sweeps += 1
        if sweeps > _SWEEPS:
            return _FAR
    late = -_FAR
    for i in range(n):
        late = max(late, times[0, i] - gap + since[i])
    for u in range(k):
        i = _final(cuts, visits, n, most, u)
        late = max(late, times[most - 1, i] + dwell[i] + home[i, crew[u]] - shift)
    return int(late)


@compiled()
def _final(cuts: Ints, visits: Ints, n: int, most: int, unit: int) -> int:
    """Return the stop at which a unit ends."""
    k = len(cuts)
    s = (unit + most - 1) % k
    j = cuts[s]
    high = cuts[(s + 1) % k] + (n if s == k - 1 else 0)
    while j + 1 < high and visits[(j + 1) % n] >= most:
        j += 1
    return int(j % n)


@compiled()
def best_cuts(
    k: int, along: Ints, dwell: Ints, legs: Ints, since: Ints, gap: int, least: Ints, shift: int, out: Ints, home: Ints,
    free: Ints, price: Ints, times: npt.NDArray[np.int64],
) -> tuple[int, Ints, Ints]:  # fmt: skip
    """Return the lateness, the cuts, and the type of each unit of the timing that fits best.

    ``out[t, i]`` and ``home[i, t]`` are the ways between stop i and the posts of units of type t, of which ``free[t]`` are left.
    Where time is to spare, the shortest ways are taken; ``price[t]`` seconds are added to ways of type t.
    """
    n, types = len(dwell), len(free)
    visits = np.empty(n, np.int64)
    cuts, crew = np.zeros(k, np.int64), np.zeros(k, np.int64)
    into = np.zeros(k, np.int64)
    kept_cuts, kept_crew = cuts.copy(), crew.copy()
    late, ways = _FAR, _FAR
    rest = shift - gap - 1
    most = 1 if rest < 0 else rest // gap + 2
    loose = min(k - 1, 3)
    left = free.copy()
    for first in range(min(n, (n + k - 1) // k + 1)):
        for choice in range(3**loose):
            cuts[0] = first
            code = choice
            good = True
            for u in range(1, k):
                target = along[first] + along[n] * u // k
                j = cuts[u - 1] + 1
                while j < n and along[j] < target:
                    j += 1
                if u <= loose:
                    j += code % 3 - 1
                    code //= 3
                if j <= cuts[u - 1] or j >= n:
                    good = False
                    break
                cuts[u] = j
            if not good:
                continue
            total = 0
            left[:] = free
            for u in range(k):
                # Where a last stretch is left early, the end is nearer than this; the times are exact.
                s = (u + most - 1) % k
                end = (cuts[(s + 1) % k] - 1) % n
                best = _FAR
                for t in range(types):
                    way = out[t, cuts[u]] + home[end, t] + price[t]
                    if left[t] > 0 and way < best:
                        best = way
                        crew[u] = t
                if best >= NO_WAY:
                    good = False
                    break
                left[crew[u]] -= 1
                total += best
                into[u] = out[crew[u], cuts[u]]
            if not good:
                continue
            found = settle(cuts, along, dwell, legs, since, gap, least, shift, into, home, crew, visits, times)
            rank = max(found, -_EASE)
            if rank < late or (rank == late and total < ways):
                late, ways = rank, total
                kept_cuts[:] = cuts
                kept_crew[:] = crew
    return int(late), kept_cuts, kept_crew


@compiled()
def swapped(
    cuts: Ints, along: Ints, dwell: Ints, legs: Ints, since: Ints, gap: int, least: Ints, shift: int, out: Ints, home: Ints,
    crew: Ints, times: npt.NDArray[np.int64],
) -> Ints:  # fmt: skip
    """Return the lateness int64[units, pools] of a round where one unit is of another pool."""
    k, pools = len(cuts), len(out)
    visits = np.empty(len(dwell), np.int64)
    late = np.empty((k, pools), np.int64)
    into, new = np.empty(k, np.int64), crew.copy()
    for u in range(k):
        into[u] = out[crew[u], cuts[u]]
    for u in range(k):
        for t in range(pools):
            new[u] = t
            into[u] = out[t, cuts[u]]
            late[u, t] = settle(cuts, along, dwell, legs, since, gap, least, shift, into, home, new, visits, times)
        new[u] = crew[u]
        into[u] = out[crew[u], cuts[u]]
    return late


def routes_of(
    problem: SpacingProblem, item: Round, crew: list[tuple[int, int]], cuts: Ints, *, visits: Ints, times: Ints
) -> list[SpacedRoute]:
    """Return the routes of the units of a round; ``crew`` are the type and number of each, the rest is as in ``settle``."""
    points = np.array(item.points, np.int64)
    n, k = len(points), len(cuts)
    stretches = [np.arange(cuts[s], cuts[s + 1] if s < k - 1 else cuts[0] + n) % n for s in range(k)]
    routes = []
    for u, (vehicle, unit) in enumerate(crew):
        stops, begins = [], []
        for w in range(int(visits.max())):
            held = stretches[(u + w) % k]
            held = held[visits[held] > w]
            stops.append(points[held])
            begins.append(times[w, held])
        kind = problem.vehicles[vehicle]
        at = np.concatenate(stops)
        routes.append(
            timed_route(
                problem, vehicle=vehicle, unit=unit, points=at, tasks=np.full(len(at), -1),
                begins=np.concatenate(begins), legs=problem.seconds[item.kind].astype(np.int64),
                start=kind.start_post, end=kind.end_post,
            )
        )  # fmt: skip
    return routes


def timed_route(
    problem: SpacingProblem, *, vehicle: int, unit: int, points: Ints, tasks: Ints, begins: Ints, legs: Ints,
    start: int, end: int,
) -> SpacedRoute:  # fmt: skip
    """Return the route with arrivals and departures that follow from its begins."""
    places = points + problem.posts
    dwell = np.array(
        [problem.dwell[p] if t < 0 else problem.appointments[t].dwell for p, t in zip(points, tasks, strict=True)],
        np.int64,
    )
    departure = begins + dwell
    arrival = begins.copy()
    arrival[1:] = departure[:-1] + legs[places[:-1], places[1:]]
    return SpacedRoute(
        vehicle=vehicle,
        unit=unit,
        points=points.astype(np.int32),
        appointment=tasks.astype(np.int32),
        arrival=arrival.astype(np.int32),
        begin=begins.astype(np.int32),
        departure=departure.astype(np.int32),
        leave=int(begins[0] - legs[start, places[0]]),
        back=int(departure[-1] + legs[places[-1], end]),
    )
