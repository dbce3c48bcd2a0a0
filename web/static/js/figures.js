// A figure that can be asked: its formula on hover; a click opens the calls (or things) that it counts.
import { t } from './context.js';
import { h } from './dom.js';

const more = () => import('./figure-rows.js');
const hint = async (event) => { const node = event.currentTarget; node.title = `${await (await more()).formula(node.dataset.formula)}\n${t('figure.open')}`; };
/** Open what is behind a figure: `rows` is the filter of its calls, {columns, list} of other things, or nothing. */
export const openRows = async (formula, rows) => (await more()).open(formula, rows);
/** A figure as a button; `formula` is an entry of the register, `rows()` what `openRows` takes. What is 0 or unknown has no rows. */
export function asked(figure, formula, rows) {
  return h('button.asked', { type: 'button', title: t('figure.open'), 'data-formula': formula, on: { pointerenter: hint, focus: hint, click: (event) => { event.stopPropagation(); openRows(formula, rows?.()); }, keydown: (event) => event.stopPropagation() } }, figure);
}
/** A count that can be asked, or the bare count where nothing is behind it. */
export const count = (n, text, formula, rows) => (n ? asked(text, formula, rows) : text);
/** A filter with some of its parts set anew. */
export function filter(query, parts) {
  const q = new URLSearchParams(query);
  for (const [name, value] of Object.entries(parts)) q.set(name, value);
  return q.toString();
}
