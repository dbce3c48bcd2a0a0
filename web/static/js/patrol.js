// 巡逻规划: routes of a shift over the must-visit points, on streets, played by a clock; a sheet for each crew.
import { get, items, trying } from './api.js';
import { now } from './clock.js';
import { context, t, zh } from './context.js';
import { $, $$, card, fill, h, meta, table, tiles, toast } from './dom.js';
import { postLayer, postLegend, toggleGroup } from './forces.js';
import { day, hm, local, metres, minutes, number, seconds, stamp } from './format.js';
import { gridTiles } from './gridtiles.js';
import { keptPlans, proof, resume, solve } from './jobs.js';
import { key } from './keys.js';
import { count, layerOn, startLayers } from './layers.js';
import { legend, marks } from './legend.js';
import { locate, startLocate } from './locate.js';
import { ink, map, onTheme, show, startMap, themeChanged } from './mapview.js';
import { routeColor, routeLayer } from './routes.js';
import { dot, glyph } from './shapes.js';
import { startShell } from './shell.js';
import { keep, read } from './url.js';
import { shiftBar } from './shiftbar.js';

startMap();
startShell({ choose: (r) => { if (show(r)) locate(r.lat, r.lon); }, themeChanged });
startLocate();

const form = $('#solve');
const [job, planBox, sheet, kept, intro] = [h('div'), h('div'), h('div'), h('div'), h('div')];
const print = h('div.printout', { id: 'crew-sheet' });
const grids = gridTiles();
const points = L.layerGroup();
const posts = postLayer();
const routes = routeLayer({ pick: (route) => choose(route.unit_id) });
let places = [];
let units = [];
let plan = null;
let chosen = null;

const bar = shiftBar((second) => { routes.at(second); markStops(second); });
const MODE = { car: 'square', motorcycle: 'triangle', foot: 'circle', video: 'hexagon' };
const mustVisit = () => places.filter((f) => f.properties.kind !== 'video');
const visited = () => new Set((plan?.routes ?? []).flatMap((r) => r.stops.map((s) => s.point_id)));

function drawPoints() {
  points.clearLayers();
  const seen = visited();
  const missed = new Map((plan?.unvisited ?? []).map((u) => [u.point_id, u.why]));
  for (const f of places) {
    const p = f.properties;
    const [lon, lat] = f.geometry.coordinates;
    const missing = missed.has(p.point_id);
    const routed = p.kind === 'must_visit';
    const color = missing ? ink().bad : routed ? ink().accent : ink().muted;
    const full = seen.has(p.point_id);
    dot(lat, lon, { pane: 'dots', shape: MODE[p.mode] ?? 'circle', radius: missing ? 7 : routed ? 5.2 : 4.4, color: full ? ink().halo : color, fillColor: full ? color : ink().halo, weight: full ? 1.2 : 2 })
      .bindTooltip(h('div', null, h('b', null, p.name), h('div', null, `${t(`point.${p.kind}`)} · ${t(`mode.${p.mode}`)} · ${t('dwell')} ${minutes(p.dwell_seconds, 0)}`), missing ? h('div', null, missed.get(p.point_id)) : null))
      .on('click', (e) => { L.DomEvent.stopPropagation(e); const r = plan?.routes.find((x) => x.stops.some((s) => s.point_id === p.point_id)); if (r) choose(r.unit_id); else locate(lat, lon); }).addTo(points);
  }
}
function drawLegend() {
  const c = ink().accent;
  legend('points', layerOn('points') ? marks(t('layer.points'), t('points.n', { must: number(mustVisit().length), video: number(places.length - mustVisit().length) }), [...Object.entries(MODE).map(([mode, shape]) => [glyph(shape, { fill: 'none', stroke: mode === 'video' ? ink().muted : c, r: 5.4 }), t(`mode.${mode}`)]), ...(plan ? [[glyph('circle', { fill: c, stroke: c, r: 5.4 }), t('point.visited')], [glyph('circle', { stroke: ink().bad, r: 5.4, weight: 2.2 }), t('point.unvisited')]] : [])]) : null);
  legend('posts', layerOn('posts') ? marks(t('legend.posts'), null, postLegend()) : null);
}

function unitList() {
  const shift = form.elements.shift.value;
  const mine = units.filter((u) => u.properties.shift_id === shift);
  const list = mine.length ? mine : units;
  fill($('#unit-list'), list.map((u) => h('label.row', null, h('input', { type: 'checkbox', name: 'unit', value: u.properties.unit_id, checked: true }), h('span', null, u.properties.name), h('output', null, t(`kind.${u.properties.kind}`)))));
  $$('input[name="unit"]').forEach((b) => { b.checked = true; });
  countUnits();
}
/** The shift of the present hour comes first. */
function setShift() {
  const at = local(now()).getUTCHours() * 60 + local(now()).getUTCMinutes();
  const present = context.shifts.find((s) => (at - s.start_minute + 1440) % 1440 < s.length_minutes);
  if (present) form.elements.shift.value = present.id;
}
const countUnits = () => { const all = $$('input[name="unit"]'); $('#unit-count').textContent = `${all.filter((b) => b.checked).length} / ${all.length}`; };

function planCard() {
  const gap = Number.isFinite(plan.worst_gap_minutes) ? t('plan.worst', { m: number(plan.worst_gap_minutes), point: plan.worst_gap_point ?? '–' }) : null;
  const s = plan.shift ?? {};
  return [card((zh ? plan.title : plan.title_en) ?? plan.title, { kind: 'key', id: 'plan', aside: s.start ? `${stamp(s.start)} – ${hm(s.end)}` : null },
    h('p.claim', null, t('plan.this'), h('b', null, t('plan.groups', { n: number(plan.units_used) })), t('semi'), t('plan.lower'), h('b', null, Number.isFinite(plan.lower_bound_units) ? t('plan.groups', { n: number(plan.lower_bound_units) }) : t('plan.no_bound')), gap ? [t('semi'), h('b', null, gap)] : ''),
    tiles([[number(visited().size), t('patrol.visited')], [number(plan.unvisited.length), t('patrol.unvisited')], [metres(plan.routes.reduce((sum, r) => sum + (r.metres ?? 0), 0)), t('patrol.metres')]]),
    proof(plan, objectiveWords(plan.objective), Number.isFinite(plan.bound) ? objectiveWords(plan.bound) : null)[1],
    meta(t('patrol.objective', { value: objectiveWords(plan.objective), bound: Number.isFinite(plan.bound) ? objectiveWords(plan.bound) : t('plan.no_bound') }))),
  plan.unvisited.length ? card(t('patrol.unvisited.title'), { kind: 'alarm', aside: number(plan.unvisited.length) }, h('ul.list', null, plan.unvisited.slice(0, 40).map((u) => h('li', null, h('button', { type: 'button', on: { click: () => goPoint(u.point_id) } }, h('span'), h('span'), h('span.what', null, u.name, h('small', null, ` ${(zh ? u.why : u.why_en) ?? u.why ?? ''}`)), h('span')))))) : null,
  card(t('patrol.crews'), { aside: t('patrol.crews.note') }, table([
    [t('patrol.crew'), (r) => [h('span.swatch', { style: { background: routeColor(plan.routes.indexOf(r)) } }), r.name]], [t('patrol.stops'), (r) => number(r.stops.length), 'n'], [t('patrol.length'), (r) => metres(r.metres), 'n'], [t('patrol.span'), (r) => `${hm(r.start)}–${hm(r.end)}`, 'n'],
  ], plan.routes, { pick: (r) => choose(r.unit_id), key: (r) => r.unit_id, label: t('patrol.crews') }))];
}
/** The solver minimises travel time; its objective is in seconds. */
const objectiveWords = (value) => seconds(value);
function goPoint(id) { const f = places.find((x) => x.properties.point_id === id); if (f) { const [lon, lat] = f.geometry.coordinates; map.flyTo([lat, lon], 16, { duration: 0.6 }); locate(lat, lon); } }

/** A crew that comes before its time waits; the dwell itself begins later. */
const begins = (s) => Date.parse(s.depart) - s.dwell_seconds * 1000;
const waits = (s) => { const idle = (begins(s) - Date.parse(s.arrive)) / 1000; return idle < 60 ? '' : `${t('patrol.waits', { at: hm(s.arrive), time: seconds(idle) })} · `; };
function stopList(route) {
  return h('ol.stops', null, route.stops.map((s, i) => h('li', { 'data-arrive': s.arrive }, h('i', null, String(i + 1)), h('div', null, s.name), h('div.n', null, `${hm(begins(s))}–${hm(s.depart)}`), h('small', null, `${waits(s)}${t('dwell')} ${minutes(s.dwell_seconds, 0)}${s.why ? ` · ${(zh ? s.why : s.why_en) ?? s.why}` : ''}`))));
}
function sheetCard(route) {
  return card(`${route.name} · ${t('patrol.sheet')}`, { kind: 'key', id: 'sheet-card', aside: h('button.closer', { type: 'button', 'aria-label': t('close'), on: { click: () => choose(null) } }, '×') },
    meta(`${hm(route.start)}–${hm(route.end)}`, t(`kind.${route.kind}`), metres(route.metres), t('patrol.stops.n', { n: number(route.stops.length) })), stopList(route),
    h('div.details', null, h('button', { type: 'button', 'aria-keyshortcuts': 'Control+P', on: { click: printSheet } }, t('patrol.print'), ' ', h('kbd', null, 'Ctrl P'))));
}
function printSheet() {
  const route = plan?.routes.find((r) => r.unit_id === chosen);
  if (!route) return false;
  fill(print, h('h1', null, `${t('patrol.sheet')}  ${route.name}`), h('p', null, `${context.title} · ${day(route.start)} ${hm(route.start)}–${hm(route.end)} · ${t(`kind.${route.kind}`)} · ${metres(route.metres)}`), stopList(route), h('p.meta', null, `${t('patrol.streets')} ${(route.streets ?? []).join(' → ')}`), h('p.meta', null, `${zh ? context.synthetic_note_zh : context.synthetic_note_en} ${t('printed', { at: `${day(now())} ${hm(now())}` })}`));
  print.classList.add('on');
  document.body.classList.add('sheet-only');
  window.print();
  print.classList.remove('on');
  document.body.classList.remove('sheet-only');
  return true;
}
function choose(id) {
  chosen = id;
  keep('unit', id ?? '');
  const route = plan?.routes.find((r) => r.unit_id === id);
  routes.choose(route ? id : null);
  fill(sheet, route ? sheetCard(route) : null);
  $$('[data-key]').forEach((row) => row.setAttribute('aria-selected', String(row.dataset.key === id)));
  if (route) $('#right').scrollTop = 0;
  markStops(bar.second);
}
function markStops(second) {
  if (!chosen || !plan) return;
  const at = Date.parse(plan.shift.start) + second * 1000;
  $$('[data-arrive]', sheet).forEach((li) => li.classList.toggle('done', Date.parse(li.dataset.arrive) <= at));
}
function open(next) {
  plan = { ...next, routes: [...next.routes].sort((a, b) => a.unit_id.localeCompare(b.unit_id)) };
  keep('plan', plan.plan_id ?? '');
  if (plan.shift?.id) { form.elements.shift.value = plan.shift.id; unitList(); }
  routes.set(plan.routes);
  fill(intro);
  fill(planBox, planCard());
  choose(null);
  bar.set(plan, routes.moving);
  drawPoints();
  drawLegend();
}
async function submit() {
  const e = form.elements;
  const boxes = $$('input[name="unit"]');
  const picked = boxes.filter((b) => b.checked).map((b) => b.value);
  if (!picked.length) { toast(t('patrol.no_units'), true); return; }
  const button = $('button[type="submit"]', form);
  button.disabled = true;
  const found = await solve('/api/patrol/plan', { shift_id: e.shift.value, unit_ids: picked.length === boxes.length ? null : picked, point_ids: null, seconds: Number(e.seconds.value), seed: Number(e.seed.value) }, job, objectiveWords);
  button.disabled = false;
  solved(found);
}
const solved = (found) => { if (found) { open(found); keptPlans('patrol', kept, open); toast(t('job.done')); } };
form.addEventListener('submit', (event) => { event.preventDefault(); submit(); });
form.addEventListener('change', (event) => { if (event.target.name === 'shift') unitList(); if (event.target.name === 'unit') countUnits(); });
$$('[data-units]').forEach((b) => b.addEventListener('click', () => { $$('input[name="unit"]').forEach((box) => { box.checked = b.dataset.units === 'all'; }); countUnits(); }));
key('Alt+Enter', 'key.solve', submit, { always: true });
key('Ctrl+p', 'patrol.print', printSheet, { always: true });
key('Escape', 'key.close', () => { if (!chosen) return false; choose(null); return true; });
key('n', 'key.next_crew', () => { if (!plan) return false; const i = plan.routes.findIndex((r) => r.unit_id === chosen); choose(plan.routes[(i + 1) % plan.routes.length].unit_id); return true; });

startLayers((id, on) => {
  if (id === 'grids') grids.show(on);
  else toggleGroup({ routes: routes.group, points, posts: posts.group }[id], on);
  if (id === 'routes' && on) routes.paint();
  drawLegend();
});
onTheme(() => { routes.paint(); drawPoints(); drawLegend(); if (plan) { fill(planBox, planCard()); choose(chosen); } });
fill($('#panel'), job, sheet, planBox, intro, kept);
$('#right').append(print);
fill(intro, card(t('patrol.empty'), {}, h('p.meta', null, t('patrol.empty.note'))));
await trying(async () => {
  const [p, u, s] = await Promise.all([items('points'), items('units'), items('posts')]);
  places = p.features;
  units = u.features;
  posts.set(s.features);
  count('posts', number(posts.features.length));
  count('points', number(mustVisit().length));
  setShift();
  unitList();
  drawPoints();
  drawLegend();
  const newest = await keptPlans('patrol', kept, open);
  const wanted = read('plan') || newest?.plan_id;
  const unit = read('unit');
  const held = wanted ? await get(`/api/plans/${wanted}`).catch(() => null) : null;
  if (held) { open(held); if (unit) choose(unit); }
});
resume(job, objectiveWords).then(solved);
document.documentElement.dataset.ready = '1';
