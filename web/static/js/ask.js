// A short question in a dialog: a name, a reason, a day.
import { t } from './context.js';
import { h } from './dom.js';

/**
 * Ask and resolve to the values by name, or to null when she thinks better of it.
 * Fields are {name, label, value, hint, required, pattern, long, most}.
 */
export function ask(title, fields, { confirm, note } = {}) {
  return new Promise((resolve) => {
    const inputs = fields.map((f) => h(f.long ? 'textarea' : 'input', { type: f.long ? null : 'text', rows: f.long ? 3 : null, name: f.name, value: f.value ?? '', placeholder: f.hint, required: f.required, pattern: f.pattern, maxlength: f.most ?? (f.long ? 500 : 120) }));
    const form = h('form', { method: 'dialog' }, h('h2', { id: 'ask-title' }, title), note && h('p.hint', null, note),
      fields.map((f, i) => h('label.field', null, h('span', null, f.label), inputs[i])),
      h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('cancel'), ' ', h('kbd', null, 'Esc')), ' ', h('button', { type: 'submit', value: 'yes' }, confirm ?? t('ok'), ' ', h('kbd', null, '↵'))));
    const box = h('dialog.ask', { 'aria-labelledby': 'ask-title' }, form);
    box.addEventListener('close', () => {
      box.remove();
      resolve(box.returnValue === 'yes' ? Object.fromEntries(inputs.map((i) => [i.name, i.value.trim()])) : null);
    });
    document.body.append(box);
    box.showModal();
    inputs[0]?.select();
  });
}
