// The places of periodic rounds: chosen from the table of points, drawn around, put on the map or pasted.
import { t } from './context.js';
import { h } from './dom.js';
import { ink } from './mapview.js';
import { inside } from './rounds-lines.js';
import { dot } from './shapes.js';

const keyOf = (p) => p.id ?? `${p.lon.toFixed(6)},${p.lat.toFixed(6)}`;

/** The chosen places and their layer; `changed()` runs when the choice changes, `pick(key)` when a chosen one is clicked while nothing is being picked. */
export function placeStore({ changed, pick }) {
  const group = L.layerGroup();
  const known = new Map(); // points of the table by id
  let chosen = new Map();
  let out = new Set();
  let all = false;
  let picking = false;
  let defaults = () => ({ every: 7, minutes: 20 });

  const row = (p) => ({ tolerance: null, last: '', weekdays: '', priority: 1, ...p });
  function draw() {
    group.clearLayers();
    const mark = (lat, lon, style, words, run) => dot(lat, lon, { pane: 'dots', shape: 'circle', ...style }).bindTooltip(() => h('div', null, words.map((w, i) => h(i ? 'div' : 'b', null, w)))).on('click', (event) => { L.DomEvent.stopPropagation(event); run(); }).addTo(group);
    if (all || picking) {
      known.forEach((p, id) => { if (!chosen.has(id)) mark(p.lonlat[1], p.lonlat[0], { radius: 4.6, color: ink().muted, fillColor: ink().halo, weight: 1.8 }, [p.name, t('rounds.add.click')], () => { if (picking) toggle(id); }); });
    }
    chosen.forEach((p, key) => {
      const left = out.has(key);
      mark(p.lat, p.lon, { radius: 6, shape: left ? 'square' : 'circle', color: left ? ink().bad : ink().halo, fillColor: left ? ink().halo : ink().accent, weight: left ? 2.4 : 1.4 }, [p.name, t('rounds.every.n', { n: p.every }), left ? t('rounds.out') : ''].filter(Boolean), () => { if (picking) remove(key); else pick(key); });
    });
  }
  function done() { draw(); changed(); }
  function add(list) { for (const p of list) chosen.set(keyOf(p), row({ ...defaults(), ...p })); out = new Set(); done(); }
  const remove = (key) => { chosen.delete(key); done(); };
  const fromTable = (id) => ({ id, name: known.get(id).name, lon: known.get(id).lonlat[0], lat: known.get(id).lonlat[1] });
  const toggle = (id) => (chosen.has(id) ? remove(id) : add([fromTable(id)]));
  return {
    group, known, draw, add, remove, toggle, keyOf,
    get size() { return chosen.size; },
    get rows() { return [...chosen]; },
    points(features) { for (const f of features) if (f.properties.kind !== 'video') known.set(f.properties.point_id, { name: f.properties.name, lonlat: f.geometry.coordinates }); draw(); },
    defaults(run) { defaults = run; },
    /** All points of the table within a ring. */
    within(ring) { const list = [...known].filter(([, p]) => inside(p.lonlat, ring)).map(([id]) => fromTable(id)); add(list.filter((p) => !chosen.has(p.id))); return list.length; },
    set(list) { chosen = new Map(list.map((p) => [keyOf(p), row(p)])); out = new Set(); done(); },
    /** Places that the plan leaves out. */
    leftOut(keys) { out = keys; draw(); },
    showAll(on) { all = on; draw(); },
    pick(on) { picking = on; draw(); },
  };
}
