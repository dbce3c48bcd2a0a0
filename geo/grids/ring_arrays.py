"""Rings of many shapes as arrays, without a copy of each ring where a shape is one polygon without holes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

Rows = npt.NDArray[np.intp]


class RingArrays(NamedTuple):
    """Rings one after another, in the order of their shapes, outer rings first.

    Attributes
    ----------
    degrees : float64[k, 2], closed rings
    lengths : int64[r], vertices of each ring, the closing one counted
    polygon : int64[r], polygon of each ring
    owner : int64[p], shape of each polygon
    """

    degrees: npt.NDArray[np.float64]
    lengths: Rows
    polygon: Rows
    owner: Rows


def ring_arrays(shapes: npt.NDArray[np.object_]) -> RingArrays:
    """Read polygons and multipolygons in degrees."""
    rows = np.arange(len(shapes))
    several = shapely.get_type_id(shapes) != shapely.GeometryType.POLYGON
    several |= shapely.get_num_interior_rings(shapes) > 0
    parts, owner = shapely.get_parts(shapes[several], return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    # Whole shapes and those read ring by ring are brought back in their order.
    owner_of = np.concatenate([rows[~several], rows[several][owner]])
    by_owner = np.argsort(owner_of, kind="stable")
    place = np.empty(len(by_owner), dtype=np.intp)
    place[by_owner] = np.arange(len(by_owner))
    whole = len(rows) - int(several.sum())
    polygon_of = np.concatenate([place[:whole], place[whole:][part]])
    by_polygon = np.argsort(polygon_of, kind="stable")
    lengths = np.concatenate([shapely.get_num_coordinates(shapes[~several]), shapely.get_num_coordinates(rings)])
    return RingArrays(
        degrees=shapely.get_coordinates(shapes),
        lengths=lengths[by_polygon].astype(np.intp),
        polygon=polygon_of[by_polygon].astype(np.intp),
        owner=owner_of[by_owner].astype(np.intp),
    )
