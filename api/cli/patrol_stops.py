"""``xunge patrol`` remove, insert, lock, unlock, restore, versions, accept, settings."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import orjson
import typer

from api.cli.context import Context, opened
from api.cli.patrol_asked import question_in
from api.cli.patrol_changes import told
from api.cli.patrol_options import AnyStop, At, PlanId, Preview, Soft, StopNumber, Unit, moment_of
from api.cli.placed import placed
from api.refusals import parsed
from api.schemas.patrol import Accept, InsertStop, LockStops, RemoveStop, Restore, StopRef
from api.schemas.patrol_settings import PatrolSettings, PatrolSettingsEdit
from api.services import patrol_edits, patrol_issue, patrol_settings, patrol_versions
from api.services.patrol_versions import patrol_record, version_of
from geo.store.port import DEMO


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (remove, insert, lock, unlock, restore, versions, accept, settings):
        app.command(command.__name__)(command)


@placed
def remove(
    here: Context,
    plan_id: PlanId,
    unit: Unit,
    stop: StopNumber,
    soft: Soft = False,
    preview: Preview = False,
) -> None:
    """删去一次到点 / take a stop out."""
    with opened(here.settings) as workspace:
        seen = version_of(patrol_record(workspace, DEMO, plan_id).body)
        asked = RemoveStop(version=seen, unit_id=unit, index=stop - 1, soft=soft, preview=preview)
        answer = patrol_edits.remove(workspace, DEMO, plan_id, asked)
    told(here, answer)


@placed
def insert(
    here: Context,
    plan_id: PlanId,
    unit: Unit,
    point: str = typer.Option(..., help="必巡点 / point"),
    at: At = None,
    soft: Soft = False,
    preview: Preview = False,
) -> None:
    """增加一次到点 / one more visit of a point."""
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


@placed
def lock(here: Context, plan_id: PlanId, unit: Unit, stop: AnyStop = None) -> None:
    """锁定到点 / lock stops, so that their unit and time stay."""
    _lock(here, plan_id, unit, stop, on=True)


@placed
def unlock(here: Context, plan_id: PlanId, unit: Unit, stop: AnyStop = None) -> None:
    """解锁到点 / unlock stops."""
    _lock(here, plan_id, unit, stop, on=False)


def _lock(here: Context, plan_id: str, unit: str, stop: int | None, *, on: bool) -> None:
    with opened(here.settings) as workspace:
        seen = version_of(patrol_record(workspace, DEMO, plan_id).body)
        asked = LockStops(version=seen, stops=[StopRef(unit_id=unit, index=None if stop is None else stop - 1)])
        answer = patrol_edits.lock(workspace, DEMO, plan_id, asked, on=on)
    told(here, answer)


@placed
def restore(
    here: Context,
    plan_id: PlanId,
    to: int = typer.Option(..., min=1, help="恢复到第几版 / version"),
) -> None:
    """恢复旧版本 / make an older version the newest."""
    with opened(here.settings) as workspace:
        seen = version_of(patrol_record(workspace, DEMO, plan_id).body)
        answer = patrol_edits.restore(workspace, DEMO, plan_id, Restore(version=seen, to=to))
    told(here, answer)


@placed
def versions(here: Context, plan_id: PlanId) -> None:
    """方案的各个版本 / what led to each version of a plan."""
    with opened(here.settings) as workspace:
        found = patrol_versions.versions(workspace, DEMO, plan_id)
    if here.output.as_json:
        here.output.document(found.model_dump(mode="json"))
        return
    zh = here.output.language == "zh"
    heads = (
        ("版本", "时间", "账号", "说明", "巡组", "超间隔") if zh else ("version", "at", "by", "what", "units", "broken")
    )
    rows = [
        (
            str(v.version),
            f"{v.at.astimezone(workspace.zone):%Y-%m-%d %H:%M}",
            v.by,
            v.note_zh if zh else v.note_en,
            str(v.units_used),
            str(v.n_broken),
        )
        for v in found.versions
    ]
    here.output.table(heads, rows)


@placed
def accept(
    here: Context,
    plan_id: PlanId,
    unit: Unit,
    number: int = typer.Option(..., min=1, help="下发序号 / number of the issue"),
) -> None:
    """签收任务 / a crew accepts its task."""
    with opened(here.settings) as workspace:
        answer = patrol_issue.accept(workspace, DEMO, plan_id, Accept(unit_id=unit, number=number))
    here.output.result(answer, f"已签收：{unit}" if here.output.language == "zh" else f"accepted: {unit}")


@placed
def settings(
    here: Context,
    file: Path | None = typer.Argument(None, help="新设置 JSON / new settings as JSON", show_default=False),
) -> None:
    """巡逻设置：勤务等级、休息、校历 / levels of duty, breaks, calendar: shown, or changed to those of a file."""
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
