// What an export would become: its fields and what each is taken for, the first calls, flags by reason.
import { t, zh } from './context.js';
import { $$, card, h, table, tiles } from './dom.js';
import { hms, number, ymd } from './format.js';

const PLACES = ['lon', 'lat', 'place_text', 'frame_field'];
const COLUMNS = ['call_id', 'occurred_at', 'occurred_to', 'family', 'intake', 'priority', 'valid', 'filed_case', 'citizen', 'address', 'grid_code', 'reported_at', 'answered_at', 'assigned_at', 'accepted_at', 'departed_at', 'arrived_at', 'handled_at', 'closed_at'];
const CLOCK = 'clock:';

/** What a field is taken for now. */
function roleOf(mapping, name) {
  const place = PLACES.find((p) => mapping[p] === name);
  if (place) return place;
  const clock = Object.entries(mapping.clock ?? {}).find(([, field]) => field === name);
  if (clock) return CLOCK + clock[0];
  return mapping.fields[name] ?? '';
}
const word = (role) => (role.startsWith(CLOCK) ? t('calls.clock_of', { column: t(`calls.column.${role.slice(CLOCK.length)}`) }) : t(`calls.column.${role}`));

/** The fields of the file, a few values of each, and a select that says what it is. */
export function mappingTable(r, change) {
  const dropped = new Map(r.persons.map((p) => [p.column, p.reason]));
  const choices = (role) => {
    const own = [...PLACES, ...COLUMNS, `${CLOCK}occurred_at`];
    if (role && !own.includes(role)) own.push(role);
    return [h('option', { value: '', selected: role === '' }, t('calls.unused.one')), own.map((c) => h('option', { value: c, selected: c === role }, word(c)))];
  };
  const pick = (name) => {
    if (dropped.has(name) && dropped.get(name) !== 'masked') return [h('span.tag.good', null, t('calls.persons')), ' ', h('small', null, t(`calls.persons.${dropped.get(name)}`))];
    const role = roleOf(r.mapping, name);
    return h('select', { 'data-field': name, 'aria-label': t('calls.taken_for', { name }), on: { change } }, choices(role));
  };
  return h('div.mapping', { id: 'mapping' }, table([[t('calls.field'), (n) => h('b', null, n)], [t('calls.samples'), (n) => h('span.samples', null, (r.samples[n] ?? []).join(' · ') || '–')], [t('calls.is'), pick]], r.headers, { label: t('calls.mapping') }));
}
/** The mapping that the selects say; what they do not show stays as it was. */
export function readMapping(root, before) {
  const made = { ...before, fields: {}, clock: {}, lon: null, lat: null, place_text: null, frame_field: null };
  for (const select of $$('select[data-field]', root)) {
    const [name, role] = [select.dataset.field, select.value];
    if (!role) continue;
    if (PLACES.includes(role)) made[role] = name;
    else if (role.startsWith(CLOCK)) made.clock[role.slice(CLOCK.length)] = name;
    else made.fields[name] = role;
  }
  return made;
}
const when = (value) => (value ? `${ymd(value)} ${hms(value)}` : '–');
const yes = (value) => (value === null ? '–' : value ? t('yes') : t('no'));

/** Calls as they would be kept. */
export function previewTable(rows) {
  return h('div.wide', null, table([[t('calls.column.call_id'), (c) => c.call_id], [t('calls.column.occurred_at'), (c) => when(c.occurred_at)], [t('calls.column.family'), (c) => c.family], [t('calls.column.valid'), (c) => yes(c.valid)],
    [t('calls.column.address'), (c) => c.address ?? '–'], [t('place.coordinates'), (c) => (c.placed ? `${number(c.lon, 5)}, ${number(c.lat, 5)}` : h('span.tag', null, t('calls.no_place')))], [t('calls.flags'), (c) => flagWords(c.flags)]], rows, { label: t('calls.first', { n: rows.length }) }));
}
/** Reasons on one call, by their states. */
export function statesOf(text) {
  return (text ?? '').split(' ').map((w) => w.split('=')).filter(([code, state]) => state && code !== 'imported');
}
const names = new Map();
/** Remember the words of reasons as the server says them. */
export function learn(flags) { for (const f of flags) names.set(f.code, zh ? f.label_zh : f.label_en); }
export const reasonName = (code) => names.get(code) ?? code;
const flagWords = (text) => statesOf(text).map(([code]) => h('span.tag', null, reasonName(code)));

export function basesCard(bases, aside) {
  return card(t('calls.bases'), { id: 'bases', aside }, tiles([[number(bases.received), t('basis.received'), t('basis.received.help')], [number(bases.valid), t('basis.valid'), t('basis.valid.help')], [number(bases.cases), t('basis.cases'), t('basis.cases.help')]]),
    h('p.meta', null, t('calls.valid_unplaced', { n: number(bases.valid_unplaced) })));
}
/** Flags by reason, with the sentence that says the rule. */
export function flagTable(flags) {
  learn(flags);
  if (!flags.length) return card(t('calls.flags'), {}, h('p.meta', null, t('calls.flags.none')));
  return card(t('calls.flags'), { id: 'flags', aside: t('calls.flags.aside') }, table([[t('calls.reason'), (f) => [h('b', null, zh ? f.label_zh : f.label_en), h('br'), h('small', null, zh ? f.sentence_zh : f.sentence_en)]], ['n', (f) => number(f.n), 'n']], flags, { label: t('calls.flags') }));
}
