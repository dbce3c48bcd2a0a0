// Places beside the reports: a funnel of areas instead of a league table, and treated grids against control grids.
import { get, post, trying } from './api.js';
import { t, zh } from './context.js';
import { fill, h, table } from './dom.js';
import { number } from './format.js';

export const say = (value, name) => value[`${name}_${zh ? 'zh' : 'en'}`];
export const ends = (pair) => `${pair[0].slice(0, 16).replace('T', ' ')} – ${pair[1].slice(0, 16).replace('T', ' ')}`;
export const chance = (p) => (p === null ? '–' : p < 0.001 ? '< 0.001' : number(p, 3));
export const field = (name, label, value) => h('label.field', null, h('span', null, label), h('input', { type: 'text', name, value: value ?? '', inputmode: 'numeric', pattern: '\\d{4}-\\d{2}-\\d{2}', maxlength: 10 }));
const choice = (name, label, list, value) => h('label.field', null, h('span', null, label), h('select', { name }, list.map((v) => h('option', { value: v, selected: v === value }, t(`funnel.${name}.${v}`)))));
export const start = (where, title, hint, ...rest) => { fill(where, h('h1', null, title), h('p.sub', null, hint), ...rest); where.setAttribute('aria-busy', 'false'); };
export function form(fields, label, run) {
  const made = h('form.tool-form', null, fields, h('button.primary', { type: 'submit' }, label));
  made.addEventListener('submit', (event) => { event.preventDefault(); run(Object.fromEntries(new FormData(made))); });
  return made;
}

/** Areas by size: ratio to what is expected, between the limits that chance alone keeps to. */
export function funnel(f) {
  const top = Math.max(2, ...f.points.map((p) => p.ratio ?? 0), ...f.high[1].slice(-40)) * 1.05;
  const [least, most] = [Math.log(f.expected[0]), Math.log(f.expected[f.expected.length - 1])];
  const x = (v) => 50 + ((Math.log(Math.max(v, f.expected[0])) - least) / (most - least || 1)) * 650;
  const y = (v) => 300 - (Math.min(v, top) / top) * 280;
  const curve = (values, kind) => h('path', { class: kind, d: `M${f.expected.map((v, i) => `${x(v).toFixed(1)} ${y(values[i]).toFixed(1)}`).join('L')}` });
  const ticks = [0, 1, 2, 3, 4, 6, 8, 10].filter((v) => v <= top);
  const out = f.points.filter((p) => Math.abs(p.place) === 2 && p.n !== null);
  return [h('h2', null, t('funnel.title')),
    h('svg.funnel', { viewBox: '0 0 720 335', role: 'img', 'aria-label': t('funnel.about', { n: f.points.length, out: out.length }) },
      ticks.map((v) => [h('line', { class: 'grid', x1: 50, x2: 700, y1: y(v), y2: y(v) }), h('text', { x: 44, y: y(v) + 4, 'text-anchor': 'end' }, String(v))]),
      [1, 3, 10, 30, 100, 300, 1000, 3000].filter((v) => Math.log(v) >= least && Math.log(v) <= most).map((v) => h('text', { x: x(v), y: 318, 'text-anchor': 'middle' }, String(v))),
      curve(f.low[0], 'inner'), curve(f.high[0], 'inner'), curve(f.low[1], 'outer'), curve(f.high[1], 'outer'),
      f.points.filter((p) => p.ratio !== null).map((p) => h('circle', { class: `p${Math.abs(p.place)}`, cx: x(p.expected), cy: y(p.ratio), r: Math.abs(p.place) === 2 ? 4.5 : 3 })),
      h('text', { x: 375, y: 333, 'text-anchor': 'middle' }, t('funnel.x'))),
    h('p.meta', null, t('funnel.note', { n: number(f.n), dispersion: number(f.dispersion, 2), unit: say(f, 'unit'), edition: f.edition, left: number(f.left_out + f.elsewhere) })),
    out.length ? h('div.across', null, table([[t('funnel.area'), (p) => p.name], ['n', (p) => number(p.n), 'n'], [t('compare.expected'), (p) => number(p.expected, 1), 'n'], [t('funnel.ratio'), (p) => number(p.ratio, 2), 'n']], out, { label: t('funnel.out') })) : h('p', null, t('funnel.none'))];
}

/** Areas of any kind against what people, area or the period before make expected. */
export function showFunnel(where, report) {
  const out = h('div', { 'aria-live': 'polite' });
  const run = async (values) => { const answer = await trying(() => get(`/api/comparisons/funnel?${new URLSearchParams(values)}`)); if (answer) fill(out, h('p', null, ends(answer.period)), funnel(answer)); };
  const asked = form([field('first', t('compare.first'), report?.first), field('last', t('compare.last'), report?.last), choice('by', t('funnel.by'), ['community', 'grid', 'station'], 'grid'), choice('exposure', t('funnel.exposure'), ['population', 'area', 'before'], 'population')], t('compare.run'), run);
  start(where, t('funnel.title'), t('funnel.hint'), asked, out);
  if (report) run({ first: report.first, last: report.last, by: 'grid', exposure: 'population' });
}

/** What changed in treated grids beyond what changed in control grids (WDD). */
export function showWdd(where) {
  const out = h('div', { 'aria-live': 'polite' });
  const codes = (name) => h('label.field', null, h('span', null, t(`wdd.${name}`)), h('textarea', { name, rows: 4, required: true, placeholder: t('wdd.codes') }));
  const list = (text) => text.split(/[\s,，、;；]+/).filter(Boolean);
  const run = async (v) => {
    const answer = await trying(() => post('/api/comparisons/displacement', { before: [v.before_first, v.before_last], after: [v.after_first, v.after_last], treated: list(v.treated), control: list(v.control) }));
    if (!answer) return;
    const rows = [[t('wdd.treated'), ...answer.treated, answer.treated_grids], [t('wdd.control'), ...answer.control, answer.control_grids]];
    fill(out, h('p.claim', null, h('b', null, say(answer, 'sentence'))),
      h('div.across', null, table([[t('wdd.group'), (r) => r[0]], [t('wdd.grids'), (r) => number(r[3]), 'n'], [t('wdd.before'), (r) => number(r[1]), 'n'], [t('wdd.after'), (r) => number(r[2]), 'n'], [t('wdd.change'), (r) => number(r[2] - r[1]), 'n']], rows, { label: t('wdd.title') })),
      h('p.meta', null, t('wdd.note', { difference: number(answer.difference), se: number(answer.standard_error, 1), z: number(answer.z, 2), edition: answer.edition })));
  };
  const asked = form([...['before_first', 'before_last', 'after_first', 'after_last'].map((name) => field(name, t(`wdd.${name}`))), codes('treated'), codes('control')], t('wdd.run'), run);
  start(where, t('wdd.title'), t('wdd.hint'), asked, out);
}
