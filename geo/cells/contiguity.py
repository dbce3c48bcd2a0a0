"""Neighbour lists: compressed rows (indptr int64[n + 1], indices int64[k]), rising within a row, without the place itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array, eye_array

from geo.errors import ParameterError

Ints = npt.NDArray[np.int64]
Lists = tuple[Ints, Ints]


def from_pairs(first: npt.ArrayLike, second: npt.ArrayLike, *, count: int) -> Lists:
    """Return the lists of ``count`` places from pairs of neighbours, each given once or twice, in any order."""
    a, b = np.asarray(first, np.int64), np.asarray(second, np.int64)
    apart = a != b
    key = np.unique(np.r_[a[apart] * count + b[apart], b[apart] * count + a[apart]])
    indptr = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(key // count, minlength=count), out=indptr[1:])
    return indptr, key % count


def with_self(lists: Lists) -> Lists:
    """Return the lists with every place among its own neighbours, as Gi* wants them."""
    indptr, indices = lists
    count = len(indptr) - 1
    rows = np.repeat(np.arange(count), np.diff(indptr))
    key = np.unique(np.r_[rows * count + indices, np.arange(count) * (count + 1)])
    return indptr + np.arange(count + 1), np.asarray(key % count, np.int64)


def within_steps(lists: Lists, steps: int) -> Lists:
    """Return as neighbours all places that are at most ``steps`` neighbours away."""
    if steps < 1:
        raise ParameterError(f"Neighbours are 1 step away or more, not {steps}", f"邻域步数应不小于 1，而不是 {steps}")
    indptr, indices = lists
    count = len(indptr) - 1
    near = csr_array((np.ones(len(indices), np.int8), indices, indptr), shape=(count, count)).astype(bool)
    reached = near + eye_array(count, dtype=bool, format="csr")
    for _ in range(steps - 1):
        reached = (reached @ near + reached).astype(bool)
    rows, columns = reached.nonzero()
    return from_pairs(rows, columns, count=count)


def touching(shapes: Sequence[shapely.Geometry], *, corners: bool = True) -> Lists:
    """Return which areas touch: along a line, or also in a corner (queen)."""
    held = np.asarray(shapes, dtype=object)
    a, b = shapely.STRtree(held).query(held, predicate="intersects")
    once = a < b
    a, b = a[once], b[once]
    if not corners:
        shared = shapely.length(shapely.intersection(held[a], held[b])) > 0
        a, b = a[shared], b[shared]
    return from_pairs(a, b, count=len(held))


def among(lists: Lists, kept: npt.NDArray[np.bool_]) -> Lists:
    """Return the lists of the kept places only, renumbered: a masked city's edge has fewer neighbours, not empty ones."""
    indptr, indices = lists
    new = np.cumsum(kept) - 1
    rows = np.repeat(np.arange(len(kept)), np.diff(indptr))
    both = kept[rows] & kept[indices]
    return from_pairs(new[rows[both]], new[indices[both]], count=int(kept.sum()))
