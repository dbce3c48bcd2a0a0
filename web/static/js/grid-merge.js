// 合并: click the grids that become one; the first keeps its code. Enter or the button does it.
import { t } from './context.js';
import { card, h, pairs } from './dom.js';
import { area, number } from './format.js';
import { work } from './grid-draft.js';

export function mergeTool({ editor, act, say, panel, locked }) {
  let taken = [];
  const told = () => {
    editor().mark(taken);
    say(t(taken.length > 1 ? 'merge.ready' : taken.length ? 'merge.second' : 'merge.hint', { n: taken.length }));
    panel();
  };
  const refused = (i) => {
    const { grids } = editor().arcs;
    const [first, other] = [grids[taken[0]], grids[i]];
    if (locked(other.code)) return t('lock.refused', { grid: other.properties.name ?? other.code });
    if (first && first.properties.parent_code !== other.properties.parent_code) return t('merge.parents', { one: first.properties.name ?? first.code, two: other.properties.name ?? other.code });
    return '';
  };
  function toggle(i) {
    if (taken.includes(i)) taken = taken.filter((k) => k !== i);
    else { const why = refused(i); if (why) { say(why, true); return; } taken.push(i); }
    told();
  }
  async function finish() {
    if (taken.length < 2) return;
    const codes = taken.map((i) => editor().arcs.grids[i].code);
    taken = [];
    told();
    await act({ kind: 'merge', codes, keep: codes[0] }, codes[0]);
  }
  if (editor().selected >= 0) taken.push(editor().selected);
  told();
  return {
    mode: 'none',
    picked(i) { toggle(i); return true; },
    selected() {},
    enter(at) { if (at) { const i = editor().at(at); if (i >= 0) toggle(i); return true; } if (taken.length < 2 && editor().selected >= 0) { toggle(editor().selected); return true; } finish(); return taken.length < 2; },
    escape() { if (!taken.length) return false; taken = []; told(); return true; },
    /** What the new grid would be. */
    card() {
      if (!taken.length) return null;
      const grids = taken.map((i) => editor().arcs.grids[i]);
      const sum = (name) => { const list = grids.map((g) => work.measures[g.code]?.[name]); return list.every(Number.isFinite) ? list.reduce((s, v) => s + v, 0) : null; };
      return card(t('merge.title', { n: taken.length }), { kind: 'key', id: 'merge' },
        pairs([[t('merge.keep'), grids[0].code], [t('grid.area'), area(taken.reduce((s, i) => s + editor().arcs.area(i), 0))], [t('edit.calls'), number(sum('calls'))], Number.isFinite(sum('population')) && [t('measure.population'), number(sum('population'))]]),
        h('p.meta', null, grids.map((g) => g.properties.name ?? g.code).join(' + ')),
        h('div.details', null, h('button', { type: 'button', id: 'merge-go', disabled: taken.length < 2, on: { click: finish } }, t('merge.do', { n: taken.length }), ' ', h('kbd', null, '↵'))));
    },
    close() { editor().mark([]); },
  };
}
