// 网格质检: what is wrong with the grids, what would mend it, and what the division does to the figures.
import { get, post, remove, trying } from './api.js';
import { context, t } from './context.js';
import { $, $$, card, fill, h, meta, toast } from './dom.js';
import { ymd } from './format.js';
import { gridTiles } from './gridtiles.js';
import { key } from './keys.js';
import { layerOn, startLayers } from './layers.js';
import { ink, map, onTheme, show, startMap, themeChanged, unmark } from './mapview.js';
import { startShell } from './shell.js';
import { keep, read } from './url.js';
import { REPORTS, showReport } from './checks-reports.js';

startMap();
$('#time').hidden = true;
$('#right').tabIndex = 0; // long lists are scrolled with the keyboard
startShell({ choose: show, themeChanged });
const grids = gridTiles();
const police = gridTiles({ collection: 'police_grids', dataLayer: 'police_grids' });
startLayers((layer, on) => { if (layer === 'grids') grids.show(on); else if (layer === 'police_grids') police.show(on); else grids.label(on && layerOn('codes')); });

const form = $('#options');
const boxes = $$('input[name="report"]');
const chosen = () => boxes.find((b) => b.checked).value;
const panel = $('#panel');
let spots = [];
let dots;

function turn() {
  const now = chosen();
  keep('report', now === 'check' ? '' : now);
  for (const part of $$('[data-for]', form)) part.hidden = !part.dataset.for.split(' ').includes(now);
  $('#about').textContent = t(`checks.help.${now}`);
  mark([]);
  fill(panel, card(t(`checks.${now}`), {}, h('p.meta', null, t(`checks.help.${now}`))));
}
function mark(list) {
  spots = list;
  dots?.remove();
  unmark();
  if (!list.length) return;
  const c = ink();
  dots = L.layerGroup(list.slice(0, 2000).map((x) => L.circleMarker([x.lat, x.lon], { pane: 'dots', radius: 6, weight: 2, color: c.halo, fillColor: x.bad ? c.bad : c.accent, fillOpacity: 0.9 }).bindTooltip(h('div', null, x.title)))).addTo(map);
}
onTheme(() => mark(spots));
const pick = (x) => { if (Number.isFinite(x.lon)) show({ lon: x.lon, lat: x.lat, title: t(`checks.${chosen()}`) }); };

/** Follow a job with its percent until it ends; resolves to the job. */
async function follow(url) {
  let job = { state: 'queued', share: 0, message: '' };
  while (['queued', 'running'].includes(job.state)) {
    const share = Math.round((job.share ?? 0) * 100);
    fill(panel, card(t('checks.running'), { kind: 'key', id: 'job', aside: `${share}%` }, h('div.progress', { role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': share, 'aria-label': t('job.progress') }, h('i', { style: { width: `${share}%` } })),
      job.message && meta(job.message), h('div.details', null, h('button', { type: 'button', id: 'cancel', on: { click: () => trying(() => remove(url)) } }, t('cancel'), ' ', h('kbd', null, 'X')))));
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    job = await get(url);
  }
  return job;
}
/** Ask for a report, wait for its job where it is one, and show it; `commit` writes a new edition. */
async function run(commit = false) {
  const name = chosen();
  const report = REPORTS[name];
  const values = Object.fromEntries(new FormData(form));
  values.fresh = form.elements.fresh.checked;
  const files = new FormData();
  for (const file of form.elements.files.files) files.append('files', file);
  if (['from', 'to', 'before_from', 'before_to'].some((k) => values[k] && !/^\d{4}-\d{2}-\d{2}$/.test(values[k]))) { toast(t('period.bad'), true); return; }
  if (report.send && !form.elements.files.files.length) { toast(t('checks.no_files'), true); return; }
  $('#run').disabled = true;
  fill(panel, card(t(`checks.${name}`), { kind: 'key' }, h('p.loading', null, t('checks.running'))));
  panel.setAttribute('aria-busy', 'true');
  try {
    let answer;
    if (report.path) answer = await get(report.path(values));
    else if (report.post) answer = await post(...report.post(values, commit));
    else { const [path, body] = report.send(values, commit, files); answer = await post(path, body); }
    if (answer.status_url) {
      panel.removeAttribute('aria-busy');
      const job = await follow(answer.status_url);
      if (!job.result?.report_url) {
        const p = job.problem ?? {};
        fill(panel, card(t(`checks.job.${job.state}`), { kind: 'alarm' }, h('p.failed', null, (document.documentElement.lang === 'en' ? p.detail_en ?? p.en : p.detail_zh ?? p.zh) ?? p.detail ?? job.message)));
        return;
      }
      answer = await get(job.result.report_url);
    }
    if (name !== chosen()) return;
    const write = report.commits?.(answer) && h('div.details', null, h('button.primary', { type: 'button', id: 'commit', on: { click: () => run(true) } }, t('checks.commit')));
    const link = report.file && h('div.details', null, h('a.button', { href: `${report.path(values)}&f=xlsx`, download: '' }, t('checks.xlsx')));
    mark(showReport(name, answer, panel, pick, write));
    if (link) panel.firstElementChild.append(link);
    if (commit) { toast(t('checks.written')); grids.refresh(Date.now()); }
  } catch (error) {
    fill(panel, card(t(`checks.${name}`), { kind: 'alarm' }, h('p.failed', { role: 'alert' }, error.message)));
  } finally {
    $('#run').disabled = false;
    panel.removeAttribute('aria-busy');
  }
}
boxes.forEach((b) => b.addEventListener('change', turn));
form.addEventListener('submit', (event) => { event.preventDefault(); run(); });
for (const box of boxes) key(box.getAttribute('aria-keyshortcuts').toLowerCase(), `checks.${box.value}`, () => box.click());
key('Alt+Enter', 'checks.run', () => $('#run').click(), { always: true });
key('x', 'checks.cancel', () => { const button = $('#cancel'); if (!button) return false; button.click(); return true; });

// Four weeks against the four before, unless she says otherwise.
const dayBefore = (days) => ymd(Date.parse(context.data_as_of) - days * 86400000);
for (const [name, days] of [['from', 28], ['to', 0], ['before_from', 56], ['before_to', 28]]) form.elements[name].value = dayBefore(days);
const editions = await get('/api/editions').catch(() => ({ editions: [] }));
form.elements.edition.append(...editions.editions.map((e) => h('option', { value: e.edition_id }, `${e.edition_id} · ${e.valid_from}`)));
if (boxes.some((b) => b.value === read('report'))) boxes.forEach((b) => { b.checked = b.value === read('report'); });
turn();
document.documentElement.dataset.ready = '1';
if (!['repair', 'merge'].includes(chosen())) run();
