"""A closed round turned to any moment: who begins where and when, and from which posts units can do it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from geo.compiled import compiled
from planners.patrol.guess.offsets import Freedom, retimed
from planners.patrol.guess.strands import round_legs
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.plan import SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Unit = tuple[int, int]
"""Index of the vehicle type and number of the unit among its type."""

_EITHER_WAY = 900
"""Seconds by which begins that fit are moved up or down at most before they are drawn in between."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turned:
    """A round turned to some moment: for each unit its points in order and the begins it is meant to have.

    ``whole`` says that no visit is to spare.
    """

    kind: int
    whole: bool
    points: tuple[Ints, ...]
    begins: tuple[Ints, ...]


def evenly(
    problem: SpacingProblem, order: Ints, kind: int, *, units: int, period: int, turn: int, first: int,
    rng: np.random.Generator,
) -> Turned | None:  # fmt: skip
    """Let the units of a closed round follow each other every ``period`` seconds, the first of them ``turn`` seconds into it at ``first``.

    The time left over in a lap is spread at random over its stops. None where there is none, or a unit has nothing to do.
    """
    along = _along(problem, order, kind, whole=units * period, rng=rng)
    if along is None:
        return None
    away = (along - turn) % (units * period)
    begun, ahead = first + away % period, away // period
    visits = 1 + np.maximum(0, -((begun - (problem.shift_seconds - problem.gap[order] + 1)) // period))
    stop = np.repeat(np.arange(len(order)), visits)
    number = np.arange(len(stop)) - np.repeat(np.cumsum(visits) - visits, visits)
    unit, begin = (ahead[stop] - number) % units, begun[stop] + number * period
    rank = np.lexsort((begin, unit))
    parts = np.split(rank, np.searchsorted(unit[rank], np.arange(1, units)))
    if any(not len(part) for part in parts):
        return None
    return Turned(
        kind=kind,
        whole=False,
        points=tuple(order[stop[part]] for part in parts),
        begins=tuple(begin[part] for part in parts),
    )


def sectioned(
    problem: SpacingProblem, order: Ints, kind: int, *, units: int, start: int, rng: np.random.Generator
) -> Turned | None:
    """Cut a closed round into one section a unit, from position ``start`` on; each section is begun once in each gap of the shift.

    In the last gap every point must be begun once more, so each unit begins a section early in that gap and is done with it by the
    end. Before, sections are begun a period apart, each unit going on to the section after its own. This leaves the most
    room where a round is as long as its units can keep. None where a section does not fit the gap.
    """
    n, turned = len(order), np.roll(order, -start)
    at = np.concatenate([[0], np.cumsum(round_legs(problem, turned, kind))])
    stay = problem.dwell[turned].astype(np.int64)
    gap, shift = int(problem.gap[order].min()), problem.shift_seconds
    low, high = int(at[n]) // max(1, 2 * units), gap - 1
    if n < units or len(_sections(at, stay, high)) > units:
        return None
    while low < high:
        half = (low + high) // 2
        low, high = (low, half) if len(_sections(at, stay, half)) <= units else (half + 1, high)
    longest = high + int((gap - 1 - high) * rng.random() ** 2)
    first = next((f for w in (longest, (longest + high) // 2, high) if len(f := _sections(at, stay, w)) == units), None)
    if first is None:
        return None
    last = np.append(first[1:], n) - 1
    spare = gap - (at[last] - at[first]) - stay[last]
    laps = -(-shift // gap)
    since = int(problem.since[order].max())
    shortest = -(-(shift - 2 * gap + 1 + since + int((at[last] - at[first]).max())) // max(1, laps - 1))
    shortest = max(int(problem.least_gap[order].max()), min(gap, shortest))
    period = shortest + int((gap - shortest) * rng.random())
    wait = (spare * rng.random(units) * rng.integers(0, 2)).astype(np.int64)
    points: list[list[Ints]] = [[] for _ in range(units)]
    begins: list[list[Ints]] = [[] for _ in range(units)]
    for lap in range(laps):
        for u in range(units):
            j = (u + lap) % units
            held = slice(int(first[j]), int(last[j]) + 1)
            points[u].append(turned[held])
            anchor = shift - gap + 1 - (laps - 1 - lap) * period + int(wait[j])
            begins[u].append(anchor + at[held] - at[first[j]])
    return Turned(
        kind=kind,
        whole=True,
        points=tuple(np.concatenate(p) for p in points),
        begins=tuple(np.concatenate(b) for b in begins),
    )


@compiled()
def _sections(at: Ints, stay: Ints, longest: int) -> Ints:
    """Return the first stops of sections, each as long as it can be within ``longest`` seconds, the last stay counted."""
    found = np.zeros(len(stay), np.int64)
    count, first = 1, 0
    for i in range(1, len(stay)):
        if at[i] - at[first] + stay[i] > longest:
            found[count] = i
            count += 1
            first = i
    return found[:count]


def _along(problem: SpacingProblem, order: Ints, kind: int, *, whole: int, rng: np.random.Generator) -> Ints | None:
    """Return the seconds from the begin at the first stop to that at each, the time left over in a lap spread at random."""
    legs = round_legs(problem, order, kind)
    over = whole - int(legs.sum())
    if over < 0:
        return None
    waits = np.cumsum(rng.exponential(size=len(order)))
    held = np.floor(waits / waits[-1] * over).astype(np.int64)
    return np.asarray(np.concatenate([[0], np.cumsum(legs)[:-1] + held[:-1]]), np.int64)


def manned(
    problem: SpacingProblem, item: Turned, free: list[Unit], rng: np.random.Generator
) -> list[SpacedRoute] | None:
    """Give the units of a turned round posts to come from, near ones first, and push their begins until all fits.

    First stops that cannot be reached in time and last ones that end too late are left to the visits after or before them, whose
    begins are moved to keep the gap. Ways are weighed by up to twice their length, so that other units come on other days. None
    where nothing fits.
    """
    legs = problem.seconds[item.kind]
    start = np.array([problem.vehicles[v].start_post for v, _ in free])
    end = np.array([problem.vehicles[v].end_post for v, _ in free])
    head = np.array([points[0] for points in item.points])
    tail = np.array([points[-1] for points in item.points])
    out = legs[np.ix_(start, head + problem.posts)].T.astype(np.int64)
    home = legs[np.ix_(tail + problem.posts, end)].astype(np.int64)
    begun = np.array([begins[0] for begins in item.begins])
    done = np.array([begins[-1] for begins in item.begins]) + problem.dwell[tail]
    late = np.maximum(out - begun[:, None], 0) + np.maximum(done[:, None] + home - problem.shift_seconds, 0)
    cost = np.where(
        (out >= NO_WAY) | (home >= NO_WAY), np.inf, (out + home + 3 * late + 60.0) * (1.0 + rng.random(out.shape))
    )
    if cost.shape[1] < cost.shape[0] or not np.isfinite(cost).any(axis=1).all():
        return None
    try:
        _, columns = linear_sum_assignment(cost)
    except ValueError:  # no assignment avoids all that cannot be
        return None
    routes = []
    for j, c in enumerate(columns.tolist()):
        points, begins = item.points[j], item.begins[j]
        ways, back = legs[start[c], points + problem.posts], legs[points + problem.posts, end[c]]
        fits = (ways <= begins) & (begins + problem.dwell[points] + back <= problem.shift_seconds)
        kept = np.flatnonzero(fits | item.whole)
        if not len(kept):
            return None
        whole = slice(int(kept[0]), int(kept[-1]) + 1)
        routes.append(route_through(problem, free[c], points[whole], begins[whole]))
    seen = np.concatenate([r.points for r in routes])
    if len(np.unique(seen)) < len(np.unique(np.concatenate(item.points))):
        return None
    freedom = Freedom.of(problem, routes)
    begin = next((b for by in (0, 150, 400, 1000) if (b := freedom.pushed(by)) is not None), None)
    return None if begin is None else retimed(problem, routes, freedom.between(begin, rng, by=_EITHER_WAY))


def route_through(problem: SpacingProblem, unit: Unit, points: Ints, begins: Ints) -> SpacedRoute:
    """Return the route of a unit that begins its rounds at points at given times."""
    vehicle = problem.vehicles[unit[0]]
    legs = problem.seconds[problem.kind_of(unit[0])]
    places = points + problem.posts
    departure = begins + problem.dwell[points]
    arrival = begins.copy()
    arrival[1:] = departure[:-1] + legs[places[:-1], places[1:]]
    return SpacedRoute(
        vehicle=unit[0], unit=unit[1], points=points.astype(np.int32),
        appointment=np.full(len(points), -1, np.int32), arrival=arrival.astype(np.int32),
        begin=begins.astype(np.int32), departure=departure.astype(np.int32),
        leave=int(begins[0]) - int(legs[vehicle.start_post, places[0]]),
        back=int(departure[-1]) + int(legs[places[-1], vehicle.end_post]),
    )  # fmt: skip


def way_seconds(problem: SpacingProblem, routes: list[SpacedRoute]) -> int:
    """Return the seconds that units drive, waits and dwells not counted."""
    total = 0
    for route in routes:
        vehicle = problem.vehicles[route.vehicle]
        way = np.concatenate([[vehicle.start_post], route.points + problem.posts, [vehicle.end_post]])
        total += int(problem.seconds[problem.kind_of(route.vehicle), way[:-1], way[1:]].astype(np.int64).sum())
    return total
