"""True areas on the WGS84 ellipsoid."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from geo.tables.spec import Table

_GEOD: Final = Geod(ellps="WGS84")


def area_m2(shape: BaseGeometry) -> float:
    """Return the geodesic area of a polygon or multipolygon in lon/lat degrees."""
    polygons = shapely.get_parts(shapely.orient_polygons(shape))
    return float(sum(_GEOD.geometry_area_perimeter(polygon)[0] for polygon in polygons))


def areas_km2(table: Table) -> npt.NDArray[np.float64]:
    """Return the geodesic area of each row, float64[n], km²."""
    return np.array([area_m2(shape) / 1e6 for shape in table.frame.geometry], dtype=np.float64)
