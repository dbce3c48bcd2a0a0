"""研判报告 as files: the page, DOCX, XLSX and PDF say the same, and each figure lists as many calls as it counts."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import docx
import pytest
from fastapi.testclient import TestClient
from shapely.geometry import shape

from api.cli.main import main
from api.services.filters import CallFilter
from api.services.report_parts import Writer
from api.services.report_periods import Known, baselines, counted
from api.services.rows import rows_behind
from api.services.workspace import Workspace
from geo.errors import ForbiddenError, ParameterError
from geo.incidents.periods import Period
from geo.store.port import DEMO
from web.paper.document import cell_text

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
at = datetime.fromisoformat


def _get(client: TestClient, path: str) -> Any:
    answer = client.get(f"{path}{'&' if '?' in path else '?'}wait=120")
    assert answer.status_code == 200, answer.text
    return answer


def _tables(sheet: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [block for block in sheet["blocks"] if block["kind"] == "table"]


def _sheets(book: bytes) -> list[dict[str, str | float]]:
    """Return the cells of every sheet but the first, by address."""
    with ZipFile(io.BytesIO(book)) as held:
        shared = [
            "".join(part.text or "" for part in item.iter(f"{MAIN}t"))
            for item in ET.fromstring(held.read("xl/sharedStrings.xml")).iter(f"{MAIN}si")
        ]
        count = sum(name.startswith("xl/worksheets/sheet") for name in held.namelist())
        names = [f"xl/worksheets/sheet{k}.xml" for k in range(2, count + 1)]
        roots = [ET.fromstring(held.read(name)) for name in names]
    return [
        {
            c.attrib["r"]: shared[int(c[0].text or "")] if c.attrib.get("t") == "s" else float(c[0].text or "nan")
            for c in root.iter(f"{MAIN}c")
            if len(c)
        }
        for root in roots
    ]


@pytest.mark.parametrize(("kind", "lang"), [("daily", "zh"), ("weekly", "en"), ("monthly", "zh")])
def test_the_files_print_what_the_page_shows(client: TestClient, kind: str, lang: str) -> None:
    shown = _get(client, f"/api/reports/{kind}/sheet?lang={lang}").json()
    tables = _tables(shown)
    word = docx.Document(io.BytesIO(_get(client, f"/api/reports/{kind}.docx?lang={lang}").content))
    assert word.core_properties.title == shown["title"]
    printed = [[[cell.text for cell in row.cells] for row in table.rows[1:]] for table in word.tables]
    assert printed == [table["cells"] for table in tables]
    book = _get(client, f"/api/reports/{kind}.xlsx?lang={lang}").content
    sheets = [cells for cells in _sheets(book) if "A3" in cells and "A4" in cells]
    assert [cells["A1"] for cells in sheets] == [table["title"] for table in tables if table["cells"]]
    for cells, table in zip(sheets, [table for table in tables if table["cells"]], strict=True):
        for row, texts in enumerate(table["cells"], start=4):
            for number, (text, column) in enumerate(zip(texts, table["columns"], strict=True)):
                assert cell_text(cells[f"{chr(65 + number)}{row}"], column["kind"]) == text
    paper = _get(client, f"/api/reports/{kind}.pdf?lang={lang}").content
    assert paper.startswith(b"%PDF")
    assert b"NotoSansSC" in paper or b"FontFile2" in paper


def test_the_report_counts_what_the_other_pages_count(client: TestClient) -> None:
    shown = _get(client, "/api/reports/daily/sheet").json()
    daily = client.get(f"/api/reports/daily?day={shown['first']}").json()
    assert f"有效警情 {daily['n']:,} 起" in shown["blocks"][1]["text"]
    comparisons, families = _tables(shown)[:2]
    assert float(comparisons["cells"][0][2].replace(",", "")) == daily["same_weekday"]["n"]
    by_label = {cells[0]: int(cells[1]) for cells in families["cells"]}
    assert by_label == {rise["label"]: rise["n"] for rise in daily["rises"]}
    top = next(table for table in _tables(shown) if table["title"] == "警情最多的网格")
    assert [(row[1], int(row[2])) for row in top["cells"]] == [(g["name"], g["n"]) for g in daily["top_grids"]]


@pytest.mark.parametrize(
    ("kind", "title"), [("weekly", "类别变化"), ("monthly", "警情最多的网格"), ("weekly", "逐日警情")]
)
def test_a_figure_lists_as_many_calls_as_it_counts(client: TestClient, kind: str, title: str) -> None:
    shown = _get(client, f"/api/reports/{kind}/sheet").json()
    table = next(table for table in _tables(shown) if table["title"] == title)
    column = 2 if title == "警情最多的网格" else 1
    assert table["cells"]
    for cells, asked in zip(table["cells"][:7], table["rows"][:7], strict=True):
        answer = client.get("/api/rows", params={**asked, "limit": 1}).json()
        assert answer["n"] == int(cells[column].replace(",", ""))
        assert "caller" not in answer["rows"][0]


def test_the_rows_of_a_narrowed_report_are_narrowed_too(client: TestClient) -> None:
    shown = _get(client, "/api/reports/weekly/sheet?families=盗窃,纠纷&citizen=only&basis=received").json()
    for title, column in (("逐日警情", 1), ("类别变化", 1)):
        table = next(table for table in _tables(shown) if table["title"] == title)
        for cells, asked in zip(table["cells"], table["rows"], strict=True):
            assert client.get("/api/rows", params=asked).json()["n"] == int(cells[column]), (title, cells[0])


def test_the_calls_within_a_polygon_are_those_of_the_grid_that_it_bounds(client: TestClient) -> None:
    shown = _get(client, "/api/reports/monthly/sheet").json()
    table = next(table for table in _tables(shown) if table["title"] == "警情最多的网格")
    asked = dict(table["rows"][0])
    grid = client.get(f"/api/collections/grids/items/{asked.pop('areas')}").json()
    outline = ";".join(f"{x},{y}" for x, y in shape(grid["geometry"]).exterior.coords[:-1])
    answer = client.get("/api/rows", params={**asked, "within": outline}).json()
    assert answer["n"] == len(answer["rows"]) == int(table["cells"][0][2])
    assert client.get("/api/rows", params={**asked, "within": "0,0;1"}).status_code == 422


def test_a_picture_of_the_report_is_a_png(client: TestClient) -> None:
    shown = _get(client, "/api/reports/weekly/sheet").json()
    numbers = [block["number"] for block in shown["blocks"] if block["kind"] == "picture"]
    assert len(numbers) == 3
    for number in numbers:
        answer = client.get(f"/api/reports/weekly/pictures/{number}.png")
        assert answer.content.startswith(b"\x89PNG")
    assert client.get("/api/reports/weekly/pictures/9.png").status_code == 404


def test_a_long_report_is_a_job_and_then_lies_at_the_same_address(client: TestClient) -> None:
    path = "/api/reports/weekly.pdf?basis=received"
    first = client.get(f"{path}&wait=0")
    assert first.status_code == 202
    assert first.headers["location"] == first.json()["status_url"]
    assert _get(client, path).headers["content-disposition"].endswith('.pdf"')


@pytest.mark.parametrize("path", ["daily.odt", "yearly.pdf", "daily.pdf?day=tomorrow", "weekly.pdf?day=2001-01-01"])
def test_what_is_no_report_is_refused(client: TestClient, path: str) -> None:
    answer = client.get(f"/api/reports/{path}")
    assert answer.status_code == 422
    assert answer.json()["detail_zh"]


def test_roles_without_detail_see_neither_rows_nor_small_counts(client: TestClient) -> None:
    workspace: Workspace = client.app.state.workspace  # type: ignore[attr-defined]
    reader = replace(DEMO, roles=frozenset({"read"}))
    with pytest.raises(ForbiddenError):
        rows_behind(workspace, reader, CallFilter(), limit=10)
    say = Writer.of(workspace, reader, "zh")
    assert [say.count(n) for n in (0, 1, 4, 5)] == [0, "少于 5", "少于 5", 5]
    assert Writer.of(workspace, DEMO, "zh").count(1) == 1


def test_the_command_writes_the_file_whole_or_not_at_all(
    demo_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "日报.docx"
    with pytest.raises(SystemExit) as left:
        main(["report", "daily", "--home", str(demo_home), "--out", str(out)])
    assert left.value.code == 0
    assert "警情日报" in capsys.readouterr().out
    assert docx.Document(str(out)).tables
    with pytest.raises(SystemExit) as refused:
        main(["report", "daily", "--home", str(demo_home), "--out", str(tmp_path / "a.txt")])
    assert refused.value.code
    assert [path.name for path in tmp_path.iterdir()] == ["日报.docx"]


KNOWN = Known(first=at("2021-01-01"), until=at("2026-11-18T12:00"))


def test_baselines_reach_as_far_as_the_data() -> None:
    week = Period(first=date(2026, 11, 9), last=date(2026, 11, 15))
    found = {b.baseline: b for b in baselines("weekly", week, counted(week, KNOWN), KNOWN)}
    assert found["period_before"].spans[0].start == at("2026-11-02T08:00")
    assert found["year_on_year"].spans[0].start == at("2025-11-09T08:00")
    assert len(found["five_year_mean"].spans) == 5
    assert found["same_season"].spans[0].start == at("2025-09-01T08:00")
    late = replace(KNOWN, first=at("2025-10-01"))
    short = {b.baseline: b for b in baselines("weekly", week, counted(week, late), late)}
    assert "2025-10-01" in short["five_year_mean"].absent_zh
    assert not short["five_year_mean"].spans
    assert short["year_on_year"].spans


def test_an_open_week_is_compared_with_as_long_a_part() -> None:
    week = Period(first=date(2026, 11, 16), last=date(2026, 11, 22))
    span = counted(week, KNOWN)
    assert span.end == KNOWN.until
    before = next(b for b in baselines("weekly", week, span, KNOWN) if b.baseline == "period_before")
    assert before.spans[0].end - before.spans[0].start == span.end - span.start
    with pytest.raises(ParameterError, match="no data"):
        counted(Period(first=date(2026, 12, 1), last=date(2026, 12, 1)), KNOWN)
