// The tools of the page: one is active, its name stands on the map, each has a key.
import { t } from './context.js';
import { $, $$, fill, h } from './dom.js';
import { dropStroke, takeStrokes } from './grid-stroke.js';
import { key } from './keys.js';
import { map } from './mapview.js';
import { keep, read } from './url.js';

const RADII = [5, 10, 15, 20, 30, 40, 60, 80, 120, 160];
let made = null;
/** The tools of drafts are fetched when a draft is drawn in, not before. */
async function load() {
  const [street, split, merge, brush] = await Promise.all([import('./grid-street.js'), import('./grid-split.js'), import('./grid-merge.js'), import('./grid-brush.js')]);
  made = { street: street.streetTool, split: split.splitTool, merge: merge.mergeTool, brush: brush.brushTool };
}
const KEYS = { vertex: 'v', street: 's', split: 'c', merge: 'm', brush: 'b' };
/** Vertices are dragged by the editor itself. */
const vertexTool = () => ({ mode: 'vertex', selected() {}, enter: () => false, escape: () => false, close() {} });

/** `editor()`, `act(operation, code)`, `panel()`; `ready()` is whether a draft may be drawn in; `blocks()` are those of the area. */
export function gridTools({ editor, act, panel, ready, blocks }) {
  const radios = $$('input[name="tool"]');
  const [radius, eraser, streets, byBlocks] = [$('#radius'), $('#eraser'), $('#split-streets'), $('#by-blocks')];
  let name = 'vertex';
  let tool = null;
  const held = new Set(read('hold').split(',').filter(Boolean));
  radius.max = RADII.length - 1;
  const metres = () => RADII[Number(radius.value)];
  const drawRadius = () => { const text = `${metres()} ${t('unit.m')}`; $('#radius-value').textContent = text; radius.setAttribute('aria-valuetext', text); };

  /** One sentence on the map, after the name of the tool. */
  let said = '';
  function say(text, bad = false) {
    const now = `${bad} ${name} ${text}`;
    if (now === said) return; // at each move of the pointer most often the same
    said = now;
    fill($('#maptools'), text ? h(bad ? 'div.banner.bad' : 'div.banner', { role: 'status' }, h('b', null, t(`tool.${name}`)), ' ', text) : null);
  }
  function start() {
    stop();
    if (!editor()) return;
    if (name !== 'vertex' && !ready()) name = 'vertex';
    show();
    if (ready() && !made) { load().then(() => { if (name !== 'vertex' && editor()) start(); }); if (name !== 'vertex') return; }
    editor().hold(held);
    tool = (name === 'vertex' ? vertexTool : made[name])({ editor, act, say, panel, radius: metres, eraser: () => eraser.checked, streets: () => streets.checked, locked: (code) => held.has(code), locks: () => [...held], blocks, byBlocks: () => byBlocks.checked, blocksThere: (there) => { $('#brush-modes').hidden = !there; } });
    editor().mode(ready() || tool.mode === 'none' ? tool.mode : 'vertex');
    takeStrokes(tool.strokes ? tool : null);
  }
  function stop() { tool?.close(); tool = null; takeStrokes(null); }
  function show() {
    for (const r of radios) { r.checked = r.value === name; r.disabled = !editor() || (r.value !== 'vertex' && !ready()); }
    $('#brush-options').hidden = name !== 'brush';
    $('#split-options').hidden = name !== 'split';
    $('#tools-hint').hidden = ready();
    map.getContainer().dataset.tool = name;
  }
  function choose(next) {
    if (!editor() || (next !== 'vertex' && !ready())) return false;
    name = next;
    start();
    $(`#${name}-options`)?.scrollIntoView({ block: 'nearest' });
    editor().select(editor().selected);
    panel();
    return true;
  }
  function lock() {
    if (!editor() || editor().selected < 0) return false;
    const { code } = editor().arcs.grids[editor().selected];
    if (!held.delete(code)) held.add(code);
    keep('hold', [...held].join(','));
    editor().hold(held);
    panel();
    return true;
  }
  const toggle = (box, of) => () => { if (name !== of || !tool) return false; box.click(); return true; };
  const size = (by) => () => { if (name !== 'brush' || !tool) return false; radius.value = Number(radius.value) + by; radius.dispatchEvent(new Event('input')); return true; };
  for (const r of radios) r.addEventListener('change', () => { choose(r.value); map.getContainer().focus({ preventScroll: true }); });
  for (const [of, k] of Object.entries(KEYS)) key(k, `tool.key.${of}`, () => choose(of));
  radius.addEventListener('input', () => { drawRadius(); tool?.changed?.(); });
  eraser.addEventListener('change', () => tool?.changed?.());
  streets.addEventListener('change', () => start());
  for (const r of $$('input[name="brush-mode"]')) r.addEventListener('change', () => { keep('blocks', byBlocks.checked ? '1' : ''); tool?.changed?.(); });
  key('x', 'brush.eraser', toggle(eraser, 'brush'));
  key('z', 'split.streets', toggle(streets, 'split'));
  key('h', 'brush.key.blocks', () => { if (name !== 'brush' || !tool || $('#brush-modes').hidden) return false; (byBlocks.checked ? $('#freely') : byBlocks).click(); return true; });
  key('.', 'brush.larger', size(1));
  key(',', 'brush.smaller', size(-1));
  key('k', 'grid.lock', lock);
  if (read('blocks')) byBlocks.checked = true;
  drawRadius();
  show();
  return {
    start, stop, show, say, lock, choose,
    get name() { return name; },
    held: (code) => held.has(code),
    card: () => tool?.card?.() ?? null,
    picked: (i, latlng, event) => { if (tool?.strokes) return !event?.altKey; return tool?.picked?.(i, latlng) ?? false; },
    vertex: (v) => tool?.vertex?.(v),
    over: (v) => tool?.over?.(v),
    selected: () => tool?.selected(),
    restyle: () => tool?.restyle?.(),
    enter: (at) => Boolean(tool?.enter(at)),
    escape: () => dropStroke() || Boolean(tool?.escape()),
  };
}
