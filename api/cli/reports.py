"""``xunge report``: a daily, weekly or monthly report as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

import typer

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.services.family_filter import with_families
from api.services.filters import Basis, parse_filter
from api.services.report_document import sheet
from api.services.report_files import FORMS, Form, Question, made_report, report_file
from api.services.report_periods import Kind, asked_day
from geo.errors import ParameterError
from geo.store.port import DEMO

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Out = typer.Option(None, "--out", help=".docx .xlsx .pdf", show_default=False)
Day = typer.Option(None, "--day", help="时段内任一天 / any day of the period, 2026-11-22", show_default=False)
Families = typer.Option(None, help="类别，逗号分隔 / classes, with commas", show_default=False)
BasisOption = typer.Option("valid", help="valid 有效, received 接报, cases 案件")


@app.callback()
def root() -> None:
    """研判报告 / reports."""


def _report(
    kind: Kind,
    out: Path | None,
    day: str | None,
    families: str | None,
    basis: str,
    home: Path | None,
    *,
    as_json: bool,
    lang: str | None,
) -> None:
    here = context_of(home, as_json=as_json, language=lang)
    form = _form(out)
    if basis not in ("valid", "received", "cases"):
        raise ParameterError(f"There is no basis {basis}", f"没有口径 {basis}，可用 valid、received、cases")
    wanted = parse_filter(families=families, basis=cast("Basis", basis))
    language: Literal["zh", "en"] = "en" if here.output.language == "en" else "zh"
    with opened(here.settings) as workspace, here.output.progress("研判报告") as observe:
        question = Question(kind=kind, day=asked_day(day), wanted=with_families(workspace, DEMO, wanted))
        made = made_report(workspace, DEMO, question, language, observe)
        if out is not None and form is not None:
            _written_whole(out, report_file(made, form).body)
    body = {**sheet(made), "file": None if out is None else str(out)}
    figures = made.report
    sentence = (
        f"{made.document.title} · {figures.basis[0]} {figures.n:,} 起（95% 区间 {figures.low:,.0f}–{figures.high:,.0f}）"
        if language == "zh"
        else f"{made.document.title}: {figures.n:,} {figures.basis[1]} (95 % {figures.low:,.0f}–{figures.high:,.0f})"
    )
    lines = [line.comparison.sentence(language) for line in figures.against if line.comparison is not None]
    here.output.result(body, "\n".join([sentence, *lines, *([f"→ {out}"] if out else [])]))


def _form(out: Path | None) -> Form | None:
    if out is None:
        return None
    form = out.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise ParameterError(
            f"A report ends in .docx, .xlsx or .pdf, not {out.name}",
            f"报告文件应以 .docx、.xlsx 或 .pdf 结尾，而不是 {out.name}",
        )
    return form  # type: ignore[return-value]


def _written_whole(path: Path, body: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(body)
    part.replace(path)


@app.command("daily")
def daily(
    out: Path | None = Out,
    day: str | None = Day,
    families: str | None = Families,
    basis: str = BasisOption,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """日报：昨日（统计日）与上周同日 / a statistical day against the same weekday."""
    _report("daily", out, day, families, basis, home, as_json=as_json, lang=lang)


@app.command("weekly")
def weekly(
    out: Path | None = Out,
    day: str | None = Day,
    families: str | None = Families,
    basis: str = BasisOption,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """周报：环比、同比、热点、时效、指标 / a week."""
    _report("weekly", out, day, families, basis, home, as_json=as_json, lang=lang)


@app.command("monthly")
def monthly(
    out: Path | None = Out,
    day: str | None = Day,
    families: str | None = Families,
    basis: str = BasisOption,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """月报 / a month."""
    _report("monthly", out, day, families, basis, home, as_json=as_json, lang=lang)
