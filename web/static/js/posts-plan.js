// A plan in cards: how good it is proved to be, what it changes, why each post stands where it does.
import { t, zh } from './context.js';
import { card, figure, h, meta, table } from './dom.js';
import { number, percent, seconds, short } from './format.js';
import { proof } from './jobs.js';
import { differences } from './posts-live.js';
import { aboutDemand, modelName, said, unitOf } from './posts-words.js';

const lines = (plan) => [
  plan.levels && table([[t('posts.level'), (l) => t('ring', { m: l.minutes })], [t('posts.n'), (l) => number(l.p), 'n'], [t('profile'), (l) => t(`profile.${l.profile}`)], [t('share.covered'), (l) => percent(l.share), 'n']], plan.levels, { label: t('posts.level') }),
  plan.share_by_times && table([[t('posts.times'), (r) => t('posts.times.n', { n: r[0] })], [t('share.covered'), (r) => percent(r[1]), 'n']], plan.share_by_times.map((share, i) => [i + 1, share]), { label: t('posts.times') }),
  plan.scenarios && table([[t('posts.scenario'), (s) => s.name], ['n', (s) => number(s.n), 'n'], [t('share.covered'), (s) => percent(s.share), 'n']], [...plan.scenarios].sort((a, b) => a.share - b.share), { label: t('posts.scenario') }),
];
const notes = (plan) => meta(
  plan.busy !== undefined && t('posts.busy.is', { q: percent(plan.busy, 1) }), plan.cost !== undefined && t('posts.cost.of', { n: number(plan.cost, 1), all: number(plan.budget, 1) }),
  plan.beyond_places ? t('posts.beyond', { n: number(plan.beyond_reach), places: number(plan.beyond_places) }) : '', plan.given_up && t('posts.moves.are', { n: number(plan.given_up.length) }));

export function planCard(plan, { close, compare, print, check, files }) {
  return card((zh ? plan.title : plan.title_en) ?? plan.title, { kind: 'key', id: 'plan', aside: h('button.closer', { type: 'button', 'aria-label': t('close'), on: { click: close } }, '×') },
    figure(percent(plan.share), t('posts.within', { m: number(plan.radius_seconds / 60) }), plan.after?.interval ? t('interval', { lo: percent(plan.after.interval[0]), hi: percent(plan.after.interval[1]) }) : ''),
    proof(plan, said(plan.measure ?? 'calls', plan.objective, plan.demand_kind), Number.isFinite(plan.bound) ? said(plan.measure ?? 'calls', plan.bound, plan.demand_kind) : null),
    meta(plan.model && t('posts.by_model', { model: modelName(plan.model) }), ...aboutDemand(plan, plan.n_calls ?? plan.demand), t(`profile.${plan.profile}`)),
    meta(plan.next_post_gain !== undefined && plan.next_post_gain !== null ? t('posts.next', { n: `${short(plan.next_post_gain)} ${unitOf(plan.demand_kind)}` }) : '', plan.unreachable?.length ? t('posts.unreachable', { n: number(plan.unreachable.length), names: plan.unreachable.slice(0, 3).map((u) => u.code ?? u).join('、') }) : ''),
    notes(plan), lines(plan),
    h('div.details', null, h('button', { type: 'button', id: 'compare', 'aria-keyshortcuts': 'b', on: { click: compare } }, t('posts.twin'), ' ', h('kbd', null, 'B')), h('button', { type: 'button', id: 'print', 'aria-keyshortcuts': 'Control+P', on: { click: print } }, t('posts.print'), ' ', h('kbd', null, 'Ctrl P')), h('button', { type: 'button', id: 'check', on: { click: check } }, t('posts.check'))),
    h('p.files', null, t('posts.files'), files.map((f) => [' ', h('a', { href: `/api/posts/plans/${plan.plan_id}/export?f=${f}`, download: '' }, f.toUpperCase())])));
}
export const compareCard = (plan) => plan.after && card(t('posts.compare'), {}, differences(plan.before, plan.after), plan.before?.interval && meta(t('posts.intervals', { a: `${percent(plan.before.interval[0])}–${percent(plan.before.interval[1])}`, b: `${percent(plan.after.interval[0])}–${percent(plan.after.interval[1])}` })));
export const whyOf = (p) => (zh ? p.why ?? '' : p.why_en ?? p.why ?? '');
export const listCard = (plan, pick) => card(t('posts.list'), { aside: number(plan.posts.length) }, table([[t('layer.posts'), (p) => [h('div', null, p.name), h('small', null, whyOf(p))]], [t('post.demand'), (p) => number(p.demand), 'n']], plan.posts, { label: t('posts.list'), key: (p) => p.post_id, pick }));

/** What the check says, in one sentence. */
export const checked = (answer) => t('posts.checked', { shown: said(answer.measure, answer.shown), found: said(answer.measure, answer.recomputed), share: percent(answer.share), n: number(answer.n), worst: seconds(answer.worst_seconds) });
