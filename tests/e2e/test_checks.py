"""网格质检: each report is asked for and read as the grid office would."""

from __future__ import annotations

import json

import pytest

DONE = "!document.querySelector('#panel').hasAttribute('aria-busy') && !document.querySelector('#panel .loading')"


def shown(visit, report: str, query: str = ""):
    at = visit(f"/grids/checks?report={report}{query}")
    if report in ("repair", "merge"):
        at.page.click("#run")
    at.until(DONE + " && !document.querySelector('#job')", f"the report {report}")
    return at


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("check", "核对数"),
        ("repair", "修复前问题"),
        ("renumber", "保留原号"),
        ("conformity", "不构成对任何标准文本的符合性声明"),
        ("misfit", "不一致率"),
        ("staffing", "缺编"),
        ("restate", "按点位重新统计"),
    ],
)
def test_each_report_says_what_was_looked_at(visit, report: str, words: str) -> None:
    at = shown(visit, report)
    assert words in at.text("#panel")
    assert at.page.query_selector("#panel .failed") is None
    assert at.findings() == []


def test_the_check_on_the_page_is_the_check_of_the_server(visit) -> None:
    at = shown(visit, "check")
    told = at.page.request.get(f"{at.server}/api/grids/check").json()
    assert f"{len(told['faults'])}" in at.text("#panel .figure")
    assert f"{told['n']:,}" in at.text("#panel .pairs")


def test_a_finding_is_shown_on_the_map(visit) -> None:
    at = shown(visit, "conformity")
    before = at.page.evaluate("window.map_main.getZoom()")
    at.page.locator("#panel tr.pick").first.click()
    at.until("window.map_main.getZoom() >= 16", "the flight to the finding")
    assert before < 16


def test_layers_are_merged_and_contested_land_is_listed(visit, tmp_path) -> None:
    at = visit("/grids/checks?report=merge")
    west, south, _, _ = json.loads(at.page.text_content("#page-context"))["bounds"]

    def layer(name: str, shift: float) -> str:
        ring = [[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01], [0, 0]]
        corners = [[west + 0.02 + x + shift, south + 0.02 + y] for x, y in ring]
        feature = {"type": "Feature", "properties": {"code": f"{name}1", "name": name}}
        feature["geometry"] = {"type": "Polygon", "coordinates": [corners]}
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
        return str(path)

    at.page.set_input_files("input[name=files]", [layer("police", 0.0), layer("civil", 0.005)])
    at.page.select_option("select[name=frame]", "WGS84")
    at.page.click("#run")
    at.until(
        DONE + " && !document.querySelector('#job') && !!document.querySelector('#panel .trio')", "the merged layer"
    )
    assert "争议地块" in at.text("#panel")
    assert at.page.locator("#panel tr.pick").count() >= 1
    assert at.page.query_selector("#commit") is not None
    at.shoot("checks-merge")


def test_an_unfinished_question_is_one_sentence(visit) -> None:
    at = visit("/grids/checks?report=merge")
    at.page.click("#run")
    at.until("document.querySelector('#toasts').innerText.includes('至少一个图层文件')", "the refusal")
    at = visit("/grids/checks?report=misfit")
    at.page.fill("input[name=from]", "20261122")
    at.page.click("#run")
    at.until("document.querySelector('#toasts').innerText.length > 0", "the form of a date")


@pytest.mark.parametrize("width", [1093, 911])
def test_nothing_is_cut_off_when_enlarged(visit, width: int) -> None:
    at = shown(visit, "staffing")
    at.page.set_viewport_size({"width": width, "height": 640})
    at.page.wait_for_timeout(300)
    assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    last = at.page.locator(".tabs a").last.bounding_box()
    search = at.page.locator(".search").bounding_box()
    assert last["x"] + last["width"] <= search["x"] + 1
    at.shoot(f"checks-{width}")
