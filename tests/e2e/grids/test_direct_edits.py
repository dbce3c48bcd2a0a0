"""网格调整: a shared vertex is dragged, saved, refused when it crosses, and never lost when somebody was first."""

from __future__ import annotations

import json
from typing import Any

PICK = """(() => {
  const e = window.xungeEditor, a = e.arcs, m = window.map_main;
  const fits = (h) => [[5, 4], [-4, 4], [4, -4], [-5, -4], [9, 0], [4, 8]].every(([dx, dy]) => { // also after earlier edits
    const at = m.unproject(m.project(a.degrees(h.p)).add([dx, dy])), to = a.lattice(at.lat, at.lng);
    const bad = a.broken(a.move(h, to), [a.arcs[h.arc][h.k]]);
    a.move(h, h.p);
    return !bad;
  });
  const [i, h] = a.grids.flatMap((g, i) => {
    const all = a.handles(i);
    const apart = (h, o) => (o.p === h.p ? Infinity : m.project(a.degrees(h.p)).distanceTo(m.project(a.degrees(o.p))));
    const room = (h) => Math.min(...[...all, ...a.middles(i)].map((o) => apart(h, o))); // else a handle beside it is grabbed
    return all.some((h) => !h.free) ? all.filter((h) => h.free && h.node).map((h) => [i, h, room(h)]) : [];
  }).sort((x, y) => y[2] - x[2]).find(([, h]) => fits(h));
  e.select(i);
  m.panTo(a.degrees(h.p), {animate: false});
  const at = window.map_main.latLngToContainerPoint(e.arcs.degrees(h.p));
  const box = window.map_main.getContainer().getBoundingClientRect();
  return {x: box.x + at.x, y: box.y + at.y, code: e.arcs.grids[i].code, p: h.p, arc: e.arcs.ids[h.arc], grids: i};
})()"""
GEOMETRY = (
    "code => fetch(`/api/collections/grids/items/${code}`).then(r => r.json()).then(f => JSON.stringify(f.geometry))"
)


def _drag(at: Any, spot: dict[str, Any], dx: float, dy: float) -> None:
    at.page.mouse.move(spot["x"], spot["y"])
    at.page.mouse.down()
    at.page.mouse.move(spot["x"] + dx / 2, spot["y"] + dy / 2, steps=3)
    at.page.mouse.move(spot["x"] + dx, spot["y"] + dy, steps=3)


def test_a_node_drags_its_grids_along_is_saved_and_there_after_a_reload(editing) -> None:
    at = editing()
    spot = at.page.evaluate(PICK)
    before = at.page.evaluate(GEOMETRY, spot["code"])
    _drag(at, spot, 5, 4)
    at.page.mouse.up()
    at.until("document.querySelectorAll('#changes tbody tr').length >= 2", "the neighbours to follow")
    changed = at.page.locator("#changes tbody tr").count()
    at.shoot("grids-drag")
    assert at.findings() == []
    at.page.fill("#note", "e2e")
    at.page.keyboard.press("Control+s")
    at.until("!!document.querySelector('#saved')", "the new version")
    assert at.page.locator("#saved tbody tr").count() == changed
    at.open("/grids?edit=1")
    after = at.page.evaluate(GEOMETRY, spot["code"])
    assert after != before


def test_undo_and_redo_give_back_exactly(editing) -> None:
    at = editing()
    spot = at.page.evaluate(PICK)
    lines = "JSON.stringify(window.xungeEditor.arcs.arcs)"
    original = at.page.evaluate(lines)
    _drag(at, spot, 4, -4)
    at.page.mouse.up()
    moved = at.page.evaluate(lines)
    assert moved != original
    # The page acts on a key in its own time: wait for each outcome.
    for keys, expected in (("Control+z", original), ("Control+Shift+z", moved), ("Control+z", original)):
        at.page.keyboard.press(keys)
        at.until(f"{lines} === {json.dumps(expected)}", f"{keys} to take effect")
    at.until("document.querySelector('#save').disabled", "nothing to be left to save")


def test_a_crossing_turns_red_and_springs_back(editing) -> None:
    at = editing()
    spot = at.page.evaluate(PICK)
    original = at.page.evaluate("JSON.stringify(window.xungeEditor.arcs.arcs)")
    _drag(at, spot, 420, 300)
    assert "边界交叉" in at.text("#maptools")
    at.shoot("grids-crossing")
    at.page.mouse.up()
    assert at.page.evaluate("JSON.stringify(window.xungeEditor.arcs.arcs)") == original
    assert "已还原" in at.text("#maptools")


def test_a_locked_border_does_not_move(editing) -> None:
    at = editing()
    at.page.evaluate(PICK)
    locked = at.page.evaluate("document.querySelectorAll('.leaflet-marker-icon.locked').length")
    draggable = at.page.evaluate(
        "[...document.querySelectorAll('.leaflet-marker-icon.locked')].filter(m => m.classList.contains('leaflet-marker-draggable')).length"
    )
    assert locked > 0
    assert draggable == 0


def test_keys_alone_can_choose_a_grid_and_nudge_a_vertex(editing) -> None:
    at = editing()
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("ArrowRight")
    at.until("window.xungeEditor.selected >= 0", "a grid to be chosen")
    at.page.evaluate(PICK)
    at.page.keyboard.press("Enter")
    at.until("!!document.activeElement?.classList.contains('leaflet-marker-icon')", "a vertex to have the keys")
    for key in ("ArrowDown", "ArrowRight", "ArrowUp"):
        at.page.keyboard.press(key)
        if at.page.evaluate("window.xungeEditor.dirty().length > 0"):
            break
    assert at.page.evaluate("window.xungeEditor.dirty().length > 0")
    at.page.keyboard.press("Control+z")
    at.page.keyboard.press("Control+z")
    at.page.keyboard.press("Control+z")


def test_a_stale_save_is_refused_and_her_edits_stay(editing) -> None:
    first, second = editing(), editing()
    spot = first.page.evaluate(PICK)
    second.page.evaluate(PICK)
    _drag(second, spot, -4, 4)
    second.page.mouse.up()
    _drag(first, spot, 4, 3)
    first.page.mouse.up()
    first.page.keyboard.press("Control+s")
    first.until("!!document.querySelector('#saved')", "the first save")
    mine = second.page.evaluate("JSON.stringify(window.xungeEditor.changes())")
    second.expect("409")
    second.page.keyboard.press("Control+s")
    second.until("!!document.querySelector('#conflict')", "the conflict")
    assert "未丢失" in second.text("#conflict")
    assert second.page.evaluate("JSON.stringify(window.xungeEditor.changes())") == mine
    second.shoot("grids-conflict")
    assert second.findings() == []
    second.page.click("#again")
    second.until("!document.querySelector('#conflict') && !!window.xungeEditor", "the new version")
