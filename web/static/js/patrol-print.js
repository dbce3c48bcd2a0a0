// The printed sheet of a crew: A4, its stops with times and reasons, its way drawn, the streets by name.
import { now } from './clock.js';
import { context, t, zh } from './context.js';
import { fill, h } from './dom.js';
import { day, hm, metres } from './format.js';
import { stopList } from './patrol-cards.js';

const W = 640;
const H = 300;
/** The way and its numbered stops, north up; a scale bar of a round length says how far is far. */
function way(unit) {
  const all = [...unit.line, ...unit.stops.map((s) => [s.lon, s.lat])].filter(([lon]) => Number.isFinite(lon));
  if (all.length < 2) return null;
  const [west, south, east, north] = all.reduce(([w, s, e, n], [lon, lat]) => [Math.min(w, lon), Math.min(s, lat), Math.max(e, lon), Math.max(n, lat)], [180, 90, -180, -90]);
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const k = Math.min((W - 40) / Math.max((east - west) * squeeze, 1e-6), (H - 40) / Math.max(north - south, 1e-6));
  const left = (W - (east - west) * squeeze * k) / 2;
  const top = (H - (north - south) * k) / 2;
  const at = ([lon, lat]) => [(left + (lon - west) * squeeze * k).toFixed(1), (top + (north - lat) * k).toFixed(1)];
  const perMetre = k / 111320;
  const bar = [100, 200, 500, 1000, 2000, 5000, 10000].find((m) => m * perMetre > 60) ?? 20000;
  const seen = new Map();
  unit.stops.forEach((s, i) => { if (!Number.isFinite(s.lon)) return; const place = at([s.lon, s.lat]).join(' '); if (!seen.has(place)) seen.set(place, []); seen.get(place).push(i + 1); });
  return h('svg.way', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': t('patrol.sheet.way') },
    h('path.way', { d: `M${unit.line.map((p) => at(p).join(' ')).join('L')}` }),
    [...seen].map(([place, numbers]) => { const [x, y] = place.split(' ').map(Number); return [h('circle', { cx: x, cy: y, r: 3.4 }), h('text', { x: x + 5, y: y - 4 }, numbers.join('、'))]; }),
    h('path.scale', { d: `M12 ${H - 14}v6h${(bar * perMetre).toFixed(1)}v-6` }), h('text', { x: 12, y: H - 20 }, bar < 1000 ? `${bar} ${t('unit.m')}` : `${bar / 1000} ${t('unit.km')}`), h('text', { x: W - 26, y: 20 }, `↑ ${t('patrol.north')}`));
}
export function printSheet(box, plan, unit) {
  const clock = (s) => hm(plan.start + s * 1000);
  fill(box, h('h1', null, `${t('patrol.sheet')}  ${unit.name}`), h('p', null, `${context.title} · ${plan.body.shift.name} · ${day(plan.start)} ${clock(unit.begin)}–${clock(unit.finish)} · ${t(`kind.${unit.kind}`)} · ${unit.post ?? ''} · ${metres(unit.metres)}`), way(unit), stopList(plan, unit),
    unit.streets.length ? h('p.meta', null, `${t('patrol.streets')} ${unit.streets.join(' → ')}`) : null, h('p.meta', null, `${plan.id} · ${t('patrol.version', { n: plan.version })} · ${zh ? context.synthetic_note_zh : context.synthetic_note_en} ${t('printed', { at: `${day(now())} ${hm(now())}` })}`));
  box.classList.add('on');
  document.body.classList.add('sheet-only');
  window.print();
  box.classList.remove('on');
  document.body.classList.remove('sheet-only');
}
