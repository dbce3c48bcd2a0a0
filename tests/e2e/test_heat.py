"""警情热力: filters, choropleth, time that plays."""

from __future__ import annotations


def _n(at) -> int:
    return int(at.text("[data-count=heat]").replace(",", ""))


def test_a_filter_changes_map_card_and_legend_at_once(visit) -> None:
    at = visit("/heat")
    all_calls = _n(at)
    assert "起/平方公里·周" in at.text("[data-legend=heat]")
    assert "n = " in at.text("[data-legend=heat]")
    at.page.click("[data-hours='22-23,0-5']")
    at.until(f"document.querySelector('[data-count=heat]').textContent !== '{all_calls:,d}'", "fewer calls")
    at.until("location.search.includes('hours=')", "the address")
    assert 0 < _n(at) < all_calls
    at.page.click("[data-hours='']")
    at.page.check("input[name=days][value='365']", force=True)
    at.until(
        f"+document.querySelector('[data-count=heat]').textContent.replace(',', '') > {all_calls}", "a year of calls"
    )
    assert "95% 区间" in at.text("#panel .card >> nth=0")


def test_nothing_chosen_is_said_and_not_asked(visit) -> None:
    at = visit("/heat")
    at.page.click("[data-families=none]")
    assert "请至少选择" in at.text("#panel")


def test_the_choropleth_has_unit_n_and_classes(visit) -> None:
    at = visit("/heat")
    at.page.check("[data-layer=choropleth]")
    at.until("!!document.querySelector('[data-legend=grids] .steps')", "the legend of the choropleth")
    legend = at.text("[data-legend=grids]")
    assert "平方公里" in legend
    assert "n = " in legend
    assert "最高的 10 个网格" in at.text("#panel")
    assert not at.page.is_checked("[data-layer=heat]")


def test_the_slider_paints_other_pictures_as_it_plays(visit) -> None:
    at = visit("/heat")
    picture = "document.querySelector('canvas.frames')?.toDataURL()"
    at.page.keyboard.press("Space")
    first = at.until(picture, "a frame")
    at.until(f"{picture} !== {first!r}", "another frame")
    at.page.keyboard.press("Space")
    at.shoot("heat-frame")
    at.page.select_option("#mode", "weekday_hour")
    at.until("document.querySelector('#slider').max === '167'", "the hours of the week")
    at.page.click("#whole")
    assert at.page.locator("canvas.frames").count() == 0
