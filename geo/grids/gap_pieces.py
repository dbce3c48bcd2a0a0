"""A gap between many grids, cut into stretches that each lie between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from geo.grids.rough import Objects


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """A part of a gap: its triangles, and the owners at its vertices."""

    triangles: tuple[shapely.Polygon, ...]
    beside: frozenset[int]


def stretches(gap: shapely.Polygon, owners: Objects, rows: Sequence[int]) -> list[Stretch]:
    """Cut a gap by its Delaunay triangles, which need no new vertex, into stretches beside the same owners.

    A web of cracks between a hundred grids would else go to one of them as a whole. ``owners`` are the shapes of
    ``rows`` that touch the gap; all in the same whole steps.
    """
    triangles = np.asarray(shapely.get_parts(shapely.constrained_delaunay_triangles(gap)), dtype=object)
    corners = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3]
    flat = corners.reshape(-1, 2)
    touch: list[set[int]] = [set() for _ in range(len(flat))]
    which, hit = shapely.STRtree(np.asarray(shapely.points(flat), dtype=object)).query(owners, predicate="intersects")
    for owner, point in zip(which.tolist(), hit.tolist(), strict=True):
        touch[point].add(rows[owner])
    beside = [frozenset(touch[3 * t] | touch[3 * t + 1] | touch[3 * t + 2]) for t in range(len(triangles))]
    edges: dict[tuple[tuple[float, float], ...], list[int]] = {}
    for t, triangle in enumerate(corners.tolist()):
        places = [tuple(place) for place in triangle]
        for a, b in ((0, 1), (1, 2), (2, 0)):
            edges.setdefault(tuple(sorted((places[a], places[b]))), []).append(t)
    near: list[list[int]] = [[] for _ in triangles]
    for pair in edges.values():
        if len(pair) == 2:
            near[pair[0]].append(pair[1])
            near[pair[1]].append(pair[0])
    made, done = [], np.zeros(len(triangles), dtype=bool)
    for start in range(len(triangles)):
        if done[start]:
            continue
        stack, held = [start], []
        done[start] = True
        while stack:
            now = stack.pop()
            held.append(now)
            for other in near[now]:
                if not done[other] and beside[other] == beside[start]:
                    done[other] = True
                    stack.append(other)
        made.append(Stretch(triangles=tuple(triangles[sorted(held)].tolist()), beside=beside[start]))
    return made


def mouths(shapes: Objects, width: float) -> Objects:
    """Return short lines that close cracks which open to the outside, object[m]; all in the same steps.

    Each joins vertices of two different shapes that are at most ``width`` apart, outside all of them.
    """
    union = shapely.union_all(shapes)
    spots = np.unique(shapely.get_coordinates(shapely.boundary(union)), axis=0)
    points = np.asarray(shapely.points(spots), dtype=object)
    shape, point = shapely.STRtree(points).query(shapes, predicate="intersects")
    rows: list[set[int]] = [set() for _ in spots]
    for s, p in zip(shape.tolist(), point.tolist(), strict=True):
        rows[p].add(s)
    pairs = cKDTree(spots).query_pairs(width, output_type="ndarray")
    pairs = np.array([pair for pair in pairs.tolist() if rows[pair[0]].isdisjoint(rows[pair[1]])]).reshape(-1, 2)
    if not len(pairs):
        return np.zeros(0, dtype=object)
    lines = np.asarray(shapely.linestrings(spots[pairs.astype(int)]), dtype=object)
    shapely.prepare(union)
    return np.asarray(lines[shapely.relate_pattern(lines, union, "F********")], dtype=object)
