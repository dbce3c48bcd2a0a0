"""Outlines of areas on the lattice of 1e-7 degrees, and the exact test whether a place lies in one."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from geo.compiled import compiled

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Int8s = npt.NDArray[np.int8]
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


def outlines_of(shapes: npt.NDArray[np.object_]) -> Outlines:
    """Read polygons and multipolygons in degrees; their vertices move to the lattice, half a centimetre at most."""
    vertices = shapely.get_coordinates(shapes)
    last = np.cumsum(shapely.get_num_coordinates(shapes)).astype(np.int64)
    rings = shapely.get_num_geometries(shapes) + shapely.get_num_interior_rings(shapes)
    several = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOLYGON)
    for k in several.tolist():
        rings[k] = sum(1 + len(part.interiors) for part in shapes[k].geoms)
    edges = np.diff(last, prepend=0) - rings
    box, slab, shift, first = _count_slabs(vertices, last, edges)
    return Outlines(
        box=box, slab=slab, shift=shift, first=first, edge=_fill_slabs(vertices, last, box, slab, shift, first)
    )


@compiled()
def _step(degrees: float) -> int:
    return int(np.rint(degrees * 1e7))


@compiled()
def _count_slabs(vertices: Floats, last: Int64s, edges: Int64s) -> tuple[Int32s, Int64s, Int8s, Int64s]:
    areas = len(last)
    box, shift, slab = np.empty((areas, 4), np.int32), np.full(areas, WHOLE, np.int8), np.zeros(areas + 1, np.int64)
    begin = 0
    for a in range(areas):
        west = south = np.inf
        east = north = -np.inf
        for i in range(begin, last[a]):
            west, east = min(west, vertices[i, 0]), max(east, vertices[i, 0])
            south, north = min(south, vertices[i, 1]), max(north, vertices[i, 1])
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
def _fill_slabs(vertices: Floats, last: Int64s, box: Int32s, slab: Int64s, shift: Int8s, first: Int64s) -> Int32s:
    edge = np.empty((first[-1], 4), np.int32)
    free = first.copy()
    begin = 0
    for a in range(len(last)):
        _walk_slabs(vertices, begin, last[a], box[a, 1], slab[a], shift[a], free, edge)
        begin = last[a]
    return edge


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
        # A ring ends where it comes back to its first vertex; then the next one begins.
        if vertices[i, 0] == vertices[start, 0] and vertices[i, 1] == vertices[start, 1]:
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
