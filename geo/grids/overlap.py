"""Where two layers of areas lie on each other, and how much ground that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.grids.area import areas_m2

SPECK_M2: Final = 0.01
"""Pieces of less ground than this are rounding of the cut, not land."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """What the areas of one layer have in common with those of another, by rising ``one``, then ``other``.

    Attributes
    ----------
    one, other : int64[k], rows of the two layers
    shapes : object[k], the common polygons in degrees
    area_m2 : float64[k]
    """

    one: npt.NDArray[np.int64]
    other: npt.NDArray[np.int64]
    shapes: npt.NDArray[np.object_]
    area_m2: npt.NDArray[np.float64]


def overlay(one: npt.NDArray[np.object_], other: npt.NDArray[np.object_]) -> Pieces:
    """Cut two layers of polygons in degrees with each other; pieces below ``SPECK_M2`` are left out.

    Inside a layer areas should not overlap. An area that both layers have to the last bit is common to these two alone
    and is not cut: unchanged land stays itself even where a bad layer overlaps it.
    """
    bytes_of = [shapely.to_wkb(shapes, byte_order=1).tolist() for shapes in (one, other)]
    place = {wkb: row for row, wkb in reversed(list(enumerate(bytes_of[1])))}
    twin = np.array([place.get(wkb, -1) for wkb in bytes_of[0]], dtype=np.int64)
    taken = np.zeros(len(other), dtype=bool)
    taken[twin[twin >= 0]] = True
    mine, theirs = np.flatnonzero(twin < 0), np.flatnonzero(~taken)
    made = cut(one[mine], other[theirs])
    same = np.flatnonzero(twin >= 0)
    rows, columns = np.concatenate([same, mine[made.one]]), np.concatenate([twin[same], theirs[made.other]])
    shapes, area = np.concatenate([one[same], made.shapes]), np.concatenate([areas_m2(one[same]), made.area_m2])
    order = np.lexsort((columns, rows))
    order = order[area[order] >= SPECK_M2]
    return Pieces(one=rows[order], other=columns[order], shapes=shapes[order], area_m2=area[order])


def cut(one: npt.NDArray[np.object_], other: npt.NDArray[np.object_]) -> Pieces:
    """Cut every area of one layer with every area of another, equal ones too; pieces below ``SPECK_M2`` are left out."""
    a, b = shapely.STRtree(other).query(one, predicate="intersects")
    order = np.lexsort((b, a))
    a, b = a[order].astype(np.int64), b[order].astype(np.int64)
    shapes = _polygons(shapely.intersection(one[a], other[b]))
    area = areas_m2(shapes)
    land = area >= SPECK_M2
    return Pieces(one=a[land], other=b[land], shapes=shapes[land], area_m2=area[land])


def remainder(
    one: npt.NDArray[np.object_], other: npt.NDArray[np.object_]
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.float64]]:
    """Return what of each area of ``one`` no area of ``other`` covers: polygons (empty where none) and their m²."""
    left = np.array(one, dtype=object)
    a, b = shapely.STRtree(other).query(one, predicate="intersects")
    order = np.argsort(a, kind="stable")
    bounds = np.searchsorted(a[order], np.arange(len(one) + 1))
    for row in np.unique(a).tolist():
        near = other[b[order[bounds[row] : bounds[row + 1]]]]
        covered = bool(shapely.equals_identical(near, one[row]).any())
        left[row] = shapely.Polygon() if covered else shapely.difference(one[row], shapely.union_all(near))
    left = _polygons(left)
    area = areas_m2(left)
    left[area < SPECK_M2] = shapely.Polygon()
    return left, np.where(area < SPECK_M2, 0.0, area)


def _polygons(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Drop the lines and points that a cut leaves where areas touch."""
    made = np.array(shapes, dtype=object)
    for i in np.flatnonzero(shapely.get_type_id(made) == shapely.GeometryType.GEOMETRYCOLLECTION):
        parts = shapely.get_parts(made[i])
        made[i] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return made
