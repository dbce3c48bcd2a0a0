// 清街走访: every street of an area swept, or places visited every few days; asked for, watched, played, taken away.
import { get, items, trying } from './api.js';
import { t } from './context.js';
import { $, $$, card, fill, h, toast } from './dom.js';
import { postLayer, postLegend, toggleGroup } from './forces.js';
import { iso, minutes, number } from './format.js';
import { gridTiles } from './gridtiles.js';
import { keptPlans, resume, solve } from './jobs.js';
import { key } from './keys.js';
import { count, layerOn, startLayers } from './layers.js';
import { putDown } from './lasso.js';
import { fold, legend, marks } from './legend.js';
import { closePlace, locate } from './locate.js';
import { ink, map, onTheme, show, startMap, themeChanged } from './mapview.js';
import * as roundsForm from './rounds-form.js';
import * as sweepForm from './sweep-form.js';
import { shiftBar } from './shiftbar.js';
import { startShell } from './shell.js';
import { glyph } from './shapes.js';
import { keep, read } from './url.js';
import { wayLayer } from './ways-map.js';

const viewed = Boolean(read('v')); // the view that she asked for stays
startMap();
startShell({ choose: (r) => { if (show(r)) locate(r.lat, r.lon); }, themeChanged });

const [job, planBox, chosenBox, restBox, kept, intro] = Array.from({ length: 6 }, () => h('div'));
const boardBox = h('section.board', { id: 'board', 'aria-label': t('rounds.board'), hidden: true });
const left = L.layerGroup();
const start = L.circleMarker([0, 0], { pane: 'pick', radius: 14, weight: 3.5, fill: false, interactive: false });
const grids = gridTiles();
const ways = wayLayer({ pick: (id, mark) => choose(id, mark) });
const posts = postLayer({ pick: (f) => { const box = form().elements.post; box.value = f.properties.post_id; drawStart(); toast(t('sweeps.post.set', { name: f.properties.name })); } });
const bar = shiftBar((second) => ways.at(second));
let mode = read('mode') === 'rounds' ? 'rounds' : 'sweep';
let plan = null;
let day = null;
let crew = null;
let board = null;
let working = null; // the mode whose question is being solved
let parts = null; // cards of the mode, loaded with its first plan

const asks = { sweep: sweepForm, rounds: roundsForm };
const form = () => asks[mode].form;
const closer = () => choose(null);
const go = (place) => { if (place) map.setView([place.lat, place.lon], Math.max(map.getZoom(), 16)); };
const toLine = (line) => { if (line?.length) map.fitBounds(line.map(([lon, lat]) => [lat, lon]), { maxZoom: 17, padding: [80, 80] }); };

/** A number of the solver in the user's unit; the price of what is left out is no time. */
const words = {
  sweep: (ms) => minutes(ms / 1000, 1),
  rounds: (seconds) => { const e = roundsForm.form.elements; return seconds > Number(e.units.value) * Number(e.days.value) * (Number(e.hours.value) + Number(e.unit_minutes.value) / 60) * 3600 ? '–' : t('rounds.cost', { h: number(seconds / 3600, 1) }); },
};
words.rounds.gap = (state) => (words.rounds(state.objective) === '–' ? '–' : null);

/** A ring around the post that crews leave from. */
function drawStart() {
  const found = posts.features.find((f) => f.properties.post_id === form().elements.post.value);
  if (found) start.setLatLng([found.geometry.coordinates[1], found.geometry.coordinates[0]]).setStyle({ color: ink().pick }).addTo(map); else start.remove();
}
function drawLegend() {
  const line = (dash, color, wide) => { const svg = h('svg', { viewBox: '0 0 26 10', width: 26, height: 10, 'aria-hidden': 'true' }, h('path', { d: 'M1 5H25', fill: 'none', stroke: color, 'stroke-width': wide, 'stroke-dasharray': dash })); return svg; };
  const lines = !plan ? null : mode === 'sweep' ? [[line(null, ink().accent, 4), t('sweeps.sweep')], [line(null, ink().accent, 1.6), t('sweeps.ahead')], [line('2 5', ink().accent, 2), t('sweeps.pass')], ...(plan.body.left_out.length ? [[line('3 4', ink().bad, 4), t('sweeps.left')]] : [])] : [[line(null, ink().accent, 4), t('rounds.way')], [glyph('circle', { fill: ink().accent, stroke: ink().accent, r: 5.4 }), t('rounds.places')], ...(plan.body.left_out.length ? [[glyph('square', { stroke: ink().bad, r: 5.4, weight: 2.2 }), t('rounds.out')]] : [])];
  legend('ways', lines && layerOn('routes') ? marks(t(`sweeps.mode.${mode}`), t('sweeps.legend'), lines) : null);
  legend('posts', layerOn('posts') ? marks(t('legend.posts'), null, postLegend()) : null);
}
function drawLeft() {
  left.clearLayers();
  if (plan && mode === 'sweep') for (const s of plan.body.left_out) L.polyline(s.line.map(([lon, lat]) => [lat, lon]), { pane: 'dots', color: ink().bad, weight: 4, dashArray: '3 5' }).bindTooltip(h('div', null, h('b', null, s.name || t('sweeps.unnamed')), h('div', null, t('sweeps.left.why')))).addTo(left);
}
function cards() {
  if (mode === 'sweep') {
    fill(planBox, parts.sweepCard(plan, { pick: choose, chosen: crew }));
    fill(restBox, parts.sweepLeftCard(plan, { go: (s) => toLine(s.line) }));
    const way = plan.ways.find((w) => w.id === crew);
    fill(chosenBox, way ? parts.sweepCrewCard(plan, way, { close: closer, go: (p) => toLine(p.line) }) : null);
  } else {
    fill(planBox, parts.roundsCard(plan));
    fill(restBox, parts.roundsLeftCard(plan, { go }));
    const one = plan.of.get(day);
    fill(chosenBox, one?.ways.length ? parts.dayCard(plan, one, { close: () => { openDay(null); $('#right').scrollTop = 0; }, pick: choose, go, chosen: crew }) : null);
  }
  $$('[data-key]', planBox).forEach((row) => row.setAttribute('aria-selected', String(row.dataset.key === crew)));
}
function choose(id, mark) {
  crew = id === crew && !mark ? null : id;
  keep('crew', crew ?? '');
  ways.choose(crew);
  if (crew && !mark) ways.fit(crew);
  cards();
  if (id) seen();
}
/** What was chosen is seen below the plan's own card. */
function seen() {
  const top = chosenBox.firstElementChild;
  if (top) $('#right').scrollTop += top.getBoundingClientRect().top - $('#right').getBoundingClientRect().top - 12;
}
/** Show a day of the rounds: its ways, its clock, its stops. */
function openDay(next, wayId = null) {
  day = plan.of.get(next)?.ways.length ? next : null;
  crew = day ? wayId : null;
  keep('day', day ?? '');
  keep('crew', crew ?? '');
  const one = plan.of.get(day);
  ways.set(one?.ways ?? []);
  $('.timebar').hidden = !one;
  if (one) bar.set({ shift: parts.dayShift(one) }, ways.moving);
  ways.choose(crew);
  ways.fit(crew);
  ways.at(bar.second);
  board.open(day);
  cards();
}
/** The board and the clock take room from the map only while there is a plan. */
function room(on) {
  $('#time').hidden = !on;
  boardBox.hidden = !on || mode !== 'rounds';
  map.invalidateSize({ pan: false });
}
async function open(body) {
  const own = body.kind === 'patrol_rounds' ? 'rounds' : 'sweep';
  if (own !== mode) setMode(own, { quiet: true });
  parts = own === 'sweep' ? await import('./sweep-plan.js') : await import('./rounds-plan.js');
  if (own === 'rounds' && !board) board = (await import('./rounds-board.js')).roundsBoard(boardBox, { pick: (next, way) => { openDay(next, way); seen(); } });
  if (own !== mode) return; // she turned to the other one meanwhile
  plan = own === 'sweep' ? parts.readSweep(body) : parts.readRounds(body);
  crew = null;
  keep('plan', plan.id);
  fill(intro);
  closePlace();
  await asks[own].take(own === 'sweep' ? body.question : body);
  if (plan?.body !== body) return;
  drawStart();
  room(true);
  drawLeft();
  if (own === 'sweep') {
    const zero = iso('2000-01-01', 0);
    ways.set(plan.ways);
    $('.timebar').hidden = false;
    bar.set({ shift: { start: zero, end: new Date(Date.parse(zero) + plan.length * 1000).toISOString(), elapsed: true } }, ways.moving);
    ways.at(bar.second);
    if (!viewed) ways.fit();
    cards();
  } else {
    board.set(plan);
    openDay(plan.of.get(read('day'))?.ways.length ? read('day') : plan.days.find((d) => d.ways.length)?.day ?? null);
  }
  drawLegend();
}
function clear() {
  plan = day = crew = null;
  ways.set([]);
  left.clearLayers();
  [planBox, chosenBox, restBox].forEach((box) => fill(box));
  room(false);
  fill(intro, card(t(`sweeps.empty.${mode}`), {}, h('p.meta', null, t(`sweeps.empty.${mode}.note`))));
  drawLegend();
}
const list = () => keptPlans(mode === 'sweep' ? 'patrol_sweep' : 'patrol_rounds', kept, (body) => { map.stop(); open(body).then(() => ways.fit(crew)); });
function setMode(next, { quiet = false } = {}) {
  mode = next;
  putDown();
  keep('mode', mode === 'sweep' ? '' : mode);
  $$('input[name="mode"]').forEach((b) => { b.checked = b.value === mode; });
  for (const [name, one] of Object.entries(asks)) { one.form.hidden = name !== mode; one.show(name === mode); }
  clear();
  drawStart();
  if (quiet) return undefined;
  keep('plan', ''); keep('day', ''); keep('crew', '');
  return list();
}
async function submit() {
  const own = mode;
  const asked = asks[own].question();
  if (!asked) return;
  if (asked.missing) { toast(asked.missing, true); return; }
  if (working) { toast(t('sweeps.working'), true); return; }
  working = own;
  $$('button[type="submit"]').forEach((b) => { b.disabled = true; });
  $('#right').scrollTop = 0;
  const found = await solve(`/api/patrol/${own}`, asked, job, words[own]);
  done(found);
}
async function done(found) {
  working = null;
  $$('button[type="submit"]').forEach((b) => { b.disabled = false; });
  if (!found) return;
  await open(found);
  ways.fit(crew);
  list();
  toast(t('job.done'));
}

for (const { form: own } of Object.values(asks)) { own.addEventListener('submit', (event) => { event.preventDefault(); submit(); }); own.elements.post.addEventListener('change', drawStart); }
$$('input[name="mode"]').forEach((b) => b.addEventListener('change', () => setMode(b.value)));
$('#draw-area').addEventListener('click', () => sweepForm.draw());
$('#pick-grids').addEventListener('click', () => sweepForm.togglePick());
roundsForm.onPointed((id) => { const p = new Map(roundsForm.store.rows).get(id); if (p) go(p); });
map.on('click', async (event) => {
  if (event.originalEvent?.defaultPrevented) return;
  const { lat, lng } = event.latlng;
  if (!(await asks[mode].click(lat, lng))) locate(lat, lng);
});
key('Alt+Enter', 'key.solve', submit, { always: true });
key('o', 'sweeps.draw', () => asks[mode].draw());
key('a', 'sweeps.key.pick', () => asks[mode].togglePick());
key('Escape', 'key.close', () => { if (putDown()) return true; if ($('#place').childElementCount) { closePlace(); return true; } if (crew) { choose(null); return true; } return false; });
key('n', 'key.next_crew', () => { const all = mode === 'sweep' ? plan?.ways : plan?.of.get(day)?.ways; if (!all?.length) return false; choose(all[(all.findIndex((w) => w.id === crew) + 1) % all.length].id); return true; });
key('Ctrl+p', 'patrol.print', () => { const link = $('[data-print]', chosenBox) ?? $('[data-print]', planBox); if (!link) return false; link.click(); return true; }, { always: true });
key('PageDown', 'rounds.key.next', () => stepDay(1));
key('PageUp', 'rounds.key.before', () => stepDay(-1));
function stepDay(by) {
  if (mode !== 'rounds' || !day) return false;
  const all = plan.days.filter((d) => d.ways.length).map((d) => d.day);
  openDay(all[(all.indexOf(day) + by + all.length) % all.length]);
  seen();
  return true;
}

fold('posts', true); // routes need the room
if (innerHeight < 800) fold('ways', true);
startLayers((id, on) => {
  if (id === 'grids') grids.show(on);
  else if (id === 'points') roundsForm.store.showAll(on);
  else { toggleGroup({ routes: ways.group, posts: posts.group }[id], on); if (id === 'routes') toggleGroup(left, on); }
  drawLegend();
});
onTheme(() => { ways.paint(); drawLeft(); drawStart(); asks[mode].repaint(); drawLegend(); if (plan) cards(); });
fill($('#panel'), job, planBox, chosenBox, restBox, intro, kept);
$('#time').append(boardBox);
setMode(mode, { quiet: true });
await trying(async () => {
  const [p, s] = await Promise.all([items('points'), items('posts')]);
  roundsForm.store.points(p.features);
  posts.set(s.features);
  count('posts', number(posts.features.length));
  count('points', number(roundsForm.store.known.size));
  const options = () => [...posts.features].sort((a, b) => a.properties.name.localeCompare(b.properties.name, 'zh', { numeric: true })).map((f) => h('option', { value: f.properties.post_id }, f.properties.name));
  for (const one of Object.values(asks)) fill(one.form.elements.post, options());
  drawStart();
  const newest = await list();
  const wanted = read('plan') || newest?.plan_id;
  const held = wanted ? await get(`/api/plans/${encodeURIComponent(wanted)}`).catch(() => null) : null;
  if (held && ['patrol_sweep', 'patrol_rounds'].includes(held.kind)) { const asked = read('crew'); await open(held); if (asked) choose(asked); }
});
if (read('job')) { working = mode; $$('button[type="submit"]').forEach((b) => { b.disabled = true; }); }
resume(job, words[mode]).then(done);
document.documentElement.dataset.ready = '1';
