// A drawn area or a grid: its trend, hours by weekday, classes, near repeats and comparisons.
import { latest, trying } from './api.js';
import { familyName, t, zh } from './context.js';
import { $, card, fill, h, meta, table } from './dom.js';
import { interval, md, number, percent, period, short } from './format.js';
import { bars, clockTable } from './heat-charts.js';
import { asked, count, filter, openRows } from './figures.js';
import { key } from './keys.js';
import { putDown, takeUp } from './lasso.js';
import { ink, map, onTheme } from './mapview.js';
import { keep, read } from './url.js';

const ask = latest();
const spell = (ring) => ring.map(([x, y]) => `${x.toFixed(5)},${y.toFixed(5)}`).join(';');

/** Words of a comparison, with its periods; `query()` is the filter of the period that is compared. */
export function sentence(c, query) {
  return [h('p.claim', null, h('b', null, zh ? c.label_zh : c.label_en), ' ', zh ? c.sentence_zh : c.sentence_en), h('p.meta', null, `${period(c.before_from, c.before_to)} · `, count(c.before_n, `n = ${number(c.before_n)}`, 'heat.before', () => filter(query(), { from: c.before_from, to: c.before_to, only: 'placed' })), ` · p = ${c.p < 0.001 ? '<0.001' : number(c.p, 3)}`)];
}

/** Connect the lasso and the panel; `query()` is the filter, `changed()` runs when another area is chosen. */
export function areaPanel({ query, changed }) {
  const box = h('div', { id: 'area', 'aria-live': 'polite' });
  $('#panel').before(box);
  let where = null; // {ring} or {grid}
  let found = null;
  let spread = false;
  let alone = false;
  let drawn;
  const button = h('button.banner', { type: 'button', id: 'lasso', 'aria-pressed': 'false', 'aria-keyshortcuts': 'o', title: t('heat.lasso.title') }, t('heat.lasso'), ' ', h('kbd', null, 'O'));
  $('#maptools').append(button);

  const part = () => (where?.grid ? `areas=${encodeURIComponent(where.grid)}` : where ? `within=${encodeURIComponent(spell(where.ring))}` : '');
  const said = () => (where?.grid ? `g:${where.grid}` : where ? spell(where.ring) : '');
  function outline() {
    drawn?.remove();
    drawn = found && (where?.ring || alone) ? L.geoJSON(found.geometry, { pane: 'pick', interactive: false, style: { color: ink().pick, weight: 2.5, dashArray: '6 4', fill: true, fillOpacity: 0.06 } }).addTo(map) : undefined;
  }
  async function refresh() {
    if (!where) return;
    const answer = await ask(`/api/heat/area?${query()}&${part()}${spread ? '&windows=true' : ''}`);
    found = answer;
    outline();
    fill(box, ...cards());
  }
  /** The outline as a filter of everything on the page, or nothing. */
  const narrow = () => (alone && where ? `&${part()}` : '');
  function only(on) { alone = on; keep('only', on ? '1' : ''); outline(); changed(); }
  function set(next) {
    const before = alone;
    if (!next) { alone = false; keep('only', ''); }
    where = next;
    keep('area', said());
    if (!next) { found = null; drawn?.remove(); fill(box); if (before) changed(); return undefined; }
    return trying(async () => { await refresh(); if (alone) changed(); });
  }
  function cards() {
    const a = found;
    const aside = h('button.closer', { type: 'button', title: t('close'), 'aria-label': t('close'), on: { click: () => set(null) } }, '×');
    const families = a.families.filter((f) => f.n).sort((x, y) => y.n - x.n).slice(0, 6);
    const rows = a.trend.map((d) => ({ label: md(`${d.day}T12:00:00Z`), n: d.n, from: d.from, to: d.to }));
    const here = () => `${query()}&${part()}`;
    const behind = (parts) => () => filter(here(), { only: 'placed', ...parts });
    const bar = (b, told) => (told ? behind({ from: b.from, to: b.to })() : openRows('heat.bar', behind({ from: b.from, to: b.to })()));
    const cell = (day, hour) => openRows('heat.cell', behind({ weekdays: day, hours: hour })());
    const matrix = spread && a.spread ? a.spread.weights : a.hour_by_weekday;
    return [card(a.grid ? t('heat.area.grid', { code: a.grid }) : t('heat.area.drawn'), { aside, kind: 'key', id: 'area-card' },
      h('p.figure', null, asked(h('b', null, number(a.n)), 'heat.n', behind({})), h('span.unit', null, t('unit.calls')), h('span.ci', null, interval(a.interval))),
      meta(period(a.from, a.to), t('heat.area.share', { share: percent(a.share), n: number(a.n_city) }), t('heat.area.km2', { km2: number(a.area_km2, 2) }), `${short(a.per_km2_week)} ${t('heat.unit')}`, a.n_unplaced ? t('calls.unplaced.beside', { n: number(a.n_unplaced) }) : ''),
      a.comparisons.map((c) => sentence(c, here)), a.few_hidden ? meta(t('heat.few', { n: number(a.few_hidden) })) : null, a.missing.map((m) => h('p.meta', null, t(`heat.missing.${m}`))),
      h('label.row', { title: t('heat.only.help') }, h('input', { type: 'checkbox', id: 'only', checked: alone, on: { change: (e) => only(e.target.checked) } }), h('span', null, t('heat.only'))),
      h('h2.section', null, t(a.step === 'week' ? 'heat.trend.week' : 'heat.trend.day')), rows.length ? bars(rows, t('heat.trend.day'), bar) : null,
      h('h2.section', null, t('heat.clock')), matrix.length ? clockTable(matrix, { digits: spread ? 1 : 0, pick: spread ? null : cell }) : null,
      h('label.row', { title: t('heat.spread.help') }, h('input', { type: 'checkbox', id: 'spread', checked: spread, on: { change: (e) => { spread = e.target.checked; trying(refresh); } } }), h('span', null, t('heat.spread'))),
      spread && a.spread && h('p.meta', null, t('heat.spread.n', { n: number(a.spread.n), windows: number(a.spread.with_window), wide: number(a.spread.wide), reversed: number(a.spread.reversed) })),
      h('h2.section', null, t('by.family')), table([[t('family'), (f) => familyName(f.id)], ['n', (f) => count(f.n, number(f.n), 'heat.class', behind({ families: f.id })), 'n'], [t('interval.title'), (f) => `${number(f.interval[0])}–${number(f.interval[1])}`, 'n'], [t('share'), (f) => percent(f.n / Math.max(1, a.n), 0), 'n']], families, { label: t('by.family') }),
      h('h2.section', null, t('heat.near')), a.near_expected === null ? meta(t('heat.near.none')) : [h('p.claim', null, count(a.near_repeats, t('heat.near.words', { n: number(a.near_repeats), expected: number(a.near_expected, 1), m: a.near_reach_m, days: a.near_days }), 'heat.near', behind({ only: 'near' }))), h('p.meta', null, t(a.near_repeats > a.near_expected * 1.2 ? 'heat.near.more' : 'heat.near.chance'))])];
  }

  const draw = () => takeUp(button, (ring) => set({ ring }));
  button.addEventListener('click', draw);
  key('o', 'heat.lasso', draw);
  key('Escape', 'key.close', () => { if (putDown()) return true; if (where) { set(null); return true; } return false; });
  onTheme(() => outline());

  const kept = read('area');
  if (kept.startsWith('g:')) where = { grid: kept.slice(2) };
  else if (kept) where = { ring: kept.split(';').map((p) => p.split(',').map(Number)) };
  alone = Boolean(where) && read('only') === '1';
  return { set, narrow, refresh: () => trying(refresh) };
}
