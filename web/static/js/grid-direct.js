// A small correction without a draft: moved lines are saved at once as the next version, or refused when somebody was first.
import { post } from './api.js';
import { t } from './context.js';
import { $, card, fill, h, meta, table, toast } from './dom.js';
import { number, signed } from './format.js';

const hectares = (m2) => number(m2 / 10000, 2);
const rise = (before, after) => `${signed((after / before - 1) * 100, 1)}%`;
const columns = (pick) => [[t('place.grid'), pick.grid], [t('before.ha'), (a) => hectares(pick.before(a)), 'n'], [t('after.ha'), (a) => hectares(pick.after(a)), 'n'], [t('change'), (a) => rise(pick.before(a), pick.after(a)), 'n']];

/** What moved and is not saved yet. */
export function unsaved(editor) {
  const list = editor.areas();
  if (!list.length) return card(t('edit.changes'), {}, h('p.meta', null, t('edit.nothing')));
  const sum = list.reduce((s, a) => s + a.after - a.before, 0);
  return card(t('edit.changes'), { kind: 'key', aside: t('edit.unsaved', { n: list.length }), id: 'changes' },
    table(columns({ grid: (a) => [h('div', null, a.name ?? ''), h('small', null, a.code)], before: (a) => a.before, after: (a) => a.after }), list, { label: t('edit.changes'), pick: (a) => editor.select(editor.indexOf(a.code)), key: (a) => a.code }),
    meta(t('edit.sum', { sum: `${signed(sum)} ${t('unit.m2')}` })));
}
/** Save; `held` is {editor, version, edition}. Resolves to the answer, or shows in `conflict` why not. */
export async function save(held, { conflict, reload, again, draft }) {
  const { editor } = held;
  try {
    const answer = await post('/api/grids/arcs', { seen_version: held.version, edition: held.edition, arcs: editor.changes(), note: $('#note').value.trim() });
    $('#note').value = '';
    toast(t('edit.saved', { version: answer.version, n: answer.changed.length }));
    await reload(answer.version);
    fill(conflict, card(t('edit.saved.title', { version: answer.version }), { kind: 'key', id: 'saved' }, table(columns({ grid: ([code]) => code, before: ([, a]) => a.before_m2, after: ([, a]) => a.after_m2 }), Object.entries(answer.areas), { label: t('edit.changes') })));
  } catch (error) {
    if (error.status === 409) {
      const mine = editor.kept();
      fill(conflict, card(t('edit.conflict'), { kind: 'alarm', id: 'conflict' }, h('p.failed', null, error.message), error.body.rows?.length ? meta(t('edit.conflict.rows', { rows: error.body.rows.slice(0, 6).join('、') })) : null, h('p.meta', null, t('edit.conflict.kept', { n: mine.length })),
        h('div.details.column', null, h('button', { type: 'button', id: 'again', on: { click: () => again(mine) } }, t('edit.conflict.again')), h('button', { type: 'button', id: 'as-draft', on: { click: () => draft(mine) } }, t('edit.conflict.draft')), h('button', { type: 'button', on: { click: () => reload() } }, t('edit.conflict.drop')))));
    } else fill(conflict, card(t('edit.refused'), { kind: 'alarm', id: 'refused' }, h('p.failed', null, error.message)));
    $('#right').scrollTop = 0;
  }
}
