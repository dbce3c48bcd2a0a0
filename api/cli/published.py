"""``xunge verify``: published numbers, ours, the difference, and whether it is small enough."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from api.cli.context import AsJson, Lang, context_of
from api.services.verify import verify_files
from geo.errors import CheckError
from planners.verify.verdict import Verdict


def verify(
    file: Path | None = typer.Argument(None, help="另外的数值文件 / a further file of numbers", show_default=False),
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """与公开数值核对 / check against published numbers."""
    here = context_of(None, as_json=as_json, language=lang)
    verdicts = verify_files(None if file is None else [file])
    # A difference whose cause is known and named in its note is shown, and does not fail the installation.
    failed = sum(v.ok is False and not v.note for v in verdicts)
    disputed = sum(v.ok is False and bool(v.note) for v in verdicts)
    if as_json:
        here.output.document(
            {
                "verdicts": [asdict(v) for v in verdicts],
                "failed": failed,
                "not_computed": sum(v.ok is None for v in verdicts),
            }
        )
        if failed:
            raise typer.Exit(CheckError.exit_code)
        return
    here.output.table(
        ("", "数值 / what", "公开 / published", "本系统 / ours", "差 / difference", "来源 / source"),
        [_row(v) for v in verdicts],
    )
    passed = sum(v.ok is True for v in verdicts)
    missing = sum(v.ok is None for v in verdicts)
    here.output.say(
        f"{passed} 项一致，{failed} 项不一致，{disputed} 项不一致且原因已知，{missing} 项未计算",
        f"{passed} agree, {failed} differ, {disputed} differ for a known reason, {missing} not computed",
    )
    for v in verdicts:
        if v.ok is False and v.note:
            here.output.say(f"{v.what}：{v.note}", f"{v.what}: {v.note}")
    if failed:
        raise CheckError(f"{failed} published numbers differ from ours", f"{failed} 项公开数值与本系统不一致")


def _row(v: Verdict) -> tuple[str, ...]:
    mark = {True: "✓", False: "✗", None: "–"}[v.ok]
    numbers = [
        v.note if number is None and not i else _number(number) for i, number in enumerate((v.ours, v.difference))
    ]
    return mark, v.what, _number(v.published), numbers[0], numbers[1], v.source[:48]


def _number(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.10g}"
