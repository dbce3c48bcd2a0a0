"""Kernel density of calls on the plane: binned to a raster, with a stated bound on the error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import fft

from geo.compiled import compiled
from geo.errors import CoordinateError, LimitError, ParameterError

Floats = npt.NDArray[np.float64]
Kernel = Literal["gaussian", "quartic"]
_CUT: Final = 4.0  # standard deviations; what lies beyond is 0.03 % of the peak
_MOST: Final = 40_000_000
_WIDE: Final = 48  # cells from which on a transform is faster than the sums themselves


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Density:
    """Calls per km² at the middles of cells.

    Attributes
    ----------
    value : float64[rows, columns], row 0 is the southernmost
    west, south, size_m : lower left corner and cell size, metres
    error_share : what each call adds to a cell is off by at most this share of the most that it adds anywhere
    n : weight of the calls counted
    """

    value: Floats
    west: float
    south: float
    size_m: float
    error_share: float
    n: float


def kernel_density(
    xy: npt.ArrayLike,
    bounds: tuple[float, float, float, float],
    *,
    size_m: float,
    bandwidth_m: float,
    kernel: Kernel = "gaussian",
    weights: npt.ArrayLike | None = None,
) -> Density:
    """Return the density of points (float64[n, 2] in metres) over west, south, east, north.

    Each call is shared out among the four nearest cell middles and these are smoothed: ``gaussian`` with standard deviation
    ``bandwidth_m``, cut at 4 of them, or ``quartic`` with that radius. With cells of h and bandwidth b the error of a call is at most
    ``(h / 2b)^2 + e^-8`` of its peak for the first and ``2 (h / b)^2`` for the second. Calls outside count as far as they
    reach in. Silverman, B. W. (1986). Density Estimation for Statistics and Data Analysis; Wand, M. P. (1994). Fast computation of
    multivariate kernel estimators. Journal of Computational and Graphical Statistics 3, 433-445.
    """
    west, south, east, north = bounds
    if not (0 < size_m < math.inf and 0 < bandwidth_m < math.inf and west < east and south < north):
        raise ParameterError(
            "A density needs bounds that are not empty, and a cell size and bandwidth above 0 m",
            "核密度需要非空范围、大于 0 的格网边长与带宽",
        )
    if size_m > bandwidth_m:
        raise ParameterError(
            f"Cells of {size_m:g} m are wider than the bandwidth of {bandwidth_m:g} m",
            f"格网边长 {size_m:g} 米不应大于带宽 {bandwidth_m:g} 米",
        )
    points = np.ascontiguousarray(xy, np.float64).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise CoordinateError("A point has a coordinate that is not finite", "点位坐标无效")
    columns, rows = math.ceil((east - west) / size_m - 1e-9), math.ceil((north - south) / size_m - 1e-9)
    reach = math.ceil((_CUT if kernel == "gaussian" else 1.0) * bandwidth_m / size_m)
    wide = (rows + 2 * reach + 2) * (columns + 2 * reach + 2)
    if wide > _MOST:
        raise LimitError(f"The density has {wide:,} cells; take larger ones", f"核密度格网数 {wide} 过多，请加大边长")
    weight = np.ones(1) if weights is None else np.asarray(weights, np.float64)
    margin = reach + 1
    bins, counted = _share_out(
        points,
        weight,
        west - margin * size_m,
        south - margin * size_m,
        1 / size_m,
        rows + 2 * margin,
        columns + 2 * margin,
    )
    cells = bandwidth_m / size_m
    if kernel == "gaussian" and reach <= _WIDE:
        steps = np.arange(-reach, reach + 1)
        line = np.exp(-0.5 * (steps / cells) ** 2) / (math.sqrt(2 * math.pi) * cells)
        smooth = _separable(bins, line)[1:-1, 1:-1]
    else:
        smooth = _transformed(bins, _square(cells, reach, kernel), reach)
    h = 1 / cells
    error = (h / 2) ** 2 + math.exp(-(_CUT**2) / 2) if kernel == "gaussian" else 2 * h**2
    return Density(
        value=smooth * (1e6 / size_m**2), west=west, south=south, size_m=size_m, error_share=error, n=float(counted)
    )


def _square(cells: float, reach: int, kernel: Kernel) -> Floats:
    """Return the kernel around its middle, per cell, float64[2 reach + 1, 2 reach + 1]."""
    steps = np.arange(-reach, reach + 1) / cells
    square = steps[:, None] ** 2 + steps[None, :] ** 2
    if kernel == "gaussian":
        return np.asarray(np.exp(-square / 2) / (2 * math.pi * cells**2), np.float64)
    return np.asarray(3 / (math.pi * cells**2) * np.maximum(1 - square, 0.0) ** 2, np.float64)


def _transformed(bins: Floats, kernel: Floats, reach: int) -> Floats:
    rows, columns = bins.shape
    shape = [fft.next_fast_len(rows, real=True), fft.next_fast_len(columns, real=True)]
    # The margin is as wide as the kernel, so what wraps around falls into it.
    both = fft.irfft2(fft.rfft2(bins, shape) * fft.rfft2(kernel, shape), shape)
    margin = reach + 1
    first = margin + reach
    found = both[first : first + rows - 2 * margin, first : first + columns - 2 * margin]
    return np.asarray(np.maximum(found, 0.0), np.float64)


@compiled()
def _share_out(
    xy: Floats, weight: Floats, west: float, south: float, per_m: float, rows: int, columns: int
) -> tuple[Floats, float]:
    """Return calls shared out linearly among the four nearest middles, and their weight."""
    bins = np.zeros((rows, columns))
    same = len(weight) == 1
    total = 0.0
    for i in range(len(xy)):
        x, y = (xy[i, 0] - west) * per_m - 0.5, (xy[i, 1] - south) * per_m - 0.5
        if not (0 <= x < columns - 1 and 0 <= y < rows - 1):
            continue
        column, row = int(x), int(y)
        right, up = x - column, y - row
        w = weight[0] if same else weight[i]
        total += w
        bins[row, column] += (1 - right) * (1 - up) * w
        bins[row, column + 1] += right * (1 - up) * w
        bins[row + 1, column] += (1 - right) * up * w
        bins[row + 1, column + 1] += right * up * w
    return bins, total


@compiled(fastmath=True)
def _separable(bins: Floats, line: Floats) -> Floats:
    """Return the sums along both axes; the result is smaller by the kernel's reach on every side."""
    reach = len(line) // 2
    rows, columns = bins.shape
    high, wide = rows - 2 * reach, columns - 2 * reach
    found = np.zeros((high, wide))
    across = np.zeros(columns)
    for row in range(high):
        # Down first: whole rows are added, which the processor does eight cells at a time.
        middle = row + reach
        for c in range(columns):
            across[c] = line[reach] * bins[middle, c]
        for step in range(1, reach + 1):
            k = line[reach + step]
            for c in range(columns):
                across[c] += k * (bins[middle - step, c] + bins[middle + step, c])
        for c in range(wide):
            found[row, c] = line[reach] * across[c + reach]
        for step in range(1, reach + 1):
            k = line[reach + step]
            for c in range(wide):
                found[row, c] += k * (across[c + reach - step] + across[c + reach + step])
    return found
