"""Vector tiles (Mapbox Vector Tile 2.1) of layers: clip, thin out, round, encode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import mapbox_vector_tile
import numpy as np
import numpy.typing as npt
import shapely

from geo.tiles.layers import VectorLayer, same_dimension
from geo.tiles.mercator import check_tile, tile_bounds

__all__ = ["BUFFER", "EXTENT", "VectorLayer", "encode_tile"]

EXTENT: Final = 4096
"""Units along a tile's side; a screen pixel is 16 of them."""
BUFFER: Final = 64
"""Units drawn beyond the edge, so that strokes and labels do not stop there."""
_TOLERANCE: Final = 4.0  # a quarter of a pixel
_SPECK_AREA: Final = 144.0  # polygons below about half a square pixel
_SPECK_LENGTH: Final = 8.0  # lines below half a pixel


def encode_tile(layers: Sequence[VectorLayer], z: int, x: int, y: int) -> bytes:
    """Return the tile ``z/x/y`` of ``layers`` (drawn in their order); a tile with nothing in it is ``b""``.

    Raises
    ------
    ParameterError
        If there is no such tile.
    """
    check_tile(z, x, y)
    west, south, east, north = tile_bounds(z, x, y)
    unit = (east - west) / EXTENT
    pad = BUFFER * unit
    window = (west - pad, south - pad, east + pad, north + pad)
    encoded = []
    for layer in layers:
        rows, shapes = _cut(layer, z, window, origin=np.array([west, south]), unit=unit)
        if len(rows):
            features = [
                {"geometry": shape, "properties": layer.properties[row]}
                for row, shape in zip(rows, shapes, strict=True)
            ]
            encoded.append({"name": layer.name, "features": features})
    if not encoded:
        return b""
    options = {"extents": EXTENT, "check_winding_order": False}
    return cast("bytes", mapbox_vector_tile.encode(encoded, default_options=options))


def _cut(
    layer: VectorLayer,
    z: int,
    window: tuple[float, float, float, float],
    *,
    origin: npt.NDArray[np.float64],
    unit: float,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    """Return row numbers in drawing order and their geometries in tile units (origin at the lower left)."""
    rows = np.sort(layer.tree.query(shapely.box(*window)))
    rows = rows[layer.min_zooms[rows] <= z]
    shapes = layer.geometries[rows]
    areal = shapely.get_dimensions(shapes) == 2
    shapes = _clipped(shapes, layer.bounds[rows], areal, window)
    shapes = shapely.transform(shapes, lambda xy: (xy - origin) / unit)
    linear = shapely.get_dimensions(shapes) == 1
    kept = ~(shapely.is_empty(shapes) | shapely.is_missing(shapes))
    kept &= ~(areal & (shapely.area(shapes) < _SPECK_AREA)) & ~(linear & (shapely.length(shapes) < _SPECK_LENGTH))
    rows, shapes = rows[kept], shapes[kept]
    shapes = _rounded(shapely.simplify(shapes, _TOLERANCE, preserve_topology=False), areal[kept])
    kept = ~(shapely.is_empty(shapes) | shapely.is_missing(shapes))
    return rows[kept], shapes[kept]


def _clipped(
    shapes: npt.NDArray[np.object_],
    bounds: npt.NDArray[np.float64],
    areal: npt.NDArray[np.bool_],
    window: tuple[float, float, float, float],
) -> npt.NDArray[np.object_]:
    """Cut what crosses the window; polygons by full intersection, since the fast clip may flood a tile."""
    west, south, east, north = window
    crossing = (bounds[:, 0] < west) | (bounds[:, 1] < south) | (bounds[:, 2] > east) | (bounds[:, 3] > north)
    shapes = shapes.copy()
    lines, polygons = crossing & ~areal, crossing & areal
    shapes[lines] = shapely.clip_by_rect(shapes[lines], west, south, east, north)
    cut = shapely.intersection(shapes[polygons], shapely.box(west, south, east, north))
    stray = shapely.get_type_id(cut) == shapely.GeometryType.GEOMETRYCOLLECTION
    cut[stray] = [same_dimension(shape) for shape in cut[stray]]
    shapes[polygons] = cut
    return shapes


def _rounded(shapes: npt.NDArray[np.object_], areal: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
    """Round to whole units; polygons stay valid and wind as the format wants."""
    rounded = shapely.transform(shapes, np.rint)
    broken = areal & ~shapely.is_valid(rounded)
    # Rounding may pinch a thin neck: these few are snapped by the slower overlay, which keeps them valid.
    rounded[broken] = shapely.set_precision(shapely.make_valid(shapes[broken]), 1.0)
    stray = shapely.get_type_id(rounded) == shapely.GeometryType.GEOMETRYCOLLECTION
    rounded[stray] = [same_dimension(shape) for shape in rounded[stray]]
    rounded[areal] = shapely.orient_polygons(rounded[areal], exterior_cw=True)
    rounded[areal & (shapely.get_dimensions(rounded) < 2)] = None
    return rounded
