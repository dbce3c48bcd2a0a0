"""Routes that share points of their rounds belong together; where they follow each other on one closed round, the round itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from planners.patrol.spacing.plan import Role, SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """Routes that share points of their rounds.

    Attributes
    ----------
    routes : indices of routes of the plan, rising
    kind : kind of all its units, -1 where they differ
    order : points of the closed round that all its units follow, in order; None where there is no such round
    """

    routes: tuple[int, ...]
    kind: int
    order: tuple[int, ...] | None

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.routes)


def strands(problem: SpacingProblem, plan: SpacedPlan) -> tuple[Strand, ...]:
    """Split a plan into strands, ordered by their first route."""
    parent = list(range(len(plan.routes)))

    def top(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    seen: dict[int, int] = {}
    for i, route in enumerate(plan.routes):
        for point in route.points[route.role == Role.ROUND].tolist():
            one, other = sorted((top(i), top(seen.setdefault(point, i))))
            parent[other] = one
    together: dict[int, list[int]] = {}
    for i in range(len(plan.routes)):
        together.setdefault(top(i), []).append(i)
    found = []
    for members in together.values():
        kinds = {problem.kind_of(plan.routes[i].vehicle) for i in members}
        kind = kinds.pop() if len(kinds) == 1 else -1
        order = _round_of([plan.routes[i] for i in members]) if kind >= 0 else None
        found.append(Strand(routes=tuple(members), kind=kind, order=order))
    return tuple(found)


def _round_of(routes: list[SpacedRoute]) -> tuple[int, ...] | None:
    """Return the one cycle that all routes walk along, its last leg possibly never driven, or None."""
    after: dict[int, int] = {}
    points: set[int] = set()
    for route in routes:
        if (route.role != Role.ROUND).any():
            return None
        stops = route.points.tolist()
        points.update(stops)
        for here, there in pairwise(stops):
            if after.setdefault(here, there) != there:
                return None
    if len(points) == 1:
        return tuple(points)
    if len(set(after.values())) < len(after) or any(here == there for here, there in after.items()):
        return None
    starts = sorted(points - set(after.values()))
    if len(starts) > 1:
        return None
    order = [starts[0] if starts else min(points)]
    while (there := after.get(order[-1], order[0])) != order[0]:
        order.append(there)
    return tuple(order) if len(order) == len(points) else None


def round_legs(problem: SpacingProblem, order: Ints, kind: int) -> Ints:
    """Return the seconds from the begin at each point of a closed round to the arrival at the next, int64[n]."""
    places = order + problem.posts
    legs = problem.seconds[kind, places, np.roll(places, -1)].astype(np.int64)
    return np.asarray(problem.dwell[order] + legs, np.int64)
