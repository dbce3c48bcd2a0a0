// Legends on the map: what, unit, period, n.
import { $, fill, h } from './dom.js';

/** Put, replace or (with null) take away the legend called `id`. */
export function legend(id, node) {
  const box = $('#legends');
  const old = box.querySelector(`[data-legend="${id}"]`);
  if (!node) { old?.remove(); return; }
  node.dataset.legend = id;
  if (old) old.replaceWith(node); else box.append(node);
}
const head = (title, unit) => h('h3', null, h('span', null, title), unit && h('small', null, unit));

/** A continuous ramp: steps are [{value, color}]. */
export function ramp(title, unit, steps, format, note) {
  return h('section.legend', { 'aria-label': title }, head(title, unit),
    h('div.ramp', { 'aria-hidden': 'true', style: { background: `linear-gradient(90deg, ${steps.map((s) => s.color).join(', ')})` } }),
    h('div.ticks', null, steps.map((s, i) => h('span', null, (i === steps.length - 1 ? '≥' : '') + format(s.value)))), note && h('p', null, note));
}
/** Classes of a choropleth: breaks are [{label, color, count}]. */
export function classes(title, unit, breaks, note) {
  return h('section.legend', { 'aria-label': title }, head(title, unit),
    h('div.steps', null, breaks.map((b) => [h('i', { style: { background: b.color } }), h('span', null, b.label), h('small', null, b.count ?? '')])), note && h('p', null, note));
}
/** Dots: marks are [[glyph, text]]. */
export function marks(title, unit, list, note) {
  return h('section.legend', { 'aria-label': title }, head(title, unit), h('ul.marks', null, list.map(([mark, text]) => h('li', null, mark, h('span', null, text)))), note && h('p', null, note));
}
export const glyphs = (root, selector, make) => root.querySelectorAll(selector).forEach((node) => fill(node, make(node)));
