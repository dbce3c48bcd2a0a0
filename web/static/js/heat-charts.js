// Small charts of the heat page: bars over time, hours by weekday, the 80-20 curve. Each says its figures in words too.
import { t } from './context.js';
import { h } from './dom.js';
import { asked } from './figures.js';
import { number, percent } from './format.js';

/** Bars of [{label, n}], the highest one named; `pick(bar)` runs at a click on one that is not empty. */
export function bars(list, label, pick) {
  const top = Math.max(1, ...list.map((b) => b.n));
  const w = 300 / Math.max(1, list.length);
  const peak = list.reduce((best, b) => (b.n > best.n ? b : best), list[0] ?? { n: 0, label: '' });
  return h('figure.chart', null,
    h('svg', { viewBox: '0 0 300 54', preserveAspectRatio: 'none', role: 'img', 'aria-label': `${label}: ${t('heat.peak', { at: peak.label, n: number(peak.n) })}` },
      list.map((b, i) => h('rect', { x: i * w + w * 0.1, width: w * 0.8, y: 52 - (b.n / top) * 48, height: Math.max(b.n ? 1 : 0, (b.n / top) * 48), class: pick && b.n ? 'pick' : null, on: pick && b.n ? { click: () => pick(b) } : null }, title(`${b.label} · ${t('n.calls', { n: number(b.n) })}`))), h('line.base', { x1: 0, x2: 300, y1: 52, y2: 52 })),
    h('figcaption', null, h('span', null, list[0]?.label ?? ''), h('span', null, pick && peak.n ? asked(t('heat.peak', { at: peak.label, n: number(peak.n) }), 'heat.bar', () => pick(peak, true)) : t('heat.peak', { at: peak.label, n: number(peak.n) })), h('span', null, list[list.length - 1]?.label ?? '')));
}

/** Hours by weekday: rows are days, Monday first; darker is more, and the number is in the title of each cell; `pick(day, hour)` runs at a click or Enter. */
export function clockTable(rows, { digits = 0, pick } = {}) {
  const top = Math.max(1e-9, ...rows.flat());
  const best = rows.flat().indexOf(top);
  const cells = rows.flatMap((row, d) => row.map((n, hour) => h('rect', { x: hour * 12, y: d * 12, width: 11, height: 11, class: pick && n ? 'cell pick' : 'cell', on: pick && n ? { click: () => pick(d + 1, hour) } : null, style: { 'fill-opacity': n ? 0.12 + 0.88 * Math.sqrt(n / top) : 0.04 } }, title(`${t(`weekday.long.${d + 1}`)} ${hour}:00 · ${t('n.calls', { n: number(n, digits) })}`))));
  const days = rows.map((_, d) => h('text', { x: -4, y: d * 12 + 9.5, 'text-anchor': 'end' }, t(`weekday.${d + 1}`)));
  const hours = [0, 6, 12, 18, 23].map((hour) => h('text', { x: hour * 12 + 5.5, y: 95, 'text-anchor': 'middle' }, String(hour)));
  const words = best < 0 ? '' : t('heat.peak', { at: `${t(`weekday.long.${Math.floor(best / 24) + 1}`)} ${best % 24}:00`, n: number(top, digits) });
  const said = h('span', { 'aria-live': 'polite' }, words);
  let at = Math.max(0, best);
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -24, ArrowDown: 24 };
  const keydown = (event) => {
    if (event.key === 'Enter' && rows[Math.floor(at / 24)][at % 24]) { pick(Math.floor(at / 24) + 1, at % 24); return; }
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    cells[at].classList.remove('on');
    at = (at + steps[event.key] + 168) % 168;
    cells[at].classList.add('on');
    said.textContent = `${t(`weekday.long.${Math.floor(at / 24) + 1}`)} ${at % 24}:00 · ${t('n.calls', { n: number(rows[Math.floor(at / 24)][at % 24], digits) })}`;
  };
  const live = pick ? { tabindex: 0, on: { keydown, blur: () => cells[at].classList.remove('on') } } : {};
  return h('figure.chart', null, h('svg.clocktable', { viewBox: '-18 0 308 98', role: 'img', 'aria-label': `${t('heat.clock')}: ${words}${pick ? ` · ${t('heat.key.cells')}` : ''}`, ...live }, cells, days, hours), h('figcaption', null, h('span'), said));
}
function title(text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', 'title');
  node.textContent = text;
  return node;
}

/** Share of calls over share of places, beside what chance alone would give. */
export function curve(c) {
  const half = c.shares.indexOf(0.5);
  const line = c.places.map((x, i) => `${x * 100} ${100 - c.calls[i] * 100}`).join('L');
  const chance = ['0 100', ...c.by_chance.map((x, i) => `${x * 100} ${100 - c.shares[i] * 100}`)].join('L');
  const words = t('heat.curve.words', { places: percent(c.needed[half]), chance: percent(c.by_chance[half]) });
  return h('figure.chart.curve', null, h('svg', { viewBox: '-2 -2 104 104', role: 'img', 'aria-label': words },
    h('rect.frame', { x: 0, y: 0, width: 100, height: 100 }), h('path.chance', { d: `M${chance}` }), h('path.own', { d: `M${line}L100 0` })),
  h('figcaption', null, h('p', null, asked(h('b', null, t('heat.gini', { g: number(c.gini, 2) })), 'heat.gini')), h('p', null, words),
    h('ul', null, c.shares.map((s, i) => h('li', null, t('heat.curve.share', { calls: percent(s, 0), places: percent(c.needed[i]), lo: percent(c.chance_low[i]), hi: percent(c.chance_high[i]) })))), h('p', null, `n = ${number(c.n)} · ${t('heat.curve.of', { n: number(c.of) })}`)));
}
