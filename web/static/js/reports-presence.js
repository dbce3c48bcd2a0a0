// 见警率 and 管控率 of the report's days, from positions that exist anyway: by hour and by point, never by unit. Lost is unknown, not absent.
import { get, trying } from './api.js';
import { t, zh } from './context.js';
import { fill, h, meta, table } from './dom.js';
import { iso, number, percent, span } from './format.js';

const DAY = 86400000;
const share = (r) => (r && r.value !== null ? percent(r.value, 1) : '–');
const ends = (r) => (r && r.low !== null ? `${percent(r.low)}–${percent(r.high)}` : '');
const bar = (r) => (r.value === null ? '–' : [share(r), h('span.bar', { style: { width: `${r.value * 100}%` } })]);

/** Show presence in `where` for the days of `report`, or of the last seven days without one. */
export async function showPresence(where, report) {
  const days = report ? `?${new URLSearchParams({ from: iso(report.first), to: iso(new Date(Date.parse(`${report.last}T00:00:00Z`) + DAY).toISOString().slice(0, 10)) })}` : '';
  where.setAttribute('aria-busy', 'true');
  const p = await trying(() => get(`/api/presence${days}`));
  where.setAttribute('aria-busy', 'false');
  if (!p) return;
  const points = [...p.points].sort((a, b) => a.seen_minutes - b.seen_minutes || (a.point_id < b.point_id ? -1 : 1));
  const one = (name, r, unit) => h('p', null, h('b', { title: t(`presence.${name}.help`) }, `${t(`presence.${name}`)} ${share(r)}`), ' ', r.low === null ? '' : t('interval', { lo: percent(r.low), hi: percent(r.high) }), ` · n = ${number(r.n)} ${t(unit)} · ${t('presence.unknown', { share: percent(r.unknown_share) })}`, r.least === null ? '' : ` · ${t('presence.bounds', { least: percent(r.least), most: percent(r.most) })}`);
  fill(where, h('h1', null, t('presence.title')), h('p.sub', null, span(p.start, p.end)),
    p.positions ? [one('seen', p.seen, 'presence.place_hours'), one('control', p.control, 'presence.visits')] : h('p.failed', null, zh ? p.sentence_zh : p.sentence_en),
    meta(zh ? p.notes_zh : p.notes_en, t('presence.positions', { n: number(p.positions) })),
    h('h2', null, t('presence.hours')),
    h('div.across', null, table([[t('presence.hour'), (r) => `${String(r.hour).padStart(2, '0')}:00`], [t('presence.seen'), (r) => bar(r.seen), 'n'], ['95%', (r) => ends(r.seen)], ['n', (r) => number(r.seen.n), 'n'], [t('presence.unknown.n'), (r) => number(r.seen.unknown), 'n']], p.hours, { label: t('presence.hours') })),
    h('h2', null, t('presence.points')), h('p.hint', null, t('presence.points.hint')),
    h('div.across', null, table([[t('presence.point'), (r) => r.name], [t('presence.minutes'), (r) => number(r.seen_minutes), 'n'], [t('presence.stays'), (r) => number(r.stays), 'n'], [t('presence.absence'), (r) => (r.longest_absence_minutes === null ? '–' : number(r.longest_absence_minutes)), 'n'], [t('presence.seen'), (r) => share(r.seen), 'n'], ['95%', (r) => ends(r.seen)], ['n', (r) => number(r.seen.n), 'n'], [t('presence.control'), (r) => (r.control ? `${number(r.control.yes)} / ${number(r.control.n)}` : '–'), 'n'], [t('presence.known'), (r) => percent(r.known_share), 'n']], points, { label: t('presence.points') })));
}
