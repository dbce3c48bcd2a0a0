// The menu of a crew, a stop or a street: by right click, by Shift+F10 or the menu key, by a button.
import { h } from './dom.js';

let open = null;
let before = null;
export function closeMenu() {
  if (!open) return false;
  open.remove();
  open = null;
  removeEventListener('pointerdown', outside, true);
  before?.focus?.({ preventScroll: true });
  return true;
}
function outside(event) { if (!open?.contains(event.target)) closeMenu(); }

/** Show `entries` [{id, words, note, run}] under `title` at a place of the window; null entries are left out. */
export function showMenu(title, entries, x, y) {
  closeMenu();
  before = document.activeElement;
  const list = entries.filter(Boolean);
  const run = (entry) => { closeMenu(); entry.run(); };
  open = h('div.menu', { role: 'menu', 'aria-label': title, id: 'menu' }, h('p', { role: 'presentation' }, title),
    list.map((entry) => h('button', { type: 'button', role: 'menuitem', id: entry.id && `menu-${entry.id}`, tabindex: -1, on: { click: () => run(entry) } }, h('span', null, entry.words), entry.note && h('small', null, entry.note))));
  document.body.append(open);
  const box = open.getBoundingClientRect();
  open.style.left = `${Math.max(6, Math.min(x, innerWidth - box.width - 6))}px`;
  open.style.top = `${Math.max(6, Math.min(y, innerHeight - box.height - 6))}px`;
  const items = [...open.querySelectorAll('[role="menuitem"]')];
  open.addEventListener('keydown', (event) => {
    const i = items.indexOf(document.activeElement);
    const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items[(to + items.length) % items.length].focus();
    else if (event.key === 'Escape' || event.key === 'Tab') closeMenu();
    else if (event.key !== 'Enter' && event.key !== ' ') return;
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  addEventListener('pointerdown', outside, true);
  items[0]?.focus();
}
