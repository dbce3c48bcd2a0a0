// The address holds what is seen: view, layers, time, filters, language, theme.
const state = new URLSearchParams(location.search);
let timer = 0;

export const has = (name) => state.has(name);
export const read = (name, otherwise = '') => state.get(name) ?? otherwise;

/** Keep a value in the address; an empty one is left out. */
export function keep(name, value) {
  if (value === '' || value === null || value === undefined) state.delete(name);
  else state.set(name, String(value));
  clearTimeout(timer);
  timer = setTimeout(write, 250);
}
function write() {
  const text = state.toString().replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%3B', ';');
  history.replaceState(null, '', text ? `?${text}` : location.pathname);
  links();
}
/** Tabs keep language, theme and the view of the map. */
export function links() {
  for (const link of document.querySelectorAll('[data-tab], .brand')) {
    const to = new URL(link.href);
    to.search = '';
    for (const name of ['lang', 'theme', 'wall', 'v']) if (state.has(name)) to.searchParams.set(name, state.get(name));
    link.href = to.pathname + to.search.replaceAll('%2C', ',').replaceAll('%2F', '/');
  }
  const other = document.getElementById('lang');
  const to = new URLSearchParams(state);
  to.set('lang', document.documentElement.lang === 'en' ? 'zh' : 'en');
  other.href = `${location.pathname}?${to}`;
}
