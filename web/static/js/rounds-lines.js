// Places as they are pasted, and what lies inside of a drawn ring.

/** Is a place inside of a ring of [lon, lat]? */
export function inside([x, y], ring) {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [[x1, y1], [x2, y2]] = [ring[i], ring[j]];
    if ((y1 > y) !== (y2 > y) && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  }
  return odd;
}
/**
 * Lines of a table: name, lon, lat[, every days[, minutes]], or a point's id[, every days[, minutes]].
 * Gives {rows, wrong}: `wrong` is the first line that cannot be read, or null. A line of headings is passed over.
 */
export function readLines(text, known, { every, minutes }) {
  const rows = [];
  const lines = text.split('\n').map((line) => line.trim()).filter(Boolean);
  for (const [i, line] of lines.entries()) {
    const parts = line.split(/[,，;；\t]+/).map((p) => p.trim());
    const id = known.has(parts[0]) ? parts[0] : null;
    const [lon, lat] = id ? known.get(id).lonlat : parts.slice(1, 3).map((p) => (p === '' ? NaN : Number(p)));
    const [days = every, long = minutes] = parts.slice(id ? 1 : 3).map((p) => (p === '' ? undefined : Number(p)));
    const fine = Math.abs(lon) <= 180 && Math.abs(lat) <= 90 && Number.isInteger(days) && days >= 1 && days <= 366 && long >= 0 && long <= 720;
    if (fine) rows.push({ id, name: id ? known.get(id).name : parts[0], lon, lat, every: days, minutes: long });
    else if (i || !parts.slice(1).every((p) => !/\d/.test(p))) return { rows: [], wrong: line };
  }
  return { rows, wrong: null };
}
