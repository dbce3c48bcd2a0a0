// Beside the reports: two periods compared, alarms, printed figures checked.
import { get, post, trying } from './api.js';
import { context, t, zh } from './context.js';
import { fill, h, table } from './dom.js';
import { number, percent } from './format.js';
import { chance, ends, field, form, funnel, say, start } from './reports-places.js';

const spoken = (id) => { const family = context.families.find((f) => f.id === id); return family ? (zh ? family.label_zh : family.label_en) : id; };

const change = (line) => (line.percentage_is_fair ? `${percent(line.change)} (${percent(line.change_low)} – ${percent(line.change_high)})` : t('compare.small'));
async function compared(out, values) {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value));
  const [answer, shape] = await Promise.all([trying(() => get(`/api/comparisons?${new URLSearchParams(given)}`)), trying(() => get(`/api/comparisons/funnel?${new URLSearchParams({ first: given.first, last: given.last, by: 'community', exposure: 'population' })}`))]);
  if (!answer) return;
  const rows = table([[t('compare.against'), (l) => say(l, 'label')], [t('compare.period'), (l) => l.periods.map(ends).join('; ') || '–'], ['n', (l) => number(l.baseline_n), 'n'], [t('compare.expected'), (l) => number(l.expected, 1), 'n'], [t('compare.change'), (l) => (l.n === null ? '–' : change(l))], ['p', (l) => chance(l.p), 'n'], [t('compare.word'), (l) => say(l, 'absent') || say(l, 'word')]], answer.lines, { label: t('compare.title') });
  const yearly = answer.compound && h('p', null, t('compare.compound', { value: percent(answer.compound.value), low: percent(answer.compound.low), high: percent(answer.compound.high), years: number(answer.compound.years) }));
  fill(out, h('p', null, `${ends(answer.period)} · n = ${number(answer.n)}${answer.interval ? ` (${number(answer.interval[0])}–${number(answer.interval[1])})` : ''} · ${answer.edition}`), h('div.across', null, rows), yearly, shape && funnel(shape));
}

/** Any two periods, and the funnel of the first. */
export function showCompare(where, report) {
  const out = h('div', { 'aria-live': 'polite' });
  const asked = form([field('first', t('compare.first'), report?.first), field('last', t('compare.last'), report?.last), field('other_first', t('compare.other_first')), field('other_last', t('compare.other_last'))], t('compare.run'), (values) => compared(out, values));
  start(where, t('compare.title'), t('compare.hint'), asked, out);
  if (report) compared(out, { first: report.first, last: report.last });
}

/** Spikes that are still on and lasting rises. */
export async function showAlarms(where, report) {
  const day = report?.kind === 'daily' ? report.first : '';
  const answer = await trying(() => get(`/api/comparisons/alarms${day ? `?day=${day}` : ''}`));
  if (!answer) return;
  const mark = (a) => (a.alarm ? h('span.tag.bad', null, t('alarm.on')) : h('span.tag.good', null, t('alarm.off')));
  start(where, t('alarm.title'), t('alarm.hint', { day: answer.day, days: answer.history_days, n: answer.tests, level: number(answer.level, 4) }),
    h('div.across', null, table([[t('family'), (a) => (a.family === null ? t('alarm.all') : spoken(a.family))], [t('alarm.state'), mark], [t('alarm.day'), (a) => number(a.n), 'n'], [t('alarm.usual'), (a) => number(a.usual, 1), 'n'], [t('alarm.spike'), (a) => say(a, 'sentence')], [t('alarm.rise'), (a) => (a.rising ? t('alarm.since', { day: a.since ?? '' }) : '–')]], answer.alarms, { label: t('alarm.title') })),
    h('p.meta', null, t('alarm.note')));
}

/** Printed figures recomputed from the counts beside them. */
export function showSlips(where) {
  const out = h('div', { 'aria-live': 'polite' });
  const text = h('textarea', { name: 'text', rows: 6, maxlength: 100000, placeholder: t('slips.example') });
  const run = async () => {
    const figures = [...rows.children].map((row) => [...row.querySelectorAll('input')].map((i) => i.value.trim().replace(/[,，%％]/g, '').replace('−', '-'))).filter((v) => v.every((x) => x !== '' && Number.isFinite(Number(x)))).map(([before, now, printed]) => ({ kind: 'change', before: Number(before), now: Number(now), printed: Number(printed), decimals: Math.min(6, (printed.split('.')[1] ?? '').length) }));
    const answer = await trying(() => post('/api/comparisons/slips', { text: text.value, figures }));
    if (answer) fill(out, answer.slips.length ? h('ul', null, answer.slips.map((slip) => h('li', null, zh ? slip.zh : slip.en))) : h('p', null, t('slips.none')));
  };
  const row = () => h('div.pair.slip', null, ['before', 'now', 'printed'].map((name) => h('label.field', null, h('span', null, t(`slips.${name}`)), h('input', { type: 'text', inputmode: 'decimal' }))));
  const rows = h('div', null, row(), row());
  start(where, t('slips.title'), t('slips.hint'), h('label.field', null, h('span', null, t('slips.text')), text), rows, h('div.pair', null, h('button', { type: 'button', on: { click: () => rows.append(row()) } }, t('slips.more')), h('button.primary', { type: 'button', on: { click: run } }, t('slips.run'))), out);
}
