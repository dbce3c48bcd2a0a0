// The timetable of all crews: a lane a crew, a block a stop. Blocks are dragged to another crew or time, by mouse or by keys.
import { t } from './context.js';
import { $$, fill, h } from './dom.js';
import { hm } from './format.js';
import { routeColor } from './routes.js';
import { rowsView } from './rowsview.js';

const LANE = 30;
const LABEL = 128;
const TAIL = 22; // room for the last hour's label
const STEPS = [300, 600, 900, 1800, 3600, 7200];

/** The number first: it is what is said on the radio, and what a narrow column must not cut off. */
const shortName = (name) => name.replace(/^(.*?)(\d+)(.*)$/, '$2 $1$3');

/**
 * Callbacks: pick(unit, stop | null), menu(unit, stop, x, y), drag(stop, unit, begin) while a block is held,
 * drop(stop, unit, begin) when it is let go, lock(stop), drop_out(stop) for the delete key, seek(second).
 */
export function gantt(box, { pick, menu, drag, drop, lock, takeOut, seek }) {
  let plan = null;
  let zoom = 1;
  let k = 0.05;
  let chosen = null; // unit id
  let focus = null; // key of the stop that holds the focus
  let same = null; // the point whose other visits are marked
  let held = null; // {stop, unit, begin, at: keys}: the block that is being moved
  const axis = h('div.gantt-axis', { 'aria-hidden': 'true' });
  const cursor = h('div.gantt-now', { 'aria-hidden': 'true' });
  const ghost = h('div.gantt-ghost', { hidden: true, 'aria-hidden': 'true' }, h('b'), h('small'));
  box.classList.add('gantt');
  box.append(axis);
  const rows = rowsView(box, { height: LANE, list: () => plan?.units ?? [], row: lane, label: t('patrol.gantt') });
  rows.body.append(cursor, ghost);

  const left = (second) => `${LABEL + second * k}px`;
  const clock = (second) => hm(plan.start + second * 1000);
  function block(unit, s) {
    const wide = Math.max(5, (s.end - s.begin) * k);
    const kind = ['stop', s.role, s.line && 'drive', s.locked && 'locked', s.broken && 'broken', same !== null && s.point === same && 'same'].filter(Boolean).join(' ');
    const words = `${s.name} ${clock(s.begin)}–${clock(s.end)} ${t(s.line ? 'patrol.role.line' : `patrol.role.${s.role}`)}${s.locked ? ` · ${t('patrol.locked')}` : ''}${s.broken ? ` · ${t('patrol.broken')}` : ''}`;
    return h('button', { type: 'button', class: kind, tabindex: s.key === focus ? 0 : -1, 'data-stop': s.key, 'aria-label': words, title: `${words}${s.why ? `\n${s.why}` : ''}`, style: { left: left(s.begin), width: `${wide}px`, '--c': routeColor(unit.index) } },
      wide > 26 ? h('span', null, s.role === 'break' ? t('patrol.role.break') : s.name) : null);
  }
  const wait = (s) => (s.begin - s.arrive >= 60 ? h('i.wait', { style: { left: left(s.arrive), width: `${(s.begin - s.arrive) * k}px` } }) : null);
  function lane(unit) {
    const changed = unit.state ? unit.state === 'changed' : unit.changed;
    return h('div', { class: `lane${unit.id === chosen ? ' on' : ''}${changed ? ' changed' : ''}`, 'data-unit': unit.id, style: { width: `${LABEL + plan.length * k + TAIL}px` } },
      h('button.who', { type: 'button', tabindex: -1, 'data-who': unit.id, title: changed ? `${unit.name} · ${t('patrol.state.changed')}` : unit.name, 'aria-label': `${t('patrol.lane', { name: unit.name, n: unit.stops.length })}${changed ? ` · ${t('patrol.state.changed')}` : ''}` }, h('i.swatch', { style: { background: routeColor(unit.index) } }), h('span', null, shortName(unit.name), changed ? ' *' : '')),
      unit.away.map(([a, b]) => h('i.away', { style: { left: left(a), width: `${(b - a) * k}px` }, title: t('patrol.away') })),
      unit.stops.length ? h('i.run', { style: { left: left(unit.begin), width: `${Math.max(0, unit.finish - unit.begin) * k}px`, '--c': routeColor(unit.index) } }) : null,
      unit.stops.map(wait), unit.stops.map((s) => block(unit, s)));
  }
  function ticks() {
    const step = STEPS.find((s) => s * k >= 52) ?? 7200;
    const offset = (plan.start / 1000) % step;
    const list = [];
    for (let s = offset ? step - offset : 0; s <= plan.length; s += step) list.push(s);
    fill(axis, list.map((s) => h('span', { style: { left: left(s) } }, clock(s))));
    axis.style.width = `${LABEL + plan.length * k + TAIL}px`;
    box.style.setProperty('--hour', `${3600 * k}px`);
    box.style.setProperty('--first', `${LABEL + (offset ? step - offset : 0) * k}px`);
  }
  function measure() {
    if (!plan) return;
    const room = Math.max(160, box.clientWidth - LABEL - TAIL - 2);
    k = (room / plan.length) * zoom;
    rows.body.style.width = `${LABEL + plan.length * k + TAIL}px`;
    ticks();
    at(second);
    rows.renew();
  }
  let second = 0;
  function at(next) { second = next; cursor.style.transform = `translateX(${LABEL + second * k}px)`; }
  function magnify(by, x = box.clientWidth / 2) {
    const under = (box.scrollLeft + x - LABEL) / k;
    zoom = Math.max(1, Math.min(12, zoom * by));
    measure();
    box.scrollLeft = under * k + LABEL - x;
  }
  const find = (key) => { for (const unit of plan?.units ?? []) { const stop = unit.stops.find((s) => s.key === key); if (stop) return { unit, stop }; } return null; };
  const row = (unit) => plan.units.indexOf(unit);
  function focusOn(key, { quiet = false } = {}) {
    const found = find(key);
    if (!found) return false;
    focus = key;
    rows.show(row(found.unit));
    $$('[data-stop]', box).forEach((b) => { b.tabIndex = b.dataset.stop === key ? 0 : -1; });
    const x = LABEL + found.stop.begin * k;
    if (x < box.scrollLeft + LABEL || x > box.scrollLeft + box.clientWidth - 40) box.scrollLeft = x - box.clientWidth / 2;
    if (!quiet) box.querySelector(`[data-stop="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
    return true;
  }
  function firstFocus() {
    if (focus && find(focus)) return;
    focus = plan?.units.find((u) => u.stops.length)?.stops[0].key ?? null;
  }

  // The held block.
  function hold(stop, unit, by) { held = { stop, from: unit, unit, begin: stop.begin, by, answer: null }; box.classList.add('holding'); draw(); }
  function draw() {
    if (!held) { ghost.hidden = true; return; }
    const { stop, unit, begin, answer } = held;
    ghost.hidden = false;
    ghost.className = `gantt-ghost${answer ? (answer.fits ? ' fits' : ' refused') : ''}`;
    ghost.style.top = `${row(unit) * LANE}px`;
    ghost.style.left = left(begin);
    ghost.style.width = `${Math.max(6, (stop.end - stop.begin) * k)}px`;
    ghost.firstElementChild.textContent = `${clock(begin)} · ${unit.name}`;
    ghost.lastElementChild.textContent = answer ? answer.text : '';
  }
  function move(unit, begin) {
    const next = Math.max(0, Math.min(plan.length - (held.stop.end - held.stop.begin), Math.round(begin / 60) * 60));
    if (unit === held.unit && next === held.begin) return;
    Object.assign(held, { unit, begin: next });
    draw();
    drag(held.stop, unit, next);
  }
  function letGo(done) {
    const was = held;
    held = null;
    box.classList.remove('holding');
    draw();
    if (was && done && (was.unit !== was.from || was.begin !== was.stop.begin)) drop(was.stop, was.unit, was.begin);
    else if (was) drag(null);
  }
  box.addEventListener('pointerdown', (event) => {
    const key = event.target.closest?.('[data-stop]')?.dataset.stop;
    if (!key || event.button !== 0 || held) return;
    const { unit, stop } = find(key);
    const x0 = event.clientX;
    const y0 = event.clientY;
    const grip = (x0 - rows.body.getBoundingClientRect().left - LABEL) / k - stop.begin;
    let pulled = false;
    const onMove = (e) => {
      if (!pulled) {
        if (Math.hypot(e.clientX - x0, e.clientY - y0) < 5 || stop.fixed) return;
        pulled = true;
        hold(stop, unit, 'mouse');
      }
      if (!held) { end(); return; }
      e.preventDefault();
      const view = box.getBoundingClientRect();
      if (e.clientY < view.top + 40) box.scrollTop -= 12; else if (e.clientY > view.bottom - 16) box.scrollTop += 12;
      const i = Math.max(0, Math.min(plan.units.length - 1, rows.index(e.clientY)));
      move(plan.units[i], (e.clientX - rows.body.getBoundingClientRect().left - LABEL) / k - grip);
    };
    const end = () => { removeEventListener('pointermove', onMove); removeEventListener('pointerup', onUp); removeEventListener('pointercancel', onCancel); };
    const onUp = () => { end(); if (pulled) letGo(true); };
    const onCancel = () => { end(); letGo(false); };
    addEventListener('pointermove', onMove);
    addEventListener('pointerup', onUp);
    addEventListener('pointercancel', onCancel);
  });
  box.addEventListener('click', (event) => {
    const key = event.target.closest?.('[data-stop]')?.dataset.stop;
    if (key) { const found = find(key); focus = key; pick(found.unit, found.stop); return; }
    const who = event.target.closest?.('[data-who]')?.dataset.who;
    if (who) { pick(plan.units.find((u) => u.id === who), null); return; }
    if (event.target.closest?.('.gantt-axis, .lane')) seek((event.clientX - rows.body.getBoundingClientRect().left - LABEL) / k);
  });
  box.addEventListener('contextmenu', (event) => {
    const lane_ = event.target.closest?.('[data-unit]');
    if (!lane_) return;
    event.preventDefault();
    const unit = plan.units.find((u) => u.id === lane_.dataset.unit);
    const key = event.target.closest('[data-stop]')?.dataset.stop;
    const box_ = event.target.getBoundingClientRect();
    menu(unit, key ? find(key).stop : null, event.clientX || box_.left + 20, event.clientY || box_.bottom);
  });
  box.addEventListener('wheel', (event) => { if (!event.ctrlKey) return; event.preventDefault(); magnify(event.deltaY < 0 ? 1.25 : 0.8, event.clientX - box.getBoundingClientRect().left); }, { passive: false });
  box.addEventListener('keydown', (event) => {
    const key = event.target.closest?.('[data-stop]')?.dataset.stop;
    const found = key && find(key);
    if (!found) return;
    const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const did = held ? moveKeys(letter, event.shiftKey) : walkKeys(letter, found, event);
    if (did) { event.preventDefault(); event.stopPropagation(); }
  });
  function moveKeys(letter, big) {
    const step = big ? 600 : 60;
    const i = row(held.unit);
    if (letter === 'ArrowLeft') move(held.unit, held.begin - step);
    else if (letter === 'ArrowRight') move(held.unit, held.begin + step);
    else if (letter === 'ArrowUp' && i > 0) move(plan.units[i - 1], held.begin);
    else if (letter === 'ArrowDown' && i < plan.units.length - 1) move(plan.units[i + 1], held.begin);
    else if (letter === 'Enter' || letter === 'm') letGo(true);
    else if (letter === 'Escape') letGo(false);
    else return letter.startsWith('Arrow');
    return true;
  }
  function walkKeys(letter, { unit, stop }, event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const i = unit.stops.indexOf(stop);
    const beside = (step) => {
      for (let r = row(unit) + step; r >= 0 && r < plan.units.length; r += step) {
        const list = plan.units[r].stops;
        if (list.length) return list.reduce((a, b) => (Math.abs(b.begin - stop.begin) < Math.abs(a.begin - stop.begin) ? b : a));
      }
      return stop;
    };
    if (letter === 'ArrowLeft') focusOn((unit.stops[i - 1] ?? stop).key);
    else if (letter === 'ArrowRight') focusOn((unit.stops[i + 1] ?? stop).key);
    else if (letter === 'ArrowUp') focusOn(beside(-1).key);
    else if (letter === 'ArrowDown') focusOn(beside(1).key);
    else if (letter === 'm' && !stop.fixed) hold(stop, unit, 'keys');
    else if (letter === 'k') lock(stop);
    else if (letter === 'Delete' && !stop.fixed) takeOut(stop);
    else return false;
    return true;
  }
  addEventListener('keydown', (event) => { if (held?.by === 'mouse' && event.key === 'Escape') { event.stopPropagation(); event.preventDefault(); letGo(false); } }, true);
  new ResizeObserver(measure).observe(box);

  return {
    set(next) {
      const here = box.contains(document.activeElement);
      plan = next;
      held = null;
      firstFocus();
      measure();
      draw();
      if (here && focus) focusOn(focus); // hands on the keys stay where they were
    },
    at, magnify, focusOn,
    /** What the server says of the place where the block is held. */
    answer(answer) { if (held) { held.answer = answer; draw(); } },
    /** Take hold of a stop for the arrow keys. */
    hold(key) { const found = find(key); if (found && focusOn(key)) hold(found.stop, found.unit, 'keys'); },
    get holding() { return Boolean(held); },
    /** Mark all visits of a point. */
    mark(point) { if (same === point) return; same = point; rows.renew(); },
    choose(id) { chosen = id; $$('.lane', box).forEach((node) => node.classList.toggle('on', node.dataset.unit === id)); const unit = plan?.units.find((u) => u.id === id); if (unit) rows.show(row(unit)); },
    renew: () => rows.renew(),
  };
}
