// What happens during a shift: a crew is pulled away, comes back or is late; a street is closed. Menus and the question of a closure.
import { get } from './api.js';
import { t } from './context.js';
import { h, toast } from './dom.js';
import { hm, iso, local } from './format.js';
import { streets } from './mapview.js';
import { showMenu } from './patrol-menu.js';

const TIME = /^([01]?\d|2[0-3]):([0-5]\d)$/;

/** The menu of a crew, and of the stop under the pointer; `act` does it. */
export function crewMenu({ plan, unit, stop, second, x, y, act }) {
  const from = hm(plan.start + second * 1000);
  const upcoming = unit.stops.filter((s) => s.point !== null && s.begin > second);
  const all = unit.stops.length > 0 && unit.stops.every((s) => s.locked);
  showMenu(`${unit.name} · ${from}`, [
    stop && { id: 'lock', words: t(stop.locked ? 'patrol.unlock' : 'patrol.lock'), note: stop.name, run: () => act.lock([stop], !stop.locked) },
    stop?.point && { id: 'move', words: t('patrol.move'), note: 'M', run: () => act.move(stop) },
    stop?.point && { id: 'remove', words: t('patrol.remove'), note: stop.name, run: () => act.remove(stop) },
    stop?.point && { id: 'pin', words: t('patrol.wish.pinned'), note: t('patrol.wish.next'), run: () => act.wish('pinned', unit, stop) },
    stop?.point && { id: 'forbid', words: t('patrol.wish.forbidden'), note: t('patrol.wish.next'), run: () => act.wish('forbidden', unit, stop) },
    { id: 'away', words: t('patrol.event.away'), note: t('patrol.event.from', { at: from }), run: () => act.replan([{ kind: 'away', unit_id: unit.id, at: act.iso(second) }]) },
    { id: 'back', words: t('patrol.event.back'), note: t('patrol.event.from', { at: from }), run: () => act.replan([{ kind: 'back', unit_id: unit.id, at: act.iso(second) }]) },
    ...[10, 20, 30].map((m) => ({ id: `late-${m}`, words: t('patrol.event.late', { m }), note: upcoming[0] ? t('patrol.event.next', { name: upcoming[0].name }) : '', run: () => act.replan([{ kind: 'late', unit_id: unit.id, minutes: m }]) })),
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
export async function streetMenu({ latlng, x, y, plan, second, close, locate }) {
  const names = streetsAt(latlng);
  const here = await get(`/api/locate?lon=${latlng.lng.toFixed(6)}&lat=${latlng.lat.toFixed(6)}`).catch(() => null);
  // The street that is meant is the nearest one; away from all streets there is nothing to close.
  const { lon, lat } = here?.snapped && here.snapped.offset_m < 150 ? here.snapped : { lon: null, lat: null };
  const ask = (closure, label) => askClosure({ closure, label, plan, second, close });
  showMenu(names[0] ?? t('place.title'), [
    lon !== null && { id: 'close-here', words: t('patrol.event.close.here'), note: t('patrol.event.close.here.note'), run: () => ask({ area: spot(lon, lat, 30) }, names[0] ? t('patrol.event.close.part', { name: names[0] }) : t('patrol.event.close.spot')) },
    ...names.map((name, i) => ({ id: `close-street-${i}`, words: t('patrol.event.close.street', { name }), run: () => ask({ street: name }, name) })),
    { id: 'place', words: t('place.title'), run: () => locate(latlng.lat, latlng.lng) },
  ], x, y);
}
/** From when to when, and whether it goes into the plan that is open or into the next question. */
function askClosure({ closure, label, plan, second, close }) {
  const at = plan ? plan.start + second * 1000 : null;
  const from = h('input', { type: 'text', name: 'from', inputmode: 'numeric', maxlength: 5, value: at ? hm(at) : '' });
  const to = h('input', { type: 'text', name: 'to', inputmode: 'numeric', maxlength: 5, value: plan ? hm(plan.start + plan.length * 1000) : '' });
  const moment = (text) => {
    const found = TIME.exec(text.trim());
    if (!found || !plan) return null;
    const base = local(plan.start);
    const day = `${base.getUTCFullYear()}-${String(base.getUTCMonth() + 1).padStart(2, '0')}-${String(base.getUTCDate()).padStart(2, '0')}`;
    let ms = Date.parse(iso(day, 0)) + (Number(found[1]) * 60 + Number(found[2])) * 60000;
    if (ms < plan.start) ms += 86400000; // a shift over midnight
    return new Date(ms).toISOString();
  };
  const done = (now) => {
    const [a, b] = [moment(from.value), moment(to.value)];
    if (plan && ((from.value && !a) || (to.value && !b) || (a && b && a >= b))) { toast(t('patrol.event.close.bad'), true); return; }
    box.close();
    close({ ...closure, name: label, ...(a ? { from: a } : {}), ...(b ? { to: b } : {}), label: `${label}${a ? ` ${from.value}–${to.value}` : ''}` }, now);
  };
  const box = h('dialog.ask', { 'aria-labelledby': 'closure-title', id: 'closure' }, h('h2', { id: 'closure-title' }, t('patrol.event.close.title', { name: label })),
    plan ? h('div.pair', null, h('label.field', null, h('span', null, t('patrol.event.close.from')), from), h('label.field', null, h('span', null, t('patrol.event.close.to')), to)) : h('p.hint', null, t('patrol.event.close.whole')),
    h('p.hint', null, t('patrol.event.close.note')),
    h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('cancel')), ' ', h('button', { type: 'button', id: 'close-next', on: { click: () => done(false) } }, t('patrol.event.close.next')), ' ', plan && h('button', { type: 'button', id: 'close-now', on: { click: () => done(true) } }, t('patrol.event.close.now'))));
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
}
