// The board below the map: timetable, gaps and cover in tabs, under the one clock of the shift.
import { t } from './context.js';
import { $$, fill, h } from './dom.js';
import { number } from './format.js';
import { coverChart } from './patrol-cover.js';
import { gantt } from './patrol-gantt.js';
import { gapChart } from './patrol-gaps.js';
import { key } from './keys.js';
import { keep, read } from './url.js';

const TABS = ['gantt', 'gaps', 'cover', 'actual'];

/** `hooks` are those of the gantt, and point(p) for a click in the gap chart. */
export function board(root, hooks) {
  const tab = (id) => h('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `board-${id}`, 'aria-selected': 'false', tabindex: -1, on: { click: () => open(id) } }, t(`patrol.tab.${id}`), h('output'));
  const pane = (id) => h('div.pane', { role: 'tabpanel', id: `board-${id}`, 'aria-labelledby': `tab-${id}`, tabindex: id === 'cover' || id === 'actual' ? 0 : null, hidden: true });
  const tabs = TABS.map(tab);
  const panes = TABS.map(pane);
  const say = h('p.board-say', { id: 'board-say', role: 'status' });
  const tool = (id, words, run, title, shortcut) => h('button.small', { type: 'button', id, title, 'aria-label': title, 'aria-keyshortcuts': shortcut, on: { click: run } }, words);
  const undo = tool('undo', t('patrol.undo'), hooks.undo, `${t('patrol.undo')} (Ctrl Z)`, 'Control+z');
  const redo = tool('redo', t('patrol.redo'), hooks.redo, `${t('patrol.redo')} (Ctrl ⇧ Z)`, 'Control+Shift+z');
  const resolve = tool('resolve', t('patrol.resolve'), hooks.resolve, t('patrol.resolve.help'));
  const tall = tool('tall', '⤢', () => size(!root.classList.contains('tall')), t('patrol.board.tall'), 'e');
  fill(root, h('div.board-head', null, h('div.tabs', { role: 'tablist', 'aria-label': t('patrol.board'), on: { keydown: walk } }, tabs), say, h('div.tools', null, undo, redo, resolve, tool('zoom-out', '−', () => lanes.magnify(0.7), t('patrol.zoom.out')), tool('zoom-in', '+', () => lanes.magnify(1.45), t('patrol.zoom.in')), tall)), panes);
  const scroller = panes.map((p, i) => (i < 2 ? p.appendChild(h('div.scroller', i === 1 ? { tabindex: 0, role: 'group', 'aria-label': t('patrol.gaps') } : null)) : p));
  const lanes = gantt(scroller[0], hooks);
  const gaps = gapChart(scroller[1], { pick: hooks.point });
  const cover = coverChart(scroller[2], hooks);
  let plan = null;
  let actualOf = null;
  let second = 0;

  function walk(event) {
    const i = TABS.indexOf(event.target.id?.slice(4));
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (i < 0 || !step) return;
    event.preventDefault();
    event.stopPropagation();
    const shown = TABS.filter((_, j) => !tabs[j].hidden);
    open(shown[(shown.indexOf(TABS[i]) + step + shown.length) % shown.length]);
    root.querySelector('[aria-selected="true"]').focus();
  }
  function open(id) {
    TABS.forEach((name, i) => {
      tabs[i].setAttribute('aria-selected', String(name === id));
      tabs[i].tabIndex = name === id ? 0 : -1;
      panes[i].hidden = name !== id;
    });
    keep('board', id === TABS[0] ? '' : id);
    for (const b of $$('#zoom-in, #zoom-out', root)) b.hidden = id !== 'gantt';
    if (id === 'actual' && plan && actualOf !== plan) { actualOf = plan; import('./patrol-actual.js').then(({ showActual }) => showActual(panes[3], plan, (p) => hooks.point({ id: p.point_id }))); }
  }
  function size(on) {
    root.classList.toggle('tall', on);
    tall.setAttribute('aria-pressed', String(on));
    keep('tall', on ? '1' : '');
    requestAnimationFrame(() => dispatchEvent(new Event('resize')));
  }
  key('e', 'patrol.board.tall', () => { if (root.hidden) return false; size(!root.classList.contains('tall')); return true; });
  open(TABS.includes(read('board')) ? read('board') : TABS[0]);
  if (read('tall')) size(true);

  return {
    lanes, gaps, open,
    say(words, kind = '') { say.textContent = words; say.className = `board-say ${kind}`; },
    /** Which of the tools may be used now. */
    can(may) { undo.disabled = !may.undo; redo.disabled = !may.redo; resolve.disabled = !may.resolve; },
    set(next) {
      plan = next;
      root.hidden = false;
      lanes.set(plan);
      gaps.set(plan);
      cover.set(plan, second);
      tabs[2].hidden = !plan.body.cover;
      open(tabs[2].hidden && !panes[2].hidden ? 'gantt' : TABS.find((_, i) => !panes[i].hidden));
      const broken = plan.points.filter((p) => p.over > 1 / 60 || plan.broken.has(p.id)).length;
      tabs[0].lastElementChild.textContent = number(plan.units.length);
      tabs[1].lastElementChild.textContent = broken ? t('patrol.tab.broken', { n: number(broken) }) : number(gaps.count);
      tabs[1].lastElementChild.className = broken ? 'bad' : '';
    },
    at(next) { second = next; lanes.at(second); cover.at(second); },
  };
}
