"""``xunge patrol plan``."""

from __future__ import annotations

from pathlib import Path

import typer

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.schemas.patrol import PatrolQuestion
from api.services.patrol import plan_patrol
from api.services.plans import plan_body
from geo.store.port import DEMO

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def root() -> None:
    """巡逻规划 / patrols."""


@app.command("plan")
def plan(
    shift: str = typer.Option(..., help="班次 / shift"),
    unit: list[str] = typer.Option([], help="只用这些巡组 / only these units"),
    point: list[str] = typer.Option([], help="只巡这些点 / only these points"),
    seconds: float = typer.Option(20.0, min=0.1, help="求解时限（秒） / time limit"),
    seed: int = typer.Option(1, help="随机种子 / seed"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """规划一个班次的巡逻路线 / plan the routes of a shift."""
    here = context_of(home, as_json=as_json, language=lang)
    question = PatrolQuestion(
        shift_id=shift, unit_ids=unit or None, point_ids=point or None, seconds=seconds, seed=seed
    )
    with opened(here.settings) as workspace, here.output.progress("巡逻规划") as observe:
        result = plan_patrol(workspace, DEMO, question, observe)
        body = plan_body(workspace, DEMO, str(result["plan_id"]))
    here.output.result(body, str(body["sentence_zh" if here.output.language == "zh" else "sentence_en"]))
