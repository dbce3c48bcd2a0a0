// More of the question of a plan: rests of the crews, stops at hot places, roads to be driven along.
import { t } from './context.js';
import { h, toast } from './dom.js';
import { hm, number } from './format.js';
import { takeUp } from './lasso.js';
import { momentIn } from './patrol-events.js';

const VEHICLES = ['car', 'motorcycle', 'foot', 'off_road'];
const field = (name, words, value, options, help) => h('label.field', { title: help }, h('span', null, words), h('input', { name, value: value ?? '', type: 'number', required: true, ...options }));
const text = (name, words, value, options, help) => field(name, words, value, { type: 'text', required: false, ...options }, help);
const choice = (name, words, list, help) => h('label.field', { title: help }, h('span', null, words), h('select', { name }, list.map(([id, label]) => h('option', { value: id }, label))));
const vehicles = (picked) => h('div.buttons', { role: 'group', 'aria-label': t('patrol.conditions.kinds') }, VEHICLES.map((kind) => h('label.row', null, h('input', { type: 'checkbox', name: 'kinds', value: kind, checked: picked.includes(kind) }), h('span', null, t(`kind.${kind}`)))));
const kinds = (form) => [...form.querySelectorAll('[name=kinds]:checked')].map((b) => b.value);

/** A dialog of fields; `read(elements, form)` gives what is kept, or null after it said what is wrong. */
function ask(id, title, note, body, { read, done, more }) {
  const form = h('form', { novalidate: true }, h('h2', { id: `${id}-title` }, title), h('p.hint', null, note), body,
    h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('cancel'), ' ', h('kbd', null, 'Esc')), ' ', more?.(() => box.close()), ' ', h('button', { type: 'submit', id: `${id}-add` }, t('patrol.conditions.add'), ' ', h('kbd', null, '↵'))));
  const box = h('dialog.ask', { 'aria-labelledby': `${id}-title`, id }, form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    const found = read(form.elements, form);
    if (!found) return;
    box.close();
    done(found);
  });
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}

/** Rests: `add(rule)` for one more, `none()` where no crew rests, whatever the level says. */
export function openBreaks({ add, none }) {
  ask('breaks', t('patrol.breaks.title'), t('patrol.breaks.note'), [
    text('name', t('patrol.breaks.name'), t('patrol.breaks.meal'), { maxlength: 40, required: true }),
    h('div.pair', null, field('minutes', t('patrol.breaks.minutes'), 40, { min: 5, max: 240 }), choice('at', t('patrol.breaks.at'), [['post', t('patrol.breaks.at.post')], ['here', t('patrol.breaks.at.here')]])),
    h('div.pair', null, field('after', t('patrol.breaks.after'), 3, { min: 0, max: 24, step: 'any' }, t('patrol.breaks.hours.help')), field('before', t('patrol.breaks.before'), 5, { min: 0, max: 24, step: 'any' }, t('patrol.breaks.hours.help'))),
  ], {
    done: add,
    more: (close) => h('button', { type: 'button', id: 'breaks-none', on: { click: () => { close(); none(); } } }, t('patrol.breaks.none')),
    read(e) {
      const rule = { name: e.name.value.trim(), minutes: Number(e.minutes.value), after_hours: Number(e.after.value), before_hours: Number(e.before.value), at: e.at.value };
      if (rule.before_hours < rule.after_hours) { toast(t('patrol.breaks.bad'), true); return null; }
      return { ...rule, label: t('patrol.breaks.label', { name: rule.name, m: number(rule.minutes), from: e.after.value, to: e.before.value }) };
    },
  });
}
/** Stops at the places with most calls of the year in these hours, where time is left. */
export function openOptional({ add }) {
  ask('optional', t('patrol.optional.title'), t('patrol.optional.note'), [
    h('div.pair', null, field('places', t('patrol.optional.places'), 12, { min: 1, max: 60 }), field('dwell', t('patrol.optional.dwell'), 12, { min: 1, max: 240 })), vehicles(['car', 'motorcycle']),
  ], {
    done: add,
    read(e, form) {
      const picked = kinds(form);
      if (!picked.length) { toast(t('patrol.conditions.nokind'), true); return null; }
      return { places: Number(e.places.value), dwell_minutes: Number(e.dwell.value), kinds: picked, label: t('patrol.optional.label', { n: number(Number(e.places.value)), m: number(Number(e.dwell.value)) }) };
    },
  });
}
/** A crew that must come to a point between two times, or may never come; a kind of crews may be kept away, too. */
export function openWish({ add, points, units, span, chosen }) {
  const known = new Map(points.map((p) => [p.name, p.point_id]));
  const who = h('select', { name: 'who' }, units.map((u) => h('option', { value: `unit_id:${u.unit_id}`, selected: u.unit_id === chosen.unit }, u.name)), VEHICLES.map((kind) => h('option', { value: `kind:${kind}`, 'data-kind': '' }, t('patrol.wish.kind', { kind: t(`kind.${kind}`) }))));
  const times = h('div.pair', null, ['from', 'to'].map((name) => text(name, t(`patrol.event.close.${name}`), '', { maxlength: 5, inputmode: 'numeric', placeholder: hm(name === 'from' ? span.start : span.start + span.length * 1000) })));
  const what = choice('what', t('patrol.wish.what'), ['pinned', 'forbidden'].map((w) => [w, t(`patrol.wish.what.${w}`)]));
  // Only one crew can be told to come at a time; a kind can only be kept away.
  const turn = () => {
    const pinned = what.lastElementChild.value === 'pinned';
    times.hidden = !pinned;
    for (const o of who.querySelectorAll('[data-kind]')) o.disabled = o.hidden = pinned;
    if (pinned && who.selectedOptions[0]?.disabled !== false) who.selectedIndex = 0;
  };
  what.lastElementChild.addEventListener('change', turn);
  turn();
  ask('wish', t('patrol.wish.title'), t('patrol.wish.note'), [
    what, h('label.field', null, h('span', null, t('patrol.wish.who')), who),
    text('point', t('patrol.wish.point'), chosen.point, { required: true, list: 'wish-points', autocomplete: 'off', maxlength: 200, placeholder: t('patrol.wish.point.hint') }), h('datalist', { id: 'wish-points' }, [...known.keys()].map((name) => h('option', { value: name }))), times,
  ], {
    done: add,
    read(e) {
      const name = e.point.value.trim();
      if (!known.has(name)) { toast(t('patrol.wish.nopoint', { name }), true); return null; }
      const [by, id] = e.who.value.split(/:(.*)/s);
      const wish = { [by]: id, point_id: known.get(name) };
      const words = `${e.who.selectedOptions[0].textContent} ${name}`;
      if (e.what.value === 'forbidden') return { list: 'forbidden', wish: { ...wish, label: words } };
      const [from, to] = [e.from.value.trim(), e.to.value.trim()];
      const earliest = from ? momentIn(span, from) : new Date(span.start).toISOString();
      const latest = to ? momentIn(span, to) : new Date(span.start + span.length * 1000).toISOString();
      if (!earliest || !latest || earliest >= latest) { toast(t('patrol.event.close.bad'), true); return null; }
      return { list: 'pinned', wish: { ...wish, earliest, latest, label: `${words}${from || to ? ` ${hm(earliest)}–${hm(latest)}` : ''}` } };
    },
  });
}
/** A road by name, by the code of a linear grid, or drawn on the map: from one chainage to another, every so many minutes. */
export function openLine({ add, drawn = null }) {
  const roads = drawn ? h('p.claim', null, t('patrol.line.drawn')) : h('div.pair', null, text('street', t('patrol.line.street'), '', { maxlength: 200 }), text('code', t('patrol.line.code'), '', { maxlength: 200 }, t('patrol.line.code.help')));
  ask('line', t('patrol.line.title'), t('patrol.line.note'), [
    roads,
    h('div.pair', null, text('from', t('patrol.line.from'), '', { maxlength: 20, placeholder: 'K0+000' }, t('patrol.line.from.help')), text('to', t('patrol.line.to'), '', { maxlength: 20, placeholder: 'K2+500' }, t('patrol.line.from.help'))),
    h('div.pair', null, field('every', t('patrol.line.every'), 120, { min: 5, max: 1440 }), field('kph', t('patrol.line.kph'), 30, { min: 2, max: 120 })),
    h('div.pair', null, choice('way', t('patrol.line.way'), ['forward', 'backward', 'either'].map((w) => [w, t(`patrol.line.way.${w}`)])), text('name', t('patrol.line.name'), '', { maxlength: 80 })), vehicles(['car', 'motorcycle']),
  ], {
    done: add,
    more: drawn ? null : (close) => h('button', { type: 'button', id: 'line-draw', on: { click: () => { close(); toast(t('patrol.line.drawing')); takeUp(null, (line) => openLine({ add, drawn: line }), { least: 2 }); } } }, t('patrol.line.draw')),
    read(e, form) {
      const value = (name) => e[name]?.value.trim() || null;
      const roads_ = [value('street'), value('code'), drawn].filter(Boolean);
      if (roads_.length !== 1) { toast(t('patrol.line.one'), true); return null; }
      const picked = kinds(form);
      if (!picked.length) { toast(t('patrol.conditions.nokind'), true); return null; }
      const span = [value('from'), value('to')].filter(Boolean).join('–');
      const called = value('name') ?? value('street') ?? value('code') ?? t('patrol.line.own');
      return {
        ...(drawn ? { line: drawn } : value('street') ? { street: value('street') } : { code: value('code') }), ...(value('name') || drawn ? { name: called } : {}), ...(value('from') ? { from: value('from') } : {}), ...(value('to') ? { to: value('to') } : {}),
        every_minutes: Number(e.every.value), kph: Number(e.kph.value), way: e.way.value, kinds: picked, label: t('patrol.line.label', { name: `${called}${span ? ` ${span}` : ''}`, m: number(Number(e.every.value)) }),
      };
    },
  });
}
