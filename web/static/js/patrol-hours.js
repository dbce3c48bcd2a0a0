// How many units each hour needs so that the standards hold, and the shifts that field them.
import { post, trying } from './api.js';
import { t, zh } from './context.js';
import { $, fill, h, table } from './dom.js';
import { number, percent, period } from './format.js';
import { proof, watch } from './jobs.js';

const W = 960;
const H = 200;
const WIDE = W / 24;
const two = (n) => String(n).padStart(2, '0');

/** Bars of need with the ends of its interval, and the line of units that the shifts field. */
function chart(rows) {
  const top = Math.max(...rows.map((r) => Math.max(r.need_interval[1] ?? r.need, r.fielded))) * 1.08 || 1;
  const y = (v) => H - (v / top) * H;
  const bars = rows.map((r) => {
    const x = r.hour * WIDE;
    const [low, high] = r.need_interval.map((v) => v ?? r.need);
    const words = t('patrol.hours.bar', { hour: two(r.hour), need: r.need, lo: low, hi: high, calls: number(r.calls_per_hour, 1), n: number(r.n), fielded: r.fielded, why: (zh ? r.binding_zh : r.binding_en) ?? '–' });
    return h('g', null, h('title', null, words), h('rect.need', { x: x + 5, y: y(r.need), width: WIDE - 10, height: H - y(r.need) }), h('path.ends', { d: `M${x + WIDE / 2} ${y(low)}V${y(high)}` }));
  });
  const line = rows.map((r) => `${r.hour * WIDE} ${y(r.fielded)}H${(r.hour + 1) * WIDE}`).join('L');
  return h('div.hours-chart', null,
    h('svg', { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': t('patrol.hours.chart') }, [0.25, 0.5, 0.75, 1].map((v) => h('line.grid', { x1: 0, x2: W, y1: y(v * top), y2: y(v * top) })), bars, h('path.fielded', { d: `M${line}` })),
    h('div.hours-x', { 'aria-hidden': 'true' }, [0, 6, 12, 18, 24].map((v) => h('span', null, two(v)))),
    h('p.meta', null, h('span.band', null, h('i.need'), t('patrol.hours.need')), ' ', h('span.band', null, h('i.fielded'), t('patrol.hours.fielded')), ' ', t('patrol.hours.scale', { top: number(top, 0) })));
}
const shifts = (s) => table([
  [t('patrol.hours.start'), (l) => `${two(l.start)}:00`], [t('patrol.hours.length'), (l) => t('patrol.hours.h', { h: l.length }), 'n'], [t('patrol.hours.crews'), (l) => number(l.crews), 'n'],
], s.lines, { label: t('patrol.hours.shifts') });
const figures = (rows) => table([
  [t('patrol.hours.hour'), (r) => two(r.hour)],
  [t('patrol.hours.calls'), (r) => `${number(r.calls_per_hour, 2)} (${number(r.interval[0], 2)}–${number(r.interval[1], 2)})`, 'n'],
  ['n', (r) => number(r.n), 'n'],
  [t('patrol.hours.need'), (r) => `${r.need} (${r.need_interval[0] ?? '–'}–${r.need_interval[1] ?? '–'})`, 'n'],
  [t('patrol.hours.why'), (r) => (zh ? r.binding_zh : r.binding_en) ?? '–'],
  [t('patrol.hours.fielded'), (r) => (r.short ? h('b.bad', null, `${r.fielded} (−${r.short})`) : r.fielded), 'n'],
  [t('patrol.hours.waits'), (r) => percent(r.delayed_over_time, 1), 'n'],
], rows, { label: t('patrol.hours.title') });

function answer(plan) {
  const s = plan.shifts;
  return [h('p.claim', null, zh ? plan.sentence_zh : plan.sentence_en), proof(plan, t('patrol.hours.crew_hours', { n: number(s.crew_hours) }), t('patrol.hours.crew_hours', { n: number(plan.bound) }))[1],
    h('p.meta', null, `${period(plan.from, plan.to)} · ${zh ? plan.travel.zh : plan.travel.en} · ${t('patrol.hours.people', { officers: number(s.officers), auxiliaries: number(s.auxiliaries) })}`),
    chart(plan.by_hour), shifts(s), h('div.wide', null, figures(plan.by_hour))];
}

/** Open the question; the answer stands under it. */
export function openHours() {
  const field = (name, value, options) => h('label.field', { title: t(`patrol.hours.${name}.help`) }, h('span', null, t(`patrol.hours.${name}`)), h('input', { type: 'number', name, value, ...options }));
  const shown = h('div.hours-answer', { 'aria-live': 'polite' });
  const form = h('form', { novalidate: true },
    h('h2', { id: 'hours-title' }, t('patrol.hours.title')), h('p.hint', null, t('patrol.hours.hint')),
    h('div.hours-fields', null,
      field('delayed', 5, { min: 0.1, max: 99, step: 'any', required: true }), field('utilisation', 60, { min: 1, max: 99, step: 'any', required: true }), field('on_scene', '', { min: 1, max: 600, placeholder: t('patrol.hours.measured') }), field('away', 20, { min: 0, max: 90, step: 'any', required: true }),
      field('shift', 8, { min: 1, max: 24, required: true }), field('limit', '', { min: 1, max: 2000, placeholder: t('patrol.hours.any') })),
    h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('close'), ' ', h('kbd', null, 'Esc')), ' ', h('button', { type: 'submit', id: 'hours-ask' }, t('patrol.hours.ask'))), shown);
  const box = h('dialog.paper.staffing', { 'aria-labelledby': 'hours-title', id: 'patrol-hours' }, form);
  const e = form.elements;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    const length = Number(e.shift.value);
    const question = {
      citizen: 'any', delayed_share: Number(e.delayed.value) / 100, utilisation: Number(e.utilisation.value) / 100, away_share: Number(e.away.value) / 100, lengths: [length],
      starts: [...new Set(Array.from({ length: Math.ceil(24 / length) }, (_, i) => (i * length) % 24))], on_scene_minutes: e.on_scene.value ? Number(e.on_scene.value) : null, crews: e.limit.value ? Number(e.limit.value) : null,
    };
    const started = await trying(() => post('/api/staffing/units', question));
    if (!started) return;
    $('#hours-ask', form).disabled = true;
    const words = (value) => t('patrol.hours.crew_hours', { n: number(value) });
    const plan = await watch(started.status_url, shown, words);
    $('#hours-ask', form).disabled = false;
    if (plan) fill(shown, answer(plan));
  });
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
}
