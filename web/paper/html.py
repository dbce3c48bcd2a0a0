"""A document as one HTML page to print: nothing is loaded, pictures lie inside it."""

from __future__ import annotations

import base64
from html import escape
from typing import Final

from web.paper.document import Block, Document, Heading, PageBreak, Paragraph, Picture, Table, table_texts

STACKED: Final = 5
"""Columns of a table whose rows are stacked on a phone."""
WIDE: Final = 2.0
"""Width of a column that has a line of its own there."""

STYLE: Final = """
@page { size: A4; margin: 18mm 16mm }
body { font: 14px/1.6 "Noto Sans SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","WenQuanYi Micro Hei",sans-serif; color: #1f2933;
       background: #fff; max-width: 178mm; margin: 0 auto; padding: 8mm }
h1 { font-size: 22px; text-align: center; margin: 0 } h2 { font-size: 18px; margin: 14px 0 4px } h3 { font-size: 15px; margin: 10px 0 4px }
.subtitle, .small, footer, figcaption { color: #52606d; font-size: 12px } .subtitle, figcaption { text-align: center }
table { border-collapse: collapse; width: 100%; font-size: 12px } th { background: #eef2f6; text-align: left }
th, td { border-bottom: 1px solid #9aa5b1; padding: 3px 5px; vertical-align: top } td.number, th.number { text-align: right }
tr, figure { break-inside: avoid } thead { display: table-header-group }
figure { margin: 8px 0 } img { max-width: 100%; display: block } .break { break-before: page }
@media print { body { padding: 0; max-width: none } }
@media screen and (max-width: 640px) {
  body { padding: 4mm } .stacks, .stacks thead, .stacks tbody { display: block }
  .stacks tr { display: flex; flex-wrap: wrap; border-bottom: 1px solid #9aa5b1; padding: 3px 0 }
  .stacks th, .stacks td { border: 0; box-sizing: border-box; flex: 1 1 3em; min-width: 0; padding: 2px 4px }
  .stacks .wide { flex: 1 0 100%; order: 1; font-size: 14px }
}
"""


def to_html(document: Document, *, nonce: str) -> str:
    """Return the document as a page; ``nonce`` admits its one style sheet."""
    body = "\n".join(_block(block) for block in document.blocks)
    lang = "zh-CN" if document.lang == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f'<title>{escape(document.title)}</title><style nonce="{escape(nonce)}">{STYLE}</style></head>\n<body><main>'
        f'<h1>{escape(document.title)}</h1>\n<p class="subtitle">{escape(document.subtitle)}</p>\n{body}\n</main>'
        f"<footer>{escape(document.footer)}</footer></body></html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Heading():
            level = 2 if block.level == 1 else 3
            return f"<h{level}>{escape(block.text)}</h{level}>"
        case Paragraph():
            return f'<p class="{"small" if block.small else "text"}">{escape(block.text)}</p>'
        case Table():
            return _table(block)
        case Picture():
            data = base64.b64encode(block.png).decode("ascii")
            return (
                f'<figure><img alt="{escape(block.alt)}" src="data:image/png;base64,{data}">'
                f"<figcaption>{escape(block.title)}</figcaption></figure>"
            )
        case PageBreak():
            return '<div class="break"></div>'


def _table(table: Table) -> str:
    head, *rows = table_texts(table)
    # On a phone the wide cells of a long row stand below its short ones.
    wide = [len(table.columns) >= STACKED and column.width >= WIDE for column in table.columns]
    kinds = [_classes(number=c.kind != "text", wide=w) for c, w in zip(table.columns, wide, strict=True)]
    stacks = _classes(stacks=any(wide))
    cells = "".join(f'<th scope="col"{kind}>{escape(text)}</th>' for text, kind in zip(head, kinds, strict=True))
    lines = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(text)}</td>" for text, kind in zip(row, kinds, strict=True)) + "</tr>\n"
        for row in rows
    )
    title = f"<h3>{escape(table.title)}</h3>" if table.title else ""
    note = f'<p class="small">{escape(table.note)}</p>' if table.note else ""
    return f"{title}<table{stacks}><thead><tr>{cells}</tr></thead><tbody>\n{lines}</tbody></table>{note}"


def _classes(**given: bool) -> str:
    names = " ".join(name for name, on in given.items() if on)
    return f' class="{names}"' if names else ""
