// What a plan holds beside its points: rests, stops at hot places, roads driven along. Marks, legend and what became of each.
import { t, zh } from './context.js';
import { card, h, meta } from './dom.js';
import { hm, number, percent } from './format.js';
import { legend, marks } from './legend.js';
import { ink } from './mapview.js';
import { dot, glyph } from './shapes.js';

const NAMED = 5; // the sentence itself names so many
const bar = (color) => h('svg', { viewBox: '0 0 26 10', width: 26, height: 10, 'aria-hidden': 'true' }, h('path', { d: 'M1 5H25', fill: 'none', stroke: color, 'stroke-width': 9, opacity: 0.35 }));
const tip = (name, ...lines) => h('div', null, h('b', null, name), lines.filter(Boolean).map((line) => h('div', null, line)));
const words = (x) => (zh ? x.zh : x.en);
const breaksOf = (plan) => plan.units.flatMap((u) => u.stops.filter((s) => s.role === 'break').map((s) => [u, s]));

/** Marks on the map; `pick(unit, stop)` hears clicks on what a crew does. */
export function extrasLayer({ pick }) {
  const group = L.layerGroup();
  return {
    group,
    set(plan) {
      group.clearLayers();
      const clock = (s) => hm(plan.start + s * 1000);
      for (const l of plan.body.lines ?? []) L.polyline(l.line.map(([lon, lat]) => [lat, lon]), { pane: 'dots', color: l.left_out ? ink().bad : ink().pick, weight: 11, opacity: 0.32 }).bindTooltip(tip(l.name, words(l), l.begins.map((at) => hm(at)).join('、'))).addTo(group).bringToBack();
      const places = new Map();
      for (const s of plan.body.optional?.stops ?? []) { const key = `${s.lon},${s.lat}`; if (!places.has(key)) places.set(key, []); places.get(key).push(s); }
      for (const list of places.values()) {
        const taken = list.filter((s) => s.taken);
        const first = taken[0] && plan.units.find((u) => u.id === taken[0].unit_id);
        dot(list[0].lat, list[0].lon, { pane: 'dots', shape: 'diamond', radius: 6, color: taken.length ? ink().halo : ink().pick, fillColor: taken.length ? ink().pick : ink().halo, weight: taken.length ? 1.3 : 2 })
          .bindTooltip(tip(list[0].name, t('patrol.optional.of', { n: number(taken.length), of: number(list.length) }), t('patrol.optional.prize', { n: number(list.reduce((n, s) => n + s.prize, 0), 2) })))
          .on('click', (event) => { L.DomEvent.stopPropagation(event); const s = first?.stops.find((x) => x.role === 'optional' && x.lon === list[0].lon && x.lat === list[0].lat); if (s) pick(first, s); }).addTo(group);
      }
      for (const [u, s] of breaksOf(plan)) dot(s.lat, s.lon, { pane: 'dots', shape: 'down', radius: 6.4, color: ink().halo, fillColor: ink().strong, weight: 1.3 }).bindTooltip(tip(`${t('patrol.role.break')} · ${u.name}`, s.name, `${clock(s.begin)}–${clock(s.end)}`)).on('click', (event) => { L.DomEvent.stopPropagation(event); pick(u, s); }).addTo(group);
    },
  };
}
export function extrasLegend(plan, on) {
  const list = [
    breaksOf(plan).length && [glyph('down', { fill: ink().strong, stroke: ink().strong, r: 5.4 }), t('patrol.role.break')],
    plan.body.optional && [glyph('diamond', { fill: ink().pick, stroke: ink().pick, r: 5 }), t('patrol.role.optional')],
    plan.body.optional && [glyph('diamond', { stroke: ink().pick, r: 5, weight: 2 }), t('patrol.optional.not')],
    plan.body.lines?.length && [bar(ink().pick), t('patrol.role.line')],
  ].filter(Boolean);
  legend('extras', on && list.length ? marks(t('patrol.extras'), null, list) : null);
}
/** What became of rests, hot places and roads, a sentence each, with what could not be done. */
/** Crews that had to come to a point, and when they do; crews that may not come. */
function wishes(plan) {
  const { pinned, forbidden } = plan.body.question ?? {};
  const unit = (id) => plan.units.find((u) => u.id === id);
  const place = (id) => plan.point.get(id)?.name ?? id;
  const visit = (p) => unit(p.unit_id)?.stops.find((s) => s.point === p.point_id && plan.start + s.begin * 1000 >= Date.parse(p.earliest) && plan.start + s.begin * 1000 <= Date.parse(p.latest));
  const come = (p) => {
    const at = visit(p);
    return [h('p.claim', null, h('span', { class: `tag kind ${at ? 'line' : 'bad'}` }, t('patrol.extra.pinned')), ` ${unit(p.unit_id)?.name ?? p.unit_id} ${place(p.point_id)} ${hm(p.earliest)}–${hm(p.latest)}`), meta(at ? t('patrol.begins', { list: hm(plan.start + at.begin * 1000) }) : t('patrol.wish.unmet'))];
  };
  const away = (f) => h('p.claim', null, h('span.tag', null, t('patrol.extra.forbidden')), ` ${f.kind ? t('patrol.wish.kind', { kind: t(`kind.${f.kind}`) }) : unit(f.unit_id)?.name ?? f.unit_id} ${place(f.point_id)}`);
  return [...(pinned ?? []).map(come), ...(forbidden ?? []).map(away)];
}
export function extrasCard(plan) {
  const { breaks, optional, lines } = plan.body;
  const asked = wishes(plan);
  if (!breaks?.length && !optional && !lines?.length && !asked.length) return null;
  return card(t('patrol.asked'), { id: 'extras' }, asked,
    (breaks ?? []).map((b) => [h('p.claim', null, h('span.tag.kind.break', null, t('patrol.role.break')), ' ', words(b)), b.unrested?.length > NAMED ? meta(t('patrol.breaks.unrested', { names: b.unrested.map((u) => u.name).join('、') })) : null]),
    optional ? [h('p.claim', null, h('span.tag.kind.optional', null, t('patrol.role.optional')), ' ', words(optional)), Number.isFinite(optional.share_of_bound) ? meta(t('patrol.optional.share', { share: percent(optional.share_of_bound, 0) })) : null] : null,
    (lines ?? []).map((l) => [h('p.claim', null, h('span', { class: `tag kind ${l.left_out ? 'bad' : 'line'}` }, t('patrol.role.line')), ' ', words(l)), meta(l.left_out ? t('point.unvisited') : t('patrol.begins', { list: l.begins.map((at) => hm(at)).join('、') }))]));
}
