// 屯警布点: where posts stand, whom they reach in 1-3-5-10 minutes of street time, and where they should stand.
import { get, items, post, trying } from './api.js';
import { context, t } from './context.js';
import { $, card, figure, fill, h, meta, pairs, tiles, toast } from './dom.js';
import { candidateGlyph, postLegend, toggleGroup } from './forces.js';
import { number, percent, seconds } from './format.js';
import { gridTiles } from './gridtiles.js';
import { keptPlans, resume, solve } from './jobs.js';
import { key } from './keys.js';
import { layerOn, startLayers } from './layers.js';
import { classes, fold, legend, marks } from './legend.js';
import { locate, startLocate } from './locate.js';
import { ink, map, onTheme, show, startMap, theme, themeChanged } from './mapview.js';
import { postEdits } from './posts-edits.js';
import { curveQuestion, demandAsked, demandKind, form, frontQuestion, minutes, models, pinQuestion, profile, question, valid } from './posts-form.js';
import { siteLayer } from './posts-layer.js';
import { liveCard, liveScore } from './posts-live.js';
import { checked, compareCard, listCard, planCard, whyOf } from './posts-plan.js';
import { MEASURE, aboutDemand, brief, unitOf } from './posts-words.js';
import { glyph } from './shapes.js';
import { startShell } from './shell.js';
import { timebar } from './timebar.js';
import { keep, read } from './url.js';

startMap();
startShell({ choose: (r) => { if (show(r)) locate(r.lat, r.lon); }, themeChanged });
startLocate();

const BANDS = [60, 180, 300, 600, Infinity];
const REACH = { light: ['#2b7bba', '#74b3d8', '#bcdcec', '#f3d9a4', '#dd9a4f'], dark: ['#5aa2e0', '#33719f', '#234a6b', '#6f5327', '#b5712b'] };
const RING = { light: ['#08306b', '#1764ab', '#4a98c9', '#94c4df'], dark: ['#e5f2ff', '#9fd0ff', '#5aa5e8', '#356fa5'] };
const FILES = ['xlsx', 'geojson', 'gpkg', 'kml', 'csv'];
const grids = gridTiles();
const rings = L.layerGroup();
const [job, planBox, kept, here, today, live, several] = Array.from({ length: 7 }, () => h('div'));
let features = [];
let chosen = null; // number of the chosen post
let coverage = null;
let plan = null;
let limit = null;
let base = null; // the score of the posts before she changed anything
let now = null; // their score as they stand
let adding = false;

const layer = siteLayer({
  pick: (p) => choose(p.id),
  drag: (p, lon, lat) => { const list = posts().filter((x) => x.post_id !== p.id && !(p.state === 'added' && x.lon === p.lon && x.lat === p.lat)); score([...list, { lon, lat }]); },
  drop: (p, lon, lat) => { chosen = p.id; edits.move(p.id, lon, lat); choose(p.id); },
  cancel: () => score(posts()),
});
const edits = postEdits(() => { layer.show(edits.now); drawPinned(); score(posts()); });
const startIds = () => (plan ? plan.posts.map((p) => p.post_id).filter((id) => layer.find(id)) : features.filter((f) => f.properties.state === 'fixed').map((f) => f.properties.post_id));
/** All posts that stand now: those of the plan or of today with her changes; plan sites that no table knows keep their place. */
const posts = () => {
  const strangers = plan ? plan.posts.filter((p) => !features.some((f) => f.properties.post_id === p.post_id)) : [];
  return [...edits.posts(startIds()), ...strangers.map(({ lon, lat }) => ({ lon, lat }))];
};
const score = liveScore({
  question: () => ({ minutes: minutes(), ...demandAsked() }),
  show(answer) {
    if (!edits.any && !layer.pulled) base = answer;
    now = answer;
    drawLive();
    follow();
  },
  fail: (error) => { if (error.name !== 'AbortError') toast(error.message, true); },
});
/** The choropleth follows the hand, at most four times a second: its tiles are painted anew where they lie. */
let painted = 0;
let later = 0;
function follow() {
  clearTimeout(later);
  if (!layer.pulled) { drawCoverage(); drawTime(); return; }
  const wait = painted + 250 - performance.now();
  if (wait > 0) { later = setTimeout(follow, wait); return; }
  painted = performance.now();
  drawCoverage(true);
}
function drawLive() {
  const on = base && now && (edits.any || layer.pulled);
  live.hidden = !on;
  if (on) fill(live, liveCard(base, now, { name: plan ? t('plan.this.short') : t('posts.today'), buttons: [h('button', { type: 'button', on: { click: () => edits.undo() } }, t('posts.undo')), h('button', { type: 'button', on: { click: () => edits.clear() } }, t('posts.clear'))] }));
}

const byGrid = () => (now && (edits.any || layer.pulled) ? now.by_grid : plan ? Object.fromEntries(Object.entries(plan.by_grid).map(([code, v]) => [code, v.seconds])) : coverage?.by_grid ?? {});
const band = (s) => BANDS.findIndex((top) => s <= top);
const bandLabel = (i) => (i === 0 ? '≤ 1' : i === BANDS.length - 1 ? `> ${BANDS[i - 1] / 60}` : `${BANDS[i - 1] / 60} – ${BANDS[i] / 60}`);
const postMarks = () => [...postLegend(), [candidateGlyph(), `${t('post.candidate')} ${number(features.filter((f) => f.properties.state === 'candidate').length)}`], ...(plan ? [[glyph('pentagon', { fill: ink().accent, stroke: 'none', r: 7 }), t('post.in_plan')]] : []), ...(edits.any ? [[glyph('pentagon', { fill: ink().pick, stroke: 'none', r: 7 }), t('posts.edited')], [glyph('cross', { fill: ink().bad, stroke: 'none', r: 6 }), t('posts.shut')]] : [])];
const drawMarks = () => legend('posts', layerOn('posts') ? marks(t('legend.posts'), null, postMarks()) : null);

function drawCoverage(live_ = false) {
  const on = layerOn('coverage') && (live_ || !(chosen && layerOn('rings'))); // rings over a choropleth cannot be read
  const seconds_ = byGrid();
  if (!on || !Object.keys(seconds_).length) { grids.paint(null); legend('coverage', null); return; }
  const colors = REACH[theme()];
  const fills = new Map();
  const tally = new Array(BANDS.length).fill(0);
  for (const [code, s] of Object.entries(seconds_)) {
    const i = s === null ? BANDS.length - 1 : band(s);
    tally[i] += 1;
    if (limit === null || (s !== null && s <= limit * 60)) fills.set(code, colors[i]);
  }
  grids.show(true);
  if (live_) grids.recolor(fills); else grids.paint(fills);
  const whose = edits.any || layer.pulled ? t('posts.live') : plan ? t('plan.this.short') : t('posts.today');
  legend('coverage', classes(t('legend.reach'), t('unit.minutes'), colors.map((color, i) => ({ color, label: bandLabel(i), count: number(tally[i]) })), `${whose} · ${t(`profile.${plan?.profile ?? profile()}`)} · n = ${number(Object.keys(seconds_).length)} ${t('unit.grids')} · ${t('legend.reach.blank')}`));
}
const time = timebar({ wait: 700, change: (at) => { limit = at === null ? null : at + 1; keep('reach', limit); drawCoverage(); } });
function drawTime() {
  const list = Object.values(byGrid());
  const top = 15;
  const bins = Array.from({ length: top }, (_, i) => {
    const value = list.filter((s) => s !== null && s > i * 60 && s <= (i + 1) * 60).length;
    const within = list.filter((s) => s !== null && s <= (i + 1) * 60).length;
    return { value, label: t('reach.within', { m: i + 1 }), note: t('reach.grids', { n: number(within), all: number(list.length), share: percent(list.length ? within / list.length : 0, 0) }) };
  });
  time.set(bins, { marks: bins.map((_, i) => [i, `${i + 1}`]), total: { label: t('reach.all'), note: t('reach.note') } });
}

function todayCard() {
  const c = coverage;
  return card(t('posts.coverage'), { kind: plan ? null : 'key', aside: t('posts.today') },
    figure(percent(c.share), t('posts.within', { m: number(c.minutes) }), c.interval ? t('interval', { lo: percent(c.interval[0]), hi: percent(c.interval[1]) }) : ''),
    tiles([[seconds(c.mean_seconds), t('mean')], [seconds(c.p90_seconds), t('p90'), t('p90.help')], [c.worst_grid ? seconds(c.worst_grid.seconds) : '–', t('worst')]]),
    meta(...aboutDemand(c, c.n), c.n_posts ? t('posts.count', { n: number(c.n_posts) }) : '', t(`profile.${c.profile ?? profile()}`)),
    meta(c.worst_grid ? t('posts.worst', { grid: c.worst_grid.name ?? c.worst_grid.code, time: seconds(c.worst_grid.seconds) }) : '', c.unreachable?.length ? t('posts.unreachable', { n: number(c.unreachable.length), names: c.unreachable.slice(0, 3).join('、') }) : t('posts.all_reachable')));
}
async function loadCoverage() {
  const asked = demandAsked();
  if (asked.needs && !asked.needs.length) return; // the list is still empty
  coverage = demandKind() === 'calls' ? await get(`/api/posts/coverage?${new URLSearchParams({ minutes: minutes(), ...asked })}`)
    : await post('/api/posts/score', { minutes: minutes(), ...asked, posts: features.filter((f) => f.properties.state === 'fixed').map((f) => ({ post_id: f.properties.post_id })) });
  fill(today, todayCard());
  drawCoverage();
  drawTime();
  score(posts());
}

async function choose(id) {
  chosen = id;
  layer.choose(id);
  const p = layer.find(id);
  if (!p) { unchoose(); return; }
  keep('post', id.startsWith('+') ? '' : id);
  fill(here, postCard(p));
  $('#right').scrollTop = 0;
  rings.clearLayers();
  drawCoverage();
  const where = edits.now.moved.has(id) || p.state === 'added' ? `lon=${p.lon}&lat=${p.lat}` : `post_id=${encodeURIComponent(id)}`;
  const found = await trying(() => get(`/api/isochrones?${where}&minutes=${context.legends.rings.join(',')}&profile=${profile()}`));
  if (!found || chosen !== id) return;
  drawRings(found, p);
}
function drawRings(found, p) {
  rings.clearLayers();
  const colors = RING[theme()];
  const order = [...found.features].sort((a, b) => b.properties.minutes - a.properties.minutes);
  for (const f of order) { const i = context.legends.rings.indexOf(f.properties.minutes); L.geoJSON(f, { pane: 'areas', interactive: false, style: { color: colors[i], weight: 2, fillColor: colors[i], fillOpacity: 0.13 + 0.06 * (3 - i) } }).addTo(rings); }
  legend('rings', layerOn('rings') ? classes(t('legend.rings'), t('unit.minutes'), context.legends.rings.map((m, i) => ({ color: colors[i], label: t('ring', { m }) })), `${p.name} · ${t(`profile.${profile()}`)}`) : null);
  rings.found = found;
  rings.of = p;
}
function postCard(p) {
  const own = plan?.posts.find((x) => x.post_id === p.id);
  const { moved, locked, closed } = edits.now;
  const button = (id, words, press, pressed, letter) => h('button', { type: 'button', id, 'aria-pressed': pressed === null ? null : String(pressed), 'aria-keyshortcuts': letter?.toLowerCase() ?? null, on: { click: () => { press(); if (layer.find(p.id)) choose(p.id); else unchoose(); } } }, words, letter && [' ', h('kbd', null, letter)]);
  return card(p.name, { kind: 'key', id: 'post', aside: h('button.closer', { type: 'button', 'aria-label': t('close'), on: { click: unchoose } }, '×') },
    pairs([[t('post.kind'), t(`post.kind.${p.kind}`)], [t('post.state'), t(closed.has(p.id) ? 'posts.shut' : moved.has(p.id) ? 'posts.moved' : `post.${p.state}`)], p.state !== 'added' && [t('post.number'), p.id], p.state !== 'added' && [t('post.manned'), p.units ? t('post.units', { n: p.units }) : t('post.unmanned')], own && [t('post.demand'), `${number(own.demand)} ${unitOf(plan.demand_kind)}`]]),
    own?.why && meta(whyOf(own)),
    h('div.details', null, button('pin', t(locked.has(p.id) ? 'post.unpin' : 'post.pin'), () => edits.lock(p.id), locked.has(p.id), 'K'),
      p.state === 'added' ? button('drop', t('posts.drop'), () => edits.drop(p.id), null, 'D') : button('shut', t(closed.has(p.id) ? 'posts.reopen' : 'posts.shut.do'), () => edits.close(p.id), closed.has(p.id), 'D'),
      moved.has(p.id) ? button('back', t('posts.back'), () => edits.back(p.id), null) : h('button', { type: 'button', on: { click: () => locate(p.lat, p.lon) } }, t('place.title'))),
    p.state !== 'added' && h('div.details', null, ['stay', 'go'].map((must) => h('button', { type: 'button', id: `ask-${must}`, title: t('posts.pin.help'), on: { click: () => askPin(p.id, must) } }, t(`posts.pin.ask.${must}`)))),
    meta(t('posts.hint.move')));
}
function unchoose() { chosen = null; layer.choose(null); keep('post', ''); rings.clearLayers(); rings.found = null; legend('rings', null); fill(here, hint()); drawCoverage(); }
const hint = () => h('p.hint', { id: 'post-hint' }, t('posts.hint'));
function drawPinned() {
  const { moved, locked, closed, added } = edits.now;
  const chip = (id, words, run) => h('button', { type: 'button', title: t('posts.take_back'), on: { click: () => { run(id); if (chosen === id && layer.find(id)) choose(id); else if (chosen === id) unchoose(); } } }, `${words} ${layer.find(id)?.name ?? id} ×`);
  fill($('#pinned'), [...locked].map((id) => chip(id, t('posts.locked'), edits.lock)), [...closed].map((id) => chip(id, t('posts.shut'), edits.close)), [...moved.keys()].map((id) => chip(id, t('posts.moved'), edits.back)), added.map((a) => chip(a.id, t('post.added'), edits.drop)));
  $('#undo-post').disabled = !edits.undoable;
  $('#clear-posts').disabled = !(edits.any || locked.size);
  drawLive();
  drawMarks();
}
/** Arrows move the chosen post by steps of about 50 m, for hands without a pointer. */
function nudge(dx, dy) {
  const p = chosen && layer.find(chosen);
  if (!p) return false;
  edits.move(p.id, p.lon + (dx * 50) / (111320 * Math.cos((p.lat * Math.PI) / 180)), p.lat + (dy * 50) / 111320);
  choose(p.id);
  return true;
}
function setAdding(on) {
  adding = on;
  $('#add-post').setAttribute('aria-pressed', String(on));
  map.getContainer().classList.toggle('drawing', on);
  if (on) toast(t('posts.add.hint'));
}
const place = (latlng) => { setAdding(false); choose(edits.add(latlng.lng, latlng.lat, (n) => t('posts.new', { n }))); };
map.getContainer().addEventListener('click', (event) => { if (!adding || event.target.closest('.leaflet-control')) return; event.stopPropagation(); event.preventDefault(); place(map.mouseEventToLatLng(event)); }, true);

const style = () => { const colors = REACH[theme() === 'dark' ? 'dark' : 'light']; return { colors, bands: colors.map((_, i) => bandLabel(i)), fillOf: (s) => (s === undefined ? (theme() === 'dark' ? '#1a2836' : '#f4f6f8') : colors[s === null ? BANDS.length - 1 : band(s)]) }; };
const todaySites = () => features.filter((f) => f.properties.state === 'fixed').map((f) => ({ lon: f.geometry.coordinates[0], lat: f.geometry.coordinates[1] }));
const paper = (print) => { if (!plan) return false; import('./posts-paper.js').then(({ openPaper }) => openPaper(plan, todaySites(), style(), { print })); return true; };
const check = () => trying(async () => toast(checked(await get(`/api/posts/plans/${plan.plan_id}/check`))));
function open(next) {
  plan = next;
  keep('plan', plan?.plan_id ?? '');
  layer.mark(new Map((plan?.posts ?? []).map((p) => [p.post_id, { color: ink().accent, note: `${number(p.demand)} ${unitOf(plan.demand_kind)}` }])));
  drawStrangers();
  fill(planBox, plan ? [planCard(plan, { close: () => open(null), compare: () => paper(false), print: () => paper(true), check, files: FILES }), compareCard(plan), listCard(plan, fly)] : null);
  for (const b of several.querySelectorAll('[data-option]')) b.setAttribute('aria-pressed', String(Boolean(plan) && plan.option === b.dataset.option));
  if (coverage) fill(today, todayCard());
  edits.clear();
  base = null;
  score(posts());
  drawMarks();
  drawCoverage();
  drawTime();
}
/** Sites of a plan that are in no table (added, or made on the streets) are drawn with the plan. */
const strangers = L.layerGroup();
function drawStrangers() {
  strangers.clearLayers();
  for (const p of plan?.posts ?? []) if (!features.some((f) => f.properties.post_id === p.post_id)) L.circleMarker([p.lat, p.lon], { pane: 'dots', radius: 9, color: ink().halo, weight: 1.5, fillColor: ink().accent, fillOpacity: 1 }).bindTooltip(h('div', null, h('b', null, p.name), h('div', null, whyOf(p)))).addTo(strangers);
}
async function ask(path, body, words) {
  if (!valid()) { toast(t('form.bad'), true); return undefined; }
  const buttons = [...form.querySelectorAll('button')];
  buttons.forEach((b) => { b.disabled = true; });
  const found = await solve(path, body, job, words);
  buttons.forEach((b) => { b.disabled = false; });
  return found;
}
const counted = (v) => brief(MEASURE[models()], v);
async function submit() { solved(await ask('/api/posts/solve', question(edits.question()), counted)); }
async function askFront() { shown(await ask('/api/posts/front', frontQuestion(edits.question()), (v) => seconds(v))); }
async function askCurve(kind) { shown(await ask('/api/posts/curve', curveQuestion(kind, edits.question(), plan && kind !== 'value' && kind !== 'moves' ? startIds() : null), number)); }
async function askPin(id, must) { shown(await ask('/api/posts/pin', pinQuestion(edits.question(), id, must), counted)); }
const asks = () => import('./posts-asks.js');
async function askSight() { const { sightQuestion } = await asks(); shown(await ask('/api/posts/sight', sightQuestion(form.elements), number)); }
async function askMatch() { const { matchQuestion } = await asks(); shown(await ask('/api/posts/match', matchQuestion(form.elements, profile()), number)); }
const spots = L.layerGroup();
const fly = (p) => { map.flyTo([p.lat, p.lon], Math.max(map.getZoom(), 15), { duration: 0.6 }); if (p.post_id && layer.find(p.post_id)) choose(p.post_id); };
async function shown(body) {
  if (!body) return;
  const shut = () => fill(several);
  if (body.kind === 'posts') { open(body); return; }
  spots.clearLayers();
  const [made, asked] = await Promise.all([import('./posts-options.js'), asks()]);
  const show = fly;
  fill(several, {
    posts_front: () => made.frontCard(body, { open, close: shut, current: plan?.plan_id }), posts_curve: () => made.curveCard(body, { close: shut, show }),
    posts_pin: () => asked.pinCard(body, { close: shut }), posts_sight: () => asked.sightCard(body, { close: shut, show, spots }), posts_match: () => asked.matchCard(body, { close: shut }),
  }[body.kind]());
  $('#right').scrollTop = 0;
}
const solved = (found) => { if (!found) return; if (found.kind !== 'posts') { shown(found); return; } open(found); keptPlans('posts', kept, open); toast(t('job.done')); };

form.addEventListener('submit', (event) => { event.preventDefault(); submit(); });
form.addEventListener('change', (event) => { if (['minutes', 'profile', 'basis', 'citizen', 'days', 'hours', 'weekdays', 'demand', 'points', 'needs'].includes(event.target.name)) { base = null; trying(loadCoverage); if (chosen) choose(chosen); } });
$('#ask-front').addEventListener('click', askFront);
$('#ask-sight').addEventListener('click', askSight);
$('#ask-match').addEventListener('click', askMatch);
$('#match-fill').addEventListener('click', () => trying(async () => (await asks()).fillMatch(form.elements)));
form.elements.sight_kind.addEventListener('change', (event) => { $('#sight-listed').hidden = event.target.value !== ''; });
for (const kind of ['close', 'open', 'value', 'moves']) $(`#ask-${kind}`).addEventListener('click', () => askCurve(kind));
$('#add-post').addEventListener('click', () => setAdding(!adding));
$('#undo-post').addEventListener('click', () => edits.undo());
$('#clear-posts').addEventListener('click', () => { edits.clear(); if (chosen && !layer.find(chosen)) unchoose(); });
const press = (id) => () => { const b = $(id); if (!b) return false; b.click(); return true; };
key('Alt+Enter', 'key.solve', submit, { always: true });
key('k', 'post.pin', press('#pin'));
key('d', 'posts.shut.do', () => press('#shut')() || press('#drop')());
key('n', 'posts.add', () => { setAdding(!adding); return true; });
key('b', 'posts.twin', () => paper(false));
key('Ctrl+p', 'posts.print', () => paper(true), { always: true });
key('Ctrl+z', 'posts.undo', () => edits.undo());
for (const [arrow, dx, dy] of [['ArrowLeft', -1, 0], ['ArrowRight', 1, 0], ['ArrowUp', 0, 1], ['ArrowDown', 0, -1]]) key(`Alt+${arrow}`, 'posts.nudge', () => nudge(dx, dy));
key('Escape', 'key.close', () => { if (adding) { setAdding(false); return true; } if (!chosen) return false; unchoose(); return true; });

startLayers((id, on) => {
  if (id === 'posts') { toggleGroup(layer.group, on); toggleGroup(strangers, on); toggleGroup(spots, on); drawMarks(); }
  if (id === 'rings') { toggleGroup(rings, on); if (rings.found && chosen) drawRings(rings.found, rings.of); drawCoverage(); }
  if (id === 'grids') { grids.borders(on); grids.show(on || layerOn('coverage')); }
  if (id === 'coverage') { grids.show(on || layerOn('grids')); drawCoverage(); }
});
onTheme(() => { if (rings.found && chosen) drawRings(rings.found, rings.of); layer.mark(new Map((plan?.posts ?? []).map((p) => [p.post_id, { color: ink().accent, note: `${number(p.demand)} ${unitOf(plan.demand_kind)}` }]))); drawStrangers(); drawCoverage(); drawMarks(); });
if (map.getSize().y < 460) fold('posts', true); // an enlarged page leaves the map little room
live.hidden = true;
fill($('#panel'), live, here, job, several, planBox, today, kept);
fill(here, hint());
await trying(async () => {
  features = (await items('posts')).features;
  layer.set(features);
  drawMarks();
  await loadCoverage();
  await keptPlans('posts', kept, open);
  if (read('plan')) { const held = await get(`/api/plans/${read('plan')}`).catch(() => null); if (held) shown(held); }
  if (features.some((f) => f.properties.post_id === read('post'))) await choose(read('post'));
});
resume(job, counted).then(solved);
document.documentElement.dataset.ready = '1';
