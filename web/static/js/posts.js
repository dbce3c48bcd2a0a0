// 屯警布点: where posts stand, whom they reach in 1-3-5-10 minutes of street time, and where they should stand.
import { get, items, trying } from './api.js';
import { context, t, zh } from './context.js';
import { $, card, figure, fill, h, meta, pairs, table, tiles, toast } from './dom.js';
import { candidateGlyph, postLayer, postLegend, toggleGroup } from './forces.js';
import { iso, number, percent, period, seconds, short, ymd } from './format.js';
import { gridTiles } from './gridtiles.js';
import { keptPlans, proof, resume, solve } from './jobs.js';
import { key } from './keys.js';
import { layerOn, startLayers } from './layers.js';
import { classes, legend, marks } from './legend.js';
import { locate, startLocate } from './locate.js';
import { ink, map, onTheme, show, startMap, theme, themeChanged } from './mapview.js';
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
const grids = gridTiles();
const rings = L.layerGroup();
const form = $('#solve');
const job = h('div');
const planBox = h('div');
const kept = h('div');
const here = h('div');
const today = h('div');
const pinned = new Map();
let chosen = null;
let coverage = null;
let plan = null;
let limit = null;

const posts = postLayer({ pick: choose });
const postMarks = () => [...postLegend(), [candidateGlyph(), `${t('post.candidate')} ${number(posts.features.filter((f) => f.properties.state === 'candidate').length)}`], ...(plan ? [[glyph('pentagon', { fill: ink().accent, stroke: 'none', r: 7 }), t('post.in_plan')]] : [])];
const byGrid = () => (plan ? Object.fromEntries(Object.entries(plan.by_grid).map(([code, v]) => [code, v.seconds])) : coverage?.by_grid ?? {});
const band = (s) => BANDS.findIndex((top) => s <= top);
const citizen = () => (form.elements.citizen.checked ? 'only' : 'any');
const from = () => iso(new Date(Date.parse(`${ymd(context.data_as_of)}T00:00:00Z`) - (Number(form.elements.days.value) - 1) * 86400000).toISOString().slice(0, 10));
const minutes = () => Number(form.elements.minutes.value);

function drawCoverage() {
  const on = layerOn('coverage') && !(chosen && layerOn('rings')); // rings over a choropleth cannot be read
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
  grids.paint(fills);
  const label = (i) => (i === 0 ? '≤ 1' : i === BANDS.length - 1 ? `> ${BANDS[i - 1] / 60}` : `${BANDS[i - 1] / 60} – ${BANDS[i] / 60}`);
  legend('coverage', classes(t('legend.reach'), t('unit.minutes'), colors.map((color, i) => ({ color, label: label(i), count: number(tally[i]) })), `${plan ? t('plan.this.short') : t('posts.today')} · ${t(`profile.${plan?.profile ?? form.elements.profile.value}`)} · n = ${number(Object.keys(seconds_).length)} ${t('unit.grids')} · ${t('legend.reach.blank')}`));
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

function figures(c) {
  return [figure(percent(c.share), t('posts.within', { m: number(c.minutes) }), c.interval ? t('interval', { lo: percent(c.interval[0]), hi: percent(c.interval[1]) }) : ''),
    tiles([[seconds(c.mean_seconds), t('mean')], [seconds(c.p90_seconds), t('p90'), t('p90.help')], [c.worst_grid ? seconds(c.worst_grid.seconds) : '–', t('worst')]])];
}
function todayCard() {
  const c = coverage;
  return card(t('posts.coverage'), { kind: plan ? null : 'key', aside: t('posts.today') }, figures(c),
    meta(c.from ? period(c.from, c.to) : '', `n = ${number(c.n)} ${t('unit.calls')}`, t(`basis.${c.basis ?? 'valid'}`), t(`citizen.${c.citizen ?? 'any'}`), c.n_unplaced ? t('calls.unplaced.beside', { n: number(c.n_unplaced) }) : '', c.n_posts ? t('posts.count', { n: number(c.n_posts) }) : '', t(`profile.${c.profile ?? form.elements.profile.value}`)),
    meta(c.worst_grid ? t('posts.worst', { grid: c.worst_grid.name ?? c.worst_grid.code, time: seconds(c.worst_grid.seconds) }) : '', c.unreachable?.length ? t('posts.unreachable', { n: number(c.unreachable.length), names: c.unreachable.slice(0, 3).join('、') }) : t('posts.all_reachable')));
}
async function loadCoverage() {
  coverage = await get(`/api/posts/coverage?minutes=${minutes()}&profile=${form.elements.profile.value}&basis=${form.elements.basis.value}&citizen=${citizen()}&from=${encodeURIComponent(from())}&to=${encodeURIComponent(context.data_as_of)}`);
  coverage.minutes ??= minutes();
  fill(today, todayCard());
  drawCoverage();
  drawTime();
}

async function choose(feature) {
  chosen = feature;
  const p = feature.properties;
  keep('post', p.post_id);
  fill(here, postCard());
  $('#right').scrollTop = 0;
  rings.clearLayers();
  drawCoverage();
  const found = await trying(() => get(`/api/isochrones?post_id=${encodeURIComponent(p.post_id)}&minutes=${context.legends.rings.join(',')}&profile=${form.elements.profile.value}`));
  if (!found || chosen !== feature) return;
  drawRings(found);
}
function drawRings(found) {
  rings.clearLayers();
  const colors = RING[theme()];
  const order = [...found.features].sort((a, b) => b.properties.minutes - a.properties.minutes);
  for (const f of order) { const i = context.legends.rings.indexOf(f.properties.minutes); L.geoJSON(f, { pane: 'areas', interactive: false, style: { color: colors[i], weight: 2, fillColor: colors[i], fillOpacity: 0.13 + 0.06 * (3 - i) } }).addTo(rings); }
  legend('rings', layerOn('rings') ? classes(t('legend.rings'), t('unit.minutes'), context.legends.rings.map((m, i) => ({ color: colors[i], label: t('ring', { m }) })), `${chosen.properties.name} · ${t(`profile.${form.elements.profile.value}`)}`) : null);
  rings.found = found;
}
function postCard() {
  const p = chosen.properties;
  const [lon, lat] = chosen.geometry.coordinates;
  const own = plan?.posts.find((x) => x.post_id === p.post_id);
  const pin = () => { if (pinned.has(p.post_id)) pinned.delete(p.post_id); else pinned.set(p.post_id, p.name); drawPinned(); fill(here, postCard()); };
  return card(p.name, { kind: 'key', aside: h('button.closer', { type: 'button', 'aria-label': t('close'), on: { click: unchoose } }, '×') },
    pairs([[t('post.kind'), t(`post.kind.${p.kind}`)], [t('post.state'), t(`post.${p.state}`)], [t('post.number'), p.post_id], [t('post.manned'), p.units ? t('post.units', { n: p.units }) : t('post.unmanned')], own && [t('post.demand'), `${number(own.demand)} ${t('unit.calls')}`]]),
    own?.why && meta(zh ? own.why : own.why_en ?? own.why),
    h('div.details', null, h('button', { type: 'button', 'aria-pressed': String(pinned.has(p.post_id)), 'aria-keyshortcuts': 'k', id: 'pin', on: { click: pin } }, t(pinned.has(p.post_id) ? 'post.unpin' : 'post.pin'), ' ', h('kbd', null, 'K')), h('button', { type: 'button', on: { click: () => locate(lat, lon) } }, t('place.title'))));
}
function unchoose() { chosen = null; keep('post', ''); rings.clearLayers(); legend('rings', null); fill(here, hint()); drawCoverage(); }
const hint = () => h('p.hint', { id: 'post-hint' }, t('posts.hint'));
function drawPinned() { fill($('#pinned'), [...pinned].map(([id, name]) => h('button', { type: 'button', title: t('post.unpin'), on: { click: () => { pinned.delete(id); drawPinned(); } } }, `${name} ×`))); }

function compare(before, after) {
  const row = (label, name, format, better, apart = format) => {
    const [a, b] = [before?.[name], after?.[name]];
    const diff = Number.isFinite(a) && Number.isFinite(b) ? b - a : null;
    return [label, format(a), format(b), diff === null ? '–' : h(diff === 0 || !better ? 'span.delta' : Math.sign(diff) === better ? 'span.delta.up' : 'span.delta.down', null, `${diff > 0 ? '+' : diff < 0 ? '−' : '±'}${apart(Math.abs(diff))}`)];
  };
  return table([['', (r) => r[0]], [t('before'), (r) => r[1], 'n'], [t('after'), (r) => r[2], 'n'], [t('change'), (r) => r[3], 'n']],
    [row(t('posts.n'), 'posts', number, 0), row(t('share.covered'), 'share', percent, 1, (d) => t('points.percent', { n: number(d * 100, 1) })), row(t('mean'), 'mean_seconds', seconds, -1), row(t('p90'), 'p90_seconds', seconds, -1), row(t('worst.place'), 'worst_seconds', seconds, -1)].filter((r) => r[2] !== '–'), { label: t('posts.compare') });
}
function planCard() {
  const b = plan.bound;
  return [card((zh ? plan.title : plan.title_en) ?? plan.title, { kind: 'key', id: 'plan', aside: h('button.closer', { type: 'button', 'aria-label': t('close'), on: { click: () => open(null) } }, '×') },
    figure(percent(plan.share), t('posts.within', { m: number(plan.radius_seconds / 60) }), plan.after?.interval ? t('interval', { lo: percent(plan.after.interval[0]), hi: percent(plan.after.interval[1]) }) : ''),
    proof(plan, t('plan.covers', { n: number(plan.objective) }), Number.isFinite(b) ? t('plan.covers', { n: number(b) }) : null),
    meta(`n = ${number(plan.n_calls ?? plan.demand)} ${t('unit.calls')}`, plan.from ? period(plan.from, plan.to) : '', t(`basis.${plan.basis}`), t(`citizen.${plan.citizen ?? 'any'}`), plan.n_unplaced ? t('calls.unplaced.beside', { n: number(plan.n_unplaced) }) : '', t(`profile.${plan.profile}`)),
    meta(plan.next_post_gain !== undefined && plan.next_post_gain !== null ? t('posts.next', { n: short(plan.next_post_gain) }) : '', plan.unreachable?.length ? t('posts.unreachable', { n: number(plan.unreachable.length), names: plan.unreachable.slice(0, 3).map((u) => u.code ?? u).join('、') }) : '')),
  plan.after && card(t('posts.compare'), {}, compare(plan.before, plan.after)),
  card(t('posts.list'), { aside: number(plan.posts.length) }, table([[t('layer.posts'), (p) => [h('div', null, p.name), h('small', null, zh ? p.why ?? '' : p.why_en ?? p.why ?? '')]], [t('post.demand'), (p) => number(p.demand), 'n']], plan.posts, { label: t('posts.list'), key: (p) => p.post_id, pick: (p) => { map.flyTo([p.lat, p.lon], Math.max(map.getZoom(), 15), { duration: 0.6 }); const f = posts.features.find((x) => x.properties.post_id === p.post_id); if (f) choose(f); } }))];
}
function open(next) {
  plan = next;
  keep('plan', plan?.plan_id ?? '');
  posts.mark(new Map((plan?.posts ?? []).map((p) => [p.post_id, { color: ink().accent, note: `${number(p.demand)} ${t('unit.calls')}` }])));
  fill(planBox, plan ? planCard() : null);
  if (layerOn('posts')) legend('posts', marks(t('legend.posts'), null, postMarks()));
  if (coverage) fill(today, todayCard());
  drawCoverage();
  drawTime();
}
async function submit() {
  const e = form.elements;
  if (!form.checkValidity()) { toast(t('form.bad'), true); return; }
  const question = { p: Number(e.p.value), radius_minutes: minutes(), profile: e.profile.value, candidates: e.candidates.value, basis: e.basis.value, citizen: citizen(), from: from(), to: context.data_as_of, pinned: [...pinned.keys()], closed: [], seconds: Number(e.seconds.value), seed: Number(e.seed.value) };
  const button = $('button[type="submit"]', form);
  button.disabled = true;
  const found = await solve('/api/posts/solve', question, job, (v) => number(v));
  button.disabled = false;
  solved(found);
}
form.addEventListener('submit', (event) => { event.preventDefault(); submit(); });
form.addEventListener('change', (event) => { if (['minutes', 'profile', 'basis', 'citizen', 'days'].includes(event.target.name)) { trying(loadCoverage); if (chosen) choose(chosen); } });
key('Alt+Enter', 'key.solve', submit, { always: true });
key('k', 'post.pin', () => { const b = $('#pin'); if (!b) return false; b.click(); return true; });
key('Escape', 'key.close', () => { if (!chosen) return false; unchoose(); return true; });

startLayers((id, on) => {
  if (id === 'posts') { toggleGroup(posts.group, on); legend('posts', on ? marks(t('legend.posts'), null, postMarks()) : null); }
  if (id === 'rings') { toggleGroup(rings, on); if (rings.found && chosen) drawRings(rings.found); drawCoverage(); }
  if (id === 'grids') { grids.borders(on); grids.show(on || layerOn('coverage')); }
  if (id === 'coverage') { grids.show(on || layerOn('grids')); drawCoverage(); }
});
onTheme(() => { drawCoverage(); if (rings.found && chosen) drawRings(rings.found); open(plan); legend('posts', layerOn('posts') ? marks(t('legend.posts'), null, postMarks()) : null); });
fill($('#panel'), here, job, planBox, today, kept);
fill(here, hint());
await trying(async () => {
  const places = await items('posts');
  posts.set(places.features, true);
  if (layerOn('posts')) legend('posts', marks(t('legend.posts'), null, postMarks()));
  await loadCoverage();
  await keptPlans('posts', kept, open);
  if (read('plan')) { const held = await get(`/api/plans/${read('plan')}`).catch(() => null); if (held) open(held); }
  const asked = places.features.find((f) => f.properties.post_id === read('post'));
  if (asked) await choose(asked);
});
const solved = (found) => { if (found) { open(found); keptPlans('posts', kept, open); toast(t('job.done')); } };
resume(job, (v) => number(v)).then(solved);
document.documentElement.dataset.ready = '1';
