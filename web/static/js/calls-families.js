// Families of classes as the user defines them: members, harm weight, who reports; each change is a version.
import { get, put, trying } from './api.js';
import { t, zh } from './context.js';
import { $, card, fill, h, meta, table, toast } from './dom.js';
import { number } from './format.js';
import { key } from './keys.js';

let held = null;
let mine = [];
let dirty = false;
export const familiesDirty = () => dirty;
const label = (f) => (zh ? f.label_zh : f.label_en) || f.family_id;

function changed() { dirty = true; $('#family-save').disabled = false; drawPanel(); }
async function load() {
  held = await trying(() => get('/api/calls/families'));
  if (!held) return;
  mine = structuredClone(held.families);
  dirty = false;
  $('#family-save').disabled = true;
  $('#family-version').textContent = t('families.version', { n: held.version });
  fill($('#presets'), Object.entries(held.presets).map(([name, list]) => h('button', { type: 'button', 'data-preset': name, on: { click: () => preset(list) } }, list.map(label).join('、'))));
  draw();
}
/** Take the families of a preset, in place of those with the same name. */
function preset(list) {
  const names = new Set(list.map((f) => f.family_id));
  mine = [...mine.filter((f) => !names.has(f.family_id)), ...structuredClone(list)];
  changed(); draw();
}
/** A family that was never saved is called in filters what it is called here; a saved one keeps its name there. */
function rename(f) {
  const name = f.label_zh.replaceAll(',', ' ');
  if (name && !held.families.some((x) => x.family_id === f.family_id) && !mine.some((x) => x !== f && x.family_id === name)) f.family_id = name;
}
const calls = (f) => f.classes.reduce((n, c) => n + (held.classes[c] ?? 0), 0);

function editor(f) {
  const total = h('small', { 'data-total': f.family_id }, t('families.calls', { n: number(calls(f)) }));
  const retell = () => { total.textContent = t('families.calls', { n: number(calls(f)) }); changed(); };
  // What belongs to the family comes first, the most frequent first.
  const rank = (c) => (f.classes.includes(c) ? 1e12 : 0) + (held.classes[c] ?? -1);
  const known = [...new Set([...Object.keys(held.classes), ...f.classes])].sort((a, b) => rank(b) - rank(a));
  const member = (c) => h('label.row', null, h('input', { type: 'checkbox', checked: f.classes.includes(c), value: c, on: { change: (e) => { f.classes = e.target.checked ? [...f.classes, c] : f.classes.filter((x) => x !== c); retell(); } } }), h('span', null, c), h('output', null, held.classes[c] === undefined ? '–' : number(held.classes[c])));
  const extra = h('input', { type: 'text', maxlength: 60, 'aria-label': t('families.add_class'), placeholder: t('families.add_class') });
  const add = () => { const c = extra.value.trim(); if (c && !f.classes.includes(c)) { f.classes.push(c); changed(); draw(); } };
  extra.addEventListener('keydown', (e) => { if (e.key === 'Enter') { e.preventDefault(); add(); } });
  const citizen = h('select', { on: { change: (e) => { f.citizen = { yes: true, no: false, '': null }[e.target.value]; changed(); } } }, [['', null], ['yes', true], ['no', false]].map(([value, means]) => h('option', { value, selected: f.citizen === means }, t(`families.citizen.${value || 'unknown'}`))));
  return h('section.family', { 'data-family-id': f.family_id, 'aria-label': label(f) },
    h('div.family-head', null, h('h2', null, label(f), ' ', total), h('button.small', { type: 'button', on: { click: () => { mine = mine.filter((x) => x !== f); changed(); draw(); } } }, t('families.remove'))),
    h('div.family-form', null,
      h('label.field', null, h('span', null, t('families.name')), h('input', { type: 'text', maxlength: 60, value: f.label_zh, on: { change: (e) => { f.label_zh = e.target.value.trim(); rename(f); changed(); } } })),
      h('label.field', null, h('span', null, t('families.name_en')), h('input', { type: 'text', maxlength: 60, value: f.label_en, on: { change: (e) => { f.label_en = e.target.value.trim(); changed(); } } })),
      h('label.field', { title: t('families.harm.help') }, h('span', null, t('families.harm')), h('input', { type: 'number', min: 0, step: 'any', value: f.harm, name: 'harm', on: { change: (e) => { f.harm = Number(e.target.value); changed(); } } })),
      h('label.field', { title: t('families.citizen.help') }, h('span', null, t('families.citizen')), citizen)),
    h('div.members', null, known.map(member)),
    h('div.add', null, extra, h('button.small', { type: 'button', on: { click: add } }, t('families.add'))));
}
function draw() {
  fill($('#work'), h('article.sheet.wide', null, h('h1', null, t('families.title')), h('p.sub', null, t('families.sub')), mine.length ? mine.map(editor) : h('p', null, t('families.none'))));
  drawPanel();
}
function drawPanel() {
  const taken = new Set(mine.flatMap((f) => f.classes));
  const free = Object.entries(held.classes).filter(([c]) => !taken.has(c));
  fill($('#panel'),
    card(t('families.title'), { kind: 'key', aside: dirty ? t('families.unsaved') : t('families.version', { n: held.version }) }, table([[t('families.one'), (f) => label(f)], [t('families.harm'), (f) => `× ${number(f.harm, f.harm % 1 ? 1 : 0)}`, 'n'], [t('families.n'), (f) => number(calls(f)), 'n']], mine, { label: t('families.title') }), meta(t('families.overlap'))),
    card(t('families.free'), { aside: String(free.length) }, free.length ? table([[t('family'), ([c]) => c], ['n', ([, n]) => number(n), 'n']], free, { label: t('families.free') }) : h('p.meta', null, t('families.free.none'))));
}
async function save() {
  const answer = await trying(() => put('/api/calls/families', { version: held.version, families: mine }));
  if (!answer) return;
  toast(t('families.saved', { n: answer.version }));
  await load();
}
$('#family-save').addEventListener('click', save);
$('#family-new').addEventListener('click', () => {
  let n = mine.length + 1;
  while (mine.some((f) => f.family_id === t('families.fresh', { n }))) n += 1;
  const name = t('families.fresh', { n });
  mine = [{ family_id: name, label_zh: name, label_en: '', classes: [], harm: 1, citizen: null }, ...mine];
  changed(); draw();
  $('.family input')?.select();
});
key('Ctrl+s', 'families.key.save', () => { if (document.documentElement.dataset.mode !== 'families') return false; if (dirty) save(); return true; }, { always: true });
key('n', 'families.key.new', () => { if (document.documentElement.dataset.mode !== 'families') return false; $('#family-new').click(); return true; });

export async function openFamilies() { if (dirty && held) draw(); else await load(); }
