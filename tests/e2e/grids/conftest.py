"""The page of grids, open in a draft or not, and what a hand does on it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

NAMES = itertools.count(1)
PUBLISHED = "code => fetch(`/api/collections/grids/items/${code}`).then(async r => r.ok ? JSON.stringify((await r.json()).geometry) : r.status)"
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
    const apart = (h, o) => (o.p === h.p ? Infinity : m.project(a.degrees(h.p)).distanceTo(m.project(a.degrees(o.p))));
    const room = (h) => Math.min(...[...all, ...a.middles(i)].map((o) => apart(h, o))); // else a handle beside it is grabbed
    return all.some((h) => !h.free) ? all.filter((h) => h.free && h.node).map((h) => [i, h, room(h)]) : [];
  }).sort((x, y) => y[2] - x[2]).find(([, h]) => fits(h));
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
# Two places on the screen: just inside one grid, and some metres over the line inside the other.
ACROSS = """([pair, metres]) => {
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
    }"""
BETWEEN = """([one, two]) => {
      const e = window.xungeEditor, a = e.arcs, [i, j] = [e.indexOf(one), e.indexOf(two)];
      const arc = a.arcs.findIndex((_, k) => !a.locked[k] && a.users[k].has(i) && a.users[k].has(j));
      const line = a.arcs[arc], k = line.length >> 1;
      return {arc, at: [0, 1].map((d) => (line[k][d] + line[k - 1][d]) / 2), along: [0, 1].map((d) => line[k][d] - line[k - 1][d])};
    }"""

# Which of some edits the server would make here: the first that it makes, in a draft that is withdrawn again.
PROBE = """async (edits) => {
  const send = (path, body) => fetch(path, {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(body)});
  const {draft_id: id} = await (await send('/api/drafts', {name: 'probe'})).json();
  const tried = [];
  for (const operation of edits) {
    const answer = await send(`/api/drafts/${id}/operations`, {revision: 0, operation});
    if (answer.ok) { await fetch(`/api/drafts/${id}`, {method: 'DELETE'}); return operation; }
    tried.push((await answer.json()).detail_en);
  }
  return {kind: null, tried};
}"""


class GridPage:
    """The page under watch, and the strokes, clicks and keys of somebody who redraws grids."""

    def __init__(self, visit: Any) -> None:
        self.visit = visit
        self.page = visit.page
        for name in ("open", "until", "text", "shoot", "findings"):
            setattr(self, name, getattr(visit, name))

    def expect(self, *errors: str) -> None:
        self.visit.expected = errors

    def pair(self) -> dict[str, Any]:
        return dict(self.page.evaluate(PAIR))

    def roomy(self) -> list[int]:
        return list(self.page.evaluate(ROOMY))

    def screen(self, place: list[float]) -> list[float]:
        return list(self.page.evaluate(SCREEN, place))

    def inside(self, code: str) -> list[int]:
        return list(self.page.evaluate(INSIDE, code))

    def box(self, code: str) -> list[list[int]]:
        return list(self.page.evaluate(BOX, code))

    def area(self, code: str) -> float:
        return float(self.page.evaluate(AREA, code))

    def codes(self) -> list[str]:
        return list(self.page.evaluate(CODES))

    def lines(self) -> str:
        return str(self.page.evaluate(LINES))

    def published(self, code: str) -> str | int:
        """The geometry of a grid as everybody sees it, or the status of the answer."""
        return self.page.evaluate(PUBLISHED, code)

    def draft(self) -> dict[str, Any]:
        """The open draft as the server has it."""
        asked = "fetch(`/api/drafts/${new URLSearchParams(location.search).get('draft')}`).then((r) => r.json())"
        return dict(self.page.evaluate(asked))

    def makes(self, edits: str) -> dict[str, Any]:
        """The first of some edits that the server makes on these grids; it is tried in a draft of its own."""
        self.expect("404", "422")
        found = dict(self.page.evaluate(PROBE, self.page.evaluate(edits)))
        assert found["kind"], found["tried"]
        self.visit.errors.clear()
        self.expect()
        return found

    def begin(self) -> GridPage:
        """Begin a draft by its key."""
        self.page.keyboard.press("a")
        self.page.fill("dialog.ask input[name=name]", f"e2e {next(NAMES)}")
        self.page.keyboard.press("Enter")
        self.until("!!document.querySelector('#draft') && !!window.xungeEditor", "the draft")
        self.until("!document.querySelector('input[name=tool][value=brush]').disabled", "the tools")
        self.until("new URLSearchParams(location.search).has('draft')", "the address of the draft")
        return self

    def steps(self, n: int) -> None:
        """Wait until the bar counts so many edits."""
        self.until(f"/(^|\\D){n} 步操作/.test(document.querySelector('#draft').innerText)", f"{n} steps")

    def tool(self, key: str, name: str) -> None:
        self.page.evaluate("document.activeElement.blur()")
        self.page.keyboard.press(key)
        self.until(f"document.querySelector('#map_main').dataset.tool === '{name}'", f"the tool {name}")
        self.page.wait_for_timeout(120)

    def said(self, words: str) -> None:
        self.until(f"document.querySelector('#toasts').innerText.includes({words!r})", words)

    def hush(self) -> None:
        """Take away what was said, so that the next words are new ones."""
        self.page.evaluate("document.querySelector('#toasts').replaceChildren()")

    def choose(self, code: str, *, pan: bool = True) -> None:
        self.page.evaluate(
            """([code, pan]) => {
      const e = window.xungeEditor, i = e.indexOf(code);
      e.select(i);
      if (pan) window.map_main.panTo(e.polygons[i].getBounds().getCenter(), {animate: false});
    }""",
            [code, pan],
        )
        self.page.wait_for_timeout(80)

    def look_at(self, code: str) -> None:
        """Choose a grid and bring all of it into view, with room around it."""
        self.page.evaluate(
            """(code) => {
      const e = window.xungeEditor, i = e.indexOf(code);
      e.select(i);
      window.map_main.fitBounds(e.polygons[i].getBounds().pad(0.35), {animate: false, maxZoom: window.map_main.getZoom()});
    }""",
            code,
        )
        self.page.wait_for_timeout(250)

    def stroke(self, start: list[float], *places: list[float], steps: int = 8) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        for place in places:
            self.page.mouse.move(*place, steps=steps)
        self.page.mouse.up()

    def across(self, pair: dict[str, Any], metres: float) -> tuple[list[float], list[float]]:
        return tuple(self.page.evaluate(ACROSS, [pair, metres]))

    def close_up(self, pair: dict[str, Any]) -> dict[str, Any]:
        """Zoom to a line and load that area for editing."""
        self.page.evaluate(
            "([at]) => { window.map_main.setView(window.xungeEditor.arcs.degrees(at), 17, {animate: false}); }",
            [pair["at"]],
        )
        self.page.wait_for_timeout(200)
        self.page.evaluate(
            "document.querySelector('#edit').getAttribute('aria-pressed') === 'true' && document.querySelector('#edit').click()"
        )
        self.page.click("#edit")
        self.until("!!window.xungeEditor", "the area")
        self.page.wait_for_timeout(150)
        return {**pair, **self.page.evaluate(BETWEEN, [pair["one"], pair["two"]])}

    def smallest_brush(self) -> None:
        """Ten metres: the keys of the brush, down to the end and one up."""
        for _ in range(9):
            self.page.keyboard.press(",")
        self.page.keyboard.press(".")
        assert "10" in self.text("#radius-value")

    def step(self, name: str, **fields: str) -> None:
        """Take a step of the draft bar and answer its question."""
        self.until(f"!!document.querySelector('#step-{name}:not(:disabled)')", f"the step {name}")
        self.page.click(f"#step-{name}")
        for field, value in fields.items():
            self.page.fill(f"dialog.ask [name={field}]", value)
        self.page.click("dialog.ask button[type=submit]")

    def publish(self) -> None:
        """Submit, review, publish."""
        self.step("submit")
        self.step("review")
        self.step("publish")
        self.until("!!document.querySelector('#published')", "the new edition")


@pytest.fixture
def editing(visit: Any) -> Callable[..., GridPage]:
    """Open the page in the direct mode, the view loaded for editing."""

    def _open(query: str = "") -> GridPage:
        at = GridPage(visit(f"/grids?edit=1{query}"))
        at.until("!!window.xungeEditor", "the editor")
        return at

    return _open


@pytest.fixture
def drafting(visit: Any) -> Callable[..., GridPage]:
    """Open the page in a new draft, or with a query in the one that it names."""

    def _open(query: str = "") -> GridPage:
        if not query:
            return GridPage(visit("/grids?edit=1")).begin()
        at = GridPage(visit(f"/grids{query}"))
        at.until("!!window.xungeEditor", "the same draft")
        return at

    return _open
