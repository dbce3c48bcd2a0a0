"""The freedom of a timetable: its begins under legs, gaps, windows and shift; pushed until they fit, or drawn evenly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.spacing.plan import Role, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SWEEPS = 12
"""Times that each begin is redrawn where all are drawn one by one."""


@compiled()
def pushed_begins(
    begin: Ints, low: Ints, high: Ints, after: Ints, lag: Ints, later: Ints, gap: Ints, least: Ints
) -> tuple[Ints, bool]:
    """Return the least begins at or above those given that keep all differences, and whether there are any."""
    n = len(begin)
    out = begin.copy()
    for i in range(n):
        out[i] = max(out[i], low[i])
    for _ in range(n + 2):
        moved = False
        for i in range(n):
            if after[i] >= 0 and out[after[i]] < out[i] + lag[i]:
                out[after[i]] = out[i] + lag[i]
                moved = True
            if later[i] >= 0:
                if out[later[i]] < out[i] + least[i]:
                    out[later[i]] = out[i] + least[i]
                    moved = True
                if out[i] < out[later[i]] - gap[i]:
                    out[i] = out[later[i]] - gap[i]
                    moved = True
            if out[i] > high[i]:
                return out, False
        if not moved:
            return out, True
    return out, False


@compiled()
def drawn_begins(
    begin: Ints, low: Ints, high: Ints, before: Ints, after: Ints, lag: Ints, earlier: Ints, later: Ints, gap: Ints,
    least: Ints, who: Ints, share: Floats,
) -> Ints:  # fmt: skip
    """Redraw begins one after the other, each evenly between what its neighbours leave: a Gibbs sampler of timetables."""
    out = begin.copy()
    for d in range(len(who)):
        i = who[d]
        least_at, most_at = low[i], high[i]
        if before[i] >= 0:
            least_at = max(least_at, out[before[i]] + lag[before[i]])
        if after[i] >= 0:
            most_at = min(most_at, out[after[i]] - lag[i])
        if earlier[i] >= 0:
            least_at = max(least_at, out[earlier[i]] + least[i])
            most_at = min(most_at, out[earlier[i]] + gap[i])
        if later[i] >= 0:
            least_at = max(least_at, out[later[i]] - gap[i])
            most_at = min(most_at, out[later[i]] - least[i])
        if least_at <= most_at:
            out[i] = least_at + int(share[d] * (most_at - least_at + 1))
    return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Freedom:
    """The differences that the begins of routes must keep; one entry a stop, routes one after the other.

    Attributes
    ----------
    begin, low, high : int64[n]
    before, after : int64[n], the stops beside each in its route, -1 for none
    lag : int64[n], from a begin to that of the stop after at least
    earlier, later : int64[n], the visits of the same point beside each, -1 for none
    gap, least : int64[n], of the point
    free : bool[n], stops whose begin may be redrawn
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
    free: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, problem: SpacingProblem, routes: Sequence[SpacedRoute]) -> Freedom:
        """Write down what the begins of these routes must keep; visits of a point are ordered by their begins."""
        first = np.cumsum([0, *(len(r.points) for r in routes)])
        total = int(first[-1])
        begin, lag, low, high = (np.zeros(total, np.int64) for _ in range(4))
        before, after, earlier, later = (np.full(total, -1, np.int64) for _ in range(4))
        free = np.zeros(total, np.bool_)
        point = np.concatenate([np.zeros(0, np.int64), *(r.points.astype(np.int64) for r in routes)])
        on_rounds = np.concatenate([np.zeros(0, np.bool_), *(r.role == Role.ROUND for r in routes)])
        given = {start.unit for start in problem.starts}
        for route, at in zip(routes, first.tolist(), strict=False):
            k = len(route.points)
            mine, places = slice(at, at + k), route.points + problem.posts
            legs = problem.seconds[problem.kind_of(route.vehicle)]
            held = (route.departure - route.begin).astype(np.int64)
            begin[mine] = route.begin
            lag[at : at + k - 1] = held[:-1] + legs[places[:-1], places[1:]]
            before[at + 1 : at + k] = np.arange(at, at + k - 1)
            after[at : at + k - 1] = np.arange(at + 1, at + k)
            vehicle = problem.vehicles[route.vehicle]
            low[at] = legs[vehicle.start_post, places[0]]
            high[mine] = problem.shift_seconds - held
            high[at + k - 1] -= int(legs[places[-1], vehicle.end_post])
            if problem.unit_key(route.vehicle, route.unit) not in given:
                free[mine] = on_rounds[mine]
        for pin in problem.pins:
            free &= point != pin.point
        by_point = np.flatnonzero(on_rounds)
        by_point = by_point[np.lexsort((begin[by_point], point[by_point]))]
        same = point[by_point[1:]] == point[by_point[:-1]]
        earlier[by_point[1:][same]], later[by_point[:-1][same]] = by_point[:-1][same], by_point[1:][same]
        safe = np.maximum(point, 0)
        gap, least = problem.gap[safe].astype(np.int64), problem.least_gap[safe].astype(np.int64)
        heads, tails = by_point[earlier[by_point] < 0], by_point[later[by_point] < 0]
        high[heads] = np.minimum(high[heads], gap[heads] - problem.since[safe[heads]])
        low[tails] = np.maximum(low[tails], problem.shift_seconds - gap[tails] + 1)
        return cls(
            begin=begin, low=low, high=high, before=before, after=after, lag=lag, earlier=earlier, later=later,
            gap=gap, least=least, free=free,
        )  # fmt: skip

    def pushed(self, by: int) -> Ints | None:
        """Return the least begins, none more than ``by`` before those that are, that keep everything; or None."""
        found, fits = pushed_begins(
            self.begin - by, self.low, self.high, self.after, self.lag, self.later, self.gap, self.least
        )
        return found if fits else None

    def between(self, begin: Ints, rng: np.random.Generator, *, by: int) -> Ints:
        """Return fitting begins drawn between the least and the greatest that fit, each within ``by`` of fitting ones.

        Differences with whole bounds hold for the whole part of every mean of begins that keep them.
        """
        if not self.free.all():
            return begin
        least, down = pushed_begins(
            begin - by, self.low, self.high, self.after, self.lag, self.later, self.gap, self.least
        )
        # The greatest are the least with time turned round.
        safe = np.maximum(self.before, 0)
        most, up = pushed_begins(
            -begin - by, -self.high, -self.low, self.before, self.lag[safe], self.earlier, self.gap, self.least
        )
        one = least if down else begin
        other = -most if up else begin
        share = rng.random()
        return np.asarray(np.floor(one + share * (other - one)), np.int64)

    def drawn(self, begin: Ints, rng: np.random.Generator, *, sweeps: int, most: int | None = None) -> Ints:
        """Return begins redrawn from fitting ones, ``most`` stops a sweep, all unless given; stops that are not free stay."""
        movable = np.flatnonzero(self.free)
        if not len(movable):
            return begin
        who = np.concatenate([rng.permutation(movable)[:most] for _ in range(sweeps)])
        return drawn_begins(
            begin, self.low, self.high, self.before, self.after, self.lag, self.earlier, self.later, self.gap,
            self.least, who, rng.random(len(who)),
        )  # fmt: skip


def retimed(problem: SpacingProblem, routes: Sequence[SpacedRoute], begin: Ints) -> list[SpacedRoute]:
    """Return the routes with other begins, one entry a stop; ways and dwells follow from them."""
    out, at = [], 0
    for route in routes:
        mine = begin[at : at + len(route.points)]
        at += len(route.points)
        vehicle = problem.vehicles[route.vehicle]
        legs = problem.seconds[problem.kind_of(route.vehicle)]
        places = route.points + problem.posts
        departure = mine + (route.departure - route.begin)
        arrival = mine.copy()
        arrival[1:] = departure[:-1] + legs[places[:-1], places[1:]]
        moved = replace(
            route, begin=mine.astype(np.int32), arrival=arrival.astype(np.int32), departure=departure.astype(np.int32),
            leave=int(mine[0]) - int(legs[vehicle.start_post, places[0]]),
            back=int(departure[-1]) + int(legs[places[-1], vehicle.end_post]),
        )  # fmt: skip
        out.append(moved)
    return out


def varied(problem: SpacingProblem, routes: Sequence[SpacedRoute], *, rng: np.random.Generator) -> list[SpacedRoute]:
    """Return routes that share points with no others, their begins drawn together between the least and the greatest that fit, then one by one.

    Drawn one by one only, begins that hold each other would all stay near the middle.
    """
    freedom = Freedom.of(problem, routes)
    whole = bool(freedom.free.all())
    begin = freedom.between(freedom.begin, rng, by=problem.shift_seconds) if whole else freedom.begin
    return retimed(problem, routes, freedom.drawn(begin, rng, sweeps=1 if whole else _SWEEPS))
