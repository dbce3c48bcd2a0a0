"""Cut the rings of a coverage into shared arcs, so that a vertex exists once however many grids meet there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import GeometryError
from geo.grids.ring_arrays import RingArrays, ring_arrays

LATTICE: Final = 10_000_000
"""Steps of a degree: coordinates are whole numbers of 1e-7 degrees, about 1 cm."""

Int64s = npt.NDArray[np.int64]
N = TypeVar("N", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A closed ring as arcs in order; ``~a`` is arc ``a`` backwards, as in TopoJSON.

    ``slot`` and ``offset`` name the vertex at which the ring starts in the source: which of ``refs``, and how many
    vertices into it. They stay when arcs change, so that undoing a change gives the same bytes.
    """

    refs: tuple[int, ...]
    slot: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutRings:
    """Arcs and how shapes are made of them.

    Attributes
    ----------
    arcs : tuple of int64[k, 2], lattice coordinates
    users : int32[a, 2], the two shapes that share an arc, the second -1 on the outside
    ends : int32[a, 2], node at the start and at the end; -1 for a closed arc that meets no other
    node_xy : int64[m, 2]
    shapes : for each shape its polygons, each a tuple of rings, the outer ring first
    """

    arcs: tuple[Int64s, ...]
    users: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]
    node_xy: Int64s
    shapes: tuple[tuple[tuple[Ring, ...], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Vertices:
    """Vertices of all rings one after another, closing points left out."""

    xy: Int64s
    ring: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    lengths: npt.NDArray[np.intp]
    following: npt.NDArray[np.intp]


def to_lattice(degrees: npt.NDArray[np.float64]) -> Int64s:
    """Return lattice coordinates of degrees, int64 of the same shape."""
    return np.asarray(np.rint(degrees * LATTICE), dtype=np.int64)


def to_degrees(lattice: Int64s) -> npt.NDArray[np.float64]:
    """Return degrees of lattice coordinates; the nearest float64, so that to and fro changes nothing."""
    return lattice / LATTICE


def cut_rings(shapes: npt.NDArray[np.object_], codes: Sequence[str]) -> tuple[CutRings, npt.NDArray[np.object_]]:
    """Cut polygons and multipolygons in degrees at their nodes: where not just two edges meet, or the sharers change.

    Arcs are numbered in the order in which the rings meet them, and run as the first ring does. The shapes come back
    too, with their vertices on the lattice.

    Raises
    ------
    GeometryError
        If a ring has less than three vertices on the lattice, or an edge belongs to more than two shapes or twice to
        one.
    """
    if not len(shapes):
        none = np.zeros((0, 2), np.int32)
        empty = CutRings(arcs=(), users=none, ends=none, node_xy=np.zeros((0, 2), np.int64), shapes=())
        return empty, np.zeros(0, dtype=object)
    read = ring_arrays(shapes)
    polygon, owner = read.polygon, read.owner
    held, moved = _vertices(read, codes)
    unique, vertex = np.unique(held.xy[:, 0] * 2**32 + held.xy[:, 1], return_inverse=True)
    edge, edge_users = _edges(vertex, held, owner[polygon], len(unique), codes, to_degrees(held.xy))
    breaks, is_node = _breaks(vertex, edge, edge_users, held, len(unique))
    # Turn each ring so that it starts at its first break; runs between breaks are then in one piece.
    position = np.arange(len(vertex)) - held.starts[held.ring]
    first = np.full(len(polygon), np.iinfo(np.int64).max)
    np.minimum.at(first, held.ring[breaks], position[breaks])
    turned = held.starts[held.ring] + (position + first[held.ring]) % held.lengths[held.ring]
    run_start = np.flatnonzero(breaks[turned])
    run_length = np.diff(np.r_[run_start, len(turned)])
    arc_key = np.minimum.reduceat(edge[turned], run_start)
    _, seen_first, inverse = np.unique(arc_key, return_index=True, return_inverse=True)
    by_appearance = np.argsort(seen_first, kind="stable")
    number = np.empty_like(by_appearance)
    number[by_appearance] = np.arange(len(by_appearance))
    arc_of_run, model = number[inverse], seen_first[by_appearance]
    begins, second = vertex[turned[run_start]], vertex[held.following[turned[run_start]]]
    forward = (begins == begins[model[arc_of_run]]) & (second == second[model[arc_of_run]])
    last = run_start + run_length - 1
    finishes = held.following[turned[last]]
    flat = held.xy[np.insert(turned, last + 1, finishes)]
    from_, to = run_start + np.arange(len(run_start)), last + 2 + np.arange(len(run_start))
    arcs = tuple(_frozen(flat[from_[run] : to[run]]) for run in model)
    node_number = np.cumsum(is_node) - 1
    ends = np.column_stack([begins[model], vertex[finishes[model]]])
    ends = np.where(is_node[ends], node_number[ends], -1).astype(np.int32)
    where = np.empty(len(unique), dtype=np.intp)
    where[vertex] = np.arange(len(vertex))
    refs = np.where(forward, arc_of_run, ~arc_of_run)
    made = _rings(refs, run_start, run_length, held, first)
    cut = CutRings(
        arcs=arcs,
        users=_frozen(edge_users[edge[turned[run_start[model]]]].astype(np.int32)),
        ends=_frozen(ends),
        node_xy=_frozen(held.xy[where[np.flatnonzero(is_node)]]),
        shapes=_nested(made, polygon, owner, len(shapes)),
    )
    as_it_is = (shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON) & ~shapely.has_z(shapes)
    as_it_is[owner[polygon[moved]]] = False
    return cut, _on_lattice(shapes, as_it_is, held, polygon, owner)


def _on_lattice(
    shapes: npt.NDArray[np.object_],
    as_it_is: npt.NDArray[np.bool_],
    held: _Vertices,
    polygon: npt.NDArray[np.intp],
    owner: npt.NDArray[np.intp],
) -> npt.NDArray[np.object_]:
    """Return the shapes with vertices on the lattice, in degrees; all at once, since one by one is ten times slower.

    Those that are on it already stay themselves: copies of a province take a gigabyte.
    """
    made = np.array(shapes, dtype=object)
    rows = np.flatnonzero(~as_it_is)
    if not len(rows):
        return made
    polygon_moves = ~as_it_is[owner]
    ring_moves = polygon_moves[polygon]
    vertex_moves = ring_moves[held.ring]
    new_polygon, new_ring, new_row = np.cumsum(polygon_moves) - 1, np.cumsum(ring_moves) - 1, np.cumsum(~as_it_is) - 1
    degrees, ring = to_degrees(held.xy[vertex_moves]), new_ring[held.ring[vertex_moves]]
    rings = np.asarray(shapely.linearrings(degrees, indices=ring), dtype=object)
    polygons = np.asarray(shapely.polygons(rings, indices=new_polygon[polygon[ring_moves]]), dtype=object)
    of_row = new_row[owner[polygon_moves]]
    made[rows] = polygons[np.flatnonzero(np.diff(of_row, prepend=-1))]
    several = np.bincount(of_row, minlength=len(rows)) > 1
    if several.any():
        mine = several[of_row]
        number = np.cumsum(several) - 1
        made[rows[several]] = shapely.multipolygons(polygons[mine], indices=number[of_row[mine]])
    return made


def _frozen(array: npt.NDArray[N]) -> npt.NDArray[N]:
    array.setflags(write=False)
    return array


def _vertices(read: RingArrays, codes: Sequence[str]) -> tuple[_Vertices, npt.NDArray[np.bool_]]:
    """Return the vertices on the lattice, and for each ring whether that moves or drops any of them."""
    count = len(read.lengths)
    xy = to_lattice(read.degrees)
    ring = np.repeat(np.arange(count), read.lengths)
    off = (to_degrees(xy).view(np.int64) != read.degrees.view(np.int64)).any(axis=1)
    # A vertex equal to the one before it in its ring is dropped; the closing point is equal to the first.
    kept = np.r_[True, (np.diff(xy, axis=0) != 0).any(axis=1) | (np.diff(ring) != 0)]
    closing = np.r_[np.diff(ring) != 0, True]
    moved = np.bincount(ring, weights=off | ~(kept | closing), minlength=count) > 0
    kept &= ~closing
    xy, ring = xy[kept], ring[kept]
    lengths = np.bincount(ring, minlength=count)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    # Vertices that snapped onto the closing point stand last: the ring would start with a step of no length.
    tail = (lengths > 0) & (xy[np.maximum(ends - 1, 0)] == xy[np.minimum(starts, len(xy) - 1)]).all(axis=1)
    if tail.any():
        moved |= tail
        kept = np.ones(len(xy), dtype=bool)
        kept[ends[tail] - 1] = False
        xy, ring = xy[kept], ring[kept]
        lengths = np.bincount(ring, minlength=count)
        ends = np.cumsum(lengths)
        starts = ends - lengths
    small = np.flatnonzero(lengths < 3)
    if len(small):
        code = codes[read.owner[read.polygon[small[0]]]]
        raise GeometryError(
            f"Grid {code} has a ring that is smaller than 1e-7 degrees; redraw it",
            f"网格 {code} 有一个环小于 1e-7 度，请重新绘制",
            rows=[code],
        )
    following = np.arange(1, len(xy) + 1)
    following[ends - 1] = starts
    return _Vertices(xy=xy, ring=ring, starts=starts, lengths=lengths, following=following), moved


def _edges(
    vertex: npt.NDArray[np.intp],
    held: _Vertices,
    owner: npt.NDArray[np.intp],
    vertices: int,
    codes: Sequence[str],
    degrees: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the number of the edge that leaves each vertex, and the users (two shapes, or one and -1) of each edge."""
    next_vertex = vertex[held.following]
    low, high = np.minimum(vertex, next_vertex), np.maximum(vertex, next_vertex)
    _, edge, count = np.unique(low * vertices + high, return_inverse=True, return_counts=True)
    row = owner[held.ring]
    by_edge = np.lexsort((row, edge))
    start = np.cumsum(count) - count
    one = row[by_edge[start]]
    other = np.where(count > 1, row[by_edge[np.minimum(start + 1, len(row) - 1)]], -1)
    wrong = np.flatnonzero((count > 2) | (one == other))
    if len(wrong):
        bad = by_edge[start[wrong[0]] : start[wrong[0]] + count[wrong[0]]]
        named = sorted({codes[row[i]] for i in bad})
        lon, lat = degrees[bad[0]]
        raise GeometryError(
            f"Grids {', '.join(named)} overlap along an edge at {lon:.6f}, {lat:.6f}; mend the layer first",
            f"网格 {'、'.join(named)} 在 {lon:.6f}, {lat:.6f} 处沿边重叠，请先修复图层",
            rows=named,
        )
    return edge, np.column_stack([one, other])


def _breaks(
    vertex: npt.NDArray[np.intp],
    edge: npt.NDArray[np.intp],
    edge_users: npt.NDArray[np.intp],
    held: _Vertices,
    vertices: int,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return at which ring positions an arc starts, and which vertices are nodes."""
    shapes = int(edge_users.max()) + 2
    sharers = (edge_users[:, 0] + 1) * shapes + edge_users[:, 1] + 1
    _, once = np.unique(edge, return_index=True)
    around = np.concatenate([vertex[once], vertex[held.following[once]]])
    sharers_around = np.concatenate([sharers, sharers])
    least, most = np.full(vertices, np.iinfo(np.int64).max), np.full(vertices, -1)
    np.minimum.at(least, around, sharers_around)
    np.maximum.at(most, around, sharers_around)
    is_node = (np.bincount(around, minlength=vertices) != 2) | (least != most)
    breaks = is_node[vertex]
    nodes_in_ring = np.bincount(held.ring, weights=breaks, minlength=len(held.lengths))
    alone = nodes_in_ring[held.ring] == 0
    # A ring that meets no other starts at its lowest vertex, whichever of its two sharers is read.
    lowest = np.full(len(held.lengths), np.iinfo(np.int64).max)
    np.minimum.at(lowest, held.ring, vertex)
    return breaks | (alone & (vertex == lowest[held.ring])), is_node


def _rings(
    refs: npt.NDArray[np.intp],
    run_start: npt.NDArray[np.intp],
    run_length: npt.NDArray[np.intp],
    held: _Vertices,
    first: npt.NDArray[np.intp],
) -> list[Ring]:
    ring_of_run = held.ring[run_start]
    bounds = np.searchsorted(ring_of_run, np.arange(len(held.lengths) + 1))
    made = []
    listed = refs.tolist()
    for ring, (a, b) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        turn = int(first[ring])
        last = int(run_length[b - 1])
        slot, offset = (0, 0) if turn == 0 else (b - a - 1, last - turn)
        made.append(Ring(refs=tuple(listed[a:b]), slot=slot, offset=offset))
    return made


def _nested(
    rings: list[Ring], polygon: npt.NDArray[np.intp], owner: npt.NDArray[np.intp], shapes: int
) -> tuple[tuple[tuple[Ring, ...], ...], ...]:
    of_polygon: list[list[Ring]] = [[] for _ in owner]
    for ring, p in zip(rings, polygon.tolist(), strict=True):
        of_polygon[p].append(ring)
    of_shape: list[list[tuple[Ring, ...]]] = [[] for _ in range(shapes)]
    for held, s in zip(of_polygon, owner.tolist(), strict=True):
        of_shape[s].append(tuple(held))
    return tuple(tuple(held) for held in of_shape)


def started_at(ring: Ring, arcs: Sequence[Int64s], start: tuple[int, int] | None = None) -> Ring:
    """Return the ring with ``slot`` and ``offset`` inside the arc that holds its first vertex, or the vertex ``start``.

    A ring keeps its offset when vertices go, so that it can start where it did when they come back; it then
    may reach over the end of its arc.

    Raises
    ------
    ValueError
        If ``start`` is not a vertex of the ring.
    """
    parts = [(arcs[ref] if ref >= 0 else arcs[~ref][::-1])[:-1] for ref in ring.refs]
    ends = np.cumsum([len(part) for part in parts])
    if start is None:
        begin = (int(ends[ring.slot]) - len(parts[ring.slot]) + ring.offset) % int(ends[-1])
    else:
        at = np.flatnonzero((np.concatenate(parts) == start).all(axis=1))
        if not len(at):
            raise ValueError(start)
        begin = int(at[0])
    slot = int(np.searchsorted(ends, begin, side="right"))
    return Ring(refs=ring.refs, slot=slot, offset=begin - int(ends[slot]) + len(parts[slot]))


def ring_xy(ring: Ring, arcs: Sequence[Int64s]) -> Int64s:
    """Return the closed ring, int64[k, 2], from the vertex at which it starts in the source."""
    parts = [(arcs[ref] if ref >= 0 else arcs[~ref][::-1])[:-1] for ref in ring.refs]
    begin = sum(len(part) for part in parts[: ring.slot]) + ring.offset
    open_ = np.concatenate(parts)
    turned = np.roll(open_, -begin, axis=0)
    return np.vstack([turned, turned[:1]])


def twice_area(ring: Int64s) -> int:
    """Return twice the signed area of a closed ring in steps², counter-clockwise positive; exact.

    Taken from a vertex of the ring, products stay far below 2^63 for anything smaller than a country.
    """
    x, y = (ring - ring[0]).T
    return int((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())
