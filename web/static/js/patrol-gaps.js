// Gaps by point: the worst first, a line where the allowed gap lies, red and said in words where it is broken.
import { t, zh } from './context.js';
import { h } from './dom.js';
import { hm, number } from './format.js';
import { byNeed } from './patrol-plan.js';
import { rowsView } from './rowsview.js';

const ROW = 26;

/** `pick(point)` is called on a click, Enter or Space on a row. */
export function gapChart(box, { pick }) {
  let list = [];
  let top = 1;
  let plan = null;
  box.classList.add('gaps');
  const head = h('div.gaps-head', null, h('span', null, t('patrol.gaps.point')), h('span.note', null, t('patrol.gaps.note')), h('span.n', { title: t('patrol.gaps.help') }, t('patrol.gaps.worst')));
  box.append(head);
  const rows = rowsView(box, { height: ROW, list: () => list, row, label: t('patrol.gaps') });
  const share = (minutes) => `${Math.min(100, (minutes / top) * 100)}%`;
  function row(p) {
    const worst = [...(p.gaps ?? [])].sort((a, b) => b.minutes - a.minutes)[0];
    const over = p.worst_gap_minutes - p.gap_minutes;
    // What is over by seconds only, or too near to the visit before, is said by the plan in a sentence.
    const held = plan.broken.get(p.id);
    const bad = over > 1 / 60 || held;
    const words = held && over < 1 ? (zh ? held.zh : held.en) : over > 1 / 60 ? t('patrol.gaps.over', { m: number(over, over < 10 ? 1 : 0) }) : t('patrol.gaps.spare', { m: number(-over, 0) });
    const when = worst ? `${worst.from ? hm(worst.from) : t('patrol.gaps.before')}–${worst.to ? hm(worst.to) : t('patrol.gaps.end')}` : '';
    return h('div.gaprow', { class: `gaprow${bad ? ' broken' : ''}` }, h('button', { type: 'button', title: `${p.name} · ${when}\n${words}`, 'aria-label': `${p.name} ${number(p.worst_gap_minutes)} / ${number(p.gap_minutes)} ${t('unit.minutes')} ${words}`, on: { click: () => pick(p) } },
      h('span.name', null, p.name),
      h('span.track', null, h('i.bar', { style: { width: share(p.worst_gap_minutes) } }), h('i.limit', { style: { left: share(p.gap_minutes) } }), (p.gaps ?? []).map((g) => h('i.one', { style: { left: share(g.minutes) } }))),
      h('span.n', null, h('b', null, number(p.worst_gap_minutes)), ` / ${number(p.gap_minutes)}`, h('small', null, bad && over >= 1 ? ` ${words}` : bad ? ` ${t('patrol.broken')}` : ''))));
  }
  return {
    set(next) {
      plan = next;
      list = byNeed(plan.points);
      top = Math.max(1, ...list.map((p) => Math.max(p.worst_gap_minutes, p.gap_minutes))) * 1.04;
      rows.renew();
    },
    show(id) { const i = list.findIndex((p) => p.id === id); if (i >= 0) rows.show(i); },
    get count() { return list.length; },
  };
}
