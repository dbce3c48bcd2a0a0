// What a patrol plan shows on the map beside its routes: points by how they are kept, streets that are closed, the legend.
import { t, zh } from './context.js';
import { h } from './dom.js';
import { postLegend } from './forces.js';
import { hm, minutes, number } from './format.js';
import { layerOn } from './layers.js';
import { legend, marks } from './legend.js';
import { ink, map } from './mapview.js';
import { said } from './patrol-plan.js';
import { dot, glyph } from './shapes.js';

const MODE = { car: 'square', motorcycle: 'triangle', foot: 'circle', off_road: 'diamond', video: 'hexagon' };
const ROUTED = new Set(['must_visit', 'school']);

/** Points of the table, coloured by the plan; `pick(id, lat, lon)` hears clicks. */
export function pointLayer({ pick }) {
  const group = L.layerGroup();
  let features = [];
  let plan = null;
  let halo = null;
  const counts = { must: 0, video: 0 };
  function state(p) {
    if (!plan) return 'open';
    const known = plan.point.get(p.point_id);
    if (!known) return plan.body.unvisited?.some((u) => u.point_id === p.point_id) ? 'left' : plan.units.some((u) => u.stops.some((s) => s.point === p.point_id)) ? 'kept' : 'open';
    return known.left_out ? 'left' : known.over > 1 / 60 || plan.broken.has(p.point_id) ? 'broken' : 'kept';
  }
  function lines(p, how) {
    const known = plan?.point.get(p.point_id);
    const gap = known && Number.isFinite(known.worst_gap_minutes) ? `${t('patrol.gaps.worst')} ${number(known.worst_gap_minutes)} / ${number(known.gap_minutes)} ${t('unit.minutes')}` : '';
    return [`${t(`point.${p.kind}`)} · ${t(`mode.${p.mode}`)} · ${t('dwell')} ${minutes(p.dwell_seconds, 0)}`, gap, how === 'left' ? (known ? said(known, 'reason') : t('point.unvisited')) : how === 'broken' ? t('patrol.broken') : ''].filter(Boolean);
  }
  function draw() {
    group.clearLayers();
    for (const f of features) {
      const p = f.properties;
      const [lon, lat] = f.geometry.coordinates;
      const how = state(p);
      const bad = how === 'left' || how === 'broken';
      const routed = ROUTED.has(p.kind);
      const color = bad ? ink().bad : routed ? ink().accent : ink().muted;
      const full = how === 'kept' || how === 'broken';
      dot(lat, lon, { pane: 'dots', shape: MODE[p.mode] ?? 'circle', radius: bad ? 7 : routed ? 5.2 : 4.4, color: full ? ink().halo : color, fillColor: full ? color : ink().halo, weight: full ? 1.2 : 2 })
        .bindTooltip(() => h('div', null, h('b', null, p.name), lines(p, how).map((line) => h('div', null, line))))
        .on('click', (event) => { L.DomEvent.stopPropagation(event); pick(p.point_id, lat, lon); }).addTo(group);
    }
  }
  return {
    group, counts, draw,
    places(list) { features = list; counts.video = list.filter((f) => f.properties.kind === 'video').length; counts.must = list.length - counts.video; draw(); },
    set(next) { plan = next; draw(); },
    /** Points that crews come to. */
    get visited() { return features.map((f) => f.properties).filter((p) => p.kind !== 'video'); },
    find(id) { const f = features.find((x) => x.properties.point_id === id); return f ? { lon: f.geometry.coordinates[0], lat: f.geometry.coordinates[1] } : plan?.point.get(id) ?? null; },
    /** A ring around the stop that was chosen. */
    ring(lat, lon) { halo?.remove(); halo = Number.isFinite(lat) ? L.circleMarker([lat, lon], { pane: 'pick', radius: 13, color: ink().pick, weight: 3.5, fill: false, interactive: false }).addTo(map) : null; },
  };
}

/** Closed streets: of the plan, and those that the next question will close; `pick(closure, x, y)` hears clicks. */
export function closureLayer({ pick }) {
  const group = L.layerGroup();
  return {
    group,
    set(list) {
      group.clearLayers();
      for (const c of list) {
        const when = c.from ? ` ${hm(c.from)}–${c.to ? hm(c.to) : ''}` : '';
        const words = h('div', null, h('b', null, `${t('patrol.extra.closures')} ${c.name ?? ''}${when}`), (zh ? c.note_zh : c.note_en) ? h('div', null, zh ? c.note_zh : c.note_en) : null);
        const own = c.lines?.length ? c.lines : [c.area ?? c.line].filter(Boolean);
        for (const line of own) L.polyline(line.map(([lon, lat]) => [lat, lon]), { pane: 'dots', color: ink().bad, weight: 6, dashArray: '2 8', opacity: 0.95 }).bindTooltip(words).on('click contextmenu', (event) => { L.DomEvent.stop(event); pick(c, event.originalEvent.clientX, event.originalEvent.clientY); }).addTo(group);
      }
    },
  };
}

export function patrolLegend(plan, counts) {
  const c = ink().accent;
  const modes = Object.entries(MODE).map(([mode, shape]) => [glyph(shape, { fill: 'none', stroke: mode === 'video' ? ink().muted : c, r: 5.4 }), t(`mode.${mode}`)]);
  const states = plan ? [[glyph('circle', { fill: c, stroke: c, r: 5.4 }), t('point.visited')], [glyph('circle', { stroke: ink().bad, r: 5.4, weight: 2.2 }), t('point.unvisited')], ...(plan.points.length ? [[glyph('circle', { fill: ink().bad, stroke: ink().bad, r: 5.4 }), t('patrol.broken')]] : [])] : [];
  legend('points', layerOn('points') ? marks(t('layer.points'), t('points.n', { must: number(counts.must), video: number(counts.video) }), [...modes, ...states]) : null);
  legend('posts', layerOn('posts') ? marks(t('legend.posts'), null, postLegend()) : null);
}
