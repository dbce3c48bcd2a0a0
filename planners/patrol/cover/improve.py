"""Cover in the objective: closed rounds reordered, turned, cut and manned anew so that the units on patrol reach more calls."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from geo.errors import CheckError, ParameterError
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.patrol.cover.anneal import anneal
from planners.patrol.cover.curve import calls_at, counts_of, mean_share, moments, share_of, spots_of
from planners.patrol.cover.problem import CoverProblem
from planners.patrol.cover.written import Written, written
from planners.patrol.guess.turns import way_seconds
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem

_STEP_SECONDS: Final = 180
_CHANGES: Final = 200
"""Changes that are tried in one iteration."""
_WARM: Final = 6e-3
"""What a change may lose at first, times luck, in shares of the calls that the plan does not reach; it falls evenly by factors."""
_COLD: Final = 1.2e-4
"""The same at the end."""
_ITERATIONS: Final = 1000
"""Iterations where neither these nor seconds are set."""


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
    ``more_travel``. Closed rounds are changed a little at a time by simulated annealing: points reversed, moved, exchanged with and
    handed to rounds beside, rounds turned, reversed and cut elsewhere, waits moved, other posts. While it searches, a unit under way
    counts at the ends of its way. The best plan is measured on the streets, and ``plan`` itself is returned where that is better.
    ``budget.iterations`` counts spells of 200 changes. No bound is proved: a plan on patrol may cover more than units that stand.
    """
    if not 0 <= weight <= 1 or more_travel < 0:
        raise ParameterError(
            "The weight must be 0 to 1, and more travel 0 or more", "权重须在 0 到 1，里程增幅不得为负"
        )
    began = time.perf_counter()
    search = _Search(problem, plan, cover, weight=weight, more_travel=more_travel, seed=budget.seed)
    limit = budget.iterations or (_ITERATIONS if budget.seconds is None else 1 << 40)
    termination = Termination.ITERATIONS
    for spell in range(limit if search.rounds else 0):
        seconds = time.perf_counter() - began
        if not observe(Progress(seconds=seconds, objective=search.best)):
            termination = Termination.CANCELLED
            break
        if budget.seconds is not None and seconds > budget.seconds:
            termination = Termination.TIME
            break
        spent = spell / limit if budget.seconds is None else seconds / budget.seconds
        search.spell(search.missed * _WARM * (_COLD / _WARM) ** spent)
    found = max((plan, search.plan()), key=search.measured)
    check_spacing(problem, found)
    return Outcome(
        plan=found, objective=search.measured(found), bound=None, sense=1, termination=termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver="rounds annealed for cover",
    )  # fmt: skip


class _Search:
    """A plan whose rounds are being changed, and what changes are worth."""

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
        self.rng = np.random.default_rng(seed)
        self.base = max(1, way_seconds(problem, list(plan.routes)))
        self.limit, self.most = int((1 + more_travel) * self.base), check_spacing(problem, plan)
        self.at, self.calls = moments(problem, _STEP_SECONDS), calls_at(problem, cover, _STEP_SECONDS)
        self.held = self._from(plan)
        self.missed = 1 - float(self.held.state.value[0])
        self.rounds = len(self.held.state.rounds.size)

    def _from(self, plan: SpacedPlan) -> Written:
        held = written(self.problem, plan, self.cover, every_seconds=_STEP_SECONDS)
        value = held.state.value
        driving = int(held.state.rounds.travel.sum()) / self.base
        value[1:] = self.weight * value[0] - (1 - self.weight) * driving
        return held

    @property
    def best(self) -> float:
        """The worth of the best plan so far."""
        return float(self.held.state.value[2]) + (1 - self.weight) * (1 - self.held.travel / self.base)

    def spell(self, heat: float) -> None:
        """Try some changes."""
        problem, held = self.problem, self.held
        before = held.state.value[2]
        anneal(
            held.ground, held.state, self.rng, _CHANGES, heat, self.weight, float(self.base),
            float(self.limit - held.travel), int(not problem.plain),
        )  # fmt: skip
        # Breaks, optional and set stops are looked at by the check alone.
        if not problem.plain and held.state.value[2] > before:
            plan = held.restored()
            self.held = self._from(plan if self._passes(plan) else held.plan)

    def plan(self) -> SpacedPlan:
        """Return the best plan."""
        return self.held.restored()

    def _passes(self, plan: SpacedPlan) -> bool:
        try:
            return check_spacing(self.problem, plan) <= self.most
        except CheckError:
            return False

    def measured(self, plan: SpacedPlan) -> float:
        """Return the objective of a plan with its ways on the streets."""
        counts = counts_of(self.cover, spots_of(self.problem, plan.routes, self.cover, self.at))
        share = mean_share(share_of(counts > 0, self.calls), self.calls)
        return self.weight * share - (1 - self.weight) * (way_seconds(self.problem, list(plan.routes)) / self.base - 1)
