// The list of layers at the left: ticks, counts, keys, and the address that remembers them.
import { $, $$ } from './dom.js';
import { key } from './keys.js';
import { has, keep, read } from './url.js';

/** Connect the ticks to `apply(layer, on)`; runs once for each at the start. */
export function startLayers(apply) {
  const boxes = $$('[data-layer]');
  const asked = has('layers') ? read('layers').split(',') : null;
  for (const box of boxes) {
    if (asked) box.checked = asked.includes(box.dataset.layer);
    box.addEventListener('change', () => { keep('layers', boxes.filter((b) => b.checked).map((b) => b.dataset.layer).join(',') || '-'); apply(box.dataset.layer, box.checked); });
    const shortcut = box.getAttribute('aria-keyshortcuts');
    if (shortcut) key(shortcut.toLowerCase(), `key.layer.${box.dataset.layer}`, () => box.click());
  }
  for (const box of boxes) apply(box.dataset.layer, box.checked);
}
export const layerOn = (id) => $(`[data-layer="${id}"]`)?.checked ?? false;
export function setLayer(id, on) { const box = $(`[data-layer="${id}"]`); if (box && box.checked !== on) box.click(); }
export function count(id, value) { const out = $(`[data-count="${id}"]`); if (out) out.textContent = value; }
