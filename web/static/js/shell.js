// What every page starts with: clock, keys, search, language and theme.
import { onConnection } from './api.js';
import { now, startClock } from './clock.js';
import { familyStyle, t } from './context.js';
import { $, $$, fill, h, toast } from './dom.js';
import { hms } from './format.js';
import { key, startKeys } from './keys.js';
import { startSearch } from './search.js';
import { keep, links, read } from './url.js';

const guards = [];
/** Say it while the server is silent: figures that stand still look like figures that hold. */
function startConnection() {
  onConnection((alive) => {
    $('#offline')?.remove();
    document.documentElement.toggleAttribute('data-offline', !alive);
    if (!alive) document.body.append(h('div.banner.bad.offline', { id: 'offline', role: 'alert' }, t('offline', { at: hms(now()) })));
    else toast(t('online'));
  });
}
/** Where the situation page shows a place; language, theme and wall stay. */
function situationAt({ lat, lon }) {
  const to = new URLSearchParams({ v: `16/${lat.toFixed(5)}/${lon.toFixed(5)}`, at: `${lat.toFixed(6)},${lon.toFixed(6)}` });
  for (const name of ['lang', 'theme', 'wall']) if (read(name)) to.set(name, read(name));
  return `/?${to}`;
}
/** Ask before leaving while `dirty()` is true. */
export function guard(dirty) { guards.push(dirty); }

export function startShell({ choose, themeChanged } = {}) {
  startKeys();
  const reveal = () => $('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  reveal();
  addEventListener('resize', reveal);
  startSearch(choose ?? ((result) => { location.href = situationAt(result); }));
  startConnection();
  startClock();
  links();
  const flip = () => {
    const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    keep('theme', next === 'dark' ? 'dark' : '');
    themeChanged?.(next);
    toast(t(`theme.${next}`));
  };
  $('#theme').addEventListener('click', flip);
  key('d', 'theme.title', flip);
  key('[', 'key.left', () => { $('#left').focus(); });
  key(']', 'key.right', () => { $('#right, #sheet')?.focus(); });
  key('w', 'key.wall', () => { const on = document.documentElement.toggleAttribute('data-wall'); keep('wall', on ? '1' : ''); dispatchEvent(new Event('resize')); });
  addEventListener('beforeunload', (event) => { if (guards.some((dirty) => dirty())) { event.preventDefault(); event.returnValue = ''; } });
}

/** Draw the glyphs of the families in the list at the left. */
export function paintFamilies(glyph) {
  for (const node of $$('[data-family]')) { const s = familyStyle(node.dataset.family); fill(node, glyph(s.shape, { fill: s.color, stroke: 'none' })); }
}
/** Ticks, colours and shapes of the families of calls; `change(ids | null)` gets null when all are ticked. */
export function startFamilies(glyph, change, initial) {
  paintFamilies(glyph);
  const boxes = $$('input[name="family"]');
  if (initial) boxes.forEach((b) => { b.checked = initial.includes(b.value); });
  const told = () => change(boxes.every((b) => b.checked) ? null : boxes.filter((b) => b.checked).map((b) => b.value));
  boxes.forEach((b) => b.addEventListener('change', told));
  $$('[data-families]').forEach((button) => button.addEventListener('click', () => { boxes.forEach((b) => { b.checked = button.dataset.families === 'all'; }); told(); }));
  /** Tick these alone, or all with null. */
  return { tick(ids) { boxes.forEach((b) => { b.checked = !ids || ids.includes(b.value); }); told(); } };
}
