"""A document as DOCX, for reports that are edited before they are sent."""

from __future__ import annotations

import io
from typing import Any, Final

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

LATIN: Final = "Calibri"
CHINESE: Final = "微软雅黑"
"""Word takes the font from the reader's machine; one without it takes the next Chinese font that it has."""
TEXT_MM: Final = 170.0


def to_docx(document: Document) -> bytes:
    """Return the document as DOCX on A4: real headings, tables with repeated headings, pictures with alt text."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    paper = docx.Document()
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(18)
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "Caption"):
        _fonts(paper.styles[name])
    title = paper.add_paragraph(document.title, style="Title")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if document.subtitle:
        paper.add_paragraph(document.subtitle).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for block in document.blocks:
        _add(paper, block)
    section.footer.paragraphs[0].text = document.footer
    paper.core_properties.title = document.title
    paper.core_properties.author = "xunge"
    paper.core_properties.language = "zh-CN" if document.lang == "zh" else "en"
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _fonts(style: Any) -> None:
    from docx.oxml.ns import qn
    from docx.shared import RGBColor

    style.font.name = LATIN
    style.font.color.rgb = RGBColor(0x1F, 0x29, 0x33)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for key in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(key), None)
    fonts.set(qn("w:eastAsia"), CHINESE)


def _add(paper: Any, block: Block) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    match block:
        case Heading():
            paper.add_heading(block.text, level=min(2, block.level))
        case Paragraph():
            _sentence(paper, block.text, points=8.5 if block.small else 10.5)
        case Table():
            _table(paper, block)
        case Picture():
            paper.add_picture(io.BytesIO(block.png), width=Mm(min(TEXT_MM, block.width_mm)))
            drawn = paper.inline_shapes[-1]._inline.docPr  # noqa: SLF001 - python-docx has no other way to alt text
            drawn.set("descr", block.alt)
            paper.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
            paper.add_paragraph(block.title, style="Caption").alignment = WD_ALIGN_PARAGRAPH.CENTER
        case PageBreak():
            paper.add_page_break()


def _sentence(paper: Any, text: str, *, points: float) -> None:
    from docx.shared import Pt

    run = paper.add_paragraph().add_run(text)
    run.font.size = Pt(points)


def _table(paper: Any, block: Table) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.shared import Mm, Pt

    if block.title:
        paper.add_heading(block.title, level=2)
    texts = table_texts(block)
    table = paper.add_table(rows=len(texts), cols=len(block.columns), style="Light List Accent 1")
    table.autofit = False
    widths = [Mm(TEXT_MM * share) for share in shares_of_width(block.columns)]
    for row, cells in zip(table.rows, texts, strict=True):
        for cell, text, column, width in zip(row.cells, cells, block.columns, widths, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            paragraph.add_run(text).font.size = Pt(8.5)
            if column.kind != "text":
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - no other way to repeat it
    if block.note:
        _sentence(paper, block.note, points=8.5)
