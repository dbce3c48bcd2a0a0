"""网格调整 with a draft: drag, follow a street, split, merge, paint, rub out, undo, compare, review, publish, read back."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

NAMES = itertools.count(1)
ITEM = "code => fetch(`/api/collections/grids/items/${code}`).then(async r => r.ok ? JSON.stringify((await r.json()).geometry) : r.status)"
LINES = "JSON.stringify(window.xungeEditor.arcs.arcs)"
CODES = "window.xungeEditor.arcs.grids.map((g) => g.code)"
AREA = "code => { const e = window.xungeEditor; return e.arcs.area(e.indexOf(code)); }"
# A grid with a neighbour in its own community along an inner line, and the middle of that line; the biggest first.
PAIR = """(() => {
  const e = window.xungeEditor, a = e.arcs, found = [];
  a.arcs.forEach((line, i) => {
    const [one, two] = [...a.users[i]];
    if (a.locked[i] || two === undefined) return;
    found.push([Math.min(a.area(one), a.area(two)), i, one, two]);
  });
  found.sort((x, y) => y[0] - x[0]);
  const [, i, one, two] = found[0], line = a.arcs[i], k = line.length >> 1;
  const at = [0, 1].map((d) => (line[k][d] + line[k - 1][d]) / 2), along = [0, 1].map((d) => line[k][d] - line[k - 1][d]);
  return {arc: i, one: a.grids[one].code, two: a.grids[two].code, at, along};
})()"""
# Choose a node that may be dragged a few pixels in every direction, whatever was edited before.
ROOMY = """(() => {
  const e = window.xungeEditor, a = e.arcs, m = window.map_main;
  const fits = (h) => [[5, 4], [-4, 4], [4, -4], [-5, -4], [9, 0], [4, 8]].every(([dx, dy]) => { // also after earlier edits
    const at = m.unproject(m.project(a.degrees(h.p)).add([dx, dy])), to = a.lattice(at.lat, at.lng);
    const bad = a.broken(a.move(h, to), [a.arcs[h.arc][h.k]]);
    a.move(h, h.p);
    return !bad;
  });
  const [i, h] = a.grids.flatMap((g, i) => {
    const all = a.handles(i);
    return all.some((h) => !h.free) ? all.filter((h) => h.free && h.node).map((h) => [i, h]) : [];
  }).find(([, h]) => fits(h));
  e.select(i);
  m.panTo(a.degrees(h.p), {animate: false});
  return h.p;
})()"""
# Screen coordinates of a place of the lattice.
SCREEN = """p => {
  const e = window.xungeEditor, q = window.map_main.latLngToContainerPoint(e.arcs.degrees(p));
  const box = window.map_main.getContainer().getBoundingClientRect();
  return [box.x + q.x, box.y + q.y];
}"""
INSIDE = """code => {
  const e = window.xungeEditor, a = e.arcs, i = e.indexOf(code), box = e.polygons[i].getBounds(), n = 24;
  let best = null;
  for (let x = 1; x < n; x++) for (let y = 1; y < n; y++) {
    const lat = box.getSouth() + (box.getNorth() - box.getSouth()) * y / n, lng = box.getWest() + (box.getEast() - box.getWest()) * x / n;
    if (e.at({lat, lng}) !== i) continue;
    let d = Infinity;
    for (const v of a.handles(i)) d = Math.min(d, Math.hypot(v.p[0] - lng * 1e7, v.p[1] - lat * 1e7));
    if (!best || d > best[0]) best = [d, [Math.round(lng * 1e7), Math.round(lat * 1e7)]];
  }
  return best[1];
}"""
BOX = """code => {
  const e = window.xungeEditor, b = e.polygons[e.indexOf(code)].getBounds();
  return [[b.getWest(), b.getSouth()], [b.getEast(), b.getNorth()]].map((p) => p.map((v) => Math.round(v * 1e7)));
}"""


def _drafting(visit: Any, query: str = "") -> Any:
    at = visit(f"/grids?edit=1{query}")
    at.page.keyboard.press("a")
    at.page.fill("dialog.ask input[name=name]", f"e2e {next(NAMES)}")
    at.page.keyboard.press("Enter")
    at.until("!!document.querySelector('#draft') && !!window.xungeEditor", "the draft")
    at.until("!document.querySelector('input[name=tool][value=brush]').disabled", "the tools")
    at.until("new URLSearchParams(location.search).has('draft')", "the address of the draft")
    return at


def _revision(at: Any) -> int:
    draft = at.page.evaluate("new URLSearchParams(location.search).get('draft')")
    return int(
        at.page.evaluate("id => fetch(`/api/drafts/${id}`).then((r) => r.json()).then((d) => d.revision)", draft)
    )


def _tool(at: Any, key: str, name: str) -> None:
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press(key)
    at.until(f"document.querySelector('#map_main').dataset.tool === '{name}'", f"the tool {name}")
    at.page.wait_for_timeout(120)


def _said(at: Any, words: str) -> None:
    at.until(f"document.querySelector('#toasts').innerText.includes({words!r})", words)


def _choose(at: Any, code: str, *, pan: bool = True) -> None:
    at.page.evaluate(
        """([code, pan]) => {
      const e = window.xungeEditor, i = e.indexOf(code);
      e.select(i);
      if (pan) window.map_main.panTo(e.polygons[i].getBounds().getCenter(), {animate: false});
    }""",
        [code, pan],
    )
    at.page.wait_for_timeout(80)


def _stroke(at: Any, start: list[float], end: list[float], steps: int = 8) -> None:
    at.page.mouse.move(*start)
    at.page.mouse.down()
    at.page.mouse.move(*end, steps=steps)
    at.page.mouse.up()


def _across(at: Any, pair: dict[str, Any], metres: float) -> tuple[list[float], list[float]]:
    """Two places on the screen: just inside `one`, and `metres` over the line inside `two`."""
    return at.page.evaluate(
        """([pair, metres]) => {
      const e = window.xungeEditor, a = e.arcs, [dx, dy] = pair.along, size = Math.hypot(dx, dy);
      for (const turn of [1, -1]) {
        const n = [-dy / size * turn, dx / size * turn], to = (m) => pair.at.map((v, d) => v + n[d] * m * 90);
        const deep = (m) => { const [lat, lng] = a.degrees(to(m)); return e.at({lat, lng}); };
        if (deep(3) === e.indexOf(pair.two) && deep(-3) === e.indexOf(pair.one)) {
          const box = window.map_main.getContainer().getBoundingClientRect();
          return [to(-6), to(metres)].map((p) => {
            const q = window.map_main.latLngToContainerPoint(a.degrees(p));
            return [box.x + q.x, box.y + q.y];
          });
        }
      }
      return null;
    }""",
        [pair, metres],
    )


def _close_up(at: Any, pair: dict[str, Any]) -> dict[str, Any]:
    """Zoom to a line and load that area for editing."""
    at.page.evaluate(
        "([at]) => { window.map_main.setView(window.xungeEditor.arcs.degrees(at), 17, {animate: false}); }",
        [pair["at"]],
    )
    at.page.wait_for_timeout(200)
    at.page.evaluate(
        "document.querySelector('#edit').getAttribute('aria-pressed') === 'true' && document.querySelector('#edit').click()"
    )
    at.page.click("#edit")
    at.until("!!window.xungeEditor", "the area")
    at.page.wait_for_timeout(150)
    arc = at.page.evaluate(
        """([one, two]) => {
      const e = window.xungeEditor, a = e.arcs, [i, j] = [e.indexOf(one), e.indexOf(two)];
      const arc = a.arcs.findIndex((_, k) => !a.locked[k] && a.users[k].has(i) && a.users[k].has(j));
      const line = a.arcs[arc], k = line.length >> 1;
      return {arc, at: [0, 1].map((d) => (line[k][d] + line[k - 1][d]) / 2), along: [0, 1].map((d) => line[k][d] - line[k - 1][d])};
    }""",
        [pair["one"], pair["two"]],
    )
    return {**pair, **arc}


def test_a_dragged_node_goes_into_the_draft_and_the_panel_shows_before_and_after(visit) -> None:
    at = _drafting(visit)
    spot = at.page.evaluate(ROOMY)
    x, y = at.page.evaluate(SCREEN, spot)
    at.page.mouse.move(x, y)
    at.page.mouse.down()
    at.page.mouse.move(x + 4, y + 3, steps=4)
    at.until("document.querySelectorAll('#changes tbody tr').length >= 2", "the live panel")
    assert "…" in at.text("#changes")  # calls wait for the server
    at.page.mouse.up()
    at.until("!document.querySelector('#changes')?.innerText.includes('…')", "the figures of the server")
    at.until("document.querySelector('#draft').innerText.includes('1 步操作')", "the counter")
    assert at.page.locator("#changes tbody tr").count() >= 2
    assert "均衡度" in at.text("#changes")
    at.shoot("draft-drag")
    assert at.findings() == []


def test_undo_twenty_strokes_and_redo_them_also_after_a_reload(visit) -> None:
    at = _drafting(visit)
    original = at.page.evaluate(LINES)
    at.page.evaluate(ROOMY)
    at.page.evaluate("document.activeElement.blur()")
    at.page.evaluate("""(() => {
      const box = window.map_main.getContainer().getBoundingClientRect();
      const far = (m) => {
        const b = m.getBoundingClientRect();
        return Math.hypot(b.x + (b.width - box.width) / 2 - box.x, b.y + (b.height - box.height) / 2 - box.y);
      };
      [...document.querySelectorAll('.leaflet-marker-icon.node:not(.locked)')].sort((a, b) => far(a) - far(b))[0].focus({preventScroll: true});
    })()""")
    for step in range(20):
        at.page.keyboard.press("ArrowDown" if step == 19 else "ArrowRight" if step % 2 == 0 else "ArrowLeft")
        at.page.wait_for_timeout(15)
    at.until("document.querySelector('#draft').innerText.includes('20 步操作')", "twenty steps")
    moved = at.page.evaluate(LINES)
    assert moved != original
    query = at.page.evaluate("location.search")
    at.open(f"/grids{query}")
    at.until("!!window.xungeEditor", "the draft again")
    assert sorted(at.page.evaluate("window.xungeEditor.arcs.arcs.map((a) => a.join(';'))")) == sorted(
        ";".join(",".join(str(v) for v in p) for p in arc) for arc in json.loads(moved)
    )
    at.page.evaluate("document.activeElement.blur()")
    for left in range(19, -1, -1):
        at.page.keyboard.press("Control+z")
        at.until(f"document.querySelector('#draft').innerText.includes('{left} 步操作')", f"{left} steps left")
    assert at.page.evaluate(LINES) == original
    assert at.page.is_disabled("#undo")
    at.page.keyboard.press("Control+Shift+z")
    at.until("document.querySelector('#draft').innerText.includes('1 步操作')", "one done again")
    assert at.page.evaluate(LINES) != original


def test_a_line_drawn_across_splits_a_grid_and_undo_mends_it(visit) -> None:
    at = _drafting(visit)
    before = at.page.evaluate(CODES)
    code = at.page.evaluate(PAIR)["one"]
    _choose(at, code)
    _tool(at, "c", "split")
    (west, south), (east, north) = at.page.evaluate(BOX, code)
    middle = (south + north) / 2
    over = (east - west) * 0.06
    start = at.page.evaluate(SCREEN, [west - over, middle])
    end = at.page.evaluate(SCREEN, [east + over, middle])
    whole = at.page.evaluate(AREA, code)
    _stroke(at, start, end)
    _said(at, "已切分")
    at.until(f"window.xungeEditor.arcs.grids.length === {len(before) + 1}", "one more grid")
    (made,) = set(at.page.evaluate(CODES)) - set(before)
    assert made[:12] == code[:12]
    assert at.page.evaluate(AREA, code) + at.page.evaluate(AREA, made) == pytest.approx(
        whole, rel=1e-5
    )  # ends of the cut lie on the lattice
    at.shoot("draft-split")
    at.page.keyboard.press("Control+z")
    at.until(f"window.xungeEditor.arcs.grids.length === {len(before)}", "the grid whole again")


def test_clicked_neighbours_merge_and_the_first_keeps_its_code(visit) -> None:
    at = _drafting(visit)
    pair = at.page.evaluate(PAIR)
    area = sum(at.page.evaluate(AREA, pair[side]) for side in ("one", "two"))
    _choose(at, pair["two"])
    at.page.evaluate("window.xungeEditor.select(-1)")
    _tool(at, "m", "merge")
    for side in ("two", "one"):
        at.page.mouse.click(*at.page.evaluate(SCREEN, at.page.evaluate(INSIDE, pair[side])))
    at.until("!document.querySelector('#merge-go').disabled", "two grids chosen")
    at.shoot("draft-merge")
    assert at.findings() == []
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("Enter")
    _said(at, "已合并")
    at.until(f"window.xungeEditor.indexOf('{pair['one']}') < 0", "one code gone")
    assert at.page.evaluate(AREA, pair["two"]) == pytest.approx(area, rel=1e-5)


def test_the_brush_takes_land_the_eraser_gives_it_back_and_each_stroke_is_one_undo(visit) -> None:
    at = _drafting(visit)
    pair = _close_up(at, at.page.evaluate(PAIR))
    one, two = (at.page.evaluate(AREA, pair[side]) for side in ("one", "two"))
    _choose(at, pair["one"], pan=False)
    _tool(at, "b", "brush")
    for _ in range(9):
        at.page.keyboard.press(",")
    at.page.keyboard.press(".")
    assert "10" in at.text("#radius-value")
    start, end = _across(at, pair, 15)
    _stroke(at, start, end)
    _said(at, "已划转")
    grown = at.page.evaluate(AREA, pair["one"])
    assert grown > one + 100
    assert grown + at.page.evaluate(AREA, pair["two"]) == pytest.approx(one + two, rel=1e-5)
    at.until("document.querySelector('#draft').innerText.includes('1 步操作')", "one stroke, one step")
    at.shoot("draft-brush")
    at.page.evaluate("document.querySelector('#toasts').replaceChildren()")
    at.page.keyboard.press("x")
    at.page.keyboard.press(".")
    assert at.page.is_checked("#eraser")
    _stroke(at, end, start)
    _said(at, "已划转")
    assert at.page.evaluate(AREA, pair["one"]) < grown - 50
    at.page.evaluate("document.activeElement.blur()")
    for left in (1, 0):
        at.page.keyboard.press("Control+z")
        at.until(f"document.querySelector('#draft').innerText.includes('{left} 步操作')", "the stroke taken back")
    assert at.page.evaluate(AREA, pair["one"]) == pytest.approx(one, rel=1e-9)


def test_a_stroke_that_tears_a_grid_is_refused_with_the_reason_and_a_locked_one_stays(visit) -> None:
    at = _drafting(visit)
    pair = at.page.evaluate(PAIR)
    _choose(at, pair["one"])
    _tool(at, "b", "brush")
    at.page.keyboard.press(",")
    at.page.keyboard.press(",")
    (west, _), (east, _) = at.page.evaluate(BOX, pair["two"])
    y = at.page.evaluate(INSIDE, pair["two"])[1]
    at.expected = ("422",)
    lines = at.page.evaluate(LINES)
    start = at.page.evaluate(SCREEN, at.page.evaluate(INSIDE, pair["one"]))
    at.page.mouse.move(*start)
    at.page.mouse.down()
    for place in ([west - 400, y], [east + 400, y]):
        at.page.mouse.move(*at.page.evaluate(SCREEN, place), steps=10)
    at.page.mouse.up()
    at.until("!!document.querySelector('#refused')", "the refusal")
    assert "割裂" in at.text("#refused")
    assert "未作任何改动" in at.text("#refused")
    at.shoot("draft-torn")
    at.until("!!window.xungeEditor", "the editor")
    assert at.page.evaluate(LINES) == lines
    # held, the neighbour gives nothing
    _choose(at, pair["two"])
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("k")
    assert at.page.get_attribute("#lock", "aria-pressed") == "true"
    held = at.page.evaluate(AREA, pair["two"])
    _choose(at, pair["one"])
    before = _revision(at)
    _stroke(at, start, at.page.evaluate(SCREEN, at.page.evaluate(INSIDE, pair["two"])))
    at.page.wait_for_timeout(800)
    at.until("!!window.xungeEditor", "the editor")
    assert at.page.evaluate(AREA, pair["two"]) == pytest.approx(held, rel=1e-9)
    assert _revision(at) - before <= 1


def test_a_line_follows_the_street_between_two_picked_vertices(visit) -> None:
    at = _drafting(visit)
    picked = at.page.evaluate("""(() => {
      const e = window.xungeEditor, a = e.arcs;
      let best = null;
      a.arcs.forEach((line, i) => {
        if (a.locked[i] || a.users[i].size < 2 || line.length < 4) return;
        const size = Math.hypot(line.at(-1)[0] - line[0][0], line.at(-1)[1] - line[0][1]);
        if (!best || size > best[0]) best = [size, i];
      });
      const i = best[1], line = a.arcs[i];
      const g = [...a.users[i]][0];
      e.select(g);
      window.map_main.panTo(a.degrees(line[line.length >> 1]), {animate: false});
      return {ends: [line[0], line.at(-1)], arc: i};
    })()""")
    _tool(at, "s", "street")
    lines = at.page.evaluate(LINES)
    at.expected = ("422",)
    at.page.mouse.click(*at.page.evaluate(SCREEN, picked["ends"][0]))
    at.page.mouse.move(*at.page.evaluate(SCREEN, picked["ends"][1]))
    at.until("document.querySelector('#maptools').innerText.includes('沿 ')", "the preview")
    at.shoot("draft-street")
    at.page.mouse.click(*at.page.evaluate(SCREEN, picked["ends"][1]))
    at.until(
        "document.querySelector('#toasts').innerText.includes('已沿街') || !!document.querySelector('#refused')",
        "an answer",
    )
    if at.page.query_selector("#refused"):
        assert "未作任何改动" in at.text("#refused")
        assert at.page.evaluate(LINES) == lines
    else:
        assert at.page.evaluate(LINES) != lines


def test_two_people_in_one_draft_the_second_is_told_who_and_her_step_is_kept(visit) -> None:
    first = _drafting(visit)
    second = visit(f"/grids{first.page.evaluate('location.search')}")
    second.until("!!window.xungeEditor", "the same draft")
    code = first.page.evaluate(PAIR)["one"]
    first_before = first.page.evaluate(CODES)
    (west, south), (east, north) = first.page.evaluate(BOX, code)
    ends = [[west - (east - west) * 0.06, (south + north) / 2], [east + (east - west) * 0.06, (south + north) / 2]]
    pair = first.page.evaluate(PAIR)
    _choose(first, code)
    _tool(first, "c", "split")
    _stroke(first, *[first.page.evaluate(SCREEN, p) for p in ends])
    _said(first, "已切分")
    second.expected = ("409",)
    other = [
        g
        for g in second.page.evaluate("window.xungeEditor.arcs.grids.map((g) => g.code)")
        if g not in (code, pair["two"])
    ]
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
    x, y = second.page.evaluate(SCREEN, free)
    _stroke(second, [x, y], [x + 4, y + 3], 4)
    second.until("!!document.querySelector('#conflict')", "the conflict")
    assert "demo" in second.text("#conflict")
    second.shoot("draft-conflict")
    assert second.findings() == []
    second.until(f"window.xungeEditor?.arcs.grids.length === {len(first_before) + 1}", "the other's split")
    second.page.click("#again")
    second.until("document.querySelector('#draft').innerText.includes('2 步操作')", "her step on top of the other's")


def test_compare_submit_return_review_publish_and_read_back(visit) -> None:
    at = _drafting(visit)
    pair = _close_up(at, at.page.evaluate(PAIR))
    before = at.page.evaluate(ITEM, pair["one"])
    _choose(at, pair["one"], pan=False)
    _tool(at, "b", "brush")
    for _ in range(9):
        at.page.keyboard.press(",")
    at.page.keyboard.press(".")
    start, end = _across(at, pair, 15)
    _stroke(at, start, end)
    _said(at, "已划转")
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
    after = at.page.evaluate(ITEM, pair["one"])
    assert after != before
    at.open("/grids?edit=1")
    at.until("!!window.xungeEditor", "the present grids")
    assert at.page.evaluate(ITEM, pair["one"]) == after


def test_a_stale_direct_save_can_be_kept_as_a_draft(visit) -> None:
    pages = [visit("/grids?edit=1"), visit("/grids?edit=1")]
    for at, by in zip(pages, ([4, 3], [-4, 4]), strict=True):
        at.until("!!window.xungeEditor", "the editor")
        x, y = at.page.evaluate(SCREEN, at.page.evaluate(ROOMY))
        _stroke(at, [x, y], [x + by[0], y + by[1]], 4)
    first, second = pages
    first.page.keyboard.press("Control+s")
    first.until("!!document.querySelector('#saved')", "the first save")
    second.expected = ("409",)
    second.page.keyboard.press("Control+s")
    second.until("!!document.querySelector('#as-draft')", "the offer of a draft")
    second.page.click("#as-draft")
    second.page.click("dialog.ask button[type=submit]")
    second.until("!!document.querySelector('#draft')", "the draft")


@pytest.mark.parametrize(("theme", "lang"), [("light", "en"), ("dark", "zh"), ("dark", "en")])
@pytest.mark.parametrize(("width", "height"), [(1152, 720), (960, 600)])
def test_usable_at_125_and_150_percent_in_both_themes_and_languages(visit, theme, lang, width, height) -> None:
    at = visit(f"/grids?edit=1&theme={theme}&lang={lang}")
    at.page.set_viewport_size({"width": width, "height": height})
    at.page.keyboard.press("a")
    assert at.findings() == []
    at.page.fill("dialog.ask input[name=name]", f"e2e {next(NAMES)}")
    at.page.keyboard.press("Enter")
    at.until(
        "!!document.querySelector('#draft') && !document.querySelector('input[name=tool][value=brush]').disabled",
        "the draft",
    )
    at.until("!!window.xungeEditor", "the editor")
    _choose(at, at.page.evaluate(CODES)[0])
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("b")
    at.until("!document.querySelector('#brush-options').hidden", "the options of the brush")
    assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = """[...document.querySelectorAll('.top *, #draft *, #left *, #right *')]
      .filter((n) => n.offsetParent && n.getBoundingClientRect().right > innerWidth + 1).length"""
    assert at.page.evaluate(cut) == 0
    box = at.page.locator("#map_main").bounding_box()
    assert box["width"] >= 400
    assert box["height"] >= 380
    at.page.wait_for_timeout(300)
    at.shoot(f"draft-{theme}-{lang}-{width}")
    assert at.findings() == []


def test_every_tool_and_step_has_a_key_in_the_help(visit) -> None:
    at = visit("/grids?edit=1&lang=en")
    at.page.keyboard.press("?")
    shown = at.text("#help")
    for words in (
        "Split tool",
        "Brush tool",
        "Merge tool",
        "Street tool",
        "Eraser",
        "Submit",
        "Publish",
        "Return",
        "Compare",
        "New draft",
        "Lock this grid",
        "Larger brush",
    ):
        assert words in shown
    assert at.findings() == []


def test_a_grid_is_split_and_painted_with_keys_alone(visit) -> None:
    at = _drafting(visit)
    pair = at.page.evaluate(PAIR)
    _choose(at, pair["one"])
    _tool(at, "b", "brush")
    at.page.evaluate(
        "([p]) => { window.map_main.panTo(window.xungeEditor.arcs.degrees(p), {animate: false}); }", [pair["at"]]
    )
    at.page.keyboard.press("f")  # the map has the keys, a cross marks its middle
    at.expected = ("422",)
    at.page.keyboard.press("Enter")
    at.until(
        "document.querySelector('#draft').innerText.includes('1 步操作') || !!document.querySelector('#refused')",
        "an answer",
    )
    at.page.keyboard.press("Escape")
    at.until("document.querySelector('#map_main').dataset.tool === 'vertex'", "the first tool again")
