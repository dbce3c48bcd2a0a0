// 导入警情: an export goes in as it comes, what cleaning noticed is reviewed, families of classes are defined.
import { t } from './context.js';
import { $, $$, h } from './dom.js';
import { key } from './keys.js';
import { show, startMap, themeChanged } from './mapview.js';
import { guard, startShell } from './shell.js';
import { keep, read } from './url.js';
import { familiesDirty, openFamilies } from './calls-families.js';
import { openImport } from './calls-import.js';
import { openReview } from './calls-review.js';

startMap();
startShell({ choose: (r) => { if (mode() !== 'review') choose('review'); show(r); }, themeChanged });
guard(familiesDirty);

const OPEN = { import: openImport, review: openReview, families: openFamilies };
const boxes = $$('input[name="mode"]');
$('#stage').append(h('div.work', { id: 'work', tabindex: 0, role: 'region', 'aria-label': t('calls.work'), hidden: true }));
const mode = () => boxes.find((b) => b.checked).value;

async function turn() {
  const now = mode();
  document.documentElement.dataset.mode = now;
  keep('mode', now === 'import' ? '' : now);
  for (const part of $$('[data-for]')) part.hidden = part.dataset.for !== now;
  $('#work').hidden = now === 'review';
  $('#time').hidden = now !== 'review';
  $('#work').setAttribute('aria-label', t(`calls.mode.${now}`));
  dispatchEvent(new Event('resize')); // the map has more or less room now
  await OPEN[now]();
}
function choose(name) { boxes.forEach((b) => { b.checked = b.value === name; }); return turn(); }
boxes.forEach((b) => b.addEventListener('change', turn));
document.addEventListener('calls:mode', (event) => choose(event.detail));
for (const [letter, name] of [['i', 'import'], ['r', 'review'], ['a', 'families']]) key(letter, `calls.key.${name}`, () => choose(name));
await choose(Object.hasOwn(OPEN, read('mode')) ? read('mode') : 'import');
document.documentElement.dataset.ready = '1';
