// 网格调整: grids to look at as tiles; to edit, the shared arcs of the view. What moves on one side moves on the other.
import { get, post, trying } from './api.js';
import { arcEditor } from './arcedit.js';
import { context, t } from './context.js';
import { $, card, fill, h, meta, pairs, table, toast } from './dom.js';
import { area, number, signed } from './format.js';
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
const [conflict, changes, about] = [h('div', { 'aria-live': 'assertive' }), h('div'), h('div')];
const bar = $('#time');
let editor = null;
let version = context.versions.grids ?? 0;
let edition = '';
let saving = false;

startLocate({ then: (a) => { if (a.grid) keep('grid', a.grid.code); } });
map.on('click', () => { if (editor) closePlace(); });
guard(() => Boolean(editor && editor.dirty().length));

const hectares = (m2) => number(m2 / 10000, 2);
const banner = (text, bad = false) => fill($('#maptools'), text ? h(bad ? 'div.banner.bad' : 'div.banner', { role: 'status' }, text) : null);

let waiting = 0;
/** At each move of the pointer only the banner changes at once; the panels follow with the next frame. */
function told(state) {
  $('#undo').disabled = !state.undo;
  $('#redo').disabled = !state.redo;
  if (state.bad) banner(t('edit.crossing'), true);
  else if (state.sprang) banner(t('edit.sprang'), true);
  else if (state.kept) banner(t('edit.kept'), true);
  else if (state.touched) banner(t('edit.moving', { n: state.touched }));
  else banner(state.selected < 0 ? t('edit.pick') : t('edit.drag'));
  waiting ||= requestAnimationFrame(() => { waiting = 0; panels(); });
}
function panels() {
  $('#save').disabled = saving || !editor?.dirty().length;
  drawChanges();
  drawAbout();
  drawBar();
}
function drawChanges() {
  const list = editor ? editor.areas() : [];
  if (!list.length) { fill(changes, editor ? card(t('edit.changes'), {}, h('p.meta', null, t('edit.nothing'))) : null); return; }
  const sum = list.reduce((s, a) => s + a.after - a.before, 0);
  fill(changes, card(t('edit.changes'), { kind: 'key', aside: t('edit.unsaved', { n: list.length }), id: 'changes' },
    table([[t('place.grid'), (a) => [h('div', null, a.name ?? ''), h('small', null, a.code)]], [t('before.ha'), (a) => hectares(a.before), 'n'], [t('after.ha'), (a) => hectares(a.after), 'n'], [t('change'), (a) => `${signed(((a.after - a.before) / a.before) * 100, 1)}%`, 'n']], list, { label: t('edit.changes'), pick: (a) => editor.select(editor.indexOf(a.code)), key: (a) => a.code }),
    meta(t('edit.sum', { sum: `${signed(sum)} ${t('unit.m2')}` }))));
}
function drawAbout() {
  if (!editor || editor.selected < 0) { fill(about); return; }
  const g = editor.arcs.grids[editor.selected];
  const p = g.properties;
  fill(about, card(p.name ?? g.code, { aside: g.code, id: 'grid-card' }, pairs([[t('grid.code'), g.code], [t('place.community'), p.parent_name ?? p.parent_code ?? '–'], p.kind && [t('post.kind'), t(`grid.${p.kind}`)], Number.isFinite(p.population) && [t('measure.population'), number(p.population)], [t('grid.area'), area(editor.arcs.area(editor.selected))]])));
}
function drawBar() {
  fill(bar, h('div.timebar.plain', null, h('p.hint', null, editor ? t('edit.keys') : t('edit.view')), h('div.now', null, h('b', null, t('edit.version', { n: version })), h('small', null, t('edit.version.note', { n: number(context.counts.grids) })))));
}

async function begin() {
  const b = map.getBounds();
  const button = $('#edit');
  button.disabled = true;
  const answer = await trying(() => get(`/api/grids/topology?bbox=${[b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => v.toFixed(6)).join(',')}`));
  button.disabled = false;
  if (!answer) return;
  if (!answer.topology.objects.grids.geometries.length) { toast(t('edit.empty'), true); return; }
  version = answer.version;
  edition = answer.edition;
  closePlace();
  grids.show(false);
  editor = arcEditor(answer.topology, told);
  window.xungeEditor = editor;
  if (layerOn('codes')) editor.labels.addTo(map);
  button.setAttribute('aria-pressed', 'true');
  fill(button, t('edit.stop'), ' ', h('kbd', null, 'E'));
  keep('edit', '1');
  editor.select(editor.indexOf(read('grid')));
  count('grids', `${editor.arcs.grids.length} / ${number(context.counts.grids)}`);
}
function end() {
  if (editor?.dirty().length && !confirm(t('edit.discard'))) return;
  stop();
}
function stop() {
  editor?.close();
  editor = null;
  fill(conflict); fill(changes); fill(about);
  banner('');
  const button = $('#edit');
  button.setAttribute('aria-pressed', 'false');
  fill(button, t('edit.start'), ' ', h('kbd', null, 'E'));
  for (const id of ['#undo', '#redo', '#save']) $(id).disabled = true;
  cancelAnimationFrame(waiting);
  waiting = 0;
  keep('edit', '');
  grids.show(layerOn('grids'));
  count('grids', number(context.counts.grids));
  drawBar();
  drawIntro();
}
async function save() {
  if (!editor || saving || !editor.dirty().length) return;
  saving = true;
  $('#save').disabled = true;
  try {
    const answer = await post('/api/grids/arcs', { seen_version: version, edition, arcs: editor.changes(), note: $('#note').value.trim() });
    version = answer.version;
    context.versions.grids = version;
    const kept = editor.selected < 0 ? '' : editor.arcs.grids[editor.selected].code;
    keep('grid', kept);
    stop();
    grids.refresh(version);
    $('#note').value = '';
    toast(t('edit.saved', { version, n: answer.changed.length }));
    await begin();
    fill(conflict, card(t('edit.saved.title', { version }), { kind: 'key', id: 'saved' }, table([[t('place.grid'), ([code]) => code], [t('before.ha'), ([, a]) => hectares(a.before_m2), 'n'], [t('after.ha'), ([, a]) => hectares(a.after_m2), 'n'], [t('change'), ([, a]) => `${signed((a.after_m2 / a.before_m2 - 1) * 100, 1)}%`, 'n']], Object.entries(answer.areas), { label: t('edit.changes') })));
  } catch (error) {
    if (error.status === 409) stale(error);
    else { fill(conflict, card(t('edit.refused'), { kind: 'alarm', id: 'refused' }, h('p.failed', null, error.message))); $('#right').scrollTop = 0; }
  } finally {
    saving = false;
    if (editor) $('#save').disabled = !editor.dirty().length;
  }
}
/** Somebody else saved first: say who and when, and keep her edits until she decides. */
function stale(error) {
  const b = error.body;
  const mine = editor.kept();
  fill(conflict, card(t('edit.conflict'), { kind: 'alarm', id: 'conflict' }, h('p.failed', null, error.message), b.rows?.length ? meta(t('edit.conflict.rows', { rows: b.rows.slice(0, 6).join('、') })) : null, h('p.meta', null, t('edit.conflict.kept', { n: mine.length })),
    h('div.details.column', null, h('button', { type: 'button', id: 'again', on: { click: () => again(mine) } }, t('edit.conflict.again')), h('button', { type: 'button', on: { click: () => { stop(); begin(); } } }, t('edit.conflict.drop')))));
  $('#right').scrollTop = 0;
}
/** Load the new boundaries and lay her changes over those arcs that nobody else touched. */
async function again(mine) {
  stop();
  await begin();
  if (!editor) return;
  const laid = editor.lay(mine);
  toast(t('edit.conflict.laid', { n: laid, all: mine.length }), laid < mine.length);
}
function drawIntro() {
  if (!editor) fill(changes, card(t('edit.title'), {}, h('p.meta', null, t('edit.intro')), meta(t('edit.version', { n: version }), `n = ${number(context.counts.grids)} ${t('unit.grids')}`)));
}

$('#edit').addEventListener('click', () => (editor ? end() : begin()));
$('#undo').addEventListener('click', () => editor?.undo());
$('#redo').addEventListener('click', () => editor?.redo());
$('#save').addEventListener('click', save);
key('e', 'key.edit', () => $('#edit').click());
key('Ctrl+z', 'edit.undo', () => editor?.undo() ?? false);
key('Ctrl+Shift+z', 'edit.redo', () => editor?.redo() ?? false);
key('Ctrl+s', 'edit.save', () => save(), { always: true });
key('Delete', 'key.remove', () => editor?.removeChosen() ?? false);
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
for (const [name, [dx, dy]] of Object.entries(arrows)) {
  key(name, `key.${name}`, (e) => { if (!editor || e.target.closest('input, .scroll')) return false; return editor.hasVertex ? editor.nudge(dx * 4, dy * 4) : editor.neighbour(dx, dy); });
}
key('Enter', 'key.first', (e) => { if (!editor || e.target.closest('button, a, input, tr')) return false; document.querySelector('.leaflet-marker-icon.node:not(.locked), .leaflet-marker-icon.vertex:not(.locked)')?.focus(); return true; });
key('Escape', 'key.close', () => { if (!editor) return false; if (editor.selected >= 0) editor.select(-1); else end(); return true; });

startLayers((id, on) => {
  if (id === 'grids') grids.show(on && !editor);
  if (id === 'police_grids') { police.show(on); legend('police', on ? marks(t('layer.police_grids'), null, [[glyph('square', { stroke: '#7b2d8e' }), t('layer.police_grids')]]) : null); }
  if (id === 'codes' && editor) { if (on) editor.labels.addTo(map); else editor.labels.remove(); }
  if (id === 'codes') grids.label?.(on);
});
onTheme(() => editor?.restyle());
fill($('#panel'), conflict, about, changes);
drawIntro();
drawBar();
if (read('edit') && map.getZoom() >= 13) await begin();
document.documentElement.dataset.ready = '1';
