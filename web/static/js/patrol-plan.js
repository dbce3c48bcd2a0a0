// A kept plan as the page works with it: crews and stops in seconds of the shift, points with their gaps.
import { zh } from './context.js';

const said = (item, name) => (zh ? item[`${name}_zh`] ?? item[name] : item[`${name}_en`] ?? item[name]) ?? '';
export { said };

/** Read the server's body; nothing of it is thrown away (`plan.body`). */
export function readPlan(body) {
  const start = Date.parse(body.shift.start);
  const length = (Date.parse(body.shift.end) - start) / 1000;
  const at = (iso) => (iso ? (Date.parse(iso) - start) / 1000 : null);
  const broken = new Map((body.broken ?? []).map((b) => [b.point_id, b]));
  const crews = new Map((body.issue?.crews ?? []).map((c) => [c.unit_id, c]));
  const units = [...body.routes].sort((a, b) => a.unit_id.localeCompare(b.unit_id)).map((route, index) => readUnit(route, index, { at, broken, crew: crews.get(route.unit_id), events: body.events ?? [], length }));
  const points = (body.points ?? []).map((p) => ({ ...p, id: p.point_id, over: p.worst_gap_minutes !== null && p.worst_gap_minutes !== undefined ? p.worst_gap_minutes - p.gap_minutes : null, seconds: (p.begins ?? []).map(at) }));
  return { body, id: body.plan_id, version: body.version ?? 1, start, length, units, points, point: new Map(points.map((p) => [p.id, p])), broken, crews, at };
}
/** When a unit was away on a call: from each 脱岗 to the next 归队, or to the end of the shift. */
function awaySpans(events, id, at, length) {
  const spans = [];
  for (const e of events) {
    if (e.unit_id !== id) continue;
    if (e.kind === 'away') spans.push([at(e.at), length]);
    if (e.kind === 'back' && spans.length) spans[spans.length - 1][1] = Math.min(spans[spans.length - 1][1], at(e.at));
  }
  return spans;
}
function readUnit(route, index, { at, broken, crew, events, length }) {
  const id = route.unit_id;
  const stops = route.stops.map((s, i) => ({
    key: `${id}/${s.index ?? i}`, index: s.index ?? i, unit: id, point: s.point_id ?? null, name: s.name, lon: s.lon, lat: s.lat, role: s.role ?? 'round',
    arrive: s.arrive_s ?? at(s.arrive), begin: s.begin_s ?? at(s.begin ?? s.arrive), end: s.depart_s ?? at(s.depart), dwell: s.dwell_seconds, locked: Boolean(s.locked), together: s.together ?? [],
    gap: s.gap_before_minutes ?? null, allowed: s.gap_allowed_minutes ?? null, why: said(s, 'why') || s.why, fixed: false, changed: Boolean(route.changed),
    line: s.line ?? null, to: s.to_lonlat ?? null,
    broken: Number.isFinite(s.gap_before_minutes) && Number.isFinite(s.gap_allowed_minutes) && s.gap_before_minutes > s.gap_allowed_minutes + 1 / 60 && broken.has(s.point_id),
  }));
  return { id, index, name: route.name, kind: route.kind, post: route.post_name ?? route.post_id, begin: route.start_s ?? at(route.start), finish: route.end_s ?? at(route.end), metres: route.metres, line: route.line ?? [], streets: route.streets ?? [],
    locked: Boolean(route.locked), changed: Boolean(route.changed), state: crew?.state ?? null, crew, away: (route.away?.map(([a, b]) => [at(a), at(b)])) ?? awaySpans(events, id, at, length), stops };
}

/** What a crew is told to do: the same stops at the same times are the same task, locked or not. */
const task = (route) => JSON.stringify(route.stops.map((s) => [s.point_id, s.post_id, s.begin_s, s.depart_s]));
/** The body after an edit: only what changed came, the rest stays. */
export function patched(body, answer) {
  const gone = new Set(answer.removed ?? []);
  const routes = new Map(body.routes.filter((r) => !gone.has(r.unit_id)).map((r) => [r.unit_id, r]));
  for (const r of answer.routes ?? []) { const was = routes.get(r.unit_id); routes.set(r.unit_id, was && task(was) === task(r) ? { ...r, changed: was.changed } : r); }
  const points = new Map((body.points ?? []).map((p) => [p.point_id, p]));
  for (const p of answer.points ?? []) points.set(p.point_id, p);
  const next = { ...body, routes: [...routes.values()], points: [...points.values()], version: answer.version, edited: true, termination: 'edited' };
  for (const name of ['broken', 'units_used', 'worst_gap_minutes', 'worst_gap_point', 'worst_gap_share', 'worst_gap_share_bound', 'tightest_zh', 'tightest_en', 'lower_bound_units', 'objective', 'bound', 'gap', 'proved', 'bound_note_zh', 'bound_note_en', 'metres', 'one_more_unit', 'regularity']) if (answer[name] !== undefined) next[name] = answer[name];
  if (answer.issue !== undefined) next.issue = answer.issue;
  else if (body.issue) { const moved = new Set(answer.changed ?? []); next.issue = { ...body.issue, crews: body.issue.crews.map((c) => (moved.has(c.unit_id) && c.state !== 'withdrawn' ? { ...c, state: 'changed' } : c)) }; }
  return next;
}

/** Points in the order of their need: the broken first, then by how near the worst gap comes to the allowed one. */
export const byNeed = (points) => points.filter((p) => Number.isFinite(p.worst_gap_minutes)).sort((a, b) => b.worst_gap_minutes / b.gap_minutes - a.worst_gap_minutes / a.gap_minutes || a.name.localeCompare(b.name, 'zh'));
export const leftOut = (plan) => plan.points.filter((p) => p.left_out);
