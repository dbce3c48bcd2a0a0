// Long work: ask for it, watch objective, bound and gap as they move, stop it with the best plan so far.
import { get, post, remove, trying } from './api.js';
import { t, zh } from './context.js';
import { $, card, fill, h, tiles, toast } from './dom.js';
import { number, percent } from './format.js';
import { key } from './keys.js';
import { keep, read } from './url.js';

/** Jobs speak Chinese only. */
const CHINESE = /[\u4e00-\u9fff]/;
/** Two lines, objective and bound, that close on each other. */
function trace(points) {
  const known = points.filter((p) => Number.isFinite(p.objective));
  if (known.length < 2) return null;
  const values = known.flatMap((p) => [p.objective, p.bound]).filter(Number.isFinite);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const y = (v) => 52 - ((v - low) / (high - low || 1)) * 48;
  const path = (name) => known.map((p, i) => (Number.isFinite(p[name]) ? `${(i / (known.length - 1)) * 300} ${y(p[name])}` : null)).filter(Boolean);
  const line = (name, kind) => { const d = path(name); return d.length > 1 ? h('path', { class: kind, d: `M${d.join('L')}` }) : null; };
  return h('svg.trace', { viewBox: '0 0 300 56', preserveAspectRatio: 'none', role: 'img', 'aria-label': t('job.trace') }, line('objective', 'own'), line('bound', 'bound'));
}

/**
 * Start a job and show it in `where`; resolves to the plan, or undefined when it failed.
 * `words(objective)` says the objective in the user's unit; `words.gap(job)` may say the gap.
 */
export async function solve(path, question, where, words) {
  const started = await trying(() => post(path, question));
  if (!started) return undefined;
  keep('job', started.job_id);
  return watch(started.status_url, where, words);
}
/** Go on with the job that the address names, after the page was loaded anew. */
export async function resume(where, words) {
  if (!read('job')) return undefined;
  const url = `/api/jobs/${encodeURIComponent(read('job'))}`;
  const job = await get(url).catch(() => null);
  if (!job || !['queued', 'running'].includes(job.state)) { keep('job', ''); return undefined; }
  return watch(url, where, words);
}
/** Show a job that runs already; resolves as `solve` does. */
export async function watch(url, where, words) {
  const points = [];
  const began = performance.now();
  let last = { state: 'queued', share: 0 };
  const stop = () => trying(async () => { await remove(url); toast(t('job.stopping')); });
  const draw = () => {
    points.push({ objective: last.objective, bound: last.bound });
    const done = Math.min(1, Math.max(last.share ?? 0, 0));
    fill(where, card(t(`job.${last.state}`), { kind: 'key', id: 'job', aside: t('time.s', { s: Math.round((performance.now() - began) / 1000) }) },
      h('div.progress', { role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.round(done * 100), 'aria-label': t('job.progress') }, h('i', { style: { width: `${done * 100}%` } })),
      tiles([[Number.isFinite(last.objective) ? words(last.objective) : '–', t('job.objective')], [Number.isFinite(last.bound) ? words(last.bound) : '–', t('job.bound')], [words.gap?.(last) ?? (Number.isFinite(last.gap) ? percent(last.gap, 2) : '–'), t('job.gap')]]),
      trace(points), last.message && (zh || !CHINESE.test(last.message)) && h('p.meta', null, last.message),
      h('div.details', null, h('button', { type: 'button', id: 'cancel', 'aria-keyshortcuts': 'x', on: { click: stop } }, t('job.stop'), ' ', h('kbd', null, 'X')))));
  };
  draw();
  const ended = await new Promise((resolve) => {
    const events = new EventSource(`${url}/events`);
    let poll = 0;
    const take = (job) => {
      if (job.state === 'cancelled' && !job.result && !job.problem) job.message ||= t('job.nothing');
      last = job;
      if (['done', 'failed', 'cancelled'].includes(job.state)) { events.close(); clearInterval(poll); resolve(job); } else draw();
    };
    events.addEventListener('progress', (m) => take(JSON.parse(m.data)));
    events.onerror = () => { events.close(); poll ||= setInterval(() => get(url).then(take).catch((error) => { if (error.status === 404) take({ state: 'failed', message: t('job.lost') }); }), 1000); };
  });
  keep('job', '');
  if (ended.result?.plan_id) {
    const plan = await trying(() => get(`/api/plans/${ended.result.plan_id}`));
    fill(where);
    return plan;
  }
  const p = ended.problem ?? {};
  const why = (document.documentElement.lang === 'en' ? p.detail_en ?? p.en : p.detail_zh ?? p.zh) ?? p.detail ?? ended.message ?? '';
  fill(where, card(t(`job.${ended.state}`), { kind: 'alarm' }, h('p.failed', null, why)));
  return undefined;
}
key('x', 'key.stop', () => { const button = $('#cancel'); if (!button) return false; button.click(); return true; });

/** The sentence that says how good a plan is proved to be. */
export function proof(plan, own, bound) {
  const gap = plan.gap ?? (Number.isFinite(plan.bound) ? Math.abs(plan.bound - plan.objective) / Math.max(Math.abs(plan.objective), 1e-9) : null);
  const proved = plan.proved ?? (gap !== null && gap <= 1e-6);
  return [h('p.claim', null, t('plan.this'), h('b', null, own), t('semi'), t('plan.limit'), h('b', null, bound ?? t('plan.no_bound')), gap === null ? '' : [t('semi'), t('plan.gap'), h('b', null, percent(gap, 2))]),
    h('p.meta', null, h(proved ? 'span.tag.good' : 'span.tag', null, t(proved ? 'plan.proved' : 'plan.not_proved')), ' ', t(`termination.${plan.termination}`), ' · ', t('plan.run', { seconds: number(plan.seconds, 1), seed: plan.seed }))];
}
/** A list of kept plans to open. */
export async function keptPlans(kind, where, open) {
  const found = await get(`/api/plans?kind=${kind}`).catch(() => null);
  if (!found?.plans.length) { fill(where); return null; }
  fill(where, card(t('plans.kept'), { aside: String(found.plans.length) }, h('ul.list', null, found.plans.slice(0, 8).map((p) => h('li', null, h('button', { type: 'button', on: { click: async () => { const plan = await trying(() => get(`/api/plans/${p.plan_id}`)); if (plan) open(plan); } } },
    h('span.tag.kind', null, t(`plan.kind.${p.kind}`)), h('span'), h('span.what', null, (document.documentElement.lang === 'en' && p.title_en) || p.title), h('span.when', null, p.gap === null || p.gap === undefined ? '' : p.gap <= 1e-6 ? t('plan.proved') : percent(p.gap, 1))))))));
  return found.plans[0];
}
