// The cards at the right: what the plan reaches and what it cannot, the chosen crew, the chosen stop, the crews, what was issued.
import { context, t, zh } from './context.js';
import { card, h, meta, pairs, table, tiles } from './dom.js';
import { hm, metres, minutes, number, percent, seconds, stamp } from './format.js';
import { leftOut, said } from './patrol-plan.js';
import { routeColor } from './routes.js';

const closer = (close) => h('button.closer', { type: 'button', 'aria-label': t('close'), on: { click: close } }, '×');
const button = (id, words, run, { shortcut, pressed, title, disabled } = {}) => h('button', { type: 'button', id, title, disabled, 'aria-pressed': pressed === undefined ? null : String(pressed), 'aria-keyshortcuts': shortcut, on: { click: run } }, words, shortcut && shortcut.length < 3 && [' ', h('kbd', null, shortcut.toUpperCase())]);
const stateTag = (state) => (state ? h('span.tag', { class: `tag ${state}` }, t(`patrol.state.${state}`)) : null);
const groups = (n) => t('plan.groups', { n: number(n) });

/** The level is said in the card already; what follows is on how many nights it rests. */
const LEVEL = /^(规律性\s*[低中高]|regularity\s+\w+)\s*/;
/** Points that crews come to; those watched by camera are told apart. */
const visited = (plan) => (plan.points.length ? plan.points.filter((p) => p.kind !== 'video' && !p.left_out).length : new Set(plan.units.flatMap((u) => u.stops.map((s) => s.point))).size);
/** 本方案 54 组；理论下限 52 组；最长间隔 118 分（东关市场）, and how far that is proved. */
export function planCard(plan, act) {
  const b = plan.body;
  const proved = b.proved ?? (b.gap !== null && b.gap <= 1e-6);
  const worst = Number.isFinite(b.worst_gap_minutes) ? t('plan.worst', { m: number(b.worst_gap_minutes), point: b.worst_gap_point ?? '–' }) : null;
  const out = leftOut(plan);
  const costed = b.objective > (b.units_available ?? Infinity); // the price of what is left out is in it
  const video = plan.points.filter((p) => p.kind === 'video' && !p.left_out).length;
  const edited = plan.version > 1 ? t('patrol.version', { n: plan.version }) : '';
  const made = card(said(b, 'title') || b.title, { kind: 'key', id: 'plan', aside: `${stamp(b.shift.start)} – ${hm(b.shift.end)}` },
    h('p.claim', null, t('plan.this'), h('b', null, groups(b.units_used)), t('semi'), h('span', { title: t('patrol.bound.help') }, t('plan.lower')), h('b', null, Number.isFinite(b.lower_bound_units) ? groups(b.lower_bound_units) : t('plan.no_bound')), worst ? [t('semi'), h('b', { title: t('patrol.gaps.help') }, worst)] : ''),
    h('p.meta', null, h(proved ? 'span.tag.good' : 'span.tag', null, t(proved ? 'plan.proved' : 'plan.not_proved')), ' ', t(`termination.${context.words[`termination.${b.termination}`] ? b.termination : 'edited'}`), costed || !Number.isFinite(b.gap) ? '' : ` · ${t('plan.gap')}${percent(b.gap, 1)}`, b.seconds === undefined ? '' : ` · ${t('plan.run', { seconds: number(b.seconds, 1), seed: b.seed })}`, edited && ` · ${edited}`),
    costed && Number.isFinite(b.bound) ? meta(t('patrol.costed', { what: said(b, 'objective'), value: number(b.objective), bound: number(b.bound) })) : null,
    said(b, 'bound_note') ? meta(said(b, 'bound_note')) : null,
    said(b, 'tightest') ? meta(said(b, 'tightest')) : null,
    tiles([[number(visited(plan)), t('patrol.visited'), t('patrol.visited.help')], [number(out.length || b.unvisited?.length || 0), t('patrol.unvisited')], [metres(b.metres), t('patrol.metres'), t('patrol.metres.help')]]),
    b.regularity?.level ? h('p.claim', { id: 'regularity', title: t('patrol.regularity.help') }, t('patrol.regularity'), h(b.regularity.level === 'high' ? 'b.tag' : 'b', null, t(`patrol.regularity.${b.regularity.level}`)), h('small.faint', null, ` ${(zh ? b.regularity.zh : b.regularity.en).replace(LEVEL, '')}`)) : null,
    b.regularity && said(b.regularity, 'cost') ? h('p.claim', { id: 'irregular-cost' }, said(b.regularity, 'cost')) : null,
    b.regularity && !b.regularity.level ? meta(zh ? b.regularity.zh : b.regularity.en) : null,
    b.one_more_unit ? h('p.claim', { id: 'one-more' }, t('patrol.one_more'), zh ? b.one_more_unit.zh : b.one_more_unit.en) : null,
    said(b, 'binding') ? meta(t('patrol.binding', { why: said(b, 'binding') })) : null,
    meta(video ? t('patrol.video', { n: number(video), seats: number(b.operators_used) }) : '', b.level ? t(`patrol.level.${b.level}`) : '', zh ? b.day?.why_zh : b.day?.why_en, b.speeds ? (zh ? b.speeds.note_zh : b.speeds.note_en) : '', zh ? b.crews_zh : b.crews_en),
    act && h('div.details', null, button('compare', t('patrol.compare'), act.compare, { shortcut: 'b' }), button('sheets', t('patrol.sheets'), act.sheets), button('versions', t('patrol.versions'), act.versions)),
    act && h('p.files', null, t('posts.files'), ['xlsx', 'geojson', 'gpx', 'kml'].map((f) => [' ', h('a', { href: `/api/patrol/plans/${plan.id}/export?f=${f}`, download: '' }, f.toUpperCase())])));
  made.dataset.version = plan.version;
  return made;
}
/** Streets that this plan keeps closed; `act.reopen(closure)` lifts one. */
export function closedCard(plan, act) {
  const list = plan.body.closures ?? [];
  if (!list.length) return null;
  const when = (c) => (c.from || c.to ? `${c.from ? stamp(c.from) : ''}–${c.to ? stamp(c.to) : ''}` : t('patrol.closed.whole'));
  return card(t('patrol.closed'), { id: 'closed', aside: number(list.length) }, h('ul.list.profiles', null, list.map((c) => h('li', null, h('span', null, h('b', null, c.name ?? t('patrol.event.close.spot')), h('small', null, ` ${when(c)}`)), h('button.link', { type: 'button', on: { click: () => act.go(c) } }, t('patrol.closed.show')), act.reopen && h('button.link', { type: 'button', 'data-reopen': c.name, on: { click: () => act.reopen(c) } }, t('patrol.event.reopen'))))));
}
/** One sentence each: what was noticed while the plan was made. */
export const notesCard = (plan) => (plan.body.notes?.length ? h('details.card.flat.more', { open: plan.body.notes.length < 3 }, h('summary', null, t('patrol.notes', { n: number(plan.body.notes.length) })), h('ul.notes', null, plan.body.notes.slice(0, 60).map((n) => h('li', null, zh ? n.zh : n.en)))) : null);

const lines = (list, pick) => h('ul.list.told', null, list.slice(0, 60).map(([name, why, p]) => h('li', null, h('button', { type: 'button', on: { click: () => pick(p) } }, h('span'), h('span'), h('span', null, h('b', null, name), h('small', null, ` ${why}`)), h('span')))), list.length > 60 ? h('li.faint', null, t('patrol.more.n', { n: number(list.length - 60) })) : null);
export function brokenCard(plan, pick) {
  const list = plan.body.broken ?? [];
  if (!list.length) return null;
  return card(t('patrol.broken.title'), { kind: 'alarm', id: 'broken', aside: number(list.length) }, lines(list.map((b) => [b.name, (zh ? b.zh : b.en)?.replace(b.name, '').trim() || t('patrol.gaps.over', { m: number(b.minutes_over) }), plan.point.get(b.point_id)]), pick));
}
export function leftCard(plan, pick) {
  const list = plan.points.length ? leftOut(plan).map((p) => [p.name, said(p, 'reason'), p]) : (plan.body.unvisited ?? []).map((u) => [u.name, zh ? u.why : u.why_en, { id: u.point_id }]);
  return list.length ? card(t('patrol.unvisited.title'), { kind: 'alarm', id: 'left-out', aside: number(list.length) }, lines(list, pick)) : null;
}

const roleWords = (s) => t(s.line ? 'patrol.role.line' : `patrol.role.${s.role}`);
const mark = (s) => [s.locked ? h('span.tag.lock', { title: t('patrol.locked') }, t('patrol.locked')) : null, s.broken ? h('span.tag.bad', null, t('patrol.broken')) : null];
const waits = (s, clock) => (s.begin - s.arrive >= 60 ? `${t('patrol.waits', { at: clock(s.arrive), time: seconds(s.begin - s.arrive) })} · ` : '');
const gapWords = (s) => (Number.isFinite(s.gap) && Number.isFinite(s.allowed) ? ` · ${t('patrol.gap.of', { m: number(s.gap), of: number(s.allowed) })}` : '');
/** The stops of a crew with their times and reasons; `pick(stop)` makes each a button. */
export function stopList(plan, unit, { pick, chosen } = {}) {
  const clock = (s) => hm(plan.start + s * 1000);
  const row = (s, i) => [h('i', null, String(i + 1)), h('div', null, pick ? h('button.link', { type: 'button', 'data-pick': s.key, on: { click: () => pick(s) } }, s.name) : s.name, ' ', (s.role !== 'round' || s.line) && h('span', { class: `tag kind ${s.line ? 'line' : s.role}` }, roleWords(s)), mark(s)), h('div.n', null, `${clock(s.begin)}–${clock(s.end)}`), h('small', null, `${waits(s, clock)}${t('dwell')} ${minutes(s.end - s.begin, 0)}${gapWords(s)}${s.why ? ` · ${s.why}` : ''}`)];
  return h('ol.stops', null, unit.stops.map((s, i) => h('li', { 'data-arrive': s.arrive, 'aria-current': s.key === chosen ? 'true' : null }, row(s, i))));
}
export function crewCard(plan, unit, act) {
  const clock = (s) => hm(plan.start + s * 1000);
  const crew = unit.crew;
  return card(`${unit.name} · ${t('patrol.sheet')}`, { kind: 'key', id: 'sheet-card', aside: closer(act.close) },
    meta(`${clock(unit.begin)}–${clock(unit.finish)}`, t(`kind.${unit.kind}`), metres(unit.metres), t('patrol.stops.n', { n: number(unit.stops.length) }), unit.post),
    crew && h('p.meta', { id: 'crew-issue' }, stateTag(crew.state), ' ', crew.issued_at ? t('plan.issued', { at: stamp(crew.issued_at) }) : '', crew.accepted_at ? ` · ${t('patrol.accepted.at', { at: stamp(crew.accepted_at) })}` : ''),
    h('div.details', null, act.accept && crew?.state === 'issued' && button('accept', t('patrol.accept'), act.accept, { title: t('patrol.accept.help') }), act.menu && button('crew-menu', t('patrol.crew.menu'), act.menu, { shortcut: 'u' }), h('button', { type: 'button', 'aria-keyshortcuts': 'Control+P', on: { click: act.print } }, t('patrol.print'), ' ', h('kbd', null, 'Ctrl P'))),
    act.papers && h('p.files', null, t('patrol.crew.files'), h('a', { id: 'crew-pdf', href: `/api/patrol/plans/${plan.id}/sheet?f=pdf&unit=${encodeURIComponent(unit.id)}`, download: '' }, 'PDF'), ['gpx', 'kml', 'xlsx', 'geojson'].map((f) => [' ', h('a', { href: `/api/patrol/plans/${plan.id}/export?f=${f}&unit=${encodeURIComponent(unit.id)}`, download: '' }, f.toUpperCase())]), act.phone && [' ', h('button.link', { type: 'button', id: 'crew-phone', title: t('patrol.settings.phone.help'), on: { click: act.phone } }, t('patrol.phone'))]),
    stopList(plan, unit, { pick: act.stop }));
}
/** One stop: why it is there, how its gap stands, and what can be done with it. */
export function stopCard(plan, unit, s, act) {
  const clock = (v) => hm(plan.start + v * 1000);
  const p = s.point === null ? null : plan.point.get(s.point);
  const movable = s.point || s.role === 'break';
  return card(s.name, { kind: s.broken ? 'alarm' : 'key', id: 'stop', aside: closer(act.close) },
    pairs([[t('patrol.crew'), [h('i.swatch', { style: { background: routeColor(unit.index) } }), unit.name]], [t('patrol.span'), `${clock(s.begin)}–${clock(s.end)} (${minutes(s.end - s.begin, 0)})`], [t('patrol.role'), roleWords(s)], p && [t('patrol.gaps.worst'), `${number(p.worst_gap_minutes)} / ${number(p.gap_minutes)} ${t('unit.minutes')}`], s.together.length ? [t('patrol.together'), s.together.map((id) => plan.units.find((u) => u.id === id)?.name ?? id).join('、')] : null]),
    p?.seconds?.length ? meta(t('patrol.begins', { list: p.seconds.map(clock).join('、') })) : null,
    h('p.claim', { id: 'why' }, t('patrol.why'), s.why || said(p ?? {}, 'why')), s.locked || s.broken ? h('p.meta', null, mark(s)) : null,
    act.lock && h('div.details', null, button('lock', t(s.locked ? 'patrol.unlock' : 'patrol.lock'), act.lock, { shortcut: 'k', pressed: s.locked, title: t('patrol.lock.help') }), movable && button('hold', t('patrol.move'), act.move, { shortcut: 'm', title: t('patrol.move.help') }), movable && button('take-out', t('patrol.remove'), act.remove)));
}
/** A point that no crew visits in this plan. */
export function pointCard(plan, p, act) {
  const choice = h('select', { id: 'insert-into', 'aria-label': t('patrol.insert.into') }, plan.units.map((u) => h('option', { value: u.id, selected: u.id === act.chosen }, u.name)));
  return card(p.name, { kind: 'alarm', id: 'point', aside: closer(act.close) },
    pairs([[t('patrol.gap.allowed'), `${number(p.gap_minutes)} ${t('unit.minutes')}`], [t('dwell'), minutes(p.dwell_seconds, 0)], [t('patrol.priority'), number(p.priority)]]),
    h('p.failed', null, said(p, 'reason') || t('point.unvisited')), meta(said(p, 'why')),
    act.insert && h('div.pair', null, choice, button('insert', t('patrol.insert'), () => act.insert(choice.value))));
}
/** What does not fit, why, and the choice to have it all the same. */
export const refusedCard = (words, { again, close }) => card(t('patrol.refused'), { kind: 'alarm', id: 'refused', aside: closer(close) }, h('p.failed', null, words), again && meta(t('patrol.again.note')), h('div.details', null, again && button('again', t('patrol.again'), again), button('leave', t('patrol.leave'), close)));

export function crewsCard(plan, { pick, chosen }) {
  const states = plan.units.some((u) => u.state);
  return card(t('patrol.crews'), { aside: t('patrol.crews.note') }, table([
    [t('patrol.crew'), (u) => [h('span.swatch', { style: { background: routeColor(u.index) } }), u.name, ' ', u.changed && !u.state ? h('span.tag.changed', null, t('patrol.state.changed')) : null, states ? stateTag(u.state) : null]],
    [t('patrol.stops'), (u) => number(u.stops.length), 'n'], [t('patrol.length'), (u) => metres(u.metres), 'n'], [t('patrol.span'), (u) => `${hm(plan.start + u.begin * 1000)}–${hm(plan.start + u.finish * 1000)}`, 'n'],
  ], plan.units, { pick: (u) => pick(u), key: (u) => u.id, label: t('patrol.crews'), chosen }));
}
/** 下发: only new and changed crews get a sheet; 签收 is of the task. */
export function issueCard(plan, act) {
  const issue = plan.body.issue;
  const crews = issue?.crews ?? [];
  const count = (state) => crews.filter((c) => c.state === state).length;
  const waiting = count('changed');
  const fresh = issue && issue.version === plan.version && !waiting;
  return card(t('patrol.issue.title'), { id: 'issue-card', aside: issue ? t('patrol.issue.number', { n: number(issue.number), at: stamp(issue.at) }) : t('plan.not_issued') },
    issue && h('p.claim', null, t('patrol.issue.accepted', { n: number(count('accepted')), of: number(crews.filter((c) => c.state !== 'withdrawn').length) }), waiting ? h('span', null, t('semi'), h('b', null, t('patrol.issue.waiting', { n: number(waiting) }))) : '', count('withdrawn') ? `${t('semi')}${t('patrol.issue.withdrawn', { n: number(count('withdrawn')) })}` : ''),
    h('button', { type: 'button', id: 'issue', class: fresh ? null : 'primary', disabled: fresh, on: { click: act.issue } }, t(issue ? (fresh ? 'patrol.issue.done' : 'patrol.issue.again') : 'patrol.issue')), h('p.meta', null, t('patrol.issue.note')));
}
