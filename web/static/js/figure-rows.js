// Behind a figure: how it is computed, and the calls or things that it counts, where the account may see them.
import { get } from './api.js';
import { familyName, t, zh } from './context.js';
import { fill, h, table } from './dom.js';
import { number, stamp } from './format.js';

let box;
let known;
/** How a figure is computed, in the page's language; the register is asked for once. */
export async function formula(name) {
  known ??= get('/api/formulas').catch(() => { known = undefined; return {}; });
  return (await known)[name]?.[zh ? 'zh' : 'en'] ?? '';
}
const listed = (columns, rows, options) => h('div.rowsbox', { tabindex: 0, role: 'region', 'aria-label': t('figure.title') }, table(columns, rows, { ...options, label: t('figure.title') }));

let turn = 0;
export async function open(name, what) {
  const mine = ++turn;
  box ??= document.body.appendChild(h('dialog', { id: 'rows', 'aria-labelledby': 'rows-title', on: { close: () => fill(box) } }));
  const close = h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('close'), ' ', h('kbd', null, 'Esc')));
  const said = h('span');
  const head = [h('h2', { id: 'rows-title' }, t('figure.title')), h('p.hint', null, h('b', null, t('figure.formula')), ' ', said)];
  formula(name).then((text) => { said.textContent = text; });
  fill(box, head, close);
  if (!box.open) box.showModal();
  if (!what) return;
  if (typeof what !== 'string') { fill(box, head, h('p.meta', null, `n = ${number(what.list.length)}`), listed(what.columns, what.list, {}), close); return; }
  fill(box, head, h('p.meta', null, t('heat.wait')), close);
  const found = await get(`/api/rows?${what}`).catch((error) => error);
  if (mine !== turn) return;
  if (found instanceof Error) { fill(box, head, h('p.failed', null, found.message), close); return; }
  const view = window.map_main ? await import('./mapview.js') : null;
  const go = (r) => { if (r.lon === null) return; box.close(); view.show({ lon: r.lon, lat: r.lat, title: `${familyName(r.family)} ${stamp(r.occurred_at)}` }); };
  fill(box, head, h('p.meta', null, t('figure.count', { shown: number(found.rows.length), n: number(found.n - found.n_unplaced), unplaced: number(found.n_unplaced), basis: zh ? found.basis : found.basis_en })),
    listed([[t('figure.id'), (r) => r.call_id], [t('figure.at'), (r) => stamp(r.occurred_at)], [t('family'), (r) => familyName(r.family)], [t('place.grid'), (r) => (r.placed ? r.grid_code ?? '–' : t('report.rows.nowhere'))], [t('figure.address'), (r) => r.address ?? '–']], found.rows, view ? { pick: go, key: (r) => r.call_id } : {}), close);
}
