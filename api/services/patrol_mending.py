"""Patrol plans mended after an event: a unit away, back or late, a street closed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from api.schemas.patrol import Event, Replan
from api.services.patrol_edits import answer
from api.services.patrol_ground import Ground, ground_of
from api.services.patrol_kept import Kept
from api.services.patrol_names import named
from api.services.patrol_routes import Body
from api.services.patrol_terms import Terms
from api.services.patrol_versions import Step
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, InputError, NotFoundError
from geo.store.port import Json, Principal
from planners.patrol.mend.events import Event as Happening
from planners.patrol.mend.events import StreetsChanged, UnitAway, UnitBack, UnitLate
from planners.patrol.mend.replan import Replanned
from planners.patrol.mend.replan import replan as mended
from planners.patrol.spacing.check import broken_gaps
from planners.patrol.spacing.plan import SpacedPlan

ITERATIONS = 400


def replan(workspace: Workspace, principal: Principal, plan_id: str, asked: Replan) -> Body:
    """Mend a plan after events; crews that they leave alone keep their next stop."""
    began = time.perf_counter()
    kept = Kept.open(workspace, principal, plan_id, seen=asked.version)
    terms = kept.ground.terms
    moment = asked.at or workspace.clock.now()
    now = min(max(0, terms.second(moment)), terms.shift_seconds)
    ground, over = _streets_now(workspace, principal, kept, asked.events, moment)
    happened = [_happening(terms, event, now) for event in asked.events if event.kind not in ("closed", "reopened")]
    if ground is not kept.ground:
        happened = [StreetsChanged(seconds=ground.crews.seconds), *happened]
    try:
        made = mended(
            kept.ground.crews, _wanted_again(kept, ground), happened, now=now, locks=kept.locks, iterations=ITERATIONS
        )
    except (InfeasibleError, InputError) as refused:
        spoken = named(kept.ground, (refused.zh, refused.en))
        raise type(refused)(spoken[1], spoken[0], rows=refused.rows) from refused
    zh, en = named(kept.ground, _words(workspace, asked, moment, made))
    named_events = {event.name for event in asked.events if event.kind == "reopened"}
    ended = [Event(kind="reopened", name=name) for name in over if name not in named_events]
    events = [*_events(kept), *(_told(event, moment) for event in [*asked.events, *ended])]
    body = kept.body(
        made.plan, ground=replace(ground, crews=made.problem), locks=frozenset(lock for lock in kept.locks if lock.begin > now),
        termination="replanned", extra={"events": cast("Json", events), "one_more_unit": _one_more(kept, made)},
    )  # fmt: skip
    if made.binding is not None:
        binding = named(kept.ground, (made.binding.zh, made.binding.en))
        body |= {"binding_zh": binding[0], "binding_en": binding[1]}
    version = asked.version
    if not asked.preview:
        version = kept.keep(workspace, principal, body, Step(action="replan", zh=zh, en=en))
    return answer(kept.record.body, body, plan_id, version, changed=made.changed, words=(zh, en), began=began)


def _streets_now(
    workspace: Workspace, principal: Principal, kept: Kept, events: Sequence[Event], moment: datetime
) -> tuple[Ground, list[str]]:
    """Return the ground with the closures of the events and without those that are lifted or over, and the names of the latter.

    Raises
    ------
    NotFoundError
        Where a closure that is said to be lifted is none of the plan's.
    """
    before = kept.ground.question.closures
    names = [closure.name for closure in kept.ground.closed]
    lifted = {event.name for event in events if event.kind == "reopened"}
    unknown = sorted(str(name) for name in lifted - set(names))
    if unknown:
        raise NotFoundError(
            f"No closure of this plan is called {unknown[0]}; there are {', '.join(names) or 'none'}",
            f"本方案没有名为“{unknown[0]}”的封闭；现有：{'、'.join(names) or '无'}",
            rows=unknown,
        )
    idle = {closure.name for closure in kept.ground.closed if closure.outside(kept.ground.terms)}
    stays = [
        closure
        for closure, name in zip(before, names, strict=True)
        if name not in lifted and (closure.end is None or closure.end > moment or name in idle)
    ]
    gone = [name for closure, name in zip(before, names, strict=True) if closure not in stays]
    added = [event.closure for event in events if event.closure is not None]
    if not added and not gone:
        return kept.ground, []
    # Names that follow the place in the list must not change when others go.
    held = [c if c.name else c.model_copy(update={"name": n}) for c, n in zip(before, names, strict=True) if c in stays]
    question = kept.ground.question.model_copy(update={"closures": [*held, *added]})
    return ground_of(workspace, principal, question, kept.ground.terms), gone


def _wanted_again(kept: Kept, ground: Ground) -> SpacedPlan:
    """Return the plan with the points that a closure cut off before, and none does now, late instead of left out."""
    before = {key for keys in kept.ground.cut_off for key in keys} - {key for keys in ground.cut_off for key in keys}
    problem = kept.ground.crews
    out = tuple(point for point in kept.plan.left_out if problem.point_keys[point] not in before)
    if len(out) == len(kept.plan.left_out):
        return kept.plan
    draft = replace(kept.plan, left_out=out)
    return replace(draft, broken=broken_gaps(problem, draft))


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
    name = event.name if event.closure is None else event.closure.name or event.closure.street
    return {"kind": event.kind, "unit_id": event.unit_id, "at": at.isoformat(), "minutes": event.minutes, "name": name}


def _events(kept: Kept) -> Sequence[Json]:
    return cast("Sequence[Json]", kept.record.body.get("events") or ())


def _one_more(kept: Kept, made: Replanned) -> Json:
    # What rounds to no minute is nothing to send a unit for.
    if made.one_more_unit is None or made.one_more_unit.saved < 1:
        return None
    unit, saved = made.one_more_unit.unit, made.one_more_unit.saved
    zh, en = named(
        kept.ground,
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
        "reopened": ("解除封闭", "reopened"),
    }
    what = [
        e.unit_id or e.name or (e.closure.name or e.closure.street if e.closure else "") or "" for e in asked.events
    ]
    zh = "、".join(f"{name}{names[e.kind][0]}" for name, e in zip(what, asked.events, strict=True))
    en = ", ".join(f"{name} {names[e.kind][1]}".strip() for name, e in zip(what, asked.events, strict=True))
    n, over = len(made.changed), len({gap.point for gap in made.plan.broken})
    return (
        f"{at} {zh}：调整 {n} 组" + (f"，{over} 处超出间隔" if over else "，各点间隔均保持"),
        f"{at} {en}: {n} crews changed" + (f", {over} points out of their gaps" if over else ", all gaps kept"),
    )
