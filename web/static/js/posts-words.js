// What a model asks, and its figures in the planner's words.
import { t } from './context.js';
import { number, percent, period, seconds } from './format.js';

const SAY = {
  calls: (v) => t('plan.covers', { n: number(v) }), posts: (v) => t('posts.count', { n: number(v) }),
  cost: (v) => t('posts.cost', { n: number(v, 1) }), mean_seconds: (v) => t('posts.mean_is', { v: seconds(v) }),
  worst_seconds: (v) => t('posts.worst_is', { v: seconds(v) }), share: (v) => t('posts.share_is', { v: percent(v, 2) }),
};
/** What demand is counted in: calls, points of a kind, or the weights of listed places. */
export const unitOf = (kind = 'calls') => ({ calls: t('unit.calls'), points: t('unit.places') }[kind] ?? '');
/** `n = 77,271 起 · period · basis`, or what stands for it where demand is no calls. */
export const aboutDemand = (body, n, kind = body.demand_kind ?? 'calls') => (kind === 'calls'
  ? [`n = ${number(n)} ${t('unit.calls')}`, body.from ? period(body.from, body.to) : '', t(`basis.${body.basis ?? 'valid'}`), t(`citizen.${body.citizen ?? 'any'}`), body.n_unplaced ? t('calls.unplaced.beside', { n: number(body.n_unplaced) }) : '']
  : [`n = ${number(n)} ${unitOf(kind)}`, t(`posts.demand.${kind}`)]);
/** What each model counts while it is being solved. */
export const MEASURE = { mclp: 'calls', lscp: 'posts', p_median: 'mean_seconds', p_center: 'worst_seconds', backup: 'calls', capacity: 'calls', mexclp: 'calls', hierarchy: 'calls', robust: 'share', timed: 'calls' };
export const said = (measure, v, kind = 'calls') => (!Number.isFinite(v) ? '–' : measure === 'calls' && kind !== 'calls' ? t('posts.covers', { n: `${number(v)} ${unitOf(kind)}` }) : (SAY[measure] ?? number)(v));
/** The same for narrow tiles. */
export const brief = (measure, v) => ({ mean_seconds: seconds, worst_seconds: seconds, share: (x) => percent(x, 1) }[measure] ?? number)(v);
export const modelName = (model) => t(`posts.model.${model ?? 'mclp'}`);
