// Elements made from values; text from data only ever becomes a text node.
const SVG = 'http://www.w3.org/2000/svg';
const SVG_TAGS = new Set(['svg', 'path', 'rect', 'line', 'circle', 'g', 'text']);

/** h('div.card', {title}, child, …): children are elements, text or lists of them; null is left out. */
export function h(what, attributes, ...children) {
  const [tag, ...classes] = what.split('.');
  const node = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  if (classes.length) node.setAttribute('class', classes.join(' '));
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (name === 'style') for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
    else if (name === 'value') node.value = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(3).filter((c) => c !== null && c !== undefined && c !== false).map((c) => (c instanceof Node ? c : document.createTextNode(String(c)))));
  return node;
}
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(3).filter(Boolean));
  return node;
}

/** A card: what, how many, and below it the period, the state of the data, what is missing. */
export function card(title, { aside, kind, id } = {}, ...children) {
  return h(`section.card${kind ? `.${kind}` : ''}`, { id, 'aria-label': title }, h('h2', null, h('span', null, title), aside && (aside instanceof Node ? aside : h('small', null, aside))), ...children);
}
export const figure = (value, unit, ci) => h('p.figure', null, h('b', null, value), unit && h('span.unit', null, unit), ci && h('span.ci', null, ci));
export const meta = (...parts) => h('p.meta', null, parts.flat().filter(Boolean).join(' · '));
export const tiles = (list, kind = '') => h(`div.trio${kind ? `.${kind}` : ''}`, null, list.map(([value, label, title]) => h('div', { title }, h('b', null, value), h('span', null, label))));
export const pairs = (list) => h('dl.pairs', null, list.filter(Boolean).map(([k, v]) => [h('dt', null, k), h('dd', null, v)]));

/** A table; columns are [label, row => cell, 'n' for numbers]. */
export function table(columns, rows, { pick, key, label } = {}) {
  const line = (row) => {
    const tr = h(pick ? 'tr.pick' : 'tr', pick && { tabindex: 0, 'data-key': key?.(row), on: { click: () => pick(row), keydown: (e) => { if (e.key === 'Enter') pick(row); } } });
    tr.append(...columns.map(([, cell, kind]) => h(kind ? `td.${kind}` : 'td', null, cell(row))));
    return tr;
  };
  return h('table', { 'aria-label': label }, h('thead', null, h('tr', null, columns.map(([title, , kind]) => h(kind ? `th.${kind}` : 'th', { scope: 'col' }, title)))), h('tbody', null, rows.map(line)));
}

let hiding = 0;
/** Say something once, to eyes and to screen readers. */
export function toast(text, bad = false) {
  const box = document.getElementById('toasts');
  fill(box, h(bad ? 'div.toast.bad' : 'div.toast', null, text));
  clearTimeout(hiding);
  hiding = setTimeout(() => box.replaceChildren(), bad ? 9000 : 4000);
}
export function debounce(run, wait) {
  let timer = 0;
  return (...values) => { clearTimeout(timer); timer = setTimeout(() => run(...values), wait); };
}
