// Period against period: where there are more calls than before and where fewer; what could be chance is faint.
import { latest, trying } from './api.js';
import { t, zh } from './context.js';
import { card, h, meta, table } from './dom.js';
import { count, filter } from './figures.js';
import { number, period, short, signed } from './format.js';
import { iso, ymd } from './format.js';
import { sentence } from './heat-area.js';
import { legend, ramp } from './legend.js';
import { map, show, theme } from './mapview.js';
import { keep, read } from './url.js';

const DAY = 86400000;
const valid = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

export function difference({ query, draw, failed }) {
  const ask = latest();
  let against = ['previous', 'year', 'other'].includes(read('against')) ? read('against') : 'previous';
  let from = valid(read('bfrom')) ? read('bfrom') : '';
  let to = valid(read('bto')) ? read('bto') : '';
  let found = null;
  let why = '';
  let tiles;
  let on = false;

  function part() {
    if (against !== 'other' || !from || !to) return `against=${against === 'year' ? 'year' : 'previous'}`;
    const end = new Date(Date.parse(`${to}T00:00:00Z`) + DAY).toISOString().slice(0, 10);
    return `before_from=${encodeURIComponent(iso(from))}&before_to=${encodeURIComponent(iso(end))}`;
  }
  const address = () => `${query()}&${part()}&theme=${theme()}`;
  function paint() {
    if (!on || !found) { tiles?.remove(); tiles = undefined; legend('difference', null); return; }
    const url = `/api/heat/difference/tiles/{z}/{x}/{y}.png?${address()}`;
    if (tiles) tiles.setUrl(url); else tiles = L.tileLayer(url, { pane: 'heat', maxNativeZoom: 17, maxZoom: 19, opacity: 0.9, attribution: '' }).addTo(map);
    const box = ramp(t('heat.difference'), zh ? found.unit : found.unit_en, found.legend.map((s) => ({ ...s, color: s.color === 'transparent' ? 'rgba(128,128,128,.08)' : s.color })), (v) => (v ? signed(v, Math.abs(v) < 10 ? 1 : 0) : '0'), `${period(found.from, found.to)} n = ${number(found.n)} · ${t('heat.against')} ${period(found.before_from, found.before_to)} n = ${number(found.before_n)}`);
    box.append(h('p', null, t('heat.difference.faint')));
    for (const [i, tick] of [...box.querySelectorAll('.ticks span')].entries()) tick.textContent = found.legend[i].value ? signed(found.legend[i].value, Math.abs(found.legend[i].value) < 10 ? 1 : 0) : '0';
    legend('difference', box);
  }
  async function load() {
    try {
      found = await ask(`/api/heat/difference?${address()}&z=${map.getZoom()}`);
      why = '';
    } catch (error) {
      if (error.name === 'AbortError') return;
      found = null;
      why = error.message;
      failed?.();
    }
    paint();
    draw();
  }
  map.on('zoomend', () => { if (on && found) trying(load); });
  const grids = (list, label) => (list.length ? table([[label, (g) => [g.name || g.code, h('small', null, g.name ? g.code : '')]], ['n', (g) => count(g.n, number(g.n), 'heat.grid', () => filter(query(), { areas: g.code, only: 'placed' })), 'n'], [t('heat.before.n'), (g) => count(g.before_n, number(g.before_n), 'heat.before', () => filter(query(), { areas: g.code, from: found.before_from, to: found.before_to, only: 'placed' })), 'n'], [t('heat.chance'), (g) => h(g.q <= 0.05 ? 'span.tag.bad' : 'span.tag', null, zh ? g.word_zh : g.word_en)]], list, { pick: (g) => show({ lon: g.lon, lat: g.lat, title: `${g.name} ${g.code}` }), key: (g) => g.code, label }) : h('p.meta', null, '–'));
  const date = (name, value, run) => h('label', null, h('span', null, t(`period.${name}`)), h('input', { type: 'text', id: `b${name}`, inputmode: 'numeric', maxlength: 10, value, placeholder: ymd(Date.now()), on: { change: (e) => { if (valid(e.target.value)) { run(e.target.value); trying(load); } } } }));
  return {
    load: () => trying(load),
    show(next) { on = next; paint(); },
    get on() { return on; },
    cards() {
      const pickers = h('div', null, h('div.segments', { role: 'radiogroup', 'aria-label': t('heat.against') }, ['previous', 'year', 'other'].map((a) => h('label', null, h('input', { type: 'radio', name: 'against', value: a, checked: a === against, on: { change: () => { against = a; keep('against', a === 'previous' ? '' : a); if (a === 'other' && !(from && to)) draw(); else trying(load); } } }), h('span', null, t(`heat.against.${a}`))))),
        against === 'other' && h('div.dates', null, date('from', from, (v) => { from = v; keep('bfrom', v); }), date('to', to, (v) => { to = v; keep('bto', v); })));
      const f = found;
      return [card(t('heat.difference'), { kind: 'key' }, pickers, why && h('p.failed', null, why), !f && !why && h('p.meta', null, t('heat.wait')),
        f && [h('p.figure', null, count(f.n, h('b', null, number(f.n)), 'heat.n', () => filter(query(), { only: 'placed' })), h('span.unit', null, t('unit.calls'))), meta(period(f.from, f.to), f.n_unplaced ? t('calls.unplaced.beside', { n: number(f.n_unplaced) }) : ''), sentence(f.comparison, query), f.before_unplaced ? meta(t('heat.before.unplaced', { n: number(f.before_unplaced) })) : null]),
      f && card(t('heat.up'), { aside: t('heat.tested', { n: number(f.tested) }) }, grids(f.up, t('place.grid'))), f && card(t('heat.down'), {}, grids(f.down, t('place.grid')), h('p.meta', null, t('heat.fdr')))];
    },
    short,
  };
}
