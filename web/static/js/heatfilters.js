// The filters of calls: period, basis, hours, weekdays, families. One query string for tiles, cards and frames.
import { now } from './clock.js';
import { context, t } from './context.js';
import { $, $$, fill, h, toast } from './dom.js';
import { iso, local, ymd } from './format.js';
import { glyph } from './shapes.js';
import { startFamilies } from './shell.js';
import { keep, read } from './url.js';

const DAY = 86400000;
const valid = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

/** "22-3,20" to a set of hours and back; a run may go over midnight, and "-" is none. */
export function parseHours(text) {
  const hours = new Set();
  for (const part of text.split(',')) {
    const run = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(part.trim());
    if (!run) continue;
    const [a, b] = [Number(run[1]), Number(run[2] ?? run[1])];
    if (a > 23 || b > 23) continue;
    for (let i = a; ; i = (i + 1) % 24) { hours.add(i); if (i === b) break; }
  }
  return hours;
}
export function joinRuns(values) {
  const list = [...values].sort((a, b) => a - b);
  const runs = [];
  for (const v of list) { const last = runs[runs.length - 1]; if (last && last[1] === v - 1) last[1] = v; else runs.push([v, v]); }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(',');
}

/** Connect the form; `change(query)` runs at each change. */
export function heatFilters(change) {
  const form = $('#filters');
  let hours = parseHours(read('hours', '0-23'));
  const groups = context.groups;
  const asIds = new Set(context.families.map((f) => f.id));
  const classesOf = new Map(groups.map((g) => [g.id, g.classes.filter((id) => asIds.has(id))]));
  const same = (a, b) => a.length === b.length && a.every((id) => b.includes(id));
  let families = read('families') ? read('families').split(',').filter((id) => id !== '-').flatMap((id) => classesOf.get(id) ?? [id]) : null;
  /** The classes as an address spells them: a family by its own name. */
  const spelt = () => groups.find((g) => same(classesOf.get(g.id), families))?.id ?? (families.join(',') || '-');
  const last = ymd(context.data_as_of);
  const field = (name) => form.elements[name];
  const markDays = () => { const days = (Date.parse(field('to').value) - Date.parse(field('from').value)) / DAY + 1; $$('input[name="days"]').forEach((b) => { b.checked = field('to').value === last && Number(b.value) === days; }); };
  const setDays = (days) => {
    const end = Date.parse(`${last}T00:00:00Z`);
    field('to').value = last;
    field('from').value = new Date(end - (days - 1) * DAY).toISOString().slice(0, 10);
  };
  if (valid(read('from')) && valid(read('to'))) { field('from').value = read('from'); field('to').value = read('to'); markDays(); } else setDays(28);
  if (read('basis')) field('basis').value = read('basis');
  if (read('citizen') === 'any') field('citizen').checked = false;
  const asked = parseHours(read('weekdays', '1-7'));
  $$('input[name="weekday"]').forEach((b) => { b.checked = asked.has(Number(b.value)); });

  const boxes = Array.from({ length: 24 }, (_, i) => h('button', { type: 'button', 'data-hour': i, 'aria-label': t('hour.at', { h: i }), 'aria-pressed': 'false' }, String(i)));
  fill($('#hours'), boxes);
  const drawHours = () => boxes.forEach((b, i) => b.setAttribute('aria-pressed', String(hours.has(i))));
  drawHours();
  let painting = null;
  const paint = (button) => { const i = Number(button.dataset.hour); if (painting) hours.add(i); else hours.delete(i); drawHours(); };
  $('#hours').addEventListener('pointerdown', (e) => { const b = e.target.closest('[data-hour]'); if (!b) return; painting = !hours.has(Number(b.dataset.hour)); paint(b); e.preventDefault(); b.focus(); });
  $('#hours').addEventListener('pointermove', (e) => { if (painting === null) return; const b = document.elementFromPoint(e.clientX, e.clientY)?.closest('[data-hour]'); if (b) paint(b); });
  addEventListener('pointerup', () => { if (painting !== null) { painting = null; told(); } });
  $('#hours').addEventListener('keydown', (e) => { const b = e.target.closest('[data-hour]'); if (b && (e.key === ' ' || e.key === 'Enter')) { e.preventDefault(); painting = !hours.has(Number(b.dataset.hour)); paint(b); painting = null; told(); } });
  $$('[data-hours]').forEach((b) => b.addEventListener('click', () => { hours = b.dataset.hours ? parseHours(b.dataset.hours) : parseHours('0-23'); drawHours(); told(); }));

  const weekdays = () => new Set($$('input[name="weekday"]:checked').map((b) => Number(b.value)));
  function query() {
    const q = new URLSearchParams();
    const [from, to] = [field('from').value, field('to').value];
    if (valid(from)) q.set('from', iso(from));
    if (valid(to)) { const end = new Date(Date.parse(`${to}T00:00:00Z`) + DAY).toISOString().slice(0, 10); q.set('to', iso(end)); }
    if (hours.size < 24) q.set('hours', joinRuns(hours) || '-');
    if (weekdays().size < 7) q.set('weekdays', joinRuns(weekdays()) || '-');
    if (families) q.set('families', spelt());
    q.set('basis', field('basis').value);
    q.set('citizen', field('citizen').checked ? 'only' : 'any');
    return q.toString().replaceAll('%2C', ',');
  }
  function told() {
    keep('from', field('from').value); keep('to', field('to').value);
    keep('hours', hours.size < 24 ? joinRuns(hours) || '-' : ''); keep('weekdays', weekdays().size < 7 ? joinRuns(weekdays()) || '-' : '');
    keep('basis', field('basis').value === 'valid' ? '' : field('basis').value); keep('citizen', field('citizen').checked ? '' : 'any');
    keep('families', families ? spelt() : '');
    markGroups();
    if (!hours.size || !weekdays().size || (families && !families.length)) { change(null); return; }
    change(query());
  }
  form.addEventListener('change', (event) => {
    if (event.target.name === 'days') setDays(Number(event.target.value));
    if (event.target.name === 'from' || event.target.name === 'to') { if (!valid(event.target.value)) { toast(t('period.bad'), true); return; } if (field('from').value > field('to').value) { toast(t('period.order'), true); return; } markDays(); }
    if (event.target.name !== 'family') told();
  });
  form.addEventListener('submit', (e) => e.preventDefault());
  const list = startFamilies(glyph, (ids) => { families = ids; told(); }, families);
  const pressed = (id) => Boolean(families && same(classesOf.get(id), families));
  function markGroups() { $$('[data-group]').forEach((b) => b.setAttribute('aria-pressed', String(pressed(b.dataset.group)))); }
  $$('[data-group]').forEach((b) => b.addEventListener('click', () => list.tick(pressed(b.dataset.group) ? null : classesOf.get(b.dataset.group))));
  markGroups();
  return {
    query,
    /** Write beside each family what `say(classes, all of them ticked)` returns. */
    groups(say) { $$('[data-group]').forEach((b) => { const ids = classesOf.get(b.dataset.group); $('output', b).textContent = say(ids, !families || ids.every((id) => families.includes(id))); }); },
    citizen: () => field('citizen').checked, today: () => local(now()), empty: () => !hours.size || !weekdays().size || Boolean(families && !families.length),
  };
}
