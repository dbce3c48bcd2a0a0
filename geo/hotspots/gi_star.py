"""Getis and Ord's Gi*: where high or low values gather."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geo.errors import InputError, ParameterError

Ints = npt.NDArray[np.int64]


def within_band(points_m: npt.NDArray[np.float64], band_m: float) -> tuple[Ints, Ints]:
    """Return (indptr, indices) of the neighbours within ``band_m`` metres (equality counts), each point itself included.

    ``points_m`` is float64[n, 2] in metres; neighbours of a point rise.
    """
    if not band_m >= 0:
        raise ParameterError("The band must be 0 m or more", "邻域距离应不小于 0 米")
    tree = cKDTree(points_m)
    # The tree compares rounded distances: ask for a little more, then keep what is within the band itself.
    found = tree.query_ball_point(points_m, band_m * (1 + 1e-12), return_sorted=True)
    kept = [
        np.asarray(near, np.int64)[np.hypot(*(points_m[near] - points_m[i]).T) <= band_m * (1 + 1e-12)]
        for i, near in enumerate(found)
    ]
    indptr = np.concatenate([[0], np.cumsum([len(near) for near in kept])]).astype(np.int64)
    return indptr, np.concatenate(kept) if kept else np.zeros(0, np.int64)


def gi_star(values: npt.ArrayLike, indptr: Ints, indices: Ints) -> npt.NDArray[np.float64]:
    """Return the standard score of each place's neighbourhood, itself included, with binary weights, float64[n].

    ``z_i = (sum_j w_ij y_j - W_i mean) / (s sqrt((n W_i - W_i^2) / (n - 1)))`` with ``W_i`` neighbours and ``s`` the
    root of the mean square deviation; NaN where all places are neighbours or all values are equal. Ord, J. K. and Getis,
    A. (1995). Local spatial autocorrelation statistics. Geographical Analysis 27, 286-306.
    """
    y = np.asarray(values, np.float64)
    n = len(y)
    if n < 2 or len(indptr) != n + 1 or not np.isfinite(y).all():
        raise InputError(
            "Gi* needs at least 2 finite values and a neighbour list for each", "Gi* 需要至少 2 个有效值及其邻域"
        )
    size = np.diff(indptr).astype(np.float64)
    rows = np.repeat(np.arange(n), np.diff(indptr))
    local = np.bincount(rows, weights=y[indices], minlength=n)
    spread = float(y.std()) * np.sqrt((n * size - size**2) / (n - 1))
    score: npt.NDArray[np.float64] = np.full(n, np.nan)
    np.divide(local - size * y.mean(), spread, out=score, where=spread > 0)
    return score
