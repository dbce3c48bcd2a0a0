"""Gi* on a regular grid: moving sums instead of neighbour lists."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError

Floats = npt.NDArray[np.float64]
Kernel = Literal["queen", "rook", "circle"]


def gi_star_raster(
    values: npt.ArrayLike,
    *,
    inside: npt.NDArray[np.bool_] | None = None,
    reach: int = 1,
    kernel: Kernel = "queen",
) -> Floats:
    """Return the standard score of each cell's neighbourhood, itself included, float64[rows, columns].

    Equal to ``gi_star`` over the same neighbours. ``queen`` takes the square of ``reach`` cells to each side, ``rook`` the
    cells at most ``reach`` steps along edges away, ``circle`` those whose middles are at most ``reach`` cell widths away (equality
    counts). Cells that are not ``inside`` count neither as places nor as neighbours and are NaN. Ord, J. K. and Getis, A.
    (1995). Geographical Analysis 27, 286-306.
    """
    y = np.array(values, dtype=np.float64)
    if y.ndim != 2:
        raise InputError("Gi* on a raster needs rows and columns", "栅格 Gi* 需要二维数据")
    if reach < 1:
        raise ParameterError(f"The reach is 1 cell or more, not {reach}", f"邻域范围应不小于 1 格，而不是 {reach}")
    masked = inside is not None and not inside.all()
    if masked:
        assert inside is not None
        if inside.shape != y.shape:
            raise InputError("The mask and the values differ in shape", "掩膜与数据的形状不一致")
        y[~inside] = 0.0
        n = int(inside.sum())
        mine = y[inside]
    else:
        n, mine = y.size, y.ravel()
    if n < 2 or not np.isfinite(mine).all():
        raise InputError("Gi* needs at least 2 finite values", "Gi* 需要至少 2 个有效值")
    widths = _widths(reach, kernel)
    local = _sums(y, widths)
    size = _sums(inside.astype(np.float64), widths) if masked and inside is not None else _sizes(y.shape, widths)
    spread = float(mine.std()) * np.sqrt((n * size - size**2) / (n - 1))
    score: Floats = np.full(y.shape, np.nan)
    np.divide(local - size * float(mine.mean()), spread, out=score, where=spread > 0)
    if masked and inside is not None:
        score[~inside] = np.nan
    return score


def _widths(reach: int, kernel: Kernel) -> list[int]:
    """Return how many cells to each side belong, for the rows 0, 1, ... reach away."""
    if kernel == "queen":
        return [reach] * (reach + 1)
    if kernel == "rook":
        return [reach - row for row in range(reach + 1)]
    return [int(np.sqrt(reach**2 - row**2) + 1e-9) for row in range(reach + 1)]


def _across(values: Floats, width: int) -> Floats:
    """Return sums over ``width`` cells to each side along the rows."""
    found = values.copy()
    columns = values.shape[1]
    for step in range(1, min(width, columns - 1) + 1):
        found[:, step:] += values[:, :-step]
        found[:, :-step] += values[:, step:]
    return found


def _sums(values: Floats, widths: list[int]) -> Floats:
    by_width = {width: _across(values, width) for width in set(widths)}
    found = by_width[widths[0]].copy()
    rows = values.shape[0]
    for step in range(1, min(len(widths) - 1, rows - 1) + 1):
        part = by_width[widths[step]]
        found[step:] += part[:-step]
        found[:-step] += part[step:]
    return found


def _sizes(shape: tuple[int, ...], widths: list[int]) -> Floats:
    """Return how many cells each neighbourhood has, from the distances to the edges alone."""
    rows, columns = shape
    row, column = np.arange(rows), np.arange(columns)
    found = np.zeros(shape)
    for step, width in enumerate(widths):
        across = np.minimum(column, width) + np.minimum(columns - 1 - column, width) + 1
        down = (row >= step).astype(np.float64) + (row < rows - step) if step else np.ones(rows)
        found += down[:, None] * across[None, :]
    return found
