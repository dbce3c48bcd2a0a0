// A line drawn by hand on the map: press, draw, let go. Escape gives up.
import { key } from './keys.js';
import { ink, map } from './mapview.js';
import { simplified } from './outline.js';

const container = map.getContainer();
const line = L.polyline([], { pane: 'pick', interactive: false, weight: 2.5, dashArray: '6 4' });
let held = null; // {button, least, done}: who waits for the next stroke
let points = null;
let swallow = false;

const stop = (event) => { event.stopPropagation(); event.preventDefault(); };
/** Give up the stroke that is waited for; false when there was none. */
export function putDown() {
  if (!held) return false;
  held.button?.setAttribute('aria-pressed', 'false');
  held = points = null;
  container.classList.remove('lassoing');
  map.dragging.enable();
  line.remove();
  return true;
}
/** The next stroke goes to `done` as [[lon, lat], …] with at least `least` places; the same button again gives up. */
export function takeUp(button, done, { least = 3 } = {}) {
  const again = held && held.button === button;
  putDown();
  if (again) return;
  held = { button, least, done };
  button?.setAttribute('aria-pressed', 'true');
  container.classList.add('lassoing');
  map.dragging.disable();
}
container.addEventListener('pointerdown', (event) => {
  if (!held || event.button !== 0 || event.target.closest('.leaflet-control')) return;
  stop(event);
  points = [map.mouseEventToContainerPoint(event)];
  line.setStyle({ color: ink().pick }).setLatLngs([]).addTo(map);
  container.setPointerCapture(event.pointerId);
}, true);
container.addEventListener('pointermove', (event) => {
  if (!points) return;
  stop(event);
  const p = map.mouseEventToContainerPoint(event);
  if (p.distanceTo(points[points.length - 1]) < 4) return;
  points.push(p);
  line.addLatLng(map.containerPointToLatLng(p));
}, true);
container.addEventListener('pointerup', (event) => {
  if (!points) return;
  stop(event);
  const drawn = simplified(points.map((p) => [p.x, p.y]), 2.5).slice(0, 200);
  const { least, done } = held;
  swallow = true;
  setTimeout(() => { swallow = false; }, 300);
  putDown();
  if (drawn.length >= least) done(drawn.map((p) => map.containerPointToLatLng(p)).map((p) => [p.lng, p.lat]));
}, true);
container.addEventListener('click', (event) => { if (swallow || held) stop(event); }, true);
key('Escape', 'key.close', putDown);
