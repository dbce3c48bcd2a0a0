"""屯警布点 beside the plan: what a pin costs, what cameras see, who goes where, demand that is no calls."""

from __future__ import annotations

from typing import Any


def ready(visit, path: str = "/posts") -> Any:
    at = visit(path)
    at.until("!!document.querySelector('#panel .figure')", "today's cover")
    at.page.evaluate("document.querySelector('input[name=seconds]').value = 5")
    at.page.fill("input[name=p]", "5")
    return at


def answered(at: Any, selector: str) -> str:
    at.until(f"!!document.querySelector('{selector}') && !document.querySelector('#job')", selector, seconds=60)
    return str(at.text(selector))


def test_a_pin_says_what_moves(visit) -> None:
    at = ready(visit)
    first = at.page.evaluate(
        "fetch('/api/collections/posts/items?limit=1&state=fixed').then(r => r.json()).then(c => c.features[0].properties.post_id)"
    )
    at = ready(visit, f"/posts?post={first}")
    at.page.click("#ask-go")
    shown = answered(at, "#pin-answer")
    for part in ("少覆盖", "无此要求", "必须撤除", "理论界限", "95% 区间", "因此设", "n = "):
        assert part in shown
    assert at.findings() == []
    at.shoot("posts-pin")


def test_sight_and_its_blind_spots_are_on_the_map(visit) -> None:
    at = ready(visit)
    at.page.click("#asks summary")
    at.page.click("#ask-sight")
    shown = answered(at, "#sight")
    for part in ("警情在视域内", "街道可见", "盲区", "n = ", "95% 区间", "再增 5 处"):
        assert part in shown
    assert at.findings() == []
    at.shoot("posts-sight")


def test_persons_are_matched_to_police_areas(visit) -> None:
    at = ready(visit)
    at.page.click("#asks summary")
    at.page.click("#match-fill")
    at.until("document.querySelector('[name=areas]').value.split('\\n').length > 1", "the areas")
    at.page.click("#ask-match")
    shown = answered(at, "#match")
    for part in ("平均行程", "已证明最优", "n = "):
        assert part in shown
    assert at.findings() == []
    at.shoot("posts-match")


def test_demand_may_be_points_or_places_of_ones_own(visit) -> None:
    at = ready(visit)
    at.page.click("#solve summary >> text=更多条件")
    at.page.select_option("[name=demand]", "points")
    at.until("document.querySelector('#panel').innerText.includes('某类点位')", "the cover of the points")
    assert not at.page.is_visible("[name=basis]")
    at.page.keyboard.press("Alt+Enter")
    plan = answered(at, "#plan")
    assert "处" in plan
    assert " 起" not in plan
    at.page.select_option("[name=demand]", "needs")
    at.page.fill("[name=needs]", "甲校,24.9500,60.1700,700\n乙校,24.9450,60.1690,300")
    at.page.fill("input[name=p]", "1")
    at.page.keyboard.press("Alt+Enter")
    at.until(
        "(document.querySelector('#plan')?.innerText ?? '').includes('1,000')", "the plan of the schools", seconds=60
    )
    assert at.findings() == []
    at.shoot("posts-needs")


def test_colours_follow_the_hand(visit) -> None:
    at = ready(visit)
    at.page.wait_for_timeout(500)
    post = at.page.evaluate(
        """fetch('/api/collections/posts/items?limit=1000&state=fixed').then(r => r.json()).then(c => {
  const box = window.map_main.getContainer().getBoundingClientRect();
  return c.features.map(f => { const q = window.map_main.latLngToContainerPoint([f.geometry.coordinates[1], f.geometry.coordinates[0]]);
    return {x: q.x + box.left, y: q.y + box.top}; })
  .find((p, i, all) => p.x > box.left + 340 && p.x < box.right - 250 && p.y > box.top + 90 && p.y < box.bottom - 240
     && all.every((q, j) => i === j || Math.hypot(p.x - q.x, p.y - q.y) > 26)); })"""
    )
    legend = "document.querySelector('[data-legend=coverage]').innerText"
    before = at.page.evaluate(legend)
    at.page.mouse.move(post["x"], post["y"])
    at.page.mouse.down()
    for step in range(1, 12):
        at.page.mouse.move(post["x"] + 16 * step, post["y"] + 4 * step)
        at.page.wait_for_timeout(50)
    at.until(f"{legend} !== {before!r}", "the classes to follow while the button is down")
    at.page.mouse.up()
