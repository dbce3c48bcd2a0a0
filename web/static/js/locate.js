// Click anywhere: which grid, police grid and station it is, and who is there soonest by street.
import { latest } from './api.js';
import { t } from './context.js';
import { $, card, fill, h, pairs, table } from './dom.js';
import { metres, number, seconds } from './format.js';
import { key } from './keys.js';
import { ink, map, unmark } from './mapview.js';

const ask = latest();
let mark;
let outline;

export function closePlace() {
  mark?.remove(); outline?.remove(); unmark();
  mark = outline = undefined;
  fill($('#place'));
}

/** Ask about a place and show the answer at the top of the right panel. */
export async function locate(lat, lon, { then } = {}) {
  mark?.remove(); outline?.remove();
  mark = L.circleMarker([lat, lon], { pane: 'pick', radius: 9, color: ink().pick, weight: 3, fillColor: ink().pick, fillOpacity: 0.25, interactive: false }).addTo(map);
  let answer;
  try { answer = await ask(`/api/locate?lon=${lon.toFixed(6)}&lat=${lat.toFixed(6)}`); } catch (error) {
    if (error.name === 'AbortError') return;
    fill($('#place'), card(t('place.title'), { aside: closer(), kind: 'alarm' }, h('p.failed', null, error.message)));
    return;
  }
  fill($('#place'), placeCard(answer, lat, lon));
  $('#right').scrollTop = 0;
  if (answer.grid) drawOutline(answer.grid.code);
  then?.(answer);
}
async function drawOutline(code) {
  const feature = await fetch(`/api/collections/grids/items/${encodeURIComponent(code)}`).then((r) => (r.ok ? r.json() : null)).catch(() => null);
  if (!feature || !mark) return;
  outline?.remove();
  outline = L.geoJSON(feature, { pane: 'pick', interactive: false, style: { color: ink().pick, weight: 2.5, fill: false } }).addTo(map);
}
const closer = () => h('button.closer', { type: 'button', title: `${t('close')} (Esc)`, 'aria-label': t('close'), on: { click: closePlace } }, '×');

function placeCard(a, lat, lon) {
  const none = t('place.none');
  const who = (kind) => t(kind === 'post' ? 'place.post' : 'place.unit');
  const state = (s) => { const words = t(`unit.${s.state}`); return s.kind === 'unit' ? (words === `unit.${s.state}` ? '' : words) : t(s.state === 'manned' ? 'post.staffed' : 'post.unmanned'); };
  return card(t('place.title'), { aside: closer(), kind: 'key', id: 'place-card' },
    pairs([
      [t('place.grid'), a.grid ? `${a.grid.name ?? ''} ${a.grid.code}`.trim() : none],
      a.grid?.parent_name && [t('place.community'), a.grid.parent_name],
      [t('place.police_grid'), a.police_grid ? `${a.police_grid.name ?? a.police_grid.code}` : none],
      [t('place.station'), a.station?.name ?? a.station?.code ?? none],
      [t('place.coordinates'), `${number(lon, 5)}, ${number(lat, 5)}`],
    ]),
    h('h2.section', { style: { 'margin-top': '10px' } }, t('place.soonest')),
    a.soonest.length
      ? table([[t('place.who'), (s) => [h(s.state === 'unmanned' ? 'div.faint' : 'div', null, s.name), h('small', null, [who(s.kind), state(s)].filter(Boolean).join(' · '))]], [t('place.time'), (s) => seconds(s.seconds), 'n'], [t('place.distance'), (s) => metres(s.metres), 'n']], a.soonest, { label: t('place.soonest') })
      : h('p.meta', null, t('place.nobody')),
    h('p.meta', null, [t(`profile.${a.profile}`), t('place.by_street'), a.snapped ? t('place.snapped', { m: number(a.snapped.offset_m) }) : t('place.off_street')].join(' · ')));
}

/** Clicks on the map, and Enter at its middle while it has the keys. */
export function startLocate(options) {
  map.on('click', (event) => { if (!event.originalEvent?.defaultPrevented) locate(event.latlng.lat, event.latlng.lng, options); });
  key('Enter', 'key.locate', (event) => { if (event.target !== map.getContainer()) return false; const c = map.getCenter(); locate(c.lat, c.lng, options); return true; });
  map.getContainer().addEventListener('focus', () => { $('#cross').hidden = false; });
  map.getContainer().addEventListener('blur', () => { $('#cross').hidden = true; });
  key('Escape', 'key.close', () => { if (!$('#place').childElementCount) return false; closePlace(); return true; });
}
