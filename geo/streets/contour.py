"""Outlines of a value on a square lattice, by marching triangles."""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import shapely

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

# Corners of the two triangles of a cell, counterclockwise, as (row step, column step).
_TRIANGLES: Final = (((0, 0), (0, 1), (1, 1)), ((0, 0), (1, 1), (1, 0)))


def below(values: _Floats, level: float, *, west: float, south: float, cell_m: float) -> shapely.Geometry:
    """Return the area where the value, linear on each triangle of the lattice, is below ``level``.

    Of two lattices of which one is nowhere larger, the area of the smaller values contains the other's. The border of
    the lattice must not be below the level.

    Parameters
    ----------
    values
        float64[rows, columns], row 0 in the south, at ``west + column * cell_m``, ``south + row * cell_m``.
    """
    rows, columns = values.shape
    inside = values < level
    corners = inside[:-1, :-1].astype(np.int8) + inside[1:, :-1] + inside[:-1, 1:] + inside[1:, 1:]
    row, column = np.nonzero((corners > 0) & (corners < 4))
    starts: list[_Ints] = []
    ends: list[_Ints] = []
    for triangle in _TRIANGLES:
        at = np.stack([(row + r) * columns + column + c for r, c in triangle])
        within = inside.ravel()[at]
        total = within.sum(axis=0)
        for k in range(3):
            one, two, three = at[k], at[(k + 1) % 3], at[(k + 2) % 3]
            # The area stays on the left: around a single corner inside counterclockwise, outside clockwise.
            alone = within[k] & (total == 1)
            starts.append(_edge(one[alone], two[alone], rows * columns))
            ends.append(_edge(one[alone], three[alone], rows * columns))
            notch = ~within[k] & (total == 2)
            starts.append(_edge(one[notch], three[notch], rows * columns))
            ends.append(_edge(one[notch], two[notch], rows * columns))
    start, end = np.concatenate(starts), np.concatenate(ends)
    if not len(start):
        return shapely.Polygon()
    edges, spot = np.unique(start, return_inverse=True)
    following = np.empty(len(edges), np.int64)
    following[spot] = np.searchsorted(edges, end)
    low, high = edges // (rows * columns), edges % (rows * columns)
    flat = values.ravel()
    share = (level - flat[low]) / (flat[high] - flat[low])
    lattice = np.column_stack([low % columns, low // columns]).astype(np.float64)
    step = np.column_stack([high % columns, high // columns]) - lattice
    xy = (lattice + share[:, None] * step) * cell_m + [west, south]
    order, owner = _rings(following)
    rings = shapely.linearrings(cast("Any", xy[order]), indices=owner)
    area: shapely.Geometry = shapely.build_area(shapely.multilinestrings(cast("Any", rings)))
    return area


def _edge(one: _Ints, two: _Ints, total: int) -> _Ints:
    """Return one number for the lattice edge between two corners."""
    return np.minimum(one, two) * total + np.maximum(one, two)


def _rings(following: _Ints) -> tuple[_Ints, _Ints]:
    """Return the cycles of a permutation one after the other, and the number of the cycle of each entry."""
    onward = following.tolist()
    seen = bytearray(len(onward))
    order: list[int] = []
    owner: list[int] = []
    ring = 0
    for first in range(len(onward)):
        if seen[first]:
            continue
        at = first
        while not seen[at]:
            seen[at] = 1
            order.append(at)
            owner.append(ring)
            at = onward[at]
        ring += 1
    return np.array(order, dtype=np.int64), np.array(owner, dtype=np.int64)
