// 街区: the smallest pieces that change hands; which of them a stroke takes, and how they light up under it.
import { t } from './context.js';
import { number } from './format.js';
import { ink, map } from './mapview.js';
import { boxOf, inside, middleOf } from './rings.js';

/** The blocks of an area (GeoJSON features with code, grid, population, calls) on the map. */
export function blockLayer(features) {
  const canvas = L.canvas({ padding: 0.3, pane: 'pick' });
  const group = L.layerGroup();
  const lit = new Set();
  const blocks = features.map((f) => {
    const polygons = f.geometry.type === 'Polygon' ? [f.geometry.coordinates] : f.geometry.coordinates;
    return { ...f.properties, rings: polygons.flat(), box: boxOf(polygons.flat()), middle: middleOf(polygons.flat()).at, latlngs: polygons.map((p) => p.map((ring) => ring.map(([x, y]) => [y, x]))) };
  });
  const shown = blocks.map((b) => L.polygon(b.latlngs, { renderer: canvas, interactive: false, ...look(false) }).addTo(group));
  function look(on, bad = false) {
    const color = on ? (bad ? ink().bad : ink().pick) : ink().strong;
    return { color, weight: on ? 2 : 0.8, opacity: on ? 0.95 : 0.45, dashArray: on ? null : '3 3', fill: on, fillColor: color, fillOpacity: on ? 0.4 : 0 };
  }
  /** Blocks under the brush at one place: the one beneath the pointer, and those whose middle the brush covers. */
  function at({ lat, lng }, metres) {
    const dy = metres / 111195.08;
    const dx = dy / Math.cos((lat * Math.PI) / 180);
    return blocks.flatMap((b, i) => (((b.middle[0] - lng) / dx) ** 2 + ((b.middle[1] - lat) / dy) ** 2 <= 1 || (lng >= b.box[0] && lng <= b.box[2] && lat >= b.box[1] && lat <= b.box[3] && inside(b.rings, lng, lat)) ? [i] : []));
  }
  return {
    group,
    /** Light up what the brush covers on its way from one place to the next; `takes(block)` is whether it may go. */
    light(from, to, metres, takes, bad) {
      const steps = Math.min(64, Math.max(1, Math.ceil(map.distance(from, to) / Math.max(metres, 8))));
      for (let s = 1; s <= steps; s++) {
        const place = { lat: from.lat + ((to.lat - from.lat) * s) / steps, lng: from.lng + ((to.lng - from.lng) * s) / steps };
        for (const i of at(place, metres)) if (!lit.has(i) && takes(blocks[i])) { lit.add(i); shown[i].setStyle(look(true, bad)); shown[i].bringToFront(); }
      }
      return lit.size;
    },
    dark() { for (const i of lit) shown[i].setStyle(look(false)); lit.clear(); },
    get lit() { return [...lit].map((i) => blocks[i]); },
    /** What is lit, in words: blocks, people, calls. */
    words() {
      const sum = (name) => { let s = 0; for (const i of lit) { const v = blocks[i][name]; if (!Number.isFinite(v)) return null; s += v; } return s; };
      const [people, calls] = [sum('population'), sum('calls')];
      return [t('brush.blocks.n', { n: number(lit.size) }), people !== null && `${t('measure.population')} ${number(people)}`, calls !== null && `${t('edit.calls')} ${number(calls)}`].filter(Boolean).join(' · ');
    },
    /** The other grids beside the lit blocks, by how many vertices they share with them. */
    beside(code) {
      const mine = new Set();
      for (const i of lit) for (const ring of blocks[i].rings) for (const p of ring) mine.add(p.join());
      const found = new Map();
      for (const b of blocks) if (b.grid && b.grid !== code) for (const ring of b.rings) for (const p of ring) if (mine.has(p.join())) found.set(b.grid, (found.get(b.grid) ?? 0) + 1);
      return found;
    },
    restyle() { shown.forEach((s, i) => s.setStyle(look(lit.has(i)))); },
    close() { group.remove(); canvas.remove(); },
  };
}
