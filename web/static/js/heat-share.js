// Take what is seen along: a link that holds all of it, a picture, a workbook, a layer.
import { trying } from './api.js';
import { t, zh } from './context.js';
import { $, fill, h, toast } from './dom.js';

/** Save bytes under a name. */
function save(blob, name) {
  const link = h('a', { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
/** Buttons under the tabs; `query()` is the filter, `extra()` the method of hot places, `words()` {title, note, name}. */
export function startShare({ query, extra, words }) {
  async function link() {
    await new Promise((resolve) => { setTimeout(resolve, 300); }); // the address is written a moment after each change
    const text = location.href;
    try { await navigator.clipboard.writeText(text); toast(t('heat.share.copied')); } catch {
      // Without a secure address the browser hands out no clipboard: the text is shown to be copied by hand.
      fill($('#share-text'), h('input', { type: 'text', readonly: true, value: text, 'aria-label': t('heat.share'), on: { focus: (e) => e.target.select() } }));
      $('#share-text input').focus();
    }
  }
  const png = () => trying(async () => { const { picture } = await import('./heat-picture.js'); const w = words(); const blob = await picture(w); if (blob) save(blob, `${w.name}.png`); });
  const file = (kind) => `/api/heat/export?${query()}&${extra()}&f=${kind}&lang=${zh ? 'zh' : 'en'}`;
  const get = (kind) => { const a = h('a', { href: file(kind), download: '' }); document.body.append(a); a.click(); a.remove(); };
  $('#share').append(
    h('button.small', { type: 'button', id: 'share-link', on: { click: link } }, t('heat.share')),
    h('button.small', { type: 'button', id: 'export-png', title: t('heat.export.png.title'), on: { click: png } }, 'PNG'),
    h('button.small', { type: 'button', id: 'export-xlsx', title: t('heat.export.xlsx.title'), on: { click: () => get('xlsx') } }, 'XLSX'),
    h('button.small', { type: 'button', id: 'export-geojson', title: t('heat.export.geojson.title'), on: { click: () => get('geojson') } }, 'GeoJSON'),
  );
}
