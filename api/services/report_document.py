"""A report as one document, and as what the page shows: both from the same parts."""

from __future__ import annotations

from dataclasses import dataclass

from api.services.period_report import PeriodReport
from api.services.report_parts import Part, Writer
from api.services.report_periods import KINDS
from api.services.report_rest import clock, indicators, missing
from api.services.report_sections import kinds, totals, when
from api.services.report_where import where
from api.services.workspace import Workspace
from geo.store.port import Principal
from web.paper.document import Document, Heading, Lang, PageBreak, Paragraph, Picture, Table, table_texts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """A report in one language: its document and the parts that it was made from."""

    report: PeriodReport
    document: Document
    parts: tuple[Part, ...]


def written(workspace: Workspace, principal: Principal, made: PeriodReport, lang: Lang) -> Written:
    """Write a report in a language, with what the account may see."""
    say = Writer.of(workspace, principal, lang)
    parts = (
        *totals(workspace, made, say), *kinds(workspace, made, say), *when(workspace, made, say),
        *where(workspace, principal, made, say), *clock(made, say), *indicators(made, say), *missing(made, say),
    )  # fmt: skip
    facts = workspace.facts()
    city = str(facts.get(f"title_{lang}") or facts.get("title") or "")
    as_of = f"{made.data.until:%Y-%m-%d %H:%M}"
    footer = say.say(f"巡格　数据截至 {as_of}　网格版本 {made.edition}", f"xunge  data as of {as_of}  {made.edition}")
    if facts.get("synthetic"):
        footer += say.say("　合成数据", "  synthetic data")
    document = Document(
        title=f"{KINDS[made.kind][say.k]} {name_of(made, lang)}",
        subtitle=" · ".join(part for part in (city, made.period.label(lang)) if part), lang=lang,
        blocks=tuple(part.block for part in parts), footer=footer,
    )  # fmt: skip
    return Written(report=made, document=document, parts=parts)


def name_of(made: PeriodReport, lang: str) -> str:
    """Return the day, week or month in words."""
    first, last = made.period.first, made.period.last
    if made.kind == "daily":
        return f"{first}"
    if made.kind == "weekly":
        return f"{first} {'至' if lang == 'zh' else 'to'} {last}"
    return f"{first:%Y-%m}"


def sheet(shown: Written) -> dict[str, object]:
    """Return what the page shows: the cells as printed, what each row counts, and where the pictures are."""
    made, document = shown.report, shown.document
    pictures = 0
    blocks: list[dict[str, object]] = []
    for part in shown.parts:
        block = part.block
        match block:
            case Heading():
                blocks.append({"kind": "heading", "text": block.text, "level": block.level})
            case Paragraph():
                blocks.append(
                    {
                        "kind": "paragraph",
                        "text": block.text,
                        "small": block.small,
                        "rows": list(part.rows),
                        "formula": part.formula,
                    }
                )
            case Table():
                texts = table_texts(block)
                blocks.append(
                    {
                        "kind": "table", "title": block.title, "note": block.note, "formula": part.formula,
                        "columns": [{"heading": c.heading, "kind": c.kind, "width": c.width} for c in block.columns],
                        "cells": texts[1:], "rows": list(part.rows),
                    }
                )  # fmt: skip
            case Picture():
                blocks.append(
                    {
                        "kind": "picture",
                        "title": block.title,
                        "alt": block.alt,
                        "number": pictures,
                        "formula": part.formula,
                    }
                )
                pictures += 1
            case PageBreak():
                pass
    return {
        "kind": made.kind, "title": document.title, "subtitle": document.subtitle, "footer": document.footer,
        "first": made.period.first.isoformat(), "last": made.period.last.isoformat(), "open": made.open, "blocks": blocks,
    }  # fmt: skip


def picture(shown: Written, number: int) -> bytes | None:
    """Return the PNG of a picture by its number, or None."""
    found = [block.png for block in shown.document.blocks if isinstance(block, Picture)]
    return found[number] if 0 <= number < len(found) else None
