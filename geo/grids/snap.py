"""Bring vertices and edges of neighbours together that are nearer than a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from geo.grids.arcs import LATTICE, Int64s, to_degrees, to_lattice
from geo.grids.rough import Objects

_METRE: Final = 111_320.0 / LATTICE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapped:
    """Shapes after snapping.

    Attributes
    ----------
    shapes : object[n] in degrees on the lattice
    moved : by row, how many vertices moved and how far at most, m
    noded : by row, how many vertices of neighbours were put in and how far the edge moved at most, m
    """

    shapes: Objects
    moved: dict[int, tuple[int, float]]
    noded: dict[int, tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rings:
    """Vertices of all rings, the closing ones too, with the row of each, and which edges match no other."""

    xy: Int64s
    metres: npt.NDArray[np.float64]
    ring: npt.NDArray[np.intp]
    row: npt.NDArray[np.intp]
    loose: npt.NDArray[np.bool_]

    def rings_of(self, row: int) -> list[tuple[int, int]]:
        """Return the first and last + 1 vertex of each ring of a row; rows and rings rise."""
        a, b = np.searchsorted(self.row, [row, row + 1]).tolist()
        starts = a + np.flatnonzero(np.diff(self.ring[a:b], prepend=-1))
        return list(zip(starts.tolist(), [*starts[1:].tolist(), b], strict=True))


def snap_shapes(shapes: Objects, *, tolerance_m: float) -> Snapped:
    """Move loose vertices onto vertices of other rows, then put those near an edge of another row into it.

    Loose is what no neighbour has in the opposite direction: lines that match stay. Each vertex moves once, by the tolerance
    at most, onto one that does not move: the one that most rows share, then the one furthest west and south. A
    shape that would break stays as it was.
    """
    held = np.array(shapes, dtype=object)
    if tolerance_m <= 0 or not len(held):
        return Snapped(shapes=held, moved={}, noded={})
    moved = _vertices_together(held, tolerance_m)
    together = held.copy()
    noded = _vertices_into_edges(held, tolerance_m)
    # An edge may bend after its ends moved: two steps together must keep to the tolerance too.
    rows = sorted(noded)
    for row, far in zip(rows, _strays(held[rows], shapes[rows], tolerance_m).tolist(), strict=True):
        if far:
            held[row] = together[row]
            del noded[row]
    return Snapped(shapes=held, moved=moved, noded=noded)


def _rings(shapes: Objects) -> _Rings:
    polygons, owner = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    degrees, ring = shapely.get_coordinates(rings, return_index=True)
    xy = to_lattice(degrees)
    _, vertex = np.unique(xy[:, 0] * 2**32 + xy[:, 1], return_inverse=True)
    inner = np.flatnonzero(ring[:-1] == ring[1:])
    start, end = vertex[inner], vertex[inner + 1]
    low, high = np.minimum(start, end), np.maximum(start, end)
    _, edge = np.unique(low * (int(vertex.max()) + 1) + high, return_inverse=True)
    count = np.bincount(edge)
    turn = np.zeros(len(count), dtype=np.int64)
    np.add.at(turn, edge, np.where(start < end, 1, -1))
    loose = np.zeros(len(xy), dtype=bool)
    loose[inner] = (count[edge] != 2) | (turn[edge] != 0)
    shrink = float(np.cos(np.radians(degrees[:, 1].mean())))
    metres = (xy - xy[0]) * np.array([shrink, 1.0]) * _METRE
    return _Rings(xy=xy, metres=metres, ring=ring, row=owner[polygon[ring]], loose=loose)


def _vertices_together(shapes: Objects, tolerance_m: float) -> dict[int, tuple[int, float]]:
    """Move vertices in place; return how many of each row and how far at most."""
    held = _rings(shapes)
    first = np.flatnonzero(held.loose)
    spots = np.unique(np.r_[first, first + 1])
    if not len(spots):
        return {}
    _, once, vertex = np.unique(held.xy[spots, 0] * 2**32 + held.xy[spots, 1], return_index=True, return_inverse=True)
    rows: list[set[int]] = [set() for _ in once]
    for v, row in zip(vertex.tolist(), held.row[spots].tolist(), strict=True):
        rows[v].add(row)
    at = held.metres[spots[once]]
    near: list[list[int]] = [[] for _ in once]
    for a, b in cKDTree(at).query_pairs(tolerance_m, output_type="ndarray").tolist():
        if rows[a].isdisjoint(rows[b]):
            near[a].append(b)
            near[b].append(a)
    onto = np.arange(len(once))
    fixed = np.zeros(len(once), dtype=bool)
    for v in sorted(range(len(once)), key=lambda v: (-len(rows[v]), v)):
        if fixed[v] or not near[v]:
            continue
        fixed[v] = True
        taken = set(rows[v])
        for other in sorted(near[v], key=lambda o: (float(np.hypot(*(at[o] - at[v]))), o)):
            if not fixed[other] and taken.isdisjoint(rows[other]):
                fixed[other] = True
                onto[other] = v
                taken |= rows[other]
    moving = {int(held.xy[spots[once[v]], 0]) * 2**32 + int(held.xy[spots[once[v]], 1]): int(onto[v])
              for v in np.flatnonzero(onto != np.arange(len(once))).tolist()}  # fmt: skip
    if not moving:
        return {}
    key = held.xy[:, 0] * 2**32 + held.xy[:, 1]
    hits = np.flatnonzero(np.isin(key, np.array(list(moving))))
    xy = held.xy.copy()
    for hit in hits.tolist():
        xy[hit] = held.xy[spots[once[moving[int(key[hit])]]]]
    moved: dict[int, tuple[int, float]] = {}
    far = np.hypot(*((xy[hits] - held.xy[hits]) * _scale(held)).T)
    for row in np.unique(held.row[hits]).tolist():
        made = _rebuilt(shapes[row], [xy[a:b] for a, b in held.rings_of(row)])
        if made is not None:
            shapes[row] = made
            own = held.row[hits] == row
            moved[row] = len({tuple(place) for place in held.xy[hits[own]].tolist()}), float(far[own].max())
    return moved


def _scale(held: _Rings) -> npt.NDArray[np.float64]:
    lat = held.xy[:, 1].mean() / LATTICE
    return np.array([np.cos(np.radians(lat)), 1.0]) * _METRE


def _strays(now: Objects, before: Objects, tolerance_m: float) -> npt.NDArray[np.bool_]:
    """Return which shapes gained or lost land further from their old boundary than the tolerance."""
    if not len(now):
        return np.zeros(0, dtype=bool)
    south = float(shapely.bounds(now)[:, 1].mean())
    scale = np.array([np.cos(np.radians(south)), 1.0]) * _METRE * LATTICE
    new, old = (np.asarray(shapely.transform(shapes, lambda xy: xy * scale), dtype=object) for shapes in (now, before))
    changed = shapely.symmetric_difference(new, old)
    beyond = shapely.difference(changed, shapely.buffer(shapely.boundary(old), tolerance_m + 0.01))
    return np.asarray(shapely.area(beyond) > 1e-3, dtype=bool)


def _vertices_into_edges(shapes: Objects, tolerance_m: float) -> dict[int, tuple[int, float]]:
    """Put loose vertices into loose edges of other rows that pass nearby, in place; return how many by row, how far."""
    held = _rings(shapes)
    edges = np.flatnonzero(held.loose)
    if not len(edges):
        return {}
    spots = np.unique(np.r_[edges, edges + 1])
    _, once = np.unique(held.xy[spots, 0] * 2**32 + held.xy[spots, 1], return_index=True)
    vertices = spots[once]
    segments = shapely.linestrings(np.stack([held.metres[edges], held.metres[edges + 1]], axis=1))
    points = np.asarray(shapely.points(held.metres[vertices]), dtype=object)
    point, edge = shapely.STRtree(np.asarray(segments, dtype=object)).query(
        points, predicate="dwithin", distance=tolerance_m
    )
    p, v = held.metres[edges[edge]], held.metres[vertices[point]]
    along = held.metres[edges[edge] + 1] - p
    length2 = (along**2).sum(axis=1)
    share = ((v - p) * along).sum(axis=1) / np.maximum(length2, 1e-12)
    gap = np.hypot(*(p + along * share[:, None] - v).T)
    inside = (share > 0) & (share < 1)
    rows_at: dict[tuple[int, ...], set[int]] = {}
    for place, row in zip(map(tuple, held.xy[spots].tolist()), held.row[spots].tolist(), strict=True):
        rows_at.setdefault(place, set()).add(row)
    into: dict[int, list[tuple[float, int, float]]] = {}
    for k in np.flatnonzero(inside).tolist():
        spot = int(edges[edge[k]])
        if int(held.row[spot]) not in rows_at[tuple(held.xy[vertices[point[k]]].tolist())]:
            into.setdefault(spot, []).append((float(share[k]), int(vertices[point[k]]), float(gap[k])))
    noded: dict[int, tuple[int, float]] = {}
    for row in sorted({int(held.row[spot]) for spot in into}):
        rings = []
        count, far = 0, 0.0
        for a, b in held.rings_of(row):
            line = []
            for spot in range(a, b):
                line.append(held.xy[spot])
                for _, vertex, away in sorted(into.get(spot, [])):
                    line.append(held.xy[vertex])
                    count, far = count + 1, max(far, away)
            rings.append(np.array(line))
        made = _rebuilt(shapes[row], rings)
        if made is not None:
            shapes[row] = made
            noded[row] = count, far
    return noded


def _rebuilt(shape: BaseGeometry, rings: Sequence[Int64s]) -> BaseGeometry | None:
    """Return a shape with other rings in the same order, or None where that would be broken."""
    left = list(rings)
    polygons = []
    for polygon in shapely.get_parts(shape):
        taken = [left.pop(0) for _ in range(1 + len(polygon.interiors))]
        clean = [ring[np.r_[True, (np.diff(ring, axis=0) != 0).any(axis=1)]] for ring in taken]
        if any(len(ring) < 4 for ring in clean):
            return None
        polygons.append(shapely.Polygon(to_degrees(clean[0]), [to_degrees(ring) for ring in clean[1:]]))
    made = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    return made if shapely.is_valid(made) else None
