// All places of the rounds as a table: what each asks for.
import { t } from './context.js';
import { h } from './dom.js';
import { number } from './format.js';

const DAY = '\\d{4}-\\d{2}-\\d{2}';

/** Open the table; what is kept goes back into the store at once, or nothing does. */
export function openList(store) {
  const rows = store.rows.map(([, p]) => ({ ...p }));
  const cell = (p, name, options) => h('td', null, h('input', { name, value: p[name] ?? '', 'aria-label': `${p.name} ${t(`rounds.col.${name}`)}`, ...options, on: { input: (event) => { p[name] = event.target.value; } } }));
  const whole = (low, high, more) => ({ type: 'number', min: low, max: high, step: 1, required: true, ...more });
  const line = (p) => h('tr', null,
    p.id ? h('td', null, p.name) : cell(p, 'name', { type: 'text', maxlength: 200, required: true }),
    cell(p, 'every', whole(1, 366)), cell(p, 'tolerance', whole(0, 365, { required: false, placeholder: t('rounds.auto') })), cell(p, 'minutes', whole(0, 720, { step: 'any' })),
    cell(p, 'last', { type: 'text', pattern: DAY, maxlength: 10, placeholder: t('rounds.unknown') }), cell(p, 'weekdays', { type: 'text', pattern: '[1-7]([,，][1-7])*', maxlength: 13, placeholder: t('rounds.anyday') }), cell(p, 'priority', whole(1, 1000)));
  const heads = ['name', 'every', 'tolerance', 'minutes', 'last', 'weekdays', 'priority'];
  const form = h('form', { novalidate: true },
    h('h2', { id: 'list-title' }, t('rounds.edit.title', { n: number(rows.length) })), h('p.hint', null, t('rounds.edit.note')),
    h('div.listbox', { tabindex: 0, role: 'group', 'aria-label': t('rounds.places') }, h('table', null, h('thead', null, h('tr', null, heads.map((name) => h('th', { scope: 'col', title: t(`rounds.col.${name}.help`) }, t(`rounds.col.${name}`))))), h('tbody', null, rows.map(line)))),
    h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('cancel'), ' ', h('kbd', null, 'Esc')), ' ', h('button', { type: 'submit', id: 'list-keep' }, t('ok'))));
  const box = h('dialog.paper.places', { 'aria-labelledby': 'list-title', id: 'places' }, form);
  const int = (value) => (value === null || String(value).trim() === '' ? null : Number(value));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    store.set(rows.map((p) => ({ ...p, every: int(p.every), tolerance: int(p.tolerance), minutes: int(p.minutes), priority: int(p.priority), last: String(p.last).trim(), weekdays: String(p.weekdays).replaceAll('，', ',') })));
    box.close();
  });
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
}
