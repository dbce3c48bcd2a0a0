"""清街走访: streets of a grid or a drawn area swept, places visited every few days, both played and taken away."""

from __future__ import annotations

import json
import math
import urllib.request
from collections.abc import Callable
from typing import Any


def ask(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)


def near_a_post(server: str) -> tuple[str, str, float, float]:
    """A fixed post, the code of the grid it stands in, and where it is."""
    for post in ask(f"{server}/api/collections/posts/items?limit=1000")["features"]:
        lon, lat = post["geometry"]["coordinates"]
        grid = ask(f"{server}/api/locate?lon={lon}&lat={lat}")["grid"]
        if post["properties"]["state"] == "fixed" and grid:
            return post["properties"]["post_id"], grid["code"], lon, lat
    raise AssertionError("no post of the demo city stands in a grid")


def circle(at: Any, radius: float) -> None:
    """Draw a circle around the middle of the map by hand."""
    box = at.page.locator("#map_main").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    at.page.mouse.move(x + radius, y)
    at.page.mouse.down()
    for step in range(1, 25):
        turn = step / 24 * 2 * math.pi
        at.page.mouse.move(x + radius * math.cos(turn), y + radius * math.sin(turn))
    at.page.mouse.up()


def centre(at: Any, lon: float, lat: float, zoom: int) -> None:
    at.page.evaluate(f"window.map_main.setView([{lat}, {lon}], {zoom}, {{animate: false}}); 0")


def files(at: Any, selector: str) -> None:
    links = at.page.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map(a => a.getAttribute('href'))")
    assert {link.split("?f=")[1].split("&")[0] for link in links} == {"gpx", "geojson", "pdf"}
    for link in links:
        got = at.page.request.get(at.server + link, timeout=60000)
        assert got.ok, (link, got.status)
        assert len(got.body()) > 200, link


def test_a_grid_is_swept_in_order_played_and_taken_away(visit: Callable[..., Any], server: str) -> None:
    post, code, _, _ = near_a_post(server)
    at = visit("/patrol/sweeps")
    while at.page.locator("#where button").count():  # what the newest plan asked for
        at.page.click("#where button >> nth=0")
    at.page.keyboard.press("Alt+Enter")
    at.until("document.querySelector('#toasts').innerText.includes('请先画范围')", "the wish for an area")
    at.page.select_option("#sweep [name=post]", post)
    at.page.fill("#sweep [name=code]", "no such grid")
    at.page.press("#sweep [name=code]", "Enter")
    at.expected = ("404",)
    at.until("document.querySelector('#toasts').innerText.includes('no such grid')", "the unknown code to be named")
    at.page.fill("#sweep [name=code]", code)
    at.page.press("#sweep [name=code]", "Enter")
    at.until("document.querySelectorAll('#where button').length === 1", "the grid")
    at.page.click("#sweep summary")
    at.page.fill("#sweep [name=seconds]", "2")
    at.page.keyboard.press("Alt+Enter")
    at.until("!!document.querySelector('#plan')", "the sweep", seconds=90)
    for words in ("本方案", "理论界限", "差距", "种子", "巡查里程", "途经里程"):
        assert words in at.text("#plan")
    at.page.click("#plan tr.pick >> nth=0")
    at.until("document.querySelectorAll('#crew .stops li').length > 1", "the streets of the crew")
    at.until("document.querySelectorAll('.order').length > 0", "their numbers on the map")
    assert at.page.locator("#crew .stops li.passed").count() < at.page.locator("#crew .stops li").count()
    marks = "JSON.stringify([...document.querySelectorAll('.unit-marker')].map(m => m.style.transform))"
    before = at.page.evaluate(marks)
    at.page.evaluate(
        "(s => { s.value = s.max / 2; s.dispatchEvent(new Event('input')); })(document.querySelector('#slider'))"
    )
    assert at.page.evaluate(marks) != before
    files(at, "#plan .files a[download]")
    assert "清街任务单" in at.page.request.get(server + at.page.get_attribute("#crew [data-print]", "href")).text()
    assert at.findings() == []
    at.shoot("sweeps-sweep")
    again = visit(at.page.evaluate("location.pathname + location.search"))
    again.until("!!document.querySelector('#plan') && !!document.querySelector('#crew')", "the same sweep and crew")
    assert again.page.locator("#where button").count() == 1


def test_a_drawn_area_is_swept_until_it_is_stopped(visit: Callable[..., Any], server: str) -> None:
    _, _, lon, lat = near_a_post(server)
    at = visit("/patrol/sweeps?layers=routes")
    known = {p["plan_id"] for p in ask(f"{server}/api/plans?kind=patrol_sweep")["plans"]}
    centre(at, lon, lat, 15)
    at.page.keyboard.press("o")
    circle(at, 110)
    assert "所画范围" in at.text("#where")
    at.page.click("#sweep summary")
    at.page.fill("#sweep [name=seconds]", "120")
    at.page.keyboard.press("Alt+Enter")
    plan = "new URLSearchParams(location.search).get('plan')"
    fresh = f"(!document.querySelector('#job') && {plan} && !{json.dumps(sorted(known))}.includes({plan}))"
    going = "Number(document.querySelector('#job [role=progressbar]')?.getAttribute('aria-valuenow')) >= 4"
    # A small area may be swept to the proved best before anybody can stop it.
    at.until(f"{fresh} || ({going})", "the solve to be under way", seconds=90)
    at.shoot("sweeps-solving")
    if at.page.is_visible("#cancel"):
        at.page.evaluate("document.querySelector('#cancel')?.click()")
    at.until(fresh, "the sweep so far", seconds=90)
    assert at.page.locator("#plan tr.pick").count() >= 1
    at.page.click("#where button")
    assert at.text("#where") == ""


def test_places_are_visited_every_few_days_and_a_day_is_opened(visit: Callable[..., Any], server: str) -> None:
    post, _, lon, lat = near_a_post(server)
    at = visit("/patrol/sweeps?mode=rounds")
    if at.page.is_enabled("#clear-places"):  # what the newest plan asked for
        at.page.click("#clear-places")
    at.page.select_option("#rounds [name=post]", post)
    centre(at, lon, lat, 14)
    at.page.keyboard.press("o")
    circle(at, 200)
    at.until("Number(document.querySelector('#place-count').innerText) > 2", "places inside of the circle")
    at.page.click("#paste-places")
    at.page.fill("dialog textarea", f"学校,{lon},{lat},3,15\n坏的一行,,,x")
    at.page.click("dialog button[value=yes]")
    at.until("document.querySelector('#toasts').innerText.includes('坏的一行')", "the line that cannot be read")
    before = int(at.text("#place-count"))
    at.page.click("#paste-places")
    at.page.fill("dialog textarea", f"学校,{lon},{lat},3,15")
    at.page.click("dialog button[value=yes]")
    at.until(f"Number(document.querySelector('#place-count').innerText) === {before + 1}", "the pasted place")
    at.page.click("#edit-places")
    at.page.fill("#places tr:last-child [name=last]", "2026-11-20")
    assert at.findings() == []
    at.page.click("#list-keep")
    at.page.click("#rounds summary")
    at.page.fill("#rounds [name=seconds]", "2")
    at.page.keyboard.press("Alt+Enter")
    at.until("!!document.querySelector('#plan') && !!document.querySelector('.dayway')", "the rounds", seconds=90)
    for words in ("组日", "理论下限", "走访次数", "间隔恰为周期"):
        assert words in at.text("#plan")
    named = at.until("new URLSearchParams(location.search).get('plan')", "the plan in the address")
    asked = ask(f"{server}/api/plans/{named}")["question"]
    assert asked["points"][-1]["every_days"] == 3
    assert asked["points"][-1]["last_visit"] == "2026-11-20"
    at.page.click(".dayway >> nth=1")
    at.until("document.querySelectorAll('#day .stops li').length > 0", "the day")
    at.until("document.querySelectorAll('.order').length > 0", "its stops on the map")
    files(at, "#day .files a[download]")
    day = at.text("#day h2 span")
    at.page.keyboard.press("PageDown")
    at.until(f"document.querySelector('#day h2 span').innerText !== {json.dumps(day)}", "the next day of rounds")
    at.page.click("#tab-places")
    at.until("document.querySelectorAll('.placerow .visit').length > 3", "visits by place")
    assert at.findings() == []
    at.shoot("sweeps-rounds")
