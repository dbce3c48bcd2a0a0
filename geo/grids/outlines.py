"""Outlines of areas on the lattice of 1e-7 degrees, and the exact test whether a place lies in one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from geo.compiled import compiled

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Int8s = npt.NDArray[np.int8]
T = TypeVar("T")
Floats = npt.NDArray[np.float64]

FEW: Final = 40
"""An area with more edges than this is cut into slabs of about ``PER_SLAB`` edges."""
PER_SLAB: Final = 8
WHOLE: Final = 31
"""The shift of an area that is one slab."""


class Outlines(NamedTuple):
    """Edges of areas as arrays, each area in slabs from south to north.

    Attributes
    ----------
    box : int32[a, 4], west, south, east, north of each area in lattice steps
    slab : int64[a + 1], first slab of each area
    shift : int8[a], slabs of an area are ``2 ** shift`` steps high
    first : int64[s + 1], where the edges of each slab begin
    edge : int32[e, 4], from x, y to x, y; an edge stands in each slab that it meets
    """

    box: Int32s
    slab: Int64s
    shift: Int8s
    first: Int64s
    edge: Int32s


def outlines_of(shapes: npt.NDArray[np.object_], *, threads: int = 1) -> Outlines:
    """Read polygons and multipolygons in degrees; their vertices move to the lattice, half a centimetre at most."""
    counts = shapely.get_num_coordinates(shapes).astype(np.int64)
    parts = even_parts(counts, threads)
    vertices = [shapely.get_coordinates(shapes[a:b]) for a, b in parts]
    lasts = [np.cumsum(counts[a:b]) for a, b in parts]
    counted = in_threads(lambda k: _count_slabs(vertices[k], lasts[k]), len(parts))
    edges = np.cumsum([0, *(int(first[-1]) for _, _, _, first in counted)])
    slabs = np.cumsum([0, *(int(slab[-1]) for _, slab, _, _ in counted)])
    edge = np.empty((int(edges[-1]), 4), np.int32)

    def fill(k: int) -> None:
        box, slab, shift, first = counted[k]
        _fill_slabs(vertices[k], lasts[k], box, slab, shift, first, edge[edges[k] : edges[k + 1]])

    in_threads(fill, len(parts))
    return Outlines(
        box=np.concatenate([box for box, _, _, _ in counted]),
        slab=np.concatenate([[0], *(slab[1:] + slabs[k] for k, (_, slab, _, _) in enumerate(counted))]),
        shift=np.concatenate([shift for _, _, shift, _ in counted]),
        first=np.concatenate([[0], *(first[1:] + edges[k] for k, (_, _, _, first) in enumerate(counted))]),
        edge=edge,
    )


def even_parts(work: npt.NDArray[np.generic], parts: int) -> list[tuple[int, int]]:
    """Return where to cut rows into at most ``parts`` runs of about equal work, as (start, end)."""
    done = np.cumsum(work)
    total = float(done[-1]) if len(done) else 0.0
    cuts = np.searchsorted(done, [total * k / parts for k in range(1, parts)]).tolist()
    stops = sorted({0, *cuts, len(work)})
    return list(pairwise(stops)) if len(stops) > 1 else [(0, 0)]


def in_threads(work: Callable[[int], T], count: int) -> list[T]:
    """Return ``work(0)`` to ``work(count - 1)``, each in a thread of its own."""
    if count < 2:
        return [work(k) for k in range(count)]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


@compiled()
def _step(degrees: float) -> int:
    return int(np.rint(degrees * 1e7))


@compiled()
def _ends(vertices: Floats, start: int, i: int) -> bool:
    """Return whether a ring ends at a vertex: it is back at its first one, and has three edges; the next begins then."""
    return i >= start + 3 and vertices[i, 0] == vertices[start, 0] and vertices[i, 1] == vertices[start, 1]


@compiled()
def _count_slabs(vertices: Floats, last: Int64s) -> tuple[Int32s, Int64s, Int8s, Int64s]:
    areas = len(last)
    edges = np.zeros(areas, np.int64)
    box, shift, slab = np.empty((areas, 4), np.int32), np.full(areas, WHOLE, np.int8), np.zeros(areas + 1, np.int64)
    begin = 0
    for a in range(areas):
        west = south = np.inf
        east = north = -np.inf
        start = begin
        for i in range(begin, last[a]):
            if _ends(vertices, start, i):
                edges[a] += i - start
                start = i + 1
            west, east = min(west, vertices[i, 0]), max(east, vertices[i, 0])
            south, north = min(south, vertices[i, 1]), max(north, vertices[i, 1])
        edges[a] += max(last[a] - 1 - start, 0)
        begin = last[a]
        box[a, 0], box[a, 1], box[a, 2], box[a, 3] = _step(west), _step(south), _step(east), _step(north)
        slab[a + 1] = slab[a] + 1
        if edges[a] > FEW:
            height = int(box[a, 3]) - box[a, 1]
            fits = 0
            while (height >> fits) + 1 > edges[a] // PER_SLAB:
                fits += 1
            shift[a] = fits
            slab[a + 1] = slab[a] + (height >> fits) + 1
    first = np.zeros(slab[areas] + 1, np.int64)
    begin = 0
    for a in range(areas):
        if shift[a] == WHOLE:
            first[slab[a] + 1] = edges[a]
        else:
            _walk_slabs(vertices, begin, last[a], box[a, 1], slab[a], shift[a], first[1:], np.empty((0, 4), np.int32))
        begin = last[a]
    for k in range(len(first) - 1):
        first[k + 1] += first[k]
    return box, slab, shift, first


@compiled()
def _fill_slabs(
    vertices: Floats, last: Int64s, box: Int32s, slab: Int64s, shift: Int8s, first: Int64s, edge: Int32s
) -> None:
    free = first.copy()
    begin = 0
    for a in range(len(last)):
        _walk_slabs(vertices, begin, last[a], box[a, 1], slab[a], shift[a], free, edge)
        begin = last[a]


@compiled()
def _walk_slabs(
    vertices: Floats, begin: int, end: int, south: int, slab: int, shift: int, free: Int64s, edge: Int32s
) -> None:
    """Count the edges of an area by slab in ``free``, and write them there if ``edge`` has room."""
    start = begin
    i = begin
    while i + 1 < end:
        x1, y1, x2, y2 = (
            _step(vertices[i, 0]),
            _step(vertices[i, 1]),
            _step(vertices[i + 1, 0]),
            _step(vertices[i + 1, 1]),
        )
        low, high = (min(y1, y2) - south) >> shift, (max(y1, y2) - south) >> shift
        for k in range(slab + low, slab + high + 1):
            if len(edge):
                at = free[k]
                edge[at, 0], edge[at, 1], edge[at, 2], edge[at, 3] = x1, y1, x2, y2
            free[k] += 1
        i += 1
        if _ends(vertices, start, i):
            i += 1
            start = i


@compiled()
def meets(edge: Int32s, k: int, px: int, py: int) -> int:
    """Return 2 if the place lies on edge ``k``, 1 if a ray from it to the east meets the edge, else 0; exact.

    An edge holds its lower end but not its upper one. All products stay below 2^63 on the whole globe, and are compared,
    not subtracted.
    """
    y1, y2 = int(edge[k, 1]), int(edge[k, 3])
    x1, x2 = int(edge[k, 0]), int(edge[k, 2])
    if (y1 > py) == (y2 > py):
        if y1 != py and y2 != py:
            return 0
        if y1 == y2:
            return 2 if min(x1, x2) <= px <= max(x1, x2) else 0
        return 2 if (x1 if y1 == py else x2) == px else 0
    if x1 > px and x2 > px:
        return 1
    if x1 < px and x2 < px:
        return 0
    along, across = (x2 - x1) * (py - y1), (px - x1) * (y2 - y1)
    if along == across:
        return 2
    return 1 if (along > across) == (y2 > y1) else 0


@compiled()
def contains(a: int, px: int, py: int, box: Int32s, slab: Int64s, shift: Int8s, first: Int64s, edge: Int32s) -> bool:
    """Return whether area ``a`` holds a place in lattice steps, its boundary included; the arrays are ``Outlines``."""
    if px < box[a, 0] or py < box[a, 1] or px > box[a, 2] or py > box[a, 3]:
        return False
    at = slab[a] + ((py - box[a, 1]) >> shift[a])
    inside = False
    for k in range(first[at], first[at + 1]):
        met = meets(edge, k, px, py)
        if met == 2:
            return True
        inside ^= met == 1
    return inside
