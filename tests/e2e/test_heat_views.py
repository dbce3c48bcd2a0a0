"""警情热力: hot places, two periods, a drawn area, forecast, what is taken along."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import pytest


def _n(at) -> int:
    return int(at.text("[data-count=heat]").replace(",", ""))


def _draw(at) -> None:
    """Draw a ring around the middle of the map."""
    box = at.page.locator("#map_main").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 60
    at.page.click("#lasso")
    at.page.mouse.move(x - 150, y - 110)
    at.page.mouse.down()
    for dx, dy in ((150, -110), (150, 110), (-150, 110), (-150, -90)):
        at.page.mouse.move(x + dx, y + dy, steps=8)
    at.page.mouse.up()


def test_a_hot_place_says_why_and_the_map_goes_there(visit) -> None:
    at = visit("/heat?view=places&method=segments&from=2026-01-01&to=2026-11-22")
    at.until("document.querySelectorAll('.hotlist [data-hot]').length > 0", "hot places")
    first = at.text(".hotlist li >> nth=0")
    assert "95% 区间" in first
    assert "偶然" in first
    assert "误报率" in at.text("#panel")
    assert "基尼系数" in at.text("#panel")
    assert at.page.locator(".leaflet-pick-pane .hotmark").count() == at.page.locator(".hotlist [data-hot]").count()
    before = at.page.evaluate("window.map_main.getZoom() + ',' + window.map_main.getCenter()")
    at.page.click(".hotlist [data-hot] >> nth=0")
    at.until(f"window.map_main.getZoom() + ',' + window.map_main.getCenter() !== {json.dumps(before)}", "the flight")
    at.until("location.search.includes('hot=')", "the address")
    assert at.page.get_attribute(".hotlist [data-hot] >> nth=0", "aria-pressed") == "true"
    at.shoot("heat-places")


@pytest.mark.parametrize("method", ["segments", "network", "kde", "clusters"])
def test_another_method_gives_another_list(visit, method: str) -> None:
    at = visit("/heat?view=places&from=2026-08-01&to=2026-10-31")
    at.until("!!document.querySelector('[data-legend=hot]')", "hot places")
    before = at.text("[data-legend=hot]")
    at.page.select_option("#method", method)
    at.until(f"document.querySelector('[data-legend=hot]').innerText !== {json.dumps(before)}", "another legend")
    at.until(f"location.search.includes('method={method}')", "the address")


def test_two_periods_stand_side_by_side_with_their_n(visit) -> None:
    at = visit("/heat?view=difference&from=2026-08-01&to=2026-10-31")
    legend = at.until("document.querySelector('[data-legend=difference]')?.innerText", "the legend of the difference")
    assert legend.count("n = ") == 2
    assert "−" in legend
    assert "+" in legend
    assert "偶然" in at.text("#panel .card >> nth=0")
    assert not at.page.locator("[data-legend=heat]").count()
    at.shoot("heat-difference")
    at.page.check("input[name=view][value=overview]", force=True)
    at.until("!!document.querySelector('[data-legend=heat]')", "the heat again")
    assert not at.page.locator("[data-legend=difference]").count()


def test_a_year_that_the_data_do_not_hold_is_said(visit) -> None:
    at = visit("/heat?view=difference")
    at.expected = ("422",)
    at.page.check("input[name=against][value=year]", force=True)
    at.until("document.querySelector('#panel .failed')?.innerText.includes('数据为')", "the sentence")


def test_a_drawn_area_has_its_panel_and_can_be_the_filter(visit) -> None:
    at = visit("/heat?from=2026-01-01&to=2026-11-22")
    city = _n(at)
    _draw(at)
    card = at.until("document.querySelector('#area-card')?.innerText", "the panel of the area")
    assert "95% 区间" in card
    assert "近重复" in card
    assert "环比" in card
    assert at.page.locator("#area-card rect.cell").count() == 7 * 24
    inside = int(at.text("#area-card .figure b").replace(",", ""))
    assert 0 < inside < city
    assert not at.page.locator("#place-card").count()
    at.page.check("#only")
    at.until(
        f"+document.querySelector('[data-count=heat]').textContent.replace(',', '') < {city}", "the area as a filter"
    )
    assert abs(_n(at) - inside) <= max(2, inside // 50)
    at.until("location.search.includes('area=') && location.search.includes('only=1')", "the address")
    at.shoot("heat-area")
    path = at.page.evaluate("location.pathname + location.search")
    again = visit(path)
    again.until("!!document.querySelector('#area-card')", "the area of the link")
    assert _n(again) == _n(at)
    again.page.keyboard.press("Escape")
    again.until(f"document.querySelector('[data-count=heat]').textContent === '{city:,d}'", "the whole city")


def test_a_click_shows_the_grid_and_a_figure_its_rows(visit) -> None:
    at = visit("/heat?from=2026-01-01&to=2026-11-22&view=places&method=kde")
    at.until("document.querySelectorAll('.hotlist [data-hot]').length > 0", "hot places")
    at.page.click(".hotlist [data-hot] >> nth=0")
    at.page.check("input[name=view][value=overview]", force=True)
    at.page.wait_for_timeout(1500)
    box = at.page.locator("#map_main").bounding_box()
    at.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    at.until("document.querySelector('#area-card h2')?.innerText.includes('网格')", "the grid")
    at.page.click("#panel .asked >> nth=0")
    at.until("document.querySelectorAll('#rows tbody tr').length > 5", "the rows")
    assert "泊松" in at.text("#rows")
    at.page.keyboard.press("Escape")
    at.until("!document.querySelector('#rows').open", "the rows to close")


def test_the_forecast_stands_beside_the_baseline_and_places_to_watch(visit) -> None:
    at = visit("/heat?view=forecast")
    at.until("document.querySelectorAll('#forecast-card tbody tr').length >= 3", "the trial", seconds=60)
    card = at.text("#forecast-card")
    assert "基线" in card
    assert "采用" in card
    assert "PAI" in card
    at.until("document.querySelector('[data-legend=forecast]')?.innerText.includes('%')", "the legend")
    at.until("document.querySelector('.hotlist.watch')", "the watch list")
    at.shoot("heat-forecast")


def test_what_is_seen_leaves_as_picture_workbook_and_layer(visit, tmp_path: Path) -> None:
    at = visit("/heat?view=places&method=kde&from=2026-01-01&to=2026-11-22")
    at.until("document.querySelectorAll('.hotlist [data-hot]').length > 0", "hot places")
    kept = {}
    for kind in ("png", "xlsx", "geojson"):
        with at.page.expect_download() as waiting:
            at.page.click(f"#export-{kind}")
        kept[kind] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(kept[kind])
    body = kept["png"].read_bytes()
    assert body.startswith(b"\x89PNG")
    assert struct.unpack(">II", body[16:24])[0] >= 800
    (Path(__file__).parents[2] / "test-results" / "heat-export.png").write_bytes(body)
    assert "xl/workbook.xml" in zipfile.ZipFile(kept["xlsx"]).namelist()
    assert json.loads(kept["geojson"].read_text(encoding="utf-8"))["features"]


@pytest.mark.parametrize("view", ["places", "difference", "forecast"])
@pytest.mark.parametrize(("theme", "lang"), [("light", "zh"), ("dark", "en")])
def test_the_views_are_readable_to_all(visit, view: str, theme: str, lang: str) -> None:
    at = visit(f"/heat?view={view}&theme={theme}&lang={lang}&area=g:none")
    at.expected = ("404",)
    at.page.wait_for_timeout(1500)
    assert at.findings() == []


@pytest.mark.parametrize("zoom", [1.25, 1.5])
def test_the_views_fit_an_enlarged_page(visit, zoom: float) -> None:
    at = visit("/heat?view=places", device_scale_factor=zoom)
    at.page.set_viewport_size({"width": round(1440 / zoom), "height": round(900 / zoom)})
    at.page.wait_for_timeout(800)
    over = (
        "[...document.querySelectorAll('#right .card, #right .viewbar')].some(e => e.scrollWidth > e.clientWidth + 1)"
    )
    assert not at.page.evaluate(over)
    at.shoot(f"heat-places-{round(zoom * 100)}")
