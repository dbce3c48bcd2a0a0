"""``xunge patrol`` move, replan, resolve, issue, issues, crew-links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

import typer

from api.cli.context import Context, opened
from api.cli.patrol_options import (
    At,
    Closed,
    ClosedNames,
    PlanId,
    Preview,
    Seconds,
    SeedNumber,
    Soft,
    StopNumber,
    Unit,
    closures_of,
    moment_of,
)
from api.cli.placed import placed
from api.schemas.patrol import Event, Issue, MoveStop, Replan, Resolve
from api.services import patrol_crew_page, patrol_edits, patrol_issue, patrol_mending, patrol_resolving
from api.services.patrol_versions import patrol_record, version_of
from api.services.plans import plan_body
from geo.errors import InfeasibleError, ParameterError
from geo.store.port import DEMO

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "issued": ("已下发", "issued"), "accepted": ("已签收", "accepted"), "changed": ("有变更", "changed"),
    "unchanged": ("未变", "unchanged"), "withdrawn": ("已撤回", "withdrawn"),
}  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (move, replan, resolve, issue, issues, crew_links):
        app.command(command.__name__.replace("_", "-"))(command)


@placed
def move(
    here: Context,
    plan_id: PlanId,
    unit: Unit,
    stop: StopNumber,
    to: str | None = typer.Option(None, help="改派巡组 / to another unit", show_default=False),
    at: At = None,
    soft: Soft = False,
    preview: Preview = False,
) -> None:
    """移动一次到点 / move a stop to another unit or time."""
    if to is None and at is None:
        raise ParameterError(
            "Say where the stop goes: --to a unit, --at a time", "请用 --to 指明巡组，或用 --at 指明时刻"
        )
    with opened(here.settings) as workspace:
        body = patrol_record(workspace, DEMO, plan_id).body
        asked = MoveStop(
            version=version_of(body), unit_id=unit, index=stop - 1, to_unit_id=to, begin=moment_of(at, body), soft=soft,
            preview=preview,
        )  # fmt: skip
        answer = patrol_edits.move(workspace, DEMO, plan_id, asked)
    told(here, answer)


@placed
def replan(
    here: Context,
    plan_id: PlanId,
    at: str | None = typer.Option(None, help="时刻，默认现在 / time, now unless given", show_default=False),
    away: list[str] = typer.Option([], help="脱岗处警的巡组 / units pulled away"),
    back: list[str] = typer.Option([], help="归队的巡组 / units back"),
    late: list[str] = typer.Option([], help="晚点 巡组=分钟 / a unit late by minutes, e.g. XZ101=20"),
    close: Closed = [],  # noqa: B006
    close_street: ClosedNames = [],  # noqa: B006
    reopen: list[str] = typer.Option([], help="解除封闭的名称 / name of a closure that is lifted"),
    preview: Preview = False,
) -> None:
    """事件后调整方案 / mend a plan after events; only crews that must change do."""
    events = [Event(kind="away", unit_id=unit) for unit in away] + [Event(kind="back", unit_id=unit) for unit in back]
    events += [_late(text) for text in late]
    events += [Event(kind="reopened", name=name) for name in reopen]
    if not (events or close or close_street):
        raise ParameterError(
            "Say what happened: --away, --back, --late, --close, --close-street or --reopen",
            "请说明事件：--away、--back、--late、--close、--close-street 或 --reopen",
        )
    with opened(here.settings) as workspace:
        body = patrol_record(workspace, DEMO, plan_id).body
        closures = closures_of(close, close_street, at=lambda text: moment_of(text, body))
        events += [Event(kind="closed", closure=closure) for closure in closures]
        asked = Replan(version=version_of(body), at=moment_of(at, body), events=events, preview=preview)
        answer = patrol_mending.replan(workspace, DEMO, plan_id, asked)
    told(here, answer)


@placed
def resolve(
    here: Context,
    plan_id: PlanId,
    seconds: Seconds = 20.0,
    seed: SeedNumber = 1,
) -> None:
    """保留锁定的到点重新求解 / solve again around locked stops."""
    with opened(here.settings) as workspace, here.output.progress("重新求解") as observe:
        seen = version_of(patrol_record(workspace, DEMO, plan_id).body)
        asked = Resolve(version=seen, seconds=seconds, seed=seed)
        patrol_resolving.resolve(workspace, DEMO, plan_id, asked, observe)
        body = plan_body(workspace, DEMO, plan_id)
    here.output.result(body, str(body["sentence_zh" if here.output.language == "zh" else "sentence_en"]))


@placed
def issue(
    here: Context,
    plan_id: PlanId,
    note: str = typer.Option("", help="说明 / note"),
) -> None:
    """下发方案 / issue a plan; only crews whose task changed get it anew."""
    with opened(here.settings) as workspace:
        seen = version_of(patrol_record(workspace, DEMO, plan_id).body)
        answer = patrol_issue.issue(workspace, DEMO, plan_id, Issue(version=seen, note=note))
    here.output.result(answer, str(answer["sentence_zh" if here.output.language == "zh" else "sentence_en"]))


@placed
def issues(here: Context, plan_id: PlanId) -> None:
    """历次下发与签收 / what was issued, and which crews accepted their task."""
    with opened(here.settings) as workspace:
        found = patrol_issue.issues(workspace, DEMO, plan_id)
        zone = workspace.zone
    zh = here.output.language == "zh"
    if here.output.as_json:
        here.output.document(found)
        return
    state = cast("Mapping[str, object]", found["issue"] or {"crews": []})
    rows = []
    for c in cast("list[Mapping[str, str]]", state["crews"]):
        times = (_when(c["issued_at"], zone), _when(c["accepted_at"], zone))
        rows.append((str(c["unit_id"]), STATES[c["state"]][0 if zh else 1], str(c["issue_number"] or "–"), *times))
    heads = ("巡组", "状态", "第几次", "下发", "签收") if zh else ("unit", "state", "issue", "issued", "accepted")
    here.output.table(heads, rows)


@placed
def crew_links(here: Context, plan_id: PlanId) -> None:
    """各巡组手机页面地址，须先在设置中启用 / addresses of the crews' pages, once the settings allow them."""
    with opened(here.settings) as workspace:
        made = patrol_crew_page.crew_links(workspace, DEMO, plan_id)
    rows = [f"{link['unit_id']}  {link['url']}" for link in cast("list[Mapping[str, str]]", made["links"])]
    here.output.result(made, "\n".join(rows))


def _when(text: str | None, zone: ZoneInfo) -> str:
    return "–" if not text else f"{datetime.fromisoformat(text).astimezone(zone):%m-%d %H:%M}"


def _late(text: str) -> Event:
    unit, _, minutes = text.partition("=")
    try:
        return Event(kind="late", unit_id=unit, minutes=float(minutes))
    except ValueError:
        raise ParameterError(
            f"--late takes UNIT=MINUTES, not {text!r}", f"--late 应为 巡组=分钟，而非“{text}”"
        ) from None


def told(here: Context, answer: Mapping[str, object]) -> None:
    """Show what an edit changed; one that does not fit raises ``InfeasibleError``."""
    zh = here.output.language == "zh"
    if not answer["ok"]:
        raise InfeasibleError(str(answer["sentence_en"]), str(answer["sentence_zh"]))
    broken = [str(b["zh" if zh else "en"]) for b in cast("list[Mapping[str, str]]", answer["broken"])]
    head = f"第 {answer['version']} 版" if zh else f"version {answer['version']}"
    sentence = str(answer["sentence_zh" if zh else "sentence_en"])
    units = " ".join(cast("list[str]", answer["changed"]))
    here.output.result(answer, "\n".join([f"{head}：{sentence}" if zh else f"{head}: {sentence}", units, *broken]))
