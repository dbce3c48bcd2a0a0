"""巡逻规划: solve, take hold of stops, lock, solve around them, replay, mend, issue, compare, print."""

from __future__ import annotations

import json
import math
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

STOPS = "[...document.querySelectorAll('.gantt .stop')]"
VERSION = (
    "fetch('/api/plans/' + new URLSearchParams(location.search).get('plan')).then(r => r.json()).then(p => p.version)"
)


def ask(address: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def made(server: str, *, seed: int = 1) -> str:
    """Solve the night shift by HTTP and return the plan's id."""
    question = {"shift_id": "night", "iterations": 1, "seconds": 20, "seed": seed}
    job = ask(f"{server}/api/patrol/plan", question)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        found = ask(f"{server}{job['status_url']}")
        if found["state"] in ("done", "failed", "cancelled"):
            assert found["state"] == "done", found
            return str(found["result"]["plan_id"])
        time.sleep(0.2)  # between two looks at the job, as any client does
    raise AssertionError("no plan within two minutes")


@pytest.fixture(scope="module")
def plan(server: str) -> str:
    return made(server)


@pytest.fixture
def opened(visit: Callable[..., Any], plan: str) -> Callable[..., Any]:
    def _open(query: str = "", **options: Any) -> Any:
        at = visit(f"/patrol?plan={plan}{query}", **options)
        at.until(
            "!document.querySelector('#board').hidden && !!document.querySelector('#plan')", "the plan", seconds=60
        )
        return at

    return _open


def version(at: Any) -> int:
    return int(at.page.evaluate(VERSION))


def shown(at: Any, least: int, what: str) -> None:
    """Wait until the page shows a version of the plan."""
    at.until(f"Number(document.querySelector('#plan')?.dataset.version) >= {least}", what, seconds=60)


def closable(server: str, plan: str) -> tuple[float, float]:
    """A place on a route whose street can be closed from two hours into the shift, by the server's own word."""
    body = ask(f"{server}/api/plans/{plan}")
    moment = (datetime.fromisoformat(body["shift"]["start"]) + timedelta(hours=2)).isoformat()
    way = [place for route in body["routes"] for place in route["line"]]
    for number in range(1, 20):
        lon, lat = way[len(way) * number // 20][:2]
        north, east = 30 / 111_320, 30 / 111_320 / math.cos(math.radians(lat))
        corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
        area = [[lon + dx * east, lat + dy * north] for dx, dy in corners]
        event = {"kind": "closed", "closure": {"area": area, "from": moment, "to": body["shift"]["end"]}}
        asked = {"version": body["version"], "at": moment, "events": [event], "preview": True}
        try:
            if ask(f"{server}/api/patrol/plans/{plan}/replan", asked)["ok"]:
                return lon, lat
        except urllib.error.HTTPError:
            continue  # this one cuts a unit off
    raise AssertionError("no street of this plan can be closed")


def street_menu(at: Any, lon: float, lat: float) -> None:
    """Right-click a street."""
    at.page.evaluate(f"window.map_main.setView([{lat}, {lon}], 16, {{animate: false}})")
    place = at.page.evaluate(
        "(() => { const box = window.map_main.getContainer().getBoundingClientRect();"
        f" const p = window.map_main.latLngToContainerPoint([{lat}, {lon}]);"
        " return {x: p.x + box.left, y: p.y + box.top}; })()"
    )
    at.page.mouse.click(place["x"], place["y"], button="right")
    at.until("!!document.querySelector('#menu-close-here')", "the menu", seconds=30)


def free_stop(at: Any) -> str:
    """Key of a stop of the rounds in sight that is not locked; it is chosen by a click."""
    key = at.until(
        f"{STOPS}.filter(s => s.matches('.round:not(.locked)') && s.getBoundingClientRect().width > 5)"
        ".map(s => s.dataset.stop)[2]",
        "a stop of the rounds",
    )
    return str(key)


def fitting(server: str, plan: str) -> tuple[str, int]:
    """Key of a stop that some minutes earlier or later suit as well, and these minutes."""
    body = ask(f"{server}/api/plans/{plan}")
    for route in body["routes"][:6]:
        for stop in route["stops"][:8]:
            for minutes in (1, -1, 2, -2, 5):
                begin = datetime.fromisoformat(stop["begin"]) + timedelta(minutes=minutes)
                wish = {"unit_id": route["unit_id"], "index": stop["index"], "begin": begin.isoformat()}
                asked = {"version": body["version"], **wish, "preview": True}
                if ask(f"{server}/api/patrol/plans/{plan}/move", asked)["ok"]:
                    return f"{route['unit_id']}/{stop['index']}", minutes
    raise AssertionError("no stop of this plan can be moved by a minute")


def click_stop(at: Any, key: str) -> None:
    at.page.click(f'.gantt [data-stop="{key}"]', position={"x": 4, "y": 10})
    at.until("!!document.querySelector('#stop')", "the stop's card")


def test_solve_shows_what_is_reached_and_what_matters_is_asked_in_plain_words(visit) -> None:
    at = visit("/patrol")
    for words in ("少用巡组", "间隔短", "动中备勤", "不规律", "勤务等级"):
        assert words in at.text("#solve")
    at.page.evaluate(
        "(b => { b.value = 0; b.dispatchEvent(new Event('input')); })(document.querySelector('[name=weight_cover]'))"
    )
    assert "不计" in at.text("#solve .weights")
    known = [p["plan_id"] for p in ask(f"{at.server}/api/plans?kind=patrol")["plans"]]
    at.page.fill("input[name=seconds]", "2")
    at.page.keyboard.press("Alt+Enter")
    open_plan = "new URLSearchParams(location.search).get('plan')"
    found = at.until(
        f"{open_plan} && !{json.dumps(known)}.includes({open_plan}) && !!document.querySelector('#plan') && {open_plan}",
        "the plan",
        seconds=90,
    )
    for words in ("本方案", "理论下限", "最长间隔", "种子"):
        assert words in at.text("#plan")
    asked = ask(f"{at.server}/api/plans/{found}")["question"]
    assert asked["weights"]["cover"] == 0
    assert asked["weights"]["units"] == 1
    at.page.click("#tab-gaps")
    at.until("document.querySelectorAll('.gaprow').length > 3", "the gaps")
    at.page.click(".gaprow button >> nth=0")
    at.until("!!document.querySelector('#stop, #point')", "the point's card")
    if ask(f"{at.server}/api/plans/{found}")["cover"]:
        at.page.click("#tab-cover")
        assert "n = " in at.text("#board-cover")


def test_a_stop_is_moved_with_a_live_answer_and_taken_back(opened) -> None:
    at = opened()
    before = version(at)
    key = free_stop(at)
    box = at.page.locator(f'.gantt [data-stop="{key}"]').bounding_box()
    at.page.mouse.move(box["x"] + 5, box["y"] + 10)
    at.page.mouse.down()
    for step in range(1, 7):
        at.page.mouse.move(box["x"] + 5 + 6 * step, box["y"] + 10 + 5 * step)
    at.until("!!document.querySelector('.gantt-ghost.fits, .gantt-ghost.refused')", "the answer under the pointer")
    assert at.text("#board-say")
    at.shoot("patrol-drag")
    at.page.mouse.up()
    at.until(
        f"!!document.querySelector('#refused') || Number(document.querySelector('#plan').dataset.version) > {before}",
        "the move, or why not",
        seconds=60,
    )
    if at.page.is_visible("#refused"):
        assert len(at.text("#refused .failed")) > 5
        at.page.click("#leave")
        assert version(at) == before
    else:
        at.page.keyboard.press("Control+z")
        shown(at, before + 2, "the move to be taken back")
    at.page.click("#versions")
    at.until("document.querySelectorAll('#versions-list tbody tr').length >= 1", "the versions")
    assert at.findings() == []
    at.page.keyboard.press("Escape")


def test_a_stop_is_moved_and_locked_by_keys_and_the_rest_solved_around_it(opened, plan: str) -> None:
    at = opened()
    before = version(at)
    key, minutes = fitting(at.server, plan)
    click_stop(at, key)
    assert "为什么到这里" in at.text("#stop")
    at.page.keyboard.press("m")
    at.until("document.querySelector('.gantt').classList.contains('holding')", "the block to be held")
    for _ in range(abs(minutes)):
        at.page.keyboard.press("ArrowRight" if minutes > 0 else "ArrowLeft")
    at.until("!!document.querySelector('.gantt-ghost.fits')", "the answer that it fits")
    at.page.keyboard.press("Enter")
    shown(at, before + 1, "the move")
    at.page.keyboard.press("Control+z")
    shown(at, before + 2, "the move to be taken back")
    at.until("!document.querySelector('#redo').disabled", "the move to be there to redo")
    at.page.click(f'.gantt [data-stop="{key}"]', position={"x": 4, "y": 10})
    at.page.keyboard.press("k")
    shown(at, before + 3, "the lock")
    at.until("!!document.querySelector('.gantt .stop.locked')", "the locked block")
    held = at.page.evaluate(f"document.querySelector('.gantt [data-stop=\"{key}\"]').getAttribute('aria-label')")
    assert "已锁定" in held
    at.page.fill("input[name=seconds]", "2")
    at.page.click("#resolve")
    shown(at, before + 4, "the plan solved anew")
    at.until("!!document.querySelector('.gantt .stop.locked')", "the lock to stand")
    labels = at.page.evaluate(
        "[...document.querySelectorAll('.gantt .stop.locked')].map(s => s.getAttribute('aria-label'))"
    )
    assert any(label.split(" ")[:2] == held.split(" ")[:2] for label in labels), (held, labels)


def test_the_clock_plays_all_crews_and_goes_by_keys(opened) -> None:
    at = opened()
    marks = "JSON.stringify([...document.querySelectorAll('.unit-marker')].map(m => m.style.transform))"
    before = at.page.evaluate(marks)
    second = "Number(document.querySelector('#slider').value)"
    at.page.evaluate(
        "(s => { s.value = 3600; s.dispatchEvent(new Event('input')); })(document.querySelector('#slider'))"
    )
    at.page.keyboard.press("ArrowRight")
    at.until(f"{second} === 3900", "five minutes later")
    at.page.select_option("#speed", "300")
    at.page.keyboard.press("Escape")
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("Space")
    at.until(f"{marks} !== {before!r}", "crews to move")
    at.page.keyboard.press("Space")
    line = "document.querySelector('.gantt-now').style.transform"
    assert at.page.evaluate(line) != "translateX(0px)"


def test_issue_and_acceptance_and_only_changed_crews_again(visit, server: str) -> None:
    mine = made(server, seed=2)
    at = visit(f"/patrol?plan={mine}")
    at.until("!!document.querySelector('#issue')", "the plan", seconds=60)
    at.page.click("#issue")
    at.until("document.querySelector('#issue')?.disabled", "the issue", seconds=60)
    assert "已签收 0" in at.text("#issue-card")
    at.page.keyboard.press("n")
    at.until("!!document.querySelector('#accept')", "the crew's card")
    at.page.click("#accept")
    at.until("document.querySelector('#issue-card').innerText.includes('已签收 1')", "the acceptance")
    # In the middle of the shift a crew is pulled away: its lane's menu mends the plan.
    at.page.evaluate(
        "(s => { s.value = s.max / 3; s.dispatchEvent(new Event('input')); })(document.querySelector('#slider'))"
    )
    at.page.click(".gantt .who >> nth=0", button="right")
    at.until("!!document.querySelector('#menu-away')", "the menu")
    assert at.findings() == []
    at.shoot("patrol-menu")
    assert not at.page.is_visible("#menu-back")  # it is not away
    unit = at.page.get_attribute(".gantt .who >> nth=0", "data-who")
    at.page.click("#menu-away")
    at.until(
        "!!document.querySelector('#issue') && !document.querySelector('#issue').disabled",
        "the mended plan",
        seconds=60,
    )
    at.page.click(f".gantt [data-who='{unit}']", button="right")
    at.until("!!document.querySelector('#menu-back')", "the way back")
    assert not at.page.is_visible("#menu-away")
    at.page.keyboard.press("Escape")
    waiting = at.page.evaluate(
        f"fetch('/api/plans/{mine}').then(r => r.json()).then(p => p.issue.crews.filter(c => c.state !== 'issued' && c.state !== 'accepted').length)"
    )
    crews = at.page.locator("table[aria-label=巡组路线] tbody tr").count()
    assert 0 < waiting <= crews + 1
    at.page.click("#issue")
    at.until("document.querySelector('#issue')?.disabled", "the second issue", seconds=60)
    assert "第 2 次下发" in at.text("#issue-card")


def test_a_street_is_closed_by_right_click_and_goes_into_plan_or_question(visit, server: str) -> None:
    mine = made(server, seed=3)
    lon, lat = closable(server, mine)
    at = visit(f"/patrol?plan={mine}&layers=grids&second=7200")
    at.until("!!document.querySelector('#issue')", "the plan", seconds=60)
    before = version(at)
    street_menu(at, lon, lat)
    at.page.click("#menu-close-here")
    assert at.page.is_visible("#closure")
    assert at.findings() == []
    at.page.click("#close-next")
    assert "封闭" in at.text("#extra")
    at.page.click("#extra button")
    assert at.text("#extra") == ""
    street_menu(at, lon, lat)
    at.page.click("#menu-close-here")
    at.page.click("#close-now")
    shown(at, before + 1, "the plan around the closure")


def test_two_plans_stand_side_by_side(opened, server: str) -> None:
    made(server, seed=4)
    at = opened()
    at.page.keyboard.press("b")
    at.until("document.querySelectorAll('dialog.paper svg.twinmap').length === 2", "the two plans", seconds=60)
    text = at.text("dialog.paper")
    for words in ("方案对比", "巡组", "最长间隔", "总里程", "变化"):
        assert words in text
    assert at.findings() == []
    at.shoot("patrol-compare")


def test_sheets_and_files_are_there_for_a_crew_and_for_all(opened, plan: str) -> None:
    at = opened()
    at.page.evaluate("window.print = () => { window.printed = document.querySelector('#crew-sheet').innerText; }")
    at.page.keyboard.press("n")
    at.until("!!document.querySelector('#crew-pdf')", "the crew's card")
    at.page.keyboard.press("Control+p")
    printed = at.until("window.printed", "the print")
    assert "巡逻任务单" in printed
    assert at.page.locator("#crew-sheet svg.way").count() == 1
    links = at.page.evaluate(
        "[...document.querySelectorAll('#sheet-card .files a, #plan .files a')].map(a => a.getAttribute('href'))"
    )
    assert {link.split("f=")[1].split("&")[0] for link in links} == {"pdf", "gpx", "kml", "xlsx", "geojson"}
    for link in links:
        got = at.page.request.get(at.server + link, timeout=60000)
        assert got.ok, (link, got.status)
        assert len(got.body()) > 200, link


def test_levels_and_calendar_are_settings_and_name_what_is_wrong(visit) -> None:
    at = visit("/patrol")
    before = ask(f"{at.server}/api/patrol/settings")["settings"]["calendar"]["rest_days"]
    at.page.click("#solve summary")
    for days, word in ((["2026-11-25"], "放假"), (before, "")):
        at.page.click("#patrol-settings-open")
        at.until("!!document.querySelector('dialog[open] #settings-save')", "the settings")
        if word:
            assert at.findings() == []
            at.page.fill("#patrol-settings [name=rest_days]", "2026-13")
            at.page.click("#settings-save")
            assert "2026-13" in at.text("#patrol-settings .failed")
        at.page.fill("#patrol-settings [name=rest_days]", " ".join(days))
        at.page.click("#settings-save")
        at.until("!document.querySelector('#patrol-settings')", "the settings to be kept")
        if word:
            at.page.fill("input[name=day]", "2026-11-25")
            at.page.press("input[name=day]", "Tab")
            at.until(f"document.querySelector('#day-note').innerText.includes('{word}')", "the kind of day")
    assert ask(f"{at.server}/api/patrol/settings")["settings"]["calendar"]["rest_days"] == before


@pytest.mark.parametrize(("width", "query"), [(1152, "&theme=dark"), (911, "&lang=en"), (1920, "&wall=1&theme=dark")])
def test_narrow_screens_wall_and_english_stay_whole(opened, width: int, query: str) -> None:
    at = opened(query)
    at.page.set_viewport_size({"width": width, "height": 720})
    at.page.wait_for_timeout(300)
    assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert at.page.evaluate("document.querySelector('.gantt').clientWidth > 300")
    if "wall" not in query:
        at.page.click("#tab-gaps")
    assert at.findings() == []
    at.shoot(f"patrol-{width}")
