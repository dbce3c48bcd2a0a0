"""屯警布点 by hand and by solver: drag, lock, close, add, solve, compare, weigh, print."""

from __future__ import annotations

from typing import Any

import pytest

WHERE = """fetch('/api/collections/posts/items?limit=1000&state=fixed').then(r => r.json()).then(c => {
  const box = window.map_main.getContainer().getBoundingClientRect();
  return c.features.map(f => { const q = window.map_main.latLngToContainerPoint([f.geometry.coordinates[1], f.geometry.coordinates[0]]);
    return {id: f.properties.post_id, name: f.properties.name, x: q.x + box.left, y: q.y + box.top}; })
  .filter((p, i, all) => p.x > box.left + 300 && p.x < box.right - 90 && p.y > box.top + 90 && p.y < box.bottom - 240
     && all.every((q, j) => i === j || Math.hypot(p.x - q.x, p.y - q.y) > 26)); })"""


def ready(visit, path: str = "/posts", **options: Any) -> Any:
    at = visit(path, **options)
    at.until("!!document.querySelector('#panel .figure')", "today's cover")
    return at


def spot(at: Any) -> dict[str, Any]:
    """A post that stands alone in the open part of the map."""
    found = at.page.evaluate(WHERE)
    assert found, "no post stands alone"
    return dict(found[0])


def drag(at: Any, post: dict[str, Any], dx: int, dy: int, *, steps: int = 8) -> None:
    at.page.mouse.move(post["x"], post["y"])
    at.page.mouse.down()
    for i in range(1, steps + 1):
        at.page.mouse.move(post["x"] + dx * i / steps, post["y"] + dy * i / steps)
        at.page.wait_for_timeout(40)


def solved(at: Any, *, p: int = 5, seconds: int = 5) -> None:
    if at.page.is_visible("input[name=p]"):
        at.page.fill("input[name=p]", str(p))
    at.page.evaluate(f"document.querySelector('input[name=seconds]').value = {seconds}")
    at.page.keyboard.press("Alt+Enter")
    at.until("!!document.querySelector('#plan') && !document.querySelector('#job')", "the plan", seconds=60)


def test_figures_follow_the_dragged_post_and_can_be_taken_back(visit) -> None:
    at = ready(visit)
    post = spot(at)
    drag(at, post, 60, 40)
    at.until("!!document.querySelector('#live table')", "the score under the pointer")
    moving = at.text("#live")
    for part in ("时限内占比", "平均", "最远网格", "n = ", "95% 区间"):
        assert part in moving
    at.page.mouse.move(post["x"] + 160, post["y"] + 60, steps=4)
    at.until(f"document.querySelector('#live').innerText !== {moving!r}", "the score to follow")
    at.page.mouse.up()
    at.until("!!document.querySelector('#post #back')", "the moved post's card")
    assert post["name"] in at.text("#pinned")
    at.until("!!document.querySelector('[data-legend=rings]')", "the rings of the new place")
    at.shoot("posts-dragged")
    assert at.findings() == []
    at.page.keyboard.press("Control+z")
    at.until("document.querySelector('#live').parentElement.hidden", "the change to be taken back")
    assert at.page.inner_text("#pinned") == ""


def test_escape_drops_a_drag(visit) -> None:
    at = ready(visit)
    drag(at, spot(at), 70, 30)
    at.page.keyboard.press("Escape")
    at.page.mouse.up()
    at.page.wait_for_timeout(200)
    assert at.page.inner_text("#pinned") == ""
    assert not at.page.is_visible("#live")


def test_locked_closed_and_added_posts_go_into_the_question(visit) -> None:
    at = ready(visit)
    post = spot(at)
    at.page.mouse.click(post["x"], post["y"])
    at.until("!!document.querySelector('#post #pin')", "the post's card")
    at.page.keyboard.press("k")
    assert at.page.get_attribute("#pin", "aria-pressed") == "true"
    at.page.keyboard.press("Escape")
    at.page.keyboard.press("n")
    at.page.mouse.click(post["x"] + 90, post["y"] + 60)
    at.until("!!document.querySelector('#post #drop')", "the new post's card")
    at.page.click("#pin")
    assert at.page.locator("#pinned button").count() == 3
    solved(at, p=4)
    at.until("location.search.includes('plan=')", "the address to name the plan")
    asked = at.page.evaluate(
        "fetch('/api/plans/' + new URLSearchParams(location.search).get('plan')).then(r => r.json())"
    )
    chosen = {p["post_id"] for p in asked["posts"]}
    assert {post["id"], "x1"} <= chosen
    assert asked["question"]["pinned"] == [post["id"], "x1"]


@pytest.mark.parametrize("model", ["lscp", "p_median", "backup", "hierarchy", "robust"])
def test_each_aim_in_plain_words_is_solved_and_says_its_bound(visit, model: str) -> None:
    at = ready(visit)
    at.page.select_option("select[name=model]", model)
    assert at.text("#model-help")
    assert at.page.is_visible("input[name=p]") == (model != "lscp")
    solved(at)
    plan = at.text("#plan")
    for part in ("本方案", "理论界限", "种子", "95% 区间", "n = "):
        assert part in plan
    at.page.click("#check")
    at.until("document.querySelector('#toasts').innerText.includes('复算')", "the check")
    at.shoot(f"posts-{model}")


def test_before_and_after_stand_side_by_side_and_print_on_a4(visit, tmp_path) -> None:
    at = ready(visit)
    solved(at)
    at.page.click("#compare")
    at.until("document.querySelectorAll('dialog.paper svg.reach').length === 2", "the two maps")
    text = at.text("dialog.paper")
    for part in ("屯警布点方案", "之前", "之后", "变化", "为什么在这里", "理论界限", "审核"):
        assert part in text
    assert at.page.locator("dialog.paper table >> nth=1").locator("tbody tr").count() == 5
    assert at.findings() == []
    at.shoot("posts-compare")
    at.page.evaluate("window.print = () => { window.printed = document.querySelector('#posts-sheet').innerText; }")
    at.page.click("#paper-print")
    assert "若撤除" in at.until("window.printed", "the print") or "他点后备" in at.page.evaluate("window.printed")
    at.page.evaluate("document.body.classList.add('paper')")
    sheet = at.page.pdf(path=str(tmp_path / "sheet.pdf"), format="A4")
    assert sheet.startswith(b"%PDF")
    at.page.emulate_media(media="print")
    assert at.page.is_visible("#posts-sheet")
    assert not at.page.is_visible("#plan")
    at.shoot("posts-sheet-print")


def test_three_named_plans_beside_the_front_and_curves(visit) -> None:
    at = ready(visit)
    at.page.fill("input[name=p]", "5")
    at.page.evaluate("document.querySelector('input[name=seconds]').value = 6")
    at.page.click("#ask-front")
    at.until("!!document.querySelector('#front') && !document.querySelector('#job')", "the front", seconds=60)
    front = at.text("#front")
    for part in ("省人", "更快", "更稳", "n = "):
        assert part in front
    assert at.page.locator("#front svg.chart circle.named").count() == 3
    assert at.findings() == []
    at.shoot("posts-front")
    at.page.click("[data-option=faster]")
    at.until("!!document.querySelector('#plan')", "the faster plan")
    assert "更快" in at.text("#plan")
    assert at.page.get_attribute("[data-option=faster]", "aria-pressed") == "true"
    at.page.click("#ask-close")
    at.until("!!document.querySelector('#curve') && !document.querySelector('#job')", "the curve", seconds=60)
    assert at.page.locator("#curve svg.chart circle").count() == at.page.locator("#curve tbody tr").count() + 1
    at.shoot("posts-curve")
    assert at.findings() == []


@pytest.mark.parametrize("zoom", [1.25, 1.5])
def test_english_dark_and_enlarged(visit, zoom: float) -> None:
    view = {"width": int(1440 / zoom), "height": int(900 / zoom)}
    at = visit("/posts?lang=en&theme=dark", device_scale_factor=zoom)
    at.page.set_viewport_size(view)
    at.until("!!document.querySelector('#panel .figure')", "today's cover")
    assert "Cover the most" in at.text("#solve")
    assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert at.findings() == []
    at.shoot(f"posts-en-dark-{zoom:g}")
