// A file: sent, looked at, mapped, written as a job that shows how far it is and can be stopped.
import { Problem, get, post, remove, send, trying, upload } from './api.js';
import { t, zh } from './context.js';
import { $, card, fill, h, meta, pairs, table, tiles, toast } from './dom.js';
import { number, percent } from './format.js';
import { key } from './keys.js';
import { basesCard, flagTable, learn, mappingTable, previewTable, readMapping } from './calls-preview.js';

const form = $('#export');
let file = null; // what she chose
let told = null; // the last preview
let refusal = ''; // why there is none
let asking = 0;

const asked = () => ({ frame: form.elements.frame.value, encoding: form.elements.encoding.value, source: form.elements.source.value.trim() || null, damaged: form.elements.damaged.checked ? 'mark' : 'refuse' });

/** Ask what would become of the file; `mapping` is hers when she changed it. */
async function preview(mapping = null) {
  const mine = ++asking;
  const { frame, encoding, source, damaged } = asked();
  busy(t('calls.reading', { name: file.name }));
  refusal = '';
  try {
    let next;
    const watched = watch(file);
    if (told?.upload_id) next = await watched.run(() => post(`/api/calls/preview/${told.upload_id}?progress=${watched.name}`, { upload_id: told.upload_id, mapping: mapping ?? told.mapping, frame, encoding, source, damaged }));
    else {
      const query = new URLSearchParams({ frame, damaged, encoding, progress: watched.name });
      next = await watched.run(() => upload(`/api/calls/preview?${query}`, { file }, watched.sent));
    }
    if (mine !== asking) return;
    told = next;
  } catch (error) {
    if (mine !== asking) return;
    refusal = error.message;
    // The fields can still be shown and mapped by hand where the file itself could be read.
    if (!told?.upload_id && error instanceof Problem && error.status === 422) {
      const query = new URLSearchParams({ damaged, encoding });
      const fields = await send(`/api/calls/uploads?${query}`, { file }).catch(() => null);
      if (fields && mine === asking) told = { ...fields, refused: true };
    } else if (mapping && told) told = { ...told, mapping, refused: true };
    else if (told) told.refused = true;
  }
  if (mine === asking) draw();
}
/** Show how far a preview is: the part that was sent, then what the server tells. */
function watch(of) {
  const name = crypto.getRandomValues(new Uint32Array(2)).reduce((text, v) => text + v.toString(16).padStart(8, '0'), '');
  let over = false;
  const show = (share, text) => { if (!over && file === of) busy(text, share); };
  async function poll() {
    while (!over) {
      await new Promise((resolve) => { setTimeout(resolve, 400); });
      const at = over ? null : await get(`/api/calls/preview/progress/${name}`).catch(() => null);
      if (at) show(at.share, `${t('calls.reading', { name: of.name })} ${at.message}`);
    }
  }
  return {
    name,
    sent: (share) => show(share, share < 1 ? t('calls.sending', { name: of.name }) : t('calls.reading', { name: of.name })),
    async run(ask) { if (of.size > 1e6) poll(); try { return await ask(); } finally { over = true; } },
  };
}
function busy(text, share = null) {
  const done = Math.round((share ?? 0) * 100);
  fill($('#panel'), card(t('calls.wait'), { kind: 'key' }, h('p.loading', null, text), share !== null && [h('div.progress', { role: 'progressbar', id: 'preview-progress', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': done, 'aria-label': t('job.progress') }, h('i', { style: { width: `${done}%` } })), meta(`${done}%`)]));
  $('#work').setAttribute('aria-busy', 'true');
}
const remap = () => preview(readMapping($('#mapping'), told.mapping));

function start() {
  fill($('#work'), h('article.sheet.wide', null, h('h1', null, t('calls.title')),
    h('ol.steps', null, ['1', '2', '3', '4'].map((n) => h('li', null, h('b', null, t(`calls.step.${n}`)), h('span', null, t(`calls.step.${n}.note`)))))));
  fill($('#panel'), card(t('calls.safe'), {}, h('p.meta', null, t('calls.safe.note'))));
}
function draw() {
  $('#work').removeAttribute('aria-busy');
  if (!file) { start(); return; }
  $('#file-name').textContent = `${file.name} · ${number(file.size / 1e6, 2)} MB`;
  const r = told;
  if (r?.flags) learn(r.flags);
  fill($('#work'), h('article.sheet.wide', null,
    h('h1', null, file.name), refusal && h('p.refusal', { role: 'alert' }, refusal),
    r && h('h2', null, t('calls.mapping'), ' ', h('small', null, r.refused ? '' : t(`calls.mapping.${r.mapping_from}`, { name: r.profile_name }))),
    r && mappingTable(r, remap),
    r && !r.refused && [h('h2', null, t('calls.first', { n: r.preview.length })), previewTable(r.preview)],
    r?.rejected?.length > 0 && [h('h2', null, t('calls.rejected', { n: number(r.n_rejected) })), table([[t('calls.row'), (x) => number(x.row), 'n'], [t('calls.why'), (x) => (zh ? x.reason_zh : x.reason_en)]], r.rejected.slice(0, 20), { label: t('calls.rejected', { n: r.n_rejected }) })],
    r?.addresses?.length > 0 && [h('h2', null, t('calls.addresses')), table([[t('calls.address'), (x) => x.address], [t('calls.address.found'), (x) => x.found || x.candidates.join('；') || '–'], [t('calls.address.score'), (x) => number(x.score, 2), 'n']], r.addresses.slice(0, 20), { label: t('calls.addresses') })]));
  panel();
}
function frameCard(r) {
  const shares = Object.entries(r.frame_shares ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 6);
  return card(t('calls.frame'), { aside: r.source_frame || '–' },
    h('p.claim', null, r.frame_sure ? h('b', null, t(`calls.sure.${r.frame_sure}`) === `calls.sure.${r.frame_sure}` ? r.frame_sure : t(`calls.sure.${r.frame_sure}`)) : t('calls.sure.stated')),
    shares.length > 1 && table([[t('calls.frame.tried'), ([name]) => [name, h('i.bar', { style: { width: `${(shares[0][1] ? s(shares, name) : 0) * 100}%` } })]], [t('calls.frame.near'), ([, v]) => percent(v), 'n']], shares, { label: t('calls.frame.tried') }),
    meta(r.near_street_share === null ? t('calls.frame.no_streets') : t('calls.frame.street', { share: percent(r.near_street_share), m: number(r.median_street_m, 1) })));
}
const s = (shares, name) => shares.find(([n]) => n === name)[1];
function fileCard(r) {
  const damaged = r.damaged_rows ?? [];
  return card(t('calls.what'), {}, pairs([[t('calls.read'), number(r.read)], [t('calls.kept'), number(r.kept)], r.doubled > 0 && [t('calls.doubled'), number(r.doubled)], r.n_rejected > 0 && [t('calls.left_out'), number(r.n_rejected)],
    [t('calls.placed'), number(r.n_placed)], r.encoding && [t('calls.encoding'), r.encoding === 'UTF-8' || form.elements.encoding.value !== 'auto' ? r.encoding : t('calls.encoding.found', { name: r.encoding })], damaged.length > 0 && [t('calls.damage'), damaged.slice(0, 12).join(', ')]]),
    r.persons.length > 0 && [h('p.claim.persons', null, h('span.tag.good', null, t('calls.persons')), ' ', r.persons.map((p) => p.column).join('、')), h('p.meta', null, [...new Set(r.persons.map((p) => p.reason))].map((why) => t(`calls.persons.${why}`)).join(' · '))],
    r.unused.length > 0 && meta(t('calls.unused', { names: r.unused.join('、') })),
    Object.keys(r.assumed).length > 0 && meta(t('calls.assumed', { what: Object.entries(r.assumed).map(([k, v]) => `${t(`calls.column.${k}`)} = ${{ true: t('yes'), false: t('no') }[v] ?? v}`).join('，') })),
    (zh ? r.notes_zh : r.notes_en).length > 0 && h('ul.notes', null, (zh ? r.notes_zh : r.notes_en).map((note) => h('li', null, note))));
}
function panel() {
  const r = told;
  if (!r || r.refused) { fill($('#panel'), card(t('calls.refused'), { kind: 'alarm' }, h('p.failed', null, refusal || t('calls.refused.note')), r && h('p.meta', null, t('calls.refused.map')))); return; }
  fill($('#panel'),
    card(t('calls.ready'), { kind: 'key', aside: t('calls.preview') }, tiles([[number(r.kept), t('calls.kept')], [number(r.flags.reduce((n, f) => n + f.n, 0)), t('calls.flagged')], [number(r.kept - r.n_placed), t('calls.unplaced')]]),
      h('button.primary', { type: 'button', id: 'write', 'aria-keyshortcuts': 'Alt+Enter', style: { 'margin-top': '10px' }, on: { click: write } }, t('calls.write', { n: number(r.kept) }), ' ', h('kbd', null, 'Alt ↵')), meta(t('calls.write.note'))),
    basesCard(r.bases, t('calls.bases.file')), flagTable(r.flags), frameCard(r), fileCard(r));
}

async function write() {
  const { encoding, source, damaged } = asked();
  // The frame that the preview settled on is the frame of the import.
  const order = { upload_id: told.upload_id, mapping: readMapping($('#mapping'), told.mapping), frame: form.elements.frame.value, encoding, source, damaged };
  const started = await trying(() => post('/api/calls/import', order));
  if (started) follow(started.status_url, file.name);
}
async function follow(url, name) {
  const began = performance.now();
  let stopping = false;
  const drawJob = (job) => {
    const share = Math.round(job.share * 100);
    fill($('#panel'), card(t(`job.${job.state}`), { kind: 'key', id: 'job', aside: t('time.s', { s: Math.round((performance.now() - began) / 1000) }) },
      h('p.claim', null, name), h('div.progress', { role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': share, 'aria-label': t('job.progress') }, h('i', { style: { width: `${share}%` } })),
      meta(`${share}%`, job.message), h('div.details', null, h('button', { type: 'button', id: 'cancel', disabled: stopping, on: { click: () => trying(async () => { stopping = true; await remove(url); toast(t('calls.stopping')); }) } }, t('cancel'), ' ', h('kbd', null, 'X')))));
  };
  let job = { state: 'queued', share: 0, message: '' };
  for (;;) {
    drawJob(job);
    await new Promise((resolve) => { setTimeout(resolve, 350); });
    job = (await get(url).catch((error) => (error.status === 404 ? { state: 'failed', share: 0, problem: { detail: t('job.lost') } } : null))) ?? job;
    if (['done', 'failed', 'cancelled'].includes(job.state)) break;
  }
  if (job.state === 'done') { done(job.result, name); return; }
  const p = job.problem ?? {};
  const why = (zh ? p.detail_zh : p.detail_en) ?? p.detail ?? job.message;
  fill($('#panel'), card(t(`job.${job.state}`), { kind: 'alarm', id: 'job-ended' }, h('p.failed', null, why), h('div.details', null, h('button', { type: 'button', on: { click: panel } }, t('calls.again')))));
}
function done(r, name) {
  file = null; told = null;
  $('#file').value = '';
  $('#file-name').textContent = t('calls.file.kinds');
  const open = r.flags.reduce((n, f) => n + f.open, 0);
  fill($('#panel'),
    card(t('calls.done'), { kind: 'key', id: 'result', aside: name }, tiles([[number(r.inserted), t('calls.inserted')], [number(r.updated), t('calls.updated')], [number(r.unchanged), t('calls.unchanged')]]),
      meta(t('calls.version', { n: r.version })), open > 0 && h('button.primary', { type: 'button', style: { 'margin-top': '10px' }, on: { click: () => document.dispatchEvent(new CustomEvent('calls:mode', { detail: 'review' })) } }, t('calls.to_review', { n: number(open) }))),
    basesCard(r.bases, t('calls.bases.file')), flagTable(r.flags), frameCard(r));
  back();
  profiles();
}
/** The middle goes back to the steps; the result stays at the right. */
function back() { const kept = [...$('#panel').childNodes]; start(); fill($('#panel'), kept); }

async function profiles() {
  const held = await get('/api/calls/profiles').catch(() => null);
  const list = held?.profiles ?? [];
  $('#profile-count').textContent = list.length ? number(list.length) : '';
  fill($('#profiles'), list.length ? h('ul.list.profiles', null, list.map((p) => h('li', null, h('span.what', { title: p.headers.join('、') }, p.name), h('small', null, t('calls.fields', { n: number(p.headers.length) })),
    h('button.closer', { type: 'button', 'aria-label': t('calls.forget', { name: p.name }), title: t('calls.forget', { name: p.name }), on: { click: () => trying(async () => { await remove(`/api/calls/profiles/${encodeURIComponent(p.profile_id)}`); toast(t('calls.forgot', { name: p.name })); profiles(); }) } }, '×')))) : h('p.hint', null, t('calls.profiles.none')));
}
function take(chosen) {
  if (!chosen) return;
  file = chosen; told = null; refusal = '';
  preview();
}
$('#file').addEventListener('change', (event) => take(event.target.files[0]));
for (const zone of [$('#drop'), $('#stage')]) {
  zone.addEventListener('dragover', (event) => { if (document.documentElement.dataset.mode === 'import') { event.preventDefault(); $('#drop').classList.add('over'); } });
  zone.addEventListener('dragleave', () => $('#drop').classList.remove('over'));
  zone.addEventListener('drop', (event) => { if (document.documentElement.dataset.mode !== 'import') return; event.preventDefault(); $('#drop').classList.remove('over'); take(event.dataTransfer.files[0]); });
}
for (const name of ['frame', 'encoding', 'damaged', 'source']) form.elements[name].addEventListener('change', () => { if (file) preview(); });
form.addEventListener('submit', (event) => event.preventDefault());
key('Alt+Enter', 'calls.key.write', () => { const button = $('#write'); if (!button) return false; button.click(); return true; }, { always: true });
key('x', 'calls.key.cancel', () => { const button = $('#cancel'); if (!button) return false; button.click(); return true; });

export async function openImport() { draw(); await profiles(); }
