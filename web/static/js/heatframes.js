// The time slider of the heat map: frames of one cube, painted on a canvas over the map.
import { get } from './api.js';
import { context, t } from './context.js';
import { md, number } from './format.js';
import { map, theme } from './mapview.js';

/** The colours of the heat tiles by byte, with the same rising opacity. */
function lookup() {
  const colors = context.legends.ramps[theme()].map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
  const table = new Uint8ClampedArray(256 * 4);
  for (let v = 0; v < 256; v++) {
    const x = (v / 255) * (colors.length - 1);
    const i = Math.min(Math.floor(x), colors.length - 2);
    for (let k = 0; k < 3; k++) table[v * 4 + k] = colors[i][k] + (colors[i + 1][k] - colors[i][k]) * (x - i);
    table[v * 4 + 3] = v < 20 ? 0 : v < 55 ? 70 + ((v - 20) / 35) * 95 : 165 + ((v - 55) / 200) * 70;
  }
  return table;
}
const unpack = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** A canvas overlay that shows one bin of a cube. */
export function heatFrames() {
  const canvas = document.createElement('canvas');
  let cube = null;
  let table = lookup();
  let overlay;
  let at = null;
  let asked = '';
  let loading = null;
  const draw = () => {
    if (!cube || at === null) { overlay?.remove(); return; }
    const { width, height, bytes } = cube;
    canvas.width = width;
    canvas.height = height;
    const ctx = canvas.getContext('2d');
    const image = ctx.createImageData(width, height);
    const from = at * width * height;
    const out = new Uint32Array(image.data.buffer);
    const colors = new Uint32Array(table.buffer);
    for (let i = 0; i < width * height; i++) out[i] = colors[bytes[from + i]];
    ctx.putImageData(image, 0, 0);
    if (!overlay._map) overlay.addTo(map);
  };
  return {
    /** Fetch the cube of a filter once; while one is under way nothing of an older one is shown. */
    load(query, by) {
      const path = `/api/heat/frames?${query}&by=${by}`;
      if (path === asked) return loading;
      asked = path;
      cube = null;
      loading = this.fetch(path).catch((error) => { if (asked === path) asked = ''; throw error; });
      return loading;
    },
    async fetch(path) {
      const found = await get(path);
      if (path !== asked) return loading;
      cube = { ...found, bytes: unpack(found.data) };
      const [w, s, e, n] = found.bounds;
      overlay?.remove();
      overlay = overlay ?? L.svgOverlay(canvas, [[s, w], [n, e]], { pane: 'frames', className: 'frames', interactive: false });
      overlay.setBounds([[s, w], [n, e]]);
      draw();
      return cube;
    },
    show(index) { at = index; draw(); },
    recolor() { table = lookup(); draw(); },
    /** Legend of the frames: density is scale × (byte / 255)². */
    steps() { return [0.15, 0.36, 0.57, 0.79, 1].map((x) => { const b = Math.round(x * 255) * 4; return { value: cube.scale * x * x, color: `rgb(${table[b]},${table[b + 1]},${table[b + 2]})` }; }); },
    get shown() { return at !== null && cube !== null; },
  };
}

/** Words of a bin. */
export function binLabel(by, label) {
  if (by === 'hour') { const hour = Number(label); return t('hour.span', { from: `${String(hour).padStart(2, '0')}:00`, to: `${String((hour + 1) % 24).padStart(2, '0')}:00` }); }
  if (by === 'weekday_hour') { const [day, hour] = label.split('-'); return `${t(`weekday.long.${day}`)} ${hour}:00`; }
  return by === 'week' ? t('week.of', { day: md(`${label}T12:00:00Z`) }) : `${label} ${t(`weekday.long.${new Date(`${label}T12:00:00Z`).getUTCDay() || 7}`)}`;
}
/** Marks below the histogram. */
export function binMarks(by, bins) {
  if (by === 'hour') return bins.map((b, i) => [i, b.padStart(2, '0')]).filter((_, i) => i % 2 === 0);
  if (by === 'weekday_hour') return Array.from({ length: 7 }, (_, d) => [d * 24 + 11.5, t(`weekday.long.${d + 1}`)]);
  const step = Math.max(1, Math.ceil(bins.length / 10));
  return bins.map((b, i) => [i, b.slice(5)]).filter((_, i) => i % step === 0);
}
export const perBin = (n) => (n === null ? t('heat.few', { n: 1 }) : t('n.calls', { n: number(n) }));
