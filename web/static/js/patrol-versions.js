// The versions of a plan: who did what and when; any of them can be brought back.
import { get, trying } from './api.js';
import { t, zh } from './context.js';
import { fill, h, table } from './dom.js';
import { number, stamp } from './format.js';

export async function openVersions(plan, { back, compare }) {
  const found = await trying(() => get(`/api/patrol/plans/${encodeURIComponent(plan.id)}/versions`));
  if (!found) return;
  const list = [...found.versions].sort((a, b) => b.version - a.version);
  const close = () => box.close();
  const box = h('dialog.paper', { 'aria-labelledby': 'versions-title', id: 'versions-list' });
  const does = (v) => (v.version === plan.version ? t('patrol.versions.now') : [h('button.small', { type: 'button', 'data-back': v.version, on: { click: () => { close(); back(v.version); } } }, t('patrol.versions.back')), ' ', h('button.small', { type: 'button', on: { click: () => { close(); compare(v.version); } } }, t('patrol.compare'))]);
  fill(box, h('h2', { id: 'versions-title' }, t('patrol.versions')), table([[t('patrol.versions.n'), (v) => number(v.version), 'n'], [t('patrol.versions.at'), (v) => stamp(v.at)], [t('patrol.versions.what'), (v) => (zh ? v.note_zh : v.note_en) ?? v.action], [t('patrol.compare.units'), (v) => number(v.units_used), 'n'], [t('patrol.gaps.worst'), (v) => number(v.worst_gap_minutes), 'n'], [t('patrol.broken'), (v) => number(v.n_broken), 'n'], ['', does]], list, { label: t('patrol.versions') }), h('div.close', null, h('button', { type: 'button', on: { click: close } }, t('close'), ' ', h('kbd', null, 'Esc'))));
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
}
