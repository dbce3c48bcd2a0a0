"""Patrol plans of a shift: from the tables to a checked plan with its streets, times and proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from api.schemas.patrol import PatrolQuestion
from api.services.patrol_body import Made, body_of
from api.services.patrol_cover import cover_of, covering
from api.services.patrol_cover import told as cover_told
from api.services.patrol_ground import Ground, ground_of
from api.services.patrol_handover import handed_over
from api.services.patrol_irregular import drawn_today, nights_before, told
from api.services.patrol_routes import Body
from api.services.patrol_solving import one_more_unit, solved
from api.services.patrol_terms import shift_of, terms_of
from api.services.patrol_versions import Step, keep_first
from api.services.workspace import Workspace
from geo.store.port import Json, Principal
from planners.contract import Observer, Progress, Termination
from planners.patrol.guess.regularity import regularity
from planners.patrol.spacing.check import check_spacing

SOLVING_SHARE: Final = 0.8
OVERRUN: Final = 1.25
"""How much longer than asked a search may have taken for the value of one more unit to be sought."""


def plan_patrol(
    workspace: Workspace, principal: Principal, question: PatrolQuestion, observe: Observer
) -> Mapping[str, Json]:
    """Plan the patrols of a shift, check them on their own, keep the plan, and return its number."""
    observe(Progress(seconds=0.0, share=0.0, message="计算路网时间"))
    shift = shift_of(workspace, principal, question)
    before, since = handed_over(workspace, principal, shift) if question.handover else (None, {})
    ground = ground_of(workspace, principal, question, terms_of(workspace, principal, question, since=since))
    notes = [_handover_note(before, ground)]
    # The rest of the time goes to times that cannot be guessed and to cover.
    first = question.model_copy(update={"seconds": SOLVING_SHARE * question.seconds})
    made = solved(ground, first, observe)
    if since and _could_do_more(ground, made):
        # What the shift before left late must not cost points for a whole shift.
        eased = ground_of(workspace, principal, question, terms_of(workspace, principal, question, since={}))
        other = solved(eased, first, observe)
        if other.proof.objective < made.proof.objective:
            ground, made = eased, other
            notes = [
                note(
                    "handover_eased", "上一班末次到点过早，首次到点改自本班开始起算",
                    "the shift before visited too early: first visits are counted from the start of this shift",
                )
            ]  # fmt: skip
    stopped = made.proof.termination == Termination.CANCELLED
    nights = nights_before(workspace, principal, ground)
    plan, regular = made.plan, told(regularity(ground.crews, made.plan, nights), imagined=False)
    if not stopped:
        plan, regular = drawn_today(ground, plan, question, observe, nights=nights)
    cover = cover_of(workspace, principal, ground)
    moving = plan if cover is None or stopped else covering(ground, plan, cover, question, observe)
    if moving is not plan:
        # Turned rounds are no draw any more: only real nights tell how regular they are.
        regular = told(regularity(ground.crews, moving, nights), imagined=False)
    check_spacing(ground.crews, moving)
    # A search that has overrun its time is not run twice more.
    slow = stopped or (question.iterations is None and made.proof.seconds > OVERRUN * question.seconds)
    extra = {
        "regularity": regular, "cover": cover_told(ground, moving, cover, plain=plan),
        "one_more_unit": None if slow else one_more_unit(ground, moving, question),
    }  # fmt: skip
    body = body_of(ground, replace(made, plan=moving, notes=notes, extra=extra))
    plan_id = keep_first(workspace, principal, body, Step(action="plan", zh="规划", en="planned"))
    return {"plan_id": plan_id, "version": 1}


def note(code: str, zh: str, en: str) -> Body:
    """Return a note as it stands in a plan."""
    return {"code": code, "zh": zh, "en": en}


def _could_do_more(ground: Ground, made: Made) -> bool:
    if made.proof.termination == Termination.CANCELLED:
        return False
    return bool(made.plan.left_out or made.plan.broken) and bool((ground.crews.since > 0).any())


def _handover_note(before: str | None, ground: Ground) -> Body:
    if before is None:
        return note(
            "handover_none", "没有上一班的方案，首次到点自本班开始起算",
            "there is no plan of the shift before: first visits are counted from the start of this shift",
        )  # fmt: skip
    n = int((ground.crews.since > 0).sum())
    return note(
        "handover", f"接上一班方案 {before}，{n} 处按其末次到点起算",
        f"taken over from {before}: {n} points are due by its last visits",
    )  # fmt: skip
