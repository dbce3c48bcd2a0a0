// The coming week by the method that won on held-out weeks, its table beside the plain baseline, and places to watch.
import { get, latest, post, trying } from './api.js';
import { familyName, t, zh } from './context.js';
import { card, h, meta, table } from './dom.js';
import { asked as openable, filter } from './figures.js';
import { number, period, stamp } from './format.js';
import { legend, marks } from './legend.js';
import { ink, map, show as fly } from './mapview.js';

const WATCHED = 20;
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export function forecast({ query, draw }) {
  const askWatch = latest();
  let made = null;
  let watched = null;
  let share = null;
  let why = '';
  let on = false;
  let asked = '';
  let turn = 0;
  const cells = L.layerGroup();
  const spots = L.layerGroup();

  function paint() {
    cells.clearLayers();
    spots.clearLayers();
    if (!on) { cells.remove(); spots.remove(); legend('forecast', null); return; }
    cells.addTo(map);
    spots.addTo(map);
    const c = ink();
    const top = made?.first[0]?.expected ?? 1;
    for (const cell of made?.first ?? []) {
      L.polygon(cell.ring.map(([x, y]) => [y, x]), { pane: 'areas', interactive: false, color: c.accent, weight: 1, opacity: 0.75, fillColor: c.accent, fillOpacity: 0.1 + 0.45 * Math.sqrt(cell.expected / top) }).addTo(cells);
    }
    for (const [i, spot] of (watched?.places ?? []).slice(0, WATCHED).entries()) {
      const ring = L.circle([spot.lat, spot.lon], { pane: 'dots', radius: spot.radius_m, color: c.bad, weight: 1.8, dashArray: '4 4', fill: true, fillOpacity: 0.03 }).addTo(spots);
      ring.bindTooltip(() => h('div', null, h('b', null, `${i + 1}. ${familyName(spot.family)}`), h('div', null, t('heat.watch.until', { at: stamp(spot.until) }))), { sticky: true });
    }
    const swatch = (style) => h('i', { 'aria-hidden': 'true', style: { display: 'inline-block', width: '16px', height: '12px', ...style } });
    const list = [];
    if (made) list.push([swatch({ background: c.accent, opacity: 0.5 }), t('heat.forecast.mark', { share: Math.round(made.area_share * 100) })]);
    if (watched) list.push([swatch({ border: `1.5px dashed ${c.bad}`, 'border-radius': '50%' }), t('heat.watch.mark')]);
    legend('forecast', list.length ? marks(t('heat.forecast'), null, list, made ? `${period(made.from, made.to)} · ${zh ? made.winner_zh : made.winner_en} · n = ${number(made.n_history)}` : '') : null);
  }
  async function run(mine) {
    share = 0;
    const started = await post(`/api/forecast?${query()}`, undefined);
    for (;;) {
      const job = await get(started.status_url);
      if (mine !== turn) return;
      if (job.state === 'done') { made = await get(`/api/forecast/${job.result.forecast_id}`); break; }
      if (job.state === 'failed' || job.state === 'cancelled') { why = job.problem?.[zh ? 'detail_zh' : 'detail_en'] ?? job.message; break; }
      share = job.share;
      draw();
      await wait(350);
    }
  }
  async function load() {
    // The period is not part of a forecast: only other classes, hours or bases make another one.
    const wanted = query().replace(/(^|&)(from|to)=[^&]*/g, '');
    if (wanted === asked && (made || why)) { paint(); draw(); return; }
    asked = wanted;
    const mine = ++turn;
    made = null; watched = null; why = '';
    draw();
    await Promise.all([
      run(mine).catch((error) => { why = error.message; }).finally(() => { share = null; if (mine === turn) { paint(); draw(); } }),
      askWatch(`/api/hotspots/watch?${query()}`).then((list) => { if (mine !== turn) return; watched = list; paint(); draw(); }),
    ]);
  }
  const two = (v) => (v === null ? '–' : number(v, 2));
  function trial() {
    const own = (m) => m.method === made.winner;
    return [table([[t('heat.method'), (m) => [zh ? m.label_zh : m.label_en, own(m) ? h('span.tag.good', null, t('heat.winner')) : '']], ['PAI', (m) => two(m.pai), 'n'], ['PEI', (m) => two(m.pei), 'n'], ['RRI', (m) => two(m.rri), 'n'], [t('heat.loglik'), (m) => two(m.log_likelihood), 'n']], made.table, { label: t('heat.trial') }),
      h('p.meta', null, t('heat.trial.note', { share: Math.round(made.area_share * 100), weeks: made.weeks, n: number(made.n) })), made.left_out.length ? h('p.meta', null, t('heat.forecast.left', { methods: made.left_out.map((m) => t(`heat.forecast.method.${m}`)).join(', ') })) : null];
  }
  return {
    load: () => trying(load),
    show(next) { on = next; paint(); },
    repaint: paint,
    cards() {
      const done = Math.round((share ?? 0) * 100);
      const week = card(t('heat.forecast'), { kind: 'key', id: 'forecast-card', aside: made ? period(made.from, made.to) : '' },
        why && h('p.failed', null, why),
        share !== null && !made && h('div.progress', { role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': done, 'aria-label': t('heat.forecast.run') }, h('i', { style: { width: `${done}%` } })),
        made && [h('p.claim', null, zh ? made.sentence_zh : made.sentence_en), trial(), meta(t('heat.forecast.ground', { n: number(made.n_history), size: made.size_m, cells: number(made.cells) }), ''), h('p.meta', null, openable(t('heat.forecast.expected', { n: number(made.expected) }), 'heat.expected', () => filter(query(), { from: made.history_from, to: made.from, only: 'placed' })))]);
      const first = made && card(t('heat.forecast.first'), { aside: t('heat.forecast.cells', { n: made.first.length }) }, table([['#', (c) => c.rank, 'n'], [t('heat.forecast.next'), (c) => number(c.expected, 2), 'n'], [t('heat.forecast.base'), (c) => number(c.baseline, 2), 'n'], [t('heat.forecast.last'), (c) => number(c.last_week), 'n']], made.first.slice(0, 10), { pick: (c) => fly({ lon: c.lon, lat: c.lat, title: t('heat.forecast.cell', { rank: c.rank }) }), key: (c) => c.rank, label: t('heat.forecast.first') }));
      const watch = card(t('heat.watch'), { aside: watched ? t('heat.watch.count', { n: watched.places.length }) : '' },
        watched ? [h('p.meta', null, zh ? watched.note_zh : watched.note_en), h('ol.hotlist.watch', { 'aria-label': t('heat.watch') }, watched.places.slice(0, WATCHED).map((s, i) => h('li', null, h('button', { type: 'button', on: { click: () => fly({ lon: s.lon, lat: s.lat, title: `${familyName(s.family)} ${s.name}` }) } },
          h('i.hotmark', { 'aria-hidden': 'true' }, String(i + 1)), h('span.where', null, h('b', null, familyName(s.family)), h('small', null, [s.name, s.grid_code].filter(Boolean).join(' · ')), h('span.tag', null, t('heat.watch.until', { at: stamp(s.until) }))), h('span.many', null, h('b', null, number(s.n)), h('small', null, t('unit.calls'))), h('span.why', null, zh ? s.why_zh : s.why_en)))))] : h('p.meta', null, t('heat.wait')));
      return [week, first, watch];
    },
  };
}
