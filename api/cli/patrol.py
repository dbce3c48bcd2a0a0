"""``xunge patrol``: plan, compare, sheet, export; edits are in ``patrol_changes``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import typer

from api.cli import patrol_changes, patrol_stops
from api.cli.context import Context, opened
from api.cli.patrol_asked import bans_of, breaks_of, offers_in, pins_of, question_in, roads_of
from api.cli.patrol_options import (
    Closed,
    ClosedNames,
    OnlyUnits,
    PlanId,
    Seconds,
    SeedNumber,
    Version,
    closures_of,
    day_of,
    languages,
    moment_of,
    write_whole,
)
from api.cli.placed import placed
from api.refusals import parsed
from api.schemas.patrol import PatrolQuestion
from api.services.patrol import plan_patrol
from api.services.patrol_comparing import compare
from api.services.patrol_export import MEDIA, plan_export
from api.services.patrol_sheet import Form, sheet_file
from api.services.patrol_terms import shift_of
from api.services.plans import plan_body
from api.services.way_sheets import way_sheet
from geo.errors import FileError, ParameterError
from geo.store.port import DEMO

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def root() -> None:
    """巡逻规划 / patrols."""


@app.command("plan")
@placed
def plan(
    here: Context,
    shift: str = typer.Option(..., help="班次 / shift"),
    day: str | None = typer.Option(None, help="日期，默认当班或下一班 / date, e.g. 2026-11-22", show_default=False),
    unit: OnlyUnits = [],  # noqa: B006
    point: list[str] = typer.Option([], help="只巡这些点 / only these points"),
    level: int = typer.Option(3, min=1, max=3, help="勤务等级 / level of duty"),
    day_kind: str | None = typer.Option(None, help="workday 或 rest，默认按日历 / by the calendar", show_default=False),
    operators: int | None = typer.Option(None, min=0, help="视频巡查岗数 / video operators", show_default=False),
    auxiliaries_alone: bool = typer.Option(False, "--auxiliaries-alone", help="辅警可单独出巡"),
    handover: bool = typer.Option(True, help="接上一班 / take over from the shift before"),
    close: Closed = [],  # noqa: B006
    close_street: ClosedNames = [],  # noqa: B006
    rest: list[str] = typer.Option(
        [], "--break", help="休息 分钟@小时-小时，如 40@3-5 / a break: minutes@hours of the shift"
    ),
    no_breaks: bool = typer.Option(False, "--no-breaks", help="不安排勤务等级的休息 / without the breaks of the level"),
    optional: int | None = typer.Option(
        None, min=1, max=60, help="易发案部位数，余时加巡 / hot places visited where time is left"
    ),
    optional_file: Path | None = typer.Option(None, help="可选停留 CSV：name lon lat from to prize / optional stops"),
    road: list[str] = typer.Option(
        [], "--line", help="线性网格 编码:K12+300-K15+000@120/30 / road by linear grid, every min / km/h"
    ),
    street: list[str] = typer.Option([], "--line-street", help="同上，按道路名称 / the same by name of a street"),
    ban: list[str] = typer.Option([], help="禁止停留 巡组=必巡点 / a unit or kind that may not stop at a point"),
    pin: list[str] = typer.Option([], help="指定停留 巡组=必巡点@01:30-02:00 / a visit set for a unit"),
    question: Path | None = typer.Option(None, help="问题 JSON，同 HTTP / the question as HTTP takes it"),
    few: float = typer.Option(1.0, min=0, max=1, help="少用巡组 / few units matter"),
    short: float = typer.Option(0.5, min=0, max=1, help="间隔短 / short gaps matter"),
    cover: float = typer.Option(0.5, min=0, max=1, help="动中备勤 / cover while moving matters"),
    irregular: float = typer.Option(0.5, min=0, max=1, help="不规律 / irregular times matter"),
    seconds: Seconds = 20.0,
    seed: SeedNumber = 1,
) -> None:
    """规划一个班次的巡逻 / plan the patrols of a shift; Ctrl+C keeps the best plan so far."""
    if day_kind not in (None, "workday", "rest"):
        raise ParameterError(f"--day-kind is workday or rest, not {day_kind!r}", "--day-kind 应为 workday 或 rest")
    given: dict[str, object] = {
        "day": day_of(day), "unit_ids": unit or None, "point_ids": point or None, "day_kind": day_kind, "operators": operators,
        "auxiliaries_alone": auxiliaries_alone or None,
        "breaks": [] if no_breaks else breaks_of(rest) or None, "forbidden": bans_of(ban) or None,
        "lines": [*roads_of(road, by="code"), *roads_of(street, by="street")] or None,
    }  # fmt: skip
    usual: dict[str, object] = {
        "level": level, "handover": handover, "seconds": seconds, "seed": seed,
        "weights": {"units": few, "gaps": short, "cover": cover, "irregular": irregular},
    }  # fmt: skip
    # Options with a default of their own win only where the file does not say it.
    asked = {**usual, **question_in(question), "shift_id": shift, **{k: v for k, v in given.items() if v is not None}}
    with opened(here.settings) as workspace:
        span = shift_of(workspace, DEMO, parsed(PatrolQuestion, {"shift_id": shift, "day": asked.get("day")}))
        closures = closures_of(
            close, close_street, at=lambda text: moment_of(text, {"shift": {"start": span.start.isoformat()}})
        )
        if closures:
            asked["closures"] = [c.model_dump(mode="json", by_alias=True, exclude_none=True) for c in closures]
        if pin:
            asked["pinned"] = pins_of(pin, span)
        if optional is not None or optional_file is not None:
            offers = [] if optional_file is None else offers_in(optional_file, span)
            asked["optional"] = {"stops": offers, **({} if optional is None else {"places": optional})}
        whole = parsed(PatrolQuestion, asked)
        with here.output.progress("巡逻规划") as observe:
            result = plan_patrol(workspace, DEMO, whole, observe)
            body = plan_body(workspace, DEMO, str(result["plan_id"]))
    zh = here.output.language == "zh"
    notes = [str(note["zh" if zh else "en"]) for note in cast("list[Mapping[str, str]]", body["notes"])]
    out = [
        f"{u['name']}（{u['point_id']}）：{u['why']}" if zh else f"{u['name']} ({u['point_id']}): {u['why_en']}"
        for u in cast("list[Mapping[str, str]]", body["unvisited"])[:20]
    ]
    binding = [str(body["binding_zh" if zh else "binding_en"])] if body["binding_zh"] else []
    sentence = str(body["sentence_zh" if zh else "sentence_en"])
    here.output.result(body, "\n".join([f"{body['plan_id']}  {sentence}", *binding, *notes, *out]))


@app.command("compare")
@placed
def compared(
    here: Context,
    a: str = typer.Argument(help="方案编号，可带 @版本 / a plan, or ID@version"),
    b: str = typer.Argument(help="另一方案 / another plan"),
) -> None:
    """两个方案对比 / two plans side by side."""
    with opened(here.settings) as workspace:
        body = compare(workspace, DEMO, a, b)
    if here.output.as_json:
        here.output.document(body)
        return
    zh = here.output.language == "zh"
    rows = (
        ("units", "巡组", "units"), ("lower_bound_units", "理论下限", "lower bound"),
        ("worst_gap_minutes", "最长间隔（分）", "longest gap (min)"), ("mean_gap_minutes", "平均间隔（分）", "mean gap (min)"),
        ("metres", "里程（米）", "metres"), ("visits", "到点次数", "visits"), ("left_out", "未安排", "left out"),
        ("broken", "超间隔", "gaps broken"),
    )  # fmt: skip
    one, other = (cast("Mapping[str, object]", body[name]) for name in ("a", "b"))
    here.output.table(("", a, b), [(zh_ if zh else en, _cell(one[name]), _cell(other[name])) for name, zh_, en in rows])
    here.output.result(body, str(body["sentence_zh" if zh else "sentence_en"]))


@app.command("sheet")
@placed
def sheet(
    here: Context,
    plan_id: PlanId,
    file: Path = typer.Argument(help=".pdf 或 .html / .pdf or .html"),
    unit: OnlyUnits = [],  # noqa: B006
    version: Version = None,
    day: str | None = typer.Option(None, help="走访的日期 / the day of rounds", show_default=False),
) -> None:
    """巡逻、清街或走访任务单 / sheets for the crews of patrols, sweeps or rounds, with maps."""
    form = file.suffix.lower().removeprefix(".")
    if form not in ("pdf", "html"):
        raise FileError("The sheet is a .pdf or an .html", "任务单应为 .pdf 或 .html")
    lang = languages(here.output.language)
    with opened(here.settings) as workspace:
        kind = workspace.store.plan(DEMO, plan_id).kind
        if kind in ("patrol_sweep", "patrol_rounds"):
            made = way_sheet(workspace, DEMO, plan_id, cast("Form", form), day=day_of(day), units=unit, lang=lang)
        else:
            made = sheet_file(
                workspace, DEMO, plan_id, cast("Form", form), version=version, unit_ids=unit or None, lang=lang
            )
    write_whole(file, made.body)
    here.output.result({"file": str(file), "bytes": len(made.body)}, f"→ {file}")


@app.command("export")
@placed
def export(
    here: Context,
    plan_id: PlanId,
    file: Path = typer.Argument(help=".geojson .gpx .kml .xlsx"),
    unit: OnlyUnits = [],  # noqa: B006
    version: Version = None,
) -> None:
    """导出路线与到点 / routes and stops as a file."""
    form = file.suffix.lower().removeprefix(".")
    if form not in MEDIA:
        raise FileError(f"The file is one of .{', .'.join(MEDIA)}", f"文件应为 .{'、.'.join(MEDIA)} 之一")
    with opened(here.settings) as workspace:
        made = plan_export(workspace, DEMO, plan_id, form, version=version, unit_ids=unit or None)
    write_whole(file, made.body)
    here.output.result({"file": str(file), "bytes": len(made.body)}, f"→ {file}")


def _cell(value: object) -> str:
    return "–" if value is None else f"{value:,.10g}" if isinstance(value, int | float) else str(value)


patrol_changes.add_to(app)
patrol_stops.add_to(app)
