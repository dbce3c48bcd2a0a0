"""网格调整: the brush by blocks; what lies under it lights up and changes hands whole, one stroke one undo."""

from __future__ import annotations

import pytest

UNITS = """const b = window.map_main.getBounds(), id = new URLSearchParams(location.search).get('draft');
  const box = [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].join(',');
  const {units} = await (await fetch(`/api/drafts/${id}/units?bbox=${box}`)).json();"""
# Blocks of one grid that share a border with another grid of its community, those with most of it first.
GIVEN = (
    """(async () => {
  """
    + UNITS
    + """
  const e = window.xungeEditor, at = new Map(), found = new Map();
  const parent = (code) => e.arcs.grids[e.indexOf(code)]?.properties.parent_code;
  for (const f of units.features) for (const p of f.geometry.coordinates.flat(f.geometry.type === 'Polygon' ? 1 : 2)) {
    if (!at.has(p.join())) at.set(p.join(), new Set());
    at.get(p.join()).add(f.properties);
  }
  for (const near of at.values()) for (const a of near) for (const c of near) {
    if (a.grid === c.grid || !parent(a.grid) || parent(a.grid) !== parent(c.grid)) continue;
    const k = `${a.code} ${c.grid}`;
    found.set(k, {block: a.code, to: c.grid, n: (found.get(k)?.n ?? 0) + 1});
  }
  const most = [...found.values()].filter((x) => x.n > 2).sort((x, y) => y.n - x.n).slice(0, 40);
  return most.map(({block, to}) => ({kind: 'assign_units', units: [block], to}));
})()"""
)
MIDDLE = (
    """async (code) => {
  """
    + UNITS
    + """
  const {middleOf} = await import('/static/js/rings.js');
  const f = units.features.find((g) => g.properties.code === code);
  const rings = f.geometry.type === 'Polygon' ? f.geometry.coordinates : f.geometry.coordinates.flat();
  return {at: middleOf(rings).at.map((v) => Math.round(v * 1e7)), grid: f.properties.grid};
}"""
)


def test_a_block_under_the_brush_changes_hands_whole_and_back_by_one_undo(drafting) -> None:
    at = drafting()
    edit = at.makes(GIVEN)
    (block,) = edit["units"]
    seen = at.page.evaluate(MIDDLE, block)
    to, source = edit["to"], seen["grid"]
    areas = {code: at.area(code) for code in (to, source)}
    at.choose(to, pan=False)
    at.page.evaluate(
        "p => { window.map_main.panTo(window.xungeEditor.arcs.degrees(p), {animate: false}); }", seen["at"]
    )
    at.tool("b", "brush")
    at.until("!document.querySelector('#brush-modes').hidden", "the choice of blocks")
    at.smallest_brush()
    at.page.keyboard.press("h")
    assert at.page.is_checked("#by-blocks")
    x, y = at.screen(seen["at"])
    at.page.mouse.move(x, y)
    at.page.mouse.down()
    at.until("document.querySelector('#maptools').innerText.includes('1 个街区')", "the block to light up")
    at.shoot("draft-blocks")
    assert at.findings() == []
    at.page.mouse.up()
    at.said("已按街区划转")
    at.steps(1)
    moved = at.area(to) - areas[to]
    assert moved > 0
    assert areas[source] - at.area(source) == pytest.approx(moved, rel=1e-5)
    assert at.page.evaluate(MIDDLE, block)["grid"] == to
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("Control+z")
    at.steps(0)
    assert at.area(to) == pytest.approx(areas[to], rel=1e-9)
