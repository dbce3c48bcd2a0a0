// 研判报告: daily, weekly and monthly, with n, interval and baseline at every figure; the screen shows what the files print.
import { trying } from './api.js';
import { context, lang, t, zh } from './context.js';
import { $, $$, fill, h, toast } from './dom.js';
import { key } from './keys.js';
import { showIndicators } from './reports-indicators.js';
import { showFunnel, showWdd } from './reports-places.js';
import { showPresence } from './reports-presence.js';
import { drawSheet } from './reports-sheet.js';
import { showAlarms, showCompare, showSlips } from './reports-tools.js';
import { patient } from './reports-wait.js';
import { startShell } from './shell.js';
import { keep, read } from './url.js';

startShell({});
const field = $('#day');
const sheet = $('#sheet');
const DAY = 86400000;
const STEP = { daily: 1, weekly: 7 };
let kind = ['weekly', 'monthly'].includes(read('kind')) ? read('kind') : 'daily';
let shown = null;
let asking = 0;

const query = (day) => new URLSearchParams({ ...(day ? { day } : {}), lang: lang === 'en' ? 'en' : 'zh' });
const iso = (time) => new Date(time).toISOString().slice(0, 10);
function move(way) {
  const at = new Date(`${shown?.first ?? field.value}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return;
  field.value = kind === 'monthly' ? iso(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + way, 1)) : iso(at.getTime() + way * STEP[kind] * DAY);
  load();
}
const waiting = (job) => fill(sheet, h('p.loading', null, t('loading'), job?.message ? ` ${job.message}` : ''), h('div.progress', { role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.round((job?.share ?? 0) * 100), 'aria-label': t('job.progress') }, h('i', { style: { width: `${(job?.share ?? 0) * 100}%` } })));

async function load() {
  const day = field.value;
  if (day && (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(day)))) { toast(t('period.bad'), true); return; }
  const mine = ++asking;
  press('');
  sheet.setAttribute('aria-busy', 'true');
  const answer = await trying(() => patient(`/api/reports/${kind}/sheet?${query(day)}`, (job) => { if (mine === asking) waiting(job); }));
  if (mine !== asking) return;
  const report = answer && await answer.json();
  if (report) {
    shown = report;
    field.value = report.first;
    keep('day', report.first);
    drawSheet(sheet, report, (number) => `/api/reports/${kind}/pictures/${number}.png?${query(day)}`);
    if (context.demo) sheet.append(h('p.foot', null, (zh ? context.synthetic_note_zh : context.synthetic_note_en) || ''));
  } else fill(sheet, h('p.failed', null, t('report.failed', { day })));
  sheet.setAttribute('aria-busy', 'false');
}
async function download(form) {
  const button = $(`[data-form="${form}"]`);
  button.disabled = true;
  const answer = await trying(() => patient(`/api/reports/${kind}.${form}?${query(field.value)}`, () => {}));
  if (answer) {
    const name = /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? `xunge-${kind}.${form}`;
    const url = URL.createObjectURL(await answer.blob());
    const link = h('a', { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    toast(t('report.file.done', { name }));
  }
  button.disabled = false;
}
const TOOLS = { compare: () => showCompare(sheet, shown), funnel: () => showFunnel(sheet, shown), wdd: () => showWdd(sheet), alarm: () => showAlarms(sheet, shown), slips: () => showSlips(sheet), indicator: () => showIndicators(sheet, shown, kind), presence: () => showPresence(sheet, shown) };
function press(name) {
  for (const button of $$('[data-tool]')) button.setAttribute('aria-pressed', String(button.dataset.tool === name));
  keep('tool', name);
}
/** Open a tool in place of the report; the same again goes back. */
async function tool(name) {
  if ($(`[data-tool="${name}"]`).getAttribute('aria-pressed') === 'true') { load(); return; }
  asking += 1;
  press(name);
  await TOOLS[name]();
}
function choose(next) {
  kind = next;
  keep('kind', kind === 'daily' ? '' : kind);
  $(`[name="kind"][value="${kind}"]`).checked = true;
  field.value = '';
  load();
}
$(`[name="kind"][value="${kind}"]`).checked = true;
field.value = read('day');
field.addEventListener('change', load);
for (const radio of $$('[name="kind"]')) radio.addEventListener('change', () => choose(radio.value));
for (const button of $$('[data-tool]')) button.addEventListener('click', () => tool(button.dataset.tool));
for (const button of $$('[data-form]')) button.addEventListener('click', () => download(button.dataset.form));
$('#day-before').addEventListener('click', () => move(-1));
$('#day-after').addEventListener('click', () => move(1));
$('#print').addEventListener('click', () => window.print());
key('ArrowLeft', 'report.before', () => move(-1));
key('ArrowRight', 'report.after', () => move(1));
key('p', 'report.print', () => window.print());
key('k', 'report.kind', () => choose({ daily: 'weekly', weekly: 'monthly', monthly: 'daily' }[kind]));
key('o', 'report.file.docx', () => download('docx'));
key('f', 'report.file.pdf', () => download('pdf'));
key('x', 'report.file.xlsx', () => download('xlsx'));
key('c', 'compare.title', () => tool('compare'));
key('u', 'funnel.title', () => tool('funnel'));
key('t', 'wdd.title', () => tool('wdd'));
key('a', 'alarm.title', () => tool('alarm'));
key('n', 'slips.title', () => tool('slips'));
key('i', 'indicator.title', () => tool('indicator'));
key('v', 'presence.title', () => tool('presence'));
const first = read('tool');
await load();
if (first in TOOLS) await tool(first);
document.documentElement.dataset.ready = '1';
