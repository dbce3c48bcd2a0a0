// 警情热力: where and when calls happen, by class, period, hours and weekdays; heat, choropleth, and time that plays.
import { items, latest, trying } from './api.js';
import { context, familyName, familyStyle, t, zh } from './context.js';
import { $, $$, card, fill, h, meta, table, toast } from './dom.js';
import { asked, count as counted, filter } from './figures.js';
import { postLayer, postLegend, toggleGroup } from './forces.js';
import { chance, interval, number, percent, period, short, signed, stamp } from './format.js';
import { gridTiles } from './gridtiles.js';
import { binLabel, binMarks, heatFrames, perBin } from './heatframes.js';
import { areaPanel } from './heat-area.js';
import { difference } from './heat-difference.js';
import { hotPlaces } from './heat-places.js';
import { startShare } from './heat-share.js';
import { startViews } from './heat-views.js';
import { heatFilters } from './heatfilters.js';
import { count, layerOn, setLayer, startLayers } from './layers.js';
import { classes, legend, marks, ramp } from './legend.js';
import { locate, startLocate } from './locate.js';
import { map, onTheme, show, startMap, theme, themeChanged } from './mapview.js';
import { glyph } from './shapes.js';
import { paintFamilies, startShell } from './shell.js';
import { timebar } from './timebar.js';
import { keep, read } from './url.js';

startMap();
startShell({ choose: (r) => { if (show(r)) locate(r.lat, r.lon); }, themeChanged });

const frames = heatFrames();
const grids = gridTiles();
const posts = postLayer();
const askSummary = latest();
const askValues = latest();
let tiles;
let summary;
let values;
let by = read('by', 'hour');

const views = startViews(() => openView());
const filters = heatFilters((query) => (query === null ? nothing() : refresh()));
const time = timebar({
  modes: ['hour', 'weekday_hour', 'day', 'week'].map((id) => [id, t(`by.${id}`)]), mode: by, wait: 420, start: read('at') === '' ? null : Number(read('at')),
  onMode: (next) => { by = next; keep('by', next === 'hour' ? '' : next); trying(() => drawFrames(false)); },
  change: showBin,
});
const plain = () => filters.query();
const area = areaPanel({ query: plain, changed: () => { if (!filters.empty()) refresh(); } });
const query = () => `${filters.query()}${area.narrow()}`;
const places = hotPlaces({ query, draw: () => redraw('places') });
const compared = difference({ query, draw: () => redraw('difference') });
let coming = null; // fetched when its view is first opened
const openForecast = async () => { coming ??= (await import('./heat-forecast.js')).forecast({ query, draw: () => redraw('forecast') }); return openView(); };
startLocate({ then: (answer) => { if (answer.grid) area.set({ grid: answer.grid.code }); } });
startShare({ query, extra: () => places.options(), words: () => ({ title: `${t('nav.heat')} · ${context.title}`, note: summary ? `${t(`total.${summary.basis}`)} n = ${number(summary.n)} · ${span()} · ${who()} · ${t('as_of', { at: stamp(context.data_as_of) })}${summary.n_unplaced ? ` · ${t('calls.unplaced.beside', { n: number(summary.n_unplaced) })}` : ''}` : '', name: `xunge-heat-${location.search.match(/from=([\d-]+)/)?.[1] ?? ''}` }) });
const dim = () => { if (tiles) tiles.setOpacity(frames.shown || compared.on ? 0 : 0.85); };

function drawTiles() {
  const url = `/api/heat/tiles/{z}/{x}/{y}.png?${query()}&theme=${theme()}`;
  if (!layerOn('heat') || filters.empty()) { tiles?.remove(); tiles = undefined; return; }
  if (tiles) { tiles.setUrl(url); return; }
  tiles = L.tileLayer(url, { pane: 'heat', maxNativeZoom: 17, maxZoom: 19, opacity: 0.85, className: 'heat-tiles', attribution: '' }).addTo(map);
  dim();
}
/** Labels and counts of the bins: hours and days are in the summary; the cube is fetched when it is played. */
async function binsOf() {
  if (by === 'hour') return [summary.by_hour.map((_, hour) => String(hour)), summary.by_hour];
  if (by === 'day') return [summary.by_day.map((d) => d.day), summary.by_day.map((d) => d.n)];
  const cube = await frames.load(query(), by);
  return [cube.bins, cube.n];
}
async function drawFrames(keepPlace = true) {
  const [labels, n] = await binsOf();
  const bins = labels.map((label, i) => ({ value: n[i], label: binLabel(by, label), note: perBin(n[i]) }));
  time.set(bins, { marks: binMarks(by, labels), keepPlace, total: { label: t('time.period'), note: summary ? perBin(summary.n) : '' } });
  await showBin(time.at);
}
async function showBin(at) {
  keep('at', at);
  const on = layerOn('heat') && at !== null && !filters.empty();
  if (on && (await trying(() => frames.load(query(), by))) === undefined) return;
  if (time.at !== at) return;
  frames.show(on ? at : null);
  dim();
  drawLegend();
}
const weeks = () => (Date.parse(summary.to) - Date.parse(summary.from)) / 604800000;
const span = () => period(summary.from, summary.to);
const who = () => t(filters.citizen() ? 'citizen.only' : 'citizen.any');

function drawLegend() {
  if (!summary) return;
  const on = layerOn('heat') && !compared.on;
  const [steps, n] = frames.shown ? [frames.steps(), time.bin?.note] : [summary.legend.steps, `n = ${number(summary.n)}`];
  legend('heat', on ? ramp(t('legend.heat'), zh ? summary.legend.unit : summary.legend.unit_en, steps, short, `${span()} · ${frames.shown ? `${time.bin?.label} · ` : ''}${n} · ${t(`basis.${summary.basis}`)} · ${who()}`) : null);
  if (values && layerOn('choropleth')) {
    const tally = new Map();
    for (const v of Object.values(values.values)) tally.set(v.class, (tally.get(v.class) ?? 0) + 1);
    legend('grids', classes(t(`measure.${values.measure}`), zh ? values.unit : values.unit_en, values.breaks.map((b, i) => ({ label: b.label, color: b.color, count: number(tally.get(i) ?? 0) })), `${values.measure === 'population' ? '' : `${span()} · ${t(`basis.${summary.basis}`)} · ${who()} · `}n = ${number(values.n)} · ${t('edition', { edition: values.edition ?? '–' })}${values.few_hidden ? ` · ${t('heat.few', { n: number(values.few_hidden) })}` : ''}`));
  } else legend('grids', null);
}
async function drawValues() {
  if (!layerOn('choropleth')) { grids.paint(null); values = null; drawLegend(); panel(); return; }
  values = await askValues(`/api/grids/values?measure=${$('#measure').value}&${query()}&theme=${theme()}`);
  const fills = new Map(Object.entries(values.values).map(([code, v]) => [code, values.breaks[v.class]?.color]).filter(([, c]) => c));
  grids.show(true);
  grids.paint(fills);
  drawLegend();
  panel();
}

const behind = (parts) => () => filter(query(), { only: 'placed', ...parts });
function totalCard() {
  const s = summary;
  const b = s.baseline;
  const ratio = b?.n ? (s.n / b.n - 1) * 100 : null;
  return card(t(`total.${s.basis}`), { kind: 'key', aside: t('per_day', { n: number(s.n / Math.max(1, weeks() * 7), 1) }) }, h('p.figure', null, asked(h('b', null, number(s.n)), 'heat.n', behind({})), h('span.unit', null, t('unit.calls')), h('span.ci', null, interval(s.interval))),
    meta(span(), t('as_of', { at: stamp(context.data_as_of) }), who(), s.n_unplaced ? t('calls.unplaced.beside', { n: number(s.n_unplaced) }) : '', s.n_hour_left_out ? t('heat.hour_left_out', { n: number(s.n_hour_left_out) }) : '', s.few_hidden ? t('heat.few', { n: number(s.few_hidden) }) : ''),
    b && h('p.meta', null, counted(b.n, t('heat.before', { n: number(b.n), period: period(b.from, b.to) }), 'heat.before', behind({ from: b.from, to: b.to })), ` ${[ratio === null ? '' : `${signed(ratio, 1)}%`, chance(s.n, b.n)].filter(Boolean).join(' · ')}`));
}
function familyCard() {
  const top = Math.max(1, ...summary.by_family.map((f) => f.n));
  const rows = [...summary.by_family].sort((a, b) => b.n - a.n);
  const mark = (id) => { const s = familyStyle(id); return h('i.glyph', { style: { 'vertical-align': '-4px', 'margin-right': '5px' } }, glyph(s.shape, { fill: s.color, stroke: 'none' })); };
  return card(t('by.family'), { aside: t('by.family.note') }, table([[t('family'), (f) => [mark(f.id), familyName(f.id), h('i.bar', { style: { width: `${(f.n / top) * 100}%` } })]], ['n', (f) => counted(f.n, number(f.n), 'heat.class', behind({ families: f.id })), 'n'], [t('interval.title'), (f) => (f.interval ? `${number(f.interval[0])}–${number(f.interval[1])}` : '–'), 'n'], [t('share'), (f) => percent(summary.n ? f.n / summary.n : 0), 'n']], rows, { label: t('by.family') }));
}
function weekdayCard() {
  const top = Math.max(1, ...summary.by_weekday);
  return card(t('by.weekday'), {}, table([[t('weekday'), ([d]) => t(`weekday.long.${d}`)], ['', ([, n]) => h('i.bar', { style: { width: `${(n / top) * 110}px`, 'margin-top': '8px' } })], ['n', ([d, n]) => counted(n, number(n), 'heat.weekday', behind({ weekdays: d })), 'n'], [t('share'), ([, n]) => percent(summary.n ? n / summary.n : 0), 'n']], summary.by_weekday.map((n, i) => [i + 1, n]), { label: t('by.weekday') }));
}
function topCard() {
  if (!values) return null;
  const rows = Object.entries(values.values).filter(([, v]) => v.value !== null).sort((a, b) => b[1].value - a[1].value).slice(0, 10);
  const go = async ([code]) => { const f = await trying(() => fetch(`/api/collections/grids/items/${encodeURIComponent(code)}`).then((r) => r.json())); if (f) { const c = L.geoJSON(f).getBounds().getCenter(); show({ lat: c.lat, lon: c.lng, title: code }); locate(c.lat, c.lng); } };
  return card(t('top.grids'), { aside: zh ? values.unit : values.unit_en }, table([[t('place.grid'), ([code]) => code], ['n', ([code, v]) => counted(v.n, number(v.n), 'heat.grid', behind({ areas: code })), 'n'], [t('value'), ([, v]) => short(v.value), 'n'], [t('interval.title'), ([, v]) => (Number.isFinite(v.lo) ? `${short(v.lo)}–${short(v.hi)}` : '–'), 'n']], rows, { pick: go, key: ([code]) => code, label: t('top.grids') }));
}
/** The cards of the view that is open; another view's answer that comes late changes nothing. */
function panel() {
  const kept = $('#right').scrollTop;
  const focus = document.activeElement?.id;
  if (views.now !== 'overview') fill($('#panel'), ...({ places, difference: compared, forecast: coming }[views.now]?.cards() ?? [h('p.meta', null, t('heat.wait'))]));
  else if (summary) fill($('#panel'), totalCard(), topCard(), familyCard(), summary.by_weekday.length ? weekdayCard() : null);
  $('#right').scrollTop = kept;
  if (focus && document.activeElement?.id !== focus) document.getElementById(focus)?.focus();
}
function redraw(view) { if (views.now === view) panel(); }
/** Show the layers of the open view alone, and ask for what it needs. */
function openView() {
  places.show(views.now === 'places');
  compared.show(views.now === 'difference');
  coming?.show(views.now === 'forecast');
  dim();
  drawLegend();
  panel();
  if (filters.empty()) return undefined;
  if (views.now === 'forecast' && !coming) return trying(openForecast);
  return { places, difference: compared, forecast: coming }[views.now]?.load();
}
function counts() {
  const n = new Map(summary.by_family.map((f) => [f.id, f.n]));
  for (const box of $$('input[name="family"]')) $(`[data-family-count="${CSS.escape(box.value)}"]`).textContent = box.checked ? number(n.get(box.value) ?? 0) : '–'; // not asked, so not known
  filters.groups((classes, all) => (all ? number(classes.reduce((sum, id) => sum + (n.get(id) ?? 0), 0)) : '–'));
  count('heat', number(summary.n));
}
function nothing() {
  tiles?.remove(); tiles = undefined; frames.show(null);
  legend('heat', null); legend('grids', null); grids.paint(null);
  $$('[data-family-count], [data-count="heat"]').forEach((out) => { out.textContent = '0'; });
  fill($('#panel'), card(t('calls.none'), {}, h('p.meta', null, t('calls.none.note'))));
  toast(t('calls.none.note'));
}
async function refresh() {
  drawTiles();
  const busy = setTimeout(() => $('#panel').setAttribute('aria-busy', 'true'), 200); // the old figures are not the asked ones
  await trying(async () => {
    summary = await askSummary(`/api/heat/summary?${query()}&z=${map.getZoom()}&theme=${theme()}`).catch((error) => { if (error.name !== 'AbortError') fill($('#panel'), h('p.failed', null, error.message)); throw error; });
    if (views.now === 'overview') panel();
    counts(); drawLegend();
    await Promise.all([drawFrames(), layerOn('choropleth') ? drawValues() : null, area.refresh(), openView()]);
  });
  clearTimeout(busy);
  $('#panel').removeAttribute('aria-busy');
}
startLayers((id, on) => {
  if (id === 'heat') { drawTiles(); dim(); if (summary) showBin(time.at); }
  if (id === 'choropleth') { if (on && summary && layerOn('heat')) setLayer('heat', false); if (!on && !layerOn('grids')) grids.show(false); trying(drawValues); }
  if (id === 'grids') { grids.borders(on || layerOn('choropleth')); grids.show(on || layerOn('choropleth')); }
  if (id === 'posts') { toggleGroup(posts.group, on); legend('posts', on ? marks(t('legend.posts'), null, postLegend()) : null); }
});
if (read('measure')) $('#measure').value = read('measure');
$('#measure').addEventListener('change', () => { keep('measure', $('#measure').value); if (layerOn('choropleth')) trying(drawValues); else $('[data-layer="choropleth"]').click(); });
onTheme(() => { paintFamilies(glyph); frames.recolor(); places.repaint(); coming?.repaint(); if (!filters.empty()) refresh(); });
map.on('zoomend', () => trying(async () => { if (filters.empty()) return; summary = await askSummary(`/api/heat/summary?${query()}&z=${map.getZoom()}&theme=${theme()}`); drawLegend(); }));

const standing = trying(() => items('posts'));
await (filters.empty() ? nothing() : refresh());
const found = await standing;
if (found) { posts.set(found.features); count('posts', number(posts.features.length)); }
document.documentElement.dataset.ready = '1';
