// What she has changed on the map: posts moved, locked, closed, added; each change can be taken back.

const copy = (s) => ({ moved: new Map(s.moved), locked: new Set(s.locked), closed: new Set(s.closed), added: s.added.map((a) => ({ ...a })) });
const EMPTY = () => ({ moved: new Map(), locked: new Set(), closed: new Set(), added: [] });

/** The changes; `changed()` runs after each. */
export function postEdits(changed) {
  let now = EMPTY();
  let count = 0;
  const before = [];
  const change = (run) => { before.push(copy(now)); if (before.length > 50) before.shift(); run(now); changed(); };
  return {
    get now() { return now; },
    get any() { return now.moved.size + now.closed.size + now.added.length > 0; },
    get undoable() { return before.length > 0; },
    move(id, lon, lat) { change((s) => { const own = s.added.find((a) => a.id === id); if (own) Object.assign(own, { lon, lat }); else s.moved.set(id, { lon, lat }); }); },
    back(id) { change((s) => s.moved.delete(id)); },
    lock(id) { change((s) => { if (s.locked.has(id)) s.locked.delete(id); else { s.locked.add(id); s.closed.delete(id); } }); },
    close(id) { change((s) => { if (s.closed.has(id)) s.closed.delete(id); else { s.closed.add(id); s.locked.delete(id); } }); },
    add(lon, lat, name) { count += 1; const id = `+${count}`; change((s) => s.added.push({ id, lon, lat, name: name(count) })); return id; },
    drop(id) { change((s) => { s.added = s.added.filter((a) => a.id !== id); s.locked.delete(id); }); },
    undo() { if (!before.length) return false; now = before.pop(); changed(); return true; },
    clear() { if (now.moved.size + now.closed.size + now.added.length + now.locked.size) change(() => { now = EMPTY(); }); },
    /** The posts of a start set as they stand now, for scoring. */
    posts(ids) {
      const place = (id) => { const m = now.moved.get(id); return m ? { post_id: id, ...m } : { post_id: id }; };
      return [...ids.filter((id) => !now.closed.has(id)).map(place), ...now.added.map(({ lon, lat }) => ({ lon, lat }))];
    },
    /** The part of a question that her changes make: a moved post is a new site in place of the old one. */
    question() {
      const spots = [...[...now.moved].map(([id, m]) => ({ id, ...m, name: `${id}*` })), ...now.added];
      const added = spots.map(({ lon, lat, name }) => ({ lon, lat, name }));
      const number = (id) => `x${spots.findIndex((s) => s.id === id) + 1}`;
      const pinned = [...now.locked].map((id) => (now.moved.has(id) || now.added.some((a) => a.id === id) ? number(id) : id));
      return { added, pinned, closed: [...new Set([...now.closed, ...now.moved.keys()])] };
    },
  };
}
