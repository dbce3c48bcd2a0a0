// Two plans side by side: figures, routes, and the points whose longest gap changed most.
import { get, trying } from './api.js';
import { t, zh } from './context.js';
import { $$, fill, h, table, tiles } from './dom.js';
import { metres, number, percent, signed } from './format.js';
import { readPlan, said } from './patrol-plan.js';
import { routeColor } from './routes.js';

const W = 480;
const H = 320;
/** Routes of a plan as lines in the frame that both plans share. */
function picture(plan, [west, south, east, north], label) {
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const k = Math.min(W / ((east - west) * squeeze), H / (north - south));
  const x = (lon) => ((lon - west) * squeeze * k + (W - (east - west) * squeeze * k) / 2).toFixed(1);
  const y = (lat) => ((north - lat) * k + (H - (north - south) * k) / 2).toFixed(1);
  return h('svg.twinmap', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': label },
    plan.units.filter((u) => u.line.length).map((u) => h('path', { d: `M${u.line.map(([lon, lat]) => `${x(lon)} ${y(lat)}`).join('L')}`, stroke: routeColor(u.index) })),
    plan.points.map((p) => h('circle', { cx: x(p.lon), cy: y(p.lat), r: p.left_out || p.over > 1 / 60 ? 3.6 : 1.8, class: p.left_out || p.over > 1 / 60 ? 'bad' : null })));
}
function frame(plans) {
  const all = plans.flatMap((p) => [...p.points.map((q) => [q.lon, q.lat]), ...p.units.flatMap((u) => u.line)]);
  const box = all.reduce(([w, s, e, n], [lon, lat]) => [Math.min(w, lon), Math.min(s, lat), Math.max(e, lon), Math.max(n, lat)], [180, 90, -180, -90]);
  const room = Math.max(box[2] - box[0], box[3] - box[1], 0.002) * 0.03;
  return [box[0] - room, box[1] - room, box[2] + room, box[3] + room];
}
const figures = (c) => {
  const minutes = (v) => `${number(v)} ${t('unit.minutes')}`;
  const level = (v) => (v ? t(`patrol.regularity.${v}`) : '–');
  const row = (key, a, b, words, better) => [t(key), a, b, words, better];
  return [
    row('patrol.compare.units', c.a.units, c.b.units, number, -1), row('patrol.gaps.worst', c.a.worst_gap_minutes, c.b.worst_gap_minutes, minutes, -1), row('patrol.compare.mean', c.a.mean_gap_minutes, c.b.mean_gap_minutes, minutes, -1),
    row('patrol.compare.visits', c.a.visits, c.b.visits, number, 1), row('patrol.unvisited', c.a.left_out, c.b.left_out, number, -1), row('patrol.broken', c.a.broken, c.b.broken, number, -1), row('patrol.metres', c.a.metres, c.b.metres, metres, -1),
    row('patrol.cover.moving', c.a.cover_mean, c.b.cover_mean, (v) => percent(v, 1), 1), row('patrol.regularity', c.a.regularity_level, c.b.regularity_level, level, 0),
  ].filter((r) => (r[1] !== null && r[1] !== undefined) || (r[2] !== null && r[2] !== undefined));
};
function change([, a, b, words, better]) {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return '–';
  const d = b - a;
  const text = words === percent || Math.abs(d) < 1 ? `${d > 0 ? '+' : d < 0 ? '−' : '±'}${words(Math.abs(d))}` : words(1).replace(/[\d.,]+/, '') === '' ? signed(d) : `${d > 0 ? '+' : '−'}${words(Math.abs(d))}`;
  return h(Math.abs(d) < 1e-9 || !better ? 'span.delta' : Math.sign(d) === better ? 'span.delta.up' : 'span.delta.down', null, text);
}

/** Compare the open plan with another; `plans` are the kept ones, `point(id)` flies to a point. */
export async function openComparison(plan, plans, { point, other = null } = {}) {
  const label = (p) => `${(!zh && p.title_en) || p.title}`;
  const rest = plans.filter((p) => p.plan_id !== plan.id);
  const before = Array.from({ length: plan.version - 1 }, (_, i) => ({ id: `${plan.id}@${plan.version - 1 - i}`, words: t('patrol.compare.version', { n: plan.version - 1 - i }) }));
  const choices = [...before, ...rest.map((p) => ({ id: p.plan_id, words: label(p) }))];
  document.querySelector('dialog.paper')?.remove();
  const box = h('dialog.paper', { 'aria-labelledby': 'compare-title' });
  const body = h('div');
  const choice = h('select', { id: 'compare-with', 'aria-label': t('patrol.compare.with'), on: { change: () => draw(choice.value) } }, choices.map((c) => h('option', { value: c.id }, c.words)));
  fill(box, h('div.close', null, choices.length > 0 && h('label.with', null, t('patrol.compare.with'), ' ', choice), ' ', h('button', { type: 'button', on: { click: () => box.close() } }, t('close'), ' ', h('kbd', null, 'Esc'))),
    h('article.sheet.comparison', { id: 'patrol-comparison' }, h('h1', { id: 'compare-title' }, t('patrol.compare.title')), body));
  async function bodyOf(id) {
    const [name, version] = id.split('@');
    return get(version ? `/api/patrol/plans/${encodeURIComponent(name)}/versions/${version}` : `/api/plans/${encodeURIComponent(name)}`);
  }
  async function draw(with_) {
    body.setAttribute('aria-busy', 'true');
    // The other plan is the one before, the open plan the one after.
    const found = await trying(async () => [await get(`/api/patrol/compare?a=${encodeURIComponent(with_)}&b=${encodeURIComponent(plan.id)}`), readPlan(await bodyOf(with_))]);
    body.removeAttribute('aria-busy');
    if (!found) return;
    const [c, was] = found;
    const bounds = frame([was, plan]);
    const names = new Map([...was.units, ...plan.units].map((u) => [u.id, u.name]));
    const crews = (list) => (list.length ? list.map((id) => names.get(id) ?? id).join('、') : '–');
    const twin = (p, title) => h('figure', null, h('figcaption', null, title), picture(p, bounds, title));
    const named = (side, p) => `${side} ${said(p.body, 'title')} · ${t('patrol.version', { n: p.version })}`;
    fill(body, h('p.sub', null, zh ? c.sentence_zh : c.sentence_en), h('div.twins', null, twin(was, named('A', was)), twin(plan, named('B', plan))),
      table([['', (r) => r[0]], ['A', (r) => r[3](r[1]), 'n'], ['B', (r) => r[3](r[2]), 'n'], [t('change'), change, 'n']], figures(c), { label: t('patrol.compare.title') }),
      h('p.meta', { id: 'moved' }, t('patrol.compare.moved', { n: number(c.moved.length), names: crews(c.moved) })), c.only_a.length ? h('p.meta', null, t('patrol.compare.only', { which: 'A', names: crews(c.only_a) })) : null, c.only_b.length ? h('p.meta', null, t('patrol.compare.only', { which: 'B', names: crews(c.only_b) })) : null,
      h('h2', null, t('patrol.compare.points')),
      c.points.length ? table([[t('patrol.gaps.point'), (p) => p.name], ['A', (p) => (p.worst_a === null ? '–' : number(p.worst_a)), 'n'], ['B', (p) => (p.worst_b === null ? '–' : number(p.worst_b)), 'n'], [t('change'), (p) => (p.delta === null ? '–' : h(p.delta > 0 ? 'span.delta.down' : 'span.delta.up', null, signed(p.delta))), 'n']], c.points.slice(0, 30), { label: t('patrol.compare.points'), key: (p) => p.point_id, pick: (p) => { box.close(); point(p.point_id); } }) : h('p.meta', null, t('patrol.compare.same')));
    $$('tr.pick', body).forEach((tr) => tr.setAttribute('role', 'row'));
  }
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
  const first = other ?? choices[0]?.id;
  if (!first) { fill(body, h('p.hint', null, t('patrol.compare.none')), tiles([])); return; }
  if (choices.some((c) => c.id === first)) choice.value = first;
  await draw(first);
}
