// A draft (稿件) as the server keeps it: one operation at a time, each with the revision that she saw.
import { get, post } from './api.js';

/** What is known of the open draft; `pending` counts operations that are on their way. */
export const work = { draft: null, revision: 0, measures: {}, base: {}, balance: null, balanceBefore: null, basis: null, calls: null, pending: 0 };
const path = (tail = '') => `/api/drafts/${encodeURIComponent(work.draft.draft_id)}${tail}`;
let line = Promise.resolve();
let round = 0;

export const drawable = () => ['draft', 'returned'].includes(work.draft?.state);
export const listDrafts = async () => (await get('/api/drafts')).drafts;
export async function createDraft(name) { return take(await post('/api/drafts', { name })); }
export async function openDraft(id) { return take(await get(`/api/drafts/${encodeURIComponent(id)}`)); }
export function closeDraft() { Object.assign(work, { draft: null, revision: 0, measures: {}, base: {}, balance: null, balanceBefore: null }); round++; }
function take(draft) {
  if (work.draft?.draft_id !== draft.draft_id) { closeDraft(); }
  work.draft = draft;
  work.revision = draft.revision;
  return draft;
}
/** The grids of an area as the draft has them. */
export async function draftTopology(bbox) {
  const answer = await get(path(`/topology?bbox=${bbox}`));
  work.revision = answer.revision;
  work.measures = answer.measures ?? {};
  work.basis = answer.basis ?? null;
  work.calls = answer.calls ?? null;
  figures(answer);
  return answer.topology;
}
const units = { key: '', features: [] };
/** The blocks of an area and the grids that they lie in now; none where the city has no blocks. */
export async function draftUnits(bbox) {
  const key = `${work.draft.draft_id} ${work.revision} ${bbox}`;
  if (units.key !== key) {
    const found = await get(path(`/units?bbox=${bbox}`)).then((answer) => answer.units?.features ?? [], (error) => (error.status === 404 ? [] : null));
    if (found === null) return [];
    Object.assign(units, { key, features: found });
  }
  return units.features;
}
function figures(answer) {
  Object.assign(work.base, answer.base);
  if (answer.balance !== undefined) { work.balance = answer.balance; work.balanceBefore = answer.balance_before ?? work.balanceBefore; }
  for (const code of Object.keys(work.measures)) if (!work.measures[code].changed) work.base[code] ??= work.measures[code];
}
/** Send one change after another; what waits behind one that failed is given up. */
function send(tail, body) {
  const mine = round;
  work.pending++;
  const run = line.then(async () => {
    if (mine !== round) return null;
    const answer = await post(path(tail), { revision: work.revision, ...body });
    if (mine !== round) return null;
    const d = work.draft;
    work.revision = answer.revision;
    for (const code of answer.removed ?? []) delete work.measures[code];
    for (const [code, m] of Object.entries(answer.measures ?? {})) work.measures[code] = { changed: true, ...m };
    figures(answer);
    for (const name of ['can_undo', 'can_redo', 'operations']) if (answer[name] !== undefined) d[name] = answer[name];
    return answer;
  });
  const ended = () => { work.pending--; };
  run.then(ended, () => { ended(); if (mine === round) round++; });
  line = run.catch(() => {});
  return run;
}
export const operate = (operation) => send('/operations', { operation });
export const undoOne = () => send('/undo', {});
export const redoOne = () => send('/redo', {});
/** Wait until all that was sent is answered. */
export const idle = () => line;
export async function comment(text) { return take(await post(path('/comments'), { text })); }
export async function takeStep(step, more) { return take(await post(path('/steps'), { step, ...more })); }
export const comparison = (id) => get(`/api/drafts/${encodeURIComponent(id)}/comparison?f=json`);
/** Ask again how the draft stands; an answer that is older than what is known is dropped. */
export async function refreshDraft() {
  const { draft_id: id } = work.draft;
  const found = await get(`/api/drafts/${encodeURIComponent(id)}`);
  if (work.draft?.draft_id === id && !work.pending && found.revision >= work.revision) work.draft = found;
}
