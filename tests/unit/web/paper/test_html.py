"""A document as one page to print."""

from __future__ import annotations

from web.paper.document import Column, Document, Heading, PageBreak, Paragraph, Picture, Table
from web.paper.html import to_html

HOSTILE = "<script>alert(1)</script>"


def page(lang: str = "zh") -> str:
    blocks = (
        Heading(text=f"甲组 {HOSTILE}"), Paragraph(text="说明", small=True), PageBreak(),
        Table(title="到点", columns=(Column(heading="地点"), Column(heading="分", kind="decimal")), rows=((HOSTILE, 12.0), ("乙", None))),
        Picture(png=b"\x89PNG", title="路线图", alt="路线"),
    )  # fmt: skip
    document = Document(title="巡逻任务单", subtitle="夜班", lang=lang, blocks=blocks, footer="第 1 版")  # type: ignore[arg-type]
    return to_html(document, nonce="n0nce")


def test_text_from_data_is_escaped_and_nothing_is_loaded() -> None:
    html = page()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 2
    assert "http" not in html
    assert 'src="data:image/png;base64,' in html
    assert '<style nonce="n0nce">' in html


def test_tables_have_headers_and_numbers_as_on_paper() -> None:
    html = page("en")
    assert '<html lang="en">' in html
    assert '<th scope="col" class="number">分</th>' in html
    assert '<td class="number">12.0</td>' in html
    assert '<td class="number">—</td>' in html
    assert html.index('class="break"') < html.index("到点")


def test_on_a_phone_the_wide_cells_of_a_long_row_have_lines_of_their_own() -> None:
    columns = (*(Column(heading=str(i)) for i in range(4)), Column(heading="为什么", width=4.0))
    rows = (("1", "08:00", "08:10", "甲", "每天一次"),)
    for table, words in (
        (Table(title="", columns=columns, rows=rows), '<table class="stacks">'),
        (Table(title="", columns=columns[1:], rows=(rows[0][1:],)), "<table>"),
    ):
        document = Document(title="任务单", subtitle="", lang="zh", blocks=(table,))
        assert words in to_html(document, nonce="n")
        assert ('<td class="wide">每天一次</td>' in to_html(document, nonce="n")) == ("stacks" in words)
