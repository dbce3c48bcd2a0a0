// Cover while moving: which share of the calls the units on the move reach in time, minute by minute, beside the same units standing.
import { t, zh } from './context.js';
import { fill, h } from './dom.js';
import { hm, number, percent } from './format.js';

const W = 1000;
const H = 150;

export function coverChart(box, { seek }) {
  const cursor = h('div.cover-now', { 'aria-hidden': 'true' });
  const stage = h('div.cover-stage');
  const note = h('p.meta');
  let cover = null;
  let length = 1;
  let start = 0;
  box.classList.add('cover');
  box.append(stage, note);
  stage.addEventListener('click', (event) => { const view = stage.getBoundingClientRect(); seek(((event.clientX - view.left) / view.width) * length); });
  const mean = (list) => (list?.length ? list.reduce((a, b) => a + b, 0) / list.length : null);
  function at(second) {
    cursor.style.left = `${(second / length) * 100}%`;
    if (!cover) return;
    const i = cover.minutes.findIndex((m, j) => m * 60 <= second && (cover.minutes[j + 1] ?? Infinity) * 60 > second);
    const now = i < 0 ? '' : t('patrol.cover.at', { at: hm(start + second * 1000), share: percent(cover.share[i], 0) });
    note.firstChild ? (note.firstChild.textContent = now) : note.append(now);
  }
  return {
    at,
    set(plan, second) {
      cover = plan.body.cover;
      length = plan.length;
      start = plan.start;
      if (!cover) { fill(stage, h('p.hint', null, t('patrol.cover.none'))); fill(note); return; }
      const y = (v) => H - v * H;
      const path = (list, kind) => (list?.length ? h('path', { class: kind, d: `M${list.map((v, i) => `${((cover.minutes[i] * 60) / length) * W} ${y(v)}`).join('L')}` }) : null);
      const words = (zh ? cover.zh : cover.en) ?? t('patrol.tab.cover');
      fill(stage, h('svg', { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': words },
        [0, 0.25, 0.5, 0.75, 1].map((v) => h('line.grid', { x1: 0, x2: W, y1: y(v), y2: y(v) })), path(cover.plain_share, 'plain'), path(cover.standing_share, 'standing'), path(cover.share, 'own')),
      h('div.cover-y', { 'aria-hidden': 'true' }, h('span', null, '100%'), h('span', null, '50%'), h('span', null, '0')), cursor);
      const key = (kind, label, list, own) => (list?.length ? h('span.band', null, h(`i.line.${kind}`), `${label} ${percent(own ?? mean(list), 1)}`) : null);
      fill(note, h('b', null, ''), ' ', key('own', t('patrol.cover.moving'), cover.share, cover.mean), key('standing', t('patrol.cover.standing'), cover.standing_share, cover.standing_mean), key('plain', t('patrol.cover.plain'), cover.plain_share, cover.plain_mean),
        h('span', { title: `${words}\n${t('patrol.cover.help', { m: number(cover.standard_minutes) })}` }, t('patrol.cover.standard', { m: number(cover.standard_minutes), n: number(cover.n_calls, Number.isInteger(cover.n_calls) ? 0 : 1), crews: number(cover.n_units) })));
      at(second);
    },
  };
}
