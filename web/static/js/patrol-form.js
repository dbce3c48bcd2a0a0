// The question of a patrol plan, as the form at the left asks it.
import { get } from './api.js';
import { now } from './clock.js';
import { context, t, zh } from './context.js';
import { $, $$, fill, h } from './dom.js';
import { iso, local, number, ymd } from './format.js';

export const form = $('#solve');
const e = form.elements;
const WEIGHTS = ['units', 'gaps', 'cover', 'irregular'];
/**
 * Streets closed for the plan, stops that a crew must or may not make, roads to be driven, rests and stops at hot places; the chips below
 * the form show them. Rests are those of the level while `breaks` is null.
 */
export const extra = { closures: [], pinned: [], forbidden: [], lines: [], breaks: null, optional: null };
const LISTS = ['closures', 'pinned', 'forbidden', 'lines'];
let units = [];

export function setUnits(list) { units = list; unitList(); }
function unitList() {
  const mine = units.filter((u) => u.properties.shift_id === e.shift.value);
  fill($('#unit-list'), (mine.length ? mine : units).map((u) => h('label.row', null, h('input', { type: 'checkbox', name: 'unit', value: u.properties.unit_id, checked: true }), h('span', null, u.properties.name), h('output', null, t(`kind.${u.properties.kind}`)))));
  countUnits();
}
/** The units that the question offers. */
export const askedUnits = () => $$('input[name="unit"]').map((b) => units.find((u) => u.properties.unit_id === b.value).properties);
const countUnits = () => { const all = $$('input[name="unit"]'); $('#unit-count').textContent = `${number(all.filter((b) => b.checked).length)} / ${number(all.length)}`; };

/** The shift of the present hour comes first. */
export function setShift(id) {
  const at = local(now()).getUTCHours() * 60 + local(now()).getUTCMinutes();
  const present = context.shifts.find((s) => (at - s.start_minute + 1440) % 1440 < s.length_minutes);
  if (id ?? present) e.shift.value = id ?? present.id;
  unitList();
}
/** When the shift that is asked for begins (ms) and how long it is (s): of the given day, else on duty or next, as the server takes it. */
export function shiftSpan() {
  const shift = context.shifts.find((x) => x.id === e.shift.value);
  const length = shift.length_minutes * 60;
  const begin = (day) => Date.parse(iso(day, 0)) + shift.start_minute * 60000;
  const given = e.day.value.trim();
  if (isDay(given)) return { start: begin(given), length };
  const starts = [-1, 0, 1].map((d) => begin(ymd(now().getTime() + d * 86400000)));
  return { start: starts.find((at) => at + length * 1000 > now().getTime()) ?? starts[2], length };
}
function weightWords(box) {
  const share = Number(box.value);
  const words = t(share === 0 ? 'patrol.weight.off' : share < 40 ? 'patrol.weight.low' : share < 75 ? 'patrol.weight.middle' : 'patrol.weight.high');
  box.nextElementSibling.textContent = words;
  box.setAttribute('aria-valuetext', words);
}
/** Whether it is a day of the calendar, as 2026-11-22. */
const isDay = (day) => /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
export async function drawDay() {
  const out = $('#day-note');
  const day = e.day.value.trim() || ymd(now());
  if (!isDay(day)) { out.textContent = t('patrol.day.bad'); out.className = 'hint failed'; return; }
  const found = await get(`/api/patrol/day?day=${day}`).catch((error) => ({ problem: error.message }));
  out.className = found.problem ? 'hint failed' : 'hint';
  out.textContent = found.problem ?? `${day} ${(zh ? found.why_zh : found.why_en) ?? ''}`;
}
/** What is asked; null while something in the form is wrong, which is then shown at its place. */
export function question() {
  if (!form.reportValidity()) return null;
  const boxes = $$('input[name="unit"]');
  const picked = boxes.filter((b) => b.checked).map((b) => b.value);
  if (!picked.length) return { missing: t('patrol.no_units') };
  if (e.day.value.trim() && !isDay(e.day.value.trim())) return { missing: t('patrol.day.bad') };
  const asked = { shift_id: e.shift.value, unit_ids: picked.length === boxes.length ? null : picked, point_ids: null, level: Number(e.level.value), seconds: Number(e.seconds.value), seed: Number(e.seed.value), weights: Object.fromEntries(WEIGHTS.map((w) => [w, Number(e[`weight_${w}`].value) / 100])), handover: e.handover.checked };
  if (e.day.value.trim()) asked.day = e.day.value.trim();
  if (e.day_kind.value) asked.day_kind = e.day_kind.value;
  if (e.operators.value) asked.operators = Number(e.operators.value);
  const bare = ({ label: _, ...rest }) => rest;
  for (const name of LISTS) if (extra[name].length) asked[name] = extra[name].map(bare);
  if (extra.breaks) asked.breaks = extra.breaks.map(bare);
  if (extra.optional) asked.optional = bare(extra.optional);
  return asked;
}
/** Chips of what was added by hand; `changed` redraws the map. */
export function drawExtra(changed) {
  const chip = (name, words, run) => h('button', { type: 'button', title: t('patrol.take_back'), on: { click: () => { run(); drawExtra(changed); } } }, `${t(`patrol.extra.${name}`)} ${words} ×`);
  const away = (name, item) => { extra[name].splice(extra[name].indexOf(item), 1); if (name === 'breaks' && !extra.breaks.length) extra.breaks = null; };
  fill($('#extra'), LISTS.map((name) => extra[name].map((item) => chip(name, item.label, () => away(name, item)))),
    extra.breaks?.map((item) => chip('breaks', item.label, () => away('breaks', item))) ?? [], extra.breaks?.length === 0 && chip('breaks', t('patrol.breaks.none'), () => { extra.breaks = null; }),
    extra.optional && chip('optional', extra.optional.label, () => { extra.optional = null; }));
  changed();
}
export function startForm(submit) {
  form.addEventListener('submit', (event) => { event.preventDefault(); submit(); });
  form.addEventListener('change', (event) => { if (event.target.name === 'shift') unitList(); if (event.target.name === 'unit') countUnits(); if (event.target.name === 'day') drawDay(); });
  $$('[data-units]').forEach((b) => b.addEventListener('click', () => { $$('input[name="unit"]').forEach((box) => { box.checked = b.dataset.units === 'all'; }); countUnits(); }));
  for (const w of WEIGHTS) { e[`weight_${w}`].addEventListener('input', (event) => weightWords(event.target)); weightWords(e[`weight_${w}`]); }
  drawDay();
}
