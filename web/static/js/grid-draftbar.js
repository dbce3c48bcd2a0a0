// The bar of the open draft: its name, where it stands, how much it changes, and the steps that lead to an edition.
import { trying } from './api.js';
import { ask } from './ask.js';
import { context, t } from './context.js';
import { $, card, fill, h, toast } from './dom.js';
import { number, stamp, ymd } from './format.js';
import { closeDraft, comment, createDraft, idle, listDrafts, openDraft, takeStep, work } from './grid-draft.js';
import { key } from './keys.js';

const STEPS = [['submit', 'U', ['draft', 'returned']], ['review', 'I', ['submitted']], ['publish', 'Y', ['approved']], ['return', 'T', ['submitted', 'approved']], ['withdraw', 'J', ['draft', 'returned', 'submitted', 'approved']]];
const GONE = ['published', 'withdrawn', 'discarded'];
const can = (step, states) => (work.draft.may ? work.draft.may.includes(step) : states.includes(work.draft.state));
export const stateTag = (state) => h(state === 'published' || state === 'approved' ? 'span.tag.good' : state === 'returned' ? 'span.tag.bad' : 'span.tag.kind', null, t(`draft.state.${state}`));
const changed = (d) => d.changed?.length ?? 0;

/** `opened()`, `closed()`, `stepped(draft, before)`, `refused(error)`, `compare()`; draws into `bar` and `history`. */
export function draftBar({ bar, history, plain, opened, closed, stepped, refused, compare, comparing }) {
  function draw() {
    const d = work.draft;
    if (!d) { plain(); fill(history); return; }
    const living = STEPS.filter(([step, , states]) => can(step, states));
    fill(bar, h('div.draftbar', { id: 'draft' },
      h('div.which', null, h('b', { id: 'draft-name' }, d.name), stateTag(d.state), h('small', null, t('draft.counts', { n: number(d.operations), grids: number(changed(d)), version: d.base_version }))),
      h('div.steps', { role: 'group', 'aria-label': t('draft.steps') },
        h('button', { type: 'button', id: 'compare', 'aria-pressed': String(comparing()), 'aria-keyshortcuts': 'R', disabled: !d.operations && !comparing(), on: { click: compare } }, t('draft.compare'), ' ', h('kbd', null, 'R')),
        living.map(([step, k]) => h(['submit', 'review', 'publish'].includes(step) ? 'button.next' : 'button', { type: 'button', id: `step-${step}`, 'aria-keyshortcuts': k, disabled: step === 'submit' && !d.operations, on: { click: () => go(step) } }, t(`draft.step.${step}`), ' ', h('kbd', null, k))),
        h('button', { type: 'button', id: 'draft-close', 'aria-keyshortcuts': 'Q', on: { click: close } }, t('draft.close'), ' ', h('kbd', null, 'Q')))));
    drawHistory(d);
  }
  function drawHistory(d) {
    const told = [...(d.steps ?? []).filter((s) => s.step !== 'save').map((s) => ({ ...s, what: t(`draft.did.${s.step}`), text: s.reason })), ...(d.comments ?? []).map((c) => ({ ...c, what: t('draft.comment'), text: c.text }))].sort((a, b) => (a.at < b.at ? 1 : -1));
    fill(history, card(t('draft.history'), { aside: d.created_by, id: 'history' },
      h('ul.list.told', null, told.map((s) => h('li', null, h('b', null, s.what), ' ', h('small', null, `${s.by} · ${stamp(s.at)}`), s.text ? h('div', null, s.text) : null))),
      GONE.includes(d.state) ? null : h('div.details', null, h('button', { type: 'button', id: 'remark', 'aria-keyshortcuts': 'Alt+C', on: { click: remark } }, t('draft.remark'), ' ', h('kbd', null, 'Alt C')))));
  }
  async function remark() {
    if (!work.draft) return;
    const got = await ask(t('draft.remark'), [{ name: 'text', label: t('draft.remark.label'), required: true, long: true }]);
    if (got) { await trying(() => comment(got.text)); draw(); }
  }
  async function go(step) {
    const d = work.draft;
    const entry = STEPS.find(([s]) => s === step);
    if (!d || !can(step, entry[2])) return;
    await idle();
    const fields = [{ name: 'reason', label: t(step === 'return' ? 'draft.reason' : 'draft.opinion'), required: step === 'return', long: true, hint: t(`draft.hint.${step}`) }];
    if (step === 'publish') fields.unshift({ name: 'valid_from', label: t('draft.valid_from'), value: ymd(context.now), pattern: '\\d{4}-\\d{2}-\\d{2}', required: true });
    const got = await ask(t(`draft.ask.${step}`, { name: d.name }), fields, { confirm: t(`draft.step.${step}`), note: t(`draft.note.${step}`, { n: changed(d) }) });
    if (!got) return;
    try {
      const before = d.state;
      const next = await takeStep(step, { ...(got.reason && { reason: got.reason }), ...(got.valid_from && { valid_from: got.valid_from }) });
      toast(t('draft.stepped', { name: next.name, state: t(`draft.state.${next.state}`) }));
      stepped(next, before);
    } catch (error) { refused(error, step); }
    draw();
  }
  async function make() {
    const got = await ask(t('draft.new'), [{ name: 'name', label: t('draft.name'), hint: t('draft.name.hint'), required: true }], { confirm: t('draft.new') });
    if (!got?.name) return;
    await idle();
    if (await trying(() => createDraft(got.name))) { draw(); opened(); }
  }
  async function list() {
    const drafts = await trying(listDrafts);
    if (!drafts) return;
    const box = h('dialog.ask', { 'aria-labelledby': 'drafts-title' });
    const pick = async (d) => { box.close(); await idle(); if (await trying(() => openDraft(d.draft_id))) { draw(); opened(); } };
    fill(box, h('h2', { id: 'drafts-title' }, t('draft.open')), drafts.length ? h('ul.list.drafts', null, drafts.map((d) => h('li', null, h('button', { type: 'button', 'data-draft': d.draft_id, 'aria-current': String(d.draft_id === work.draft?.draft_id), on: { click: () => pick(d) } }, stateTag(d.state), h('span'), h('span.what', null, d.name), h('span.when', null, `${t('draft.ops', { n: number(d.operations) })} · ${d.created_by} · ${stamp(d.created_at)}`))))) : h('p.hint', null, t('draft.none')),
      h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('close'), ' ', h('kbd', null, 'Esc'))));
    box.addEventListener('close', () => box.remove());
    document.body.append(box);
    box.showModal();
  }
  async function close() {
    if (!work.draft) return false;
    await idle();
    closeDraft();
    draw();
    closed();
    return true;
  }
  $('#draft-new').addEventListener('click', make);
  $('#draft-open').addEventListener('click', list);
  key('a', 'draft.new', () => make());
  key('o', 'draft.open', () => list());
  key('r', 'draft.compare', () => { if (!work.draft) return false; compare(); return true; });
  for (const [step, k, states] of STEPS) key(k.toLowerCase(), `draft.step.${step}`, () => { if (!work.draft || !can(step, states)) return false; go(step); return true; });
  key('Alt+c', 'draft.remark', () => { if (!work.draft) return false; remark(); return true; });
  key('q', 'draft.close', () => { if (!work.draft) return false; close(); return true; });
  return { draw, make, list };
}
