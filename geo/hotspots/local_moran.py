"""Local Moran's I: places like or unlike their neighbours, judged by seeded permutations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.errors import InputError, ParameterError
from geo.hotspots.draws import mixed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
KINDS: Final = ("", "HH", "LH", "LL", "HL")
"""Kinds of places by code: none, high among high, low among high, low among low, high among low."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalMoran:
    """Result for n places.

    Attributes
    ----------
    value : float64[n], I of each place; NaN without neighbours or where all values are equal
    p : float64[n], two-sided, ``(as far out on the nearer side + 1) * 2 / (runs + 1)``, at most 1; NaN where ``value`` is
    kind : int8[n], index into ``KINDS`` by value and neighbours' mean, whatever p
    runs : permutations behind p
    """

    value: Floats
    p: Floats
    kind: npt.NDArray[np.int8]
    runs: int


def local_moran(values: npt.ArrayLike, indptr: Ints, indices: Ints, *, runs: int = 999, seed: int = 0) -> LocalMoran:
    """Return I of each place with row-standardised weights, ``I_i = z_i mean_j(z_j) (n - 1) / sum(z^2)``.

    ``indptr, indices`` are neighbour lists without the place itself. In each run a place keeps its value and gets as many others
    at random as it has neighbours; each place draws from its own stream, so that order and threads change nothing. Anselin, L.
    (1995). Local indicators of spatial association: LISA. Geographical Analysis 27, 93-115.
    """
    y = np.asarray(values, np.float64)
    n = len(y)
    if n < 3 or len(indptr) != n + 1 or not np.isfinite(y).all():
        raise InputError(
            "Local Moran needs at least 3 finite values and a neighbour list for each",
            "局部莫兰需要至少 3 个有效值及其邻域",
        )
    if runs < 1:
        raise ParameterError("Permutations are 1 or more", "置换次数应不小于 1")
    size = np.diff(indptr)
    if size.max(initial=0) > n - 1:
        raise InputError("A place has more neighbours than there are places", "邻居数超过地点数")
    z = y - y.mean()
    total = float((z**2).sum())
    if total == 0:
        nothing = np.full(n, np.nan)
        return LocalMoran(value=nothing, p=nothing.copy(), kind=np.zeros(n, np.int8), runs=runs)
    lag, low, high = _permuted(z, indptr.astype(np.int64), indices.astype(np.int64), runs, np.uint64(seed))
    alone = size == 0
    value = np.where(alone, np.nan, z * lag * (n - 1) / total)
    p = np.minimum(1.0, 2 * (np.minimum(low, high) + 1) / (runs + 1))
    kind = np.where(z > 0, np.where(lag > 0, 1, 4), np.where(lag > 0, 2, 3))
    return LocalMoran(
        value=value, p=np.where(alone, np.nan, p), kind=np.where(alone, 0, kind).astype(np.int8), runs=runs
    )


@compiled()
def _permuted(z: Floats, indptr: Ints, indices: Ints, runs: int, seed: np.uint64) -> tuple[Floats, Ints, Ints]:
    """Return the neighbours' mean, and in how many runs the mean of strangers was at most and at least that."""
    n = len(z)
    lag, low, high = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64)
    taken = np.full(n, -1, np.int64)
    golden, stamp = np.uint64(0x9E3779B97F4A7C15), 0
    for i in range(n):
        k = indptr[i + 1] - indptr[i]
        if k == 0:
            continue
        for at in range(indptr[i], indptr[i + 1]):
            lag[i] += z[indices[at]]
        limit = abs(lag[i]) * 1e-12 + 1e-300
        state = mixed(seed * golden + np.uint64(i) + np.uint64(1))
        for _ in range(runs):
            drawn = 0
            sum_ = 0.0
            stamp += 1
            while drawn < k:
                state += golden
                j = np.int64((mixed(state) >> np.uint64(32)) * np.uint64(n) >> np.uint64(32))
                if j != i and taken[j] != stamp:
                    taken[j] = stamp
                    sum_ += z[j]
                    drawn += 1
            low[i] += sum_ <= lag[i] + limit
            high[i] += sum_ >= lag[i] - limit
        lag[i] /= k
    return lag, low, high
