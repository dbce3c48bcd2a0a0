"""``xunge patrol`` remove, insert, lock, unlock, restore, versions, accept, settings."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import orjson
import typer

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.cli.patrol_asked import question_in
from api.cli.patrol_changes import PLAN, told
from api.cli.patrol_options import moment_of
from api.cli.posts_options import parsed
from api.schemas.patrol import Accept, InsertStop, LockStops, RemoveStop, Restore, StopRef
from api.schemas.patrol_settings import PatrolSettings, PatrolSettingsEdit
from api.services import patrol_edits, patrol_issue, patrol_settings, patrol_versions
from api.services.patrol_versions import patrol_record, version_of
from geo.store.port import DEMO

UNIT = typer.Option(..., help="巡组 / unit")
STOP = typer.Option(..., min=1, help="第几个到点 / number of the stop on the sheet")
SOFT = typer.Option(False, "--soft", help="超间隔也保留 / keep it even where gaps break")
PREVIEW = typer.Option(False, "--preview", help="只看是否可行 / write nothing")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (remove, insert, lock, unlock, restore, versions, accept, settings):
        app.command(command.__name__)(command)


def remove(
    plan_id: str = PLAN,
    unit: str = UNIT,
    stop: int = STOP,
    soft: bool = SOFT,
    preview: bool = PREVIEW,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """删去一次到点 / take a stop out."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        seen = version_of(patrol_record(workspace, DEMO, plan_id).body)
        asked = RemoveStop(version=seen, unit_id=unit, index=stop - 1, soft=soft, preview=preview)
        answer = patrol_edits.remove(workspace, DEMO, plan_id, asked)
    told(here, answer)


def insert(
    plan_id: str = PLAN,
    unit: str = UNIT,
    point: str = typer.Option(..., help="必巡点 / point"),
    at: str | None = typer.Option(None, help="时刻 14:30 / time", show_default=False),
    soft: bool = SOFT,
    preview: bool = PREVIEW,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """增加一次到点 / one more visit of a point."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        body = patrol_record(workspace, DEMO, plan_id).body
        asked = InsertStop(
            version=version_of(body),
            point_id=point,
            to_unit_id=unit,
            begin=moment_of(at, body),
            soft=soft,
            preview=preview,
        )
        answer = patrol_edits.insert(workspace, DEMO, plan_id, asked)
    told(here, answer)


def lock(
    plan_id: str = PLAN,
    unit: str = UNIT,
    stop: int | None = typer.Option(
        None, min=1, help="第几个到点，默认全部 / one stop, all unless given", show_default=False
    ),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """锁定到点 / lock stops, so that their unit and time stay."""
    _lock(plan_id, unit, stop, home, as_json=as_json, lang=lang, on=True)


def unlock(
    plan_id: str = PLAN,
    unit: str = UNIT,
    stop: int | None = typer.Option(
        None, min=1, help="第几个到点，默认全部 / one stop, all unless given", show_default=False
    ),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """解锁到点 / unlock stops."""
    _lock(plan_id, unit, stop, home, as_json=as_json, lang=lang, on=False)


def _lock(
    plan_id: str, unit: str, stop: int | None, home: Path | None, *, as_json: bool, lang: str | None, on: bool
) -> None:
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        seen = version_of(patrol_record(workspace, DEMO, plan_id).body)
        asked = LockStops(version=seen, stops=[StopRef(unit_id=unit, index=None if stop is None else stop - 1)])
        answer = patrol_edits.lock(workspace, DEMO, plan_id, asked, on=on)
    told(here, answer)


def restore(
    plan_id: str = PLAN,
    to: int = typer.Option(..., min=1, help="恢复到第几版 / version"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """恢复旧版本 / make an older version the newest."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        seen = version_of(patrol_record(workspace, DEMO, plan_id).body)
        answer = patrol_edits.restore(workspace, DEMO, plan_id, Restore(version=seen, to=to))
    told(here, answer)


def versions(
    plan_id: str = PLAN, home: Path | None = Home, as_json: bool = AsJson, lang: str | None = Lang
) -> None:  # fmt: skip
    """方案的各个版本 / what led to each version of a plan."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        found = patrol_versions.versions(workspace, DEMO, plan_id)
    if as_json:
        here.output.document(found.model_dump(mode="json"))
        return
    zh = here.output.language == "zh"
    heads = (
        ("版本", "时间", "账号", "说明", "巡组", "超间隔") if zh else ("version", "at", "by", "what", "units", "broken")
    )
    rows = [
        (
            str(v.version),
            f"{v.at:%Y-%m-%d %H:%M}",
            v.by,
            v.note_zh if zh else v.note_en,
            str(v.units_used),
            str(v.n_broken),
        )
        for v in found.versions
    ]
    here.output.table(heads, rows)


def accept(
    plan_id: str = PLAN,
    unit: str = UNIT,
    number: int = typer.Option(..., min=1, help="下发序号 / number of the issue"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """签收任务 / a crew accepts its task."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        answer = patrol_issue.accept(workspace, DEMO, plan_id, Accept(unit_id=unit, number=number))
    here.output.result(answer, f"已签收：{unit}" if here.output.language == "zh" else f"accepted: {unit}")


def settings(
    file: Path | None = typer.Argument(None, help="新设置 JSON / new settings as JSON", show_default=False),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """巡逻设置：勤务等级、休息、校历 / levels of duty, breaks, calendar: shown, or changed to those of a file."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        held = patrol_settings.settings(workspace, DEMO)
        if file is not None:
            given = question_in(file)
            new = parsed(PatrolSettings, cast("dict[str, object]", given.get("settings", given)))
            held = patrol_settings.put_settings(
                workspace, DEMO, PatrolSettingsEdit(seen_version=held.version, settings=new)
            )
    body = held.model_dump(mode="json", by_alias=True)
    here.output.result(body, orjson.dumps(body["settings"], option=orjson.OPT_INDENT_2).decode())
