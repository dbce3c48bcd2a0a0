"""Points into the cells of a rectangle, as fast as memory gives them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.errors import ParameterError


def bin_points(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    *,
    bounds: tuple[float, float, float, float],
    shape: tuple[int, int],
) -> npt.NDArray[np.uint32]:
    """Count points, float64[n] each, in ``shape`` (rows, columns) equal cells of a rectangle, uint32[rows, columns].

    ``bounds`` are least x, least y, greatest x, greatest y; row 0 holds the least y. A cell holds its lower edges and
    not its upper ones; points outside, on the greatest x or y, or that are not numbers are in no cell.

    Raises
    ------
    ParameterError
        If the rectangle or the shape is empty, or the arrays differ in length.
    """
    west, south, east, north = bounds
    rows, columns = shape
    if not (west < east and south < north and rows > 0 and columns > 0) or len(x) != len(y):
        raise ParameterError(
            "Points are binned from two arrays of one length into a rectangle with cells",
            "分箱需要两个等长的坐标数组和非空的矩形网格",
        )
    out = np.zeros(rows * columns + 1, np.uint32)
    _bin(
        np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64), west, south,
        columns / (east - west), rows / (north - south), columns, rows, out,
    )  # fmt: skip
    return out[:-1].reshape(rows, columns)


@compiled()
def _bin(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    west: float,
    south: float,
    per_x: float,
    per_y: float,
    columns: int,
    rows: int,
    out: npt.NDArray[np.uint32],
) -> None:
    spare = np.int32(rows * columns)
    wide, tall, across = float(columns), float(rows), np.int32(columns)
    cells = np.empty(2048, np.uint32)
    # Bytes first: a picture of them stays in the cache. What a byte cannot hold is carried.
    small = np.zeros(len(out), np.uint8)
    for begin in range(0, len(x), 2048):
        # Slices, because their numbers are known to be positive: no wrapping around, so the loop runs in lanes.
        xs, ys = x[begin : begin + 2048], y[begin : begin + 2048]
        for i in range(len(xs)):
            u, v = (xs[i] - west) * per_x, (ys[i] - south) * per_y
            inside = (u >= 0.0) & (u < wide) & (v >= 0.0) & (v < tall)
            u, v = (u if inside else 0.0), (v if inside else 0.0)
            cell = np.int32(np.int32(np.int32(v) * across) + np.int32(u))
            cells[i] = np.uint32(cell if inside else spare)
        for i in range(len(xs)):
            cell = cells[i]
            count = np.uint8(small[cell] + np.uint8(1))
            small[cell] = count
            if count == 0:
                out[cell] += np.uint32(256)
    for k in range(len(out)):
        out[k] += np.uint32(small[k])
