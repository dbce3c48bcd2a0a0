"""Drafts of grids on the page: two people, a save that came late, compare, submit, return, review, publish, read back."""

from __future__ import annotations

import math
from typing import Any

import pyogrio
import pytest
import shapely


def test_two_people_in_one_draft_the_second_is_told_who_and_her_step_is_kept(drafting) -> None:
    first = drafting()
    second = drafting(first.page.evaluate("location.search"))
    code = first.pair()["one"]
    first_before = first.codes()
    (west, south), (east, north) = first.box(code)
    ends = [[west - (east - west) * 0.06, (south + north) / 2], [east + (east - west) * 0.06, (south + north) / 2]]
    pair = first.pair()
    first.choose(code)
    first.tool("c", "split")
    first.stroke(*[first.screen(p) for p in ends])
    first.said("已切分")
    second.expect("409")
    other = [g for g in second.codes() if g not in (code, pair["two"])]
    free = second.page.evaluate(
        """(codes) => {
      const e = window.xungeEditor;
      for (const code of codes) {
        const i = e.indexOf(code), v = e.arcs.handles(i).find((h) => h.free && h.node);
        if (v) { e.select(i); window.map_main.panTo(e.arcs.degrees(v.p), {animate: false}); return v.p; }
      }
    }""",
        other,
    )
    x, y = second.screen(free)
    second.stroke([x, y], [x + 4, y + 3], steps=4)
    second.until("!!document.querySelector('#conflict')", "the conflict")
    assert "demo" in second.text("#conflict")
    assert "他人已先修改此草稿" in second.text("#conflict")
    assert code in second.text("#conflict")
    second.shoot("draft-conflict")
    assert second.findings() == []
    second.until(f"window.xungeEditor?.arcs.grids.length === {len(first_before) + 1}", "the other's split")
    second.page.click("#again")
    second.steps(2)
    assert code in second.draft()["changed"]
    assert len(second.draft()["changed"]) >= 4  # both cut pieces, and the two or more grids at the node


def test_compare_submit_return_review_publish_and_read_back(drafting) -> None:
    at = drafting()
    pair = at.close_up(at.pair())
    before = at.published(pair["one"])
    at.choose(pair["one"], pan=False)
    at.tool("b", "brush")
    at.smallest_brush()
    start, end = at.across(pair, 15)
    at.stroke(start, end)
    at.said("已划转")
    at.until("!document.querySelector('#compare').disabled", "something to compare")
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("r")
    at.until("!!document.querySelector('#comparison')", "the comparison")
    assert at.page.locator("path.piece").count() >= 1
    assert "n = 1" in at.text(".legends")
    at.page.wait_for_timeout(500)
    at.shoot("draft-compare")
    assert at.findings() == []
    at.page.click("#sheet-open")
    at.until("!!document.querySelector('#sheet-dialog[open]')", "the sheet")
    at.shoot("draft-sheet")
    assert at.findings() == []
    assert pair["one"] in at.text("#sheet-dialog")
    at.page.keyboard.press("Escape")
    at.page.click("#step-submit")
    at.page.keyboard.press("Tab")
    at.page.click("dialog.ask button[type=submit]")
    at.until("document.querySelector('#draft').innerText.includes('已报审')", "the submission")
    at.page.click("#step-return")
    at.page.fill("dialog.ask textarea", "边界请再靠近街道")
    at.page.click("dialog.ask button[type=submit]")
    at.until("document.querySelector('#draft').innerText.includes('已退回')", "the return")
    assert "边界请再靠近街道" in at.text("#history")
    at.page.click("#step-submit")
    at.page.click("dialog.ask button[type=submit]")
    at.until("!!document.querySelector('#step-review')", "the review")
    at.page.click("#step-review")
    at.page.click("dialog.ask button[type=submit]")
    at.until("!!document.querySelector('#step-publish')", "the approval")
    at.page.click("#step-publish")
    assert at.findings() == []
    at.shoot("draft-publish")
    at.page.click("dialog.ask button[type=submit]")
    at.until("!!document.querySelector('#published')", "the new edition")
    at.shoot("draft-published")
    after = at.published(pair["one"])
    assert after != before
    at.open("/grids?edit=1")
    at.until("!!window.xungeEditor", "the present grids")
    assert at.published(pair["one"]) == after


MOVED = """p => {
  const e = window.xungeEditor;
  return e.arcs.arcs.some((line) => line.some((q) => q[0] === p[0] && q[1] === p[1]));
}"""


def _nudge(at: Any, by: tuple[float, float]) -> list[int]:
    """Drag a roomy node by pixels; where it comes to lie on the lattice."""
    x, y = at.screen(at.roomy())
    at.stroke([x, y], [x + by[0], y + by[1]], steps=4)
    dirty = "(() => { const e = window.xungeEditor, k = e.kept()[0]; return k.coords.find((p, n) => String(p) !== String(k.base[n])); })()"
    return list(at.until(dirty, "the moved node"))


def test_a_stale_direct_save_names_who_and_what_and_is_kept_as_a_draft_that_is_published(editing) -> None:
    first, second = editing(), editing()
    theirs, mine = _nudge(first, (4, 3)), _nudge(second, (-4, 4))
    changed = second.page.evaluate("window.xungeEditor.areas().map((a) => a.code)")
    first.page.keyboard.press("Control+s")
    first.until("!!document.querySelector('#saved')", "the first save")
    second.expect("409")
    second.page.keyboard.press("Control+s")
    second.until("!!document.querySelector('#as-draft')", "the offer of a draft")
    told = second.text("#conflict")
    assert "demo" in told  # who
    assert any(code in told for code in changed)  # what
    assert "未丢失" in told
    assert second.page.evaluate(MOVED, mine)
    second.page.click("#as-draft")
    assert second.findings() == []
    second.page.click("dialog.ask button[type=submit]")
    second.until("!!document.querySelector('#draft')", "the draft")
    second.steps(1)
    assert second.page.evaluate(MOVED, mine)
    assert not second.page.evaluate(MOVED, theirs)  # her node, in her draft
    assert set(changed) <= set(second.draft()["changed"])
    second.publish()
    corner = [v / 1e7 for v in mine]
    assert sum(str(corner[0]) in str(second.published(code)) for code in changed) >= 2


# The area of each grid as the page reckons it, in the plane of longitude and the sine of latitude.
AREAS = "Object.fromEntries(window.xungeEditor.arcs.grids.map((g, i) => [g.code, window.xungeEditor.arcs.area(i)]))"


def _reckoned(shape: shapely.Geometry) -> float:
    plane = shapely.transform(shape, lambda xy: [[math.radians(x), math.sin(math.radians(y))] for x, y in xy.tolist()])
    return float(plane.area) * 6371007.2**2


def test_drag_split_merge_paint_undo_publish_and_read_back_through_gdal(drafting, server) -> None:
    at = drafting()
    count = len(pyogrio.read_dataframe(f"OAPIF:{server}/api/", layer="grids"))
    x, y = at.screen(at.roomy())
    at.stroke([x, y], [x + 5, y + 4], steps=4)
    at.steps(1)
    code = at.pair()["one"]
    before = at.codes()
    at.look_at(code)
    at.tool("c", "split")
    (west, south), (east, north) = at.box(code)
    over, middle = (east - west) * 0.06, (south + north) / 2
    at.stroke(at.screen([west - over, middle]), at.screen([east + over, middle]))
    at.said("已切分")
    at.steps(2)
    made = sorted(set(at.codes()) - set(before))
    pair = at.pair()
    at.page.evaluate("window.xungeEditor.select(-1)")
    at.choose(pair["two"])
    at.page.evaluate("window.xungeEditor.select(-1)")
    at.tool("m", "merge")
    for side in ("two", "one"):
        at.page.mouse.click(*at.screen(at.inside(pair[side])))
    at.until("!document.querySelector('#merge-go').disabled", "two grids chosen")
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("Enter")
    at.said("已合并")
    at.steps(3)
    near = at.close_up(at.pair())
    at.choose(near["one"], pan=False)
    at.tool("b", "brush")
    at.smallest_brush()
    at.hush()
    at.stroke(*at.across(near, 12))
    at.said("已划转")
    at.steps(4)
    painted = at.lines()
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("Control+z")
    at.steps(3)
    assert at.lines() != painted
    at.page.keyboard.press("Control+Shift+z")
    at.steps(4)
    at.publish()
    at.open("/grids")
    at.page.keyboard.press("Home")
    at.page.wait_for_timeout(600)
    at.page.click("#edit")
    at.until("!!window.xungeEditor", "the present grids")
    shown = at.page.evaluate(AREAS)
    read = pyogrio.read_dataframe(f"OAPIF:{server}/api/", layer="grids").set_index("code")
    assert len(read) == count + len(made) - 1
    tiling = read[read["kind"] != "special"]  # special grids lie on top and are not redrawn here
    assert set(shown) == set(tiling.index)
    assert pair["one"] not in read.index
    for grid, area in shown.items():
        assert _reckoned(read.geometry[grid]) == pytest.approx(area, rel=1e-6), grid
