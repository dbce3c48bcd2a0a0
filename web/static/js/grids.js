// 网格调整: grids to look at as tiles; to edit, the shared arcs of the view. What moves on one side moves on the other.
import { get, trying } from './api.js';
import { arcEditor } from './arcedit.js';
import { ask } from './ask.js';
import { context, t, zh } from './context.js';
import { $, card, fill, h, meta, pairs, toast } from './dom.js';
import { area, number } from './format.js';
import { createDraft, draftTopology, draftUnits, drawable, idle, openDraft, operate, redoOne, refreshDraft, undoOne, work } from './grid-draft.js';
import { save as saveDirect, unsaved } from './grid-direct.js';
import { draftBar } from './grid-draftbar.js';
import { measuring } from './grid-measures.js';
import { gridTools } from './grid-tools.js';
import { gridTiles } from './gridtiles.js';
import { key } from './keys.js';
import { count, layerOn, startLayers } from './layers.js';
import { legend, marks } from './legend.js';
import { closePlace, locate, startLocate } from './locate.js';
import { map, onTheme, show, startMap, themeChanged } from './mapview.js';
import { glyph } from './shapes.js';
import { guard, startShell } from './shell.js';
import { keep, read } from './url.js';

startMap();
startShell({ choose: (r) => { show(r); if (!editor) locate(r.lat, r.lon); }, themeChanged });

const grids = gridTiles();
const police = gridTiles({ collection: 'grids', dataLayer: 'police_grids', pane: 'areas' });
const [conflict, working, changes, about, history] = [h('div', { 'aria-live': 'assertive' }), h('div'), h('div'), h('div'), h('div')];
const held = { version: context.versions.grids ?? 0, edition: '', bbox: '' };
let editor = null;
let figures = null;
let compared = null;
let saving = false;
let tiling = 0;
const flying = new Set();

const ready = () => drawable();
const tools = gridTools({ editor: () => editor, act, panel: soon, ready, blocks: () => draftUnits(held.bbox) });
startLocate({ then: (a) => { if (a.grid) keep('grid', a.grid.code); } });
map.on('click', () => { if (editor || compared) closePlace(); });
guard(() => Boolean(work.pending || (editor && !work.draft && editor.dirty().length)));

let waiting = 0;
function soon() { waiting ||= requestAnimationFrame(() => { waiting = 0; panels(); }); }
/** At each move of the pointer only the banner changes at once; the panels follow with the next frame. */
function told(state) {
  if (state.bad) tools.say(t('edit.crossing'), true);
  else if (state.sprang) tools.say(t('edit.sprang'), true);
  else if (state.kept) tools.say(t('edit.kept'), true);
  else if (state.touched) tools.say(t('edit.moving', { n: state.touched }));
  else if (tools.name === 'vertex') tools.say(work.draft && !ready() ? t('draft.fixed') : state.selected < 0 ? t('edit.pick') : t('edit.drag'));
  else tools.selected();
  soon();
}
function panels() {
  const d = work.draft;
  $('#undo').disabled = d ? !(editor && ready() && d.can_undo) : !editor?.steps[0];
  $('#redo').disabled = d ? !(editor && ready() && d.can_redo) : !editor?.steps[1];
  $('#save').disabled = saving || Boolean(d) || !editor?.dirty().length;
  $('#direct').hidden = Boolean(d);
  fill(working, editor ? tools.card() : null);
  fill(changes, !editor ? (compared ? null : intro()) : d ? figures.panel((code) => editor.select(editor.indexOf(code)), flying) : unsaved(editor));
  drawAbout();
}
function intro() {
  return card(t('edit.title'), {}, h('p.meta', null, t('edit.intro')), meta(t('edit.version', { n: held.version }), `n = ${number(context.counts.grids)} ${t('unit.grids')}`));
}
function drawAbout() {
  if (!editor || editor.selected < 0) { fill(about); return; }
  const g = editor.arcs.grids[editor.selected];
  const p = g.properties;
  const m = work.draft ? work.measures[g.code] : null;
  const on = tools.held(g.code);
  fill(about, card(p.name ?? g.code, { aside: g.code, id: 'grid-card' },
    pairs([[t('grid.code'), g.code], [t('place.community'), p.parent_name ?? p.parent_code ?? '–'], p.kind && [t('post.kind'), t(`grid.${p.kind}`)], Number.isFinite(p.population) && [t('measure.population'), number(p.population)], [t('grid.area'), area(editor.arcs.area(editor.selected))], m && [t('edit.calls'), number(m.calls)], m && Number.isFinite(m.households) && [t('grid.households'), number(m.households)], [t('edit.compactness'), number(editor.arcs.compactness(editor.selected), 2)]]),
    h('div.details', null, h('button', { type: 'button', id: 'lock', 'aria-pressed': String(on), 'aria-keyshortcuts': 'K', on: { click: tools.lock } }, t(on ? 'grid.unlock' : 'grid.lock'), ' ', h('kbd', null, 'K')))));
}
function plainBar() {
  fill($('#time'), h('div.timebar.plain', null, h('p.hint', null, editor ? t('edit.keys') : t('edit.view')), h('div.now', null, h('b', null, t('edit.version', { n: held.version })), h('small', null, t('edit.version.note', { n: number(context.counts.grids) })))));
}
const bar = draftBar({
  bar: $('#time'), history, plain: plainBar, compare: () => compare(), comparing: () => Boolean(compared),
  async opened() { keep('draft', work.draft.draft_id); fill(conflict); leave(); drop(); await begin(); },
  closed() { keep('draft', ''); fill(conflict); leave(); drop(); },
  async stepped(draft) {
    fill(conflict);
    if (draft.state === 'published') {
      leave(); drop();
      const found = await get('/api/collections/grids').catch(() => null);
      held.version = draft.version ?? found?.version ?? held.version + 1;
      grids.refresh(held.version);
      fill(conflict, card(t('draft.published.title'), { kind: 'key', id: 'published' }, h('p.meta', null, t('draft.published', { name: draft.name, day: draft.valid_from ?? '' }))));
    } else if (editor) await mount(await draftTopology(held.bbox), codeNow());
    soon();
  },
  refused(error) { alarm(t('edit.refused'), error); },
});
function alarm(title, error, ...more) {
  fill(conflict, card(title, { kind: 'alarm', id: error.status === 409 ? 'conflict' : 'refused' }, h('p.failed', null, error.message), error.body?.rows?.length && !error.body.rows.every((r) => error.message.includes(r)) ? meta(t('edit.conflict.rows', { rows: error.body.rows.slice(0, 8).join('、') })) : null, ...more));
  $('#right').scrollTop = 0;
  toast(error.message, true);
}
const codeNow = () => (editor && editor.selected >= 0 ? editor.arcs.grids[editor.selected].code : '');

async function begin(bbox) {
  const b = map.getBounds();
  const button = $('#edit');
  held.bbox = bbox ?? [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => v.toFixed(6)).join(',');
  button.disabled = true;
  const topology = await trying(async () => {
    if (work.draft) return draftTopology(held.bbox);
    const answer = await get(`/api/grids/topology?bbox=${held.bbox}`);
    held.version = answer.version;
    held.edition = answer.edition;
    return answer.topology;
  });
  button.disabled = false;
  if (!topology) return;
  if (!topology.objects.grids.geometries.length) { toast(t('edit.empty'), true); return; }
  leave();
  closePlace();
  await mount(topology, read('grid'));
  button.setAttribute('aria-pressed', 'true');
  fill(button, t('edit.stop'), ' ', h('kbd', null, 'E'));
  keep('edit', '1');
  keep('area', held.bbox);
  bar.draw();
}
/** Put a topology on the map in place of the one before it. */
async function mount(topology, code) {
  tools.stop();
  editor?.close();
  editor = arcEditor(topology, { told, committed, picked: tools.picked, vertex: tools.vertex, over: tools.over });
  figures = measuring(editor);
  held.editor = editor;
  window.xungeEditor = editor;
  if (layerOn('codes')) editor.labels.addTo(map);
  clearTimeout(tiling);
  const codes = new Set(editor.arcs.grids.map((g) => g.code));
  tiling = setTimeout(() => grids.except(codes), 250); // the tiles around can wait, she cannot
  count('grids', `${editor.arcs.grids.length} / ${number(context.counts.grids)}`);
  tools.start();
  if (work.draft && !ready()) editor.mode('none');
  editor.select(editor.indexOf(code));
  soon();
}
/** End editing without a question. */
function drop() {
  tools.stop();
  editor?.close();
  editor = held.editor = figures = null;
  delete window.xungeEditor;
  flying.clear();
  tools.say('');
  tools.show();
  const button = $('#edit');
  button.setAttribute('aria-pressed', 'false');
  fill(button, t('edit.start'), ' ', h('kbd', null, 'E'));
  keep('edit', '');
  keep('area', '');
  clearTimeout(tiling);
  grids.except(null);
  count('grids', number(context.counts.grids));
  bar.draw();
  panels();
}
function end() {
  if (!work.draft && editor?.dirty().length && !confirm(t('edit.discard'))) return;
  fill(conflict);
  drop();
}

/** Send an operation of a tool; on the answer the area is loaded anew, since lines may have other numbers. */
async function act(operation, code) {
  if (!work.draft || !ready()) { tools.say(t('draft.needed'), true); return; }
  tools.say(t('draft.sending'));
  await done(operate(operation), code, operation.kind, () => act(operation, code));
}
async function done(sent, code, kind, again) {
  try {
    const answer = await sent;
    if (!answer) return;
    fill(conflict);
    await idle();
    await mount(await draftTopology(held.bbox), code);
    toast([t(`draft.done.${kind}`, { n: answer.changed.length, added: (answer.added ?? []).join('、') || '–' }), ...(answer[zh ? 'notes_zh' : 'notes_en'] ?? [])].join(t('semi')));
    await look();
  } catch (error) { await refused(error, again); }
}
/** What the draft changes in all, and which steps are open now. */
async function look() {
  if (!work.draft || work.pending) return;
  await refreshDraft().catch(() => {});
  bar.draw();
  soon();
}
async function refused(error, again) {
  if (error.status === 409) {
    const redo = async () => { fill(conflict); await again(); };
    alarm(t('draft.conflict'), error, h('p.meta', null, t('draft.conflict.kept')), h('div.details.column', null, h('button', { type: 'button', id: 'again', on: { click: redo } }, t('draft.conflict.again')), h('button', { type: 'button', on: { click: () => fill(conflict) } }, t('draft.conflict.drop'))));
    await trying(() => openDraft(work.draft.draft_id));
  } else alarm(t('draft.refused'), error);
  const topology = await trying(() => draftTopology(held.bbox));
  if (topology) await mount(topology, codeNow());
  bar.draw();
}
/** Lines that she moved by hand: they stay where they are while the server looks at them. */
async function committed() {
  if (!work.draft) return;
  const lines = editor.changes();
  if (!lines.length) return;
  const mine = editor.kept().map(({ base, coords, sides }) => ({ base, sides, coords: coords.map((p) => [...p]) }));
  for (const a of editor.areas()) flying.add(a.code);
  editor.settle();
  try {
    const answer = await operate({ kind: 'replace_arcs', arcs: lines });
    if (answer) fill(conflict);
    await look();
  } catch (error) {
    await refused(error, async () => { if (!editor) return; const n = editor.lay(mine); toast(t('edit.conflict.laid', { n, all: mine.length }), n < mine.length); await committed(); });
  } finally {
    if (!work.pending) flying.clear();
    soon();
  }
}
function back(which) {
  if (!editor) return false;
  if (!work.draft) return editor[which === 'undo' ? 'undo' : 'redo']();
  if (!ready()) return false;
  return idle().then(() => { if (work.draft?.[`can_${which}`]) return done(which === 'undo' ? undoOne() : redoOne(), codeNow(), which, () => back(which)); return undefined; });
}

async function save() {
  if (!editor || work.draft || saving || !editor.dirty().length) return;
  saving = true;
  $('#save').disabled = true;
  const reload = async (version) => {
    const code = codeNow();
    if (version) { context.versions.grids = held.version = version; grids.refresh(version); }
    keep('grid', code);
    fill(conflict);
    drop();
    await begin();
  };
  await saveDirect(held, {
    conflict, reload,
    /** Lay her changes over those lines that nobody else touched. */
    again: async (mine) => { await reload(); if (editor) { const n = editor.lay(mine); toast(t('edit.conflict.laid', { n, all: mine.length }), n < mine.length); } },
    /** The same, in a draft of her own. */
    draft: async (mine) => {
      const got = await ask(t('draft.new'), [{ name: 'name', label: t('draft.name'), required: true, value: t('draft.kept.name') }], { confirm: t('draft.new') });
      if (!got || !(await trying(() => createDraft(got.name)))) return;
      keep('draft', work.draft.draft_id);
      await reload();
      if (editor) { const n = editor.lay(mine); toast(t('edit.conflict.laid', { n, all: mine.length }), n < mine.length); await committed(); }
    },
  });
  saving = false;
  soon();
}

/** The draft beside its base: changes on the map and in figures. */
async function compare() {
  if (compared) { leave(); await begin(held.bbox || undefined); return; }
  await idle();
  const made = await trying(async () => {
    const [{ compareView }, { comparison }] = await Promise.all([import('./grid-compare.js'), import('./grid-draft.js')]);
    const data = await comparison(work.draft.draft_id);
    const round = L.geoJSON(data.pieces).getBounds();
    const near = round.isValid() ? await draftTopology(round.pad(0.05).toBBoxString()).catch(() => null) : null;
    return compareView(work.draft, data, near);
  });
  if (!made) return;
  drop();
  compared = made;
  grids.except(made.codes);
  keep('compare', '1');
  fill($('#panel'), conflict, made.panel, history);
  bar.draw();
}
function leave() {
  if (!compared) return;
  compared.close();
  compared = null;
  grids.except(null);
  keep('compare', '');
  fill($('#panel'), conflict, working, about, changes, history);
}

$('#edit').addEventListener('click', () => (editor ? end() : begin()));
$('#undo').addEventListener('click', () => back('undo'));
$('#redo').addEventListener('click', () => back('redo'));
$('#save').addEventListener('click', save);
key('e', 'key.edit', () => $('#edit').click());
key('Ctrl+z', 'edit.undo', () => back('undo'));
key('Ctrl+Shift+z', 'edit.redo', () => back('redo'));
key('Ctrl+s', 'edit.save', () => save(), { always: true });
key('Delete', 'key.remove', () => editor?.removeChosen() ?? false);
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
for (const [name, [dx, dy]] of Object.entries(arrows)) {
  key(name, `key.${name}`, (e) => { if (!editor || e.target.closest('input, .scroll') || e.target.matches('.drawing')) return false; return editor.hasVertex ? editor.nudge(dx * 4, dy * 4) : editor.neighbour(dx, dy); });
}
key('Enter', 'key.first', (e) => {
  if (!editor || e.target.closest('button, a, input, tr, dialog')) return false;
  const marker = e.target.closest('.leaflet-marker-icon');
  if (!marker && tools.enter(e.target === map.getContainer() ? map.getCenter() : null)) return true;
  if (marker) return false;
  document.querySelector('.leaflet-marker-icon.node:not(.locked), .leaflet-marker-icon.vertex:not(.locked)')?.focus();
  return true;
});
key('Escape', 'key.close', () => {
  if (compared) { compare(); return true; }
  if (!editor) return false;
  if (tools.escape()) return true;
  if (tools.name !== 'vertex') { tools.choose('vertex'); return true; }
  if (editor.selected >= 0) editor.select(-1); else end();
  return true;
});

startLayers((id, on) => {
  if (id === 'grids') grids.show(on);
  if (id === 'police_grids') { police.show(on); legend('police', on ? marks(t('layer.police_grids'), null, [[glyph('square', { stroke: '#7b2d8e' }), t('layer.police_grids')]]) : null); }
  if (id === 'codes' && editor) { if (on) editor.labels.addTo(map); else editor.labels.remove(); }
  if (id === 'codes') grids.label?.(on);
});
onTheme(() => { editor?.restyle(); tools.restyle(); });
fill($('#panel'), conflict, working, about, changes, history);
panels();
bar.draw();
if (read('draft') && !(await trying(() => openDraft(read('draft'))))) keep('draft', '');
bar.draw();
if (work.draft && read('compare')) await compare();
else if ((work.draft || read('edit')) && map.getZoom() >= 13) await begin(read('area') || undefined);
document.documentElement.dataset.ready = '1';
