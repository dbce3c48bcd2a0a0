// A report on the screen: its blocks as the files print them; a row opens the calls behind it.
import { get, trying } from './api.js';
import { context, t, zh } from './context.js';
import { fill, h, table } from './dom.js';
import { day, hm, number } from './format.js';

const named = (id) => { const family = context.families.find((f) => f.id === id); return family ? (zh ? family.label_zh : family.label_en) : id; };
/** Show the calls behind a figure, for roles that may see them. */
async function open(title, asked, formula) {
  const answer = await trying(() => get(`/api/rows?${new URLSearchParams(asked)}`));
  if (!answer) return;
  const columns = [[t('report.rows.at'), (c) => `${day(c.occurred_at)} ${hm(c.occurred_at)}`], [t('family'), (c) => named(c.family)], [t('report.rows.priority'), (c) => (c.priority === null ? '–' : String(c.priority)), 'n'], [t('place.grid'), (c) => (c.placed ? c.grid_code ?? '–' : t('report.rows.nowhere'))], [t('report.rows.address'), (c) => c.address ?? '–'], [t('field.arrived_at'), (c) => (c.arrived_at ? hm(c.arrived_at) : '–')], [t('report.rows.number'), (c) => h('small', null, c.call_id)]];
  const box = h('dialog.paper', { 'aria-labelledby': 'rows-title' },
    h('div.close', null, h('button', { type: 'button', on: { click: () => box.close() } }, t('close'), ' ', h('kbd', null, 'Esc'))),
    h('article.sheet.comparison', { tabindex: 0 }, h('h2', { id: 'rows-title' }, title), h('p', null, t('report.rows.n', { n: number(answer.n), shown: number(answer.rows.length) })), formula && h('p.meta', null, `${t('report.formula')}${formula}`), h('div.wide', null, table(columns, answer.rows, { label: title }))));
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
}

function tableOf(block) {
  const asked = (row) => block.rows[row] ?? null;
  const first = (row) => block.cells[row][0];
  const name = (row) => [block.title, /^\d+$/.test(first(row)) ? block.cells[row][1] : first(row)].filter(Boolean).join(' · ');
  const columns = block.columns.map((c, i) => [c.heading, (row) => block.cells[row][i], c.kind === 'text' ? undefined : 'n']);
  if (block.rows.some(Boolean)) columns.push([t('report.rows'), (row) => (asked(row) ? h('button.link', { type: 'button', title: block.formula || null, 'aria-label': `${t('report.rows.open')} ${name(row)}`, on: { click: () => open(name(row), asked(row), block.formula) } }, t('report.rows.open')) : '')]);
  return [block.title && h('h3', null, block.title), h('div.across', null, table(columns, block.cells.map((_, row) => row), { label: block.title })), block.note && h('p.meta', null, block.note), block.formula && h('p.meta', null, `${t('report.formula')}${block.formula}`)];
}

function paragraph(block) {
  const asked = block.rows[0];
  return h(block.small ? 'p.meta' : 'p', null, block.text, asked && [' ', h('button.link', { type: 'button', title: block.formula || null, on: { click: () => open(t('report.title'), asked, block.formula) } }, t('report.rows.open'))]);
}

/** Draw a report into the sheet; `picture(number)` is the address of a picture. */
export function drawSheet(where, report, picture) {
  const shown = report.blocks.map((block) => {
    if (block.kind === 'heading') return h('h2', null, block.text);
    if (block.kind === 'table') return tableOf(block);
    if (block.kind === 'picture') return h('figure', null, h('img', { src: picture(block.number), alt: block.alt, loading: 'lazy' }), h('figcaption', null, block.title), block.formula && h('p.meta', null, `${t('report.formula')}${block.formula}`));
    return paragraph(block);
  });
  fill(where, h('h1', null, report.title), h('p.sub', null, report.open ? [h('span.tag', null, t('report.open')), ' '] : null, report.subtitle), shown.flat(), h('p.foot', null, report.footer));
}
