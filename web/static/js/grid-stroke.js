// A stroke of the pointer over the map, and the outline of a stroke of some width.
import { map } from './mapview.js';
import { key } from './keys.js';

let taker = null;
let points = null;
let space = false;

/** While a tool takes strokes, the map is moved with the space bar held down, by the wheel and by its own keys. */
export function takeStrokes(tool) {
  taker = tool;
  points = null;
  if (tool) map.dragging.disable(); else map.dragging.enable();
  map.getContainer().classList.toggle('drawing', Boolean(tool));
  if (tool) map.doubleClickZoom.disable(); else map.doubleClickZoom.enable();
}
const place = (event) => map.mouseEventToLatLng(event);
const control = (event) => event.target.closest?.('.leaflet-control, .leaflet-marker-icon');
const box = map.getContainer();
box.addEventListener('pointerdown', (event) => {
  if (!taker || space || event.button || event.altKey || control(event)) return;
  points = [place(event)];
  box.setPointerCapture(event.pointerId);
  taker.began(points[0]);
});
box.addEventListener('pointermove', (event) => {
  if (!taker) return;
  const at = place(event);
  if (points) { points.push(at); taker.moved(points); } else taker.hovered?.(at);
});
box.addEventListener('pointerup', (event) => {
  if (!taker || !points) return;
  const done = points;
  points = null;
  box.releasePointerCapture(event.pointerId);
  taker.ended(done);
});
box.addEventListener('pointercancel', dropStroke);
document.addEventListener('selectstart', (event) => { if (points) event.preventDefault(); });
// The click that ends a stroke is no click on a grid or a place; with Alt it is.
box.addEventListener('click', (event) => { if (taker && !event.altKey && !control(event)) event.stopImmediatePropagation(); }, true);
/** Give the stroke up; whether there was one. */
export function dropStroke() {
  const had = Boolean(points);
  points = null;
  if (had) taker?.dropped();
  return had;
}
key('Space', 'key.pan', (event) => { if (!taker || points || event.repeat) return Boolean(taker && space); space = true; map.dragging.enable(); box.classList.remove('drawing'); return true; });
document.addEventListener('keyup', (event) => { if (event.key === ' ' && space) { space = false; if (taker) { map.dragging.disable(); box.classList.add('drawing'); } } });
