// The four views of the right panel: overview, hot places, comparison, forecast; the address remembers which.
import { t } from './context.js';
import { $, h } from './dom.js';
import { keep, read } from './url.js';

const VIEWS = ['overview', 'places', 'difference', 'forecast'];

/** Put the choice above the panel; `change(view)` runs at each change. */
export function startViews(change) {
  let now = VIEWS.includes(read('view')) ? read('view') : 'overview';
  const boxes = VIEWS.map((v) => h('label', null, h('input', { type: 'radio', name: 'view', value: v, checked: v === now, on: { change: () => { now = v; keep('view', v === 'overview' ? '' : v); change(v); } } }), h('span', null, t(`heat.view.${v}`))));
  $('#right').prepend(h('div.viewbar', null, h('div.segments', { role: 'radiogroup', 'aria-label': t('heat.views') }, boxes), h('div.buttons', { id: 'share' }), h('div', { id: 'share-text' })));
  return { get now() { return now; }, set(v) { const box = boxes[VIEWS.indexOf(v)]?.firstElementChild; if (box && !box.checked) box.click(); } };
}
