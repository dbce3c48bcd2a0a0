"""Hexagonal cells over a city, those outside its boundary left out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.cells.contiguity import Lists, among, from_pairs
from geo.cells.square import MOST
from geo.errors import LimitError, ParameterError

Floats = npt.NDArray[np.float64]
_ROOT3 = math.sqrt(3)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HexagonCells:
    """Hexagons with a corner to the north, in rows of which every odd one is half a cell further east; metres.

    ``across_m`` is from flat side to flat side. ``inside`` (bool[rows, columns]) tells which count; cells are numbered among
    those, from south-west, row by row. Row 0, column 0 has its middle at ``x0, y0``.
    """

    x0: float
    y0: float
    across_m: float
    inside: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.inside.sum())

    @property
    def area_m2(self) -> float:
        """Area of one cell."""
        return self.across_m**2 * _ROOT3 / 2

    def locate(self, xy: Floats) -> npt.NDArray[np.int64]:
        """Return the cell of each point (float64[n, 2] metres), -1 outside, int64[n]."""
        # Fractional axial coordinates, rounded so that the three still add up to 0.
        r = (xy[:, 1] - self.y0) / (self.across_m * _ROOT3 / 2)
        q = (xy[:, 0] - self.x0) / self.across_m - r / 2
        s = -q - r
        rq, rr, rs = np.rint(q), np.rint(r), np.rint(s)
        dq, dr, ds = np.abs(rq - q), np.abs(rr - r), np.abs(rs - s)
        fix_q = (dq > dr) & (dq > ds)
        rr = np.where(~fix_q & (dr > ds), -rq - rs, rr)
        rq = np.where(fix_q, -rr - rs, rq)
        row = rr
        column = rq + np.floor(row / 2)
        rows, columns = self.inside.shape
        good = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        number = np.full(self.inside.shape, -1, np.int64)
        number[self.inside] = np.arange(len(self))
        found = np.full(len(xy), -1, np.int64)
        found[good] = number[row[good].astype(np.int64), column[good].astype(np.int64)]
        return found

    def counts(self, xy: Floats) -> npt.NDArray[np.int64]:
        """Return how many points fall into each cell, int64[cells]; those outside count nowhere."""
        where = self.locate(xy)
        return np.bincount(where[where >= 0], minlength=len(self)).astype(np.int64)

    def centres(self) -> Floats:
        """Return the middle of each cell, float64[cells, 2] metres."""
        row, column = np.nonzero(self.inside)
        x = self.x0 + (column + 0.5 * (row % 2)) * self.across_m
        return np.column_stack([x, self.y0 + row * self.across_m * _ROOT3 / 2])

    def shapes(self) -> npt.NDArray[np.object_]:
        """Return the hexagons as polygons, metres."""
        angle = np.deg2rad(30 + 60 * np.arange(6))
        ring = np.column_stack([np.cos(angle), np.sin(angle)]) * self.across_m / _ROOT3
        return np.asarray(shapely.polygons(self.centres()[:, None, :] + ring[None, :, :]), dtype=object)

    def neighbours(self) -> Lists:
        """Return which cells share a side: six, fewer at the edge."""
        rows, columns = self.inside.shape
        number = np.arange(rows * columns).reshape(rows, columns)
        a, b = [number[:, :-1].ravel()], [number[:, 1:].ravel()]
        for start in (0, 1):
            low, high = number[start:-1:2], number[start + 1 :: 2][: len(number[start:-1:2])]
            # The row above an even row has its cells half a cell further east, above an odd one further west.
            a += [low.ravel(), (low[:, 1:] if start == 0 else low[:, :-1]).ravel()]
            b += [high.ravel(), (high[:, :-1] if start == 0 else high[:, 1:]).ravel()]
        return among(from_pairs(np.concatenate(a), np.concatenate(b), count=rows * columns), self.inside.ravel())


def hexagons_within(boundary: BaseGeometry, *, across_m: float) -> HexagonCells:
    """Return the hexagons whose middle lies in the boundary (metres; on its line counts)."""
    if not 0 < across_m < math.inf or boundary.is_empty:
        raise ParameterError(
            "Cells need a size above 0 m and bounds that are not empty", "格网边长应大于 0 米，范围不能为空"
        )
    west, south, east, north = boundary.bounds
    columns = int((east - west) // across_m) + 2
    rows = int((north - south) // (across_m * _ROOT3 / 2)) + 2
    if columns * rows > MOST:
        raise LimitError(
            f"Cells of {across_m:g} m are {columns * rows:,} here; {MOST:,} are allowed: take larger ones",
            f"{across_m:g} 米六边形共 {columns * rows} 个，超过上限 {MOST}，请加大尺寸",
        )
    whole = HexagonCells(x0=west, y0=south, across_m=across_m, inside=np.ones((rows, columns), dtype=bool))
    middle = whole.centres()
    shapely.prepare(boundary)
    inside = shapely.intersects_xy(boundary, middle[:, 0], middle[:, 1]).reshape(rows, columns)
    return HexagonCells(x0=west, y0=south, across_m=across_m, inside=np.asarray(inside))
