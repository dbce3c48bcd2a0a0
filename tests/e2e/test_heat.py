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


def test_the_address_may_hold_nothing_and_hours_over_midnight(visit) -> None:
    for empty in ("hours=-", "families=-", "weekdays=-"):
        at = visit(f"/heat?{empty}")
        assert "请至少选择" in at.text("#panel"), empty
    at = visit("/heat?hours=22-3")
    pressed = "[...document.querySelectorAll('[data-hour][aria-pressed=true]')].map(b => +b.dataset.hour)"
    assert at.page.evaluate(pressed) == [0, 1, 2, 3, 22, 23]
    assert _n(at) > 0


def test_the_cube_is_fetched_when_it_is_played(visit) -> None:
    asked: list[str] = []
    at = visit("/heat")
    at.page.on("request", lambda r: asked.append(r.url) if "/api/heat/frames" in r.url else None)
    at.page.reload()
    at.until("document.documentElement.dataset.ready === '1'", "the page")
    assert at.page.get_attribute("#slider", "max") == "23"
    assert asked == []
    at.page.keyboard.press("Space")
    at.until("!!document.querySelector('canvas.frames')", "a frame")
    assert len(asked) == 1


def test_a_figure_says_whose_calls_it_counts_and_the_basis_names_it(visit) -> None:
    at = visit("/heat")
    assert "仅群众报警" in at.text("#panel .card >> nth=0")
    at.page.check("input[name=basis][value=received]", force=True)
    at.until("document.querySelector('#panel .card h2').innerText.includes('接报警情')", "the basis")
    assert "{" not in at.text("#panel")


def test_a_wrong_date_is_said(visit) -> None:
    at = visit("/heat")
    at.page.fill("input[name=from]", "2026-13-45")
    at.page.press("input[name=from]", "Tab")
    at.until("document.querySelector('#toasts').innerText.includes('2026-11-22')", "the sentence")
