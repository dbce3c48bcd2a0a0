// The outline of a round brush drawn along a line, and a line with fewer points. Plane coordinates in metres.

/** The points of a line that matter: none is left out that lies further than `tolerance` from what is kept. */
export function simplified(line, tolerance) {
  if (line.length < 3) return line;
  const keep = new Uint8Array(line.length);
  keep[0] = keep[line.length - 1] = 1;
  const spans = [[0, line.length - 1]];
  while (spans.length) {
    const [a, b] = spans.pop();
    let far = tolerance;
    let at = -1;
    for (let k = a + 1; k < b; k++) { const d = apart(line[k], line[a], line[b]); if (d > far) { far = d; at = k; } }
    if (at > 0) { keep[at] = 1; spans.push([a, at], [at, b]); }
  }
  return line.filter((_, k) => keep[k]);
}
/** Distance of a point from a segment. */
export function apart(p, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const s = length ? Math.max(0, Math.min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length)) : 0;
  return Math.hypot(p[0] - a[0] - s * dx, p[1] - a[1] - s * dy);
}

/**
 * The closed outer ring around all places within `radius` of a line, counter-clockwise: the contour of the distance
 * field on a raster (marching squares). What the stroke encloses belongs to it.
 */
export function outline(line, radius) {
  const xs = line.map((p) => p[0]);
  const ys = line.map((p) => p[1]);
  const span = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)) + 2 * radius;
  const cell = Math.max(radius / 6, span / 600);
  const [west, south] = [Math.min(...xs) - radius - 2 * cell, Math.min(...ys) - radius - 2 * cell];
  const w = Math.ceil((Math.max(...xs) + radius + 2 * cell - west) / cell) + 1;
  const tall = Math.ceil((Math.max(...ys) + radius + 2 * cell - south) / cell) + 1;
  const far = new Float32Array(w * tall).fill(radius + 2 * cell);
  for (let k = 0; k < line.length; k++) {
    const [a, b] = [line[k], line[Math.min(k + 1, line.length - 1)]];
    const reach = radius + 2 * cell;
    const at = (v, low) => Math.floor((v - low) / cell);
    for (let j = Math.max(0, at(Math.min(a[1], b[1]) - reach, south)); j <= Math.min(tall - 1, at(Math.max(a[1], b[1]) + reach, south)); j++) {
      for (let i = Math.max(0, at(Math.min(a[0], b[0]) - reach, west)); i <= Math.min(w - 1, at(Math.max(a[0], b[0]) + reach, west)); i++) {
        const d = apart([west + i * cell, south + j * cell], a, b);
        if (d < far[j * w + i]) far[j * w + i] = d;
      }
    }
  }
  return largest(contours(far, w, tall, radius).map((ring) => ring.map(([i, j]) => [west + i * cell, south + j * cell])), radius / 40);
}
const signedArea = (ring) => ring.reduce((s, p, k) => { const q = ring[(k + 1) % ring.length]; return s + p[0] * q[1] - q[0] * p[1]; }, 0) / 2;
function largest(rings, tolerance) {
  const ring = rings.reduce((best, r) => (signedArea(r) > signedArea(best) ? r : best));
  const half = ring.length >> 1; // a ring is simplified in two halves
  return [...simplified(ring.slice(0, half + 1), tolerance), ...simplified([...ring.slice(half), ring[0]], tolerance).slice(1)];
}
/** Closed rings around the cells with a value below `limit`, inside on the left. */
function contours(value, w, tall, limit) {
  const next = new Map();
  const across = (i, j) => (j * w + i) * 2;
  const up = (i, j) => (j * w + i) * 2 + 1;
  for (let j = 0; j < tall - 1; j++) {
    for (let i = 0; i < w - 1; i++) {
      const inside = (a, b) => value[(j + b) * w + i + a] < limit;
      const [sw, se, ne, nw] = [inside(0, 0), inside(1, 0), inside(1, 1), inside(0, 1)];
      const [south, east, north, west] = [across(i, j), up(i + 1, j), across(i, j + 1), up(i, j)];
      // an edge of the cell is left where its corners, taken counter-clockwise, pass from in to out
      const turns = [[sw, se, south], [se, ne, east], [ne, nw, north], [nw, sw, west]];
      const outs = turns.filter(([a, b]) => a && !b).map((x) => x[2]);
      const ins = turns.filter(([a, b]) => !a && b).map((x) => x[2]);
      if (outs.length === 1) next.set(outs[0], ins[0]);
      if (outs.length === 2) turns.forEach(([a, b, e], k) => { if (a && !b) next.set(e, turns[(k + 3) % 4][2]); }); // two corners apart
    }
  }
  const spot = (edge) => {
    const at = edge >> 1;
    const [i, j] = [at % w, Math.floor(at / w)];
    const [a, b] = edge & 1 ? [value[at], value[at + w]] : [value[at], value[at + 1]];
    const s = (limit - a) / (b - a);
    return edge & 1 ? [i, j + s] : [i + s, j];
  };
  const rings = [];
  while (next.size) {
    const [first] = next.keys();
    const ring = [];
    for (let edge = first; next.has(edge);) { ring.push(spot(edge)); const to = next.get(edge); next.delete(edge); edge = to; }
    rings.push(ring);
  }
  return rings;
}
