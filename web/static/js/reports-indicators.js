// The register of indicators: formula, owner, target, colour with its reason, history; change it here.
import { get, post, remove, trying } from './api.js';
import { ask } from './ask.js';
import { lang, t, zh } from './context.js';
import { fill, h, table, toast } from './dom.js';
import { number } from './format.js';

const FIELDS = ['name', 'formula', 'owner', 'target', 'orange', 'red', 'unit', 'fewest', 'definition'];
const NUMBERS = ['target', 'orange', 'red', 'fewest'];
const TAGS = { green: 'good', yellow: 'kind', orange: 'warn', red: 'bad', none: 'none' };

const colour = (r) => h(`span.tag.${TAGS[r.colour]}`, null, h(`i.dot.${r.colour}`), ` ${zh ? r.colour_zh : r.colour_en}`);
const marks = (history) => history.slice(-8).map((r) => h(`i.dot.${r.colour}`, { title: `${r.period}: ${r.value === null ? '–' : number(r.value, 1)} ${zh ? r.why_zh : r.why_en}` }));

async function put(body, version) {
  const answer = await fetch(`/api/indicators?version=${version}`, { method: 'PUT', headers: { 'Content-Type': 'application/json', 'Accept-Language': lang === 'en' ? 'en' : 'zh-CN' }, body: JSON.stringify(body) });
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error((zh ? value.detail_zh : value.detail_en) ?? t('error.status', { status: answer.status }));
  return value;
}
async function edit(held, one) {
  const values = await ask(t(one ? 'indicator.edit' : 'indicator.add'), FIELDS.map((name) => ({ name, label: t(`indicator.${name}`), value: one ? String(one[name] ?? '') : '', required: ['name', 'formula', 'owner', 'target', 'orange', 'red'].includes(name), long: name === 'definition' })), { note: t('indicator.names', { names: held.names.slice(0, 9).map((n) => n.name).join('、') }) });
  if (!values) return false;
  const body = { every: one?.every ?? 'month', title_en: one?.title_en ?? '', ...values };
  for (const name of NUMBERS) body[name] = Number(values[name] || 0);
  body.better = body.target >= body.red ? 'higher' : 'lower';
  const kept = await trying(() => put(body, held.version));
  if (kept) toast(t('indicator.kept', { name: body.name }));
  return Boolean(kept);
}
async function drop(held, one) {
  if (!window.confirm(t('indicator.drop.sure', { name: one.name }))) return false;
  return Boolean(await trying(() => remove(`/api/indicators/${encodeURIComponent(one.name)}?version=${held.version}`)));
}

/** Show the register as it reads for the period of the report. */
export async function showIndicators(where, report, kind) {
  const again = () => showIndicators(where, report, kind);
  const held = await trying(() => get('/api/indicators'));
  if (!held) return;
  const query = new URLSearchParams({ kind, ...(report ? { day: report.first } : {}) });
  const read = (keep) => trying(() => post(`/api/indicators/readings?${query}${keep ? '&keep=true' : ''}`, {}));
  const now = await read(false);
  const reading = (i) => now?.readings.find((r) => r.name === i.name);
  const columns = [
    [t('indicator.name'), (i) => [h('b', null, zh ? i.name : i.title_en || i.name), i.definition && h('small', { title: i.definition }, ' ⓘ')]],
    [t('indicator.value'), (i) => { const r = reading(i); return r && r.value !== null ? `${number(r.value, 1)} ${i.unit}` : '–'; }, 'n'],
    [t('indicator.colour'), (i) => { const r = reading(i); return r ? colour(r) : '–'; }],
    [t('indicator.why'), (i) => { const r = reading(i); return r ? `${zh ? r.why_zh : r.why_en}${r.n === null ? '' : ` (n = ${number(r.n)})`}` : '–'; }],
    [t('indicator.target'), (i) => `${i.target} / ${i.orange} / ${i.red}`, 'n'], [t('indicator.owner'), (i) => i.owner], [t('indicator.formula'), (i) => h('code', null, i.formula)],
    [t('indicator.history'), (i) => (i.history.length ? marks(i.history) : '–')],
    ['', (i) => [h('button.link', { type: 'button', on: { click: async () => { if (await edit(held, i)) again(); } } }, t('indicator.edit')), h('button.link', { type: 'button', on: { click: async () => { if (await drop(held, i)) again(); } } }, t('indicator.drop'))]],
  ];
  fill(where, h('h1', null, t('indicator.title')), h('p.sub', null, now ? `${now.first} – ${now.last}` : ''),
    h('div.across', null, table(columns, held.indicators, { label: t('indicator.title') })),
    h('div.pair', null, h('button', { type: 'button', on: { click: async () => { if (await edit(held, null)) again(); } } }, t('indicator.add')), h('button.primary', { type: 'button', on: { click: async () => { const made = await read(true); if (made) { toast(t(made.kept ? 'indicator.recorded' : 'indicator.open')); again(); } } } }, t('indicator.record'))),
    h('p.meta', null, t('indicator.note')), h('h2', null, t('indicator.may')),
    h('dl.names', null, held.names.map((n) => [h('dt', null, h('code', null, n.name)), h('dd', null, `${zh ? n.zh : n.en}${now && n.name in now.values ? `: ${number(now.values[n.name], Number.isInteger(now.values[n.name]) ? 0 : 1)}` : ''}`)])));
  where.setAttribute('aria-busy', 'false');
}
