// Behind a figure: how it is computed, and the calls that it counts, where the account may see them.
import { get } from './api.js';
import { familyName, t } from './context.js';
import { fill, h, table } from './dom.js';
import { number, stamp } from './format.js';
import { show } from './mapview.js';

let box;
/** A figure as a button; `formula` is a key of the words, `query` the filter of its calls. */
export function asked(figure, formula, query) {
  return h('button.asked', { type: 'button', title: t('heat.rows.open'), on: { click: () => open(formula, query()) } }, figure);
}
async function open(formula, query) {
  box ??= document.body.appendChild(h('dialog', { id: 'rows', 'aria-labelledby': 'rows-title' }));
  const close = h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('close'), ' ', h('kbd', null, 'Esc')));
  const head = [h('h2', { id: 'rows-title' }, t('heat.rows.title')), h('p.hint', null, h('b', null, t('heat.formula')), ' ', t(formula))];
  fill(box, head, h('p.meta', null, t('heat.wait')), close);
  box.showModal();
  const found = await get(`/api/heat/rows?${query}`).catch((error) => error);
  if (found instanceof Error) { fill(box, head, h('p.failed', null, found.message), close); return; }
  const go = (r) => { if (r.lon === null) return; box.close(); show({ lon: r.lon, lat: r.lat, title: `${familyName(r.family)} ${stamp(r.occurred_at)}` }); };
  fill(box, head, h('p.meta', null, t('heat.rows.count', { shown: number(found.rows.length), n: number(found.matched), unplaced: number(found.n_unplaced) })),
    h('div.rowsbox', { tabindex: 0, role: 'region', 'aria-label': t('heat.rows.title') }, table([[t('heat.rows.id'), (r) => r.call_id], [t('heat.rows.at'), (r) => stamp(r.occurred_at)], [t('family'), (r) => familyName(r.family)], [t('place.grid'), (r) => r.grid_code ?? '–'], [t('heat.rows.address'), (r) => r.address ?? '–']], found.rows, { pick: go, key: (r) => r.call_id, label: t('heat.rows.title') })), close);
}
