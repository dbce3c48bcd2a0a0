// Rings of [x, y]: what lies in them, how far they reach, where a name may stand. Even-odd.

/** Whether a place lies in an area of rings. */
export function inside(rings, x, y) {
  let odd = false;
  for (const ring of rings) for (let k = 0, j = ring.length - 1; k < ring.length; j = k++) { const [a, b] = [ring[k], ring[j]]; if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) odd = !odd; }
  return odd;
}
/** West, south, east, north of rings. */
export function boxOf(rings) {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) for (const [x, y] of ring) { if (x < west) west = x; if (x > east) east = x; if (y < south) south = y; if (y > north) north = y; }
  return [west, south, east, north];
}
/** A place well inside an area (rings): the middle of the longest piece of its horizontals that lies in it. */
export function middleOf(rings, lines = 7) {
  const [west, south, east, north] = boxOf(rings);
  let best = [0, (west + east) / 2, (south + north) / 2];
  for (let s = 1; s <= lines; s++) {
    const y = south + ((north - south) * s) / (lines + 1);
    const cuts = [];
    for (const ring of rings) for (let k = 0, j = ring.length - 1; k < ring.length; j = k++) { const [a, b] = [ring[j], ring[k]]; if (a[1] > y !== b[1] > y) cuts.push(((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]); }
    cuts.sort((a, b) => a - b);
    const bend = 1 - 0.35 * Math.abs((2 * s) / (lines + 1) - 1); // of equal ones rather that in the middle
    for (let k = 0; k + 1 < cuts.length; k += 2) if ((cuts[k + 1] - cuts[k]) * bend > best[0]) best = [(cuts[k + 1] - cuts[k]) * bend, (cuts[k] + cuts[k + 1]) / 2, y, cuts[k + 1] - cuts[k]];
  }
  return { at: [best[1], best[2]], wide: best[3] ?? 0 };
}
