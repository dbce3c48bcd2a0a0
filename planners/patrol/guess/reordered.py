"""Routes that are no closed round driven in another order: turned round, begun elsewhere, a part of them reversed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planners.patrol.guess.offsets import Freedom, retimed
from planners.patrol.guess.turns import route_through, way_seconds
from planners.patrol.spacing.plan import Role, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Ints = npt.NDArray[np.int64]

_PUSHES = (0, 900, 3600, 14_400)
"""Seconds by which begins are moved down at most, one after the other, until all gaps are kept."""
_LONGEST = 6
"""Stops of a part that is moved or reversed on its own."""


def reordered(
    problem: SpacingProblem, routes: list[SpacedRoute], *, limit: int, rng: np.random.Generator
) -> list[SpacedRoute] | None:
    """Return the routes with one of them driven in another order, its visits at other times; None where that does not fit.

    ``limit`` are the seconds that these routes may drive in all. Only stops of rounds are reordered.
    """
    movable = [i for i, r in enumerate(routes) if len(r.points) > 1 and (r.role == Role.ROUND).all()]
    if not movable:
        return None
    i = movable[int(rng.integers(len(movable)))]
    old = routes[i]
    points = _changed(old.points.astype(np.int64), rng)
    if (points[1:] == points[:-1]).any():
        return None
    stay = problem.dwell[points].astype(np.int64)
    places, vehicle = points + problem.posts, problem.vehicles[old.vehicle]
    legs = problem.seconds[problem.kind_of(old.vehicle)].astype(np.int64)
    ways = np.concatenate([legs[vehicle.start_post, places[:1]], legs[places[:-1], places[1:]]])
    over = problem.shift_seconds - int((ways + stay).sum()) - int(legs[places[-1], vehicle.end_post])
    if over < 0:
        return None
    # The time left over is waited before some of the stops; the begins are then moved until all gaps are kept.
    wait = np.sort((rng.random(len(points)) * over).astype(np.int64))
    begins = np.cumsum(ways) + np.concatenate([[0], np.cumsum(stay)[:-1]]) + wait
    changed = [*routes[:i], route_through(problem, (old.vehicle, old.unit), points, begins), *routes[i + 1 :]]
    if way_seconds(problem, changed) > limit:
        return None
    freedom = Freedom.of(problem, changed)
    begin = next((b for by in _PUSHES if (b := freedom.pushed(by)) is not None), None)
    return None if begin is None else retimed(problem, changed, freedom.drawn(begin, rng, sweeps=2))


def _changed(points: Ints, rng: np.random.Generator) -> Ints:
    """Return another order: all or a part reversed, the begin elsewhere, or a part moved."""
    n, way = len(points), int(rng.integers(4))
    if way == 0:
        return np.asarray(points[::-1])
    if way == 1:
        return np.roll(points, -int(rng.integers(1, n)))
    size = int(rng.integers(1, min(_LONGEST, n - 1) + 1))
    at = int(rng.integers(0, n - size + 1))
    part, rest = points[at : at + size], np.delete(points, slice(at, at + size))
    if way == 2:
        return np.concatenate([points[:at], part[::-1], points[at + size :]])
    to = int(rng.integers(0, len(rest) + 1))
    return np.concatenate([rest[:to], part, rest[to:]])
