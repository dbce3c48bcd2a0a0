// The question of periodic rounds: a post, a calendar, and places each with its own number of days.
import { now } from './clock.js';
import { t } from './context.js';
import { $, $$, fill, h, toast } from './dom.js';
import { number, ymd } from './format.js';
import { takeUp } from './lasso.js';
import { map } from './mapview.js';
import { readLines } from './rounds-lines.js';
import { placeStore } from './rounds-places.js';

export const form = $('#rounds');
const e = form.elements;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOST = 1000;
const SHOWN = 200;
const words = (text) => text.split(/[\s,，;；]+/).filter(Boolean);
let picking = false;
let pointed = () => {};

export const store = placeStore({ changed: drawList, pick: (key) => pointed(key) });
store.defaults(() => ({ every: Number(e.every.value) || 7, minutes: Number(e.minutes.value) || 0 }));
export const onPointed = (run) => { pointed = run; };

function drawList() {
  const rows = store.rows;
  $('#place-count').textContent = number(rows.length);
  $('#edit-places').disabled = $('#clear-places').disabled = !rows.length;
  const line = ([key, p]) => h('div.place', null, h('span', { title: p.name }, p.name), h('input', { type: 'number', min: 1, max: 366, value: p.every, 'aria-label': `${p.name} ${t('rounds.every')}`, on: { change: (event) => { p.every = Number(event.target.value) || p.every; event.target.value = p.every; } } }), h('button.closer', { type: 'button', 'aria-label': `${t('rounds.remove')} ${p.name}`, on: { click: () => store.remove(key) } }, '×'));
  fill($('#place-list'), rows.length ? rows.slice(0, SHOWN).map(line) : h('p.hint', null, t('rounds.none')), rows.length > SHOWN ? h('p.hint', null, t('patrol.more.n', { n: number(rows.length - SHOWN) })) : null);
}
function pick(on) {
  picking = on;
  $('#pick-places').setAttribute('aria-pressed', String(on));
  map.getContainer().classList.toggle('picking', on);
  store.pick(on);
}
export const togglePick = () => pick(!picking);
export const draw = () => { pick(false); takeUp($('#draw-places'), (ring) => { const n = store.within(ring); toast(t('rounds.drawn', { n: number(n) }), !n); }); };
/** A click beside all points puts a place there, while places are being picked. */
export function click(lat, lon) {
  if (!picking) return false;
  store.add([{ id: null, name: t('rounds.place', { n: store.rows.filter(([, p]) => !p.id).length + 1 }), lon: Number(lon.toFixed(6)), lat: Number(lat.toFixed(6)) }]);
  return true;
}
async function paste() {
  const { ask } = await import('./ask.js');
  const given = await ask(t('rounds.paste.title'), [{ name: 'lines', label: t('rounds.paste.label'), long: true, most: 60000, hint: t('rounds.paste.hint'), required: true }], { note: t('rounds.paste.note') });
  if (!given) return;
  const { rows, wrong } = readLines(given.lines, store.known, { every: Number(e.every.value), minutes: Number(e.minutes.value) });
  if (wrong) { toast(t('rounds.paste.bad', { line: wrong }), true); return; }
  store.add(rows);
  toast(t('rounds.pasted', { n: number(rows.length) }));
}
const weekdays = () => $$('[data-weekday]', form).filter((b) => b.getAttribute('aria-pressed') === 'true').map((b) => Number(b.dataset.weekday));

export function question() {
  const hidden = $(':invalid', $('details', form));
  if (hidden) $('details', form).open = true; // what is wrong must be seen
  if (!form.reportValidity()) return null;
  if (!store.size) return { missing: t('rounds.nowhere') };
  if (store.size > MOST) return { missing: t('rounds.many', { n: number(store.size), most: number(MOST) }) };
  if (!weekdays().length) return { missing: t('rounds.noduty') };
  const rest = words(e.rest.value);
  const wrong = rest.find((d) => !DAY.test(d));
  if (wrong) return { missing: t('patrol.settings.bad', { what: wrong }) };
  const points = store.rows.map(([, p]) => ({
    ...(p.id ? { point_id: p.id } : { name: p.name, lon: p.lon, lat: p.lat }), every_days: p.every, service_minutes: p.minutes, priority: p.priority,
    ...(p.tolerance === null ? {} : { tolerance_days: p.tolerance }), ...(p.last ? { last_visit: p.last } : {}), ...(p.weekdays ? { weekdays: words(p.weekdays).map(Number) } : {}),
  }));
  return {
    post_id: e.post.value, points, kind: e.kind.value, from_day: e.from.value.trim(), days: Number(e.days.value), units: Number(e.units.value), duty_weekdays: weekdays(), rest_days: rest,
    day_start: e.start.value.padStart(5, '0'), day_hours: Number(e.hours.value), unit_minutes: Number(e.unit_minutes.value), seconds: Number(e.seconds.value), seed: Number(e.seed.value),
  };
}
/** The form as a kept plan asked it. */
export function take(body) {
  const q = body.question;
  for (const [name, value] of [['post', q.post_id], ['kind', q.kind], ['from', q.from_day], ['days', q.days], ['units', q.units], ['start', q.day_start.slice(0, 5)], ['hours', q.day_hours], ['rest', q.rest_days.join(' ')], ['unit_minutes', q.unit_minutes], ['seconds', q.seconds], ['seed', q.seed]]) e[name].value = value;
  $$('[data-weekday]', form).forEach((b) => b.setAttribute('aria-pressed', String(q.duty_weekdays.includes(Number(b.dataset.weekday)))));
  store.set(q.points.map((p, i) => ({ id: p.point_id, name: body.points[i].name, lon: body.points[i].lon, lat: body.points[i].lat, every: p.every_days, minutes: p.service_minutes, tolerance: p.tolerance_days, last: p.last_visit ?? '', weekdays: (p.weekdays ?? []).join(','), priority: p.priority })));
  store.leftOut(new Set(body.points.map((p, i) => (p.left_out ? store.keyOf({ id: q.points[i].point_id, lon: p.lon, lat: p.lat }) : null)).filter(Boolean)));
}
export function show(on) { if (on) store.group.addTo(map); else { store.group.remove(); pick(false); } }
export const repaint = () => store.draw();

$('#pick-places').addEventListener('click', togglePick);
$('#draw-places').addEventListener('click', draw);
$('#paste-places').addEventListener('click', paste);
$('#clear-places').addEventListener('click', () => store.set([]));
$('#edit-places').addEventListener('click', () => import('./rounds-list.js').then(({ openList }) => openList(store)));
$$('[data-weekday]', form).forEach((b) => b.addEventListener('click', () => b.setAttribute('aria-pressed', String(b.getAttribute('aria-pressed') !== 'true'))));
e.from.value = ymd(now().getTime() + 86400000);
drawList();
