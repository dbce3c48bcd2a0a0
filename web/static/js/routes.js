// Patrol routes on the map and the units that move along them, one frame at a time.
import { map, theme } from './mapview.js';

const COLOURS = { light: ['#0b57a4', '#b3471d', '#1f7a3e', '#8a2be2', '#a0660a', '#0b7a83', '#b3266b', '#4a5b9b', '#6b7a12', '#7a3e2a'], dark: ['#6bb3ff', '#ff9e73', '#6fd695', '#c79bff', '#f2c14e', '#5fd4dc', '#ff86bd', '#9fb0ff', '#c3d25b', '#e0a489'] };
export const routeColor = (i) => COLOURS[theme()][i % COLOURS[theme()].length];

/** Where a unit is at a second of the shift; times must rise. */
export function placeAt(line, second) {
  if (!line.length) return null;
  if (second <= line[0][2]) return [line[0][1], line[0][0]];
  let low = 0;
  let high = line.length - 1;
  if (second >= line[high][2]) return [line[high][1], line[high][0]];
  while (high - low > 1) { const middle = (low + high) >> 1; if (line[middle][2] <= second) low = middle; else high = middle; }
  const [a, b] = [line[low], line[high]];
  const f = (second - a[2]) / Math.max(b[2] - a[2], 1e-9);
  return [a[1] + (b[1] - a[1]) * f, a[0] + (b[0] - a[0]) * f];
}
/** Whether the unit stands (dwells or waits) at that second. */
export function standsAt(line, second) {
  const here = placeAt(line, second);
  const soon = placeAt(line, second + 20);
  return !here || (Math.abs(here[0] - soon[0]) < 1e-7 && Math.abs(here[1] - soon[1]) < 1e-7);
}

/** `pick(route)` hears clicks, `menu(route, event)` right clicks; routes without a line (video operators) are not drawn. */
export function routeLayer({ pick, menu }) {
  const group = L.layerGroup();
  let units = [];
  let chosen = null;
  const style = (u) => (chosen === null || chosen === u.route.id ? { color: routeColor(u.index), weight: chosen ? 5 : 2.6, opacity: chosen ? 0.95 : 0.72 } : { color: routeColor(u.index), weight: 1.6, opacity: 0.22 });
  const paint = () => units.forEach((u) => {
    u.line.setStyle(style(u));
    if (group._map && u.route.line.length) u.line.bringToBack();
    const box = u.mark.getElement();
    if (!box) return;
    box.classList.toggle('dim', chosen !== null && chosen !== u.route.id);
    box.firstElementChild.style.setProperty('--c', routeColor(u.index));
    u.mark.setZIndexOffset(chosen === u.route.id ? 1000 : 0);
  });
  return {
    group,
    set(routes) {
      group.clearLayers();
      chosen = null;
      units = routes.map((route, index) => {
        const line = L.polyline(route.line.map(([lon, lat]) => [lat, lon]), { pane: 'dots', lineJoin: 'round' });
        const label = document.createElement('b');
        label.textContent = route.name.replace(/^.*?(\d+)\D*$/, '$1') || route.name;
        const mark = L.marker(placeAt(route.line, 0) ?? [0, 0], { icon: L.divIcon({ className: 'unit-marker', html: label, iconSize: [34, 22], iconAnchor: [17, 11] }), keyboard: false, title: route.name });
        for (const part of [line, mark]) {
          part.on('click', (e) => { L.DomEvent.stopPropagation(e); pick(route); });
          if (menu) part.on('contextmenu', (e) => { L.DomEvent.stop(e); menu(route, e.originalEvent); });
        }
        group.addLayer(line);
        if (group._map) line.bringToBack();
        if (route.line.length) group.addLayer(mark);
        if (!route.line.length) group.removeLayer(line);
        return { route, line, mark, index: route.index ?? index };
      });
      paint();
    },
    at(second) { for (const u of units) { const p = placeAt(u.route.line, second); if (p) u.mark.setLatLng(p); } },
    choose(id, { fly = true } = {}) { chosen = id; paint(); const u = units.find((x) => x.route.id === id); if (fly && u && u.line.getLatLngs().length) map.flyToBounds(u.line.getBounds(), { duration: 0.6, maxZoom: 16, padding: [24, 24] }); },
    paint,
    moving: (second) => units.filter((u) => !standsAt(u.route.line, second)).length,
  };
}
