// Hot places: the list beside the map and the outlines on it; picking one shows the other. And how concentrated calls are.
import { latest, trying } from './api.js';
import { t, zh } from './context.js';
import { card, h, meta } from './dom.js';
import { asked } from './figures.js';
import { number, period } from './format.js';
import { curve } from './heat-charts.js';
import { legend, marks } from './legend.js';
import { ink, map } from './mapview.js';
import { keep, read } from './url.js';

const METHODS = ['gi_star', 'local_moran', 'segments', 'network', 'kde', 'scan', 'clusters'];
const CELLS = ['square', 'hexagon', 'grid', 'segment'];
const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;

export function hotPlaces({ query, draw }) {
  const askList = latest();
  const askCurve = latest();
  let method = METHODS.includes(read('method')) ? read('method') : 'gi_star';
  let cells = CELLS.includes(read('cells')) ? read('cells') : 'square';
  let size = Number(read('size')) || 250;
  let found = null;
  let share = null;
  let why = '';
  let picked = read('hot');
  const group = L.layerGroup();
  const shapes = new Map();

  const tiled = () => ['gi_star', 'local_moran'].includes(method);
  const options = () => `method=${method}&cells=${cells}&size_m=${size}`;
  async function load() {
    let list;
    let of;
    try { [list, of] = await Promise.all([askList(`/api/hotspots?${query()}&${options()}`), askCurve(`/api/hotspots/concentration?${query()}&cells=${method === 'segments' ? 'segment' : cells}&size_m=${size}`).catch(() => null)]); } catch (error) {
      if (error.name === 'AbortError') return;
      found = null; share = null; why = error.message;
      paint(); legend('hot', null); draw();
      return;
    }
    why = '';
    found = list;
    share = of;
    paint();
    draw();
  }
  function paint() {
    group.clearLayers();
    shapes.clear();
    if (!found) return;
    const color = ink().pick;
    for (const place of [...found.places].reverse()) {
      const on = place.id === picked;
      const shape = L.geoJSON(place.geometry, { pane: 'dots', style: { color, weight: on ? 4.5 : 2, opacity: on ? 1 : 0.9, fill: place.geometry.type.includes('Polygon'), fillOpacity: on ? 0.16 : 0.05 } });
      const number_ = L.marker([place.lat, place.lon], { pane: 'pick', interactive: false, keyboard: false, icon: L.divIcon({ className: on ? 'hotmark on' : 'hotmark', iconSize: [24, 24], html: '' }) });
      number_.on('add', () => { number_.getElement().textContent = String(place.rank); number_.getElement().setAttribute('aria-hidden', 'true'); });
      shape.bindTooltip(() => h('div', null, h('b', null, `${place.rank}. ${name(place)}`), h('div', null, t('n.calls', { n: number(place.n) }))), { sticky: true });
      shape.on('click', (event) => { L.DomEvent.stop(event); event.originalEvent?.preventDefault(); pick(place, false); });
      shapes.set(place.id, place);
      group.addLayer(shape).addLayer(number_);
    }
    legend('hot', group._map || map.hasLayer(group) ? marks(zh ? found.label_zh : found.label_en, null, [[h('i.hotmark', { 'aria-hidden': 'true' }, '1'), t('heat.hot.mark')]], `${period(found.from, found.to)} · n = ${number(found.n)} · ${t('heat.hot.count', { n: found.places.length })}`) : null);
  }
  const name = (p) => p.name || (p.grid_code ? t('heat.hot.ingrid', { code: p.grid_code }) : `${p.lon.toFixed(4)}, ${p.lat.toFixed(4)}`);
  function pick(place, fly = true) {
    picked = place.id;
    keep('hot', picked);
    paint();
    draw();
    document.querySelector(`[data-hot="${CSS.escape(picked)}"]`)?.scrollIntoView({ block: 'nearest' });
    if (!fly) return;
    const bounds = L.geoJSON(place.geometry).getBounds();
    map.flyToBounds(bounds.isValid() ? bounds : L.latLng(place.lat, place.lon).toBounds(400), { maxZoom: 16, duration: 0.7, animate: !calm, padding: [60, 60] });
  }
  const choose = (id, label, list, value, run) => h('label.field', null, h('span', null, label), h('select', { id, on: { change: (e) => { run(e.target.value); trying(load); } } }, list.map(([v, text]) => h('option', { value: v, selected: v === value }, text))));
  function item(p) {
    return h('li', null, h('button', { type: 'button', 'data-hot': p.id, 'aria-pressed': String(p.id === picked), on: { click: () => pick(p) } },
      h('i.hotmark', { 'aria-hidden': 'true' }, String(p.rank)),
      h('span.where', null, h('b', null, name(p)), p.grid_code && p.name && h('small', null, p.grid_code), h('span.tag', { class: p.p === null ? 'tag' : 'tag good' }, zh ? p.chance_zh : p.chance_en)),
      h('span.why', null, zh ? p.why_zh : p.why_en)),
      h('span.many', null, asked(h('b', null, number(p.n)), 'heat.place', () => `${query()}&${options()}&place=${encodeURIComponent(p.id)}`), h('small', null, `${number(p.interval[0])}–${number(p.interval[1])}`)));
  }
  return {
    load: () => trying(load),
    show(on) { if (on) { group.addTo(map); paint(); } else { group.remove(); legend('hot', null); } },
    repaint: paint,
    options,
    cards() {
      const head = card(t('heat.hot.title'), { kind: 'key', aside: found ? t('heat.hot.count', { n: found.places.length }) : '' },
        h('div.pair', null, choose('method', t('heat.method'), METHODS.map((m) => [m, t(`heat.method.${m}`)]), method, (v) => { method = v; keep('method', v === 'gi_star' ? '' : v); }),
          tiled() && choose('cells', t('heat.cells'), CELLS.map((c) => [c, t(`heat.cells.${c}`)]), cells, (v) => { cells = v; keep('cells', v === 'square' ? '' : v); }),
          tiled() && ['square', 'hexagon'].includes(cells) && choose('size', t('heat.size'), [150, 250, 400, 600].map((s) => [String(s), `${s} ${t('unit.m')}`]), String(size), (v) => { size = Number(v); keep('size', size === 250 ? '' : size); })),
        found ? [meta(period(found.from, found.to), `n = ${number(found.n)}`, found.n_unplaced ? t('calls.unplaced.beside', { n: number(found.n_unplaced) }) : ''), h('p.meta', null, zh ? found.note_zh : found.note_en), h('ol.hotlist', { 'aria-label': t('heat.hot.title') }, found.places.map(item))]   : why ? h('p.failed', null, why) : h('p.meta', null, t('heat.wait')));
      return [head, share && card(t('heat.curve'), { aside: t(`heat.cells.${share.cells}`) }, curve(share))];
    },
  };
}
