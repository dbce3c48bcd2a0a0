// One search box, offline: grid code, street or crossing, estate, post, coordinates. Choosing flies the map.
import { latest } from './api.js';
import { t } from './context.js';
import { $, debounce, fill, h } from './dom.js';
import { key } from './keys.js';

/** Crossings and places need no second line: the tag says what they are, in the page's language. */
const own = (r) => r.subtitle && !['crossing', 'coordinate'].includes(r.kind);

export function startSearch(choose) {
  const box = $('#search');
  const list = $('#found');
  const ask = latest();
  let results = [];
  let at = -1;

  const close = () => { list.hidden = true; box.setAttribute('aria-expanded', 'false'); box.removeAttribute('aria-activedescendant'); at = -1; };
  const mark = (i) => {
    at = (i + results.length) % results.length;
    [...list.children].forEach((item, n) => item.setAttribute('aria-selected', String(n === at)));
    box.setAttribute('aria-activedescendant', `found-${at}`);
    list.children[at]?.scrollIntoView({ block: 'nearest' });
  };
  const take = (result) => { close(); box.value = result.title; box.blur(); choose(result); };

  async function look() {
    const q = box.value.trim();
    if (!q) { results = []; close(); return; }
    let answer;
    try { answer = await ask(`/api/search?q=${encodeURIComponent(q)}`); } catch (error) { if (error.name === 'AbortError') return; answer = { results: [], failed: error.message }; }
    results = answer.results;
    fill(list, results.length
      ? results.map((r, i) => h('li', { role: 'option', id: `found-${i}`, 'aria-selected': 'false', on: { mousedown: (e) => { e.preventDefault(); take(r); } } }, h('span.tag.kind', null, t(`search.${r.kind}`)), h('span', null, r.title), own(r) && h('small', null, r.subtitle)))
      : h('li.empty', { role: 'option', 'aria-selected': 'false', 'aria-disabled': 'true' }, answer.failed ?? t('search.empty')));
    list.hidden = false;
    box.setAttribute('aria-expanded', 'true');
    if (results.length) mark(0);
  }
  box.addEventListener('input', debounce(look, 120));
  box.addEventListener('focus', () => { if (box.value) look(); });
  box.addEventListener('blur', close);
  box.addEventListener('keydown', async (event) => {
    if (event.key === 'ArrowDown' && results.length) mark(at + 1);
    else if (event.key === 'ArrowUp' && results.length) mark(at - 1);
    else if (event.key === 'Enter') { if (list.hidden) await look(); if (results[Math.max(at, 0)]) take(results[Math.max(at, 0)]); }
    else if (event.key === 'Escape') { if (list.hidden) box.blur(); else close(); }
    else return;
    event.preventDefault();
  });
  key('/', 'key.search', () => { box.focus(); box.select(); });
}
