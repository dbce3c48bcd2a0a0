"""态势: what a dispatcher does first."""

from __future__ import annotations

import re


def test_the_cards_say_how_many_which_period_as_of_when_and_what_is_missing(visit) -> None:
    at = visit("/")
    card = at.text("#panel .card >> nth=0")
    for part in ("有效警情", "起", "95% 区间", "至", "数据截至", "缺到达时间", "接报", "上周同日"):
        assert part in card
    assert "在岗警力" in at.text("#panel")
    assert "位置未知" in at.text("#units-card")
    assert "屯警点驻守" in at.text("#panel")
    assert "当前方案" in at.text("#panel")


def test_a_click_names_the_place_and_lists_who_is_soonest(visit) -> None:
    at = visit("/")
    at.page.mouse.click(680, 420)
    at.until("!!document.querySelector('#place-card')", "the place card")
    card = at.text("#place-card")
    for part in ("网格", "警格", "派出所", "最快到达"):
        assert part in card
    assert at.page.locator("#place-card tbody tr").count() == 5
    seconds = at.page.evaluate(
        "[...document.querySelectorAll('#place-card tbody td:nth-child(2)')].map(c => c.textContent)"
    )
    assert all("分" in s or "秒" in s for s in seconds)
    at.shoot("place")
    at.page.keyboard.press("Escape")
    assert at.page.locator("#place-card").count() == 0


def test_enter_on_the_map_asks_about_its_middle(visit) -> None:
    at = visit("/")
    at.page.keyboard.press("f")
    at.page.keyboard.press("Enter")
    at.until("!!document.querySelector('#place-card')", "the place card")


def test_the_slider_moves_and_plays(visit) -> None:
    at = visit("/")
    at.page.evaluate("(s => { s.value = 3; s.dispatchEvent(new Event('input')); })(document.querySelector('#slider'))")
    assert at.page.get_attribute("#whole", "aria-pressed") == "false"
    first = at.text(".timebar .now b")
    at.page.keyboard.press("Space")
    at.until(f"document.querySelector('.timebar .now b').textContent !== {first!r}", "the slider to play")
    assert at.page.get_attribute("#play", "aria-pressed") == "true"
    at.page.keyboard.press("Space")
    at.page.keyboard.press("Escape")
    assert at.page.get_attribute("#whole", "aria-pressed") == "true"
    assert "近 24 小时" in at.text(".timebar .now")


def test_unticking_a_family_takes_its_calls_away(visit) -> None:
    at = visit("/")
    before = int(at.text("[data-count=calls]"))
    at.page.click("[data-families=none]")
    assert int(at.text("[data-count=calls]")) == 0
    at.page.click("[data-families=all]")
    assert int(at.text("[data-count=calls]")) == before > 0


def test_search_flies_to_a_street_and_takes_coordinates(visit) -> None:
    at = visit("/")
    before = at.page.evaluate("window.map_main.getZoom()")
    at.page.keyboard.press("/")
    at.page.keyboard.type("Bulevardi")
    at.until("document.querySelectorAll('#found li[role=option]').length > 0", "results")
    at.page.keyboard.press("Enter")
    at.until(f"window.map_main.getZoom() > {before} || document.querySelector('#place-card')", "the map to fly")
    at.page.fill("#search", "24.9450, 60.1700")
    at.until("[...document.querySelectorAll('#found li')].some(li => li.textContent.includes('24.945'))", "the place")
    at.page.keyboard.press("Enter")
    at.until("Math.abs(window.map_main.getCenter().lng - 24.945) < 2e-3", "the flight")
    at.shoot("search")


def test_help_lists_every_key(visit) -> None:
    at = visit("/")
    at.page.keyboard.press("?")
    keys = at.text("#help")
    for part in ("搜索", "播放或暂停", "切换浅色、深色", "显示或隐藏警情", "态势", "研判报告"):
        assert part in keys
    assert at.findings() == []
    at.page.keyboard.press("Escape")
    assert not at.page.is_visible("#help")


def test_the_theme_changes_at_once_and_the_address_remembers(visit) -> None:
    at = visit("/")
    at.page.keyboard.press("d")
    assert at.page.get_attribute("html", "data-theme") == "dark"
    at.until("location.search.includes('theme=dark')", "the address")


def test_text_from_data_is_text(visit) -> None:
    at = visit("/")
    at.page.fill("#search", "<img src=x onerror=window.hit=1>")
    at.until("!document.querySelector('#found').hidden", "the answer")
    assert at.page.evaluate("window.hit === undefined")
    assert at.page.locator("#found img").count() == 0


def test_calls_without_a_place_are_counted_and_not_drawn(visit) -> None:
    at = visit("/")
    card = at.text("#panel .card >> nth=0")
    drawn = int(at.text("[data-count=calls]"))
    valid = int(at.text("#panel .figure b >> nth=0").replace(",", ""))
    found = re.search(r"含无案发地 (\d+) 起", card)
    assert drawn + (int(found[1]) if found else 0) == valid


def test_the_open_plan_stands_with_bound_proof_and_longest_gap(visit) -> None:
    at = visit("/")
    plan = at.text("#plan-card")
    for part in ("本方案", "理论下限", "最长间隔"):
        assert part in plan
    assert "已证明最优" in plan or "未证明最优" in plan


def test_a_legend_folds_to_its_title(visit) -> None:
    at = visit("/")
    at.page.click(".legend .fold >> nth=0")
    assert not at.page.is_visible(".legend .marks >> nth=0")
    at.page.keyboard.press("i")
    assert at.page.is_visible(".legend .marks >> nth=0")


def test_a_place_beyond_the_map_is_said_and_not_flown_to(visit) -> None:
    at = visit("/")
    before = at.page.evaluate("window.map_main.getCenter().lng")
    at.page.fill("#search", "116.3, 39.9")
    at.until("!document.querySelector('#found').hidden", "the result")
    at.page.keyboard.press("Enter")
    at.until("document.querySelector('#toasts').innerText.includes('不在本地图范围内')", "the sentence")
    assert at.page.evaluate("window.map_main.getCenter().lng") == before


def test_nothing_is_cut_off_on_a_small_screen(visit) -> None:
    at = visit("/posts", screen={"width": 1024, "height": 768})
    at.page.set_viewport_size({"width": 1024, "height": 768})
    at.page.wait_for_timeout(300)
    assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = "[...document.querySelectorAll('.trio b, .tabs a, .clock span')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    assert at.page.evaluate(cut) == []
    assert at.page.is_visible("#clock span")
