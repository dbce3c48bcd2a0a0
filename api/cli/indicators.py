"""``xunge indicators``: the register, its readings, and the response limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

import orjson
import typer

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.refusals import parsed
from api.schemas.indicators import IndicatorBody, LimitsBody
from api.services import indicator_answers
from api.services.report_periods import Kind, asked_day
from geo.errors import FileError, ParameterError
from geo.store.port import DEMO

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Seen = typer.Option(None, "--version", help="看到的版本 / version that was seen", show_default=False)


@app.callback()
def root() -> None:
    """指标登记表 / the register of indicators."""


@app.command("list")
def list_(home: Path | None = Home, as_json: bool = AsJson, lang: str | None = Lang) -> None:
    """列出指标 / list the indicators."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        held = indicator_answers.register_body(workspace, DEMO)
    if as_json:
        here.output.document(held.model_dump(mode="json"))
        return
    here.output.table(
        ("指标 / indicator", "公式 / formula", "责任单位 / owner", "目标 / target", "橙 / orange", "红 / red"),
        [(i.name, i.formula, i.owner, f"{i.target:g}", f"{i.orange:g}", f"{i.red:g}") for i in held.indicators],
    )


@app.command("set")
def set_(
    name: str = typer.Argument(help="名称 / name"),
    formula: str = typer.Option(..., help="公式 / formula"),
    owner: str = typer.Option(..., help="责任单位 / office"),
    target: float = typer.Option(..., help="目标 / target"),
    orange: float = typer.Option(..., help="橙线 / orange line"),
    red: float = typer.Option(..., help="红线 / red line"),
    unit: str = typer.Option("", help="单位 / unit"),
    fewest: int = typer.Option(0, min=0, help="着色最少起数 / fewest calls for a colour"),
    definition: str = typer.Option("", help="定义 / definition"),
    version: int | None = Seen,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """新增或修改指标 / add or change an indicator."""
    here = context_of(home, as_json=as_json, language=lang)
    better: Literal["higher", "lower"] = "higher" if target >= red else "lower"
    body = parsed(
        IndicatorBody,
        {
            "name": name, "formula": formula, "owner": owner, "target": target, "orange": orange, "red": red, "unit": unit,
            "fewest": fewest, "better": better, "definition": definition,
        },
    )  # fmt: skip
    with opened(here.settings) as workspace:
        held = indicator_answers.put(workspace, DEMO, body, seen=version)
    here.output.result(held.model_dump(mode="json"), f"{name} ✓")


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="名称 / name")],
    version: int | None = Seen,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """删除指标及其历史 / take an indicator out, with its history."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        held = indicator_answers.remove(workspace, DEMO, name, seen=version)
    here.output.result(held.model_dump(mode="json"), f"{name} ✗")


@app.command("read")
def read(
    kind: str = typer.Option("monthly", help="daily, weekly, monthly"),
    day: str | None = typer.Option(None, help="时段内任一天 / any day of the period", show_default=False),
    keep: bool = typer.Option(False, help="记入历史 / put into the history"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """读数：值、颜色与原因 / value, colour and why."""
    here = context_of(home, as_json=as_json, language=lang)
    if kind not in ("daily", "weekly", "monthly"):
        raise ParameterError(
            f"There is no {kind}; use daily, weekly or monthly", f"没有 {kind}，可用 daily、weekly、monthly"
        )
    with opened(here.settings) as workspace:
        made = indicator_answers.read(workspace, DEMO, cast("Kind", kind), asked_day(day), keep=keep)
    if as_json:
        here.output.document(made.model_dump(mode="json"))
        return
    zh = here.output.language == "zh"
    here.output.table(
        ("指标 / indicator", "值 / value", "颜色 / colour", "原因 / why", "n"),
        [
            (
                r.name, "–" if r.value is None else f"{r.value:.1f}", r.colour_zh if zh else r.colour_en,
                r.why_zh if zh else r.why_en, "–" if r.n is None else f"{r.n:,}",
            )
            for r in made.readings
        ],
        title=f"{made.first} – {made.last}",
    )  # fmt: skip


@app.command("limits")
def limits(
    file: Path | None = typer.Option(None, "--put", help="JSON 文件 / JSON file", show_default=False),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """到达时限，按派出所与等级 / response limits by station and priority."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        if file is not None:
            indicator_answers.put_limits(workspace, DEMO, _limits(file))
        held = indicator_answers.limits(workspace, DEMO)
    if as_json:
        here.output.document(held.model_dump(mode="json"))
        return
    rows = [(limit.area, limit.priority, f"{limit.seconds:g}") for limit in held.limits]
    here.output.table(("派出所 / station", "等级 / priority", "秒 / s"), rows)


def _limits(file: Path) -> LimitsBody:
    try:
        return LimitsBody.model_validate(orjson.loads(file.read_bytes()))
    except (OSError, ValueError) as problem:
        raise FileError(
            f"{file.name} holds no response limits: a list “limits” with area, priority, seconds is needed",
            f"{file.name} 不是到达时限表：需要 limits 列表，含 area、priority、seconds",
        ) from problem
