"""Each page, light in Chinese and dark in English: no error, nothing from outside, nothing serious for axe-core."""

from __future__ import annotations

import pytest

PAGES = {
    "situation": ("/", "态势", "Situation"),
    "heat": ("/heat?layers=heat,choropleth,grids,posts", "警情热力", "Call heat"),
    "posts": ("/posts", "屯警布点", "Posts"),
    "patrol": ("/patrol", "巡逻规划", "Patrols"),
    "sweeps": ("/patrol/sweeps", "清街走访", "Sweeps"),
    "grids": ("/grids?edit=1", "网格调整", "Grids"),
    "checks": ("/grids/checks", "网格质检", "Grid checks"),
    "reports": ("/reports", "研判报告", "Reports"),
    "calls": ("/calls", "导入警情", "Calls"),
}


@pytest.mark.parametrize(("theme", "lang"), [("light", "zh"), ("dark", "en")])
@pytest.mark.parametrize("page", PAGES)
def test_opens_clean_and_reachable_for_all_with_no_key_for_a_word(visit, page: str, theme: str, lang: str) -> None:
    path, zh, en = PAGES[page]
    query = f"{'&' if '?' in path else '?'}theme={theme}&lang={lang}"
    at = visit(path + query)
    assert at.page.get_attribute("html", "lang") == ("zh-CN" if lang == "zh" else "en")
    assert at.page.get_attribute("html", "data-theme") == theme
    assert at.text("[aria-current=page]") == (zh if lang == "zh" else en)
    assert ("合成数据" if lang == "zh" else "Synthetic data") in at.text(".top")
    at.page.wait_for_timeout(900)
    at.shoot(f"{page}-{theme}-{lang}")
    assert at.findings() == []
    keys = set(at.page.evaluate("Object.keys(JSON.parse(document.getElementById('page-context').textContent).words)"))
    dotted = {key for key in keys if "." in key}
    seen = set(at.page.evaluate("document.body.innerText").split())
    assert not (dotted & seen)


def test_the_wall_screen_has_no_forms(visit) -> None:
    at = visit("/?wall=1&theme=dark")
    assert not at.page.is_visible("#left")
    assert at.page.is_visible("#clock")
    assert at.page.is_visible("#map_main")
    at.shoot("wall")


def test_a_tab_keeps_language_theme_and_view(visit) -> None:
    at = visit("/?lang=en&theme=dark&v=15/60.17000/24.94500")
    at.page.keyboard.press("2")
    at.page.wait_for_url(lambda url: "/heat" in url, wait_until="commit")
    at.until("document.documentElement.dataset.ready === '1'", "the heat page")
    assert at.page.get_attribute("html", "data-theme") == "dark"
    assert at.page.get_attribute("html", "lang") == "en"
    assert at.page.evaluate("window.map_main.getZoom()") == 15
