"""网格调整 in a draft: split, merge, paint, rub out, refuse what tears, with the pointer and with keys alone."""

from __future__ import annotations

import pytest


def test_a_line_drawn_across_splits_a_grid_and_undo_mends_it(drafting) -> None:
    at = drafting()
    before = at.codes()
    code = at.pair()["one"]
    at.look_at(code)
    at.tool("c", "split")
    (west, south), (east, north) = at.box(code)
    middle = (south + north) / 2
    over = (east - west) * 0.06
    start = at.screen([west - over, middle])
    end = at.screen([east + over, middle])
    whole = at.area(code)
    at.stroke(start, end)
    at.said("已切分")
    at.until(f"window.xungeEditor.arcs.grids.length === {len(before) + 1}", "one more grid")
    (made,) = set(at.codes()) - set(before)
    assert made[:12] == code[:12]
    assert at.area(code) + at.area(made) == pytest.approx(whole, rel=1e-5)  # ends of the cut lie on the lattice
    at.shoot("draft-split")
    at.page.keyboard.press("Control+z")
    at.until(f"window.xungeEditor.arcs.grids.length === {len(before)}", "the grid whole again")


def test_clicked_neighbours_merge_and_the_first_keeps_its_code(drafting) -> None:
    at = drafting()
    pair = at.pair()
    area = sum(at.area(pair[side]) for side in ("one", "two"))
    at.choose(pair["two"])
    at.page.evaluate("window.xungeEditor.select(-1)")
    at.tool("m", "merge")
    for side in ("two", "one"):
        at.page.mouse.click(*at.screen(at.inside(pair[side])))
    at.until("!document.querySelector('#merge-go').disabled", "two grids chosen")
    at.shoot("draft-merge")
    assert at.findings() == []
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("Enter")
    at.said("已合并")
    at.until(f"window.xungeEditor.indexOf('{pair['one']}') < 0", "one code gone")
    assert at.area(pair["two"]) == pytest.approx(area, rel=1e-5)


def test_the_brush_takes_land_the_eraser_gives_it_back_and_each_stroke_is_one_undo(drafting) -> None:
    at = drafting()
    pair = at.close_up(at.pair())
    one, two = (at.area(pair[side]) for side in ("one", "two"))
    at.choose(pair["one"], pan=False)
    at.tool("b", "brush")
    at.smallest_brush()
    start, end = at.across(pair, 15)
    at.stroke(start, end)
    at.said("已划转")
    grown = at.area(pair["one"])
    assert grown > one + 100
    assert grown + at.area(pair["two"]) == pytest.approx(one + two, rel=1e-5)
    at.steps(1)
    at.shoot("draft-brush")
    at.hush()
    at.page.keyboard.press("x")
    at.page.keyboard.press(".")
    assert at.page.is_checked("#eraser")
    at.stroke(end, start)
    at.said("已划转")
    assert at.area(pair["one"]) < grown - 50
    at.page.evaluate("document.activeElement.blur()")
    for left in (1, 0):
        at.page.keyboard.press("Control+z")
        at.steps(left)
    assert at.area(pair["one"]) == pytest.approx(one, rel=1e-9)


def test_a_stroke_that_tears_a_grid_is_refused_with_the_reason_and_a_locked_one_stays(drafting) -> None:
    at = drafting()
    pair = at.pair()
    at.choose(pair["one"])
    at.tool("b", "brush")
    at.page.keyboard.press(",")
    at.page.keyboard.press(",")
    (west, _), (east, _) = at.box(pair["two"])
    y = at.inside(pair["two"])[1]
    at.expect("422")
    lines = at.lines()
    start = at.screen(at.inside(pair["one"]))
    at.page.mouse.move(*start)
    at.page.mouse.down()
    for place in ([west - 400, y], [east + 400, y]):
        at.page.mouse.move(*at.screen(place), steps=10)
    at.page.mouse.up()
    at.until("!!document.querySelector('#refused')", "the refusal")
    assert "割裂" in at.text("#refused")
    assert "未作任何改动" in at.text("#refused")
    at.shoot("draft-torn")
    at.until("!!window.xungeEditor", "the editor")
    assert at.lines() == lines
    # held, the neighbour gives nothing
    at.choose(pair["two"])
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("k")
    assert at.page.get_attribute("#lock", "aria-pressed") == "true"
    held = at.area(pair["two"])
    at.choose(pair["one"])
    before = at.draft()["revision"]
    at.stroke(start, at.screen(at.inside(pair["two"])))
    at.page.wait_for_timeout(800)
    at.until("!!window.xungeEditor", "the editor")
    assert at.area(pair["two"]) == pytest.approx(held, rel=1e-9)
    assert at.draft()["revision"] - before <= 1


def test_a_grid_is_split_with_keys_alone(drafting) -> None:
    at = drafting()
    before = at.codes()
    code = at.pair()["one"]
    at.look_at(code)
    whole = at.area(code)
    at.tool("c", "split")
    (west, south), (east, north) = at.box(code)
    middle = [(west + east) / 2, (south + north) / 2]
    at.page.evaluate("p => { window.map_main.panTo(window.xungeEditor.arcs.degrees(p), {animate: false}); }", middle)
    half = (at.screen([east, middle[1]])[0] - at.screen([west, middle[1]])[0]) / 2
    steps = int((half + 25) // 80) + 1
    at.page.keyboard.press("f")  # the map has the keys, a cross marks its middle
    for key, times in (("ArrowLeft", steps), ("ArrowRight", 2 * steps)):
        for _ in range(times):
            at.page.keyboard.press(key)
            at.page.wait_for_timeout(400)  # the map glides
        at.page.keyboard.press("Enter")
    at.shoot("draft-split-keys")
    at.page.keyboard.press("Enter")
    at.said("已切分")
    at.until(f"window.xungeEditor.arcs.grids.length > {len(before)}", "a new grid")
    made = set(at.codes()) - set(before)
    assert sum(at.area(c) for c in (code, *made)) == pytest.approx(whole, rel=1e-5)
    at.page.keyboard.press("Escape")
    at.until("document.querySelector('#map_main').dataset.tool === 'vertex'", "the first tool again")


def test_land_is_painted_with_keys_alone(drafting) -> None:
    at = drafting()
    pair = at.close_up(at.pair())
    at.choose(pair["one"], pan=False)
    one = at.area(pair["one"])
    at.tool("b", "brush")
    at.smallest_brush()
    at.page.evaluate(
        "p => { window.map_main.panTo(window.xungeEditor.arcs.degrees(p), {animate: false}); }", pair["at"]
    )
    at.page.keyboard.press("f")
    at.page.keyboard.press("Enter")
    at.said("已划转")
    at.steps(1)
    assert at.area(pair["one"]) > one
