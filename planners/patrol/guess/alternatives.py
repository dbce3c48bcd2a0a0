"""Many near-equal plans from one: rounds turned, reversed and exchanged, other units on them, uneven beats."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from geo.errors import CheckError, ParameterError
from planners.arrays import read_only
from planners.contract import Observer, Progress, silent
from planners.patrol.guess.offsets import varied
from planners.patrol.guess.reordered import reordered
from planners.patrol.guess.repacked import Repacking
from planners.patrol.guess.reserve import with_reserve, without_reserve
from planners.patrol.guess.strands import Strand, round_legs, strands
from planners.patrol.guess.turns import Unit, evenly, manned, sectioned, way_seconds
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Ints = npt.NDArray[np.int64]

_MOMENTS = 6
"""Moments that a round is turned to, one after the other, before it stays as it was."""
_SHORTEST = 0.85
"""Share of the gap that a period is at least."""
_ROOM = 240
"""Seconds of the gap that an even beat needs free; rounds with less are cut into sections."""
_KEPT_FREE = 360
"""Seconds of the gap that a round must leave free after it took a point from another."""
_SECTIONED = 0.7
"""Share of the moments whose last sections are cut first; the others keep an even beat."""
_WALK = 1 << 20
"""Number, above those of plans, by which the walk through partitions is seeded."""
_STEPS = 2
"""Steps of that walk from plan to plan."""
_REORDERS = 60
"""Changes of the order of routes that are no closed round."""
_TRIES = 40
"""Ways to drive a round at one moment that are tried."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alternatives:
    """Plans that are as good as the one they come from.

    Attributes
    ----------
    plans : each passes ``check_spacing`` with an objective that is no worse
    travel : int64[n], seconds that the units of each plan drive
    base_travel : seconds of the plan they come from
    turned : float64[n], share of the closed rounds that each plan turns anew
    """

    plans: tuple[SpacedPlan, ...]
    travel: npt.NDArray[np.int64]
    base_travel: int
    turned: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "travel", read_only(self.travel, np.int64))
        object.__setattr__(self, "turned", read_only(self.turned, np.float64))


def alternatives(
    problem: SpacingProblem,
    plan: SpacedPlan,
    *,
    count: int = 32,
    seed: int = 1,
    more_travel: float = 0.05,
    repacked: bool = True,
    reserve_seconds: int = 0,
    observe: Observer = silent,
) -> Alternatives:
    """Draw plans with no more units and at most ``more_travel`` more driving than ``plan``.

    Where ``repacked``, points of neighbouring rounds are shared out anew from plan to plan, as if each stop lasted ``reserve_seconds``
    longer, so that a plan of ``solve_with_reserve`` keeps its time to spare. Every closed round is turned to a moment drawn
    evenly over its whole length, forwards or backwards, at a period drawn between its length and the gap, and manned anew from free posts;
    a few points change their place in the order or their round. Where the drawn turn cannot be driven from any posts, it is drawn again.
    Then all begins are redrawn within the gaps.
    Stopped by the observer, it returns the plans it has.
    """
    if count < 1 or more_travel < 0:
        raise ParameterError(
            "At least one plan, and no less travel, must be asked for", "方案数至少为 1，里程增幅不得为负"
        )
    value = check_spacing(problem, plan)
    base = way_seconds(problem, list(plan.routes))
    began, limit = time.perf_counter(), int((1 + more_travel) * base)
    walk = Repacking(
        with_reserve(problem, reserve_seconds), plan, limit=limit, rng=np.random.default_rng([seed, _WALK])
    )
    plans, travel, share = [], [], []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        for _ in range(_STEPS if repacked else 0):
            walk.step()
        begun = without_reserve(problem, walk.plan) if reserve_seconds else walk.plan
        for attempt in range(6):
            drawn = Drawing(problem, begun, limit=limit, value=value, rng=rng)
            found = drawn.run(moves=2 if attempt < 3 else 0)
            if found is not None:
                plans.append(found)
                travel.append(way_seconds(problem, list(found.routes)))
                share.append(drawn.share)
                break
        if not observe(Progress(seconds=time.perf_counter() - began, share=(number + 1) / count)):
            break
    return Alternatives(plans=tuple(plans), travel=np.array(travel), base_travel=base, turned=np.array(share))


class Drawing:
    """One plan being drawn: strands replaced one after the other, feasible at every step."""

    def __init__(
        self, problem: SpacingProblem, plan: SpacedPlan, *, limit: int, value: float, rng: np.random.Generator
    ) -> None:
        self.problem = problem
        self.plan = plan
        self.limit = limit
        self.value = value
        self.rng = rng
        self.strands = strands(problem, plan)
        self.routes: list[list[SpacedRoute]] = [[plan.routes[i] for i in s.routes] for s in self.strands]
        self.travel = [way_seconds(problem, routes) for routes in self.routes]
        self.busy: set[Unit] = {(r.vehicle, r.unit) for r in plan.routes}
        # Units that are under way already keep what they do, and so do those that come too late somewhere.
        late = {gap.point for gap in plan.broken}
        self.loose = [
            i for i, held in enumerate(self.routes)
            if not problem.starts and not any(late.intersection(route.points.tolist()) for route in held)
        ]  # fmt: skip
        self.rounds = [i for i in self.loose if self.strands[i].order is not None]
        self.share = 0.0
        # Where more than rounds is asked, a unit is not exchanged for another, and every step is checked.
        self.plain = problem.plain
        self.units: list[list[Unit]] = [[] for _ in problem.kinds]
        for v, vehicle in enumerate(problem.vehicles):
            if problem.may_go(v):
                self.units[problem.kind_of(v)] += [(v, n) for n in range(vehicle.available)]

    def run(self, *, moves: int) -> SpacedPlan | None:
        """Redraw every round, up to ``moves`` points handed over; None where the whole does not pass the check."""
        rounds = self.rounds
        orders = {i: np.array(self.strands[i].order, np.int64) for i in rounds}
        self._exchange(orders)
        if moves and self.plain:
            self._hand_over(orders, moves)
        done = sum(self._turn(i, orders) for i in self.rng.permutation(rounds).tolist())
        self.share = done / max(1, len(rounds))
        for i in sorted(set(self.loose) - set(rounds)):
            self._reorder(i)
        for i in self.loose:
            self.routes[i] = varied(self.problem, self.routes[i], rng=self.rng)
        made = self.joined()
        return made if self._passes(made) else None

    def joined(self) -> SpacedPlan:
        """Return the plan of the strands as they are now."""
        routes = sorted((r for held in self.routes for r in held), key=lambda r: (r.vehicle, r.unit))
        return replace(self.plan, routes=tuple(routes))

    def _passes(self, plan: SpacedPlan) -> bool:
        try:
            return check_spacing(self.problem, plan) <= self.value
        except CheckError:
            return False

    def _turn(self, i: int, orders: dict[int, Ints]) -> bool:
        """Turn one round anew; return whether it was."""
        strand = self.strands[i]
        own = np.array(strand.order, np.int64)
        moved = set(orders[i].tolist()) != set(own.tolist())
        # A moment is kept through many ways to drive it: moments that are hard to drive must not become rare.
        for _ in range(_MOMENTS):
            moment, by_sections = float(self.rng.random()), bool(self.rng.random() < _SECTIONED)
            for trial in range(_TRIES):
                order = orders[i] if moved or trial % 2 == 0 else own
                routes = self.candidate(strand, order, self.routes[i], moment, by_sections=by_sections)
                if routes is not None and self.take(i, routes):
                    return True
        return False

    def _reorder(self, i: int) -> None:
        """Drive routes that are no closed round in other orders, one change after the other."""
        for _ in range(_REORDERS):
            limit = self.limit - sum(self.travel) + self.travel[i]
            routes = reordered(self.problem, self.routes[i], limit=limit, rng=self.rng)
            if routes is not None:
                self.take(i, routes)

    def take(self, i: int, routes: list[SpacedRoute]) -> bool:
        """Put routes in the place of a strand's where travel and check allow it; return whether they do."""
        travel = way_seconds(self.problem, routes)
        if sum(self.travel) - self.travel[i] + travel > self.limit:
            return False
        held, kept = self.routes[i], self.travel[i]
        self.routes[i], self.travel[i] = routes, travel
        if not self.plain and not self._passes(self.joined()):
            self.routes[i], self.travel[i] = held, kept
            return False
        self.busy -= {(r.vehicle, r.unit) for r in held}
        self.busy |= {(r.vehicle, r.unit) for r in routes}
        return True

    def candidate(
        self, strand: Strand, order: Ints, held: list[SpacedRoute], moment: float, *, by_sections: bool
    ) -> list[SpacedRoute] | None:
        """Draw routes of a closed round turned to a moment in 0 to 1, or None where they cannot be driven."""
        problem, rng, units = self.problem, self.rng, strand.units
        gap, other = int(problem.gap[order].min()), order[::-1].copy()
        length, back = (int(round_legs(problem, o, strand.kind).sum()) for o in (order, other))
        backwards = rng.random() < 0.5 and back <= units * gap
        if backwards:
            order, length = other, back
        least = -(-length // units)
        # Shorter periods would bring more visits than the gap asks for.
        least = max(least, int(problem.least_gap[order].max()), int(_SHORTEST * gap))
        if least > gap or length >= NO_WAY:
            return None
        # Long periods leave no time for the ways from and to the posts, so short ones are drawn more often.
        period = least + int((gap - least) * rng.random() ** 2)
        start = int(moment * len(order))
        if backwards:
            start = len(order) - 1 - start
        if by_sections or gap - least < _ROOM:
            item = sectioned(problem, order, strand.kind, units=units, start=start, rng=rng)
        else:
            first = int((gap - period) * rng.random())
            turn = int(moment * units * period) + first
            item = evenly(problem, order, strand.kind, units=units, period=period, turn=turn, first=first, rng=rng)
        if item is None:
            return None
        mine = {(r.vehicle, r.unit) for r in held}
        free = [u for u in self.units[strand.kind] if u in mine or (self.plain and u not in self.busy)]
        return manned(problem, item, free, rng)

    def _exchange(self, orders: dict[int, Ints]) -> None:
        """Put one point of each round elsewhere in its order where that costs little."""
        for i, order in orders.items():
            n = len(order)
            if n < 4:
                continue
            strand = self.strands[i]
            gap = int(self.problem.gap[order].min())
            at, pick = int(self.rng.integers(0, n)), int(self.rng.integers(0, n - 1))
            near = np.argsort(
                self.problem.seconds[strand.kind, order[at] + self.problem.posts, order + self.problem.posts]
            )
            to = int(np.flatnonzero(np.delete(order, at) == order[near[1 + pick % min(3, n - 1)]])[0])
            other = np.insert(np.delete(order, at), to, order[at])
            was = int(round_legs(self.problem, order, strand.kind).sum())
            now = int(round_legs(self.problem, other, strand.kind).sum())
            spare = strand.units * gap - was
            if now - was <= spare // 8:
                orders[i] = other

    def _hand_over(self, orders: dict[int, Ints], moves: int) -> None:
        """Move a few points to another round of the same kind that has time for them, near it."""
        problem, rng = self.problem, self.rng
        for i in rng.permutation(list(orders))[:moves].tolist():
            kind, order = self.strands[i].kind, orders[i]
            takers = [j for j in orders if j != i and self.strands[j].kind == kind]
            if len(order) < 3 * self.strands[i].units or not takers:
                continue
            best: tuple[int, int, int, int] | None = None
            for at in rng.permutation(len(order))[:6].tolist():
                for j in takers:
                    if problem.gap[orders[j]].min() != problem.gap[order].min():
                        continue
                    more, to = self._insertion(int(order[at]), orders[j], kind)
                    length = int(round_legs(problem, orders[j], kind).sum()) + more
                    room = self.strands[j].units * (int(problem.gap[order].min()) - _KEPT_FREE)
                    if length <= room and (best is None or more < best[0]):
                        best = (more, at, j, to)
            if best is not None:
                _, at, j, to = best
                orders[j] = np.insert(orders[j], to, order[at])
                orders[i] = np.delete(order, at)

    def _insertion(self, point: int, order: Ints, kind: int) -> tuple[int, int]:
        """Return the least seconds by which a point lengthens a round, and where."""
        legs, posts = self.problem.seconds[kind], self.problem.posts
        here, there = order + posts, np.roll(order, -1) + posts
        more = legs[here, point + posts].astype(np.int64) + legs[point + posts, there] - legs[here, there]
        at = int(more.argmin())
        return int(more[at]) + int(self.problem.dwell[point]), at + 1
