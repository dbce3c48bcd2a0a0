"""The kernel of a heat map along each axis: from counts in bins of two pixels to the density at each pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.tiles.mercator import TILE_PX

SIGMA_PX: Final = 7.0
BIN_PX: Final = 2
BIN_LEVELS: Final = 7
"""Bins of zoom z are cells of level z + 7."""
_REACH_PX: Final = 3 * SIGMA_PX
_REACH_BINS: Final = int(2 * _REACH_PX / BIN_PX) + 2
# A call lies anywhere in its bin: that much spread it has already.
_SIGMA_LEFT: Final = float(np.sqrt(SIGMA_PX**2 - BIN_PX**2 / 12))
Grid = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """How bins along one axis add to the pixels of a tile.

    Attributes
    ----------
    first, count : number of the first bin, and how many bins reach the tile
    starts : int64[256], the first bin (from ``first`` on) that adds to each pixel
    weights : float32[256, k], of the bins from there on; a bin's come to 1 over the pixels of its own zoom
    """

    first: int
    count: int
    starts: npt.NDArray[np.int64]
    weights: Grid

    @classmethod
    def of(cls, tile: int, *, zoomed: int) -> Self:
        """Return it for a column or row of tiles, ``zoomed`` zooms closer than the bins are made for."""
        middles = (tile * TILE_PX + np.arange(TILE_PX) + 0.5) / (1 << zoomed)
        bins = np.floor((middles - _REACH_PX) / BIN_PX).astype(np.int64)
        away = middles[:, None] - (bins[:, None] + np.arange(_REACH_BINS) + 0.5) * BIN_PX
        first = int(bins[0])
        return cls(
            first=first, count=int(bins[-1]) - first + _REACH_BINS, starts=bins - first,
            weights=(_weights(away) / _WHOLE).astype(np.float32),
        )  # fmt: skip


def smoothed(down: Spread, cells: Grid, across: Spread) -> Grid:
    """Return calls a pixel, float32[256, 256], of counts by bin (row, column)."""
    tall = np.empty((TILE_PX, cells.shape[1]), np.float32)
    _spread(down.starts, down.weights, cells, tall)
    wide = np.empty((TILE_PX, TILE_PX), np.float32)
    _spread(across.starts, across.weights, np.ascontiguousarray(tall.T), wide)
    return wide.T


def _weights(away: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(np.abs(away) <= _REACH_PX, np.exp(-0.5 * (away / _SIGMA_LEFT) ** 2), 0.0)


# The middles of pixels are half a pixel and more away from the middle of a bin of their own zoom.
_WHOLE: Final = float(_weights(np.arange(-np.ceil(_REACH_PX) - 0.5, _REACH_PX + 2)).sum())


@compiled()
def _spread(starts: npt.NDArray[np.int64], weights: Grid, cells: Grid, out: Grid) -> None:
    """Write for each pixel the weighted sum of rows of ``cells``."""
    for pixel in range(len(starts)):
        row = out[pixel]
        row[:] = 0
        for k in range(weights.shape[1]):
            weight = weights[pixel, k]
            bins = cells[starts[pixel] + k]
            for i in range(len(row)):
                row[i] += weight * bins[i]
