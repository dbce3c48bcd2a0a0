"""The fixed lattice of cells that finds points of a bounding box with a plain b-tree on any database."""

from __future__ import annotations

from typing import Final, cast

import numpy as np
import numpy.typing as npt

CELLS_PER_DEGREE: Final = 200
"""A cell is 0.005 degrees high and wide: 555 m from south to north."""

LONGEST_LIST: Final = 512
"""Rows of cells that a query names one by one; a taller box is read as one range of rows."""


def cell_y(lat: npt.NDArray[np.float64] | float) -> npt.NDArray[np.int64]:
    """Return the row of cells of latitudes in degrees; it never falls as the latitude grows."""
    return _floor(np.asarray(lat, dtype=np.float64) + 90.0)


def cell_x(lon: npt.NDArray[np.float64] | float) -> npt.NDArray[np.int64]:
    """Return the column of cells of longitudes in degrees; it never falls as the longitude grows."""
    return _floor(np.asarray(lon, dtype=np.float64) + 180.0)


def _floor(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return cast("npt.NDArray[np.int64]", np.floor(degrees * CELLS_PER_DEGREE).astype(np.int64))
