"""网格调整 in a draft: a node is dragged, twenty strokes are undone, a line follows the street."""

from __future__ import annotations

import json

import pytest

LINES = "JSON.stringify(window.xungeEditor.arcs.arcs)"
# Pieces of free lines between two of their vertices, the longest first: what may be laid along a street.
PIECES = """(() => {
  const a = window.xungeEditor.arcs, found = [];
  a.arcs.forEach((line, i) => {
    if (a.locked[i] || a.users[i].size < 2 || line.length < 4) return;
    for (const [j, k] of [[0, line.length - 1], [1, line.length - 2]]) {
      const [from, to] = [line[j], line[k]].map((p) => p.map((v) => v / 1e7));
      found.push({kind: 'reshape_along_street', arc: a.ids[i], from, to, size: Math.hypot(from[0] - to[0], from[1] - to[1])});
    }
  });
  return found.sort((x, y) => y.size - x.size).slice(0, 40).map(({size, ...edit}) => edit);
})()"""
# From one side of a grid to the other, for the largest grids.
WAYS = """(() => {
  const e = window.xungeEditor, a = e.arcs, found = [];
  a.grids.forEach((g, i) => {
    const places = a.handles(i).map((v) => v.p.map((p) => p / 1e7));
    const far = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]);
    places.forEach((p, j) => places.forEach((q, k) => { if (j < k) found.push([a.area(i) * 1e-9 + far(p, q), g.code, p, q]); }));
  });
  found.sort((x, y) => y[0] - x[0]);
  return found.filter((_, k) => k % 5 === 0).slice(0, 60).map(([, code, from, to]) => ({kind: 'split_along_streets', code, from, to}));
})()"""


def test_a_dragged_node_goes_into_the_draft_and_the_panel_shows_before_and_after(drafting) -> None:
    at = drafting()
    spot = at.roomy()
    x, y = at.screen(spot)
    at.page.mouse.move(x, y)
    at.page.mouse.down()
    at.page.mouse.move(x + 4, y + 3, steps=4)
    at.until("document.querySelectorAll('#changes tbody tr').length >= 2", "the live panel")
    at.until("document.querySelector('#changes').getAttribute('aria-busy') === 'true'", "figures of the page's own")
    calls = "[...document.querySelectorAll('#changes tbody tr')].map((r) => r.cells[2].querySelector('b').innerText)"
    counted = at.page.evaluate(calls)
    assert all(n.replace(",", "").isdigit() for n in counted), counted
    at.page.mouse.up()
    at.until("!document.querySelector('#changes').hasAttribute('aria-busy')", "the figures of the server")
    assert at.page.evaluate(calls) == counted
    at.steps(1)
    assert at.page.locator("#changes tbody tr").count() >= 2
    assert "均衡度" in at.text("#changes")
    at.shoot("draft-drag")
    assert at.findings() == []


def test_undo_twenty_strokes_and_redo_them_also_after_a_reload(drafting) -> None:
    at = drafting()
    original = at.lines()
    at.roomy()
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
    at.steps(20)
    moved = at.lines()
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
        at.steps(left)
    assert at.lines() == original
    assert at.page.is_disabled("#undo")
    at.page.keyboard.press("Control+Shift+z")
    at.steps(1)
    assert at.lines() != original


def _lattice(place: list[float]) -> list[int]:
    return [round(v * 1e7) for v in place]


def test_a_line_follows_the_street_between_two_picked_vertices(drafting) -> None:
    at = drafting()
    edit = at.makes(PIECES)
    ends = [_lattice(edit[end]) for end in ("from", "to")]
    at.page.evaluate(
        """([arc, at]) => {
      const e = window.xungeEditor, i = e.arcs.ids.indexOf(arc);
      e.select([...e.arcs.users[i]][0]);
      window.map_main.panTo(e.arcs.degrees(at), {animate: false});
    }""",
        [edit["arc"], [sum(p[d] for p in ends) / 2 for d in (0, 1)]],
    )
    at.tool("s", "street")
    lines = at.lines()
    at.page.mouse.click(*at.screen(ends[0]))
    at.page.mouse.move(*at.screen(ends[1]))
    at.until("document.querySelector('#maptools').innerText.includes('沿 ')", "the preview")
    at.shoot("draft-street")
    at.page.mouse.click(*at.screen(ends[1]))
    at.said("已沿街")
    at.steps(1)
    assert at.lines() != lines
    at.page.keyboard.press("Control+z")
    at.steps(0)
    at.until(f"{LINES} === {json.dumps(lines)}", "the line as it was")


def test_a_grid_is_split_along_the_streets_between_two_clicks(drafting) -> None:
    at = drafting()
    edit = at.makes(WAYS)
    before = at.codes()
    at.choose(edit["code"])
    whole = at.area(edit["code"])
    at.tool("c", "split")
    at.page.keyboard.press("z")
    assert at.page.is_checked("#split-streets")
    start, end = (at.screen(_lattice(edit[side])) for side in ("from", "to"))
    at.page.mouse.click(*start)
    at.page.mouse.move(*end)
    at.until("document.querySelector('#maptools').innerText.includes('沿 ')", "the preview")
    at.shoot("draft-split-streets")
    at.page.mouse.click(*end)
    at.said("已沿街切分")
    at.until(f"window.xungeEditor.arcs.grids.length > {len(before)}", "a new grid")
    made = set(at.codes()) - set(before)
    assert sum(at.area(code) for code in (edit["code"], *made)) == pytest.approx(whole, rel=1e-5)
