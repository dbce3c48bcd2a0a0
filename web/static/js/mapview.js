// The map object that Folium made, and what every map page does with it.
import { basemap } from './basemap.js';
import { context, t } from './context.js';
import { $, h, toast } from './dom.js';
import { key } from './keys.js';
import { keep, read } from './url.js';

export const map = window.map_main;
export const theme = () => (document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light');
const themed = [];
let ground = [];
export const streets = () => ground[0];
let found;

/** Colours of the present theme for things drawn on the map. */
export const ink = () => (theme() === 'dark'
  ? { line: '#5b86b3', strong: '#e3ebf4', halo: '#0a121c', unit: '#8cc6ff', post: '#8fd6b0', accent: '#6bb3ff', muted: '#8da3ba', bad: '#ff8f86', pick: '#ffb454' }
  : { line: '#6484ad', strong: '#17222f', halo: '#ffffff', unit: '#0b3d75', post: '#14603a', accent: '#0b57a4', muted: '#66758a', bad: '#b3261e', pick: '#c2410c' });

/** Run now and again whenever the theme changes. */
export function onTheme(run) { themed.push(run); }
export function themeChanged() { drawGround(); themed.forEach((run) => run(theme())); }

function drawGround() {
  const next = basemap(theme());
  next.forEach((layer) => layer.addTo(map));
  next[0].bringToBack();
  ground.forEach((layer) => layer.remove());
  ground = next;
}
/** A pane of its own, so that layers lie in a stated order. */
export function pane(name, z, inert = false) {
  const made = map.createPane(name);
  made.style.zIndex = z;
  if (inert) made.style.pointerEvents = 'none';
  return name;
}

export function startMap() {
  map.attributionControl.setPrefix(false);
  const words = h('span', null, [context.attribution, '© OpenStreetMap contributors'].filter((s, i, all) => s && (i === 0 || !all[0]?.includes('OpenStreetMap'))).join(' · '));
  map.attributionControl.addAttribution(words.innerHTML); // innerHTML of a text node: already escaped
  L.control.zoom({ position: 'topright', zoomInTitle: t('map.in'), zoomOutTitle: t('map.out') }).addTo(map);
  L.control.scale({ imperial: false, position: 'bottomright', maxWidth: 120 }).addTo(map);
  const [west, south, east, north] = context.bounds;
  const whole = L.latLngBounds([south, west], [north, east]);
  map.setMaxBounds(whole.pad(1.5));
  const [z, lat, lon] = read('v').split('/').map(Number);
  if (z && Number.isFinite(lat) && Number.isFinite(lon)) map.setView([lat, lon], z, { animate: false });
  else map.fitBounds(whole, { animate: false, padding: [8, 8] });
  map.on('moveend', () => { const c = map.getCenter(); keep('v', `${map.getZoom()}/${c.lat.toFixed(5)}/${c.lng.toFixed(5)}`); });
  for (const [name, z1, inert] of [['heat', 250, true], ['frames', 255, true], ['grids', 300, true], ['areas', 320, true], ['names', 380, true], ['edit', 420], ['dots', 450], ['pick', 460, true]]) pane(name, z1, inert);
  map.getContainer().setAttribute('role', 'application');
  map.getContainer().setAttribute('aria-label', t('map.label'));
  drawGround();
  key('Home', 'key.whole', () => map.fitBounds(whole));
  key('f', 'key.focus', () => map.getContainer().focus());
  $('#stage').append(h('div', { id: 'cross', hidden: true }));
}

/** Fly to a place that the search found, and mark it; false when it lies beyond the map. */
export function show({ lon, lat, bounds, title }) {
  found?.remove();
  if (!map.options.maxBounds.contains([lat, lon])) { toast(t('map.outside', { title }), true); return false; }
  const pin = L.circleMarker([lat, lon], { pane: 'pick', radius: 13, color: ink().pick, weight: 4, fill: false, interactive: false });
  const text = h('div', null, title);
  found = L.layerGroup([pin.bindTooltip(text, { permanent: true, direction: 'top', offset: [0, -14] })]).addTo(map);
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (bounds && bounds[0] < bounds[2]) map.flyToBounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]], { maxZoom: 16, duration: 0.7, animate: !calm });
  else map.flyTo([lat, lon], Math.max(map.getZoom(), 16), { duration: 0.7, animate: !calm });
  toast(title);
  return true;
}
export function unmark() { found?.remove(); found = undefined; }
