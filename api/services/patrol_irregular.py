"""Times that nobody can guess: the plan of the day is drawn among near-equal ones, and 规律性 says how well it hides."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final, cast

import numpy as np

from api.schemas.patrol import PatrolQuestion
from api.services import patrol_timetable
from api.services.open_plan import plans_from
from api.services.patrol_ground import Ground
from api.services.patrol_routes import Body
from api.services.patrol_solving import between, unvisited_out
from api.services.workspace import Workspace
from geo.errors import XungeError
from geo.store.port import Json, Principal
from planners.contract import Budget, Observer, Progress
from planners.patrol.guess.alternatives import alternatives
from planners.patrol.guess.regularity import LEAST_NIGHTS, Regularity, regularity, regularity_of_draws
from planners.patrol.guess.reserve import with_reserve, without_reserve
from planners.patrol.mend.improve import improve
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

NIGHTS: Final = 7
"""Earlier nights that are watched, or imagined where too few were kept."""
MORE_TRAVEL: Final = 0.1
"""Travel above that of the first plan that is allowed where irregular times matter most."""
SHARE: Final = 0.2
"""Part of the seconds asked for that goes to drawing plans."""
DRAWN: Final = 3
"""Plans that are drawn one from the other for a day."""
MENDED: Final = 8
"""Iterations in which what a plan of an imagined night leaves out is put between its stops."""
LEVELS: Final[Mapping[str, tuple[str, str]]] = {
    "low": ("低", "low"),
    "middle": ("中", "middle"),
    "high": ("高", "high"),
}


def drawn_today(
    ground: Ground, plan: SpacedPlan, question: PatrolQuestion, observe: Observer, *, nights: Sequence[SpacedPlan],
    reserve_seconds: int = 0,
) -> tuple[SpacedPlan, Json]:  # fmt: skip
    """Return the plan of the day and its regularity; the plan as it is where nothing else is as good, or times need not vary.

    Plans are drawn one from the other by seed and day, and the last is today's. ``nights`` are the plans of earlier nights; where
    they are too few, nights are imagined that were planned and drawn alike, each from its own seed.
    """
    weight, problem = question.weights.irregular, ground.crews
    if weight == 0 or not plan.routes:
        return plan, told(regularity(problem, plan, nights), imagined=False)
    going = _until(question, observe)
    made = alternatives(
        problem, plan, count=DRAWN, seed=seed_of(question, ground.terms.day.day), more_travel=MORE_TRAVEL * weight,
        reserve_seconds=reserve_seconds, observe=going,
    )  # fmt: skip
    today = made.plans[-1] if made.plans else plan
    if len(nights) >= LEAST_NIGHTS:
        return today, told(regularity(problem, today, nights), imagined=False)
    imagined: list[SpacedPlan] = []
    for n in range(1, NIGHTS + 1):
        if n > LEAST_NIGHTS and (question.iterations is not None or not going(Progress(seconds=0.0))):
            break
        seed = seed_of(question, ground.terms.day.day - timedelta(days=n))
        night = _night(problem, seed, reserve_seconds)
        drawn = alternatives(
            problem, night, count=1, seed=seed, more_travel=MORE_TRAVEL, reserve_seconds=reserve_seconds
        )
        imagined += drawn.plans or (night,)
    return today, told(regularity_of_draws(problem, [*imagined, today]), imagined=True)


def seed_of(question: PatrolQuestion, day: date) -> int:
    """Return the seed of a day: where times must vary, each night is planned and drawn on its own."""
    if question.weights.irregular == 0:
        return question.seed
    return int(np.random.SeedSequence([question.seed, day.toordinal()]).generate_state(1)[0])


def _until(question: PatrolQuestion, observe: Observer) -> Observer:
    """Return an observer that stops when the seconds for drawing are over; counted iterations give the same plan everywhere."""
    end = time.perf_counter() + max(1.0, SHARE * question.seconds)

    def going(step: Progress) -> bool:
        late = question.iterations is None and time.perf_counter() > end
        return observe(replace(step, share=None, objective=None, bound=None)) and not late

    return going


def _night(problem: SpacingProblem, seed: int, reserve_seconds: int) -> SpacedPlan:
    """Return a first plan of another seed, what it leaves out put between its stops."""
    asked = with_reserve(problem, reserve_seconds)
    plan = solve_spacing(asked, Budget(iterations=1, seed=seed), observe=lambda step: step.objective is None).plan
    if plan.left_out:
        budget = Budget(iterations=MENDED, seed=seed)
        plan = unvisited_out(asked, improve(asked, between(asked, plan), budget, idle=True).plan)
    return without_reserve(problem, plan)


def nights_before(workspace: Workspace, principal: Principal, ground: Ground) -> list[SpacedPlan]:
    """Return the kept plans of the same shift in the nights before, oldest first, one a night; those of other points are left away."""
    start, shift_id = ground.terms.shift.start, ground.terms.shift.shift_id
    found: dict[datetime, SpacedPlan] = {}
    for record in plans_from(workspace, principal, start - timedelta(days=NIGHTS), start):
        span = cast("Mapping[str, Json]", record.body["shift"])
        night = datetime.fromisoformat(str(span["start"]))
        if span.get("id") != shift_id or "timetable" not in record.body or night == start or night in found:
            continue
        try:
            _, found[night] = patrol_timetable.from_json(
                ground.crews, cast("Mapping[str, Json]", record.body["timetable"])
            )
        except XungeError:
            continue
    return [found[night] for night in sorted(found)]


def nights_lacking(n: int) -> tuple[str, str]:
    """Return how many nights are kept and how many more are needed, in words."""
    more = LEAST_NIGHTS - n
    return (
        f"已存前 {NIGHTS} 天内同班次方案 {n} 夜，还差 {more} 夜",
        f"{n} plans of this shift in the last {NIGHTS} days are kept, {more} more are needed",
    )


def told(held: Regularity, *, imagined: bool) -> Json:
    """Return 规律性 as it stands in a plan; how it is measured stays in the library."""
    if held.level is None:
        lacking = nights_lacking(held.n)
        words = (
            (f"规律性：{lacking[0]}才能判断", f"regularity: {lacking[1]} to say")
            if held.n < LEAST_NIGHTS
            else ("规律性：没有可供核对的到点", "regularity: there is no visit to judge by")
        )
        return {"level": None, "hit_ratio": None, "n": held.n, "imagined": False, "zh": words[0], "en": words[1]}
    zh, en = LEVELS[held.level]
    basis = (
        (f"按同法抽取推演 {held.n} 夜", f"{held.n} nights drawn alike")
        if imagined
        else (f"对照前 {held.n} 夜", f"after {held.n} nights")
    )
    body: Body = {
        "level": held.level, "hit_ratio": None if held.hit_ratio is None else round(held.hit_ratio, 2), "n": held.n,
        "imagined": imagined, "zh": f"规律性 {zh}（{basis[0]}）", "en": f"regularity {en} ({basis[1]})",
    }  # fmt: skip
    return body
