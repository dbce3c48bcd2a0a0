"""From a closed round and its units to a timetable with an even beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.plan import SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A closed round: points in order, and how many units of which kind follow each other on it."""

    points: tuple[int, ...]
    units: int
    kind: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beat:
    """A round in time: one unit passes the first point every ``period`` seconds, from ``first`` on.

    ``stops[j]`` are the stops (positions on the round) of its j-th unit and ``begins[j]`` their seconds.
    """

    round: Round
    period: int
    first: int
    stops: tuple[Ints, ...]
    begins: tuple[Ints, ...]


def round_seconds(problem: SpacingProblem, points: tuple[int, ...], kind: int) -> int:
    """Return the length of a closed round: dwell and travel."""
    places = np.array(points, np.int64) + problem.posts
    return int(problem.dwell[list(points)].sum()) + int(
        problem.seconds[kind, places, np.roll(places, -1)].astype(np.int64).sum()
    )


def beat_of(problem: SpacingProblem, item: Round, *, period: int, first: int) -> Beat | None:
    """Time a round, or return None where a first or last visit does not fit; waiting is before the round closes."""
    points = np.array(item.points, np.int64)
    legs = problem.seconds[item.kind].astype(np.int64)
    places = points + problem.posts
    along = np.concatenate([[0], np.cumsum(problem.dwell[points][:-1] + legs[places[:-1], places[1:]])])
    phase, turn = along % period, along // period
    begun = first + phase
    gap = problem.gap[points].astype(np.int64)
    if (begun > gap - problem.since[points]).any() or (period > gap).any() or turn.max() >= item.units:
        return None
    rounds = np.maximum(0, -((begun - (problem.shift_seconds - gap + 1)) // period))
    stop = np.repeat(np.arange(len(points)), rounds + 1)
    number = np.concatenate([np.arange(r + 1) for r in rounds])
    if (rounds > 0).any() and (period < problem.least_gap[points]).any():
        return None
    unit = (turn[stop] - number) % item.units
    begin = begun[stop] + number * period
    stops, begins = [], []
    for j in range(item.units):
        mine = np.flatnonzero(unit == j)
        order = mine[np.argsort(begin[mine], kind="stable")]
        if not len(order):
            return None
        stops.append(stop[order])
        begins.append(begin[order])
    return Beat(round=item, period=period, first=first, stops=tuple(stops), begins=tuple(begins))


def ends(problem: SpacingProblem, beat: Beat) -> tuple[Ints, Ints]:
    """Return the first and the last place of each unit of a beat."""
    points = np.array(beat.round.points, np.int64) + problem.posts
    return (
        np.array([points[s[0]] for s in beat.stops], np.int64),
        np.array([points[s[-1]] for s in beat.stops], np.int64),
    )


@compiled()
def lateness(
    along: Ints, dwell: Ints, since: Ints, gap: int, shift: int, period: int, first: int, out: Ints, home: Ints
) -> int:
    """Return by how many seconds the worst unit is late at its first stop or back; 0 or less where all fit.

    ``out`` and ``home`` are int64[units, stops]: seconds of each unit from its post to a stop and from a stop to its post.
    """
    units, n = out.shape
    far = 1 << 40
    early = np.full(units, far)
    final = np.full(units, -far)
    worst = -far
    for i in range(n):
        begun = first + along[i] % period
        turn = along[i] // period
        if begun > gap - since[i]:
            worst = max(worst, begun - gap + since[i])
        rounds = max(0, -((begun - (shift - gap + 1)) // period))
        for r in range(rounds + 1):
            j = (turn - r) % units
            at = begun + r * period
            early[j] = min(early[j], at - out[j, i]) if at < early[j] + out[j, i] else early[j]
            final[j] = max(final[j], at + dwell[i] + home[j, i])
    for j in range(units):
        if early[j] == far:
            return far
        worst = max(worst, -early[j], final[j] - shift)
    return int(worst)


@compiled()
def best_timing(
    along: Ints, dwell: Ints, since: Ints, gap: int, shift: int, least: int, out: Ints, home: Ints
) -> tuple[int, int, int]:
    """Return the lateness, period and first begin of the timing with the longest period that fits, else of the least late."""
    best, period_of, first_of = 1 << 40, gap, 0
    for a in range(17):
        period = gap - (gap - least) * a // 16
        for b in range(25):
            first = 60 * b
            late = lateness(along, dwell, since, gap, shift, period, first, out, home)
            if late < best:
                best, period_of, first_of = late, period, first
            if best <= 0:
                return best, period_of, first_of
    return best, period_of, first_of


def timed(problem: SpacingProblem, item: Round, out: Ints, home: Ints) -> tuple[int, Beat | None]:
    """Return the lateness and, where it is 0 or less, the timing of a round.

    ``out`` and ``home`` are int64[units, stops] as for ``lateness``.
    """
    points = np.array(item.points, np.int64)
    places = points + problem.posts
    legs = problem.seconds[item.kind].astype(np.int64)
    dwell = problem.dwell[points].astype(np.int64)
    along = np.concatenate([[0], np.cumsum(dwell[:-1] + legs[places[:-1], places[1:]])])
    gap = int(problem.gap[points].min())
    least = max(-(-round_seconds(problem, item.points, item.kind) // item.units), int(problem.least_gap[points].max()))
    if least > gap:
        return NO_WAY, None
    late, period, first = best_timing(
        along, dwell, problem.since[points].astype(np.int64), gap, problem.shift_seconds, least,
        np.ascontiguousarray(out), np.ascontiguousarray(home),
    )  # fmt: skip
    return int(late), beat_of(problem, item, period=int(period), first=int(first)) if late <= 0 else None


def route_of(problem: SpacingProblem, beat: Beat, j: int, *, vehicle: int, unit: int) -> SpacedRoute:
    """Return the route of the j-th unit of a beat when it is a certain unit from its post."""
    kind = problem.vehicles[vehicle]
    legs = problem.seconds[problem.kind_of(vehicle)].astype(np.int64)
    points = np.array(beat.round.points, np.int64)[beat.stops[j]]
    return timed_route(
        problem, vehicle=vehicle, unit=unit, points=points, tasks=np.full(len(points), -1), begins=beat.begins[j],
        legs=legs, start=kind.start_post, end=kind.end_post,
    )  # fmt: skip


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
