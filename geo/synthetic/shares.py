"""Whole-number shares that add up, and serial numbers in rows from north-west to south-east."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


def totals(index: Int, weight: npt.NDArray[np.generic], count: int) -> Float:
    """Sum weights by index 0 to ``count - 1``, float64[count]."""
    return np.asarray(np.bincount(index, weights=weight, minlength=count), dtype=np.float64)


def apportion(total: Int, group: Int, weight: Float) -> Int:
    """Share ``total`` int64[g] of each group among its members by weight, in whole numbers that add up exactly.

    Largest remainders; a group whose weights are all zero is shared evenly. Returns int64[n] for ``group`` int64[n].
    """
    count = len(total)
    sums = totals(group, weight, count)
    size = np.bincount(group, minlength=count)
    even = sums[group] <= 0
    exact = np.where(even, total[group] / size[group], total[group] * weight / np.where(even, 1.0, sums[group]))
    whole = np.floor(exact + 1e-9).astype(np.int64)
    left = total - totals(group, whole, count).astype(np.int64)
    order = np.lexsort((np.arange(len(group)), whole - exact, group))
    turn = np.arange(len(group)) - np.searchsorted(group[order], group[order])
    whole[order[turn < left[group[order]]]] += 1
    return whole


def spread(total: int, weight: Float, *, least: int = 1) -> Int:
    """Share ``total`` among parts by weight, each at least ``least``; adds up exactly if ``total`` suffices."""
    count = len(weight)
    rest = max(0, total - least * count)
    shared = apportion(np.array([rest]), np.zeros(count, dtype=np.int64), weight)
    return shared + least


def serials(xy: Float, group: Int) -> Int:
    """Number the members of each group from 1: rows from north to south, each row from west to east.

    A group of n members over an extent of w by h metres has about ``sqrt(n h / w)`` rows of equal count.
    """
    out = np.zeros(len(group), dtype=np.int64)
    for index in np.unique(group).tolist():
        mine = np.flatnonzero(group == index)
        width, height = np.maximum(np.ptp(xy[mine], axis=0), 1.0)
        rows = int(np.clip(round(float(np.sqrt(len(mine) * height / width))), 1, len(mine)))
        by_north = mine[np.lexsort((xy[mine, 0], -xy[mine, 1]))]
        row = np.arange(len(mine)) * rows // len(mine)
        order = by_north[np.lexsort((xy[by_north, 0], row))]
        out[order] = np.arange(1, len(mine) + 1)
    return out
