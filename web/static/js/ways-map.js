// Ways of several crews on the map: what is done on a street drawn full, what is only passed dashed, in order, and played.
import { h } from './dom.js';
import { map } from './mapview.js';
import { placeAt, routeColor, standsAt } from './routes.js';

const APART = 34; // pixels between two numbers
const ALL = 40; // numbers of all crews are shown while there are no more

/**
 * `pick(id)` hears clicks. A way is {id, index, name, line: [[lon, lat, second]], parts: [{line, passed}], marks: [{lon, lat, number, title}]}.
 */
export function wayLayer({ pick }) {
  const group = L.layerGroup();
  const numbers = L.layerGroup().addTo(group);
  let ways = [];
  let chosen = null;

  const stroke = (way, passed, ahead) => {
    const faint = chosen !== null && chosen !== way.id;
    if (ahead) return { color: routeColor(way.index), weight: 2.5, opacity: faint ? 0.15 : 0.4 };
    if (passed) return { color: routeColor(way.index), weight: faint ? 1 : 2, opacity: faint ? 0.15 : 0.75, dashArray: '2 6' };
    return { color: routeColor(way.index), weight: faint ? 2 : chosen ? 5.5 : 4, opacity: faint ? 0.25 : 0.88 };
  };
  /** Numbers that lie on each other are left out; nearer in, there is room for them. */
  function drawNumbers() {
    numbers.clearLayers();
    if (!group._map) return;
    const own = ways.filter((w) => chosen === null || w.id === chosen);
    if (chosen === null && own.reduce((n, w) => n + w.marks.length, 0) > ALL) return;
    const taken = [];
    const view = map.getBounds().pad(0.1);
    for (const way of own) {
      for (const mark of way.marks) {
        if (!view.contains([mark.lat, mark.lon])) continue;
        const at = map.latLngToContainerPoint([mark.lat, mark.lon]);
        if (taken.some((p) => p.distanceTo(at) < APART)) continue;
        taken.push(at);
        const icon = L.divIcon({ className: 'order', html: h('b', { style: { '--c': routeColor(way.index) } }, String(mark.number)), iconSize: [22, 22], iconAnchor: [11, 11] });
        numbers.addLayer(L.marker([mark.lat, mark.lon], { icon, keyboard: false, title: mark.title }).on('click', (e) => { L.DomEvent.stopPropagation(e); pick(way.id, mark); }));
      }
    }
  }
  function paint() {
    for (const way of ways) {
      way.done.setStyle(stroke(way, false));
      way.passing.setStyle(stroke(way, true));
      way.ahead.setStyle(stroke(way, false, true));
      const box = way.mark.getElement();
      box?.classList.toggle('dim', chosen !== null && chosen !== way.id);
      box?.firstElementChild.style.setProperty('--c', routeColor(way.index));
      way.mark.setZIndexOffset(chosen === way.id ? 1000 : 500);
    }
    drawNumbers();
  }
  /** While a way is being driven, what lies ahead of the crew is thin; `full` is what was done by then. */
  function drive(way, second) {
    const under = second > 0 && second < way.last;
    const n = under ? way.full.filter((p) => p.at <= second).length : way.full.length;
    if (n === way.n) return;
    way.n = n;
    way.done.setLatLngs(way.full.slice(0, n).map((p) => p.line));
    way.ahead.setLatLngs(way.full.slice(n).map((p) => p.line));
  }
  map.on('moveend', drawNumbers);
  group.on('add', () => queueMicrotask(paint));
  const bounds = (list) => list.reduce((box, w) => [w.done, w.ahead, w.passing].reduce((all, part) => all.extend(part.getBounds()), box), L.latLngBounds([]));
  return {
    group, paint,
    set(list) {
      ways.forEach((w) => [w.done, w.ahead, w.passing, w.mark].forEach((part) => group.removeLayer(part)));
      chosen = null;
      ways = list.map((way) => {
        const lines = (passed) => way.parts.filter((p) => Boolean(p.passed) === passed).map((p) => ({ at: p.line[p.line.length - 1]?.[2] ?? 0, line: p.line.map(([lon, lat]) => [lat, lon]) }));
        const full = lines(false);
        const done = L.polyline(full.map((p) => p.line), { pane: 'dots', lineJoin: 'round' });
        const ahead = L.polyline([], { pane: 'dots', lineJoin: 'round' });
        const passing = L.polyline(lines(true).map((p) => p.line), { pane: 'dots' });
        const mark = L.marker(placeAt(way.line, 0) ?? [0, 0], { icon: L.divIcon({ className: 'unit-marker', html: h('b', null, way.name), iconSize: [44, 22], iconAnchor: [22, 11] }), keyboard: false, title: way.name });
        [passing, ahead, done, mark].forEach((part) => { part.on('click', (e) => { L.DomEvent.stopPropagation(e); pick(way.id, null); }); group.addLayer(part); });
        if (group._map) [done, ahead, passing].forEach((part) => part.bringToBack()); // posts and places stay on top
        return { ...way, full, n: full.length, last: way.line[way.line.length - 1]?.[2] ?? 0, done, ahead, passing, mark };
      });
      paint();
    },
    at(second) { for (const way of ways) { const p = placeAt(way.line, second); if (p) way.mark.setLatLng(p); if (way.full.length > 1) drive(way, second); } },
    choose(id) { chosen = id; paint(); },
    /** Bring all ways, or one, into view. */
    fit(id = null) { const box = bounds(ways.filter((w) => id === null || w.id === id)); if (box.isValid()) map.fitBounds(box, { padding: [28, 28], maxZoom: 16, animate: false }); },
    moving: (second) => ways.filter((w) => w.line.length && second < w.line[w.line.length - 1][2] && !standsAt(w.line, second)).length,
  };
}
