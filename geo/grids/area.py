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
_A: Final = 6_378_137.0
_E: Final = 0.081819190842621  # first eccentricity of WGS84


def area_m2(shape: BaseGeometry) -> float:
    """Return the geodesic area of a polygon or multipolygon in lon/lat degrees."""
    polygons = shapely.get_parts(shapely.orient_polygons(shape))
    return float(sum(_GEOD.geometry_area_perimeter(polygon)[0] for polygon in polygons))


def areas_m2(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    """Return the areas of many small polygons in lon/lat degrees, float64[n], m2.

    By the cylindrical equal-area projection of the ellipsoid: exact but for the bend of edges, below 1e-6 of
    a shape of a few kilometres, and a hundred times faster than geodesics.
    """

    def equal_area(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        sine = np.sin(np.radians(xy[:, 1]))
        both = _E * sine
        q = (1 - _E**2) * (sine / (1 - both**2) + np.arctanh(both) / _E)
        return np.column_stack([_A * np.radians(xy[:, 0]), _A * q / 2])

    return np.asarray(shapely.area(shapely.transform(shapes, equal_area)), dtype=np.float64)


def mean_widths_m(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    """Return how wide polygons in lon/lat are on average, float64[n], m: twice the area over the perimeter."""
    held = np.asarray(shapes, dtype=object)
    if not len(held):
        return np.zeros(0)
    bounds = shapely.bounds(held)
    lat = np.repeat((bounds[:, 1] + bounds[:, 3]) / 2, shapely.get_num_coordinates(held))
    metres = shapely.transform(held, lambda xy: xy * np.column_stack([np.cos(np.radians(lat)), np.ones(len(lat))]))
    perimeter = shapely.length(metres)
    with np.errstate(invalid="ignore", divide="ignore"):
        width = 2 * shapely.area(metres) / perimeter * 111_320.0
    return np.where(perimeter > 0, width, 0.0)


def areas_km2(table: Table) -> npt.NDArray[np.float64]:
    """Return the geodesic area of each row, float64[n], km²."""
    return np.array([area_m2(shape) / 1e6 for shape in table.frame.geometry], dtype=np.float64)
