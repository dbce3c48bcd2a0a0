// Every action has a key; the same list makes the help.
import { t } from './context.js';
import { $, $$, fill, h } from './dom.js';

const actions = [];
const typing = (target) => target.closest?.('input:not([type="checkbox"]):not([type="radio"]):not([type="range"]), select, textarea, [contenteditable]');

/** Bind a key such as 'g', '?', 'Space', 'Ctrl+Shift+z' to an action named by a key of the words. */
export function key(combination, label, run, { always = false } = {}) {
  actions.push({ combination, label, run, always });
}
function name(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push('Ctrl');
  if (event.altKey) parts.push('Alt');
  if (event.shiftKey && (event.key.length > 1 || event.ctrlKey || event.metaKey)) parts.push('Shift');
  parts.push(event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toLowerCase() : event.key);
  return parts.join('+');
}
export function startKeys() {
  document.addEventListener('keydown', (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const pressed = name(event);
    const inField = typing(event.target);
    const onControl = pressed === 'Space' && event.target.closest?.('button, a, summary, input, select');
    const open = Boolean($('dialog[open]'));
    for (const action of [...actions].reverse()) {
      if (action.combination !== pressed || ((inField || onControl || open) && !action.always)) continue;
      if (action.run(event) !== false) { event.preventDefault(); return; }
    }
  });
  key('?', 'key.help', help);
  $('#keys').addEventListener('click', help);
  $$('[data-tab]').forEach((tab, i) => key(String(i + 1), `nav.${tab.dataset.tab}`, () => tab.click()));
  key('l', 'lang.title', () => $('#lang').click());
}
const shown = (c) => c.split('+').map((k) => ({ Space: t('key.space'), ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc', Enter: '↵' })[k] ?? (k.length === 1 ? k.toUpperCase() : k)).join(' ');

function help() {
  const box = $('#help');
  const seen = new Set();
  const rows = actions.filter((a) => a.label && !seen.has(a.combination) && seen.add(a.combination));
  fill(box, h('h2', { id: 'help-title' }, t('help.title')), h('div.keys', null, rows.map((a) => h('div', null, h('span', null, t(a.label)), h('kbd', null, shown(a.combination))))), h('p.hint', null, t('help.map')), h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('close'), ' ', h('kbd', null, 'Esc'))));
  box.showModal();
}
