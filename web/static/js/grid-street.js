// 沿街: two vertices of one line are picked; the line between them is laid along the street.
import { latest } from './api.js';
import { t } from './context.js';
import { debounce } from './dom.js';
import { ink, map } from './mapview.js';

export function streetTool({ editor, act, say }) {
  const line = L.polyline([], { pane: 'pick', color: ink().pick, weight: 4, dashArray: '8 6', interactive: false }).addTo(map);
  const ask = latest();
  let first = null;
  let run = 0;
  const idle = () => say(t(editor().selected < 0 ? 'edit.pick' : 'street.hint'));
  const clear = () => { first = null; run++; line.setLatLngs([]); idle(); };
  const lonlat = (v) => { const [lat, lon] = editor().arcs.degrees(v.p); return [lon, lat]; };
  const common = (a, b) => a.open.find((arc) => b.open.includes(arc));
  const preview = debounce(async (v, mine) => {
    if (!first || mine !== run) return;
    const route = await ask(`/api/route?from=${lonlat(first)}&to=${lonlat(v)}&profile=foot`).catch(() => null);
    if (!route || mine !== run) return;
    line.setLatLngs(route.coordinates.map(([lon, lat]) => [lat, lon]));
    say(t('street.preview', { names: (route.names ?? []).slice(0, 3).join('、') || t('street.unnamed') }));
  }, 100);
  idle();
  return {
    mode: 'pick',
    vertex(v) {
      if (!first) { first = v; say(t('street.second')); return; }
      if (v.p.join() === first.p.join()) { clear(); return; }
      const arc = common(first, v);
      if (arc === undefined) { say(t('street.other_line'), true); return; }
      const from = lonlat(first);
      clear();
      act({ kind: 'reshape_along_street', arc: editor().arcs.ids[arc], from, to: lonlat(v) }, editor().arcs.grids[editor().selected].code);
    },
    over(v) { run++; if (first && v && common(first, v) !== undefined && v.p.join() !== first.p.join()) preview(v, run); else if (first) line.setLatLngs([]); },
    selected: clear,
    enter: () => false,
    escape() { if (!first) return false; clear(); return true; },
    close() { run++; line.remove(); },
  };
}
