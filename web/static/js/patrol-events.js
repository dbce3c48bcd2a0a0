// What happens during a shift: a crew is pulled away, comes back or is late; a street is closed. Menus and the question of a closure.
import { get } from './api.js';
import { t } from './context.js';
import { h, toast } from './dom.js';
import { hm, iso, ymd } from './format.js';
import { streets } from './mapview.js';
import { showMenu } from './patrol-menu.js';

const TIME = /^([01]?\d|2[0-3]):([0-5]\d)$/;

const movable = (stop) => stop && (stop.point || stop.role === 'break');
/** The menu of a crew, and of the stop under the pointer; `act` does it. */
export function crewMenu({ plan, unit, stop, second, x, y, act }) {
  const from = hm(plan.start + second * 1000);
  const upcoming = unit.stops.filter((s) => s.point !== null && s.begin > second);
  const away = unit.away.some(([a, b]) => a <= second && second < b);
  const all = unit.stops.length > 0 && unit.stops.every((s) => s.locked);
  showMenu(`${unit.name} · ${from}`, [
    stop && { id: 'lock', words: t(stop.locked ? 'patrol.unlock' : 'patrol.lock'), note: stop.name, run: () => act.lock([stop], !stop.locked) },
    movable(stop) && { id: 'move', words: t('patrol.move'), note: 'M', run: () => act.move(stop) },
    movable(stop) && { id: 'remove', words: t('patrol.remove'), note: stop.name, run: () => act.remove(stop) },
    plan.point.has(stop?.point) && { id: 'pin', words: t('patrol.wish.pinned'), note: t('patrol.wish.next'), run: () => act.wish('pinned', unit, stop) },
    plan.point.has(stop?.point) && { id: 'forbid', words: t('patrol.wish.forbidden'), note: t('patrol.wish.next'), run: () => act.wish('forbidden', unit, stop) },
    !away && { id: 'away', words: t('patrol.event.away'), note: t('patrol.event.from', { at: from }), run: () => act.replan([{ kind: 'away', unit_id: unit.id, at: act.iso(second) }]) },
    away && { id: 'back', words: t('patrol.event.back'), note: t('patrol.event.from', { at: from }), run: () => act.replan([{ kind: 'back', unit_id: unit.id, at: act.iso(second) }]) },
    ...(away ? [] : [10, 20, 30]).map((m) => ({ id: `late-${m}`, words: t('patrol.event.late', { m }), note: upcoming[0] ? t('patrol.event.next', { name: upcoming[0].name }) : '', run: () => act.replan([{ kind: 'late', unit_id: unit.id, minutes: m }]) })),
    { id: 'lock-crew', words: t(all ? 'patrol.unlock.crew' : 'patrol.lock.crew'), run: () => act.lock([{ unit: unit.id }], !all) },
    { id: 'locate', words: t('patrol.event.where'), run: () => act.fly(unit) },
  ], x, y);
}

/** A small square around a place: what a closure of this spot closes. */
function spot(lon, lat, metres) {
  const dy = metres / 111320;
  const dx = dy / Math.cos((lat * Math.PI) / 180);
  return [[lon - dx, lat - dy], [lon + dx, lat - dy], [lon + dx, lat + dy], [lon - dx, lat + dy], [lon - dx, lat - dy]];
}
/** Names of the streets drawn within a few pixels of a place: the tiles on the screen know them. */
function streetsAt({ lat, lng }) {
  const found = [...(streets()?.queryTileFeaturesDebug(lng, lat, 12)?.values() ?? [])].flat();
  return [...new Set(found.filter((f) => f.layerName === 'streets').map((f) => f.feature.props.n).filter(Boolean))].slice(0, 3);
}
/** The menu of a place on the map; `close(closure, now)` takes what was chosen. */
export async function streetMenu({ latlng, x, y, plan, second, span, close, locate }) {
  const names = streetsAt(latlng);
  const here = await get(`/api/locate?lon=${latlng.lng.toFixed(6)}&lat=${latlng.lat.toFixed(6)}`).catch(() => null);
  // The street that is meant is the nearest one; away from all streets there is nothing to close.
  const { lon, lat } = here?.snapped && here.snapped.offset_m < 150 ? here.snapped : { lon: null, lat: null };
  const ask = (closure, label) => askClosure({ closure, label, plan, second, span, close });
  showMenu(names[0] ?? t('place.title'), [
    lon !== null && { id: 'close-here', words: t('patrol.event.close.here'), note: t('patrol.event.close.here.note'), run: () => ask({ area: spot(lon, lat, 30) }, names[0] ? t('patrol.event.close.part', { name: names[0] }) : t('patrol.event.close.spot')) },
    ...names.map((name, i) => ({ id: `close-street-${i}`, words: t('patrol.event.close.street', { name }), run: () => ask({ street: name }, name) })),
    { id: 'place', words: t('place.title'), run: () => locate(latlng.lat, latlng.lng) },
  ], x, y);
}
/** A closed street or area: lifted in the plan that is open, or taken out of the next question. */
export function closureMenu({ closure, x, y, reopen, drop }) {
  showMenu(`${t('patrol.extra.closures')} ${closure.name ?? ''}`, [reopen && { id: 'reopen', words: t('patrol.event.reopen'), note: t('patrol.event.close.now'), run: reopen }, drop && { id: 'drop', words: t('patrol.take_back'), run: drop }], x, y);
}
/** The moment (ISO) of a time of day, 21:30, in a shift that may run over midnight; null where it cannot be read. */
export function momentIn(span, words) {
  const found = TIME.exec(words);
  if (!found) return null;
  let ms = Date.parse(iso(ymd(span.start), 0)) + (Number(found[1]) * 60 + Number(found[2])) * 60000;
  if (ms < span.start) ms += 86400000;
  return new Date(ms).toISOString();
}
/** Ask for the hours of a closure that was drawn by hand, or chosen by `label`. */
export function askClosure({ closure, label, plan, second, span, close }) {
  const at = plan ? plan.start + second * 1000 : null;
  const field = (name, value, words) => h('label.field', null, h('span', null, words), h('input', { type: 'text', name, inputmode: 'numeric', maxlength: 5, placeholder: hm(name === 'from' ? span.start : span.start + span.length * 1000), value }));
  const name = h('input', { type: 'text', name: 'name', maxlength: 80, value: label, required: true });
  const [from, to] = [field('from', at ? hm(at) : '', t('patrol.event.close.from')), field('to', plan ? hm(plan.start + plan.length * 1000) : '', t('patrol.event.close.to'))];
  const text = (node) => node.lastElementChild.value.trim();
  const done = (now) => {
    const [a, b] = [momentIn(span, text(from)), momentIn(span, text(to))];
    if ((text(from) && !a) || (text(to) && !b) || (a && b && a >= b)) { toast(t('patrol.event.close.bad'), true); return; }
    const own = name.value.trim() || label;
    box.close();
    close({ ...closure, name: own, ...(a ? { from: a } : {}), ...(b ? { to: b } : {}), label: `${own}${a || b ? ` ${text(from)}–${text(to)}` : ''}` }, now);
  };
  const box = h('dialog.ask', { 'aria-labelledby': 'closure-title', id: 'closure' }, h('h2', { id: 'closure-title' }, t('patrol.event.close.title', { name: label })),
    h('label.field', null, h('span', null, t('patrol.event.close.name')), name), h('div.pair', null, from, to),
    h('p.hint', null, t('patrol.event.close.whole')), plan && h('p.hint', null, t('patrol.event.close.note')),
    h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('cancel')), ' ', h('button', { type: 'button', id: 'close-next', on: { click: () => done(false) } }, t('patrol.event.close.next')), ' ', plan && h('button', { type: 'button', id: 'close-now', on: { click: () => done(true) } }, t('patrol.event.close.now'))));
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
}
