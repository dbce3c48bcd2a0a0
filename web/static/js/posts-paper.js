// Before and after side by side, and the printed sheet: maps as SVG, figures, the reasons of each post.
import { items, trying } from './api.js';
import { context, t, zh } from './context.js';
import { fill, h, table } from './dom.js';
import { day, number, percent, seconds } from './format.js';
import { proof } from './jobs.js';
import { differences } from './posts-live.js';
import { whyOf } from './posts-plan.js';
import { aboutDemand, modelName, said } from './posts-words.js';

const W = 460;
let shapes;

/** Outlines of the grids as paths in the plane of the sheet: around all posts, before and after. */
async function outlines(posts) {
  shapes ??= (await items('grids', '', 20000)).features;
  const found = { features: shapes };
  const span = (list, k) => { const [low, high] = [Math.min(...list.map((p) => p[k])), Math.max(...list.map((p) => p[k]))]; const room = Math.max((high - low) * 0.06, 0.004); return [low - room, high + room]; };
  const [[west, east], [south, north]] = [span(posts, 'lon'), span(posts, 'lat')];
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const k = W / ((east - west) * squeeze);
  const at = ([lon, lat]) => [((lon - west) * squeeze * k).toFixed(1), ((north - lat) * k).toFixed(1)];
  const ring = (r) => `M${r.map((p) => at(p).join(' ')).join('L')}Z`;
  const path = (g) => (g.type === 'Polygon' ? g.coordinates : g.coordinates.flat()).map(ring).join('');
  return { at, tall: Math.max(120, (north - south) * k), grids: found.features.filter((f) => f.geometry && f.properties.kind !== 'special').map((f) => [f.properties.code, path(f.geometry)]) };
}
/** One map: grids by the class of their seconds, posts as numbered dots. */
function reachMap({ grids, at, tall }, byGrid, posts, { fillOf, label, numbered }) {
  const svg = h('svg.reach', { viewBox: `0 0 ${W} ${tall.toFixed(0)}`, role: 'img', 'aria-label': label });
  const colors = new Map();
  for (const [code, d] of grids) { const color = fillOf(byGrid[code]); if (!colors.has(color)) colors.set(color, []); colors.get(color).push(d); }
  for (const [color, list] of colors) svg.append(h('path', { d: list.join(''), fill: color, stroke: '#8a97a8', 'stroke-width': 0.3 }));
  posts.forEach((p, i) => {
    const [x, y] = at([p.lon, p.lat]);
    svg.append(h('circle', { cx: x, cy: y, r: numbered ? 6.5 : 3.4, class: 'post' }));
    if (numbered) { const words = h('text', { x, y: Number(y) + 3, 'text-anchor': 'middle' }); words.textContent = String(i + 1); svg.append(words); }
  });
  return svg;
}
const legendOf = (bands, colors) => h('p.meta', null, t('legend.reach'), '：', bands.map((label, i) => [h('span.band', null, h('i.swatch', { style: { background: colors[i] } }), label)]));
const flat = (byGrid) => Object.fromEntries(Object.entries(byGrid ?? {}).map(([code, v]) => [code, typeof v === 'object' && v ? v.seconds : v]));

/** `style` gives {fillOf, bands, colors}; `today` the posts in operation now. */
export async function openPaper(plan, today, style, { print = false } = {}) {
  const ground = await trying(() => outlines([...plan.posts, ...today]));
  if (!ground) return;
  const old = document.querySelector('dialog.paper');
  old?.remove();
  const view = (title, byGrid, posts, numbered, n) => h('figure', null, h('figcaption', null, `${title} · ${t('posts.count', { n: number(n) })}`), reachMap(ground, flat(byGrid), posts, { fillOf: style.fillOf, label: title, numbered }));
  const box = h('dialog.paper', { 'aria-labelledby': 'paper-title' });
  const shut = () => box.close();
  const paper = () => { document.body.classList.add('paper'); window.print(); document.body.classList.remove('paper'); };
  fill(box, h('div.close', null, h('button', { type: 'button', id: 'paper-print', on: { click: paper } }, t('posts.print')), ' ', h('button', { type: 'button', on: { click: shut } }, t('close'), ' ', h('kbd', null, 'Esc'))),
    h('article.sheet.comparison', { id: 'posts-sheet' },
      h('h1', { id: 'paper-title' }, t('posts.sheet.title')),
      h('p.sub', null, `${context.title} · ${(zh ? plan.title : plan.title_en) ?? plan.title} · ${plan.plan_id}`),
      h('div.twins', null, plan.before && view(t('before'), plan.before.by_grid, today, false, plan.before.posts), view(t('after'), plan.by_grid, plan.posts, true, plan.posts.length)), legendOf(style.bands, style.colors),
      h('h2', null, t('posts.compare')), differences(plan.before, plan.after),
      proof(plan, said(plan.measure ?? 'calls', plan.objective, plan.demand_kind), Number.isFinite(plan.bound) ? said(plan.measure ?? 'calls', plan.bound, plan.demand_kind) : null),
      h('p.meta', null, [modelName(plan.model), ...aboutDemand(plan, plan.n_calls), plan.after?.interval && t('interval', { lo: percent(plan.after.interval[0]), hi: percent(plan.after.interval[1]) }), t(`profile.${plan.profile}`)].filter(Boolean).join(' · ')),
      h('h2', null, t('posts.sheet.why')),
      h('div.reasons', null, table([['#', (p) => plan.posts.indexOf(p) + 1, 'n'], [t('layer.posts'), (p) => [h('div', null, p.name), h('small', null, `${p.post_id} · ${t(`post.${p.state}`)}${p.units ? ` · ${t('post.units', { n: p.units })}` : ''}`)]], [t('posts.grid'), (p) => p.grid ?? '–'], [t('posts.why'), (p) => whyOf(p)], [t('mean'), (p) => (p.mean_seconds === null ? '–' : seconds(p.mean_seconds)), 'n']], plan.posts, { label: t('posts.sheet.why') })),
      h('p.foot', null, `${t('posts.sheet.foot', { day: day(plan.created_at ?? context.now) })} · ${t('plan.run', { seconds: number(plan.seconds, 1), seed: plan.seed })}`),
      h('div.signs', null, ['posts.sign.maker', 'posts.sign.reviewer', 'posts.sign.approver'].map((k) => h('p', null, t(k))))));
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
  if (print) paper();
}
