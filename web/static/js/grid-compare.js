// 比较: what a draft would change, on the map, in a table and on paper.
import { Arcs } from './arcs.js';
import { t } from './context.js';
import { card, fill, h, meta, pairs, table, tiles } from './dom.js';
import { number, signed, ymd } from './format.js';
import { key } from './keys.js';
import { legend } from './legend.js';
import { ink, map, onTheme, theme } from './mapview.js';
import { layerOn } from './layers.js';
import { hatches, sheetOf } from './grid-sheet.js';

/** Purple to orange: what a grid gains or loses, readable without red and green. */
export const HUES = { light: { gain: '#542788', gained: '#998ec3', same: '#9aa5b1', lost: '#f1a340', loss: '#b35806' }, dark: { gain: '#b59ae0', gained: '#7d6bb0', same: '#6b7886', lost: '#c98a3c', loss: '#ffb454' } };
const finite = (v) => v !== null && v !== undefined && Number.isFinite(v);
export const value = (row, name, when) => row[`${name}_${when}`] ?? row[`${name}_m2_${when}`] ?? null;
/** A, B, … Z, AA: the letter of the i-th move. */
export const letter = (i) => (i >= 26 ? letter(Math.floor(i / 26) - 1) : '') + String.fromCharCode(65 + (i % 26));
const places = (geometry) => { const flat = (p) => p.map((ring) => ring.map(([lon, lat]) => [lat, lon])); return geometry.type === 'Polygon' ? [flat(geometry.coordinates)] : geometry.coordinates.map(flat); };
/** From the side of one grid: it gains the piece, or loses it. */
export const sideOf = (piece, code) => (piece.to === code ? 'gain' : piece.from === code ? 'loss' : null);

/** Classes of change of the workload of a grid, as a share of what it was. */
const CLASSES = [['loss', -Infinity, -0.1], ['lost', -0.1, -0.005], ['same', -0.005, 0.005], ['gained', 0.005, 0.1], ['gain', 0.1, Infinity]];
const shift = (row) => { const [a, b] = ['before', 'after'].map((w) => value(row, 'workload', w) ?? value(row, 'area', w)); return a ? (b ?? 0) / a - 1 : b ? Infinity : 0; };
const classOf = (row) => CLASSES.find(([, low, high]) => { const s = shift(row); return s === Infinity ? high === Infinity : s >= low && s < high; })[0];

let current;
key('Ctrl+p', 'compare.print', () => { if (!current) return false; current.sheet(true); return true; }, { always: true });
key('Alt+t', 'compare.sheet', () => { if (!current) return false; current.sheet(false); return true; });
onTheme(() => current?.draw());

/** `topology` holds the grids of the draft around the changes, or is null. */
export function compareView(draft, data, topology) {
  const features = data.pieces?.features ?? [];
  const sums = data.moves ?? [];
  const pair = (p) => `${p.from ?? ''}>${p.to ?? ''}`;
  const moves = [...new Set([...sums, ...features.map((f) => f.properties)].map(pair))];
  const tagOf = (p) => letter(moves.indexOf(pair(p)));
  const arcs = topology ? new Arcs(topology) : null;
  const rows = new Map(data.table.map((r) => [r.code, r]));
  const outlines = arcs ? arcs.grids.map((g, i) => ({ code: g.code, latlngs: arcs.latlngs(i), row: rows.get(g.code), bold: false })) : [];
  const shape = L.svg({ pane: 'edit' });
  const group = L.layerGroup().addTo(map);
  const panel = h('div');
  let chosen = null;
  const names = new Map(data.table.map((r) => [r.code, r.name]));
  const short = (code) => (code ? code.slice(-6) : '–');
  const before = (name) => data.totals?.[name]?.before ?? data.totals?.[`${name}_before`] ?? null;

  function draw() {
    group.clearLayers();
    const hue = HUES[theme()];
    for (const g of outlines) {
      const name = g.row && classOf(g.row);
      const on = chosen === g.code;
      const polygon = L.polygon(g.latlngs, { renderer: shape, color: g.row ? ink().strong : ink().line, weight: on ? 4 : g.row ? 2.2 : 0.8, fillColor: name ? hue[name] : 'none', fillOpacity: g.row ? (chosen && !on ? 0.12 : 0.4) : 0, interactive: Boolean(g.row) }).addTo(group);
      if (!g.row) continue;
      polygon.on('click', () => pick(g.code));
      if (layerOn('codes')) group.addLayer(L.marker(polygon.getCenter(), { icon: L.divIcon({ className: 'gridcode', html: h('div', null, g.code.slice(-6)), iconSize: [60, 14], iconAnchor: [30, 7] }), interactive: false, keyboard: false }));
    }
    for (const f of features) {
      const p = f.properties;
      const side = chosen ? sideOf(p, chosen) : 'gain';
      const kind = side ?? 'same';
      const polygon = L.polygon(places(f.geometry), { renderer: shape, color: side ? hue[kind] : hue.same, weight: 2, fillColor: `url(#hatch-${chosen ? kind : 'move'})`, fillOpacity: side ? 0.9 : 0.3, className: `piece ${kind}` });
      polygon.bindTooltip(h('div', null, h('b', null, `${tagOf(p)}  ${names.get(p.from) ?? p.from ?? '–'} → ${names.get(p.to) ?? p.to ?? '–'}`), h('div', null, `${number(p.area_m2 / 1e4, 2)} ${t('unit.ha')} · ${t('n.calls', { n: number(p.calls) })}`)));
      group.addLayer(polygon);
      const mark = chosen ? (side === 'gain' ? `+${tagOf(p)}` : side === 'loss' ? `−${tagOf(p)}` : '') : tagOf(p);
      if (mark && p.area_m2 > 30) group.addLayer(L.marker(polygon.getBounds().getCenter(), { icon: L.divIcon({ className: 'gridcode piece', html: h('div', null, mark), iconSize: [40, 16], iconAnchor: [20, 8] }), interactive: false, keyboard: false }));
    }
    for (const [i, edge] of (arcs?.arcs ?? []).entries()) if (['parent', 'outer'].includes(arcs.reasons[i])) group.addLayer(L.polyline(edge.map((p) => arcs.degrees(p)), { renderer: shape, color: ink().strong, weight: 4, opacity: 0.85, interactive: false }));
    const sum = (list) => list.reduce((s, f) => s + f.properties.area_m2, 0) / 1e4;
    const of = (kind) => features.filter((f) => sideOf(f.properties, chosen) === kind);
    const line = (kind, words, list) => [swatch(kind), h('span', null, words), h('small', null, `n = ${list.length} · ${number(sum(list), 2)} ${t('unit.ha')}`)];
    legend('compare', h('section.legend', { 'aria-label': t('compare.legend') }, h('h3', null, h('span', null, chosen ? names.get(chosen) ?? chosen : t('compare.legend')), h('small', null, draft.name)),
      h('div.steps', null, chosen ? [line('gain', t('compare.gained'), of('gain')), line('loss', t('compare.lost'), of('loss'))] : [line('move', t('compare.moved'), features), CLASSES.map(([name]) => { const list = data.table.filter((r) => classOf(r) === name); return list.length ? [h('i', { style: { background: hue[name] } }), h('span', null, t(`compare.class.${name}`)), h('small', null, `n = ${list.length}`)] : null; })]), h('p', null, t(chosen ? 'compare.legend.one' : 'compare.legend.all'))));
    drawPanel();
  }
  const swatch = (kind) => { const s = h('svg', { width: 20, height: 14, 'aria-hidden': 'true' }); s.append(h('rect', { width: 20, height: 14, fill: `url(#hatch-${kind})`, stroke: HUES[theme()][kind === 'loss' ? 'loss' : 'gain'] })); return s; };
  function pick(code) { chosen = chosen === code ? null : code; draw(); }
  const delta = (row, name, digits = 0, by = 1) => { const [a, b] = [value(row, name, 'before'), value(row, name, 'after')]; return [h('b', null, finite(b) ? number(b / by, digits) : '–'), h('small', null, finite(a) && finite(b) ? signed((b - a) / by, digits) : '–')]; };
  function drawPanel() {
    const [one, two] = [data.balance_before, data.balance_after];
    fill(panel,
      card(t('compare.title'), { kind: 'key', aside: draft.name, id: 'comparison' },
        tiles([[number(data.table.length), t('compare.grids')], [number(features.length), t('compare.pieces')], [`${number(features.reduce((s, f) => s + f.properties.area_m2, 0) / 1e4, 2)}`, t('compare.area')]]),
        tiles([[finite(one) ? number(one, 3) : '–', t('draft.balance.before'), t('draft.balance.help')], [finite(two) ? number(two, 3) : '–', t('draft.balance.after'), t('draft.balance.help')]], 'two'),
        meta(t('compare.basis', { version: draft.base_version, n: number(data.n) }), period(data.period)),
        h('div.details', null, h('button', { type: 'button', id: 'sheet-open', 'aria-keyshortcuts': 'Alt+T', on: { click: () => sheet(false) } }, t('compare.sheet'), ' ', h('kbd', null, 'Alt T')), h('button', { type: 'button', 'aria-keyshortcuts': 'Control+P', on: { click: () => sheet(true) } }, t('compare.print'), ' ', h('kbd', null, 'Ctrl P'))),
        h('div.details', null, ['xlsx', 'geojson'].map((f) => h('a.button', { href: `/api/drafts/${draft.draft_id}/comparison?f=${f}`, download: '' }, t(`compare.file.${f}`))))),
      card(t('compare.table'), { aside: t('compare.pick') },
        table([[t('place.grid'), (r) => [h('div', null, r.name ?? ''), h('small', null, `${short(r.code)} · ${t(`compare.kind.${r.kind}`)}`)]], [t('unit.ha'), (r) => delta(r, 'area', 2, 1e4), 'n'], [t('edit.calls'), (r) => delta(r, 'calls'), 'n'], [t('edit.workload'), (r) => delta(r, 'workload', 1), 'n']], data.table, { label: t('compare.table'), key: (r) => r.code, pick: (r) => pick(r.code) })),
      card(t('compare.moves'), {}, table([['', (m) => h('b', null, tagOf(m))], [t('compare.from_to'), (m) => `${short(m.from)} → ${short(m.to)}`], [t('unit.ha'), (m) => number(m.area_m2 / 1e4, 2), 'n'], [t('edit.calls'), (m) => number(m.calls), 'n'], [t('measure.population'), (m) => number(m.population), 'n']], sums, { label: t('compare.moves') }), finite(before('area')) ? pairs([[t('compare.total'), `${number(before('area') / 1e4, 2)} ${t('unit.ha')}`]]) : null));
    for (const row of panel.querySelectorAll('tr.pick')) row.setAttribute('aria-selected', String(row.dataset.key === chosen));
  }
  function period(p) { if (!p) return ''; const [a, b] = Array.isArray(p) ? p : [p.from ?? p.calls_from, p.to ?? p.calls_to]; return a && b ? `${ymd(a)} – ${ymd(b)}` : ''; }
  function sheet(paper) { sheetOf({ draft, data, features, outlines, tagOf, period: period(data.period), paper }); }

  map.getPane('edit').append(hatches());
  shape.addTo(map);
  draw();
  const seen = [...outlines.filter((g) => g.row).map((g) => L.polygon(g.latlngs)), ...features.map((f) => L.polygon(places(f.geometry)))];
  if (seen.length) map.fitBounds(L.featureGroup(seen).getBounds().pad(0.15), { maxZoom: 18, animate: false });
  current = { sheet, draw };
  return { panel, codes: new Set(outlines.map((g) => g.code)), close() { current = null; group.remove(); shape.remove(); legend('compare', null); document.getElementById('hatches')?.remove(); } };
}
