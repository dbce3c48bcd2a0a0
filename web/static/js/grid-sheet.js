// The comparison as a sheet to read whole and to print: map of changes, table, totals, who signs.
import { context, t, zh } from './context.js';
import { h } from './dom.js';
import { day, hm, number, signed, stamp } from './format.js';
import { HUES, value } from './grid-compare.js';
import { now } from './clock.js';
import { theme } from './mapview.js';

const NS = 'http://www.w3.org/2000/svg';
const svg = (tag, attributes, ...children) => { const node = document.createElementNS(NS, tag); for (const [k, v] of Object.entries(attributes ?? {})) node.setAttribute(k, v); node.append(...children); return node; };
const hatch = (id, color, turn, gap = 7) => svg('pattern', { id, width: gap, height: gap, patternUnits: 'userSpaceOnUse', patternTransform: `rotate(${turn})` }, svg('rect', { width: gap, height: gap, fill: color, 'fill-opacity': 0.28 }), svg('line', { x1: 0, y1: 0, x2: 0, y2: gap, stroke: color, 'stroke-width': 3 }));
/** Gains lean one way, losses the other, so that colour is never alone. */
export function hatches() {
  const hue = HUES[theme()];
  return svg('svg', { id: 'hatches', width: 0, height: 0, 'aria-hidden': 'true' }, svg('defs', null, hatch('hatch-gain', hue.gain, 45), hatch('hatch-loss', hue.loss, -45), hatch('hatch-move', hue.gain, 45), hatch('hatch-same', hue.same, 0)));
}
const MEASURES = [['area', 'unit.ha', 2, 1e4], ['households', 'grid.households', 0, 1], ['population', 'measure.population', 0, 1], ['calls', 'edit.calls', 0, 1], ['workload', 'edit.workload', 1, 1], ['compactness', 'edit.compactness', 2, 1]];
const finite = (v) => v !== null && v !== undefined && Number.isFinite(v);

function chart(features, outlines, tagOf) {
  const touched = outlines.filter((g) => g.row);
  const points = touched.length ? touched.flatMap((g) => g.latlngs.flat(2).map(([lat, lon]) => [lon, lat])) : features.flatMap((f) => (f.geometry.type === 'Polygon' ? [f.geometry.coordinates] : f.geometry.coordinates).flat(2));
  if (!points.length) return null;
  const [west, east] = [Math.min(...points.map((p) => p[0])), Math.max(...points.map((p) => p[0]))];
  const [south, north] = [Math.min(...points.map((p) => p[1])), Math.max(...points.map((p) => p[1]))];
  const k = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const size = Math.max((east - west) * k, (north - south) / 0.52) || 1e-6;
  const [W, H] = [720, 400];
  const xy = ([lon, lat]) => [W / 2 + ((lon - (west + east) / 2) * k * (W - 60)) / size, H / 2 - ((lat - (south + north) / 2) * (W - 60)) / size];
  const path = (rings) => rings.map((ring) => `M${ring.map((p) => xy(p).map((v) => v.toFixed(1)).join(' ')).join('L')}Z`).join('');
  const grids = touched.flatMap((g) => {
    const rings = g.latlngs.flat().map((ring) => ring.map(([lat, lon]) => [lon, lat]));
    const centre = L.polygon(g.latlngs).getBounds().getCenter();
    const at = xy([centre.lng, centre.lat]);
    const text = svg('text', { x: at[0], y: at[1], 'text-anchor': 'middle', class: 'code' });
    text.textContent = g.code.slice(-6);
    return [svg('path', { d: path(rings), fill: '#f4f6f8', stroke: '#47648a', 'stroke-width': 1.4, 'fill-rule': 'evenodd' }), text];
  });
  const shapes = features.flatMap((f) => {
    const polygons = f.geometry.type === 'Polygon' ? [f.geometry.coordinates] : f.geometry.coordinates;
    const ring = polygons[0][0].map(xy);
    const mid = [0, 1].map((d) => (Math.min(...ring.map((p) => p[d])) + Math.max(...ring.map((p) => p[d]))) / 2);
    const text = svg('text', { x: mid[0], y: mid[1] + 4, 'text-anchor': 'middle', class: 'mark' });
    text.textContent = tagOf(f.properties);
    return [...polygons.map((p) => svg('path', { d: path(p), fill: 'url(#paper-move)', stroke: '#542788', 'stroke-width': 1.2, 'fill-rule': 'evenodd' })), text];
  });
  return svg('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': t('compare.legend'), class: 'changes' }, svg('defs', null, hatch('paper-move', '#542788', 45)), ...grids, ...shapes);
}
const cells = (row, name, digits, by) => { const [a, b] = ['before', 'after'].map((w) => value(row, name, w)); return [finite(a) ? number(a / by, digits) : '–', finite(b) ? number(b / by, digits) : '–', finite(a) && finite(b) ? signed((b - a) / by, digits) : '–']; };

/** Open the sheet; with `paper` the print dialog comes at once. */
export function sheetOf({ draft, data, features, outlines, tagOf, period, paper }) {
  const shown = MEASURES.filter(([name]) => data.table.some((r) => finite(value(r, name, 'before')) || finite(value(r, name, 'after'))));
  const totals = shown.filter(([name]) => name !== 'compactness').map(([name, label, digits, by]) => {
    const sum = (when) => data.table.reduce((s, r) => s + (value(r, name, when) ?? 0), 0);
    return { label: t(label), row: [number(sum('before') / by, digits), number(sum('after') / by, digits), signed((sum('after') - sum('before')) / by, digits)] };
  });
  const head = h('thead', null, h('tr', null, h('th', { rowspan: 2, scope: 'col' }, t('place.grid')), h('th', { rowspan: 2, scope: 'col' }, t('compare.kind')), shown.map(([, label]) => h('th.n', { colspan: 3, scope: 'colgroup' }, t(label)))), h('tr', null, shown.map(() => [t('before'), t('after'), t('change')].map((w) => h('th.n', { scope: 'col' }, w)))));
  const body = h('tbody', null, data.table.map((r) => h('tr', null, h('td', null, r.name ?? '', ' ', h('small', null, r.code)), h('td', null, t(`compare.kind.${r.kind}`)), shown.map(([name, , digits, by]) => cells(r, name, digits, by).map((c) => h('td.n', null, c))))));
  const doc = h('article.sheet.comparison', null,
    h('h1', { id: 'sheet-title' }, t('compare.paper')), h('p.sub', null, `${draft.name} · ${t(`draft.state.${draft.state}`)} · ${context.title}`),
    h('p.meta', null, t('compare.basis', { version: draft.base_version, n: number(data.n) }), ' ', period), chart(features, outlines, tagOf) ?? '',
    h('p.meta', null, t('compare.chart.note', { n: features.length })),
    h('h2', null, t('compare.table')), h('div.wide', { tabindex: 0, role: 'region', 'aria-label': t('compare.table') }, h('table', { 'aria-label': t('compare.table') }, head, body)),
    h('h2', null, t('compare.totals')), h('table', { 'aria-label': t('compare.totals') }, h('thead', null, h('tr', null, ['', t('before'), t('after'), t('change')].map((w, i) => h(i ? 'th.n' : 'td', null, w)))), h('tbody', null, totals.map(({ label, row }) => h('tr', null, h('th', { scope: 'row' }, label), row.map((c) => h('td.n', null, c)))), finite(data.balance_before) ? h('tr', null, h('th', { scope: 'row', title: t('draft.balance.help') }, t('draft.balance')), h('td.n', null, number(data.balance_before, 3)), h('td.n', null, number(data.balance_after, 3)), h('td.n', null, signed(data.balance_after - data.balance_before, 3))) : null)),
    h('h2', null, t('compare.moves')), h('table', { 'aria-label': t('compare.moves') }, h('thead', null, h('tr', null, ['', t('compare.from'), t('compare.to'), t('unit.ha'), t('edit.calls'), t('measure.population')].map((w, i) => h(i > 2 ? 'th.n' : i ? 'th' : 'td', null, w)))), h('tbody', null, (data.moves ?? []).map((m) => h('tr', null, h('td', null, h('b', null, tagOf(m))), h('td', null, m.from ?? '–'), h('td', null, m.to ?? '–'), h('td.n', null, number(m.area_m2 / 1e4, 2)), h('td.n', null, number(m.calls)), h('td.n', null, number(m.population)))))),
    h('h2', null, t('draft.history')), h('ul', null, (draft.steps ?? []).filter((s) => s.step !== 'save').map((s) => h('li', null, `${t(`draft.did.${s.step}`)} · ${s.by} · ${stamp(s.at)}${s.reason ? ` · ${s.reason}` : ''}`))),
    h('div.signs', null, ['submit', 'review', 'publish'].map((s) => h('p', null, t(`compare.sign.${s}`)))),
    h('p.foot', null, context.demo ? `${zh ? context.synthetic_note_zh : context.synthetic_note_en} ` : '', t('printed', { at: `${day(now())} ${hm(now())}` })));
  const box = h('dialog.paper', { id: 'sheet-dialog', 'aria-labelledby': 'sheet-title' }, h('div.close', null, h('button', { type: 'button', on: { click: () => window.print() } }, t('compare.print')), ' ', h('button', { type: 'button', on: { click: () => box.close() } }, t('close'), ' ', h('kbd', null, 'Esc'))), doc);
  box.addEventListener('close', () => { box.remove(); document.body.classList.remove('paper'); });
  document.body.append(box);
  document.body.classList.add('paper');
  box.showModal();
  if (paper) window.print();
}
