"""Solving a patrol plan: rounds first, then what they leave out or late is put between their stops; always checked."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from api.schemas.patrol import PatrolQuestion, Weights
from api.services.patrol_body import Made, Proof
from api.services.patrol_ground import Ground
from api.services.patrol_routes import MODES_EN, MODES_ZH
from geo.store.port import Json
from planners.contract import Budget, Observer, Outcome, Progress, Termination
from planners.patrol.mend.improve import improve
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.check import begins_by_point, broken_gaps, check_spacing
from planners.patrol.spacing.faults import faults
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

SHORTER = 0.25
"""How much shorter gaps are asked for at most where short gaps matter more than few units."""
ROUNDS_SHARE = 0.5
"""Part of the time for rounds; the rest is for putting what they leave out between their stops."""


def solved(ground: Ground, question: PatrolQuestion, observe: Observer) -> Made:
    """Return the best timetable found within the budget of a question."""
    began = time.perf_counter()
    problem = ground.crews
    asked = shortened(problem, question.weights)
    first = Budget(seconds=ROUNDS_SHARE * question.seconds, iterations=question.iterations, seed=question.seed)
    stopped = _Stopped(observe, problem)
    outcome = solve_spacing(asked, first, observe=sharing(stopped, question.seconds, 0.0, 0.95))
    plan = without_idle_rests(outcome.plan)
    objective = check_spacing(problem, plan)
    bound, least = _bound(problem, outcome, shortened=asked is not problem)
    termination = outcome.termination
    video = watched(ground, question)
    if objective > bound + 1e-6 and not stopped.asked:
        rest = replace(first, seconds=max(0.5, question.seconds - (time.perf_counter() - began)))
        told = sharing(stopped, question.seconds, ROUNDS_SHARE, 0.95)
        found = improve(asked, between(asked, plan), rest, bound=bound, idle=True, observe=told)
        mended = without_idle_rests(unvisited_out(problem, found.plan))
        plan = min(plan, mended, key=lambda p: check_spacing(problem, p))
        objective, termination = check_spacing(problem, plan), found.termination
    if objective <= bound + 1e-6:
        termination = Termination.OPTIMAL
    elif stopped.asked:
        termination = Termination.CANCELLED
    proof = Proof(
        objective=float(objective), bound=bound, units=least, termination=termination.value,
        seconds=round(time.perf_counter() - began, 2), seed=question.seed, solver="spaced rounds, then ruin and recreate",
    )  # fmt: skip
    return Made(plan=plan, video=video, proof=proof)


def without_idle_rests(plan: SpacedPlan) -> SpacedPlan:
    """Return the plan without crews that would go out for nothing but a break; the plan itself where there is none."""
    out = tuple(route for route in plan.routes if (route.rest < 0).any())
    return plan if len(out) == len(plan.routes) else replace(plan, routes=out)


def between(problem: SpacingProblem, plan: SpacedPlan) -> SpacedPlan:
    """Return the plan with the points that some unit could reach not left out but late, so that their visits are looked for."""
    never = {fault.key for fault in faults(problem) if fault.what == "point"}
    out = tuple(p for p in plan.left_out if problem.point_keys[p] in never)
    draft = replace(plan, left_out=out)
    return replace(draft, broken=broken_gaps(problem, draft))


def unvisited_out(problem: SpacingProblem, plan: SpacedPlan) -> SpacedPlan:
    """Return the plan with points left out that no visit is made to; a gap as long as the shift tells it by one second only."""
    begins = begins_by_point(problem, plan)
    never = [p for p in np.flatnonzero(problem.on_rounds).tolist() if not begins[p]]
    draft = replace(plan, left_out=tuple(sorted({*plan.left_out, *never})), broken=())
    return replace(draft, broken=broken_gaps(problem, draft))


def one_more_unit(ground: Ground, plan: SpacedPlan, question: PatrolQuestion) -> Json:
    """Return what one more unit of the kind that is short would bring, found by a short search: at least so much, perhaps more."""
    problem = ground.crews
    never = {fault.key for fault in faults(problem) if fault.what == "point"}
    short = _unkept(plan) - {p for p, key in enumerate(problem.point_keys) if key in never}
    sent = {(route.vehicle, route.unit) for route in plan.routes}
    full = [
        v for v, vehicle in enumerate(problem.vehicles)
        if problem.may_go(v) and all((v, n) in sent for n in range(vehicle.available))
    ]  # fmt: skip
    idle = len(plan.routes) < problem.units
    if not short or not full or (idle and _idle_could(problem, sent, short)):
        return None
    best = max(full, key=lambda v: (int(problem.eligible[sorted(short), problem.kind_of(v)].sum()), -v))
    vehicle = problem.vehicles[best]
    more = replace(vehicle, unit_keys=(*vehicle.unit_keys, "+1"))
    larger = replace(problem, vehicles=(*problem.vehicles[:best], more, *problem.vehicles[best + 1 :]))
    iterations = None if question.iterations is None else 2
    budget = Budget(seconds=max(1.0, 0.1 * question.seconds), iterations=iterations, seed=question.seed)
    # The same search without the unit tells what the search alone would have brought.
    alone = unvisited_out(problem, improve(problem, between(problem, plan), budget, idle=True).plan)
    found = unvisited_out(larger, improve(larger, between(larger, plan), budget, idle=True).plan)
    gained = sorted((short & _unkept(alone)) - _unkept(found))
    if not gained or len(_unkept(found)) >= len(_unkept(alone)):
        return None
    names = [ground.name_of(p) for p in gained]
    kind = (MODES_ZH[vehicle.kind], MODES_EN[vehicle.kind])
    return {
        "kind": vehicle.kind, "points": [problem.point_keys[p] for p in gained],
        "priority": int(problem.priority[gained].sum()),
        "zh": f"再增 1 组（{kind[0]}）至少可多保 {len(gained)} 处：{'、'.join(names[:5])}",
        "en": f"one more unit ({kind[1]}) would keep at least {len(gained)} more points: {', '.join(names[:5])}",
    }  # fmt: skip


def _idle_could(problem: SpacingProblem, sent: set[tuple[int, int]], short: set[int]) -> bool:
    """Return whether a unit that stays in may go to a point that is not kept: then units are not what is short."""
    return any(
        (v, n) not in sent and bool(problem.eligible[sorted(short), problem.kind_of(v)].any())
        for v, vehicle in enumerate(problem.vehicles)
        if problem.may_go(v)
        for n in range(vehicle.available)
    )


def _unkept(plan: SpacedPlan) -> set[int]:
    return {*plan.left_out, *(gap.point for gap in plan.broken)}


def watched(ground: Ground, question: PatrolQuestion) -> SpacedPlan | None:
    """Return the rounds of the operators; they need little time, all their ways are alike."""
    if ground.video is None:
        return None
    budget = Budget(seconds=max(1.0, 0.1 * question.seconds), iterations=20, seed=question.seed)
    return solve_spacing(ground.video, budget).plan


def shortened(problem: SpacingProblem, weights: Weights) -> SpacingProblem:
    """Return the problem with shorter gaps where they matter more than few units; a plan of it keeps the gaps asked for, too."""
    factor = 1.0 - SHORTER * max(0.0, weights.gaps - weights.units)
    if factor == 1.0:
        return problem
    gap = np.maximum((problem.gap * factor).astype(np.int32), np.maximum(problem.least_gap, problem.dwell + 1))
    return replace(problem, gap=gap, since=np.minimum(problem.since, gap))


def _bound(problem: SpacingProblem, outcome: Outcome[SpacedPlan], *, shortened: bool) -> tuple[float, int]:
    """Return what is proved about the objective, and about the units that keep all gaps that can be kept.

    A point that no unit reaches is left out by every plan: it is no reason for more units.
    """
    price = problem.price_of_leaving_out
    known = {key: point for point, key in enumerate(problem.point_keys)}
    never = [known[fault.key] for fault in faults(problem) if fault.what == "point" and fault.key in known]
    if not (never or shortened or outcome.bound is None) and outcome.bound < price:
        return outcome.bound, math.ceil(outcome.bound - 1e-6)
    on_rounds, eligible = problem.on_rounds.copy(), problem.eligible.copy()
    on_rounds[never], eligible[never] = False, False
    units = bound_units(replace(problem, on_rounds=on_rounds, eligible=eligible)).units if on_rounds.any() else 0
    return float(min(units, price) + price * int(problem.priority[never].sum())), units


class _Stopped:
    """An observer that remembers whether it was asked to stop."""

    def __init__(self, observe: Observer, problem: SpacingProblem) -> None:
        self._observe = observe
        self._price = problem.price_of_leaving_out
        self.asked = False

    def _words(self, step: Progress) -> str:
        """Say the objective in units, since the price of what is left out means nothing to a planner."""
        if step.objective is None:
            return ""
        units = round(step.objective % self._price)
        late = "，尚有必巡点未能按间隔安排" if step.objective >= self._price else ""
        # A bound as high as the price of leaving a point out says nothing about units.
        bound = (
            "" if step.bound is None or step.bound >= self._price else f"；理论下限 {math.ceil(step.bound - 1e-6)} 组"
        )
        return f"目前 {units} 组{bound}{late}"

    def __call__(self, step: Progress) -> bool:
        # The price of what is left out is no number of units: then words tell how far it is.
        shown = replace(step, message=step.message or self._words(step))
        if step.objective is not None and step.objective >= self._price:
            shown = replace(shown, objective=None, bound=None)
        if not self._observe(shown):
            self.asked = True
        return not self.asked


def sharing(observe: Observer, seconds: float, low: float, high: float) -> Observer:
    """Return an observer that tells the share of the time that is spent."""

    def told(step: Progress) -> bool:
        share = low + (high - low) * min(1.0, step.seconds / seconds)
        return observe(replace(step, share=max(share, step.share or 0.0)))

    return told
