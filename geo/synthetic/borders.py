"""Which areas of a coverage touch, and along how much border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo.synthetic.lattice import Shapes
from geo.synthetic.shares import totals

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Borders:
    """Pairs of touching areas ``left < right`` and the weighted length that they share.

    Attributes
    ----------
    left, right : int64[e]
    length : float64[e], in the unit of the coordinates
    """

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    length: Float

    def neighbours(self, count: int) -> list[dict[int, float]]:
        """Return for each of ``count`` areas its neighbours and the shared length."""
        out: list[dict[int, float]] = [{} for _ in range(count)]
        for a, b, length in zip(self.left.tolist(), self.right.tolist(), self.length.tolist(), strict=True):
            out[a][b] = length
            out[b][a] = length
        return out

    def grouped(self, group: npt.NDArray[np.int64]) -> Borders:
        """Return the borders between groups of areas."""
        return pair_up(group[self.left], group[self.right], self.length)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """Straight pieces of border that two areas share vertex for vertex.

    Attributes
    ----------
    left, right : int64[s], the areas on both sides
    start, end : float64[s, 2]
    """

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    start: Float
    end: Float

    def borders(self, *, weight: Float | None = None) -> Borders:
        """Return the pairs of areas; ``weight`` float64[s] scales the length of each segment."""
        length = np.hypot(*(self.end - self.start).T)
        return pair_up(self.left, self.right, length if weight is None else length * weight)


def pair_up(left: npt.NDArray[np.int64], right: npt.NDArray[np.int64], length: Float) -> Borders:
    """Sum lengths of equal pairs; a pair of an area with itself is left out."""
    low, high = np.minimum(left, right), np.maximum(left, right)
    apart = low != high
    low, high, length = low[apart], high[apart], length[apart]
    base = int(high.max()) + 1 if len(high) else 1
    keys, inverse = np.unique(low * base + high, return_inverse=True)
    total = totals(inverse, length, len(keys))
    return Borders(left=keys // base, right=keys % base, length=total)


def shared_segments(shapes: Shapes) -> Segments:
    """Find the segments that two polygons of a valid coverage share."""
    rings, owner = shapely.get_rings(shapes, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    within = ring[1:] == ring[:-1]
    start, end, area = points[:-1][within], points[1:][within], np.asarray(owner)[ring[:-1][within]]
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low, high = np.where(swap[:, None], end, start), np.where(swap[:, None], start, end)
    order = np.lexsort((area, high[:, 1], high[:, 0], low[:, 1], low[:, 0]))
    low, high, area = low[order], high[order], area[order].astype(np.int64)
    same = (low[1:] == low[:-1]).all(axis=1) & (high[1:] == high[:-1]).all(axis=1)
    first = np.flatnonzero(same)
    return Segments(left=area[first], right=area[first + 1], start=low[first], end=high[first])
