// The time bar: a histogram over a slider, and a play button. It works by mouse, by keys and by hand.
import { t } from './context.js';
import { $, fill, h } from './dom.js';
import { key } from './keys.js';

/** Hide the labels of an axis that would run into the one before. */
export function thin(axis) {
  let end = -Infinity;
  for (const label of axis.children) {
    label.style.visibility = '';
    const box = label.getBoundingClientRect();
    if (box.left < end + 4) label.style.visibility = 'hidden'; else end = box.right;
  }
}

/**
 * Make the time bar.
 * bins: [{value, label, note}], axis: [[index, text]], change(index | null): null is the whole period.
 */
export function timebar({ change, modes = null, mode = null, onMode = null, wait = 650, start = null }) {
  const root = $('#time');
  let bins = [];
  let at = null;
  let timer = 0;
  let whole = { label: '', note: '' };
  const bars = h('svg', { preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  const slider = h('input', { type: 'range', id: 'slider', min: 0, max: 0, step: 1, 'aria-label': t('time.slider') });
  const axis = h('div.axis', { 'aria-hidden': 'true' });
  const play = h('button', { type: 'button', id: 'play', 'aria-keyshortcuts': 'Space' }, `▶ ${t('time.play')}`);
  const all = h('button', { type: 'button', id: 'whole', 'aria-pressed': 'true', 'aria-keyshortcuts': 'Escape' }, t('time.whole'));
  const now = h('div.now', { role: 'status' }, h('b'), h('small'));
  const choice = modes && h('select', { 'aria-label': t('time.mode'), id: 'mode' }, modes.map(([id, label]) => h('option', { value: id, selected: id === mode }, label)));
  fill(root, h('div.timebar', null, h('div.drive', null, choice, h('div', null, play, all)), h('div.track', null, bars, slider, axis), now));

  new ResizeObserver(() => thin(axis)).observe(axis);

  function draw() {
    const top = Math.max(1e-9, ...bins.map((b) => b.value));
    bars.setAttribute('viewBox', `0 0 ${Math.max(bins.length, 1) * 10} 40`);
    fill(bars, bins.map((b, i) => {
      const height = b.value ? Math.max(1, (b.value / top) * 38) : 0;
      return h('rect', { x: i * 10 + (bins.length > 80 ? 0.6 : 1.2), y: 40 - height, width: bins.length > 80 ? 8.8 : 7.6, height, class: i === at ? 'on' : null });
    }), h('line.base', { x1: 0, x2: bins.length * 10, y1: 40, y2: 40 }));
  }
  function say() {
    const bin = at === null ? whole : bins[at];
    now.firstElementChild.textContent = bin?.label ?? '';
    now.lastElementChild.textContent = bin?.note ?? '';
    slider.setAttribute('aria-valuetext', `${bin?.label ?? ''} ${bin?.note ?? ''}`);
    all.setAttribute('aria-pressed', String(at === null));
    slider.classList.toggle('idle', at === null);
  }
  function go(index, silent) {
    const before = at;
    at = index === null || !bins.length ? null : (index + bins.length) % bins.length;
    if (before !== null) bars.children[before]?.removeAttribute('class');
    if (at !== null) { bars.children[at]?.setAttribute('class', 'on'); slider.value = at; }
    say();
    if (!silent) change(at);
  }
  function stop() { clearInterval(timer); timer = 0; play.replaceChildren(`▶ ${t('time.play')}`); play.setAttribute('aria-pressed', 'false'); }
  function toggle() {
    if (timer) { stop(); return; }
    if (!bins.length) return;
    play.replaceChildren(`❚❚ ${t('time.pause')}`);
    play.setAttribute('aria-pressed', 'true');
    go(at === null ? 0 : at + 1);
    timer = setInterval(() => go((at ?? -1) + 1), wait);
  }
  slider.addEventListener('input', () => { stop(); go(Number(slider.value)); });
  play.addEventListener('click', toggle);
  all.addEventListener('click', () => { stop(); go(null); });
  bars.addEventListener('click', (event) => { const box = bars.getBoundingClientRect(); stop(); go(Math.min(bins.length - 1, Math.floor(((event.clientX - box.left) / box.width) * bins.length))); });
  choice?.addEventListener('change', () => { stop(); onMode(choice.value); });
  key('Space', 'key.play', toggle);
  key('Escape', 'key.whole.time', () => (at === null ? false : (stop(), go(null))));
  key('ArrowLeft', 'key.earlier', (e) => (e.target.closest('#map_main, input, .segments, [role="group"]') ? false : (stop(), go((at ?? bins.length) - 1))));
  key('ArrowRight', 'key.later', (e) => (e.target.closest('#map_main, input, .segments, [role="group"]') ? false : (stop(), go((at ?? -1) + 1))));
  return {
    /** Show other bins; the place is kept while it exists. */
    set(next, { marks = [], total = whole, keepPlace = true } = {}) {
      bins = next;
      whole = total;
      slider.max = Math.max(0, bins.length - 1);
      if (!keepPlace || (at !== null && at >= bins.length)) { stop(); at = null; }
      if (start !== null && bins.length) { at = Math.min(start, bins.length - 1); slider.value = at; start = null; queueMicrotask(() => change(at)); }
      draw();
      fill(axis, marks.map(([index, text]) => h('span', { style: { left: `${((index + 0.5) / bins.length) * 100}%` } }, text)));
      thin(axis);
      say();
    },
    go, stop, toggle,
    get at() { return at; },
    get bin() { return at === null ? null : bins[at]; },
    get playing() { return Boolean(timer); },
  };
}
