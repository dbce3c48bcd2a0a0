// A coverage kept as shared arcs: a vertex exists once, however many grids meet there, so no gap or overlap can appear.
import { inside } from './rings.js';

const key = (p) => `${p[0]},${p[1]}`;
const cross = (a, b, c) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
const same = (a, b) => a[0] === b[0] && a[1] === b[1];
const within = (a, b, p) => Math.min(a[0], b[0]) <= p[0] && p[0] <= Math.max(a[0], b[0]) && Math.min(a[1], b[1]) <= p[1] && p[1] <= Math.max(a[1], b[1]);

/** Whether two segments cross or touch elsewhere than at a common end. */
export function meet(a, b, c, d) {
  if (same(a, c) || same(a, d) || same(b, c) || same(b, d)) {
    // with a common end they still overlap when they run the same way
    const [p, q, r] = same(a, c) ? [a, b, d] : same(a, d) ? [a, b, c] : same(b, c) ? [b, a, d] : [b, a, c];
    return cross(p, q, r) === 0 && (q[0] - p[0]) * (r[0] - p[0]) + (q[1] - p[1]) * (r[1] - p[1]) > 0;
  }
  const [abc, abd, cda, cdb] = [cross(a, b, c), cross(a, b, d), cross(c, d, a), cross(c, d, b)];
  if (abc !== abd && cda !== cdb && abc * abd <= 0 && cda * cdb <= 0) return true;
  return (abc === 0 && within(a, b, c)) || (abd === 0 && within(a, b, d)) || (cda === 0 && within(c, d, a)) || (cdb === 0 && within(c, d, b));
}

export class Arcs {
  /** From TopoJSON with whole coordinates, delta-encoded, `arc_ids` and `locked` beside its arcs. */
  constructor(topology, name = 'grids') {
    this.scale = topology.transform.scale;
    this.shift = topology.transform.translate;
    this.ids = topology.arc_ids ?? topology.arcs.map((_, i) => i);
    this.locked = topology.locked ?? topology.arcs.map(() => false);
    this.reasons = topology.lock ?? this.locked.map((l) => (l ? 'parent' : ''));
    this.arcs = topology.arcs.map((arc) => { let x = 0; let y = 0; return arc.map(([dx, dy]) => [(x += dx), (y += dy)]); });
    this.grids = topology.objects[name].geometries.map((g) => ({ code: g.id ?? g.properties.code, properties: g.properties, polygons: g.type === 'Polygon' ? [g.arcs] : g.arcs }));
    this.users = this.arcs.map(() => new Set());
    this.ends = new Map();
    this.grids.forEach((g, i) => g.polygons.flat(2).forEach((ref) => this.users[ref < 0 ? ~ref : ref].add(i)));
    this.arcs.forEach((_, i) => this.#join(i));
  }
  #join(i) {
    const arc = this.arcs[i];
    for (const end of [0, arc.length - 1]) {
      const k = key(arc[end]);
      if (!this.ends.has(k)) this.ends.set(k, []);
      const list = this.ends.get(k);
      if (!list.some(([a, e]) => a === i && e === (end ? 1 : 0))) list.push([i, end ? 1 : 0]);
    }
  }
  degrees(p) { return [p[1] * this.scale[1] + this.shift[1], p[0] * this.scale[0] + this.shift[0]]; }
  lattice(lat, lon) { return [Math.round((lon - this.shift[0]) / this.scale[0]), Math.round((lat - this.shift[1]) / this.scale[1])]; }

  #ring(refs) {
    const out = [];
    for (const ref of refs) {
      const arc = this.arcs[ref < 0 ? ~ref : ref];
      const n = arc.length;
      for (let k = 0; k < n - 1; k++) out.push(ref < 0 ? arc[n - 1 - k] : arc[k]);
    }
    return out;
  }
  /** All rings of one grid on the lattice, the last place of each not the first again. */
  rings(i) { return this.grids[i].polygons.flat().map((refs) => this.#ring(refs)); }
  /** Leaflet's nested latitudes and longitudes of one grid. */
  latlngs(i) { return this.grids[i].polygons.map((rings) => rings.map((refs) => this.#ring(refs).map((p) => this.degrees(p)))); }
  /** Area of one grid in m², on the sphere's authalic radius, good to a few parts in a thousand. */
  area(i) {
    let sum = 0;
    for (const rings of this.grids[i].polygons) rings.forEach((refs, r) => { sum += (r ? -1 : 1) * Math.abs(this.#sphere(this.#ring(refs))); });
    return sum;
  }
  /** Of a ring on the sphere: lines of constant slope between vertices in the equal-area plane of longitude and sine of latitude. */
  #sphere(ring) {
    const rad = Math.PI / 180;
    const points = ring.map((p) => { const [lat, lon] = this.degrees(p); return [lon, Math.sin(lat * rad)]; });
    const [lon0, sin0] = points[0];
    let sum = 0;
    for (let i = 0; i < points.length; i++) {
      const [a, b] = [points[i], points[(i + 1) % points.length]];
      sum += (a[0] - lon0) * (b[1] - sin0) - (b[0] - lon0) * (a[1] - sin0);
    }
    return (sum / 2) * rad * 6371007.2 ** 2;
  }

  /** Length of the boundary of one grid in m. */
  perimeter(i) {
    const y = 6371007.2 * (Math.PI / 180) * this.scale[1];
    let sum = 0;
    for (const refs of this.grids[i].polygons.flat()) {
      const ring = this.#ring(refs);
      const x = y * Math.cos((ring[0][1] * this.scale[1] + this.shift[1]) * (Math.PI / 180));
      ring.forEach((p, k) => { const q = ring[(k + 1) % ring.length]; sum += Math.hypot((q[0] - p[0]) * x, (q[1] - p[1]) * y); });
    }
    return sum;
  }
  /** 4 pi area / perimeter² (Polsby and Popper): 1 for a circle. */
  compactness(i) { return (4 * Math.PI * this.area(i)) / this.perimeter(i) ** 2; }
  /** The grid in which a place of the lattice lies, or -1. */
  at(p) { return this.grids.findIndex((_, i) => inside(this.rings(i), ...p)); }
  /** Hold grids: their lines are locked too, until they are let go. */
  hold(codes) {
    this.fixed ??= this.locked;
    const held = this.grids.map((g) => codes.has(g.code));
    this.locked = this.fixed.map((l, i) => l || [...this.users[i]].some((g) => held[g]));
  }

  node(h) { return h.k === 0 || h.k === this.arcs[h.arc].length - 1; }
  /** Whether a vertex may move: no arc that meets there is locked. */
  free(h) { return this.node(h) ? this.ends.get(key(this.arcs[h.arc][h.k])).every(([a]) => !this.locked[a]) : !this.locked[h.arc]; }
  /** The vertices of one grid, each once: {arc, k, node, free, p}. */
  handles(i) {
    const seen = new Set();
    const out = [];
    for (const ref of this.grids[i].polygons.flat(2)) {
      const arc = ref < 0 ? ~ref : ref;
      this.arcs[arc].forEach((p, k) => {
        const at = key(p);
        if (seen.has(at)) return;
        seen.add(at);
        const h = { arc, k, p };
        out.push({ ...h, node: this.node(h), free: this.free(h) });
      });
    }
    return out;
  }
  /** Where vertices may be put in: the middles of the free segments of one grid. */
  middles(i) {
    const out = [];
    for (const ref of this.grids[i].polygons.flat(2)) {
      const arc = ref < 0 ? ~ref : ref;
      if (this.locked[arc]) continue;
      const a = this.arcs[arc];
      for (let k = 0; k < a.length - 1; k++) out.push({ arc, k, p: [Math.round((a[k][0] + a[k + 1][0]) / 2), Math.round((a[k][1] + a[k + 1][1]) / 2)] });
    }
    return out;
  }
  #touched(arcs) {
    const grids = new Set();
    for (const a of arcs) for (const g of this.users[a]) grids.add(g);
    return { arcs: new Set(arcs), grids };
  }
  /** Move a vertex; a node takes all its arcs along. Returns the touched arcs and grids. */
  move(h, p) {
    const arc = this.arcs[h.arc];
    if (!this.node(h)) { arc[h.k] = p; return this.#touched([h.arc]); }
    const old = key(arc[h.k]);
    const list = this.ends.get(old);
    if (key(p) !== old && this.ends.has(key(p))) return this.#touched(list.map(([a]) => a)); // two nodes never fall together
    for (const [a, end] of list) this.arcs[a][end ? this.arcs[a].length - 1 : 0] = p;
    this.ends.delete(old);
    this.ends.set(key(p), list);
    return this.#touched(list.map(([a]) => a));
  }
  /** Put whole arcs in place and find the common ends again. */
  replace(list) {
    for (const [i, coords] of list) this.arcs[i] = coords.map((p) => [...p]);
    this.ends.clear();
    this.arcs.forEach((_, i) => this.#join(i));
    return this.#touched(list.map(([i]) => i));
  }
  insert(arc, k, p) { this.arcs[arc].splice(k + 1, 0, p); return this.#touched([arc]); }
  /** Take out a vertex that is no node; null where that cannot be. */
  remove(arc, k) {
    const a = this.arcs[arc];
    const closed = same(a[0], a[a.length - 1]);
    if (k === 0 || k === a.length - 1 || a.length <= (closed ? 4 : 2)) return null;
    a.splice(k, 1);
    return this.#touched([arc]);
  }
  /** Do the segments at the places that changed meet any other segment of the touched grids? */
  broken(touched, points) {
    const keys = new Set(points.map(key));
    const mine = [];
    const rest = [];
    const seen = new Set();
    for (const g of touched.grids) for (const ref of this.grids[g].polygons.flat(2)) {
      const arc = ref < 0 ? ~ref : ref;
      if (seen.has(arc)) continue;
      seen.add(arc);
      const a = this.arcs[arc];
      for (let k = 0; k < a.length - 1; k++) {
        if (same(a[k], a[k + 1])) return true;
        (keys.has(key(a[k])) || keys.has(key(a[k + 1])) ? mine : rest).push([a[k], a[k + 1]]);
      }
    }
    for (let i = 0; i < mine.length; i++) {
      const [a, b] = mine[i];
      const [w, e, s, n] = [Math.min(a[0], b[0]), Math.max(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[1], b[1])];
      for (const [c, d] of rest) {
        if (Math.max(c[0], d[0]) < w || Math.min(c[0], d[0]) > e || Math.max(c[1], d[1]) < s || Math.min(c[1], d[1]) > n) continue;
        if (meet(a, b, c, d)) return true;
      }
      for (let j = i + 1; j < mine.length; j++) if (meet(a, b, ...mine[j])) return true;
    }
    return false;
  }
}
