"""Web Mercator (EPSG:3857) arithmetic of map tiles: positions, bounds and true areas on the ellipsoid."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import CoordinateError, ParameterError

Positions = npt.NDArray[np.floating] | npt.NDArray[np.int64]

HALF_M: Final = 20037508.342789244
"""Half the width of the Web Mercator square, metres."""
TILE_PX: Final = 256
MAX_ZOOM: Final = 22
MAX_LATITUDE: Final = 85.0511287798066
_RADIUS_M: Final = 6378137.0
_E2: Final = 0.0066943799901413165  # first eccentricity squared of WGS84


def check_tile(z: int, x: int, y: int) -> None:
    """Raise ``ParameterError`` unless ``z/x/y`` is a tile of zoom 0 to ``MAX_ZOOM``."""
    if not 0 <= z <= MAX_ZOOM:
        raise ParameterError(f"Zoom {z} is not within 0 to {MAX_ZOOM}", f"缩放级别 {z} 不在 0 至 {MAX_ZOOM} 之间")
    if not (0 <= x < 1 << z and 0 <= y < 1 << z):
        raise ParameterError(
            f"Tile {z}/{x}/{y} does not exist; x and y of zoom {z} run from 0 to {(1 << z) - 1}",
            f"瓦片 {z}/{x}/{y} 不存在，{z} 级的行列号为 0 至 {(1 << z) - 1}",
        )


def to_mercator(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Project float64[n, 2] lon, lat degrees to float64[n, 2] metres; latitude is cut at ``MAX_LATITUDE``."""
    lat = np.radians(np.clip(lonlat[:, 1], -MAX_LATITUDE, MAX_LATITUDE))
    return np.column_stack([lonlat[:, 0] * (HALF_M / 180.0), np.arcsinh(np.tan(lat)) * _RADIUS_M])


def to_cells(lonlat: npt.NDArray[np.float64], level: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return column and row, int32[n] each, of points in the square of ``2**level`` cells a side, row 0 in the north.

    Raises
    ------
    CoordinateError
        If a coordinate is not finite.
    """
    if not np.isfinite(lonlat).all():
        row = int(np.flatnonzero(~np.isfinite(lonlat).all(axis=1))[0])
        raise CoordinateError(
            f"Point {row + 1} has a coordinate that is not a finite number",
            f"第 {row + 1} 个点的坐标无效",
            rows=[str(row)],
        )
    xy = to_mercator(lonlat)
    side = 1 << level
    column = np.floor((xy[:, 0] + HALF_M) / (2 * HALF_M) * side)
    row_ = np.floor((HALF_M - xy[:, 1]) / (2 * HALF_M) * side)
    return np.clip(column, 0, side - 1).astype(np.int32), np.clip(row_, 0, side - 1).astype(np.int32)


def row_latitude(rows: Positions, level: int) -> npt.NDArray[np.float64]:
    """Return the latitude in degrees of (fractional) rows of the square of ``2**level`` cells a side."""
    north = np.pi * (1.0 - 2.0 * np.asarray(rows, dtype=np.float64) / (1 << level))
    return np.degrees(np.arctan(np.sinh(north)))


def column_longitude(columns: Positions, level: int) -> npt.NDArray[np.float64]:
    """Return the longitude in degrees of (fractional) columns of the square of ``2**level`` cells a side."""
    return np.asarray(columns, dtype=np.float64) / (1 << level) * 360.0 - 180.0


def cell_km2(rows: Positions, level: int) -> npt.NDArray[np.float64]:
    """Return the area on the WGS84 ellipsoid, km², of one cell in each (fractional) row.

    Web Mercator stretches by latitude: ``dA = M N cos²(lat) / R² dx dy`` with the ellipsoid's two radii of
    curvature M and N.
    """
    lat = np.radians(row_latitude(rows, level))
    side_m = 2 * HALF_M / (1 << level)
    curvature = (1 - _E2) / (1 - _E2 * np.sin(lat) ** 2) ** 2
    return np.asarray(side_m**2 * curvature * np.cos(lat) ** 2 / 1e6, dtype=np.float64)


def tile_bounds(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a tile in Web Mercator metres."""
    side = 2 * HALF_M / (1 << z)
    return -HALF_M + x * side, HALF_M - (y + 1) * side, -HALF_M + (x + 1) * side, HALF_M - y * side
