// What the server told this page, and the words of its language.
export const context = JSON.parse(document.getElementById('page-context').textContent);
export const lang = context.lang;
export const zh = lang === 'zh';

/** The words of a key, with {names} filled in. */
export function t(key, values) {
  let text = context.words[key] ?? key;
  if (values) for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, value ?? '–');
  return text;
}

const families = new Map(context.families.map((f) => [f.id, zh ? f.label_zh : f.label_en]));
/** The user's own name of a family of calls. */
export const familyName = (id) => families.get(id) ?? id;
export function familyStyle(id) {
  const style = context.legends.families[id] ?? { color: '#8C8C8C', dark: '#A8A8A8', shape: 'circle' };
  return { shape: style.shape, color: document.documentElement.dataset.theme === 'dark' ? style.dark : style.color };
}
