// Editing shared boundaries on the map: handles, dragging, midpoints, undo and redo.
import { Arcs } from './arcs.js';
import { t } from './context.js';
import { h } from './dom.js';
import { ink, map, theme } from './mapview.js';
import { middleOf } from './rings.js';

const TINTS = { light: ['#4477AA', '#66CCEE', '#228833', '#CCBB44', '#EE6677', '#AA3377'], dark: ['#5b93cc', '#7ad7f5', '#4fb46a', '#d8ca63', '#ef8795', '#c66ba6'] };
/** Pixels of a line in the type of the codes. */
const broad = (line) => [...String(line)].reduce((w, c) => w + (c > '\u2e80' ? 11.5 : 6.8), 0);
const icon = (kind) => L.divIcon({ className: kind, iconSize: null, iconAnchor: kind.startsWith('middle') ? [5, 5] : kind.startsWith('node') ? [9, 9] : [7, 7] });

/**
 * The editor of one topology.
 * `told(state)` runs at each change: {selected, touched, bad, sprang, kept, undo, redo}; `committed()` when a change of lines is
 * complete; `picked(i, latlng)` at a click on a grid, true when a tool took it; `vertex(v, mark)` at a click on a vertex while
 * vertices are only to be picked, `over(v | null)` at the pointer on one.
 */
export function arcEditor(topology, { told, committed = () => {}, picked = () => false, vertex = () => {}, over = () => {} }) {
  const arcs = new Arcs(topology);
  const before = arcs.grids.map((_, i) => arcs.area(i));
  const original = arcs.arcs.map((a) => a.map((p) => [...p]));
  const canvas = L.canvas({ padding: 0.3, pane: 'edit' });
  const group = L.layerGroup().addTo(map);
  const handles = L.layerGroup().addTo(map);
  const labels = L.layerGroup();
  const undo = [];
  const redo = [];
  const timing = [];
  const middles = [];
  let selected = -1;
  let chosen = null;
  let mode = 'vertex';
  let marked = new Set();
  let held = new Set();

  const parents = [...new Set(arcs.grids.map((g) => g.properties.parent_code))];
  const tint = (i) => { const list = TINTS[theme()]; return list[parents.indexOf(arcs.grids[i].properties.parent_code) % list.length]; };
  const look = (i, bad = false) => {
    const on = i === selected || marked.has(i);
    return { color: bad ? '#d6336c' : marked.has(i) ? ink().pick : ink().line, weight: bad ? 3 : on ? 2.6 : 1.1, dashArray: held.has(i) ? '2 5' : null, fillColor: bad ? '#d6336c' : tint(i), fillOpacity: held.has(i) ? 0.04 : on ? 0.42 : 0.16 };
  };
  const polygons = arcs.grids.map((g, i) => L.polygon(arcs.latlngs(i), { renderer: canvas, smoothFactor: 0.4, ...look(i) }).on('click', (e) => { L.DomEvent.stopPropagation(e); if (!picked(i, e.latlng, e.originalEvent)) select(i); }).addTo(group));
  const locks = arcs.arcs.map((a, i) => (arcs.locked[i] && arcs.reasons[i] !== 'view' ? L.polyline(a.map((p) => arcs.degrees(p)), { renderer: canvas, color: ink().strong, weight: 4, opacity: 0.85, interactive: false }).addTo(group) : null));

  /** Codes as long as there is room for, none over another: the chosen grid's first, then those with most room. */
  function label() {
    labels.clearLayers();
    const seen = map.getBounds().pad(0.3);
    const size = map.getSize();
    const taken = [];
    const free = (box) => taken.every((t1) => box[0] > t1[2] || box[2] < t1[0] || box[1] > t1[3] || box[3] < t1[1]);
    const spots = arcs.grids.flatMap((grid, i) => {
      if (!seen.intersects(polygons[i].getBounds())) return [];
      const spot = (middles[i] ??= middleOf(arcs.rings(i)));
      const at = L.latLng(arcs.degrees(spot.at));
      const wide = map.latLngToLayerPoint(L.latLng(arcs.degrees([spot.at[0] + spot.wide / 2, spot.at[1]]))).x - map.latLngToLayerPoint(at).x;
      return [{ i, grid, at, wide: 2 * wide }];
    });
    spots.sort((a, b) => (b.i === selected) - (a.i === selected) || b.wide - a.wide);
    for (const { i, grid, at, wide } of spots) {
      const { x, y } = map.latLngToContainerPoint(at);
      if (x < -60 || y < -30 || x > size.x + 60 || y > size.y + 30) continue;
      const { name } = grid.properties;
      const kinds = [name && [name, grid.code], name && [name, grid.code.slice(-6)], [grid.code], [grid.code.slice(-6)], [grid.code.slice(-3)]].filter(Boolean);
      for (const [k, lines] of kinds.entries()) {
        const text = held.has(i) ? [...lines, t('grid.held')] : lines;
        const w = Math.max(...text.map(broad));
        if (w > wide * (k < kinds.length - 2 ? 1.1 : 1.6) + 8) continue;
        const box = [x - w / 2 - 2, y - text.length * 7 - 1, x + w / 2 + 2, y + text.length * 7 + 1];
        if (!free(box)) continue;
        taken.push(box);
        labels.addLayer(L.marker(at, { icon: L.divIcon({ className: 'gridcode', html: h('div', null, text.flatMap((line, n) => (n ? [h('br'), line] : [line]))), iconSize: [160, text.length * 14], iconAnchor: [80, text.length * 7] }), interactive: false, keyboard: false }));
        break;
      }
    }
  }
  label();
  map.on('moveend', label);

  const redraw = (grids, bad = false) => { for (const g of grids) { middles[g] = undefined; polygons[g].setLatLngs(arcs.latlngs(g)); polygons[g].setStyle(look(g, bad)); } };
  const restyle = () => polygons.forEach((p, i) => p.setStyle(look(i)));
  const differs = (a, b) => a.length !== b.length || a.some((p, k) => p[0] !== b[k][0] || p[1] !== b[k][1]);
  const dirty = () => arcs.arcs.map((a, i) => i).filter((i) => differs(arcs.arcs[i], original[i]));
  const changedGrids = () => { const out = new Set(); for (const a of dirty()) for (const g of arcs.users[a]) out.add(g); return [...out]; };
  const tell = (more = {}) => told({ selected, undo: undo.length, redo: redo.length, bad: false, ...more });

  function select(i) {
    const old = selected;
    selected = i;
    if (old >= 0) polygons[old].setStyle(look(old));
    if (i >= 0) { polygons[i].setStyle(look(i)); polygons[i].bringToFront(); locks.forEach((l) => l?.bringToFront()); }
    drawHandles();
    tell();
  }
  function drawHandles() {
    handles.clearLayers();
    chosen = null;
    if (selected < 0 || mode === 'none') return;
    if (mode === 'pick') { for (const v of arcs.handles(selected)) pickable(v); return; }
    for (const v of arcs.middles(selected)) {
      const mark = L.marker(arcs.degrees(v.p), { icon: icon('middle'), draggable: true, keyboard: false, title: t('edit.mark.middle'), zIndexOffset: -100 }).addTo(handles);
      let started = false;
      drag(mark, () => { if (!started) { started = true; arcs.insert(v.arc, v.k, v.p); } return { arc: v.arc, k: v.k + 1, inserted: true }; });
    }
    for (const v of arcs.handles(selected)) {
      const kind = v.free ? (v.node ? 'node' : 'vertex') : v.node ? 'node locked' : 'vertex locked';
      const title = t(v.free ? (v.node ? 'edit.mark.node' : 'edit.mark.vertex') : 'edit.mark.locked');
      const mark = L.marker(arcs.degrees(v.p), { icon: icon(kind), draggable: v.free, keyboard: v.free, title, alt: title }).addTo(handles);
      mark.vertex = v;
      if (!v.free) continue;
      drag(mark, () => v);
      mark.on('contextmenu', (e) => { L.DomEvent.stop(e); take(v); });
      mark.on('click', () => choose(mark));
      mark.getElement().addEventListener('focus', () => choose(mark));
    }
  }
  /** A vertex that is only to be picked: an end of a piece of an inner line. */
  function pickable(v) {
    const lines = arcs.node(v) ? arcs.ends.get(v.p.join()).map(([a]) => a) : [v.arc];
    const open = lines.filter((a) => !arcs.locked[a] && arcs.users[a].has(selected));
    if (!open.length) return;
    const title = t('edit.mark.pick');
    const mark = L.marker(arcs.degrees(v.p), { icon: icon(v.node ? 'node' : 'vertex'), keyboard: true, title, alt: title }).addTo(handles);
    mark.vertex = { ...v, open };
    mark.on('click', () => { choose(mark); vertex(mark.vertex, mark); });
    mark.on('mouseover', () => over(mark.vertex));
    mark.on('mouseout', () => over(null));
    mark.getElement().addEventListener('focus', () => over(mark.vertex));
  }
  function choose(mark) { chosen?.getElement()?.classList.remove('chosen'); chosen = mark; mark.getElement()?.classList.add('chosen'); }

  function drag(mark, grip) {
    let v;
    let from;
    let bad = false;
    mark.on('dragstart', () => { v = grip(); from = [...arcs.arcs[v.arc][v.k]]; map.dragging.disable(); });
    mark.on('drag', (event) => {
      const began = performance.now();
      const to = arcs.lattice(event.latlng.lat, event.latlng.lng);
      const touched = arcs.move(v, to);
      bad = arcs.broken(touched, [arcs.arcs[v.arc][v.k]]);
      redraw(touched.grids, bad);
      tell({ bad, touched: touched.grids.size });
      timing.push(performance.now() - began);
    });
    mark.on('dragend', () => {
      map.dragging.enable();
      const to = [...arcs.arcs[v.arc][v.k]];
      const failed = bad;
      if (bad) {
        redraw(arcs.move(v, from).grids);
        if (v.inserted) redraw(arcs.remove(v.arc, v.k).grids);
      } else remember(v.inserted ? { kind: 'insert', arc: v.arc, k: v.k, p: to } : { kind: 'move', arc: v.arc, k: v.k, from, to });
      drawHandles();
      tell({ sprang: failed });
      bad = false;
      if (!failed) committed();
    });
  }
  function remember(step) { undo.push(step); redo.length = 0; }
  function take(v) {
    const p = [...arcs.arcs[v.arc][v.k]];
    const [a, b] = [arcs.arcs[v.arc][v.k - 1], arcs.arcs[v.arc][v.k + 1]];
    const touched = arcs.remove(v.arc, v.k);
    if (!touched) { tell({ kept: true }); return; }
    if (arcs.broken(touched, [a, b])) { arcs.insert(v.arc, v.k - 1, p); tell({ sprang: true }); return; }
    redraw(touched.grids);
    remember({ kind: 'remove', arc: v.arc, k: v.k, p });
    drawHandles();
    tell();
    committed();
  }
  const doing = {
    move: (s, back) => arcs.move(s, back ? s.from : s.to),
    insert: (s, back) => (back ? arcs.remove(s.arc, s.k) : arcs.insert(s.arc, s.k - 1, s.p)),
    remove: (s, back) => (back ? arcs.insert(s.arc, s.k - 1, s.p) : arcs.remove(s.arc, s.k)),
  };
  function step(from, to, back) {
    const s = from.pop();
    if (!s) return false;
    to.push(s);
    redraw(doing[s.kind](s, back).grids);
    drawHandles();
    tell();
    return true;
  }
  /** Move the chosen vertex by pixels, for those who use keys. */
  function nudge(dx, dy) {
    if (!chosen?.vertex) return false;
    const v = chosen.vertex;
    const from = [...arcs.arcs[v.arc][v.k]];
    const at = map.unproject(map.project(arcs.degrees(from)).add([dx, dy]));
    const to = arcs.lattice(at.lat, at.lng);
    const touched = arcs.move(v, to);
    if (arcs.broken(touched, [arcs.arcs[v.arc][v.k]])) { redraw(arcs.move(v, from).grids); tell({ sprang: true }); return true; }
    redraw(touched.grids);
    remember({ kind: 'move', arc: v.arc, k: v.k, from, to });
    const index = handles.getLayers().indexOf(chosen);
    drawHandles();
    const again = handles.getLayers()[index];
    if (again?.vertex) { again.getElement().focus(); choose(again); }
    tell({ touched: touched.grids.size });
    committed();
    return true;
  }
  /** The grid next to the selected one in a direction. */
  function neighbour(dx, dy) {
    const here = selected < 0 ? map.getCenter() : polygons[selected].getBounds().getCenter();
    const p0 = map.latLngToLayerPoint(here);
    let best = -1;
    let least = Infinity;
    polygons.forEach((polygon, i) => {
      if (i === selected) return;
      const p = map.latLngToLayerPoint(polygon.getBounds().getCenter()).subtract(p0);
      const along = p.x * dx + p.y * dy;
      const cost = along <= 0 ? Infinity : Math.hypot(p.x, p.y) + 2 * Math.abs(p.x * dy - p.y * dx);
      if (selected < 0 ? Math.hypot(p.x, p.y) < least : cost < least) { least = selected < 0 ? Math.hypot(p.x, p.y) : cost; best = i; }
    });
    if (best >= 0) { select(best); map.panInside(polygons[best].getBounds().getCenter(), { padding: [80, 80] }); }
    return best >= 0;
  }
  /**
   * Lay kept changes over this version; returns how many fitted. Where somebody else moved the same line, what she moved is
   * hers and the rest of it as it is now.
   */
  function lay(kept) {
    const index = new Map(original.map((a, i) => [a.join(';'), i]));
    const list = kept.map(({ base, coords, sides }) => {
      const i = index.get(base.join(';')) ?? -1;
      if (i >= 0) return [i, coords];
      const back = index.get([...base].reverse().join(';')) ?? -1;
      return back >= 0 ? [back, [...coords].reverse()] : merged(base, coords, sides);
    }).filter((x) => x && !arcs.locked[x[0]]);
    const ends = (i) => [original[i][0].join(), original[i][original[i].length - 1].join()];
    let fits = list;
    for (;;) { // a corner moves only when all its lines agree where to
      const now = new Map(fits);
      const place = new Map();
      for (const i of original.keys()) {
        const line = now.get(i) ?? original[i];
        ends(i).forEach((k, e) => { const p = line[e ? line.length - 1 : 0].join(); place.set(k, place.has(k) && place.get(k) !== p ? null : p); });
      }
      const agreed = fits.filter(([i]) => ends(i).every((k) => place.get(k) !== null));
      if (agreed.length === fits.length) break;
      fits = agreed;
    }
    const touched = arcs.replace(fits);
    redraw(touched.grids);
    drawHandles();
    tell();
    return fits.length;
  }
  const sidesOf = (i) => [...arcs.users[i]].map((g) => arcs.grids[g].code).sort().join();
  /** The line between the same grids that lies nearest to where hers began, with her moves in it; null where there is none. */
  function merged(base, coords, sides) {
    const far = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]);
    let best = null;
    for (const i of original.keys()) {
      if (!sides || sidesOf(i) !== sides) continue;
      for (const turn of [false, true]) {
        const theirs = turn ? [...original[i]].reverse() : original[i];
        const away = far(theirs[0], base[0]) + far(theirs.at(-1), base.at(-1));
        if (!best || away < best.away) best = { i, turn, theirs, away };
      }
    }
    if (!best) return null;
    const same = (p, q) => p[0] === q[0] && p[1] === q[1];
    const { i, turn, theirs } = best;
    const equal = coords.length === base.length && theirs.length === base.length;
    const line = equal ? coords.map((p, k) => (same(p, base[k]) ? theirs[k] : p)) : coords.map((p, k) => (k === 0 && same(p, base[0]) ? theirs[0] : k === coords.length - 1 && same(p, base.at(-1)) ? theirs.at(-1) : p));
    return [i, turn ? [...line].reverse() : line];
  }
  return {
    arcs, timing, select, nudge, neighbour, labels, polygons, lay,
    undo: () => step(undo, redo, true),
    redo: () => step(redo, undo, false),
    removeChosen: () => { if (mode !== 'vertex' || !chosen?.vertex) return false; take(chosen.vertex); return true; },
    /** 'vertex' to drag, 'pick' to choose vertices, 'none'. */
    mode(next) { if (next !== mode) { mode = next; drawHandles(); } },
    /** Grids to show as taken together. */
    mark(grids) { marked = new Set(grids); restyle(); },
    /** Codes of grids that must not change. */
    hold(codes) { if (!codes.size && !held.size) return; arcs.hold(codes); held = new Set(arcs.grids.flatMap((g, i) => (codes.has(g.code) ? [i] : []))); restyle(); label(); drawHandles(); },
    get hasVertex() { return Boolean(mode === 'vertex' && chosen?.vertex && document.activeElement === chosen.getElement()); },
    get selected() { return selected; },
    /** How many steps can be taken back, and done again. */
    get steps() { return [undo.length, redo.length]; },
    dirty, before,
    /** Arcs to save, on the lattice. */
    changes: () => dirty().map((i) => ({ id: arcs.ids[i], coords: arcs.arcs[i].map((p) => [...p]) })),
    /** Changed arcs with what they were, to lay over another version. */
    kept: () => dirty().map((i) => ({ base: original[i], coords: arcs.arcs[i], sides: sidesOf(i) })),
    /** What was sent is now the start of what comes next. */
    settle() { for (const i of dirty()) original[i] = arcs.arcs[i].map((p) => [...p]); undo.length = redo.length = 0; },
    /** Before and after of each changed grid. */
    areas: () => changedGrids().map((i) => ({ i, code: arcs.grids[i].code, name: arcs.grids[i].properties.name, before: before[i], after: arcs.area(i) })),
    indexOf: (code) => arcs.grids.findIndex((g) => g.code === code),
    at: (latlng) => arcs.at(arcs.lattice(latlng.lat, latlng.lng)),
    restyle() { restyle(); locks.forEach((l) => l?.setStyle({ color: ink().strong })); },
    close() { map.off('moveend', label); for (const layer of [group, handles, labels]) layer.remove(); canvas.remove(); },
  };
}
