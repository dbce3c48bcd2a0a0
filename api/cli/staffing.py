"""``xunge staffing units``."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import typer

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.refusals import parsed
from api.schemas.staffing import UnitsQuestion
from api.services.plans import plan_body
from api.services.units_by_hour import units_by_hour
from geo.store.port import DEMO, Json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def root() -> None:
    """勤务配置 / staffing."""


@app.command("units")
def units(
    family: list[str] = typer.Option([], help="警情类别 / classes or families"),
    since: str | None = typer.Option(None, "--from", help="起 / from, ISO 8601"),
    until: str | None = typer.Option(None, "--to", help="止 / to"),
    basis: str = typer.Option("valid", help="valid, received, cases"),
    citizen: str = typer.Option("only", help="only, any"),
    weekdays: str | None = typer.Option(None, help="1-7，1 为周一 / 1 is Monday"),
    travel: str = typer.Option("network", help="network 路网, square_root 平方根公式"),
    speed: float = typer.Option(30.0, help="平方根公式的车速 km/h / speed of the square-root law"),
    on_scene: float | None = typer.Option(None, help="平均处置分钟，不给则按警情 / mean minutes on scene"),
    units_a_call: float = typer.Option(1.0, help="每警出动组数 / units a call"),
    away: float = typer.Option(0.2, help="离岗比例 / share of time away"),
    utilisation: float = typer.Option(0.6, help="繁忙率上限 / most utilisation"),
    delayed: float = typer.Option(0.05, help="需等待的警情比例上限 / most calls that wait"),
    travel_minutes: float | None = typer.Option(None, help="平均行驶时间上限 / most mean travel"),
    start: list[int] = typer.Option([0, 8, 16], help="班次起点 / hours at which shifts may start"),
    length: list[int] = typer.Option([8], help="班次时长 / hours of a shift"),
    relief: list[int] = typer.Option([], help="轮休在第几小时 / hours after the start for relief"),
    crews: int | None = typer.Option(None, help="现有巡组数 / crews there are"),
    seconds: float = typer.Option(20.0, min=0.1, help="求解时限（秒） / time limit"),
    seed: int = typer.Option(1, help="随机种子 / seed"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """各小时需要多少巡组，如何排班 / units by hour, and the shifts that field them."""
    here = context_of(home, as_json=as_json, language=lang)
    question = parsed(
        UnitsQuestion,
        {
            "families": family or None, "from": since, "to": until, "basis": basis, "citizen": citizen, "weekdays": weekdays,
            "travel": travel, "speed_kph": speed, "on_scene_minutes": on_scene, "units_a_call": units_a_call,
            "away_share": away, "utilisation": utilisation, "delayed_share": delayed, "travel_minutes": travel_minutes,
            "starts": start, "lengths": length, "relief": relief, "crews": crews, "seconds": seconds, "seed": seed,
        },
    )  # fmt: skip
    with opened(here.settings) as workspace, here.output.progress("勤务配置") as observe:
        result = units_by_hour(workspace, DEMO, question, observe)
        body = plan_body(workspace, DEMO, str(result["plan_id"]))
    zh = here.output.language == "zh"
    rows = cast("list[dict[str, Json]]", body["by_hour"])
    head = ("时", "警情/时", "需要", "在岗", "受限于") if zh else ("hour", "calls", "need", "fielded", "bound by")
    lines = ["\t".join(head)]
    for row in rows:
        why = row["binding_zh" if zh else "binding_en"] or "—"
        lines.append(
            f"{row['hour']:02d}\t{cast('float', row['calls_per_hour']):.2f}\t{row['need']}\t{row['fielded']}\t{why}"
        )
    here.output.result(body, "\n".join([*lines, str(body["sentence_zh" if zh else "sentence_en"])]))
