// A sweep as the page shows it: the streets of each crew in order, what it reaches and how far that is proved.
import { context, t, zh } from './context.js';
import { card, h, meta, table, tiles } from './dom.js';
import { papers } from './sheets.js';
import { metres, minutes, number } from './format.js';
import { proof } from './jobs.js';
import { routeColor } from './routes.js';

/** The middle of a line by its points: where its number stands. */
const middle = (line) => line[line.length >> 1];
const street = (name) => name || t('sweeps.unnamed');

/** Read the server's body into ways of crews; the streets keep their order. */
export function readSweep(body) {
  const ways = body.routes.map((route, index) => {
    let from = 0;
    const parts = route.passes.map((p, i) => {
      const line = route.line.slice(from, p.end + 1);
      from = p.end;
      return { name: p.name, metres: p.metres, passed: !p.swept, line, number: i + 1 };
    });
    const marks = parts.filter((p) => !p.passed && p.line.length).map((p) => { const [lon, lat] = middle(p.line); return { lon, lat, number: p.number, title: `${p.number} ${street(p.name)}` }; });
    return { id: String(route.number), index, name: t('sweeps.crew', { n: route.number }), minutes: route.minutes, metres: route.metres, line: route.line, parts, marks };
  });
  return { body, id: body.plan_id, ways, length: Math.max(60, ...ways.map((w) => w.line[w.line.length - 1]?.[2] ?? 0)) };
}
const files = (plan) => h('p.files', null, t('posts.files'), ['gpx', 'geojson'].map((f) => [' ', h('a', { href: `/api/patrol/sweep/${encodeURIComponent(plan.id)}/export?f=${f}`, download: '' }, f.toUpperCase())]));

/** Paper for one crew, or for all. */
export const sheetOf = (plan, crew, form) => `/api/patrol/sweep/${encodeURIComponent(plan.id)}/sheet?f=${form}&lang=${context.lang}${crew ? `&unit=${crew}` : ''}`;
export function sweepCard(plan, { pick, chosen }) {
  const b = plan.body;
  const time = (seconds) => minutes(seconds, 1);
  const own = `${time(b.objective)}${t(b.question.goal === 'total' || !b.question.units ? 'sweeps.of.total' : 'sweeps.of.longest')}`;
  return card(zh ? b.title : b.title_en, { kind: 'key', id: 'plan' },
    proof(b, own, Number.isFinite(b.bound) ? time(b.bound) : null),
    tiles([[number(b.streets), t('sweeps.streets'), t('sweeps.streets.help')], [metres(b.swept_metres), t('sweeps.swept')], [metres(b.passing_metres), t('sweeps.passing'), t('sweeps.passing.help')]]),
    meta(zh ? b.note_zh : b.note_en), files(plan), papers('sweeps.sheets', sheetOf(plan, null, 'html'), sheetOf(plan, null, 'pdf')),
    table([
      [t('patrol.crew'), (w) => [h('span.swatch', { style: { background: routeColor(w.index) } }), w.name]],
      [t('sweeps.time'), (w) => minutes(w.minutes * 60, 0), 'n'], [t('sweeps.way'), (w) => metres(w.metres), 'n'], [t('sweeps.parts'), (w) => number(w.marks.length), 'n'],
    ], plan.ways, { pick: (w) => pick(w.id), key: (w) => w.id, label: t('patrol.crews'), chosen }));
}
/** The streets of one crew in their order. */
export function sweepCrewCard(plan, way, { close, go }) {
  const row = (p) => h('li', { class: p.passed ? 'passed' : null }, h('i', null, String(p.number)), h('button.link', { type: 'button', on: { click: () => go(p) } }, street(p.name)), h('div.n', null, metres(p.metres)), h('small', null, t(p.passed ? 'sweeps.pass' : 'sweeps.sweep')));
  return card(t('sweeps.order', { name: way.name }), { kind: 'key', id: 'crew', aside: h('button.closer', { type: 'button', 'aria-label': t('close'), on: { click: close } }, '×') },
    meta(minutes(way.minutes * 60, 0), metres(way.metres), t('sweeps.parts.n', { n: number(way.marks.length) })), papers('sweeps.sheet', sheetOf(plan, way.id, 'html'), sheetOf(plan, way.id, 'pdf')),
    h('ol.stops', null, way.parts.map(row)));
}
export function sweepLeftCard(plan, { go }) {
  const list = plan.body.left_out ?? [];
  if (!list.length) return null;
  return card(t('sweeps.left'), { kind: 'alarm', id: 'left-out', aside: number(list.length) }, meta(t('sweeps.left.why')),
    h('ul.list.told', null, list.slice(0, 60).map((s) => h('li', null, h('button', { type: 'button', on: { click: () => go(s) } }, h('span'), h('span'), h('span', null, street(s.name)), h('span'))))), list.length > 60 ? meta(t('patrol.more.n', { n: number(list.length - 60) })) : null);
}
