// Plan against actual, by point: what positions that exist anyway say of each planned visit. Places only; no signal is unknown, not absence.
import { get } from './api.js';
import { now } from './clock.js';
import { t, zh } from './context.js';
import { fill, h, meta, table } from './dom.js';
import { number, percent, stamp } from './format.js';

/** Fill `box` with the comparison of a plan; `pick(point_id)` shows a point on the map. */
export async function showActual(box, plan, pick) {
  if (plan.start > now()) { fill(box, h('p.hint', null, t('patrol.actual.before'))); return; }
  box.setAttribute('aria-busy', 'true');
  const a = await get(`/api/presence/plans/${encodeURIComponent(plan.id)}`).catch((error) => ({ problem: error.message }));
  box.removeAttribute('aria-busy');
  if (a.problem) { fill(box, h('p.hint.failed', null, a.problem)); return; }
  const told = a.points.filter((p) => p.planned > p.to_come);
  const share = a.kept.value === null ? '–' : percent(a.kept.value, 1);
  fill(box, h('p.claim', { title: t('patrol.actual.help', { m: number(a.tolerance_minutes) }) }, zh ? a.sentence_zh : a.sentence_en),
    meta(t('patrol.actual.kept', { share }), a.kept.low === null ? '' : t('interval', { lo: percent(a.kept.low), hi: percent(a.kept.high) }), `n = ${number(a.kept.n)}`, t('patrol.actual.unknown', { n: number(a.kept.unknown) }), t('as_of', { at: stamp(a.as_of) })),
    told.length ? table([[t('patrol.gaps.point'), (p) => p.name], ...['planned', 'kept', 'late', 'not_seen', 'unknown', 'to_come'].map((name) => [t(`patrol.actual.${name}.n`), (p) => number(p[name]), 'n'])], told, { label: t('patrol.tab.actual'), key: (p) => p.point_id, pick: (p) => pick(p) }) : null);
}
