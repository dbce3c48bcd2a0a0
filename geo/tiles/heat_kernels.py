"""Compiled loops over calls: choose, and add up in cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Int32s = npt.NDArray[np.int32]


@compiled()
def chosen(
    minutes: Int32s,
    hours: npt.NDArray[np.uint8],
    families: npt.NDArray[np.int16],
    first: int,
    last: int,
    hour_mask: npt.NDArray[np.bool_],
    family_mask: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Return which calls pass: ``first <= minute < last``, hour of week and family allowed."""
    out = np.empty(len(minutes), dtype=np.bool_)
    for i in range(len(minutes)):
        out[i] = first <= minutes[i] < last and hour_mask[hours[i]] and family_mask[families[i]]
    return out


@compiled()
def add_to_cells(
    columns: Int32s,
    rows: Int32s,
    minutes: Int32s,
    hours: npt.NDArray[np.uint8],
    families: npt.NDArray[np.int16],
    first: int,
    last: int,
    hour_mask: npt.NDArray[np.bool_],
    family_mask: npt.NDArray[np.bool_],
    shift: int,
    left: int,
    top: int,
    cells: npt.NDArray[np.float32],
) -> int:
    """Count the calls that pass into ``cells`` (row, column) and return how many fell inside.

    Positions are divided by ``2**shift``; the first cell is column ``left``, row ``top``.
    """
    height, width = cells.shape
    inside = 0
    for i in range(len(columns)):
        if first <= minutes[i] < last and hour_mask[hours[i]] and family_mask[families[i]]:
            column = (columns[i] >> shift) - left
            row = (rows[i] >> shift) - top
            if 0 <= column < width and 0 <= row < height:
                cells[row, column] += np.float32(1.0)
                inside += 1
    return inside


@compiled()
def add_to_cube(
    columns: Int32s,
    rows: Int32s,
    bins: Int32s,
    left: float,
    top: float,
    per_column: float,
    per_row: float,
    cube: npt.NDArray[np.float32],
    inside: npt.NDArray[np.int64],
) -> None:
    """Count calls into ``cube`` (bin, row, column) of cells ``per_column`` by ``per_row``; bin -1 is left out."""
    _, height, width = cube.shape
    for i in range(len(columns)):
        if bins[i] >= 0:
            column = int(np.floor((columns[i] - left) / per_column))
            row = int(np.floor((rows[i] - top) / per_row))
            if 0 <= column < width and 0 <= row < height:
                cube[bins[i], row, column] += np.float32(1.0)
                inside[bins[i]] += 1
