// What a change does to the touched grids, before and after, under the pointer; the server's own figures take their place.
import { t } from './context.js';
import { card, h, meta, table, tiles } from './dom.js';
import { number, signed, ymd } from './format.js';
import { callCounter } from './grid-calls.js';
import { work } from './grid-draft.js';

const MOST = 14;
const known = (v) => v !== null && v !== undefined && Number.isFinite(v);
/** After in bold, before below it. */
const both = (after, before, digits) => [h('b', null, known(after) ? number(after, digits) : '…'), h('small', null, known(before) ? number(before, digits) : '–')];

/** Coefficient of variation: 0 when all carry the same. */
export function variation(values) {
  if (values.length < 2) return null;
  const mean = values.reduce((s, v) => s + v, 0) / values.length;
  return mean ? Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length) / mean : null;
}

/** Start of the figures of a session: compactness of each grid, and which calls lie in it, are known to the page itself. */
export function measuring(editor) {
  const rank = new Map(editor.arcs.grids.map((g, i) => [g.code, i]));
  const count = callCounter(editor.arcs, work.calls);
  // The page reckons on a sphere, the server on the ellipsoid: their ratio, fixed at the start, makes one figure of both.
  const ratio = editor.arcs.grids.map((g, i) => { const m = work.measures[g.code]; return { area: m?.area_m2 ? m.area_m2 / editor.before[i] : 1, round: m?.compactness ? (m.compactness * editor.arcs.perimeter(i) ** 2) / (4 * Math.PI * editor.before[i]) : 1 }; });
  /** One row per touched grid; `waits` while the server has not answered: what the page cannot count itself is unknown then. */
  function rows(flying) {
    const waiting = new Set([...editor.areas().map((a) => a.code), ...flying]);
    const codes = new Set([...Object.keys(work.measures).filter((c) => work.measures[c].changed && rank.has(c)), ...waiting]);
    return [...codes].sort().map((code) => {
      const i = rank.get(code);
      const [was, now, waits] = [work.base[code], work.measures[code], waiting.has(code)];
      return {
        code, name: editor.arcs.grids[i].properties.name, waits,
        area: [was?.area_m2, waits ? editor.arcs.area(i) * ratio[i].area : now?.area_m2],
        compactness: [was?.compactness, waits ? editor.arcs.compactness(i) * ratio[i].round : now?.compactness],
        calls: [was?.calls, waits ? count?.(i) : now?.calls],
      };
    });
  }
  /** How evenly the touched grids share the calls. */
  function balance(list) {
    const of = (when) => { const loads = list.map((r) => r.calls[when]); return loads.every(known) ? variation(loads) : null; };
    return [of(0), of(1)];
  }
  return {
    /** The card; all of it is drawn anew at most once a frame. */
    panel(choose, flying) {
      const list = rows(flying);
      const waits = list.some((r) => r.waits);
      const basis = work.basis && meta(t('draft.basis', { from: ymd(work.basis.calls_from), to: ymd(work.basis.calls_to), n: number(work.basis.n) }));
      const whole = known(work.balance) && known(work.balanceBefore) ? meta(t('draft.balance.all', { before: number(work.balanceBefore, 3), after: waits ? '…' : number(work.balance, 3) })) : null;
      if (!list.length) return card(t('edit.changes.all'), {}, h('p.meta', null, t('edit.nothing')), whole, basis);
      const [before, after] = balance(list);
      const even = list.length > 1 ? tiles([[known(before) ? number(before, 3) : '–', t('draft.even.before'), t('draft.balance.help')], [known(after) ? number(after, 3) : '…', t('draft.even.after'), t('draft.balance.help')]], 'two') : null;
      const sum = Math.round(list.reduce((s, r) => s + (r.area[1] ?? 0) - (r.area[0] ?? 0), 0));
      const same = list.every((r) => known(r.area[0]));
      const made = card(t('edit.changes.all'), { kind: 'key', aside: t('draft.touched', { n: list.length }), id: 'changes' },
        h('p.meta', null, t('edit.columns')),
        table([
          [t('place.grid'), (r) => [h('div', null, r.name ?? ''), h('small', null, r.code.slice(-6))]],
          [t('unit.ha'), (r) => both(r.area[1] / 1e4, known(r.area[0]) ? r.area[0] / 1e4 : null, 2), 'n'],
          [t('edit.calls'), (r) => both(r.calls[1], r.calls[0], 0), 'n'],
          [h('abbr', { title: t('edit.compactness.help') }, t('edit.compactness')), (r) => both(r.compactness[1], r.compactness[0], 2), 'n'],
        ], list.slice(0, MOST), { label: t('edit.changes.all'), pick: (r) => choose(r.code), key: (r) => r.code }),
        list.length > MOST ? meta(t('edit.more', { n: list.length - MOST })) : null,
        same ? meta(t('edit.sum', { sum: `${signed(sum)} ${t('unit.m2')}` })) : null, even, whole, basis);
      if (waits) made.setAttribute('aria-busy', 'true');
      return made;
    },
  };
}
