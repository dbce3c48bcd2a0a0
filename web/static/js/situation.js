// 态势: the present shift. The last day of calls, units and the age of their positions, posts manned, the open plan.
import { get, items, listen, onConnection, trying } from './api.js';
import { now } from './clock.js';
import { context, familyName, familyStyle, t, zh } from './context.js';
import { $, $$, card, figure, fill, h, meta, tiles } from './dom.js';
import { asked, count as counted, filter } from './figures.js';
import { postLayer, postLegend, toggleGroup, unitGlyph, unitLayer, unitLegend } from './forces.js';
import { age, chance, freshness, hm, interval, local, number, percent, span, stamp } from './format.js';
import { gridTiles } from './gridtiles.js';
import { count, layerOn, startLayers } from './layers.js';
import { legend, marks } from './legend.js';
import { locate, startLocate } from './locate.js';
import { ink, map, onTheme, show, startMap, themeChanged } from './mapview.js';
import { dot, glyph } from './shapes.js';
import { paintFamilies, startFamilies, startShell } from './shell.js';
import { timebar } from './timebar.js';
import { keep, read } from './url.js';

startMap();
startShell({ choose: (r) => { if (show(r)) locate(r.lat, r.lon); }, themeChanged });
startLocate();

const calls = L.layerGroup();
const grids = gridTiles();
const units = unitLayer({ pick: (u) => locate(u.lat, u.lon) });
const posts = postLayer({ pick: (f) => locate(f.geometry.coordinates[1], f.geometry.coordinates[0]) });
let day = [];
let situation;
let families = read('families') ? read('families').split(',') : null;
let hour = null;
let start = 0;

const hourOf = (f) => Math.floor((Date.parse(f.properties.occurred_at) - start) / 3600000);
const wanted = (family) => !families || families.includes(family);
const tip = (p) => h('div', null, h('b', null, familyName(p.family)), h('div', null, `${stamp(p.occurred_at)}${p.priority ? ` · ${t('call.priority', { n: p.priority })}` : ''}`), p.address && h('div', null, p.address));

function drawCalls() {
  calls.clearLayers();
  let shown = 0;
  const newest = day.length ? Date.parse(situation?.now ?? context.now) : 0;
  for (const f of day) {
    const p = f.properties;
    if (!f.geometry || !wanted(p.family) || (hour !== null && hourOf(f) !== hour)) continue;
    shown += 1;
    const style = familyStyle(p.family);
    const recent = hour !== null || newest - Date.parse(p.occurred_at) < 4 * 3600000;
    dot(f.geometry.coordinates[1], f.geometry.coordinates[0], { pane: 'dots', shape: style.shape, radius: recent ? 7 : 5.6, fillColor: style.color, color: ink().halo, weight: 1.2, fillOpacity: recent ? 1 : 0.75, opacity: recent ? 1 : 0.7 })
      .bindTooltip(() => tip(p)).on('click', (event) => { L.DomEvent.stopPropagation(event); locate(f.geometry.coordinates[1], f.geometry.coordinates[0]); }).addTo(calls);
  }
  count('calls', number(shown));
}
function drawList() {
  const list = (situation?.recent ?? []).filter((c) => wanted(c.family)).slice(0, 30);
  fill($('#recent'), list.map((c) => {
    const s = familyStyle(c.family);
    return h('li', null, h('button', { type: 'button', on: { click: () => { map.flyTo([c.lat, c.lon], Math.max(map.getZoom(), 15), { duration: 0.6 }); locate(c.lat, c.lon); } } },
      h('time', { datetime: c.occurred_at }, hm(c.occurred_at)), h('i.glyph', null, glyph(s.shape, { fill: s.color, stroke: 'none' })),
      h('span.what', null, familyName(c.family), c.address ? h('small', null, ` ${c.address}`) : null), h('span.when', null, c.priority ? t('call.priority', { n: c.priority }) : '')));
  }));
}
function counts() {
  for (const f of context.families) { const out = $(`[data-family-count="${CSS.escape(f.id)}"]`); if (out) out.textContent = number(day.filter((c) => c.properties.family === f.id).length); }
  for (const state of Object.keys(context.legends.units)) { const out = $(`[data-state-count="${state}"]`); if (out) out.textContent = number([...units.held.values()].filter((u) => u.state === state).length); }
  count('units', number(units.held.size));
}

function callsCard(s) {
  const c = s.calls;
  // The last 24 hours hold their end and not their beginning; a filter the other way round.
  const later = (at) => new Date(Date.parse(at) + 1).toISOString();
  const behind = (parts) => () => filter('', { from: later(c.start), to: later(c.end), basis: 'valid', ...parts });
  const holes = [c.n_unplaced ? asked(t('calls.unplaced.within', { n: number(c.n_unplaced) }), 'now.unplaced', behind({ only: 'unplaced' })) : '', Number.isFinite(c.missing_arrival_share) ? counted(c.missing_arrival_share, t('calls.no_arrival', { share: percent(c.missing_arrival_share) }), 'now.no_arrival', behind({ only: 'no_arrival' })) : ''];
  const dots = (...parts) => h('p.meta', null, parts.flat().filter(Boolean).flatMap((part, i) => (i ? [' · ', part] : [part])));
  return card(t('calls.valid'), { aside: s.shift ? `${s.shift.name} ${hm(s.shift.start)}–${hm(s.shift.end)}` : null, kind: 'key' },
    figure(counted(c.n_valid, number(c.n_valid), 'now.valid', behind({})), t('unit.calls'), interval(c.interval)),
    dots(span(c.start, c.end), t('as_of', { at: hm(s.as_of) }), c.n_hour_left_out ? t('heat.hour_left_out', { n: number(c.n_hour_left_out) }) : '', holes),
    dots(counted(c.n_received, t('calls.received', { n: number(c.n_received) }), 'now.received', behind({ basis: 'received' })), c.week_ago && counted(c.week_ago.n, t('calls.week_ago', { n: number(c.week_ago.n), change: change(c.n_valid, c.week_ago.n) }), 'now.week_ago', behind({ from: later(c.week_ago.start), to: later(c.week_ago.end) })), c.week_ago && chance(c.n_valid, c.week_ago.n)));
}
const change = (n, before) => (before ? `${n >= before ? '+' : '−'}${number(Math.abs((n / before - 1) * 100))}%` : '–');

const unitRows = (list) => ({ list, columns: [[t('figure.id'), (u) => u.unit_id], [t('unit.groups'), (u) => u.name], [t('figure.state'), (u) => t(`unit.${u.state}`)], [t('figure.seen'), (u) => (Number.isFinite(u.age_seconds) ? age(u.age_seconds) : '–'), 'n']] });
function unitsCard() {
  const all = [...units.held.values()];
  const by = (state) => number(all.filter((u) => u.state === state).length);
  const lost = all.filter((u) => freshness(u.age_seconds) === 'lost').length;
  const ages = all.map((u) => u.age_seconds).filter((a) => Number.isFinite(a)).sort((a, b) => a - b);
  return card(t('units.title'), { aside: t('as_of', { at: hm(now()) }), id: 'units-card' },
    figure(asked(number(all.length), 'now.units', () => unitRows(all)), t('unit.groups')),
    tiles(['standby', 'patrol', 'on_call', 'returning'].map((state) => [asked(by(state), 'now.units', () => unitRows(all.filter((u) => u.state === state))), t(`unit.${state}`)]), 'four'),
    meta(ages.length ? t('units.ages', { median: age(ages[Math.floor(ages.length / 2)]), oldest: age(ages[ages.length - 1]) }) : '', t('units.lost', { n: number(lost) })));
}
function postsCard(s) {
  return card(t('posts.manned'), { aside: t('as_of', { at: hm(s.as_of) }) }, figure(asked(`${number(s.posts.manned)} / ${number(posts.features.length || s.posts.n)}`, 'now.posts', () => ({ list: posts.features, columns: [[t('figure.id'), (f) => f.properties.post_id], [t('unit.places'), (f) => f.properties.name ?? '–']] })), t('unit.places')), meta(t('posts.manned.note')));
}
function planCard(s) {
  if (!s.plan) return card(t('plan.open'), {}, h('p.meta', null, t('plan.none')), h('div.details', null, h('a.button', { href: `/patrol${location.search}` }, t('plan.make'))));
  const p = s.plan;
  return card(t('plan.open'), { id: 'plan-card', aside: p.issued ? t('plan.issued', { at: stamp(p.issued) }) : t('plan.not_issued') }, h('p.claim', null, h('a', { href: `/patrol${location.search}` }, h('b', null, (!zh && p.title_en) || p.title))),
    h('p.claim', null, t('plan.this'), asked(h('b', null, t('plan.groups', { n: number(p.units) })), 'now.plan'), t('semi'), t('plan.lower'), h('b', null, Number.isFinite(p.lower_bound) ? t('plan.groups', { n: number(p.lower_bound) }) : t('plan.no_bound')),
      Number.isFinite(p.worst_gap_minutes) ? [t('semi'), t('plan.worst', { m: number(p.worst_gap_minutes), point: p.worst_gap_point ?? '–' })] : ''),
    h('p.meta', null, h(p.proved ? 'span.tag.good' : 'span.tag', null, t(p.proved ? 'plan.proved' : 'plan.not_proved')), p.unvisited ? ` ${t('plan.left_out', { n: number(p.unvisited) })}` : ''));
}
function panel() {
  fill($('#panel'), callsCard(situation), unitsCard(), postsCard(situation), planCard(situation),
    card(t('calls.recent'), { aside: t('calls.recent.note') }, h('ul.list', { id: 'recent' })));
  drawList();
}
const time = timebar({ start: read('hour') === '' ? null : Number(read('hour')), change: (at) => { hour = at; keep('hour', at); drawCalls(); } });
function drawTime() {
  const c = situation.calls;
  start = Date.parse(c.start);
  const first = local(c.start).getUTCHours();
  const bins = c.by_hour.map((value, i) => ({ value, label: t('hour.span', { from: hm(start + i * 3600000), to: hm(start + (i + 1) * 3600000) }), note: t('n.calls', { n: number(value) }) }));
  time.set(bins, { marks: bins.map((_, i) => [i, `${String((first + i) % 24).padStart(2, '0')}`]).filter((_, i) => i % 3 === 0), total: { label: `${t('time.day')} · ${t('n.calls', { n: number(c.n_valid) })}`, note: span(c.start, c.end) } });
}

const redrawLegend = () => {
  legend('forces', marks(t('legend.forces'), t('legend.forces.note'), [...unitLegend(), ...(layerOn('posts') ? postLegend() : [])]));
  for (const node of $$('[data-unit]')) fill(node, unitGlyph(node.dataset.unit));
};
startFamilies(glyph, (ids) => { families = ids; keep('families', ids ? ids.join(',') || '-' : ''); drawCalls(); drawList(); }, families);
$$('input[name="state"]').forEach((box) => box.addEventListener('change', () => units.allow(new Set($$('input[name="state"]:checked').map((b) => b.value)))));
startLayers((id, on) => {
  if (id === 'grids') grids.show(on);
  else toggleGroup({ calls, units: units.group, posts: posts.group }[id], on);
  if (id === 'posts') { redrawLegend(); if (on && situation) { drawCalls(); units.raise(); } }
});
redrawLegend();
onTheme(() => { drawCalls(); units.raise(); paintFamilies(glyph); redrawLegend(); if (situation) panel(); });

/** Everything that grows old, in one go: figures, units, and the calls of the same 24 hours. */
async function refresh() {
  const next = await get('/api/situation');
  const c = next.calls;
  situation = next;
  units.set(next.units);
  drawTime();
  panel();
  const found = await items('calls', `datetime=${encodeURIComponent(`${c.start}/${c.end}`)}`);
  // A call without a place is counted in the card and never drawn: it happened nowhere on this map.
  day = found.features.filter((f) => f.properties.valid && f.properties.placed && f.geometry);
  drawCalls();
  units.raise();
  counts();
}
const quietly = () => refresh().catch(() => {}); // the banner of the shell says it when the server is gone
await trying(async () => {
  const [places] = await Promise.all([items('posts'), refresh()]);
  posts.set(places.features);
  count('posts', number(posts.features.length));
  drawCalls();
  units.raise();
  panel();
});
listen('units', (moved) => { units.move(moved); counts(); $('#units-card')?.replaceWith(unitsCard()); });
onConnection((alive) => { if (alive) quietly(); });
setInterval(quietly, 60000);
const [lat, lon] = read('at').split(',').map(Number);
if (read('at') && Number.isFinite(lat) && Number.isFinite(lon)) { show({ lat, lon, title: t('place.title') }); locate(lat, lon); }
document.documentElement.dataset.ready = '1';
