// What holds for all patrol plans: levels of duty, kinds of day, the calendar, the crew rule, the phone page.
import { get, put, trying } from './api.js';
import { t } from './context.js';
import { fill, h, table, toast } from './dom.js';

const FACTORS = ['gap_factor', 'visits_factor', 'dwell_factor'];
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const BREAK = /^([^,，]+)[,，]\s*(\d+(?:\.\d+)?)[,，]\s*(\d+(?:\.\d+)?)[,，]\s*(\d+(?:\.\d+)?)(?:[,，]\s*(here|就地))?$/;
const rowsOf = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);
const days = (text) => text.split(/[\s,，;；]+/).filter(Boolean);

/** Open the settings; `saved()` runs after they were kept. */
export async function openSettings({ saved }) {
  const held = await trying(() => get('/api/patrol/settings'));
  if (!held) return;
  const s = held.settings;
  const factor = (group, name, row) => h('input', { type: 'number', name: `${group}.${name}`, min: 0.1, max: 10, step: 'any', value: row[name], required: true, 'aria-label': `${group} ${t(`patrol.settings.${name}`)}` });
  const columns = (group, label) => [['', ([id]) => t(`${label}.${id}`)], ...FACTORS.map((name) => [t(`patrol.settings.${name}`), ([id, row]) => factor(`${group}.${id}`, name, row)])];
  const tick = (name, on, words, help) => h('label.row', { title: help }, h('input', { type: 'checkbox', name, checked: on }), h('span', null, words));
  const lines = (name, words, value, help) => h('label.field', null, h('span', { title: help }, words), h('textarea', { name, rows: 3, placeholder: help, value }));
  const number = (name, words, value, options) => h('label.field', null, h('span', null, words), h('input', { type: 'number', name, value: value ?? '', ...options }));
  const bad = h('p.failed', { role: 'alert', hidden: true });
  const form = h('form', { novalidate: true },
    h('h2', { id: 'settings-title' }, t('patrol.settings')),
    h('h2.section', null, t('patrol.settings.levels')), table(columns('levels', 'patrol.level'), Object.entries(s.levels), { label: t('patrol.settings.levels') }),
    h('h2.section', null, t('patrol.settings.breaks')), h('p.hint', null, t('patrol.settings.breaks.help')), h('div.hours-fields', null, Object.entries(s.levels).map(([id, row]) => lines(`breaks.${id}`, t(`patrol.level.${id}`), (row.breaks ?? []).map((b) => [b.name, b.minutes, b.after_hours, b.before_hours, ...(b.at === 'here' ? [t('patrol.settings.breaks.here')] : [])].join(',')).join('\n'), t('patrol.settings.breaks.hint')))),
    h('h2.section', null, t('patrol.settings.days')), table([...columns('days', 'patrol.day_kind'), [t('patrol.settings.school'), ([id, row]) => h('input', { type: 'checkbox', name: `days.${id}.school`, checked: row.school, 'aria-label': `${t(`patrol.day_kind.${id}`)} ${t('patrol.settings.school')}` })]], Object.entries(s.days), { label: t('patrol.settings.days') }),
    h('h2.section', null, t('patrol.settings.calendar')),
    lines('terms', t('patrol.settings.terms'), s.calendar.terms.map((x) => [x.name, x.from, x.to].join(',')).join('\n'), t('patrol.settings.terms.help')),
    h('div.pair', null, lines('rest_days', t('patrol.settings.rest_days'), s.calendar.rest_days.join('\n'), '2026-10-01'), lines('work_days', t('patrol.settings.work_days'), s.calendar.work_days.join('\n'), '2026-10-10')),
    h('div.pair', null, number('operators', t('patrol.operators'), s.operators, { min: 1, max: 200, placeholder: t('patrol.operators.auto') }), number('reach_m', t('patrol.settings.reach'), s.reach_m, { min: 10, max: 5000, required: true })),
    tick('auxiliaries_alone', s.auxiliaries_alone, t('patrol.settings.alone'), t('patrol.settings.alone.help')), tick('crew_page', s.crew_page, t('patrol.settings.phone'), t('patrol.settings.phone.help')), bad,
    h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('cancel'), ' ', h('kbd', null, 'Esc')), ' ', h('button', { type: 'submit', id: 'settings-save' }, t('patrol.settings.save'))));
  const box = h('dialog.paper.settings', { 'aria-labelledby': 'settings-title', id: 'patrol-settings' }, form);
  const e = form.elements;
  const say = (words) => { bad.textContent = words; bad.hidden = false; };
  function read() {
    const next = structuredClone(s);
    for (const [id, row] of Object.entries(next.levels)) for (const name of FACTORS) row[name] = Number(e[`levels.${id}.${name}`].value);
    for (const [id, row] of Object.entries(next.days)) { for (const name of FACTORS) row[name] = Number(e[`days.${id}.${name}`].value); row.school = e[`days.${id}.school`].checked; }
    for (const [id, row] of Object.entries(next.levels)) {
      const given = rowsOf(e[`breaks.${id}`].value);
      const unread = given.find((line) => !BREAK.test(line));
      if (unread) { say(t('patrol.settings.breaks.bad', { what: unread })); return null; }
      const kept = new Map((row.breaks ?? []).map((b) => [b.name, b]));
      row.breaks = given.map((line) => { const [, name, minutes, after, before, at] = BREAK.exec(line); return { ...kept.get(name.trim()), name: name.trim(), minutes: Number(minutes), after_hours: Number(after), before_hours: Number(before), at: at ? 'here' : 'post' }; });
    }
    const terms = rowsOf(e.terms.value).map((line) => line.split(/[,，]/).map((x) => x.trim()));
    const wrong = [...terms.filter((x) => x.length !== 3 || !DATE.test(x[1]) || !DATE.test(x[2])).map((x) => x.join(',')), ...[...days(e.rest_days.value), ...days(e.work_days.value)].filter((d) => !DATE.test(d))];
    if (wrong.length) { say(t('patrol.settings.bad', { what: wrong[0] })); return null; }
    next.calendar = { terms: terms.map(([name, from, to]) => ({ name, from, to })), rest_days: days(e.rest_days.value), work_days: days(e.work_days.value) };
    Object.assign(next, { operators: e.operators.value ? Number(e.operators.value) : null, reach_m: Number(e.reach_m.value), auxiliaries_alone: e.auxiliaries_alone.checked, crew_page: e.crew_page.checked });
    return next;
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    const next = read();
    if (!next) return;
    try { await put('/api/patrol/settings', { seen_version: held.version, settings: next }); } catch (error) { say(error.message); return; }
    box.close();
    toast(t('patrol.settings.saved'));
    saved();
  });
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  fill(bad);
  box.showModal();
}
