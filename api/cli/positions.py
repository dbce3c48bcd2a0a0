"""``xunge positions``: import positions, and presence read from them."""

from __future__ import annotations

from pathlib import Path

import typer

from api.cli.context import AsJson, Context, Home, Lang, context_of, opened
from api.schemas.presence import PositionsTaken, PresenceAnswer
from api.services.features import parse_instant
from api.services.plan_kept import plan_kept
from api.services.position_intake import PositionSource, import_positions
from api.services.presence import presence_answer
from geo.presence.legs import Sight
from geo.store.port import DEMO

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
SHOWN = 20
Radius = typer.Option(100.0, min=10.0, max=2000.0, help="见警半径（米） / metres that count as in sight")


@app.callback()
def root() -> None:
    """定位与见警 / positions and presence."""


@app.command("import")
def import_(
    file: Path = typer.Argument(help=".csv .gpx .xlsx .parquet"),
    frame: str | None = typer.Option(None, help="WGS84, CGCS2000, GCJ02, BD09, auto", show_default=False),
    encoding: str | None = typer.Option(None, help="UTF-8, GB18030, Big5", show_default=False),
    unit: str | None = typer.Option(None, help="单位编号所在列 / column of the unit", show_default=False),
    unit_id: str | None = typer.Option(
        None, "--unit-id", help="文件只含一个单位时的编号 / the unit of a file of one", show_default=False
    ),
    time_zone: str | None = typer.Option(None, help="如 Asia/Shanghai", show_default=False),
    time_format: str | None = typer.Option(None, help="如 %d.%m.%Y %H:%M:%S", show_default=False),
    trial: bool = typer.Option(False, "--trial", help="只检查，不写入 / check only, write nothing"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """导入定位 / import positions."""
    here = context_of(home, as_json=as_json, language=lang)
    source = PositionSource(
        frame=frame, encoding=encoding, unit=unit, unit_id=unit_id, time_zone=time_zone, time_format=time_format
    )
    with opened(here.settings) as workspace:
        made = import_positions(workspace, DEMO, file, source, commit=not trial)
    here.output.result(made.model_dump(mode="json"), _taken(here, made))


def _taken(here: Context, made: PositionsTaken) -> str:
    zh = here.output.language == "zh"
    head = (
        f"读取 {made.read:,} 行，{'保存' if made.written else '可保存'} {made.kept:,} 个定位，{made.units} 个单位"
        if zh
        else f"{made.read:,} rows read, {made.kept:,} positions {'kept' if made.written else 'fit'}, {made.units} units"
    )
    left = made.left_out_zh if zh else made.left_out_en
    lines = [f"未采用 {n:,}：{left[r]}" if zh else f"{n:,} left out: {left[r]}" for r, n in made.left_out.items()]
    if made.persons:
        names = ", ".join(p.column for p in made.persons)
        lines.append(f"已剔除个人信息列：{names}" if zh else f"Columns with person data dropped: {names}")
    return "\n".join([head, *lines, *(made.notes_zh if zh else made.notes_en)])


@app.command("presence")
def presence(
    start: str | None = typer.Option(None, "--from", help="2026-11-15T08:00:00+08:00", show_default=False),
    end: str | None = typer.Option(None, "--to", help="2026-11-22T08:00:00+08:00", show_default=False),
    radius: float = Radius,
    streets: bool = typer.Option(
        False, "--streets", help="先把定位匹配到道路（较慢） / match positions to streets first (slower)"
    ),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """各点见警时长、见警率、管控率；默认最近七天 / minutes at points, seen and control share."""
    here = context_of(home, as_json=as_json, language=lang)
    begin, until = (None if text is None else parse_instant(text) for text in (start, end))
    with opened(here.settings) as workspace:
        made = presence_answer(workspace, DEMO, begin, until, Sight(radius_m=radius), streets=streets)
    here.output.result(made.model_dump(mode="json"), _told(here, made))


def _told(here: Context, made: PresenceAnswer) -> str:
    zh = here.output.language == "zh"
    lines = [made.sentence_zh if zh else made.sentence_en, *(made.notes_zh if zh else made.notes_en)]
    rarely = sorted(made.points, key=lambda p: (p.seen_minutes, p.point_id))[:SHOWN]
    lines += [
        f"{point.name}：见警 {point.seen_minutes:g} 分，停留 {point.stays} 次，无法判断 {point.unknown_minutes:g} 分"
        if zh
        else f"{point.name}: {point.seen_minutes:g} min in sight, {point.stays} stays, {point.unknown_minutes:g} min unknown"
        for point in rarely
    ]
    return "\n".join(lines)


@app.command("plan")
def plan(
    plan_id: str = typer.Argument(help="方案编号 / id of a patrol plan"),
    tolerance: float = typer.Option(5.0, min=0.1, max=120.0, help="容许偏差（分） / minutes that are still in time"),
    radius: float = Radius,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """方案与实际对照，按点位 / a plan against what was seen, by point."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        made = plan_kept(workspace, DEMO, plan_id, tolerance_minutes=tolerance, sight=Sight(radius_m=radius))
    here.output.result(
        made.model_dump(mode="json"), made.sentence_zh if here.output.language == "zh" else made.sentence_en
    )
