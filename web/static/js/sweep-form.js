// The question of a sweep: a post, streets of grids or of a drawn area, who sweeps and how.
import { get, trying } from './api.js';
import { t } from './context.js';
import { $, fill, h, toast } from './dom.js';
import { area as areaWords } from './format.js';
import { takeUp } from './lasso.js';
import { ink, map } from './mapview.js';

export const form = $('#sweep');
const e = form.elements;
const group = L.layerGroup();
const optional = (name) => (e[name].value.trim() === '' ? null : Number(e[name].value));
let ring = null; // [[lon, lat], …]
let codes = new Map(); // code -> {name, shape}
let picking = false;

/** Square metres of a ring of degrees, near enough to be read. */
function size(line) {
  const k = Math.cos((line[0][1] * Math.PI) / 180);
  return Math.abs(line.reduce((sum, [x, y], i) => { const [x2, y2] = line[(i + 1) % line.length]; return sum + x * y2 - x2 * y; }, 0) / 2) * 111320 * 111320 * k;
}
function drawWhere() {
  group.clearLayers();
  const style = { pane: 'pick', interactive: false, color: ink().strong, weight: 1.8, fill: true, fillOpacity: 0.04 };
  if (ring) L.polygon(ring.map(([x, y]) => [y, x]), { ...style, dashArray: '6 4' }).addTo(group);
  codes.forEach(({ shape }) => shape && L.geoJSON(shape, { ...style, style }).addTo(group));
  const chip = (words, run) => h('button', { type: 'button', title: t('patrol.take_back'), on: { click: () => { run(); drawWhere(); } } }, `${words} ×`);
  fill($('#where'), ring && chip(t('sweeps.drawn', { area: areaWords(size(ring)) }), () => { ring = null; }), [...codes].map(([code, { name }]) => chip(name || code, () => codes.delete(code))));
}
async function add(code) {
  if (!code || codes.has(code)) return codes.has(code);
  const find = (collection) => get(`/api/collections/${collection}/items/${encodeURIComponent(code)}`).catch(() => null);
  const shape = (await find('grids')) ?? (await find('police_grids'));
  if (!shape) { toast(t('sweeps.code.unknown', { code }), true); return false; }
  ring = null;
  codes.set(code, { name: shape.properties?.name, shape });
  drawWhere();
  return true;
}
function pick(on) {
  picking = on;
  $('#pick-grids').setAttribute('aria-pressed', String(on));
  map.getContainer().classList.toggle('picking', on);
}
export const draw = () => { pick(false); takeUp($('#draw-area'), (line) => { ring = line; codes = new Map(); drawWhere(); }); };
export const togglePick = () => pick(!picking);
export const leave = () => pick(false);
/** A click on the map chooses the grid there, or gives it back; false while grids are not being picked. */
export async function click(lat, lon) {
  if (!picking) return false;
  const found = await trying(() => get(`/api/locate?lon=${lon.toFixed(6)}&lat=${lat.toFixed(6)}`));
  const code = found?.grid?.code;
  if (!code) { if (found) toast(t('place.none'), true); return true; }
  if (codes.delete(code)) drawWhere(); else await add(code);
  return true;
}
export function question() {
  if (!form.reportValidity()) return null;
  if (!ring && !codes.size) return { missing: t('sweeps.nowhere') };
  return {
    post_id: e.post.value, ...(ring ? { area: ring } : { grid_codes: [...codes.keys()] }), kind: e.kind.value, sides: e.sides.value, units: Number(e.units.value), goal: e.goal.value,
    limit_minutes: optional('limit'), sweeping_minutes: optional('sweeping'), sweep_kph: Number(e.kph.value), seconds: Number(e.seconds.value), seed: Number(e.seed.value),
  };
}
/** The form as a kept plan asked it. */
export async function take(asked) {
  for (const [name, value] of [['post', asked.post_id], ['kind', asked.kind], ['sides', asked.sides], ['units', asked.units ?? 1], ['goal', asked.goal], ['limit', asked.limit_minutes ?? ''], ['sweeping', asked.sweeping_minutes ?? ''], ['kph', asked.sweep_kph], ['seconds', asked.seconds], ['seed', asked.seed]]) e[name].value = value;
  ring = asked.area ?? null;
  codes = new Map();
  drawWhere();
  for (const code of asked.grid_codes ?? []) await add(code);
}
export function show(on) { if (on) group.addTo(map); else { group.remove(); pick(false); } }
export const repaint = drawWhere;
e.code.addEventListener('keydown', async (event) => {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  if (await add(e.code.value.trim())) e.code.value = '';
});
