// Units and posts on the map: a unit's shape is its state, its fill the age of its last position.
import { context, t } from './context.js';
import { h } from './dom.js';
import { age, freshness, hm } from './format.js';
import { ink, map, onTheme } from './mapview.js';
import { dot, glyph } from './shapes.js';

const LOOK = { fresh: {}, old: { hollow: true }, lost: { hollow: true, dash: '3 3' } };

export function unitLook(state, seconds, color = ink().unit) {
  const look = LOOK[freshness(seconds)];
  return { shape: context.legends.units[state] ?? 'circle', color: look.hollow ? color : ink().halo, fillColor: look.hollow ? ink().halo : color, dashArray: look.dash ?? null, weight: look.hollow ? 2.4 : 1.5 };
}
export function unitGlyph(state, seconds = 0, color = ink().unit) {
  const look = LOOK[freshness(seconds)];
  return glyph(context.legends.units[state] ?? 'circle', { fill: look.hollow ? 'none' : color, stroke: color, dash: look.dash && '2 2', weight: look.hollow ? 2 : 1 });
}
export const postGlyph = (kind, manned = true) => glyph(context.legends.posts[kind] ?? 'pentagon', { fill: manned ? ink().post : 'none', stroke: ink().post, weight: 1.8, r: 7 });

const tip = (name, ...lines) => h('div', null, h('b', null, name), lines.filter(Boolean).map((line) => h('div', null, line)));

/** The layer of units; `set` replaces all, `move` changes those that moved. */
export function unitLayer({ pick } = {}) {
  const group = L.layerGroup();
  const marks = new Map();
  const held = new Map();
  let allowed = null;
  let chosen = null;
  const visible = (u) => Number.isFinite(u.lon) && Number.isFinite(u.lat) && (!allowed || allowed.has(u.state));
  function draw(u) {
    const old = marks.get(u.unit_id);
    if (!visible(u)) { if (old) { group.removeLayer(old); marks.delete(u.unit_id); } return; }
    const options = { ...unitLook(u.state, u.age_seconds), radius: u.unit_id === chosen ? 12 : 9, pane: 'dots' };
    if (old) { old.setLatLng([u.lat, u.lon]); Object.assign(old.options, options); old.setRadius(options.radius); old.setStyle(options); return; }
    const mark = dot(u.lat, u.lon, options).bindTooltip(() => { const now = held.get(u.unit_id); return tip(now.name, `${t(`unit.${now.state}`)} · ${t(`kind.${now.kind}`)}`, `${t('unit.seen')} ${age(now.age_seconds)}${now.seen_at ? ` (${hm(now.seen_at)})` : ''}`); });
    mark.on('click', (event) => { L.DomEvent.stopPropagation(event); pick?.(held.get(u.unit_id)); });
    marks.set(u.unit_id, mark);
    group.addLayer(mark);
  }
  const raise = () => { if (group._map) marks.forEach((mark) => mark.bringToFront()); };
  const all = () => { held.forEach(draw); raise(); };
  onTheme(all);
  return {
    group, held, raise,
    set(units) { held.clear(); for (const u of units) held.set(u.unit_id, u); for (const [id, mark] of marks) if (!held.has(id)) { group.removeLayer(mark); marks.delete(id); } all(); },
    move(units) { for (const u of units) { const old = held.get(u.unit_id); const next = { ...old, ...u, name: old?.name ?? u.unit_id }; held.set(u.unit_id, next); draw(next); } },
    allow(states) { allowed = states; all(); },
    choose(id) { const before = chosen; chosen = id; [before, id].forEach((x) => held.has(x) && draw(held.get(x))); },
  };
}

/** The layer of posts from the collection's features. */
export function postLayer({ pick } = {}) {
  const group = L.layerGroup();
  let posts = [];
  let special = new Map();
  function draw() {
    group.clearLayers();
    for (const f of posts) {
      const p = f.properties;
      const [lon, lat] = f.geometry.coordinates;
      const own = special.get(p.post_id);
      const faint = (special.size && !own) || p.state === 'candidate';
      const color = own?.color ?? (faint ? ink().muted : ink().post);
      const manned = own ? true : (p.units ?? 0) > 0;
      dot(lat, lon, { pane: 'dots', shape: context.legends.posts[p.kind] ?? 'pentagon', radius: own ? 10 : faint ? 5.2 : (p.kind === 'station' ? 8.5 : 7) - (manned ? 0 : 1.4), color: manned ? ink().halo : color, fillColor: manned ? color : ink().halo, weight: manned ? 1.5 : 2, fillOpacity: faint && !manned ? 0.6 : 1 })
        .bindTooltip(tip(p.name, `${t(`post.kind.${p.kind}`)} · ${t(`post.${p.state}`)}`, p.units === null || p.units === undefined ? '' : t('post.units', { n: p.units }), own?.note))
        .on('click', (event) => { L.DomEvent.stopPropagation(event); pick?.(f); }).addTo(group);
    }
  }
  onTheme(draw);
  return { group, set(features, candidates = false) { posts = candidates ? features : features.filter((f) => f.properties.state === 'fixed'); draw(); }, mark(marks) { special = marks; draw(); }, get features() { return posts; } };
}

export const toggleGroup = (group, on) => { if (on) group.addTo(map); else group.remove(); };

export function unitLegend() {
  const states = document.documentElement.hasAttribute('data-wall') ? Object.keys(context.legends.units).map((s) => [unitGlyph(s), t(`unit.${s}`)]) : [];
  return [...states, [unitGlyph('standby', 0), t('age.fresh')], [unitGlyph('standby', 400), t('age.old')], [unitGlyph('standby', null), t('age.lost')]];
}
export const postLegend = () => Object.keys(context.legends.posts).map((kind) => [postGlyph(kind), t(`post.kind.${kind}`)]).concat([[postGlyph('street_post', false), t('post.unmanned')]]);
export const candidateGlyph = () => glyph('pentagon', { fill: 'none', stroke: ink().muted, weight: 2, r: 4.6 });
