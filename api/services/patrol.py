"""Patrol plans of a shift: from the tables to a checked plan with its streets, times and proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from api.schemas.patrol import PatrolQuestion
from api.services import patrol_lines
from api.services.open_plan import require_planner
from api.services.patrol_body import Made, body_of
from api.services.patrol_cover import cover_of, covering
from api.services.patrol_cover import told as cover_told
from api.services.patrol_ground import Ground, ground_of
from api.services.patrol_handover import handed_over
from api.services.patrol_hot_stops import from_calls
from api.services.patrol_irregular import drawn_today, nights_before, seed_of, told
from api.services.patrol_reserve import priced, reserved
from api.services.patrol_routes import Body
from api.services.patrol_solving import one_more_unit, solved, without_idle_rests
from api.services.patrol_terms import shift_of, terms_of
from api.services.patrol_versions import Step, keep_first
from api.services.shifts import ShiftSpan
from api.services.workspace import Workspace
from geo.errors import CancelledError
from geo.store.port import Json, Principal
from planners.contract import Observer, Progress, Termination
from planners.patrol.guess.regularity import LEAST_NIGHTS, regularity
from planners.patrol.mend.chances import with_optional
from planners.patrol.spacing.check import check_spacing

SOLVING_SHARE: Final = 0.8
FEWEST_SHARE: Final = 0.5
RESERVE_SHARE: Final = 0.25
"""Parts of the seconds asked for that go to the plan of the fewest crews, and to one with time in reserve, where times must vary."""
OVERRUN: Final = 1.25
"""How much longer than asked a search may have taken for the value of one more unit to be sought."""


def plan_patrol(
    workspace: Workspace, principal: Principal, question: PatrolQuestion, observe: Observer
) -> Mapping[str, Json]:
    """Plan the patrols of a shift, check them on their own, keep the plan, and return its number."""
    require_planner(principal)
    observe(Progress(seconds=0.0, share=0.0, message="计算路网时间"))
    shift = shift_of(workspace, principal, question)
    question = settled(workspace, principal, question, shift)
    before, since = handed_over(workspace, principal, shift) if question.handover else (None, {})
    whole = ground_of(workspace, principal, question, terms_of(workspace, principal, question, since=since))
    ground = without_optional(whole)
    notes = [_handover_note(before, ground)]
    # The rest of the time goes to times that cannot be guessed and to cover.
    share = SOLVING_SHARE if question.weights.irregular == 0 else FEWEST_SHARE
    seed = seed_of(question, ground.terms.day.day)
    first = question.model_copy(update={"seconds": share * question.seconds, "seed": seed})
    made = solved(ground, first, observe)
    if since and _could_do_more(ground, made):
        # What the shift before left late must not cost points for a whole shift.
        eased = ground_of(workspace, principal, question, terms_of(workspace, principal, question, since={}))
        try:
            other = solved(without_optional(eased), first, observe)
        except CancelledError:
            other = made
        if other.proof.objective < made.proof.objective:
            whole, ground, made = eased, without_optional(eased), other
            notes = [
                note(
                    "handover_eased", "上一班末次到点过早，首次到点改自本班开始起算",
                    "the shift before visited too early: first visits are counted from the start of this shift",
                )
            ]  # fmt: skip
    stopped = made.proof.termination == Termination.CANCELLED
    nights = nights_before(workspace, principal, ground)
    rest = first.model_copy(update={"seconds": RESERVE_SHARE * question.seconds})
    made, price = reserved(ground, made, rest, observe)
    plan, regular = made.plan, told(regularity(ground.crews, made.plan, nights), imagined=False)
    if not stopped:
        spare = 0 if price is None else price.seconds
        plan, regular = drawn_today(ground, plan, question, observe, nights=nights, reserve_seconds=spare)
    cover = cover_of(workspace, principal, ground)
    moving = plan if cover is None or stopped else covering(ground, plan, cover, question, observe)
    moving = without_idle_rests(moving)
    objective = float(check_spacing(ground.crews, moving))
    made = replace(made, proof=replace(made.proof, objective=objective, seed=question.seed))
    # Optional stops go last into the time that is left: they cost no crew and no gap.
    final = with_optional(whole.crews, moving) if whole.crews.optional else moving
    check_spacing(whole.crews, final)
    if moving is not plan or (final is not moving and len(nights) >= LEAST_NIGHTS):
        # Turned rounds are no draw any more: only real nights tell how regular they are.
        regular = told(regularity(whole.crews, final, nights), imagined=False)
    # A search that has overrun its time is not run twice more.
    slow = stopped or (question.iterations is None and made.proof.seconds > OVERRUN * question.seconds)
    extra = {
        "regularity": priced(regular, price), "cover": cover_told(whole, final, cover, plain=plan),
        "one_more_unit": None if slow else one_more_unit(ground, moving, question),
    }  # fmt: skip
    body = body_of(whole, replace(made, plan=final, notes=notes, extra=extra))
    observe(_ended(made, body))
    plan_id = keep_first(workspace, principal, body, Step(action="plan", zh="规划", en="planned"))
    return {"plan_id": plan_id, "version": 1}


def _ended(made: Made, body: Body) -> Progress:
    """Return what a job says last: units and bound as the plan tells them, also where none was told before."""
    units, least = body["units_used"], body["lower_bound_units"]
    told = {} if body["unvisited"] or least is None else {"objective": made.proof.objective, "bound": made.proof.bound}
    words = f"{units} 组" + (f"；理论下限 {least} 组" if least is not None else "")
    return Progress(seconds=made.proof.seconds, share=1.0, message=words, **told)


def settled(workspace: Workspace, principal: Principal, question: PatrolQuestion, shift: ShiftSpan) -> PatrolQuestion:
    """Return a question whose roads and optional stops are written out, so that later calls or grids do not change its plan."""
    changes: dict[str, object] = {}
    if question.lines:
        changes["lines"] = patrol_lines.resolved(workspace, principal, question.lines)
    if question.optional is not None and not question.optional.stops:
        changes["optional"] = from_calls(workspace, principal, question.optional, shift)
    return question.model_copy(update=changes)


def without_optional(ground: Ground) -> Ground:
    """Return the ground whose crews have nothing but what they must do."""
    return replace(ground, crews=replace(ground.crews, optional=())) if ground.crews.optional else ground


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
