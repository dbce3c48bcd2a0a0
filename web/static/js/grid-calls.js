// How many calls lie in a grid as it is drawn now: counted on the page while a line is under the pointer.
import { boxOf, inside } from './rings.js';

/** `calls` are [x of all, y of all] on the lattice, in the order of x; null where they are too many to be sent. */
export function callCounter(arcs, calls) {
  const [xs, ys] = (calls ?? [[], []]).map((list) => Int32Array.from(list));
  if (!xs.length) return null;
  const from = (x) => { let [low, high] = [0, xs.length]; while (low < high) { const k = (low + high) >> 1; if (xs[k] < x) low = k + 1; else high = k; } return low; };
  return (i) => {
    const rings = arcs.rings(i);
    const [west, south, east, north] = boxOf(rings);
    let n = 0;
    for (let k = from(west); k < xs.length && xs[k] <= east; k++) {
      if (ys[k] >= south && ys[k] <= north && inside(rings, xs[k], ys[k])) n++;
    }
    return n;
  };
}
