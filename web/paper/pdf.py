"""A document as PDF on A4, with the Chinese font embedded."""

from __future__ import annotations

import io
from typing import Any, Final
from xml.sax.saxutils import escape

from web.paper.document import (
    Block,
    Document,
    Heading,
    PageBreak,
    Paragraph,
    Picture,
    Table,
    shares_of_width,
    table_texts,
)
from web.paper.font import chinese_font

FONT: Final = "xunge-zh"
MARGIN_MM: Final = 20.0
INK: Final = "#1f2933"
RULE: Final = "#9aa5b1"
SHADE: Final = "#eef2f6"
SHORT: Final = 9
"""A table of so many lines with its heading stays on one page."""
ROOM_MM: Final = 45.0
PICTURE_MM: Final = 145.0
"""A heading needs so much room below it, or begins a new page; more if a picture follows."""


def to_pdf(document: Document) -> bytes:
    """Return the document as PDF: A4 upright, page numbers, table headings repeated on each page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import CondPageBreak, SimpleDocTemplate, Spacer
    from reportlab.platypus import Paragraph as Text

    _register()
    out = io.BytesIO()
    template = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN_MM * mm, rightMargin=MARGIN_MM * mm, topMargin=18 * mm, bottomMargin=18 * mm,
        title=document.title, author="xunge", subject=document.subtitle, lang="zh-CN" if document.lang == "zh" else "en",
    )  # fmt: skip
    styles = _styles(document.lang)
    flow: list[Any] = [Text(escape(document.title), styles["title"])]
    if document.subtitle:
        flow.append(Text(escape(document.subtitle), styles["subtitle"]))
    flow.append(Spacer(1, 3 * mm))
    for block, following in zip(document.blocks, [*document.blocks[1:], None], strict=True):
        if isinstance(block, Heading):
            # A heading at the foot of a page belongs to what follows it on the next.
            flow.append(CondPageBreak(_room_mm(following) * mm))
        flow += _flow(block, styles, template.width)

    def page(canvas: Any, _: Any) -> None:
        canvas.saveState()
        canvas.setFont(FONT, 8)
        canvas.setFillColor(RULE)
        canvas.drawString(MARGIN_MM * mm, 10 * mm, document.footer)
        canvas.drawRightString(A4[0] - MARGIN_MM * mm, 10 * mm, str(canvas.getPageNumber()))
        canvas.restoreState()

    template.build(flow, onFirstPage=page, onLaterPages=page)
    return out.getvalue()


def _room_mm(following: Block | None) -> float:
    """Return the room that a heading needs, so that it stays with what follows it."""
    if isinstance(following, Picture):
        return PICTURE_MM
    return (
        ROOM_MM + 5.0 * len(following.rows) if isinstance(following, Table) and len(following.rows) < SHORT else ROOM_MM
    )


def _register() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, str(chinese_font().path)))


def _styles(lang: str) -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    # Chinese breaks between any two characters; English only between words.
    first = ParagraphStyle(
        "text", fontName=FONT, fontSize=10, leading=15, textColor=INK, wordWrap="CJK" if lang == "zh" else None
    )
    return {
        "text": ParagraphStyle("body", parent=first, spaceAfter=4),
        "small": ParagraphStyle("small", parent=first, fontSize=8, leading=11.5, textColor="#52606d", spaceAfter=3),
        "title": ParagraphStyle("title", parent=first, fontSize=19, leading=26, alignment=1),
        "subtitle": ParagraphStyle("subtitle", parent=first, fontSize=10, alignment=1, textColor="#52606d"),
        "heading1": ParagraphStyle("heading1", parent=first, fontSize=14, leading=20, spaceBefore=10, spaceAfter=4),
        "heading2": ParagraphStyle("heading2", parent=first, fontSize=11.5, leading=17, spaceBefore=6, spaceAfter=3),
        "caption": ParagraphStyle("caption", parent=first, fontSize=9, leading=13, alignment=1, spaceAfter=6),
        "cell": ParagraphStyle("cell", parent=first, fontSize=8.5, leading=11.5, wordWrap="CJK"),
        "number": ParagraphStyle("number", parent=first, fontSize=8.5, leading=11.5, alignment=2, wordWrap="CJK"),
    }


def _flow(block: Block, styles: dict[str, Any], width: float) -> list[Any]:
    from reportlab.platypus import PageBreak as NewPage
    from reportlab.platypus import Paragraph as Text

    match block:
        case Heading():
            return [Text(escape(block.text), styles[f"heading{min(2, block.level)}"])]
        case Paragraph():
            return [Text(escape(block.text), styles["small" if block.small else "text"])]
        case Table():
            return _table(block, styles, width)
        case Picture():
            return [_picture(block, styles, width)]
        case PageBreak():
            return [NewPage()]


def _picture(block: Picture, styles: dict[str, Any], width: float) -> Any:
    from PIL import Image as Opened
    from reportlab.lib.units import mm
    from reportlab.platypus import Image, KeepTogether
    from reportlab.platypus import Paragraph as Text

    with Opened.open(io.BytesIO(block.png)) as opened:
        wide, high = opened.size
    shown = min(width, block.width_mm * mm)
    image = Image(io.BytesIO(block.png), width=shown, height=shown * high / wide)
    return KeepTogether([image, Text(escape(block.title), styles["caption"])])


def _table(block: Table, styles: dict[str, Any], width: float) -> list[Any]:
    from reportlab.lib.units import mm
    from reportlab.platypus import CondPageBreak, KeepTogether, LongTable, TableStyle
    from reportlab.platypus import Paragraph as Text

    texts = table_texts(block)
    shown = [
        [
            Text(escape(text), styles["cell" if column.kind == "text" else "number"])
            for text, column in zip(row, block.columns, strict=True)
        ]
        for row in texts
    ]
    table = LongTable(shown, colWidths=[share * width for share in shares_of_width(block.columns)], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), SHADE),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
                ("LINEABOVE", (0, 0), (-1, 0), 0.8, INK),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ]
        )
    )
    title = [Text(escape(block.title), styles["heading2"])] if block.title else []
    note = [Text(escape(block.note), styles["small"])] if block.note else []
    # A short table stays on one page with its title and its note.
    return (
        [KeepTogether([*title, table, *note])]
        if len(texts) <= SHORT
        else [CondPageBreak(ROOM_MM * mm), *title, table, *note]
    )
