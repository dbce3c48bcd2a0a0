"""巡逻规划: rests, hot places and roads are asked for and shown; streets are closed by hand and opened again."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

OPEN_PLAN = "new URLSearchParams(location.search).get('plan')"


def ask(address: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def plan(server: str) -> str:
    """A plan of the night shift with a rest for every crew and stops at hot places."""
    question = {
        "shift_id": "night", "iterations": 1, "seconds": 20, "seed": 6,
        "breaks": [{"name": "夜餐", "minutes": 15, "after_hours": 1, "before_hours": 2, "at": "here"}], "optional": {"places": 6},
    }  # fmt: skip
    job = ask(f"{server}/api/patrol/plan", question)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        found = ask(f"{server}{job['status_url']}")
        if found["state"] in ("done", "failed", "cancelled"):
            assert found["state"] == "done", found
            return str(found["result"]["plan_id"])
        time.sleep(0.2)  # between two looks at the job, as any client does
    raise AssertionError("no plan within two minutes")


def stroke(at: Any, *places: tuple[float, float]) -> None:
    """Draw on the map by hand; places are pixels from its middle."""
    box = at.page.locator("#map_main").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    at.page.mouse.move(x + places[0][0], y + places[0][1])
    at.page.mouse.down()
    for dx, dy in places[1:]:
        at.page.mouse.move(x + dx, y + dy, steps=4)
    at.page.mouse.up()


def test_rests_hot_places_and_roads_are_asked_for_in_plain_words(visit: Callable[..., Any], plan: str) -> None:
    at = visit(f"/patrol?plan={plan}")
    at.until("!!document.querySelector('#plan')", "the plan")
    at.page.click("#solve summary")
    at.page.click("#ask-breaks")
    assert at.findings() == []
    at.page.fill("#breaks [name=before]", "2")
    at.page.click("#breaks-add")
    at.until("document.querySelector('#toasts').innerText.includes('最晚开始早于最早开始')", "what is wrong")
    at.page.fill("#breaks [name=before]", "5")
    at.page.click("#breaks-add")
    at.page.click("#ask-optional")
    at.page.fill("#optional [name=places]", "4")
    at.page.click("#optional-add")
    at.page.click("#ask-line")
    at.page.click("#line-draw")
    stroke(at, (-60, 0), (60, 10))
    at.until("!!document.querySelector('#line')", "the road's own questions")
    assert at.findings() == []
    at.page.fill("#line [name=every]", "240")
    at.page.click("#line-add")
    point = at.page.evaluate("document.querySelector('.gantt .stop.round').getAttribute('aria-label').split(' ')[0]")
    for wish in ("pinned", "forbidden"):
        at.page.click("#ask-wish")
        assert at.findings() == []
        at.page.select_option("#wish [name=what]", wish)
        at.page.fill("#wish [name=point]", "没有这个点")
        at.page.click("#wish-add")
        at.until("document.querySelector('#toasts').innerText.includes('没有这个点')", "the unknown point")
        at.page.fill("#wish [name=point]", point)
        if wish == "forbidden":
            at.page.select_option("#wish [name=who]", "kind:off_road")
        at.page.click("#wish-add")
    chips = at.text("#extra")
    for words in (f"不去 所有越野组 {point}", "休整 用餐 40 分", "加巡 4 处热点", "线性 画线路段 每 240 分"):
        assert words in chips
    sent: list[dict[str, Any]] = []
    at.page.on(
        "request", lambda r: sent.append(json.loads(r.post_data)) if r.url.endswith("/api/patrol/plan") else None
    )
    at.page.click("#extra button:has-text('线性')")  # the road is taken back
    at.page.click("#extra button:has-text('必到')")  # so is the crew that must come
    at.page.fill("input[name=seconds]", "2")
    at.page.keyboard.press("Alt+Enter")
    at.until(f"{OPEN_PLAN} !== '{plan}' && !!document.querySelector('#extras')", "the plan", seconds=90)
    assert sent[0]["breaks"][0]["minutes"] == 40
    assert sent[0]["optional"] == {"places": 4, "dwell_minutes": 12, "kinds": ["car", "motorcycle"]}
    assert "lines" not in sent[0]
    assert "pinned" not in sent[0]
    assert [(f["kind"], set(f)) for f in sent[0]["forbidden"]] == [("off_road", {"kind", "point_id"})]
    assert "可选停留" in at.text("#extras")
    assert f"不去 所有越野组 {point}" in at.text("#extras")


def test_a_rest_is_a_block_of_its_own_with_a_mark_and_a_reason(
    visit: Callable[..., Any], server: str, plan: str
) -> None:
    taken = [b["taken"] for b in ask(f"{server}/api/plans/{plan}")["breaks"]]
    assert sum(taken) > 0
    at = visit(f"/patrol?plan={plan}")
    at.until("!!document.querySelector('.gantt .stop.break')", "the rest in the timetable")
    label = str(at.page.get_attribute(".gantt .stop.break >> nth=0", "aria-label"))
    assert "休整" in label
    at.page.click(".gantt .stop.break >> nth=0", position={"x": 4, "y": 10})
    at.until("!!document.querySelector('#stop')", "its card")
    assert "休整" in at.text("#stop")
    assert "夜餐" in at.text("#extras")
    assert "休整" in at.text("[data-legend=extras]")
    assert at.findings() == []
    at.shoot("patrol-rest")


def test_streets_are_closed_by_hand_and_opened_again(visit: Callable[..., Any], server: str) -> None:
    plan = str(ask(f"{server}/api/plans?kind=patrol")["plans"][0]["plan_id"])
    body = ask(f"{server}/api/plans/{plan}")
    lon, lat = body["routes"][0]["line"][len(body["routes"][0]["line"]) // 2][:2]
    at = visit(f"/patrol?plan={plan}&layers=routes")
    at.until("!!document.querySelector('#plan')", "the plan")
    at.page.click("#solve summary")
    at.page.evaluate(f"window.map_main.setView([{lat}, {lon}], 17, {{animate: false}}); 0")
    at.page.click("#close-line")
    at.until("document.querySelector('#close-line').getAttribute('aria-pressed') === 'true'", "the pencil")
    stroke(at, (-20, -6), (20, 6))
    at.page.fill("#closure [name=name]", "马拉松")
    at.page.fill("#closure [name=from]", "27:00")
    at.page.click("#close-next")
    at.until("document.querySelector('#toasts').innerText.includes('21:30')", "the time that cannot be read")
    at.page.fill("#closure [name=from]", "02:00")
    at.page.fill("#closure [name=to]", "03:30")
    assert at.findings() == []
    at.page.click("#close-next")
    assert "封闭 马拉松 02:00–03:30" in at.text("#extra")
    sent: list[dict[str, Any]] = []
    at.page.on(
        "request", lambda r: sent.append(json.loads(r.post_data)) if r.url.endswith("/api/patrol/plan") else None
    )
    at.page.fill("input[name=seconds]", "2")
    at.page.keyboard.press("Alt+Enter")
    at.until("!!document.querySelector('#closed')", "the plan with the closed streets", seconds=90)
    closure = sent[0]["closures"][0]
    assert closure["name"] == "马拉松"
    assert len(closure["line"]) >= 2
    assert closure["from"] < closure["to"]
    assert "马拉松" in at.text("#closed")
    before = int(at.page.get_attribute("#plan", "data-version"))
    at.page.click("[data-reopen=马拉松]")
    at.until(f"Number(document.querySelector('#plan').dataset.version) > {before}", "the plan without it", seconds=60)
    at.until("!document.querySelector('#closed')", "no street to be closed any more")
    at.shoot("patrol-reopened")


def test_rests_of_a_level_are_settings(visit: Callable[..., Any], server: str) -> None:
    at = visit("/patrol")
    at.page.click("#solve summary")
    for text, held in (("夜餐,20,2,4\n小憩，10，5，6，here", ["post", "here"]), ("", [])):
        at.page.click("#patrol-settings-open")
        at.until("!!document.querySelector('dialog[open] #settings-save')", "the settings")
        field = "#patrol-settings [name='breaks.1']"
        at.page.fill(field, "夜餐,二十分钟")
        at.page.click("#settings-save")
        assert "夜餐,二十分钟" in at.text("#patrol-settings .failed")
        at.page.fill(field, text)
        at.page.click("#settings-save")
        at.until("!document.querySelector('#patrol-settings')", "the settings to be kept")
        levels = ask(f"{server}/api/patrol/settings")["settings"]["levels"]
        assert [b["at"] for b in levels["1"]["breaks"]] == held
        assert levels["3"]["breaks"] == []
