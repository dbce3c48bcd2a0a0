// The calendar of the rounds: days across, crews or places down; a day is opened by a click.
import { t } from './context.js';
import { h, fill } from './dom.js';
import { metres, minutes, number } from './format.js';
import { dayWords } from './rounds-plan.js';
import { rowsView } from './rowsview.js';

/** `pick(day, wayId | null)` opens a day. */
export function roundsBoard(root, { pick }) {
  let plan = null;
  let shown = 'crews';
  let open = null;
  let rows = []; // places, those left out first
  const tab = (id) => h('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `board-${id}`, 'aria-selected': String(id === shown), tabindex: id === shown ? 0 : -1, on: { click: () => turn(id) } }, t(`rounds.tab.${id}`));
  const tabs = ['crews', 'places'].map(tab);
  const crews = h('div.pane', { role: 'tabpanel', id: 'board-crews', 'aria-labelledby': 'tab-crews', tabindex: 0 });
  const places = h('div.pane.placesdays', { role: 'tabpanel', id: 'board-places', 'aria-labelledby': 'tab-places', hidden: true });
  const box = h('div.scroller', { tabindex: 0, role: 'group', 'aria-label': t('rounds.tab.places') });
  const axis = h('span.track.axis');
  box.append(h('div.placerow.days', { 'aria-hidden': 'true' }, h('span'), h('span'), axis));
  places.append(box);
  fill(root, h('div.board-head', null, h('div.tabs', { role: 'tablist', 'aria-label': t('rounds.board'), on: { keydown: walk } }, tabs), h('p.board-say', null, t('rounds.board.note'))), crews, places);
  const list = rowsView(box, { height: 26, list: () => rows, row, label: t('rounds.tab.places') });

  function walk(event) {
    if (!['ArrowLeft', 'ArrowRight'].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    turn(shown === 'crews' ? 'places' : 'crews');
    tabs.find((b) => b.id === `tab-${shown}`).focus();
  }
  function turn(id) {
    shown = id;
    for (const b of tabs) { b.setAttribute('aria-selected', String(b.id === `tab-${id}`)); b.tabIndex = b.id === `tab-${id}` ? 0 : -1; }
    crews.hidden = id !== 'crews';
    places.hidden = id !== 'places';
    if (id === 'places') list.renew();
  }
  const at = (day) => `${((plan.days.findIndex((d) => d.day === day) + 0.5) / plan.days.length) * 100}%`;
  /** Months are said where they begin. */
  const label = (d, i) => [i === 0 || d.day.endsWith('-01') ? h('i', null, d.day.slice(5, 8)) : null, d.day.slice(8)];
  /** A row of a place: a mark a visit, at its day. */
  function row(p) {
    return h('div', { class: `placerow${p.left_out ? ' broken' : ''}` },
      h('span.name', { title: p.name }, p.name), h('span.n', null, t('rounds.every.n', { n: number(p.every_days) })),
      h('span.track', null, p.left_out ? h('small', null, t('rounds.out')) : p.days.map((day) => h('button', { type: 'button', class: day === open ? 'visit on' : 'visit', style: { left: at(day) }, 'aria-label': `${p.name} ${dayWords(day)}`, title: dayWords(day), on: { click: () => pick(day, null) } }))));
  }
  function cell(day, number_) {
    const way = day.ways.find((w) => w.index === number_);
    if (!way) return h('td', { class: day.duty ? 'idle' : 'off', title: t(day.duty ? 'rounds.idle' : 'rounds.off') });
    const words = t('rounds.cell', { day: dayWords(day.day), crew: way.name, n: number(way.stops.length), time: minutes(way.minutes * 60, 0), way: metres(way.metres) });
    return h('td', null, h('button', { type: 'button', class: 'dayway', 'data-day': day.day, 'data-way': way.id, style: { '--s': `${Math.round(Math.min(1, way.minutes / plan.longest) * 46)}%` }, title: words, 'aria-label': words, on: { click: () => pick(day.day, way.id) } }, number(way.stops.length)));
  }
  function draw() {
    const head = (d, i) => h('th', { scope: 'col', class: d.duty ? null : 'off' }, d.ways.length ? h('button', { type: 'button', 'data-head': d.day, title: dayWords(d.day), 'aria-label': dayWords(d.day), on: { click: () => pick(d.day, null) } }, h('b', null, label(d, i)), h('small', null, t(`weekday.${d.weekday}`))) : h('span', null, h('b', null, label(d, i)), h('small', null, t(`weekday.${d.weekday}`))));
    const total = (d) => h('td.sum', null, d.ways.length ? number(d.ways.reduce((n, w) => n + w.stops.length, 0)) : '');
    fill(crews, h('table.calendar', { 'aria-label': t('rounds.board') }, h('thead', null, h('tr', null, h('th', { scope: 'col' }, t('patrol.crew')), plan.days.map(head))),
      h('tbody', null, Array.from({ length: plan.units }, (_, i) => h('tr', null, h('th', { scope: 'row' }, t('sweeps.crew', { n: i + 1 })), plan.days.map((d) => cell(d, i)))), h('tr', null, h('th', { scope: 'row' }, t('rounds.sum')), plan.days.map(total)))));
    mark();
  }
  function mark() {
    for (const b of root.querySelectorAll('[data-day], [data-head]')) b.toggleAttribute('data-open', (b.dataset.day ?? b.dataset.head) === open);
  }
  return {
    set(next) {
      plan = next;
      rows = [...plan.body.points].sort((a, b) => Number(b.left_out) - Number(a.left_out));
      fill(axis, plan.days.map((d, i) => (i % Math.ceil(plan.days.length / 14) ? null : h('span', { style: { left: at(d.day) } }, label(d, i)))));
      draw();
      list.renew();
    },
    /** Mark the day that is open. */
    open(day) { open = day; mark(); if (plan) list.renew(); },
  };
}
