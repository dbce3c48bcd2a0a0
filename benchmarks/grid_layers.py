"""Made-up layers of grids of any size: bent borders, three by three grids a community."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.grids.arcs import LATTICE
from geo.tables.grids import Grids

STEP = 20_000
"""Lattice steps between corners, about 200 m."""


def tessellation(rows: int, columns: int, *, seed: int, bends: int = 3) -> Grids:
    """Return ``rows * columns`` grids that tile a rectangle, each border with ``bends`` vertices."""
    rng = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1)), axis=-1) * STEP
    corners = corners + rng.integers(-STEP // 6, STEP // 6, corners.shape) + np.array([1_160_000_000, 400_000_000])
    across = _bent(corners[:, :-1], corners[:, 1:], bends, rng)  # along a row
    up = _bent(corners[:-1], corners[1:], bends, rng)
    rings = np.concatenate(
        [
            across[:-1, :, :-1],
            up[:, 1:, :-1],
            across[1:, :, :0:-1],
            up[:, :-1, :0:-1],
        ],
        axis=2,
    ).reshape(rows * columns, 4 * (bends + 1), 2)
    shapes = shapely.polygons(shapely.linearrings(np.concatenate([rings, rings[:, :1]], axis=1) / LATTICE))
    row, column = np.divmod(np.arange(rows * columns), columns)
    parent = [f"999001{r // 3:03d}{c // 3:03d}" for r, c in zip(row.tolist(), column.tolist(), strict=True)]
    return Grids.of(
        gpd.GeoDataFrame(
            {"code": [f"{k:09d}" for k in range(rows * columns)], "kind": "general", "parent_code": parent},
            geometry=shapes,
            crs=4326,
        )
    )


def _bent(
    start: npt.NDArray[np.int64], end: npt.NDArray[np.int64], bends: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return lines with bends between pairs of corners, int64[..., bends + 2, 2]."""
    shares = np.linspace(0, 1, bends + 2)[:, None]
    line = start[..., None, :] + np.rint((end - start)[..., None, :] * shares).astype(np.int64)
    line[..., 1:-1, :] += rng.integers(-STEP // 25, STEP // 25, (*line.shape[:-2], bends, 2))
    return line
