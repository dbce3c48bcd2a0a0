"""A document says the same as PDF, DOCX and XLSX."""

from __future__ import annotations

import io
from re import findall
from zipfile import ZipFile

import docx
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from geo.errors import InputError
from web.paper.chart import bar_chart
from web.paper.document import Column, Document, Heading, PageBreak, Paragraph, Picture, Table, cell_text
from web.paper.docx import to_docx
from web.paper.font import chinese_font
from web.paper.pdf import to_pdf
from web.paper.xlsx import to_xlsx


@pytest.fixture(scope="module")
def document() -> Document:
    columns = (
        Column(heading="类别", width=2), Column(heading="昨日", kind="count"), Column(heading="占比", kind="share"),
        Column(heading="均值", kind="decimal"),
    )  # fmt: skip
    png = bar_chart([1, 2, 3], labels=["0", "1", "2"], unit="起")
    return Document(
        title="警情日报", subtitle="有效警情", lang="zh", footer="巡格",
        blocks=(
            Heading(text="一、总体"), Paragraph(text="共 312 起 <b>&"), PageBreak(),
            Table(title="类别", columns=columns, rows=(("盗窃", 1234, 0.256, 3.14), ("=1+1", 0, None, 1.0)), note="n = 1234"),
            Table(title="类别", columns=columns[:1], rows=()),
            Picture(png=png, title="图 1", alt="柱状图"),
        ),
    )  # fmt: skip


def test_the_font_has_truetype_outlines_and_chinese_letters() -> None:
    font = TTFont(chinese_font().path, fontNumber=0)
    assert "glyf" in font
    assert all(ord(letter) in font.getBestCmap() for letter in "巡格警情屯警网格")


def test_cells_are_printed_by_their_kind() -> None:
    assert cell_text(1234567, "count") == "1,234,567"
    assert cell_text(0.1234, "share") == "12.3%"
    assert cell_text(2.25, "decimal") == "2.2"
    assert cell_text(None, "count") == "—"


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match="has 2 cells, not 1"):
        Table(title="x", columns=(Column(heading="a"),), rows=(("1", "2"),))


def test_docx_has_headings_tables_and_alt_text(document: Document) -> None:
    paper = docx.Document(io.BytesIO(to_docx(document)))
    assert [p.text for p in paper.paragraphs if p.style is not None and p.style.name == "Heading 1"] == ["一、总体"]
    first = [[cell.text for cell in row.cells] for row in paper.tables[0].rows]
    assert first == [["类别", "昨日", "占比", "均值"], ["盗窃", "1,234", "25.6%", "3.1"], ["=1+1", "0", "—", "1.0"]]
    with ZipFile(io.BytesIO(to_docx(document))) as package:
        assert 'descr="柱状图"' in package.read("word/document.xml").decode()


def test_xlsx_holds_numbers_and_no_formula(document: Document) -> None:
    body = to_xlsx(document)
    with ZipFile(io.BytesIO(body)) as package:
        sheets = {name: package.read(name).decode() for name in package.namelist() if "worksheets/sheet" in name}
        names = findall(r'<sheet name="([^"]+)"', package.read("xl/workbook.xml").decode())
    assert names == ["说明", "类别", "类别 2", "图 1"]
    table = sheets["xl/worksheets/sheet2.xml"]
    assert "<f>" not in table
    assert "<v>1234</v>" in table
    assert "<v>0.256</v>" in table


def test_pdf_embeds_the_font_and_has_two_pages(document: Document) -> None:
    body = to_pdf(document)
    assert body.startswith(b"%PDF-")
    assert len(findall(rb"/Type /Page\b", body)) == 2
    assert b"/FontFile2" in body
    assert b"NotoSansSC" in body or chinese_font().source == "system"


def test_a_picture_is_a_png_of_the_size_asked_for() -> None:
    with Image.open(io.BytesIO(bar_chart([1.0], labels=["a"], unit="起", width_mm=100, height_mm=50))) as image:
        assert image.size == (787, 393)
