"""Routes without windows by simulated annealing over string removals.

Source: Christiaens and Vanden Berghe (2020); see ``planners.patrol.string_removal``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from planners.patrol.draws import Bits
from planners.patrol.problem import NO_WAY, PatrolProblem
from planners.patrol.route_pool import MOST_ROUTES, NEAR, Route, travel_of
from planners.patrol.steps import Steps
from planners.patrol.string_removal import AFTER, FIRST, ROUTE, SIZE, begin_routes, remove_strings

Ints = npt.NDArray[np.int64]

_MOVES: Final = 50
"""Moves that count as one step: they take about as long as a step of the other search."""
_HOT, _COLD = 0.6, 0.006
"""Heat at the begin and at the end, in mean legs of the first routes."""
_NOTED: Final = 100
"""Steps after which the routes at hand are noted."""
_SPARE: Final = 5
"""Routes of each type that are kept empty at least."""
_BEGINS: Final = 20
"""Orders in which visits are put into routes before it is given up."""


def suits_strings(problem: PatrolProblem, visits: Sequence[int]) -> bool:
    """Tell whether all visits are required, at any time, and by units of one kind that may go everywhere."""
    chosen = np.asarray(visits, np.int64)
    posts = sorted({p for v in problem.vehicles for p in (v.start_post, v.end_post)})
    places = np.concatenate([problem.place_of_visit[chosen], np.asarray(posts, np.int64)])
    shift = max((v.shift_seconds for v in problem.vehicles), default=0)
    return bool(
        len(problem.kinds) == 1
        and len(chosen) > 1
        and problem.required[chosen].all()
        and problem.eligible[chosen].all()
        and (problem.window[chosen, 0] == 0).all()
        and (problem.window[chosen, 1] >= shift).all()
        and (problem.seconds[0][np.ix_(places, places)] < NO_WAY).all()
    )


@dataclass(slots=True, eq=False)
class Annealed:
    """One search; ``noted`` are routes that it went through with their travel, the latest last."""

    problem: PatrolProblem
    visits: Sequence[int]
    seed: int
    noted: dict[Route, int] = field(default_factory=dict)
    _types: list[int] = field(init=False)
    _legs: npt.NDArray[np.int32] = field(init=False)
    _units: Ints = field(init=False)
    _links: Ints = field(init=False)
    _routes: Ints = field(init=False)

    def run(self, steps: Steps) -> list[Route] | None:
        """Cool down over the budget of ``steps``; return the routes of least cost, None where no first routes were found."""
        problem, chosen = self.problem, np.asarray(self.visits, np.int64)
        self._lay_out(chosen)
        legs, toward = self._legs, np.ascontiguousarray(self._legs.T)
        load, dwell = problem.load[chosen].astype(np.int64), problem.dwell[chosen].astype(np.int64)
        n, price = len(chosen), problem.unit_seconds
        bits: Bits = np.random.SeedSequence(self.seed).generate_state(1, np.uint64) | np.uint64(1)
        for _ in range(_BEGINS):
            self._links, self._routes = np.full((3, n), -1), np.zeros((5, len(self._types)), np.int64)
            self._routes[:SIZE] = -1
            if begin_routes(bits, legs, toward, load, dwell, self._units, price, self._links, self._routes):
                break
        else:
            return None
        self._trim()
        near = np.argsort(legs[:n, :n] + legs[:n, :n].T, axis=1, kind="stable").astype(np.int64)
        best, now = self._made(), self._cost()
        least, leg = now, now / (n + len(best))
        order = np.empty((2, n), np.int64)
        while not steps(float(least)):
            share = min(1.0, steps.limits.spent(steps.done))
            heat = leg * _HOT * (_COLD / _HOT) ** share
            lower, now = remove_strings(
                bits, _MOVES, heat, legs, toward, load, dwell, self._units, price, near, self._links, self._routes, order, now, least
            )  # fmt: skip
            if lower < least:
                least, best = lower, self._ordered(order)
                self._note(best)
            elif steps.done % _NOTED == 0 and now < NEAR * least:
                self._note(self._made())
        return best

    def _lay_out(self, chosen: Ints) -> None:
        """Take the ways between visits and posts, and a row of units: as many of each type as there is anything for."""
        problem = self.problem
        posts = sorted({p for v in problem.vehicles for p in (v.start_post, v.end_post)})
        places = np.concatenate([problem.place_of_visit[chosen], np.asarray(posts, np.int64)])
        self._legs = np.ascontiguousarray(problem.seconds[0][np.ix_(places, places)], np.int32)
        at = {post: len(chosen) + number for number, post in enumerate(posts)}
        rows = [
            (number, at[v.start_post], at[v.end_post], v.capacity, v.shift_seconds)
            for number, v in enumerate(problem.vehicles)
            for _ in range(min(v.available, len(chosen)))
        ]
        self._types = [row[0] for row in rows]
        self._units = np.ascontiguousarray(np.array([row[1:] for row in rows], np.int64).T)

    def _trim(self) -> None:
        """Keep the routes with visits and a few without of each type: looking at all would take most of the time."""
        used = self._routes[SIZE] > 0
        types = np.array(self._types)
        kept = used.copy()
        for number in np.unique(types):
            mine = np.flatnonzero((types == number) & ~used)
            kept[mine[: _SPARE + int((used & (types == number)).sum()) // _SPARE]] = True
        at = np.cumsum(kept) - 1
        self._links[ROUTE] = at[self._links[ROUTE]]
        self._routes = np.ascontiguousarray(self._routes[:, kept])
        self._units = np.ascontiguousarray(self._units[:, kept])
        self._types = types[kept].tolist()

    def _made(self) -> list[Route]:
        found = []
        for r in np.flatnonzero(self._routes[SIZE]).tolist():
            made, here = [], int(self._routes[FIRST, r])
            while here >= 0:
                made.append(self.visits[here])
                here = int(self._links[AFTER, here])
            found.append((self._types[r], tuple(made)))
        return found

    def _ordered(self, order: Ints) -> list[Route]:
        """Return routes from the visit before each, and its route."""
        follow = {int(before): i for i, before in enumerate(order[0].tolist()) if before >= 0}
        found = []
        for i in np.flatnonzero(order[0] < 0).tolist():
            made, here = [self.visits[i]], i
            while here in follow:
                here = follow[here]
                made.append(self.visits[here])
            found.append((self._types[int(order[1, i])], tuple(made)))
        return found

    def _cost(self) -> int:
        routes = self._made()
        return sum(travel_of(self.problem, route) for route in routes) + self.problem.unit_seconds * len(routes)

    def _note(self, routes: list[Route]) -> None:
        for route in routes:
            if route not in self.noted:
                self.noted[route] = travel_of(self.problem, route)
        while len(self.noted) > MOST_ROUTES:
            del self.noted[next(iter(self.noted))]
