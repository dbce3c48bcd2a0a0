// Questions beside the plan, loaded when somebody asks one: what a pin costs, what cameras see, who goes where.
import { items } from './api.js';
import { t, zh } from './context.js';
import { card, figure, h, meta, table, tiles } from './dom.js';
import { minutes, number, percent, period, seconds } from './format.js';
import { proof } from './jobs.js';
import { ink } from './mapview.js';
import { places } from './posts-form.js';
import { aboutDemand, said, unitOf } from './posts-words.js';

const closer = (close) => h('button.closer', { type: 'button', 'aria-label': t('close'), on: { click: close } }, '×');
const title = (body) => (zh ? body.title : body.title_en) ?? body.title;
const share = (part) => (part.interval ? t('interval', { lo: percent(part.interval[0]), hi: percent(part.interval[1]) }) : '');

/** What moves when a post must stay or go. */
export function pinCard(body, { close }) {
  const names = (list) => (list.length ? list.map((p) => p.name).join('、') : '–');
  const kind = body.demand_kind ?? 'calls';
  return card(title(body), { kind: 'key', id: 'pin-answer', aside: closer(close) },
    figure(`${number(body.price)} ${unitOf(kind)}`, t('posts.pin.price')),
    table([['', (r) => r[0]], [t('share.covered'), (r) => [percent(r[1].share, 2), h('small', null, ` ${share(r[1])}`)], 'n'], [t('job.bound'), (r) => said('calls', r[1].bound, kind), 'n'], [t('plan.gap.short'), (r) => (r[1].gap === null ? '–' : percent(r[1].gap, 2)), 'n']], [[t('posts.pin.free'), body.free], [t(`posts.pin.${body.must}`), body.held]], { label: title(body) }),
    meta(`${t('posts.pin.closed')}${names(body.closed)}`), meta(`${t('posts.pin.opened')}${names(body.opened)}`),
    meta(...aboutDemand(body, body.n_calls)));
}

/** The question of the form: points of a kind, or listed places. */
export function sightQuestion(e) {
  const kind = e.sight_kind.value;
  return { kinds: kind ? [kind] : [], spots: kind ? [] : places(e.sight_spots.value).map(({ key, lon, lat }) => ({ name: key, lon, lat })), reach_m: Number(e.sight_reach.value), more: Number(e.sight_more.value || 0), of: e.sight_by.value, seconds: Math.min(60, Number(e.seconds.value)), seed: Number(e.seed.value) };
}
/** What points see, where they are blind, where more would see most; `spots` is a map layer of its own. */
export function sightCard(body, { close, show, spots }) {
  spots.clearLayers();
  const mark = (p, color, words, dash) => L.circle([p.lat, p.lon], { pane: 'areas', radius: body.reach_m, color, weight: 2, dashArray: dash, fillColor: color, fillOpacity: 0.18 }).bindTooltip(words).addTo(spots);
  const spot = (p, color, words) => L.circleMarker([p.lat, p.lon], { pane: 'dots', radius: 7, color: ink().halo, weight: 1.5, fillColor: color, fillOpacity: 1 }).bindTooltip(words).addTo(spots);
  body.seen_from.forEach((p) => mark(p, ink().post, p.name));
  body.blind.slice(0, 10).forEach((p, i) => { const words = t('posts.sight.blind.n', { i: i + 1, n: number(p.calls) }); mark(p, ink().bad, words, '4 4'); spot(p, ink().bad, words); });
  body.more.forEach((p, i) => { const words = t('posts.sight.new', { i: i + 1 }); mark(p, ink().accent, words); spot(p, ink().accent, words); });
  const amount = (v) => (body.of === 'streets' ? `${number(v / 1000, 1)} ${t('unit.km')}` : said('calls', v));
  const dot = (color) => h('i.swatch.round', { style: { background: color } });
  return card(title(body), { kind: 'key', id: 'sight', aside: closer(() => { spots.clearLayers(); close(); }) },
    figure(percent(body.calls.share), t('posts.sight.share'), share(body.calls)),
    tiles([[percent(body.streets.share), t('posts.sight.streets.share')], [`${number(body.streets.metres / 1000, 1)} ${t('unit.km')}`, t('posts.sight.km')], [number(body.points), t('posts.sight.points')]]),
    meta(`n = ${number(body.n_calls)} ${t('unit.calls')}`, body.from && period(body.from, body.to), body.n_unplaced ? t('calls.unplaced.beside', { n: number(body.n_unplaced) }) : '', t('posts.sight.total', { n: number(body.streets.of_metres / 1000, 1) })),
    body.more.length ? [h('p.claim', null, t('posts.sight.more.is', { n: number(body.more.length), share: percent(body.share_with_more) })), proof({ ...body, termination: body.termination ?? 'optimal', seconds: body.seconds ?? 0 }, amount(body.objective), amount(body.bound))] : null,
    h('p.meta', null, h('span.band', null, dot(ink().bad), t('posts.sight.blind')), body.more.length ? h('span.band', null, dot(ink().accent), t('posts.sight.new', { i: '' })) : null),
    table([[t('posts.sight.blind'), (p) => `${number(p.lat, 5)}, ${number(p.lon, 5)}`], [t('posts.sight.calls'), (p) => number(p.calls), 'n']], body.blind.slice(0, 10), { label: t('posts.sight.blind'), key: (p) => `${p.lon}`, pick: (p) => show(p) }));
}

export const matchQuestion = (e, profile) => ({ areas: places(e.areas.value, 'needed'), persons: places(e.persons.value, 'room'), profile, ...(e.match_most.value ? { most_minutes: Number(e.match_most.value) } : {}) });
export function matchCard(body, { close }) {
  return card(title(body), { kind: 'key', id: 'match', aside: closer(close) },
    figure(body.mean_seconds === null ? '–' : seconds(body.mean_seconds), t('posts.match.mean')),
    proof({ ...body, termination: 'optimal', seconds: body.seconds ?? 0, seed: body.seed ?? 1 }, minutes(body.objective), Number.isFinite(body.bound) ? minutes(body.bound) : null),
    meta(`n = ${number(body.n)} ${t('posts.match.pairs')}`, t('posts.match.of', { a: number(body.areas), p: number(body.persons) }), body.worst_seconds !== null && `${t('posts.match.worst')} ${seconds(body.worst_seconds)}`),
    table([[t('posts.match.area'), (p) => p.area], [t('posts.match.person'), (p) => p.person], [t('posts.match.time'), (p) => seconds(p.seconds), 'n']], body.pairs, { label: title(body) }));
}
/** Police areas and stations, as a first question: each area needs one and stands at the site nearest to its middle; each station takes an even part. */
export async function fillMatch(e) {
  const [grids, posts] = await Promise.all([items('police_grids', '', 20000), items('posts', '', 4000)]);
  const middle = (g) => { const ring = g.type === 'Polygon' ? g.coordinates[0] : g.coordinates[0][0]; return [0, 1].map((k) => ring.reduce((sum, p) => sum + p[k], 0) / ring.length); };
  const areas = new Map();
  for (const f of grids.features) { const name = f.properties.area_name ?? f.properties.name ?? f.properties.code; if (!areas.has(name)) areas.set(name, []); areas.get(name).push(middle(f.geometry)); }
  const site = ([x, y]) => posts.features.map((f) => f.geometry.coordinates).reduce((a, b) => (Math.hypot(b[0] - x, b[1] - y) < Math.hypot(a[0] - x, a[1] - y) ? b : a));
  const lines = [...areas].map(([name, list]) => `${name},${site([0, 1].map((k) => list.reduce((sum, p) => sum + p[k], 0) / list.length)).map((v) => v.toFixed(6)).join(',')},1`);
  const fixed = posts.features.filter((f) => f.properties.state === 'fixed');
  const stations = fixed.filter((f) => f.properties.kind === 'station');
  const from = stations.length ? stations : fixed;
  const room = Math.ceil(lines.length / Math.max(1, from.length));
  e.areas.value = lines.join('\n');
  e.persons.value = from.map((f) => `${f.properties.name},${f.geometry.coordinates.map((v) => v.toFixed(6)).join(',')},${room}`).join('\n');
}
