// 切分: a line drawn across the chosen grid, freehand or point by point, or the street between two places.
import { latest } from './api.js';
import { t } from './context.js';
import { debounce } from './dom.js';
import { ink, map } from './mapview.js';
import { simplified } from './outline.js';

/** `act(operation)` sends; `say(words, bad)` tells; `streets()` is whether lines follow streets. */
export function splitTool({ editor, act, say, streets }) {
  const line = L.polyline([], { pane: 'pick', color: ink().pick, weight: 3, interactive: false }).addTo(map);
  const ask = latest();
  let places = [];
  let run = 0;
  const idle = () => say(t(streets() ? 'split.streets.hint' : 'split.hint'));
  const clear = () => { places = []; run++; line.setLatLngs([]); idle(); };
  const degrees = (list) => list.map((p) => [p.lng, p.lat]);
  /** Freehand lines keep the points that matter on the screen. */
  const thin = (list) => simplified(list.map((p) => { const q = map.latLngToLayerPoint(p); return [q.x, q.y]; }), 2).map(([x, y]) => map.layerPointToLatLng([x, y]));
  function grid(list) {
    const e = editor();
    if (e.selected >= 0) return e.selected;
    return e.at(list.length > 2 ? list[list.length >> 1] : L.latLng((list[0].lat + list[list.length - 1].lat) / 2, (list[0].lng + list[list.length - 1].lng) / 2));
  }
  async function finish(list) {
    const i = grid(list);
    if (i < 0) { clear(); say(t('split.nowhere'), true); return; }
    const { code } = editor().arcs.grids[i];
    clear();
    if (streets()) await act({ kind: 'split_along_streets', code, from: degrees(list)[0], to: degrees(list).at(-1) }, code);
    else await act({ kind: 'split_by_line', code, line: degrees(list) }, code);
  }
  const preview = debounce(async (a, b, mine) => {
    if (mine !== run) return;
    const route = await ask(`/api/route?from=${a.lng},${a.lat}&to=${b.lng},${b.lat}&profile=foot`).catch(() => null);
    if (route && mine === run && places.length) { line.setLatLngs(route.coordinates.map(([lon, lat]) => [lat, lon])); say(t('street.preview', { names: (route.names ?? []).slice(0, 3).join('、') || t('street.unnamed') })); }
  }, 120);
  function add(at) {
    const last = places.at(-1);
    if (last && map.latLngToLayerPoint(last).distanceTo(map.latLngToLayerPoint(at)) < 6) { if (places.length > 1) finish(places); return; }
    places.push(at);
    if (streets() && places.length === 2) { finish(places); return; }
    line.setLatLngs(places);
    say(t(streets() ? 'split.streets.second' : 'split.more'));
  }
  idle();
  return {
    mode: 'none', strokes: true,
    began(at) { if (!places.length) line.setLatLngs([at]); },
    moved(list) { if (!streets() && list.length > 3) line.setLatLngs([...places, ...list]); },
    hovered(at) { if (!places.length) return; if (streets()) preview(places[0], at, run); else line.setLatLngs([...places, at]); },
    ended(list) {
      const [a, b] = [list[0], list.at(-1)].map((p) => map.latLngToLayerPoint(p));
      if (streets() || (list.every((p) => map.latLngToLayerPoint(p).distanceTo(a) < 6) && b)) { add(list.at(-1)); return; }
      finish([...places, ...thin(list)]);
    },
    dropped: clear,
    selected: idle,
    enter(at) { if (at) { add(at); return true; } if (places.length > 1) { finish(places); return true; } return false; },
    escape() { if (!places.length) return false; clear(); return true; },
    close() { run++; line.remove(); },
  };
}
