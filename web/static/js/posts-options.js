// Several answers at once: the front with its three named plans, and the curves of one more and one fewer.
import { get, trying } from './api.js';
import { t, zh } from './context.js';
import { card, h, meta, table } from './dom.js';
import { minutes, number, percent, signed } from './format.js';
import { curveChart, scatter } from './posts-charts.js';
import { aboutDemand } from './posts-words.js';

const NAMES = ['fewer', 'faster', 'steadier', 'nearer'];
const interval = (pair) => (pair ? `${percent(pair[0])}–${percent(pair[1])}` : '–');
const closer = (close) => h('button.closer', { type: 'button', 'aria-label': t('close'), on: { click: close } }, '×');
const about = (body) => meta(...aboutDemand(body, body.n_calls), t(`profile.${body.profile}`), body.weeks ? t('posts.weeks', { n: number(body.weeks) }) : '');

const worstOf = (o) => { const s = [...o.scenarios].sort((a, b) => a.share - b.share)[0]; return { name: s.name, share: percent(s.share) }; };
/** The front: three plans to take, the chart of all points, the same as a table. */
export function frontCard(front, { open, close, current }) {
  const take = (option) => trying(async () => open(await get(`/api/plans/${option.plan_id}`)));
  const name = (o) => t(`posts.option.${o.option}`);
  const points = [...front.points.map((p) => ({ x: p.mean_seconds / 60, y: p.share * 100 })), ...front.options.map((o, i) => ({ x: o.mean_seconds / 60, y: o.share * 100, kind: o.option, name: name(o), pick: () => take(o), below: i === 2 }))];
  return card(t('posts.front'), { kind: 'key', id: 'front', aside: closer(close) },
    h('div.options', { role: 'group', 'aria-label': t('posts.front') }, NAMES.map((id) => front.options.find((o) => o.option === id)).filter(Boolean).map((o) => h(`button.${o.option}`, { type: 'button', 'data-option': o.option, 'aria-pressed': String(o.plan_id === current), on: { click: () => take(o) } },
      h('b', null, name(o)), h('span', null, t('posts.option.is', { n: number(o.posts), share: percent(o.share) })), h('span', null, t('posts.option.times', { mean: minutes(o.mean_seconds), worst: minutes(o.worst_seconds) })), o.scenarios && h('span', null, t('posts.option.worst', { ...worstOf(o), n: number(o.scenarios.length) })), h('small', null, `${t('interval', { lo: percent(o.interval[0]), hi: percent(o.interval[1]) })} · ${o.proved ? t('plan.proved') : o.gap === null ? t('posts.no_bound') : `${t('plan.gap')}${percent(o.gap, 2)}`}`)))),
    scatter(points, { xName: t('posts.axis.mean'), yName: t('posts.axis.share'), xTick: (v) => number(v, 2), yTick: (v) => number(v, 1), label: t('posts.front.label', { n: number(front.points.length) }) }),
    table([[t('share.covered'), (p) => percent(p.share), 'n'], [t('mean'), (p) => minutes(p.mean_seconds), 'n'], [t('worst.place'), (p) => minutes(p.worst_seconds), 'n'], [t('posts.equal'), (p) => minutes(p.equal_seconds), 'n'], [t('plan.gap.short'), (p) => (p.gap === null || p.gap >= 1 ? '–' : percent(p.gap, 1)), 'n']], front.points, { label: t('posts.front.table') }),
    meta(!front.complete && t('posts.front.partial'), front.today_share !== null && t('posts.front.today', { share: percent(front.today_share) }), t('posts.equal.help')), about(front));
}

const CURVES = {
  close: { rows: (b) => [{ x: 0, y: b.start.share, at: b.start.interval }, ...b.points.map((p) => ({ x: p.step, y: p.share, at: p.interval }))], x: 'posts.axis.closed', cells: [['#', (p) => p.step, 'n'], ['layer.posts', (p) => p.name], ['posts.change', (p) => change(p.change, p.change_interval), 'n'], ['share.covered', (p) => percent(p.share), 'n']] },
  value: { rows: (b) => b.points.map((p) => ({ x: p.posts, y: p.share, at: p.share_interval, bound: p.bound_share })), x: 'posts.axis.posts', cells: [['posts.n', (p) => p.posts, 'n'], ['share.covered', (p) => [percent(p.share), h('small', null, ` ${interval(p.share_interval)}`)], 'n'], ['posts.gain', (p) => change(p.gain, p.gain_interval), 'n'], ['job.bound', (p) => percent(p.bound_share), 'n']] },
  moves: { rows: (b) => b.points.slice(0, -1).map((p) => ({ x: p.moves, y: p.share, at: p.interval, bound: (p.bound * p.share) / p.objective })), x: 'posts.axis.moves', cells: [['posts.moves', (p, i, all) => (p.moves >= all.today ? t('posts.no_limit') : p.moves), 'n'], ['share.covered', (p) => percent(p.share), 'n'], ['posts.price', (p) => number(p.price), 'n'], ['job.bound', (p) => number(p.bound), 'n']] },
};
CURVES.open = { ...CURVES.close, x: 'posts.axis.opened' };
const change = (v, at) => (v === null || v === undefined ? '–' : [signed(v * 100, 2), at && h('small', null, ` ${signed(at[0] * 100, 2)} ~ ${signed(at[1] * 100, 2)}`)]);

/** A curve with its intervals; a row of closing or opening shows its post on the map. */
export function curveCard(body, { close, show }) {
  const kind = CURVES[body.curve];
  const rows = kind.rows(body);
  return card((zh ? body.title : body.title_en) ?? body.title, { kind: 'key', id: 'curve', aside: closer(close) },
    curveChart(rows.map((r) => ({ x: r.x, y: r.y * 100, low: r.at ? r.at[0] * 100 : NaN, high: r.at ? r.at[1] * 100 : NaN, bound: Number.isFinite(r.bound) ? r.bound * 100 : NaN })), { xName: t(kind.x), yName: t('posts.axis.share'), xTick: (v) => number(v), yTick: (v) => number(v, 1), label: t('posts.curve.label', { title: zh ? body.title : body.title_en, n: number(rows.length) }) }),
    table(kind.cells.map(([title, cell, how]) => [title === '#' ? '#' : t(title), (p) => cell(p, 0, body), how]), body.points, { label: zh ? body.title : body.title_en, pick: body.points[0]?.post_id && show, key: (p) => p.post_id }),
    meta(t(`posts.curve.${body.curve}.help`)), about(body));
}
