// Changes of a plan: every one names the version that was seen, and can be undone.
import { get, post } from './api.js';
import { lang, t } from './context.js';
import { toast } from './dom.js';
import { patched } from './patrol-plan.js';

const sentence = (answer) => (lang === 'en' ? answer.sentence_en : answer.sentence_zh) ?? '';
export { sentence };

/**
 * `current()` is the open plan, `show(body, answer)` takes the plan after a change,
 * `refuse(answer, again)` hears why a change does not fit; `again()` makes it all the same, gaps broken or not.
 */
export function planEdits({ current, show, refuse }) {
  let past = []; // versions whose content can be brought back, the present one last
  let future = [];
  let of = null;
  let seen = 0; // the newest version that the two lists know
  let asking = false;
  let next = null;
  let line = Promise.resolve();

  const path = (what) => `/api/patrol/plans/${encodeURIComponent(current().id)}/${what}`;
  const iso = (second) => new Date(current().start + second * 1000).toISOString();
  /** Versions that came by other ways (solved anew, loaded anew) join the list. */
  function known() {
    const plan = current();
    if (of !== plan.id) { of = plan.id; past = Array.from({ length: plan.version }, (_, i) => i + 1); future = []; } else if (plan.version > seen) { past.push(plan.version); future = []; }
    seen = plan.version;
  }
  /** One change after another; a stale one shows the newest plan and says so. */
  function send(what, body, { again, undoing, same, whole } = {}) {
    const turn = line.then(async () => {
      const plan = current();
      if (!plan) return null;
      if (!undoing) known();
      try {
        const answer = await post(path(what), { version: plan.version, ...body });
        if (answer.ok === false) { refuse(answer, again); return answer; }
        seen = answer.version;
        if (!undoing && !same) { past.push(answer.version); future = []; }
        show(answer.routes && !whole ? patched(plan.body, answer) : await get(`/api/plans/${encodeURIComponent(plan.id)}`), answer);
        if (sentence(answer)) toast(sentence(answer));
        return answer;
      } catch (error) {
        toast(error.message, true);
        if (error.status === 409) show(await get(`/api/plans/${encodeURIComponent(plan.id)}`), null);
        return null;
      }
    });
    line = turn.catch(() => null);
    return turn;
  }
  const place = (stop, unit, begin) => ({ unit_id: stop.unit, index: stop.index, to_unit_id: unit.id, begin: iso(begin) });
  async function bring(list, other) {
    const to = list[list.length - 1];
    const answer = await send('restore', { to }, { undoing: true, whole: true });
    if (!answer) return false;
    list.pop();
    other();
    return true;
  }
  return {
    /** Ask whether a block fits where it is held: the newest question only, one under way. */
    async preview(stop, unit, begin, hear) {
      if (asking) { next = [stop, unit, begin, hear]; return; }
      asking = true;
      try {
        const answer = await post(path('move'), { version: current().version, ...place(stop, unit, begin), soft: false, preview: true });
        hear(answer, unit, begin);
      } catch (error) { hear({ ok: false, sentence_zh: error.message, sentence_en: error.message }, unit, begin); } finally {
        asking = false;
        if (next) { const later = next; next = null; this.preview(...later); }
      }
    },
    move: (stop, unit, begin, soft = false) => send('move', { ...place(stop, unit, begin), soft, preview: false }, { again: () => send('move', { ...place(stop, unit, begin), soft: true, preview: false }) }),
    remove: (stop, soft = false) => send('remove', { unit_id: stop.unit, index: stop.index, soft, preview: false }, { again: () => send('remove', { unit_id: stop.unit, index: stop.index, soft: true, preview: false }) }),
    insert: (point, unit, begin) => send('insert', { point_id: point.id, to_unit_id: unit.id, begin: begin === null ? undefined : iso(begin), soft: false, preview: false }, { again: () => send('insert', { point_id: point.id, to_unit_id: unit.id, begin: begin === null ? undefined : iso(begin), soft: true, preview: false }) }),
    lock: (stops, on) => send(on ? 'lock' : 'unlock', { stops: stops.map((s) => (s.index === undefined ? { unit_id: s.unit } : { unit_id: s.unit, index: s.index })) }),
    replan: (second, events) => send('replan', { at: iso(second), events, preview: false }, { whole: true }),
    restore: (to) => send('restore', { to }, { whole: true }),
    issue: (note) => send('issue', note ? { note } : {}, { same: true }),
    async accept(unit, number) {
      const answer = await post(path('accept'), { unit_id: unit, number });
      return answer.issue;
    },
    iso,
    get undoable() { if (!current()) return false; known(); return past.length > 1; },
    get redoable() { return future.length > 0; },
    async undo() {
      known();
      if (past.length < 2) return false;
      const now = past.pop();
      const done = await bring(past, () => { future.push(now); });
      if (!done) { past.push(now); return false; }
      past.push(current().version); // the restored content under its new number
      toast(t('patrol.undone'));
      return true;
    },
    async redo() {
      if (!future.length) return false;
      const done = await bring(future, () => past.push(current().version));
      if (done) toast(t('patrol.redone'));
      return done;
    },
  };
}
