// What cleaning noticed, reason by reason, on the map and in a table; every decision can be taken back.
import { get, post, trying } from './api.js';
import { t, zh } from './context.js';
import { $, $$, card, fill, h, meta, tiles, toast } from './dom.js';
import { hms, number, ymd } from './format.js';
import { key } from './keys.js';
import { legend, marks } from './legend.js';
import { ink, map, onTheme } from './mapview.js';
import { dot, glyph } from './shapes.js';
import { keep, read } from './url.js';
import { basesCard, learn, statesOf } from './calls-preview.js';

const MOST = 500;
const SHAPES = { open: 'circle', accepted: 'square', dismissed: 'triangle' };
const color = (state) => ({ open: ink().pick, accepted: ink().bad, dismissed: ink().muted })[state];
const group = L.layerGroup().addTo(map);
const ring = L.circleMarker([0, 0], { pane: 'pick', radius: 13, weight: 4, fill: false, interactive: false });
let all = null;
let code = read('code');
let listed = { matched: 0, calls: [] };
const chosen = new Set();

const state = () => $('input[name="state"]:checked').value;
const stateOf = (call) => statesOf(call.flags).find(([name]) => name === code)?.[1] ?? 'open';
const placed = (call) => Number.isFinite(call.lat) && Number.isFinite(call.lon) && map.options.maxBounds.contains([call.lat, call.lon]);
const nameOf = (f) => (zh ? f.label_zh : f.label_en);

async function flags() {
  all = await trying(() => get('/api/calls/flags'));
  if (!all) return;
  learn(all.flags);
  const shown = all.flags.filter((f) => !state() || f[state()] > 0 || f.code === code);
  if (!all.flags.some((f) => f.code === code)) code = (all.flags.find((f) => f.open) ?? all.flags[0])?.code ?? '';
  $('#reason-count').textContent = t('calls.of_calls', { n: number(all.n_flagged), all: number(all.n_calls) });
  fill($('#reasons'), shown.length ? shown.map((f) => h('button', { type: 'button', 'data-code': f.code, 'aria-pressed': String(f.code === code), on: { click: () => pick(f.code) } }, h('span', null, nameOf(f)), h('small', null, f.open ? t('calls.open', { n: number(f.open) }) : t('calls.settled')), h('output', null, number(f.n)))) : h('p.hint', null, t('calls.flags.none')));
}
async function pick(next) {
  code = next;
  keep('code', code);
  chosen.clear();
  $$('#reasons button').forEach((b) => b.setAttribute('aria-pressed', String(b.dataset.code === code)));
  await list(true);
}
async function list(fly = false) {
  const word = state();
  const found = code ? await trying(() => get(`/api/calls/flags/${encodeURIComponent(code)}?limit=${MOST}${word ? `&state=${word}` : ''}`)) : { matched: 0, calls: [] };
  if (!found) return;
  listed = found;
  drawMap(fly); drawTable(); drawPanel();
}
function drawMap(fly) {
  group.clearLayers();
  ring.remove();
  const spots = listed.calls.filter(placed);
  for (const call of spots) {
    const own = stateOf(call);
    dot(call.lat, call.lon, { pane: 'dots', shape: SHAPES[own], radius: 6, color: ink().halo, fillColor: color(own), fillOpacity: 0.85, weight: 1.2 })
      .bindTooltip(() => h('div', null, h('b', null, call.call_id), h('div', null, `${call.family} · ${ymd(call.occurred_at)} ${hms(call.occurred_at)}`), h('div', null, call.address ?? '')))
      .on('click', () => point(call, true)).addTo(group);
  }
  if (fly && spots.length) map.fitBounds(L.latLngBounds(spots.map((c) => [c.lat, c.lon])).pad(0.15), { maxZoom: 16, animate: false });
  const f = all?.flags.find((x) => x.code === code);
  legend('flags', f ? marks(nameOf(f), t('calls.on_map', { n: number(spots.length) }), Object.keys(SHAPES).map((s) => [glyph(SHAPES[s], { fill: color(s), stroke: 'none' }), `${t(`calls.state.${s}`)} ${number(f[s])}`]), listed.matched > spots.length ? t('calls.not_on_map', { n: number(listed.matched - spots.length) }) : null) : null);
}
/** Mark a call on the map and in the table. */
function point(call, scroll) {
  if (placed(call)) { ring.setLatLng([call.lat, call.lon]).setStyle({ color: ink().pick }).addTo(map); if (!map.getBounds().contains([call.lat, call.lon])) map.panTo([call.lat, call.lon]); }
  for (const row of $$('#rows tr[data-key]')) row.toggleAttribute('aria-selected', false);
  const row = $(`#rows tr[data-key="${CSS.escape(call.call_id)}"]`);
  row?.setAttribute('aria-selected', 'true');
  if (scroll) row?.scrollIntoView({ block: 'nearest' });
}
function drawTable() {
  const tick = (call) => h('input', { type: 'checkbox', checked: chosen.has(call.call_id), 'aria-label': t('calls.choose', { id: call.call_id }), on: { click: (e) => e.stopPropagation(), change: (e) => { if (e.target.checked) chosen.add(call.call_id); else chosen.delete(call.call_id); drawPanel(); } } });
  const every = h('input', { type: 'checkbox', 'aria-label': t('calls.choose.all'), on: { change: (e) => { listed.calls.forEach((c) => (e.target.checked ? chosen.add(c.call_id) : chosen.delete(c.call_id))); drawTable(); drawPanel(); } } });
  every.checked = listed.calls.length > 0 && listed.calls.every((c) => chosen.has(c.call_id));
  const columns = [[t('calls.column.call_id'), (c) => c.call_id], [t('calls.state'), (c) => h(`span.tag.${stateOf(c)}`, null, t(`calls.state.${stateOf(c)}`))], [t('calls.column.occurred_at'), (c) => `${ymd(c.occurred_at)} ${hms(c.occurred_at)}`], [t('calls.column.family'), (c) => c.family], [t('calls.column.address'), (c) => c.address ?? '–'], [t('basis.valid'), (c) => (c.valid ? t('yes') : t('no'))]];
  const line = (call) => h('tr.pick', { tabindex: 0, 'data-key': call.call_id, on: { click: () => point(call, false), keydown: (e) => { if (e.key === 'Enter') point(call, false); } } }, h('td', null, tick(call)), columns.map(([, cell]) => h('td', null, cell(call))));
  fill($('#time'), listed.calls.length ? h('div.rows.wide', { id: 'rows', tabindex: 0, role: 'region', 'aria-label': t('calls.table') }, h('table', null, h('thead', null, h('tr', null, h('th', null, every), columns.map(([title]) => h('th', { scope: 'col' }, title)))), h('tbody', null, listed.calls.map(line))),
    listed.matched > listed.calls.length && h('p.meta', null, t(state() ? 'calls.shown.some' : 'calls.shown', { n: number(listed.calls.length), all: number(listed.matched) }))) : h('p.hint.none', null, all?.n_calls ? t('calls.nothing_here') : t('calls.nothing_yet')));
}
function drawPanel() {
  const f = all?.flags.find((x) => x.code === code);
  if (!f) { fill($('#panel'), all && basesCard(all.bases, t('calls.bases.all')), card(t('calls.flags'), {}, h('p.meta', null, t('calls.flags.none')))); return; }
  // In one state a decision concerns the calls that are listed, else all with the reason.
  const n = chosen.size || (state() ? listed.calls.length : listed.matched);
  const what = chosen.size || state() ? t('calls.these', { n: number(n) }) : t('calls.all_these', { n: number(n) });
  const button = (word, letter, kind) => h(`button${kind ?? ''}`, { type: 'button', 'data-decide': word, disabled: n === 0, 'aria-keyshortcuts': letter, on: { click: () => decide(word) } }, t(`calls.${word}`), ' ', h('kbd', null, letter.toUpperCase()));
  fill($('#panel'),
    card(nameOf(f), { kind: 'key', id: 'reason', aside: f.code }, h('p.claim', null, zh ? f.sentence_zh : f.sentence_en),
      tiles(Object.keys(SHAPES).map((s) => [number(f[s]), t(`calls.state.${s}`)])), meta(t(`calls.effect.${f.effect}`)),
      h('p.claim', null, what), h('div.details', null, button('accept', 'y'), button('dismiss', 'n'), button('undo', 'u'))),
    basesCard(all.bases, t('calls.bases.all')));
}
async function decide(decision) {
  const ids = chosen.size ? [...chosen] : state() ? listed.calls.map((c) => c.call_id) : null;
  const answer = await trying(() => post('/api/calls/flags', { code, decision, ...(ids ? { call_ids: ids } : {}) }));
  if (!answer) return;
  toast(t(`calls.${decision}.done`, { n: number(answer.changed), valid: number(answer.bases.valid) }));
  chosen.clear();
  await flags();
  await list();
}
for (const [letter, word] of [['y', 'accept'], ['n', 'dismiss'], ['u', 'undo']]) key(letter, `calls.key.${word}`, () => { const b = $(`[data-decide="${word}"]`); if (!b || document.documentElement.dataset.mode !== 'review') return false; b.click(); return true; });
$$('input[name="state"]').forEach((box) => box.addEventListener('change', async () => { chosen.clear(); await flags(); await list(); }));
onTheme(() => drawMap(false));

export async function openReview() { await flags(); if (all) { drawPanel(); await list(true); } }
