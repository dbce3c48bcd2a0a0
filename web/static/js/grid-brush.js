// 画笔: land under the stroke goes to the chosen grid, or with the eraser from it to the neighbour that the stroke touches.
// Freely drawn, or block by block.
import { blockLayer } from './grid-blocks.js';
import { t } from './context.js';
import { ink, map } from './mapview.js';
import { outline, simplified } from './outline.js';

const METRE = 111195.08; // metres of one degree on the sphere of 6371.0072 km

/** The ring of a stroke in degrees: latlngs, radius in metres. */
export function ringOf(places, radius) {
  const { lat: lat0, lng: lng0 } = places[0];
  const k = METRE * Math.cos((lat0 * Math.PI) / 180);
  const line = simplified(places.map((p) => [(p.lng - lng0) * k, (p.lat - lat0) * METRE]), radius / 20);
  const ring = outline(line, radius).map(([x, y]) => [lng0 + x / k, lat0 + y / METRE]);
  return [...ring, ring[0]];
}

export function brushTool({ editor, act, say, radius, eraser, locked, locks, blocks, byBlocks, blocksThere }) {
  const trace = L.polyline([], { pane: 'pick', lineCap: 'round', lineJoin: 'round', opacity: 0.45, interactive: false }).addTo(map);
  const tip = L.circle([0, 0], { pane: 'pick', radius: radius(), weight: 2, fillOpacity: 0.1, interactive: false });
  const e = () => editor();
  const color = () => (eraser() ? ink().bad : ink().pick);
  const name = (i) => e().arcs.grids[i].properties.name ?? e().arcs.grids[i].code;
  let layer = null;
  let over = false;
  const whole = () => Boolean(layer) && byBlocks();
  const idle = () => {
    if (layer) { if (byBlocks()) layer.group.addTo(map); else { layer.dark(); layer.group.remove(); } }
    say(e().selected < 0 ? t('brush.pick') : t(whole() ? (eraser() ? 'brush.blocks.erase' : 'brush.blocks.hint') : eraser() ? 'brush.erase' : 'brush.hint', { grid: name(e().selected), r: radius() }));
  };
  blocks().then((features) => {
    if (over) return;
    layer = features.length ? blockLayer(features) : null;
    blocksThere(Boolean(layer));
    if (layer) idle();
  });
  /** Whether a block may change hands in this stroke. */
  const takes = (own) => {
    const parent = own.properties.parent_code;
    const grids = new Map(e().arcs.grids.map((g) => [g.code, g.properties.parent_code]));
    return eraser() ? (b) => b.grid === own.code : (b) => b.grid !== own.code && grids.get(b.grid) === parent && !locked(b.grid);
  };
  let may = null;
  let last = null;
  function start(at) {
    if (e().selected < 0) { const i = e().at(at); if (i >= 0) e().select(i); }
    may = e().selected < 0 ? () => false : takes(e().arcs.grids[e().selected]);
    last = at;
  }
  function light(at) {
    const n = layer.light(last, at, radius(), may, eraser());
    last = at;
    if (n) say(layer.words());
  }
  const pixels = () => { const c = map.getCenter(); return (2 * radius()) / (map.distance(c, map.containerPointToLatLng(map.latLngToContainerPoint(c).add([100, 0]))) / 100); };
  /** The neighbour that takes what is rubbed out: the one with the most places under the stroke. */
  function receiver(list) {
    const own = e().arcs.grids[e().selected];
    const found = new Map();
    const step = radius() / METRE;
    for (const p of list) {
      for (const [dx, dy] of [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]) {
        const i = e().at(L.latLng(p.lat + dy * step, p.lng + (dx * step) / Math.cos((p.lat * Math.PI) / 180)));
        if (i < 0 || i === e().selected || e().arcs.grids[i].properties.parent_code !== own.properties.parent_code || locked(e().arcs.grids[i].code)) continue;
        found.set(i, (found.get(i) ?? 0) + 1);
      }
    }
    return [...found].sort((a, b) => b[1] - a[1])[0]?.[0] ?? -1;
  }
  const sparse = (list) => { const kept = [list[0]]; for (const p of list) if (map.distance(kept.at(-1), p) > radius() / 2) kept.push(p); return kept; };
  async function finish(list) {
    trace.setLatLngs([]);
    if (e().selected < 0) { const i = e().at(list[0]); if (i < 0) { say(t('brush.nowhere'), true); return; } e().select(i); }
    const own = e().arcs.grids[e().selected];
    if (locked(own.code)) { say(t('lock.refused', { grid: name(e().selected) }), true); return; }
    if (whole()) { await units(own, list); return; }
    const ring = ringOf(list, radius());
    if (!eraser()) { await act({ kind: 'transfer', to: own.code, ring, locked: locks() }, own.code); return; }
    const to = receiver(sparse(list));
    if (to < 0) { say(t('brush.no_receiver'), true); return; }
    await act({ kind: 'transfer', from: own.code, to: e().arcs.grids[to].code, ring, locked: locks() }, own.code);
  }
  /** The blocks that are lit change hands; rubbed out, they go to the neighbour that they share most of their border with. */
  async function units(own, list) {
    const codes = layer.lit.map((b) => b.code);
    const found = eraser() ? [...layer.beside(own.code)].map(([code, n]) => [e().indexOf(code), n]).filter(([i]) => i >= 0 && e().arcs.grids[i].properties.parent_code === own.properties.parent_code && !locked(e().arcs.grids[i].code)).sort((a, b) => b[1] - a[1]) : [];
    layer.dark();
    if (!codes.length) { say(t(eraser() ? 'brush.blocks.none_own' : 'brush.blocks.none'), true); return; }
    const under = eraser() ? receiver(sparse(list)) : -1;
    const to = !eraser() ? own.code : e().arcs.grids[under >= 0 ? under : (found[0]?.[0] ?? -1)]?.code;
    if (!to) { say(t('brush.no_receiver'), true); return; }
    await act({ kind: 'assign_units', to, units: codes, locked: locks() }, own.code);
  }
  idle();
  return {
    mode: 'none', strokes: true,
    began(at) {
      if (whole()) { start(at); light(at); return; }
      trace.setStyle({ color: color(), weight: pixels() });
      trace.setLatLngs([at, at]);
    },
    moved(list) { tip.setLatLng(list.at(-1)); if (whole()) light(list.at(-1)); else trace.setLatLngs(list); },
    hovered(at) { tip.setLatLng(at).setRadius(radius()).setStyle({ color: color() }); if (!map.hasLayer(tip)) tip.addTo(map); },
    ended: finish,
    dropped() { trace.setLatLngs([]); layer?.dark(); idle(); },
    selected: idle, changed: idle,
    restyle() { layer?.restyle(); },
    enter(at) { if (!at) return false; if (whole()) { start(at); light(at); } finish([at]); return true; },
    escape() { return false; },
    close() { over = true; layer?.close(); trace.remove(); tip.remove(); },
  };
}
