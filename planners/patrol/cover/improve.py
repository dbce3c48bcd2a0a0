"""Cover in the objective: rounds turned, reversed, reordered and manned so that the units on patrol reach more calls."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.patrol.cover.curve import calls_at, counts_of, mean_share, moments, share_of, spots_of
from planners.patrol.cover.problem import CoverProblem, halves
from planners.patrol.guess.alternatives import Drawing
from planners.patrol.guess.offsets import Freedom, retimed
from planners.patrol.guess.repacked import Repacking
from planners.patrol.guess.turns import way_seconds
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Counts = npt.NDArray[np.int16]

_STEP_SECONDS = 180
_WAITS = 0.5
"""Share of the steps that only move where time is waited."""
_REPACKED = 0.5
"""Share of the budget in which points are shared out anew among the rounds."""
_A_STEP = 20
"""Iterations that sharing out some points counts as."""
_WARM = 0.002
"""Share of the calls that a step may lose at first; it falls to nothing over the budget."""


def improve_cover(
    problem: SpacingProblem,
    plan: SpacedPlan,
    cover: CoverProblem,
    budget: Budget,
    *,
    weight: float = 1.0,
    more_travel: float = 0.05,
    observe: Observer = silent,
) -> Outcome[SpacedPlan]:
    """Change a plan so that ``weight * cover - (1 - weight) * more driving`` grows; gaps, units and the check stay kept.

    ``cover`` counts as its mean share over the shift, driving as the share above that of ``plan``, which is never above
    ``more_travel``. In the first half of the budget points are shared out anew among rounds, as long as that helps; then rounds are redrawn one
    after the other by simulated annealing. While it searches, a unit under way counts at the ends of its
    way. The best plan is measured on the streets, and ``plan`` itself is returned where that is better.
    ``budget.iterations`` counts rounds redrawn. No bound is proved: a plan on patrol may cover more than units that stand.
    """
    if not 0 <= weight <= 1 or more_travel < 0:
        raise ParameterError(
            "The weight must be 0 to 1, and more travel 0 or more", "权重须在 0 到 1，里程增幅不得为负"
        )
    began = time.perf_counter()
    search = _Search(problem, plan, cover, weight=weight, more_travel=more_travel, seed=budget.seed)
    limit = budget.iterations or (2000 if budget.seconds is None else 1 << 40)
    termination = Termination.ITERATIONS
    walk = Repacking(problem, plan, limit=search.limit, rng=search.rng)
    for step in range(limit if search.rounds else 0):
        seconds = time.perf_counter() - began
        if step % 20 == 0 and not observe(Progress(seconds=seconds, objective=search.best)):
            termination = Termination.CANCELLED
            break
        if budget.seconds is not None and seconds > budget.seconds:
            termination = Termination.TIME
            break
        spent = step / limit if budget.seconds is None else seconds / budget.seconds
        if spent >= _REPACKED:
            search.step(_WARM * (1 - (spent - _REPACKED) / (1 - _REPACKED)) ** 2)
        elif budget.seconds is not None or step % _A_STEP == 0:
            # First who visits which points, then when: every other round begins anew with its times.
            walk.step(search.begin_from)
    found = max((plan, search.plan), key=search.measured)
    check_spacing(problem, found)
    return Outcome(
        plan=found, objective=search.measured(found), bound=None, sense=1, termination=termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver="rounds redrawn for cover",
    )  # fmt: skip


class _Search:
    """A plan, which units reach which demand when, and the best plan so far."""

    def __init__(
        self,
        problem: SpacingProblem,
        plan: SpacedPlan,
        cover: CoverProblem,
        *,
        weight: float,
        more_travel: float,
        seed: int,
    ) -> None:
        self.problem, self.cover, self.weight = problem, cover, weight
        self.rough = replace(cover, ways=halves(cover.spot_of_place))
        self.rng = np.random.default_rng(seed)
        self.base = way_seconds(problem, list(plan.routes))
        self.limit, self.most = int((1 + more_travel) * self.base), check_spacing(problem, plan)
        self.at, self.calls = moments(problem, _STEP_SECONDS), calls_at(problem, cover, _STEP_SECONDS)
        self.best = -math.inf
        self.begin_from(plan)

    def begin_from(self, plan: SpacedPlan) -> bool:
        """Go on from a plan where it is worth as much as the best so far; return whether it is."""
        problem = self.problem
        drawing = Drawing(problem, plan, limit=self.limit, value=self.most, rng=self.rng)
        mine = [counts_of(self.cover, spots_of(problem, held, self.rough, self.at)) for held in drawing.routes]
        total: Counts = np.asarray(np.sum(np.array(mine), axis=0), np.int16)
        value = self._worth(total, sum(drawing.travel))
        if value < self.best:
            return False
        self.drawing, self.mine, self.total, self.plan, self.value, self.best = drawing, mine, total, plan, value, value
        self.rounds = [i for i in drawing.rounds if mine[i].any()]
        self.orders = {i: np.array(drawing.strands[i].order, np.int64) for i in self.rounds}
        return True

    def step(self, heat: float) -> None:
        """Redraw one round and keep it where it helps, or loses less than luck times ``heat``."""
        rng, drawing = self.rng, self.drawing
        i = self.rounds[int(rng.integers(len(self.rounds)))]
        order = self.orders[i]
        routes: list[SpacedRoute] | None
        if rng.random() < _WAITS:
            freedom = Freedom.of(self.problem, drawing.routes[i])
            begin = freedom.drawn(freedom.begin, rng, sweeps=1, most=int(rng.integers(1, 9)))
            routes = retimed(self.problem, drawing.routes[i], begin)
        else:
            order = order if rng.random() < 0.5 else _changed(order, rng)
            routes = drawing.candidate(
                drawing.strands[i], order, drawing.routes[i], float(rng.random()), by_sections=bool(rng.random() < 0.5)
            )
        if routes is None:
            return
        counts = counts_of(self.cover, spots_of(self.problem, routes, self.rough, self.at))
        total = self.total - self.mine[i] + counts
        travel = sum(drawing.travel) - drawing.travel[i] + way_seconds(self.problem, routes)
        value = self._worth(total, travel)
        bar = self.value + heat * math.log(max(1e-12, rng.random()))
        if value >= bar and drawing.take(i, routes):
            self.value, self.total, self.mine[i], self.orders[i] = value, total, counts, order
            if value > self.best:
                self.best, self.plan = value, drawing.joined()

    def measured(self, plan: SpacedPlan) -> float:
        """Return the objective of a plan with its ways on the streets."""
        share = share_of(
            counts_of(self.cover, spots_of(self.problem, plan.routes, self.cover, self.at)) > 0, self.calls
        )
        return self._joined(mean_share(share, self.calls), way_seconds(self.problem, list(plan.routes)))

    def _worth(self, counts: Counts, travel: int) -> float:
        return self._joined(mean_share(share_of(counts > 0, self.calls), self.calls), travel)

    def _joined(self, share: float, travel: int) -> float:
        return self.weight * share - (1 - self.weight) * (travel / max(1, self.base) - 1)


def _changed(order: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return an order with a short part reversed, or put elsewhere nearby."""
    n = len(order)
    if n < 4:
        return order
    turned = np.roll(order, -int(rng.integers(n)))
    size = int(rng.integers(1, min(5, n - 2)))
    part, rest = turned[:size], turned[size:]
    at = int(rng.integers(1, min(6, len(rest)))) if rng.random() < 0.6 else 0
    if rng.random() < 0.5:
        part = part[::-1]
    return np.concatenate([rest[:at], part, rest[at:]])
