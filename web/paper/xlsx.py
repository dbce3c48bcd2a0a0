"""The tables of a document as XLSX, one sheet a table, with numbers as numbers."""

from __future__ import annotations

import io
import re
from typing import Any, Final

from web.paper.document import NOTHING, Document, Heading, Paragraph, Picture, Table

FORMATS: Final = {"text": "@", "count": "#,##0", "decimal": "#,##0.0", "share": "0.0%"}
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\']")
_COVER: Final = {"zh": "说明", "en": "About"}


def to_xlsx(document: Document) -> bytes:
    """Return the document as XLSX: sentences on the first sheet, then a sheet for each table and each picture."""
    import xlsxwriter

    out = io.BytesIO()
    # A cell that begins with "=" is text from somebody's data, never a formula.
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": document.title, "author": "xunge"})
        names: set[str] = set()
        _cover(book, document, _sheet_name(_COVER[document.lang], names))
        for block in document.blocks:
            if isinstance(block, Table):
                _table(book, block, _sheet_name(block.title, names))
            elif isinstance(block, Picture):
                sheet = book.add_worksheet(_sheet_name(block.title, names))
                sheet.write(0, 0, block.title)
                shown = {"image_data": io.BytesIO(block.png), "description": block.alt, "x_scale": 0.5, "y_scale": 0.5}
                sheet.insert_image(2, 0, "picture.png", shown)
    return out.getvalue()


def _cover(book: Any, document: Document, name: str) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, 100)
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.write(0, 0, document.title, book.add_format({"bold": True, "font_size": 16}))
    sheet.write(1, 0, document.subtitle)
    strong = book.add_format({"bold": True})
    row = 3
    for block in document.blocks:
        if isinstance(block, Heading | Paragraph):
            sheet.write_string(row, 0, block.text, strong if isinstance(block, Heading) else wrapped)
            row += 1
    sheet.write(row + 1, 0, document.footer)


def _table(book: Any, block: Table, name: str) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bg_color": "#EEF2F6", "bottom": 1, "text_wrap": True})
    sheet.write(0, 0, block.title, book.add_format({"bold": True, "font_size": 13}))
    for number, column in enumerate(block.columns):
        sheet.write_string(2, number, column.heading, head)
        longest = max([len(column.heading) * 2, *(len(str(row[number] or "")) * 2 for row in block.rows)])
        sheet.set_column(number, number, min(60, max(8, longest)))
    kinds = {kind: book.add_format({"num_format": code}) for kind, code in FORMATS.items()}
    for line, row in enumerate(block.rows, start=3):
        for number, (cell, column) in enumerate(zip(row, block.columns, strict=True)):
            if cell is None or cell == "":
                sheet.write_string(line, number, NOTHING)
            elif isinstance(cell, str):
                sheet.write_string(line, number, cell)
            else:
                sheet.write_number(line, number, cell, kinds[column.kind])
    if block.rows:
        sheet.autofilter(2, 0, 2 + len(block.rows), len(block.columns) - 1)
    sheet.freeze_panes(3, 0)
    if block.note:
        sheet.write_string(4 + len(block.rows), 0, block.note)


def _sheet_name(title: str, taken: set[str]) -> str:
    """Return a name that a sheet may have: 31 characters at most, none twice."""
    first = _FORBIDDEN.sub(" ", title).strip()[:28] or "Sheet"
    name, number = first, 2
    while name.lower() in taken:
        name = f"{first} {number}"
        number += 1
    taken.add(name.lower())
    return name
