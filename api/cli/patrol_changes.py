"""``xunge patrol`` move, replan, resolve, issue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import typer

from api.cli.context import AsJson, Context, Home, Lang, context_of, opened
from api.cli.patrol_options import closures_of, moment_of
from api.schemas.patrol import Event, Issue, MoveStop, Replan, Resolve
from api.services import patrol_edits, patrol_issue, patrol_mending, patrol_resolving
from api.services.patrol_versions import patrol_record, version_of
from api.services.plans import plan_body
from geo.errors import InfeasibleError, ParameterError
from geo.store.port import DEMO

PLAN = typer.Argument(help="方案编号 / number of the plan")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for name, command in (("move", move), ("replan", replan), ("resolve", resolve), ("issue", issue)):
        app.command(name)(command)


def move(
    plan_id: str = PLAN,
    unit: str = typer.Option(..., help="巡组 / unit"),
    stop: int = typer.Option(..., min=1, help="第几个到点 / number of the stop on the sheet"),
    to: str | None = typer.Option(None, help="改派巡组 / to another unit", show_default=False),
    at: str | None = typer.Option(None, help="改到时刻 14:30 / to another time", show_default=False),
    soft: bool = typer.Option(False, "--soft", help="超间隔也保留 / keep it even where gaps break"),
    preview: bool = typer.Option(False, "--preview", help="只看是否可行 / write nothing"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """移动一次到点 / move a stop to another unit or time."""
    here = context_of(home, as_json=as_json, language=lang)
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


def replan(
    plan_id: str = PLAN,
    at: str | None = typer.Option(None, help="时刻，默认现在 / time, now unless given", show_default=False),
    away: list[str] = typer.Option([], help="脱岗处警的巡组 / units pulled away"),
    back: list[str] = typer.Option([], help="归队的巡组 / units back"),
    late: list[str] = typer.Option([], help="晚点 巡组=分钟 / a unit late by minutes, e.g. XZ101=20"),
    close: list[Path] = typer.Option([], help="封闭道路 GeoJSON（线或面） / closed streets"),
    close_street: list[str] = typer.Option([], help="封闭道路名称 / name of a closed street"),
    reopen: list[str] = typer.Option([], help="解除封闭的名称 / name of a closure that is lifted"),
    preview: bool = typer.Option(False, "--preview", help="只看结果 / write nothing"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """事件后调整方案 / mend a plan after events; only crews that must change do."""
    here = context_of(home, as_json=as_json, language=lang)
    events = [Event(kind="away", unit_id=unit) for unit in away] + [Event(kind="back", unit_id=unit) for unit in back]
    events += [_late(text) for text in late]
    events += [Event(kind="closed", closure=closure) for closure in closures_of(close, close_street)]
    events += [Event(kind="reopened", name=name) for name in reopen]
    if not events:
        raise ParameterError(
            "Say what happened: --away, --back, --late, --close, --close-street or --reopen",
            "请说明事件：--away、--back、--late、--close、--close-street 或 --reopen",
        )
    with opened(here.settings) as workspace:
        body = patrol_record(workspace, DEMO, plan_id).body
        asked = Replan(version=version_of(body), at=moment_of(at, body), events=events, preview=preview)
        answer = patrol_mending.replan(workspace, DEMO, plan_id, asked)
    told(here, answer)


def resolve(
    plan_id: str = PLAN,
    seconds: float = typer.Option(20.0, min=0.1, help="求解时限（秒） / time limit"),
    seed: int = typer.Option(1, min=0, help="随机种子 / seed"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """保留锁定的到点重新求解 / solve again around locked stops."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace, here.output.progress("重新求解") as observe:
        seen = version_of(patrol_record(workspace, DEMO, plan_id).body)
        asked = Resolve(version=seen, seconds=seconds, seed=seed)
        patrol_resolving.resolve(workspace, DEMO, plan_id, asked, observe)
        body = plan_body(workspace, DEMO, plan_id)
    here.output.result(body, str(body["sentence_zh" if here.output.language == "zh" else "sentence_en"]))


def issue(
    plan_id: str = PLAN,
    note: str = typer.Option("", help="说明 / note"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """下发方案 / issue a plan; only crews whose task changed get it anew."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        seen = version_of(patrol_record(workspace, DEMO, plan_id).body)
        answer = patrol_issue.issue(workspace, DEMO, plan_id, Issue(version=seen, note=note))
    here.output.result(answer, str(answer["sentence_zh" if here.output.language == "zh" else "sentence_en"]))


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
