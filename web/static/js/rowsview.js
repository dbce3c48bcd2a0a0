// A long list of which only the rows in sight are in the page: 60 crews or 400 points scroll as lightly as ten.
import { h } from './dom.js';

/**
 * Show `list()` in `box`, a scrolling element; every row is `height` pixels tall and made by `row(item, index)`.
 * Rows that stay in sight keep their elements, so a drag that began on one is not cut off.
 */
export function rowsView(box, { height, list, row, label }) {
  const body = h('div.rowsview', { role: 'list', 'aria-label': label });
  const held = new Map();
  let asked = 0;
  box.append(body);
  function draw() {
    asked = 0;
    const all = list();
    body.style.height = `${all.length * height}px`;
    const top = Math.max(0, box.scrollTop - (body.offsetTop || 0));
    const first = Math.max(0, Math.floor(top / height) - 2);
    const last = Math.min(all.length, Math.ceil((top + box.clientHeight) / height) + 2);
    for (const [i, node] of held) if (i < first || i >= last) { node.remove(); held.delete(i); }
    for (let i = first; i < last; i++) {
      if (held.has(i)) continue;
      const node = row(all[i], i);
      node.style.top = `${i * height}px`;
      node.setAttribute('role', 'listitem');
      node.setAttribute('aria-setsize', all.length);
      node.setAttribute('aria-posinset', i + 1);
      held.set(i, node);
      body.append(node);
    }
  }
  const soon = () => { asked ||= requestAnimationFrame(draw); };
  box.addEventListener('scroll', soon, { passive: true });
  new ResizeObserver(soon).observe(box);
  return {
    body,
    /** Make every row in sight anew. */
    renew() { held.forEach((node) => node.remove()); held.clear(); draw(); },
    /** Make one row anew, where it is in sight. */
    again(i) { const old = held.get(i); if (old) { old.remove(); held.delete(i); draw(); } },
    show(i) {
      const from = (body.offsetTop || 0) + i * height;
      const head = body.offsetTop || 0;
      if (from - head < box.scrollTop) box.scrollTop = from - head;
      else if (from + height > box.scrollTop + box.clientHeight) box.scrollTop = from + height - box.clientHeight;
      draw();
    },
    row: (i) => held.get(i),
    index: (y) => Math.floor((y - body.getBoundingClientRect().top) / height),
  };
}
