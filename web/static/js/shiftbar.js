// The clock of a shift: a slider over its minutes and a play button; units move on every frame.
import { now } from './clock.js';
import { t } from './context.js';
import { $, fill, h } from './dom.js';
import { hm, number, stamp } from './format.js';
import { key } from './keys.js';
import { thin } from './timebar.js';
import { keep, read } from './url.js';

const SPEEDS = [30, 60, 120, 300];
const STEPS = [3600, 1800, 600, 300, 120]; // seconds between two marks of the axis

/** `move(second)` runs on every frame while it plays and at each change of the slider. */
export function shiftBar(move) {
  const bars = h('svg', { preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  const slider = h('input', { type: 'range', id: 'slider', min: 0, max: 0, step: 60, disabled: true, 'aria-label': t('time.slider') });
  const axis = h('div.axis', { 'aria-hidden': 'true' });
  const play = h('button', { type: 'button', id: 'play', disabled: true, 'aria-keyshortcuts': 'Space' }, `▶ ${t('time.play')}`);
  const speed = h('select', { id: 'speed', 'aria-label': t('time.speed') }, SPEEDS.map((s) => h('option', { value: s, selected: s === 120 }, t('time.times', { n: s }))));
  const label = h('div.now', { role: 'status', 'aria-live': 'off' }, h('b'), h('small'));
  fill($('#time'), h('div.timebar', null, h('div.drive', null, h('div', null, play), speed), h('div.track', null, bars, slider, axis), label));
  new ResizeObserver(() => thin(axis)).observe(axis);
  let shift = null;
  let length = 0;
  let second = 0;
  let playing = false;
  let last = 0;
  let counts = [];
  let count = null;

  function say() {
    if (!shift) return;
    label.firstElementChild.textContent = hm(Date.parse(shift.start) + second * 1000);
    label.lastElementChild.textContent = t('patrol.moving', { n: number(count?.(second) ?? 0) });
    slider.setAttribute('aria-valuetext', label.firstElementChild.textContent);
  }
  function set(next) { second = Math.max(0, Math.min(length, next)); slider.value = second; say(); move(second); }
  function frame(at) {
    if (!playing) return;
    const passed = Math.min(0.25, (at - last) / 1000);
    last = at;
    set(second + passed * Number(speed.value));
    if (second >= length) set(0);
    requestAnimationFrame(frame);
  }
  function toggle() {
    if (!shift) return;
    playing = !playing;
    play.setAttribute('aria-pressed', String(playing));
    play.replaceChildren(playing ? `❚❚ ${t('time.pause')}` : `▶ ${t('time.play')}`);
    if (playing) { last = performance.now(); requestAnimationFrame(frame); } else keep('second', Math.round(second));
  }
  play.addEventListener('click', toggle);
  slider.addEventListener('input', () => { set(Number(slider.value)); keep('second', Math.round(second)); });
  key('Space', 'key.play', toggle);
  key('ArrowLeft', 'key.earlier', (e) => (e.target.closest('#map_main, input, select, [role="group"]') ? false : set(second - 300)));
  key('ArrowRight', 'key.later', (e) => (e.target.closest('#map_main, input, select, [role="group"]') ? false : set(second + 300)));
  return {
    get second() { return second; },
    get playing() { return playing; },
    /** Take the shift of a plan; `moving(second)` counts the units on the road. */
    set(plan, moving) {
      const same = shift?.start === plan.shift.start;
      shift = plan.shift;
      count = moving;
      length = (Date.parse(shift.end) - Date.parse(shift.start)) / 1000;
      counts = Array.from({ length: 96 }, (_, i) => Array.from({ length: 5 }, (_, j) => moving(((i + (j + 0.5) / 5) / 96) * length)).reduce((a, b) => a + b, 0) / 5);
      const top = Math.max(1, ...counts);
      bars.setAttribute('viewBox', '0 0 960 40');
      fill(bars, counts.map((n, i) => h('rect', { x: i * 10 + 0.8, width: 8.4, y: 40 - (n / top) * 38, height: (n / top) * 38 })), h('line.base', { x1: 0, x2: 960, y1: 40, y2: 40 }));
      const step = STEPS.find((s) => length / s >= 4) ?? 60;
      fill(axis, Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => h('span', { style: { left: `${((i * step) / length) * 100}%` } }, hm(Date.parse(shift.start) + i * step * 1000))));
      thin(axis);
      slider.max = length;
      slider.disabled = play.disabled = false;
      label.title = shift.elapsed ? t('time.elapsed') : stamp(shift.start);
      // The one clock: a shift that runs now is shown as it stands now.
      const at = (now() - Date.parse(shift.start)) / 1000;
      set(same ? second : read('second') ? Number(read('second')) : at > 0 && at < length ? at : 0);
    },
    /** Go to a second of the shift, and remember it. */
    go(next) { set(next); keep('second', Math.round(second)); },
    /** Let the clock of the shift go with the clock on the wall. */
    follow() { setInterval(() => { const at = shift && (now() - Date.parse(shift.start)) / 1000; if (at >= 0 && at <= length && !playing) set(at); }, 1000); },
    toggle,
  };
}
