// 巡逻规划: routes of a shift on streets, played by one clock; a timetable to take hold of; a sheet for each crew.
import { get, items, post, trying } from './api.js';
import { context, t } from './context.js';
import { $, $$, card, fill, h, toast } from './dom.js';
import { postLayer, toggleGroup } from './forces.js';
import { hm, number } from './format.js';
import { gridTiles } from './gridtiles.js';
import { keptPlans, resume, solve, watch } from './jobs.js';
import { key } from './keys.js';
import { count, layerOn, startLayers } from './layers.js';
import { fold } from './legend.js';
import { locate, startLocate } from './locate.js';
import { map, onTheme, show, startMap, themeChanged } from './mapview.js';
import { planEdits, sentence } from './patrol-edits.js';
import { askedUnits, drawDay, drawExtra, extra, form, question, setShift, setUnits, shiftSpan, startForm } from './patrol-form.js';
import { closureLayer, pointLayer, patrolLegend } from './patrol-map.js';
import { readPlan } from './patrol-plan.js';
import { routeLayer } from './routes.js';
import { shiftBar } from './shiftbar.js';
import { startShell } from './shell.js';
import { keep, read } from './url.js';

startMap();
startShell({ choose: (r) => { if (show(r)) locate(r.lat, r.lon); }, themeChanged });
startLocate();

const [job, refused, stopBox, sheet, planBox, kept, intro] = Array.from({ length: 7 }, () => h('div'));
const paper = h('div.printout', { id: 'crew-sheet' });
const boardBox = h('section.board', { id: 'board', 'aria-label': t('patrol.board'), hidden: true });
const grids = gridTiles();
const posts = postLayer();
const points = pointLayer({ pick: (id, lat, lon) => pickPoint(id, lat, lon) });
const closures = closureLayer({ pick: (closure, x, y) => closureAt(closure, x, y) });
const routes = routeLayer({ pick: (unit) => choose(unit), menu: (unit, event) => menuOf(unit, null, event.clientX, event.clientY) });
let plan = null;
let unit = null;
let stop = null;
let board = null;
let plans = [];
let phone = false;

const bar = shiftBar((second) => { routes.at(second); board?.at(second); markStops(second); });
const editable = () => Boolean(plan?.points.length && plan.body.version);
const edits = planEdits({
  current: () => plan,
  show: (body, answer) => { fill(refused); take(body, { answer }); },
  refuse: (answer, again) => { fill(refused, cards.refusedCard(sentence(answer), { again: again && (() => { fill(refused); again(); }), close: () => fill(refused) })); $('#right').scrollTop = 0; board?.lanes.set(plan); $('#again, #leave')?.focus({ preventScroll: true }); },
});
/** Loaded when there is a plan to show: its cards, timetable, gaps, cover. */
let cards = null;
let extras = null;
let extrasOf = null;
let loading = null;
const parts = () => (loading ??= Promise.all([import('./patrol-board.js'), import('./patrol-cards.js'), import('./patrol-extras.js')]).then(([made, found, more]) => { board = made.board(boardBox, hooks); cards = found; extrasOf = more; extras = more.extrasLayer({ pick: (u, s) => pickStop(u, s) }); toggleGroup(extras.group, layerOn('points')); }));
const hooks = {
  pick: (u, s) => (s ? pickStop(u, s) : choose(u)),
  menu: (u, s, x, y) => menuOf(u, s, x, y),
  seek: (second) => bar.go(second),
  drag(held, u, begin) {
    if (!held || !editable()) { board.say(''); return; }
    edits.preview(held, u, begin, (answer, on, at) => {
      if (!board.lanes.holding) return;
      const text = answer.ok ? t('patrol.fits') : sentence(answer);
      board.lanes.answer({ fits: Boolean(answer.ok), text });
      board.say(`${hm(plan.start + at * 1000)} ${on.name}：${text}${answer.ok ? ` ${sentence(answer)}` : ''}`, answer.ok ? 'fits' : 'refused');
    });
  },
  drop: (held, u, begin) => { board.say(''); if (!refuseOld()) edits.move(held, u, begin); },
  lock: (s) => lock([s], !s.locked),
  takeOut: (s) => takeOut(s),
  undo: () => edits.undo().then(history),
  redo: () => edits.redo().then(history),
  resolve: () => resolve(),
  point: (p) => goPoint(p),
};
const history = () => board.can({ undo: editable() && edits.undoable, redo: editable() && edits.redoable, resolve: editable() });
const refuseOld = () => { if (!editable()) toast(t('patrol.old'), true); return !editable(); };
const lock = (stops, on) => refuseOld() || edits.lock(stops, on);
const takeOut = (s) => refuseOld() || edits.remove(s);
const find = (id) => plan?.units.find((u) => u.id === id) ?? null;

const act = {
  iso: (second) => edits.iso(second), lock, remove: takeOut,
  move: (s) => { board.open('gantt'); board.lanes.hold(s.key); },
  replan: (events) => refuseOld() || edits.replan(bar.second, events),
  fly: (u) => choose(u),
  /** A wish for the next question: this crew must come to the point about then, or never. */
  wish(kind, u, s) {
    const name = `${u.name} ${s.name}`;
    const list = extra[kind];
    if (kind === 'pinned') list.push({ label: `${name} ${hm(plan.start + s.begin * 1000)}`, unit_id: u.id, point_id: s.point, earliest: edits.iso(Math.max(0, s.begin - 900)), latest: edits.iso(s.begin + 900) });
    else list.push({ label: name, unit_id: u.id, point_id: s.point });
    drawExtra(drawClosures);
    toast(t('patrol.wished'));
  },
};
async function menuOf(u, s, x, y) {
  if (!plan) return;
  const { crewMenu } = await import('./patrol-events.js');
  crewMenu({ plan, unit: u, stop: s, second: bar.second, x, y, act });
}
async function streetMenuAt(latlng, x, y) {
  const { streetMenu } = await import('./patrol-events.js');
  streetMenu({ latlng, x, y, ...closing(), locate });
}
/** What the question of a closure needs to know, and where its answer goes: into the open plan at once, or into the next question. */
const closing = () => ({ plan: editable() ? plan : null, second: bar.second, span: editable() ? plan : shiftSpan(), close({ label, ...rest }, atOnce) {
  if (atOnce) { act.replan([{ kind: 'closed', closure: rest }]); return; }
  extra.closures.push({ label, ...rest });
  drawExtra(drawClosures);
} });
/** A line or an area to be closed, drawn by hand. */
async function closeByHand(button, shape) {
  const [{ takeUp }, { askClosure }] = await Promise.all([import('./lasso.js'), import('./patrol-events.js')]);
  const n = extra.closures.length + (plan?.body.closures?.length ?? 0) + 1;
  takeUp(button, (drawn) => askClosure({ closure: { [shape]: drawn }, label: t(`patrol.close.${shape}.n`, { n }), ...closing() }), { least: shape === 'line' ? 2 : 3 });
}
const reopen = (closure) => act.replan([{ kind: 'reopened', name: closure.name }]);
async function closureAt(closure, x, y) {
  const held = plan?.body.closures?.includes(closure);
  const wished = extra.closures.find((c) => c.label === closure.label);
  const { closureMenu } = await import('./patrol-events.js');
  closureMenu({ closure, x, y, reopen: held && editable() && closure.name ? () => reopen(closure) : null, drop: !held && wished ? () => { extra.closures.splice(extra.closures.indexOf(wished), 1); drawExtra(drawClosures); } : null });
}
const showClosure = (c) => { const line = (c.lines?.length ? c.lines.flat() : c.area ?? c.line ?? []).map(([lon, lat]) => [lat, lon]); if (line.length) map.fitBounds(line, { maxZoom: 16, padding: [60, 60] }); };
async function conditions(which) {
  const made = await import('./patrol-conditions.js');
  const drawn = () => drawExtra(drawClosures);
  if (which === 'breaks') made.openBreaks({ add(rule) { extra.breaks = [...(extra.breaks ?? []), rule]; drawn(); }, none() { extra.breaks = []; drawn(); } });
  if (which === 'optional') made.openOptional({ add(asked) { extra.optional = asked; drawn(); } });
  if (which === 'line') made.openLine({ add(line) { extra.lines.push(line); drawn(); } });
  if (which === 'wish') made.openWish({ points: points.visited, units: askedUnits(), span: shiftSpan(), chosen: { unit: unit?.id, point: stop?.point ? stop.name : '' }, add({ list, wish }) { extra[list].push(wish); drawn(); } });
}

function drawPlan() {
  fill(planBox, cards.planCard(plan, editable() ? { compare, sheets: () => window.open(`/api/patrol/plans/${encodeURIComponent(plan.id)}/sheet?f=html&lang=${context.lang}`, '_blank', 'noopener'), versions } : null), cards.brokenCard(plan, goPoint), cards.leftCard(plan, goPoint), extrasOf.extrasCard(plan), cards.closedCard(plan, { go: showClosure, reopen: editable() ? reopen : null }), editable() ? cards.issueCard(plan, { issue: () => edits.issue() }) : null, cards.crewsCard(plan, { pick: choose }), cards.notesCard(plan));
  points.set(plan);
  extras.set(plan);
  drawClosures();
  drawLegend();
  markRow();
}
const drawLegend = () => { patrolLegend(plan, points.counts); if (plan && extrasOf) extrasOf.extrasLegend(plan, layerOn('points')); };
/** The board takes room from the map: the city is fitted into what is left, unless she chose a view. */
function fitMap() {
  map.invalidateSize({ pan: false });
  const [west, south, east, north] = context.bounds;
  if (!read('v')) map.fitBounds([[south, west], [north, east]], { animate: false, padding: [8, 8] });
}
const drawClosures = () => closures.set([...(plan?.body.closures ?? []), ...extra.closures.map((c) => ({ name: c.label, lines: [], ...c }))]);
const markRow = () => $$('[data-key]', planBox).forEach((row) => row.setAttribute('aria-selected', String(row.dataset.key === unit?.id)));
/** Take a plan: a new one, or the open one after a change; what was chosen stays chosen. */
async function take(body, { fresh = false } = {}) {
  const second = bar.second;
  plan = readPlan(body);
  const own = plan;
  await parts();
  if (plan !== own) return; // a newer one came meanwhile
  keep('plan', plan.id ?? '');
  fill(intro);
  routes.set(plan.units);
  drawPlan();
  bar.set(plan.body, routes.moving);
  if (!fresh) bar.go(second);
  const was = stop;
  unit = fresh ? null : find(unit?.id);
  stop = unit && was ? unit.stops.find((s) => s.point === was.point && Math.abs(s.begin - was.begin) < 1) ?? null : null;
  drawChosen({ fly: false });
  const first = boardBox.hidden;
  board.set(plan);
  if (first) fitMap();
  history();
  board.at(bar.second);
  board.lanes.choose(unit?.id ?? null);
}
function open(body) {
  setShift(body.shift?.id);
  return take(body, { fresh: true });
}
function drawChosen({ fly = true } = {}) {
  routes.choose(unit?.id ?? null, { fly });
  board?.lanes.choose(unit?.id ?? null);
  keep('unit', unit?.id ?? '');
  const own = unit;
  fill(sheet, own ? cards.crewCard(plan, own, {
    close: () => choose(null), stop: (s) => pickStop(own, s), print: printSheet, papers: editable(),
    accept: async () => { const issue = await trying(() => edits.accept(own.id, plan.body.issue.number)); if (issue) { take({ ...plan.body, issue }); toast(t('patrol.accepted')); } },
    phone: editable() && phone ? () => phoneLink(own) : null,
    menu: editable() ? (event) => { const box = (event?.currentTarget ?? $('#crew-menu')).getBoundingClientRect(); menuOf(own, null, box.left, box.bottom); } : null,
  }) : null);
  fill(stopBox, stop ? cards.stopCard(plan, own, stop, { close: () => { stop = null; drawChosen({ fly: false }); }, ...(editable() ? { lock: () => lock([stop], !stop.locked), move: () => act.move(stop), remove: () => takeOut(stop) } : {}) }) : null);
  board?.lanes.mark(stop?.point ?? null);
  markRow();
  markStops(bar.second);
}
/** The address of the crew's read-only page, where the administrator allows it. */
async function phoneLink(u) {
  const found = await trying(() => post(`/api/patrol/plans/${encodeURIComponent(plan.id)}/crew-links`, {}));
  const link = found?.links.find((x) => x.unit_id === u.id);
  if (link) $('#crew-phone')?.replaceWith(h('a', { id: 'crew-phone', href: `${link.url}?lang=${context.lang}`, target: '_blank', rel: 'noopener' }, t('patrol.phone.open')));
}
const askPhone = async () => { phone = Boolean((await get('/api/patrol/settings').catch(() => null))?.settings.crew_page); };
function choose(next) {
  unit = next && unit?.id === next.id ? unit : next;
  stop = null;
  drawChosen();
  if (next) $('#right').scrollTop = 0;
}
function pickStop(u, s, { pan = true } = {}) {
  unit = u;
  stop = s;
  drawChosen({ fly: false });
  $('#right').scrollTop = 0;
  if (pan && Number.isFinite(s.lat) && !map.getBounds().pad(-0.1).contains([s.lat, s.lon])) map.panTo([s.lat, s.lon]);
  points.ring(s.lat, s.lon);
  board?.lanes.focusOn(s.key, { quiet: true });
}
function goPoint(p) {
  const found = points.find(p?.id);
  if (!found) return;
  map.flyTo([found.lat, found.lon], Math.max(map.getZoom(), 15), { duration: 0.6 });
  points.ring(found.lat, found.lon);
  const first = plan?.units.find((u) => u.stops.some((s) => s.point === p.id));
  if (first) pickStop(first, first.stops.find((s) => s.point === p.id), { pan: false });
  else showPoint(p.id);
}
function pickPoint(id, lat, lon) {
  const u = plan?.units.find((x) => x.stops.some((s) => s.point === id));
  if (u) pickStop(u, u.stops.find((s) => s.point === id)); else if (plan?.point.has(id)) { points.ring(lat, lon); showPoint(id); } else locate(lat, lon);
}
/** A point that no crew visits: why, and which crew could take it in. */
function showPoint(id) {
  const p = plan?.point.get(id);
  if (!p) return;
  stop = null;
  fill(stopBox, cards.pointCard(plan, p, { chosen: unit?.id, close: () => { fill(stopBox); points.ring(null); }, insert: editable() ? (unitId) => edits.insert(p, find(unitId), null) : null }));
  $('#right').scrollTop = 0;
}
function markStops(second) {
  if (unit) $$('[data-arrive]', sheet).forEach((li) => li.classList.toggle('done', Number(li.dataset.arrive) <= second));
}
function printSheet() {
  if (!unit) return false;
  import('./patrol-print.js').then(({ printSheet: print }) => print(paper, plan, unit));
  return true;
}
const compare = async () => { const { openComparison } = await import('./patrol-compare.js'); openComparison(plan, plans, { point: (id) => goPoint({ id }) }); };
async function versions() {
  const { openVersions } = await import('./patrol-versions.js');
  openVersions(plan, { back: (n) => edits.restore(n), compare: async (n) => { const { openComparison } = await import('./patrol-compare.js'); openComparison(plan, plans, { other: `${plan.id}@${n}`, point: (id) => goPoint({ id }) }); } });
}

/** The objective is the crews sent out; what is left out weighs more than all crews together. */
const objectiveWords = (value) => (value <= $$('input[name="unit"]').length ? t('plan.groups', { n: number(value) }) : number(value));
// A gap in percent would be of the price of what is left out: it says nothing about crews.
objectiveWords.gap = (state) => (state.objective > $$('input[name="unit"]').length ? '–' : null);
async function solving(run) {
  const button = $('button[type="submit"]', form);
  button.disabled = true;
  const found = await run();
  button.disabled = false;
  if (!found) return;
  await open(found);
  listPlans();
  toast(t('job.done'));
}
function submit() {
  const asked = question();
  if (!asked) return undefined;
  if (asked.missing) { toast(asked.missing, true); return undefined; }
  return solving(() => solve('/api/patrol/plan', asked, job, objectiveWords));
}
async function resolve() {
  if (refuseOld()) return;
  const e = form.elements;
  const started = await trying(() => post(`/api/patrol/plans/${encodeURIComponent(plan.id)}/resolve`, { version: plan.version, seconds: Number(e.seconds.value), seed: Number(e.seed.value) }));
  if (!started) return;
  keep('job', started.job_id);
  $('#right').scrollTop = 0;
  solving(() => watch(started.status_url, job, objectiveWords));
}
async function listPlans() {
  const newest = await keptPlans('patrol', kept, open);
  plans = (await get('/api/plans?kind=patrol').catch(() => null))?.plans ?? [];
  return newest;
}

$('#patrol-hours-open').addEventListener('click', () => import('./patrol-hours.js').then(({ openHours }) => openHours()));
$('#patrol-settings-open').addEventListener('click', () => import('./patrol-settings.js').then(({ openSettings }) => openSettings({ saved() { drawDay(); askPhone(); } })));
fold('posts', true); // the map is small here; its dots are explained one click away
if (innerWidth < 1240 || innerHeight < 800) for (const id of ['points', 'extras']) fold(id, true);
startForm(submit);
for (const which of ['breaks', 'optional', 'line', 'wish']) $(`#ask-${which}`).addEventListener('click', () => conditions(which));
for (const shape of ['line', 'area']) $(`#close-${shape}`).addEventListener('click', (event) => closeByHand(event.currentTarget, shape));
key('Alt+Enter', 'key.solve', submit, { always: true });
key('Ctrl+p', 'patrol.print', printSheet, { always: true });
key('Ctrl+z', 'patrol.undo', () => (editable() && edits.undoable ? (hooks.undo(), true) : false));
key('Ctrl+Shift+z', 'patrol.redo', () => (edits.redoable ? (hooks.redo(), true) : false));
key('k', 'patrol.key.lock', () => (stop && editable() ? (lock([stop], !stop.locked), true) : false));
key('m', 'patrol.key.move', () => (stop && (stop.point || stop.role === 'break') && editable() ? (act.move(stop), true) : false));
key('u', 'patrol.key.menu', () => { const button = $('#crew-menu'); if (!button) return false; button.click(); return true; });
key('b', 'patrol.compare', () => (editable() ? (compare(), true) : false));
key('Escape', 'key.close', () => { if (!unit) return false; choose(null); return true; });
key('n', 'key.next_crew', () => { if (!plan?.units.length) return false; choose(plan.units[(plan.units.indexOf(unit) + 1) % plan.units.length]); return true; });
map.on('contextmenu', (event) => { event.originalEvent.preventDefault(); streetMenuAt(event.latlng, event.originalEvent.clientX, event.originalEvent.clientY); });
key('c', 'patrol.key.close', () => { const c = map.getCenter(); const box = map.getContainer().getBoundingClientRect(); streetMenuAt(c, box.left + box.width / 2, box.top + box.height / 2); return true; });

startLayers((id, on) => {
  if (id === 'grids') grids.show(on);
  else toggleGroup({ routes: routes.group, points: points.group, posts: posts.group }[id], on);
  if (id === 'routes' && on) routes.paint();
  if (id === 'points' && extras) toggleGroup(extras.group, on);
  drawLegend();
});
closures.group.addTo(map);
onTheme(() => { routes.paint(); if (plan && cards) { drawPlan(); drawChosen({ fly: false }); board.lanes.renew(); } else { points.draw(); patrolLegend(plan, points.counts); } });
fill($('#panel'), job, refused, stopBox, sheet, planBox, intro, kept);
$('#right').append(paper);
$('#time').append(boardBox);
fill(intro, card(t('patrol.empty'), {}, h('p.meta', null, t('patrol.empty.note'))));
await trying(async () => {
  const [p, u, s] = await Promise.all([items('points'), items('units'), items('posts'), askPhone()]);
  points.places(p.features);
  setUnits(u.features);
  posts.set(s.features);
  count('posts', number(posts.features.length));
  count('points', number(points.counts.must));
  setShift();
  patrolLegend(plan, points.counts);
  const newest = await listPlans();
  const wanted = read('plan') || newest?.plan_id;
  const asked = read('unit');
  const held = wanted ? await get(`/api/plans/${encodeURIComponent(wanted)}`).catch(() => null) : null;
  if (held) { await open(held); if (asked && find(asked)) choose(find(asked)); }
});
resume(job, objectiveWords).then((found) => { if (found) { open(found).then(listPlans); } });
if (document.documentElement.hasAttribute('data-wall')) bar.follow();
document.documentElement.dataset.ready = '1';
