"""Square cells over a city, those outside its boundary left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.cells.contiguity import Lists, among, from_pairs
from geo.errors import LimitError, ParameterError

Floats = npt.NDArray[np.float64]
MOST = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SquareCells:
    """A raster of squares in metres; ``inside`` tells which of them count, and cells are numbered among those.

    Row 0 is the southernmost. A point on a shared edge belongs to the cell north or east of it.
    """

    west: float
    south: float
    size_m: float
    inside: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.inside.sum())

    @property
    def number(self) -> npt.NDArray[np.int64]:
        """Number of each square, -1 outside, int64[rows, columns]."""
        found = np.full(self.inside.shape, -1, np.int64)
        found[self.inside] = np.arange(len(self))
        return found

    def locate(self, xy: Floats) -> npt.NDArray[np.int64]:
        """Return the cell of each point (float64[n, 2] metres), -1 outside, int64[n]."""
        column = np.floor((xy[:, 0] - self.west) / self.size_m)
        row = np.floor((xy[:, 1] - self.south) / self.size_m)
        rows, columns = self.inside.shape
        good = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        found = np.full(len(xy), -1, np.int64)
        found[good] = self.number[row[good].astype(np.int64), column[good].astype(np.int64)]
        return found

    def counts(self, xy: Floats) -> npt.NDArray[np.int64]:
        """Return how many points fall into each cell, int64[cells]; those outside count nowhere."""
        where = self.locate(xy)
        return np.bincount(where[where >= 0], minlength=len(self)).astype(np.int64)

    def raster(self, values: npt.ArrayLike) -> Floats:
        """Return values of the cells as a raster, NaN outside, float64[rows, columns]."""
        found = np.full(self.inside.shape, np.nan)
        found[self.inside] = np.asarray(values, np.float64)
        return found

    def centres(self) -> Floats:
        """Return the middle of each cell, float64[cells, 2] metres."""
        row, column = np.nonzero(self.inside)
        return np.column_stack([self.west + (column + 0.5) * self.size_m, self.south + (row + 0.5) * self.size_m])

    def shapes(self) -> npt.NDArray[np.object_]:
        """Return the squares as polygons, metres."""
        x, y = (self.centres() - self.size_m / 2).T
        return np.asarray(shapely.box(x, y, x + self.size_m, y + self.size_m), dtype=object)

    def neighbours(self, *, corners: bool = True) -> Lists:
        """Return which cells share an edge, or also a corner (queen)."""
        rows, columns = self.inside.shape
        number = np.arange(rows * columns).reshape(rows, columns)
        pairs = [(number[:, :-1], number[:, 1:]), (number[:-1], number[1:])]
        if corners:
            pairs += [(number[:-1, :-1], number[1:, 1:]), (number[:-1, 1:], number[1:, :-1])]
        a = np.concatenate([p[0].ravel() for p in pairs])
        b = np.concatenate([p[1].ravel() for p in pairs])
        return among(from_pairs(a, b, count=rows * columns), self.inside.ravel())


def square_cells(bounds: tuple[float, float, float, float], *, size_m: float) -> SquareCells:
    """Return squares that cover west, south, east, north (metres), lined up with multiples of ``size_m``."""
    west, south, east, north = bounds
    if not (0 < size_m < np.inf and west < east and south < north):
        raise ParameterError(
            "Cells need a size above 0 m and bounds that are not empty", "格网边长应大于 0 米，范围不能为空"
        )
    first = np.floor(np.array([west, south]) / size_m)
    after = np.maximum(np.floor(np.array([east, north]) / size_m) + 1, first + 1)
    columns, rows = (after - first).astype(int)
    if columns * rows > MOST:
        raise LimitError(
            f"Cells of {size_m:g} m are {columns * rows:,} here; {MOST:,} are allowed: take larger ones",
            f"{size_m:g} 米格网共 {columns * rows} 个，超过上限 {MOST}，请加大边长",
        )
    return SquareCells(
        west=float(first[0] * size_m), south=float(first[1] * size_m), size_m=size_m,
        inside=np.ones((rows, columns), dtype=bool),
    )  # fmt: skip


def squares_within(boundary: BaseGeometry, *, size_m: float) -> SquareCells:
    """Return the squares whose middle lies in the boundary (metres; on its line counts)."""
    whole = square_cells(boundary.bounds, size_m=size_m)
    middle = whole.centres()
    shapely.prepare(boundary)
    inside = shapely.intersects_xy(boundary, middle[:, 0], middle[:, 1]).reshape(whole.inside.shape)
    return SquareCells(west=whole.west, south=whole.south, size_m=size_m, inside=np.asarray(inside))
