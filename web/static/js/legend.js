// Legends on the map: what, unit, period, n.
import { t } from './context.js';
import { $, $$, fill, h } from './dom.js';
import { key } from './keys.js';

/** Legends that are folded to their title, to give the map back. */
const folded = new Set();
function shut(node) {
  node.classList.toggle('folded', folded.has(node.dataset.legend));
  $('.fold', node)?.setAttribute('aria-expanded', String(!folded.has(node.dataset.legend)));
}
/** Fold a legend to its title, or unfold it. */
export function fold(id, on = !folded.has(id)) {
  if (on) folded.add(id); else folded.delete(id);
  $$('[data-legend]').forEach(shut);
}
key('i', 'key.legends', () => { const shown = $$('[data-legend]').map((node) => node.dataset.legend); const on = shown.some((id) => !folded.has(id)); shown.forEach((id) => fold(id, on)); });

/** Put, replace or (with null) take away the legend called `id`. */
export function legend(id, node) {
  const box = $('#legends');
  const old = box.querySelector(`[data-legend="${id}"]`);
  if (!node) { old?.remove(); return; }
  node.dataset.legend = id;
  shut(node);
  if (old) old.replaceWith(node); else box.append(node);
}
const head = (title, unit) => h('h3', null, h('button.fold', { type: 'button', title: t('legend.fold'), on: { click: (event) => fold(event.currentTarget.closest('.legend').dataset.legend) } }, title), unit && h('small', null, unit));

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
