"""Times that nobody can guess: the plan of the day is drawn among near-equal ones, and 规律性 says how well it hides."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, cast

from api.schemas.patrol import PatrolQuestion
from api.services import patrol_timetable
from api.services.patrol_ground import Ground
from api.services.patrol_routes import Body
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, XungeError
from geo.store.port import Json, Principal
from planners.contract import Observer, Progress
from planners.patrol.guess.alternatives import Alternatives, alternatives
from planners.patrol.guess.regularity import LEAST_NIGHTS, Regularity, regularity
from planners.patrol.guess.todays import todays_plan
from planners.patrol.spacing.plan import SpacedPlan

NIGHTS: Final = 7
"""Earlier nights that are watched, or imagined where fewer were kept."""
MORE_TRAVEL: Final = 0.1
"""Travel above that of the first plan that is allowed where irregular times matter most."""
COUNT: Final = 24
FEW: Final = 4
"""Near-equal plans that are looked for, and how many where iterations are counted instead of seconds."""
LEVELS: Final[Mapping[str, tuple[str, str]]] = {
    "low": ("低", "low"),
    "middle": ("中", "middle"),
    "high": ("高", "high"),
}


def drawn_today(
    ground: Ground, plan: SpacedPlan, question: PatrolQuestion, observe: Observer, *, nights: Sequence[SpacedPlan]
) -> tuple[SpacedPlan, Json]:
    """Return the plan of the day and its regularity; the plan as it is where nothing else is as good, or times need not vary.

    ``nights`` are the plans of earlier nights; where they are too few, the same draw is imagined for the nights before.
    """
    weight, problem = question.weights.irregular, ground.crews
    if weight == 0 or plan.broken or not plan.routes:
        return plan, told(regularity(problem, plan, nights), imagined=False)
    end = time.perf_counter() + max(1.0, 0.15 * question.seconds)

    def going(step: Progress) -> bool:
        # Only seconds may end the search early: counted iterations give the same plan everywhere.
        late = question.iterations is None and time.perf_counter() > end
        return observe(replace(step, share=None, objective=None, bound=None)) and not late

    count = COUNT if question.iterations is None else FEW
    made = alternatives(problem, plan, count=count, seed=question.seed, more_travel=MORE_TRAVEL * weight, observe=going)
    day = ground.terms.day.day.toordinal()
    try:
        today = todays_plan(problem, plan, seed=question.seed, day=day, made=made).plan
    except InfeasibleError:
        return plan, told(regularity(problem, plan, nights), imagined=False)
    if len(nights) >= LEAST_NIGHTS:
        return today, told(regularity(problem, today, nights), imagined=False)
    return today, told(regularity(problem, today, _imagined(ground, plan, made, question.seed)), imagined=True)


def _imagined(ground: Ground, plan: SpacedPlan, made: Alternatives, seed: int) -> list[SpacedPlan]:
    day = ground.terms.day.day.toordinal()
    return [todays_plan(ground.crews, plan, seed=seed, day=day - n, made=made).plan for n in range(NIGHTS, 0, -1)]


def nights_before(workspace: Workspace, principal: Principal, ground: Ground) -> list[SpacedPlan]:
    """Return the kept plans of the same shift in the nights before, oldest first, one a night; those of other points are left away."""
    start, shift_id = ground.terms.shift.start, ground.terms.shift.shift_id
    found: dict[datetime, SpacedPlan] = {}
    for record in workspace.store.plans(principal, "patrol"):
        span = record.body.get("shift")
        if not isinstance(span, Mapping) or span.get("id") != shift_id or "timetable" not in record.body:
            continue
        night = datetime.fromisoformat(str(span["start"]))
        if not start - timedelta(days=NIGHTS) <= night < start or night in found:
            continue
        try:
            _, found[night] = patrol_timetable.from_json(
                ground.crews, cast("Mapping[str, Json]", record.body["timetable"])
            )
        except XungeError:
            continue
    return [found[night] for night in sorted(found)]


def told(held: Regularity, *, imagined: bool) -> Json:
    """Return 规律性 as it stands in a plan; how it is measured stays in the library."""
    if held.level is None:
        words = (
            f"规律性：已存方案不足 {LEAST_NIGHTS} 夜，无法判断",
            f"regularity: fewer than {LEAST_NIGHTS} nights are kept, unknown",
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
