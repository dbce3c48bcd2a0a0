"""The lattice of 1e-7 degrees (about one centimetre) on which grid boundaries live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
import shapely.geometry.base

Shapes = npt.NDArray[np.object_]
"""An array of shapely geometries."""

STEPS_PER_DEGREE: Final = 10_000_000


def to_lattice(shapes: Shapes | Sequence[shapely.geometry.base.BaseGeometry]) -> Shapes:
    """Return the geometries with coordinates in whole lattice steps (degrees times 1e7, rounded)."""
    return shapely.transform(np.asarray(shapes, dtype=object), lambda c: np.rint(c * STEPS_PER_DEGREE))


def to_degrees(shapes: Shapes) -> Shapes:
    """Return lattice geometries in degrees, each coordinate the double nearest to its seven decimals."""
    return shapely.transform(shapes, lambda c: np.rint(c) / STEPS_PER_DEGREE)


def steps(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return float64[n, 2] degrees in lattice steps, not rounded."""
    return lonlat * float(STEPS_PER_DEGREE)


def square_metres(shapes: Shapes, latitude: float) -> npt.NDArray[np.float64]:
    """Return the areas of lattice geometries in m2 by a plane tangent at ``latitude``; good to 1 % over a city."""
    metre = 111_320.0 / STEPS_PER_DEGREE
    area = np.asarray(shapely.area(shapes), dtype=np.float64)
    return area * (metre * metre * float(np.cos(np.radians(latitude))))


def as_points(xy: npt.NDArray[np.float64]) -> Shapes:
    """Return float64[n, 2] as points."""
    return np.asarray(shapely.points(xy), dtype=object)
