"""Pairs of points within a distance, found by hashing them into squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.errors import CoordinateError, LimitError, ParameterError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MOST: Final = 400_000_000
"""Pairs that are held at most: about 5 GB."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hashed:
    """Points sorted by square; squares are at least as wide as the reach, so near points lie in adjacent ones.

    Attributes
    ----------
    order : int64[n], the points in the order of their squares, row by row
    xy : float64[n, 2] in that order
    column, row : int64[n] in that order
    starts : int64[rows * columns + 1], first place of each square
    columns, rows : number of squares
    """

    order: Ints
    xy: Floats
    column: Ints
    row: Ints
    starts: Ints
    columns: int
    rows: int


def hashed(xy: npt.ArrayLike, reach: float) -> Hashed:
    """Sort points (float64[n, 2] in metres) into squares; there are never many more squares than points."""
    points = np.ascontiguousarray(xy, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise CoordinateError("A point has a coordinate that is not finite", "点位坐标无效")
    if not 0 < reach < np.inf:
        raise ParameterError("The distance must be above 0 m", "距离应大于 0 米")
    low = points.min(axis=0) if len(points) else np.zeros(2)
    extent = points.max(axis=0) - low if len(points) else np.zeros(2)
    # A hair wider than the reach: rounding must not put near points two squares apart.
    size = max(reach * (1 + 1e-9), float(np.sqrt(extent[0] * extent[1] / (4 * len(points) + 1000))))
    size = max(size, float(extent.max()) / (4 * len(points) + 1000))
    at = np.floor((points - low) / size).astype(np.int64)
    columns, rows = (at.max(axis=0) + 1).tolist() if len(points) else (1, 1)
    square = at[:, 1] * columns + at[:, 0]
    order = np.argsort(square, kind="stable")
    starts = np.zeros(rows * columns + 1, np.int64)
    np.cumsum(np.bincount(square, minlength=rows * columns), out=starts[1:])
    return Hashed(
        order=order, xy=points[order], column=at[order, 0], row=at[order, 1], starts=starts, columns=columns, rows=rows
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Each pair once, as lists over points in the order ``order``: of the later neighbours of each.

    Attributes
    ----------
    order : int64[n]
    indptr : int64[n + 1]
    other : int32[k], place in ``order``, above that of the row
    metres : float64[k]
    """

    order: Ints
    indptr: Ints
    other: npt.NDArray[np.int32]
    metres: Floats


def near_pairs(xy: npt.ArrayLike, reach: float, *, manhattan: bool = False) -> Pairs:
    """Return all pairs at most ``reach`` metres apart (equality counts)."""
    table = hashed(xy, reach)
    arguments = (table.xy, table.column, table.row, table.starts, table.columns, table.rows, reach, manhattan)
    count = _count(*arguments)
    indptr = np.zeros(len(count) + 1, np.int64)
    np.cumsum(count, out=indptr[1:])
    if indptr[-1] > MOST:
        raise LimitError(
            f"{indptr[-1]:,} pairs lie within {reach:g} m; take a shorter distance or fewer calls",
            f"{reach:g} 米内有 {indptr[-1]} 对，请缩短距离或减少警情数",
        )
    other, metres = _fill(*arguments, indptr)
    return Pairs(order=table.order, indptr=indptr, other=other, metres=metres)


@compiled()
def _distance(xy: Floats, i: int, j: int, manhattan: bool) -> float:  # noqa: FBT001
    dx, dy = abs(xy[i, 0] - xy[j, 0]), abs(xy[i, 1] - xy[j, 1])
    return float(dx + dy) if manhattan else float(np.sqrt(dx * dx + dy * dy))


@compiled()
def _count(
    xy: Floats,
    column: Ints,
    row: Ints,
    starts: Ints,
    columns: int,
    rows: int,
    reach: float,
    manhattan: bool,  # noqa: FBT001
) -> Ints:
    found = np.zeros(len(xy), np.int64)
    for i in range(len(xy)):
        last = min(column[i] + 1, columns - 1)
        for j in range(i + 1, starts[row[i] * columns + last + 1]):
            found[i] += _distance(xy, i, j, manhattan) <= reach
        if row[i] + 1 < rows:
            above = (row[i] + 1) * columns
            for j in range(starts[above + max(column[i] - 1, 0)], starts[above + last + 1]):
                found[i] += _distance(xy, i, j, manhattan) <= reach
    return found


@compiled()
def _fill(
    xy: Floats,
    column: Ints,
    row: Ints,
    starts: Ints,
    columns: int,
    rows: int,
    reach: float,
    manhattan: bool,  # noqa: FBT001
    indptr: Ints,
) -> tuple[npt.NDArray[np.int32], Floats]:
    other, metres = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.float64)
    at = 0
    for i in range(len(xy)):
        last = min(column[i] + 1, columns - 1)
        for side in range(2):
            if side == 0:
                first, end = i + 1, starts[row[i] * columns + last + 1]
            elif row[i] + 1 < rows:
                above = (row[i] + 1) * columns
                first, end = starts[above + max(column[i] - 1, 0)], starts[above + last + 1]
            else:
                break
            for j in range(first, end):
                apart = _distance(xy, i, j, manhattan)
                if apart <= reach:
                    other[at], metres[at] = j, apart
                    at += 1
    return other, metres
