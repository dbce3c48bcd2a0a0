"""Patrol plans mended after an event: a unit away, back or late, a street closed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from api.schemas.patrol import Event, Replan
from api.services.patrol_edits import answer, named
from api.services.patrol_ground import Ground, ground_of
from api.services.patrol_kept import Kept
from api.services.patrol_routes import Body
from api.services.patrol_terms import Terms
from api.services.patrol_versions import Step
from api.services.workspace import Workspace
from geo.store.port import Json, Principal
from planners.patrol.mend.events import Event as Happening
from planners.patrol.mend.events import StreetsChanged, UnitAway, UnitBack, UnitLate
from planners.patrol.mend.replan import Replanned
from planners.patrol.mend.replan import replan as mended

ITERATIONS = 200


def replan(workspace: Workspace, principal: Principal, plan_id: str, asked: Replan) -> Body:
    """Mend a plan after events; crews that they leave alone keep their next stop."""
    began = time.perf_counter()
    kept = Kept.open(workspace, principal, plan_id, seen=asked.version)
    terms = kept.ground.terms
    moment = asked.at or workspace.clock.now()
    now = min(max(0, terms.second(moment)), terms.shift_seconds)
    ground = _with_closures(workspace, principal, kept, asked.events)
    happened = [_happening(terms, event, now) for event in asked.events if event.kind != "closed"]
    if ground is not kept.ground:
        happened = [StreetsChanged(seconds=ground.crews.seconds), *happened]
    made = mended(kept.ground.crews, kept.plan, happened, now=now, locks=kept.locks, iterations=ITERATIONS)
    zh, en = named(kept, _words(workspace, asked, moment, made))
    events = [*_events(kept), *(_told(event, moment) for event in asked.events)]
    body = kept.body(
        made.plan, ground=replace(ground, crews=made.problem), locks=frozenset(lock for lock in kept.locks if lock.begin > now),
        termination="replanned", extra={"events": cast("Json", events), "one_more_unit": _one_more(kept, made)},
    )  # fmt: skip
    if made.binding is not None:
        binding = named(kept, (made.binding.zh, made.binding.en))
        body |= {"binding_zh": binding[0], "binding_en": binding[1]}
    version = asked.version
    if not asked.preview:
        version = kept.keep(workspace, principal, body, Step(action="replan", zh=zh, en=en))
    return answer(kept.record.body, body, plan_id, version, changed=made.changed, words=(zh, en), began=began)


def _with_closures(workspace: Workspace, principal: Principal, kept: Kept, events: Sequence[Event]) -> Ground:
    """Return the ground with the closures of the events added to those of the question."""
    closures = [event.closure for event in events if event.closure is not None]
    if not closures:
        return kept.ground
    question = kept.ground.question.model_copy(update={"closures": [*kept.ground.question.closures, *closures]})
    return ground_of(workspace, principal, question, kept.ground.terms)


def _happening(terms: Terms, event: Event, now: int) -> Happening:
    unit = cast("str", event.unit_id)
    at = now if event.at is None else max(now, terms.second(event.at))
    if event.kind == "away":
        return UnitAway(unit=unit, at=at)
    if event.kind == "back":
        return UnitBack(unit=unit, at=at)
    return UnitLate(unit=unit, seconds=round(cast("float", event.minutes) * 60))


def _told(event: Event, moment: datetime) -> Body:
    at = event.at or moment
    name = None if event.closure is None else event.closure.name or event.closure.street
    return {"kind": event.kind, "unit_id": event.unit_id, "at": at.isoformat(), "minutes": event.minutes, "name": name}


def _events(kept: Kept) -> Sequence[Json]:
    return cast("Sequence[Json]", kept.record.body.get("events") or ())


def _one_more(kept: Kept, made: Replanned) -> Json:
    # What rounds to no minute is nothing to send a unit for.
    if made.one_more_unit is None or made.one_more_unit.saved < 1:
        return None
    unit, saved = made.one_more_unit.unit, made.one_more_unit.saved
    zh, en = named(
        kept,
        (
            f"再派 {unit} 可少超时 {saved:.0f} 分（按等级加权）",
            f"sending {unit} too would save {saved:.0f} overdue minutes (weighted by rank)",
        ),
    )
    return {"unit_id": unit, "points": [], "priority": None, "zh": zh, "en": en}


def _words(workspace: Workspace, asked: Replan, moment: datetime, made: Replanned) -> tuple[str, str]:
    at = f"{moment.astimezone(workspace.zone):%H:%M}"
    names = {
        "away": ("脱岗处警", "pulled away"),
        "back": ("归队", "back"),
        "late": ("晚点", "late"),
        "closed": ("临时封闭", "streets closed"),
    }
    what = [e.unit_id or (e.closure.name or e.closure.street if e.closure else "") or "" for e in asked.events]
    zh = "、".join(f"{name}{names[e.kind][0]}" for name, e in zip(what, asked.events, strict=True))
    en = ", ".join(f"{name} {names[e.kind][1]}".strip() for name, e in zip(what, asked.events, strict=True))
    n, over = len(made.changed), len({gap.point for gap in made.plan.broken})
    return (
        f"{at} {zh}：调整 {n} 组" + (f"，{over} 处超出间隔" if over else "，各点间隔均保持"),
        f"{at} {en}: {n} crews changed" + (f", {over} points out of their gaps" if over else ", all gaps kept"),
    )
