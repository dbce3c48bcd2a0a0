"""Plans written as arrays of closed rounds for the search, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planners.patrol.cover.anneal import State
from planners.patrol.cover.curve import calls_at, counts_of, moments, spots_of
from planners.patrol.cover.problem import CoverProblem, halves
from planners.patrol.cover.rounds import Ground, copied, empty, placed, travelled
from planners.patrol.guess.presence import REMOTE
from planners.patrol.guess.strands import Strand, strands
from planners.patrol.guess.turns import Unit, route_through, way_seconds
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Ints = npt.NDArray[np.int64]

_NEAR = 12
_ROOM = 2
"""Times as many points and visits as a round has at first that it may get."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """A plan as arrays: the closed rounds that may be changed, and the routes that stay.

    ``travel`` are the seconds that the routes drive that stay.
    """

    problem: SpacingProblem
    plan: SpacedPlan
    ground: Ground
    state: State
    crews: tuple[Unit, ...]
    kept: tuple[SpacedRoute, ...]
    travel: int

    def restored(self) -> SpacedPlan:
        """Return the plan of the best rounds."""
        best, made = self.state.best, list(self.kept)
        for r in range(len(best.size)):
            n = int(best.size[r])
            for u in range(int(best.units[r])):
                m = int(best.stops[r, u])
                points = best.order[r, (int(best.start[r, u]) + np.arange(m)) % n]
                made.append(
                    route_through(self.problem, self.crews[int(best.crew[r, u])], points, best.begin[r, u, :m].copy())
                )
        return replace(self.plan, routes=tuple(sorted(made, key=lambda route: (route.vehicle, route.unit))))


def written(problem: SpacingProblem, plan: SpacedPlan, cover: CoverProblem, *, every_seconds: int) -> Written:
    """Write a plan down; rounds stay as they are whose units are under way or that come too late somewhere, and those of units nobody can send."""
    loose = [s for s in strands(problem, plan) if _may_change(problem, plan, s)]
    taken = {i for s in loose for i in s.routes}
    kept = tuple(route for i, route in enumerate(plan.routes) if i not in taken)
    crews = tuple(
        (v, n) for v, vehicle in enumerate(problem.vehicles) if problem.may_go(v) for n in range(vehicle.available)
    )
    at, calls = moments(problem, every_seconds), calls_at(problem, cover, every_seconds)
    ground = _ground(problem, cover, crews, at, calls / calls.sum())
    state = _state(problem, plan, loose, ground, crews)
    state.busy[:] = [crew in {(r.vehicle, r.unit) for r in plan.routes} for crew in crews]
    rough = replace(cover, ways=halves(cover.spot_of_place))
    state.counts[:] = counts_of(rough, spots_of(problem, plan.routes, rough, at))
    state.value[:] = (ground.calls * (state.counts > 0)).sum()
    return Written(
        problem=problem, plan=plan, ground=ground, state=state, crews=crews, kept=kept,
        travel=way_seconds(problem, list(kept)),
    )  # fmt: skip


def _may_change(problem: SpacingProblem, plan: SpacedPlan, strand: Strand) -> bool:
    if strand.order is None or problem.starts or problem.kinds[strand.kind] in REMOTE:
        return False
    held, points = [plan.routes[i] for i in strand.routes], set(strand.order)
    named = {gap.point for gap in plan.broken} | {p.point for p in problem.pins} | {b.point for b in problem.bans}
    units = {problem.unit_key(route.vehicle, route.unit) for route in held}
    return not (points & named or units & {pin.unit for pin in problem.pins})


def _ground(
    problem: SpacingProblem, cover: CoverProblem, crews: tuple[Unit, ...], at: npt.NDArray[np.float64],
    calls: npt.NDArray[np.float64],
) -> Ground:  # fmt: skip
    reach = cover.reach[cover.spot_of_place]
    between = problem.seconds[:, problem.posts :, problem.posts :].astype(np.int64)
    both = np.minimum(between, between.transpose(0, 2, 1))
    both[:, np.arange(problem.points), np.arange(problem.points)] = -1
    near = np.argsort(both, axis=2, kind="stable")[:, :, 1 : _NEAR + 1]
    return Ground(
        legs=np.ascontiguousarray(problem.seconds), dwell=problem.dwell.astype(np.int64),
        gap=problem.gap.astype(np.int64), least=problem.least_gap.astype(np.int64),
        since=problem.since.astype(np.int64), near=np.ascontiguousarray(near, np.int32),
        leaves=np.array([problem.vehicles[v].start_post for v, _ in crews], np.int64),
        returns=np.array([problem.vehicles[v].end_post for v, _ in crews], np.int64),
        kind=np.array([problem.kind_of(v) for v, _ in crews], np.int64),
        first=np.concatenate([[0], np.cumsum(reach.sum(axis=1))]).astype(np.int64),
        reached=np.ascontiguousarray(np.nonzero(reach)[1], np.int32), calls=np.ascontiguousarray(calls),
        at=at, posts=problem.posts, shift=problem.shift_seconds,
    )  # fmt: skip


def _state(
    problem: SpacingProblem, plan: SpacedPlan, loose: list[Strand], ground: Ground, crews: tuple[Unit, ...]
) -> State:
    number = {crew: c for c, crew in enumerate(crews)}
    held = [[plan.routes[i] for i in s.routes] for s in loose]
    points = _ROOM * max((len(s.order or ()) for s in loose), default=1) + 1
    visits = _ROOM * max((len(route.points) for routes in held for route in routes), default=1) + 1
    units, steps = max((s.units for s in loose), default=1), len(ground.at)
    rounds, trial, best = (empty(k, points, units, visits, steps) for k in (len(loose), 2, len(loose)))
    round_of = np.full(problem.points, -1)
    for r, (strand, routes) in enumerate(zip(loose, held, strict=True)):
        order = list(strand.order or ())
        rounds.order[r, : len(order)], rounds.size[r] = order, len(order)
        rounds.kind[r], rounds.units[r] = strand.kind, strand.units
        round_of[order] = r
        for u, route in enumerate(routes):
            m = len(route.points)
            rounds.start[r, u], rounds.stops[r, u] = order.index(int(route.points[0])), m
            rounds.crew[r, u], rounds.begin[r, u, :m] = number[route.vehicle, route.unit], route.begin
        rounds.travel[r] = travelled(ground, rounds, r)
        placed(ground, rounds, r)
        copied(rounds, r, best, r)
    return State(
        rounds=rounds, trial=trial, best=best, counts=np.zeros(ground.calls.shape, np.int16),
        busy=np.zeros(len(crews), np.bool_), round_of=round_of, value=np.zeros(3),
    )  # fmt: skip
