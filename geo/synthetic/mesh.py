"""A wiggly mesh on the lattice, and land cut out of it: nested areas that share their lines vertex for vertex.

Vertices of a square mesh are displaced by slow waves and by chance. The displacement of neighbours differs by less than
half a cell in each direction (0.12 by the waves, 0.3 by chance), so that the mesh map is the identity plus a contraction
on every triangle, hence one to one: no cell turns over and no line crosses another. Every block of cells is then a polygon
whose outline runs along mesh vertices, and any division of the mesh into blocks is a coverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.compiled import compiled
from geo.errors import ParameterError
from geo.synthetic.lattice import STEPS_PER_DEGREE, Shapes

Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

JITTER: Final = 0.15
"""Chance moves a vertex by up to this share of a cell either way."""
WAVES: Final = ((31.0, 0.04), (83.0, 0.04), (211.0, 0.04))
"""Wave lengths in cells, and how much a wave may stretch a cell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """Vertices in lattice steps, int32[rows + 1, columns + 1] each."""

    x: Int32s
    y: Int32s

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of cells."""
        return self.x.shape[1] - 1, self.x.shape[0] - 1


def draw_mesh(*, columns: int, rows: int, west: float, south: float, cell_m: float, rng: np.random.Generator) -> Mesh:
    """Draw a mesh of cells of about ``cell_m`` from its south-west corner in degrees.

    Raises
    ------
    ParameterError
        If the mesh leaves the globe, or a cell is smaller than 64 lattice steps.
    """
    metre = STEPS_PER_DEGREE / 111_320.0
    middle = south + rows * cell_m / 111_320.0 / 2
    step_y = cell_m * metre
    step_x = step_y / max(float(np.cos(np.radians(middle))), 0.01)
    east, north = west + (columns + 2) * step_x / STEPS_PER_DEGREE, south + (rows + 2) * step_y / STEPS_PER_DEGREE
    if step_y < 64 or min(west + 180, 180 - east, south + 85, 85 - north) < 0:
        raise ParameterError(
            f"A mesh of {columns} by {rows} cells of {cell_m:g} m from {west:g}, {south:g} does not fit the globe",
            f"自 {west:g}, {south:g} 起 {columns}×{rows} 个 {cell_m:g} 米单元的网超出范围或过密",
        )
    phase = rng.uniform(0.0, 2 * np.pi, (len(WAVES), 2, 2))
    x = np.empty((rows + 1, columns + 1), dtype=np.int32)
    y = np.empty_like(x)
    column = np.arange(columns + 1, dtype=np.float64)
    for row in range(rows + 1):
        dx, dy = rng.uniform(-JITTER, JITTER, (2, columns + 1))
        for k, (length, stretch) in enumerate(WAVES):
            turn = 2 * np.pi / length
            reach = stretch / turn
            dx += reach * (np.sin(turn * (column + row) / 2 + phase[k, 0, 0]) + np.sin(turn * row + phase[k, 0, 1]) / 2)
            dy += reach * (
                np.sin(turn * (column - row) / 2 + phase[k, 1, 0]) + np.sin(turn * column + phase[k, 1, 1]) / 2
            )
        x[row] = np.rint(west * STEPS_PER_DEGREE + (column + 1 + dx) * step_x)
        y[row] = np.rint(south * STEPS_PER_DEGREE + (row + 1 + dy) * step_y)
    return Mesh(x=x, y=y)


def divided(columns: int, rows: int, weight: Floats, border: npt.NDArray[np.int8]) -> Int32s:
    """Divide a mesh into nested blocks, one for each leaf of a tree, int32[n, 4]: first and last column, first and last row.

    Blocks are cut in two across their longer side until one leaf is left, at the border of the highest level inside
    that is nearest to half of the weight; every unit of every level so becomes a rectangle of cells.

    Parameters
    ----------
    weight
        Wanted share of the area for each leaf, float64[n], above 0.
    border
        int8[n], for each leaf the highest level that changes between it and the leaf before it; 0 is the top.

    Raises
    ------
    ParameterError
        If there are too few cells for the leaves.
    """
    blocks = np.zeros((len(weight), 4), dtype=np.int32)
    total = np.concatenate([[0.0], np.cumsum(weight)])
    if not _divide(columns, rows, total, border, blocks):
        raise ParameterError(
            f"{columns} by {rows} cells are too few for {len(weight)} areas; ask for more detail",
            f"{columns}×{rows} 个单元不足以划分 {len(weight)} 个区域，请提高细度",
        )
    return blocks


@compiled()
def _divide(columns: int, rows: int, total: Floats, border: npt.NDArray[np.int8], blocks: Int32s) -> bool:
    stack = [(0, len(total) - 1, 0, columns, 0, rows)]
    while len(stack) > 0:
        first, last, west, east, south, north = stack.pop()
        if last - first == 1:
            blocks[first, 0], blocks[first, 1], blocks[first, 2], blocks[first, 3] = west, east, south, north
            continue
        half = (total[first] + total[last]) / 2
        at, best, level = first + 1, np.inf, 127
        for k in range(first + 1, last):
            apart = abs(total[k] - half)
            if border[k] < level or (border[k] == level and apart < best):
                at, best, level = k, apart, border[k]
        share = (total[at] - total[first]) / (total[last] - total[first])
        across = east - west >= north - south
        length, width = (east - west, north - south) if across else (north - south, east - west)
        low = -(-(at - first) // width)
        high = length - -(-(last - at) // width)
        if low > high:
            return False
        cut = min(max(round(share * length), low), high)
        if across:
            stack.append((first, at, west, west + cut, south, north))
            stack.append((at, last, west + cut, east, south, north))
        else:
            # From north to south, as serials run.
            stack.append((first, at, west, east, north - cut, north))
            stack.append((at, last, west, east, south, north - cut))
    return True


def outlines(mesh: Mesh, blocks: Int32s) -> Shapes:
    """Return the polygon in degrees of each block of cells, object[n]."""
    wide, high = blocks[:, 1] - blocks[:, 0], blocks[:, 3] - blocks[:, 2]
    offsets = np.concatenate([[0], np.cumsum(2 * (wide.astype(np.int64) + high) + 1)])
    vertices = np.empty((int(offsets[-1]), 2))
    _trace(mesh.x, mesh.y, blocks, offsets, vertices)
    rings = np.arange(len(blocks) + 1, dtype=np.int64)
    made = shapely.from_ragged_array(shapely.GeometryType.POLYGON, vertices, (offsets, rings))
    return np.asarray(made, dtype=object)


@compiled()
def _trace(x: Int32s, y: Int32s, blocks: Int32s, offsets: npt.NDArray[np.int64], out: Floats) -> None:
    for b in range(len(blocks)):
        west, east, south, north = blocks[b]
        k = offsets[b]
        for i in range(west, east):
            out[k, 0], out[k, 1] = x[south, i] / 1e7, y[south, i] / 1e7
            k += 1
        for j in range(south, north):
            out[k, 0], out[k, 1] = x[j, east] / 1e7, y[j, east] / 1e7
            k += 1
        for i in range(east, west, -1):
            out[k, 0], out[k, 1] = x[north, i] / 1e7, y[north, i] / 1e7
            k += 1
        for j in range(north, south - 1, -1):
            out[k, 0], out[k, 1] = x[j, west] / 1e7, y[j, west] / 1e7
            k += 1
