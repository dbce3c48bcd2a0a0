// Posts on the map that can be taken by the hand: the pointer drags, arrows move the chosen one.
import { context, t } from './context.js';
import { h } from './dom.js';
import { ink, map, onTheme } from './mapview.js';
import { dot } from './shapes.js';

const SLACK = 4; // pixels a click may tremble before it is a drag
const tip = (name, ...lines) => h('div', null, h('b', null, name), lines.filter(Boolean).map((line) => h('div', null, line)));

/**
 * A layer of posts. `pick(post)` on a click, `drag(post, lon, lat)` while one is dragged, `drop(post, lon, lat)` at the end,
 * `cancel(post)` when Escape ends it.
 */
export function siteLayer({ pick, drag, drop, cancel }) {
  const group = L.layerGroup();
  const marks = new Map();
  let posts = [];
  let special = new Map();
  let state = { moved: new Map(), locked: new Set(), closed: new Set(), added: [] };
  let chosen = null;
  let pulled = null;

  const all = () => [...posts, ...state.added.map((a) => ({ id: a.id, name: a.name, kind: 'street_post', state: 'added', units: null, lon: a.lon, lat: a.lat }))];
  const placed = (p) => ({ ...p, ...(state.moved.get(p.id) ?? {}) });
  function look(p) {
    const own = special.get(p.id);
    const closed = state.closed.has(p.id);
    const faint = closed || (special.size && !own && p.state !== 'added') || p.state === 'candidate';
    const manned = own || p.state === 'added' ? true : (p.units ?? 0) > 0;
    const edited = state.moved.has(p.id) || p.state === 'added';
    const color = closed ? ink().bad : edited ? ink().pick : own?.color ?? (faint && p.state === 'candidate' ? ink().muted : faint ? ink().muted : ink().post);
    const radius = (own || edited ? 10 : faint && !closed ? 5.2 : (p.kind === 'station' ? 8.5 : 7) - (manned ? 0 : 1.4)) + (p.id === chosen ? 2.5 : 0);
    return { pane: 'dots', shape: closed ? 'cross' : context.legends.posts[p.kind] ?? 'pentagon', radius, color: state.locked.has(p.id) ? ink().strong : manned && !closed ? ink().halo : color, fillColor: manned && !closed ? color : ink().halo, weight: state.locked.has(p.id) ? 3.5 : manned ? 1.5 : 2, fillOpacity: faint && !manned ? 0.6 : 1 };
  }
  function draw() {
    group.clearLayers();
    marks.clear();
    for (const raw of all()) {
      const p = placed(raw);
      const words = [`${t(`post.kind.${p.kind}`)} · ${t(`post.${p.state}`)}`, p.units === null || p.units === undefined ? '' : t('post.units', { n: p.units }), special.get(p.id)?.note, state.locked.has(p.id) && t('posts.locked'), state.closed.has(p.id) && t('posts.shut'), state.moved.has(p.id) && t('posts.moved')];
      const mark = dot(p.lat, p.lon, look(p)).bindTooltip(tip(p.name, ...words)).addTo(group);
      mark.on('click', (event) => L.DomEvent.stopPropagation(event));
      mark.on('mousedown', (event) => grab(event, p, mark));
      marks.set(p.id, mark);
    }
  }
  function grab(event, post, mark) {
    if (event.originalEvent.button !== 0) return;
    L.DomEvent.stop(event.originalEvent);
    map.dragging.disable();
    const from = event.containerPoint;
    const start = mark.getLatLng();
    const shift = map.latLngToContainerPoint(start).subtract(from);
    let moving = false;
    const at = (e) => map.containerPointToLatLng(map.mouseEventToContainerPoint(e).add(shift));
    const move = (e) => {
      if (!moving && map.mouseEventToContainerPoint(e).distanceTo(from) < SLACK) return;
      if (!moving) { moving = true; mark.closeTooltip(); mark.unbindTooltip(); map.getContainer().classList.add('pulling'); }
      const place = at(e);
      mark.setLatLng(place);
      drag(post, place.lng, place.lat);
    };
    const end = (e, broken) => {
      document.removeEventListener('pointermove', move);
      document.removeEventListener('pointerup', up);
      document.removeEventListener('keydown', esc, true);
      map.dragging.enable();
      map.getContainer().classList.remove('pulling');
      pulled = null;
      // The map would take the release for a click on the ground.
      if (moving) { const stop = (c) => { c.stopPropagation(); c.preventDefault(); }; map.getContainer().addEventListener('click', stop, { capture: true, once: true }); setTimeout(() => map.getContainer().removeEventListener('click', stop, true), 60); }
      if (broken) { mark.setLatLng(start); cancel(post); draw(); } else if (moving) { const place = at(e); drop(post, place.lng, place.lat); } else pick(post);
    };
    const up = (e) => end(e, false);
    const esc = (e) => { if (e.key === 'Escape') { e.stopPropagation(); end(e, true); } };
    pulled = post.id;
    document.addEventListener('pointermove', move);
    document.addEventListener('pointerup', up);
    document.addEventListener('keydown', esc, true);
  }
  onTheme(draw);
  return {
    group,
    set(features) { posts = features.map((f) => ({ id: f.properties.post_id, ...f.properties, lon: f.geometry.coordinates[0], lat: f.geometry.coordinates[1], home: f.geometry.coordinates })); draw(); },
    show(next) { state = next; draw(); },
    mark(next) { special = next; draw(); },
    choose(id) { if (id === chosen) return; chosen = id; draw(); },
    find(id) { const own = all().find((p) => p.id === id); return own && placed(own); },
    get posts() { return posts; },
    get pulled() { return pulled; },
  };
}
