// Small charts as SVG; whatever they show also stands in a table beside them.
import { h } from './dom.js';

const W = 300;
const H = 168;
const PAD = { left: 42, right: 12, top: 10, bottom: 30 };
function scale(values, from, to, slack = 0.06) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (high - low < 1e-9) { low -= Math.abs(low) * 0.02 + 1e-3; high += Math.abs(high) * 0.02 + 1e-3; }
  const room = (high - low) * slack;
  low -= room; high += room;
  return { at: (v) => from + ((v - low) / (high - low)) * (to - from), low, high };
}
function axes(x, y, { xs, ys, xName, yName, xTick, yTick }) {
  const text = (dx, dy, words, anchor) => { const node = h('text', { x: dx, y: dy, 'text-anchor': anchor }); node.textContent = words; return node; };
  return [
    h('path', { class: 'axis', d: `M${PAD.left} ${PAD.top}V${H - PAD.bottom}H${W - PAD.right}` }),
    ys.map((v) => [h('path', { class: 'tick', d: `M${PAD.left} ${y.at(v)}H${W - PAD.right}` }), text(PAD.left - 4, y.at(v) + 4, yTick(v), 'end')]),
    xs.map((v) => text(x.at(v), H - PAD.bottom + 13, xTick(v), 'middle')),
    text(W - PAD.right, H - 4, xName, 'end'), text(PAD.left + 4, PAD.top + 8, yName, 'start'),
  ];
}
const ends = (s) => [s.low + (s.high - s.low) * 0.08, (s.low + s.high) / 2, s.high - (s.high - s.low) * 0.08];

/** Points {x, y, name, kind, pick}: the named ones are drawn large, with their letters. */
export function scatter(points, { xName, yName, xTick, yTick, label }) {
  const x = scale(points.map((p) => p.x), PAD.left, W - PAD.right);
  const y = scale(points.map((p) => p.y), H - PAD.bottom, PAD.top);
  const line = points.filter((p) => !p.kind).sort((a, b) => a.x - b.x);
  const taken = [];
  const mark = (p) => {
    const dot = h('circle', { cx: x.at(p.x), cy: y.at(p.y), r: p.kind ? 8 : 4, class: p.kind ? `named ${p.kind}` : 'point' });
    if (p.pick) { dot.style.cursor = 'pointer'; dot.addEventListener('click', p.pick); }
    if (!p.name) return dot;
    const words = h('text', { class: 'name', x: x.at(p.x) + (x.at(p.x) > W - 70 ? -11 : 11), y: y.at(p.y) + (p.below ? 16 : -6), 'text-anchor': x.at(p.x) > W - 70 ? 'end' : 'start' });
    words.textContent = p.name;
    let top = Number(words.getAttribute('y'));
    while (taken.some((q) => Math.abs(q.x - x.at(p.x)) < 60 && Math.abs(q.y - top) < 14)) top += 3;
    taken.push({ x: x.at(p.x), y: top });
    words.setAttribute('y', top);
    return [dot, words];
  };
  return h('svg.chart', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': label },
    axes(x, y, { xs: ends(x), ys: ends(y), xName, yName, xTick, yTick }),
    line.length > 1 && h('path', { class: 'line', d: `M${line.map((p) => `${x.at(p.x)} ${y.at(p.y)}`).join('L')}` }), [...points].sort((a, b) => Boolean(a.kind) - Boolean(b.kind)).map(mark));
}
/** Points {x, y, low, high, bound}: a line with its intervals, and the bound as a dashed line above. */
export function curveChart(points, { xName, yName, xTick, yTick, label }) {
  const x = scale(points.map((p) => p.x), PAD.left, W - PAD.right);
  const y = scale(points.flatMap((p) => [p.y, p.low, p.high, p.bound]).filter(Number.isFinite), H - PAD.bottom, PAD.top);
  const path = (name, list) => list.length > 1 && h('path', { class: name, d: `M${list.map(([a, b]) => `${x.at(a)} ${y.at(b)}`).join('L')}` });
  const few = points.length <= 8 ? points.map((p) => p.x) : points.filter((_, i) => i % Math.ceil(points.length / 6) === 0).map((p) => p.x);
  return h('svg.chart', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': label },
    axes(x, y, { xs: few, ys: ends(y), xName, yName, xTick, yTick }),
    path('bound', points.filter((p) => Number.isFinite(p.bound)).map((p) => [p.x, p.bound])), path('line', points.map((p) => [p.x, p.y])),
    points.map((p) => [Number.isFinite(p.low) && h('path', { class: 'whisker', d: `M${x.at(p.x)} ${y.at(p.low)}V${y.at(p.high)}` }), h('circle', { cx: x.at(p.x), cy: y.at(p.y), r: 4, class: 'point' })]));
}
