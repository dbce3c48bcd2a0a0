// Periodic rounds as the page shows them: what the month asks for, each day's way, what is left out.
import { context, t, zh } from './context.js';
import { card, h, meta, tiles } from './dom.js';
import { hm, metres, minutes, number, percent, weekday } from './format.js';
import { routeColor } from './routes.js';
import { papers } from './sheets.js';

const noon = (day) => `${day}T12:00:00Z`;
export const dayWords = (day) => `${day.slice(5)} ${weekday(noon(day))}`;

/** Read the server's body: ways by day, days in order. */
export function readRounds(body) {
  const q = body.question;
  const first = Date.parse(`${q.from_day}T00:00:00Z`);
  const days = Array.from({ length: q.days }, (_, i) => { const at = new Date(first + i * 86400000); const day = at.toISOString().slice(0, 10); return { day, weekday: at.getUTCDay() || 7, duty: q.duty_weekdays.includes(at.getUTCDay() || 7) && !q.rest_days.includes(day), ways: [] }; });
  const of = new Map(days.map((d) => [d.day, d]));
  for (const r of body.routes) {
    of.get(r.day)?.ways.push({ id: String(r.number), index: r.number - 1, name: t('sweeps.crew', { n: r.number }), day: r.day, start: r.start, end: r.end, minutes: r.minutes, metres: r.metres, line: r.line, stops: r.stops, parts: [{ passed: false, line: r.line }], marks: r.stops.map((s, i) => ({ lon: s.lon, lat: s.lat, number: i + 1, title: `${i + 1} ${s.name} ${hm(s.arrive)}` })) });
  }
  return { body, id: body.plan_id, days, of, units: Math.max(1, ...body.routes.map((r) => r.number)), longest: q.day_hours * 60 };
}
/** What the clock of one day needs. */
export const dayShift = (day) => ({ start: day.ways[0].start, end: new Date(Math.max(...day.ways.map((w) => Date.parse(w.end)))).toISOString() });

const files = (plan, day) => h('p.files', null, t(day ? 'rounds.files.day' : 'posts.files'), ['gpx', 'geojson'].map((f) => [' ', h('a', { href: `/api/patrol/rounds/${encodeURIComponent(plan.id)}/export?f=${f}${day ? `&day=${day}` : ''}`, download: '' }, f.toUpperCase())]));

export function roundsCard(plan) {
  const b = plan.body;
  const n = (v) => t('rounds.unitdays', { n: number(v) });
  const all = !b.left_out.length;
  return card(zh ? b.title : b.title_en, { kind: 'key', id: 'plan' },
    h('p.claim', null, t('plan.this'), h('b', null, n(b.unit_days)), t('semi'), t(all ? 'plan.lower' : 'rounds.lower.all'), h('b', null, n(b.lower_bound_unit_days)), t('semi'), t('rounds.travel', { h: number(b.travel_seconds / 3600, 1) })),
    h('p.meta', null, h(b.proved ? 'span.tag.good' : 'span.tag', null, t(b.proved ? 'plan.proved' : 'plan.not_proved')), ' ', t(`termination.${b.termination}`), all && Number.isFinite(b.gap) ? h('span', { title: zh ? b.objective_zh : b.objective_en }, ` · ${t('plan.gap')}${percent(b.gap, 1)}`) : '', ` · ${t('plan.run', { seconds: number(b.seconds, 1), seed: b.seed })}`),
    tiles([[number(b.visits), t('rounds.visits')], [`${number(b.unit_days)} / ${number(b.available_unit_days)}`, t('rounds.used'), t('rounds.used.help')], [percent(b.kept_exactly, 0), t('rounds.exact'), t('rounds.exact.help', { n: number(b.gaps) })]]),
    meta(t('rounds.even', { busy: number(b.busiest), quiet: number(b.quietest) })), (zh ? b.binding_zh : b.binding_en) ? meta(t('patrol.binding', { why: zh ? b.binding_zh : b.binding_en })) : null, files(plan));
}
export function roundsLeftCard(plan, { go }) {
  const list = plan.body.left_out;
  if (!list.length) return null;
  const place = (u) => plan.body.points.find((p) => p.left_out && p.name === u.name && p.point_id === u.point_id);
  return card(t('rounds.left'), { kind: 'alarm', id: 'left-out', aside: number(list.length) }, h('ul.list.told', null, list.slice(0, 60).map((u) => h('li', null, h('button', { type: 'button', on: { click: () => go(place(u)) } }, h('span'), h('span'), h('span', null, h('b', null, u.name), h('small', null, ` ${zh ? u.why : u.why_en}`)), h('span'))))));
}
/** Paper of a day for one crew, or for all. */
export const sheetOf = (plan, day, crew, form) => `/api/patrol/rounds/${encodeURIComponent(plan.id)}/sheet?f=${form}&day=${day}&lang=${context.lang}${crew ? `&unit=${crew}` : ''}`;
/** A day: each crew's stops with times and reasons. */
export function dayCard(plan, day, { close, pick, go, chosen }) {
  const own = day.ways.filter((w) => chosen === null || w.id === chosen);
  const stop = (s, i) => h('li', null, h('i', null, String(i + 1)), h('button.link', { type: 'button', on: { click: () => go(s) } }, s.name), h('div.n', null, `${hm(s.arrive)}–${hm(s.depart)}`), h('small', null, zh ? s.why : s.why_en));
  return card(dayWords(day.day), { kind: 'key', id: 'day', aside: h('button.closer', { type: 'button', 'aria-label': t('close'), on: { click: close } }, '×') },
    day.ways.length > 1 ? h('div.buttons', { role: 'group', 'aria-label': t('patrol.crews') }, h('button.small', { type: 'button', 'aria-pressed': String(chosen === null), on: { click: () => pick(null) } }, t('filter.all')), day.ways.map((w) => h('button.small', { type: 'button', 'data-crew': w.id, 'aria-pressed': String(w.id === chosen), on: { click: () => pick(w.id) } }, h('span.swatch', { style: { background: routeColor(w.index) } }), w.name))) : null,
    own.map((w) => [h('p.crewline', null, h('span.swatch', { style: { background: routeColor(w.index) } }), `${w.name} ${hm(w.start)}–${hm(w.end)}`), meta(t('patrol.stops.n', { n: number(w.stops.length) }), minutes(w.minutes * 60, 0), metres(w.metres)), h('ol.stops', null, w.stops.map(stop))]),
    files(plan, day.day), papers('rounds.sheet', sheetOf(plan, day.day, chosen, 'html'), sheetOf(plan, day.day, chosen, 'pdf')));
}
