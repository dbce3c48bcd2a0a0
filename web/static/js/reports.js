// 研判报告: the daily report, with n, interval and baseline at every figure, for the screen and for A4.
import { get, trying } from './api.js';
import { now } from './clock.js';
import { context, t, zh } from './context.js';
import { $, fill, h, table, toast } from './dom.js';
import { day, hm, number, percent, stamp } from './format.js';
import { key } from './keys.js';
import { startShell } from './shell.js';
import { keep, read } from './url.js';

startShell({});
const field = $('#day');
const sheet = $('#sheet');
const DAY = 86400000;
const move = (days) => { field.value = new Date(Date.parse(`${field.value}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10); load(); };

/** A word with its definition on hover and for screen readers. */
const term = (word, definition) => (definition ? h('abbr', { title: definition }, word) : word);

function hours(by_hour, first) {
  const top = Math.max(1, ...by_hour);
  const w = 720 / by_hour.length;
  return h('svg.hours24', { viewBox: '0 0 720 140', role: 'img', 'aria-label': `${t('report.hours')} ${by_hour.map((n, i) => `${(first + i) % 24}: ${n}`).join(', ')}` },
    by_hour.map((n, i) => [h('rect', { x: i * w + 2, width: w - 4, y: 118 - (n / top) * 100, height: (n / top) * 100 }), h('text', { x: i * w + w / 2, y: 112 - (n / top) * 100, 'text-anchor': 'middle' }, n ? String(n) : ''), h('text', { x: i * w + w / 2, y: 134, 'text-anchor': 'middle' }, String((first + i) % 24).padStart(2, '0'))]));
}
function draw(r) {
  const d = (zh ? r.definitions : r.definitions_en) ?? {};
  const open = Date.parse(r.period.to) > Date.parse(context.data_as_of);
  const s = r.same_weekday;
  const missing = Object.entries(r.missing ?? {}).filter(([, share]) => Number.isFinite(share));
  const first = r.hours_from;
  const basis = term(t(`total.${r.basis}`), d.basis);
  fill(sheet,
    h('h1', null, (zh ? r.title : r.title_en) || t('report.title')),
    h('p.sub', null, open ? [h('span.tag', null, t('report.open')), ' '] : null, `${context.title} · ${stamp(r.period.from)} ${t('to')} ${stamp(r.period.to)}${t('paren.open')}${day(r.period.from)}${t('paren.close')} · ${t('as_of', { at: stamp(context.data_as_of) })}`),
    h('h2', null, t('report.1')),
    h('p', null, basis, h('b', null, ` ${number(r.n)} `), t('unit.calls'), t('paren.open'), term(t('interval.title'), d.interval), ` ${number(r.interval[0])}–${number(r.interval[1])}`, t('paren.close'), t('stop')),
    h('p', null, t('report.received', { n: number(r.n_received) }), term(t('report.unplaced', { n: number(r.n_unplaced) }), d.unplaced)),
    !s && h('p', null, t('report.no_week')),
    s && h('p', null, t('report.same', { n: number(s.n), from: stamp(s.from), to: stamp(s.to) }), h('b', null, (zh ? s.ratio_text_zh : s.ratio_text_en) ?? ''), open ? t('report.same_hours') : '', t('stop')),
    h('h2', null, t('report.2')),
    !s ? h('p', null, t('report.no_week')) : r.rises.length ? table([[t('family'), (x) => zh ? x.label : x.label_en], ['n', (x) => number(x.n), 'n'], [t('report.week_ago'), (x) => number(x.before), 'n'], [term('p', d.p), (x) => (x.p < 0.001 ? '< 0.001' : number(x.p, 3)), 'n'], [t('report.judgement'), (x) => (x.could_be_chance ? h('span.tag', null, t('report.chance')) : h('span.tag.bad', null, t('report.real')))]], r.rises, { label: t('report.2') }) : h('p', null, t('report.no_rises')),
    h('p.meta', null, t('report.p.note'), r.rises.length > 4 ? ` ${t('report.many', { n: number(r.rises.length), k: number(Math.max(1, Math.round(r.rises.length * 0.05))) })}` : ''),
    h('h2', null, t('report.3')), hours(r.by_hour, first), h('p.meta', null, t('report.hours.note', { n: number(r.by_hour.reduce((a, b) => a + b, 0)) })),
    h('h2', null, t('report.4')),
    table([[t('report.rank'), (x) => String(r.top_grids.indexOf(x) + 1)], [t('place.grid'), (x) => [x.name ?? '', ' ', h('small', null, x.code)]], ['n', (x) => number(x.n), 'n'], [t('interval.title'), (x) => `${number(x.interval[0])}–${number(x.interval[1])}`, 'n']], r.top_grids, { label: t('report.4') }),
    h('p.meta', null, t('report.grids.note')),
    h('h2', null, t('report.5')),
    missing.length ? table([[t('report.field'), ([name]) => (t(`field.${name}`) === `field.${name}` ? name : t(`field.${name}`))], [t('report.missing'), ([, share]) => percent(share), 'n']], missing, { label: t('report.5') }) : h('p', null, t('report.none_missing')),
    h('p.foot', null, (zh ? context.synthetic_note_zh : context.synthetic_note_en) || '', h('br'), t('printed', { at: `${day(now())} ${hm(now())}` })));
  fill($('#definitions'), Object.entries(d).map(([name, value]) => [h('dt', null, t(`define.${name}`) === `define.${name}` ? name : t(`define.${name}`)), h('dd', null, value)]));
  sheet.setAttribute('aria-busy', 'false');
}
async function load() {
  if (field.value && (!/^\d{4}-\d{2}-\d{2}$/.test(field.value) || Number.isNaN(Date.parse(field.value)))) { toast(t('period.bad'), true); return; }
  sheet.setAttribute('aria-busy', 'true');
  const report = await trying(() => get(`/api/reports/daily${field.value ? `?day=${field.value}` : ''}`));
  if (report) { field.value = report.day; keep('day', report.day); draw(report); } else { fill(sheet, h('p.failed', null, t('report.failed', { day: field.value }))); sheet.setAttribute('aria-busy', 'false'); }
}
field.value = read('day');
field.addEventListener('change', load);
$('#day-before').addEventListener('click', () => move(-1));
$('#day-after').addEventListener('click', () => move(1));
$('#print').addEventListener('click', () => window.print());
key('ArrowLeft', 'report.before', () => move(-1));
key('ArrowRight', 'report.after', () => move(1));
key('p', 'report.print', () => window.print());
await load();
document.documentElement.dataset.ready = '1';
