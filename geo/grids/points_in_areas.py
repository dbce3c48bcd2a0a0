"""Find the area of each of many places: cells first, then the exact test for the few areas whose lines are near."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.area_cells import NOBODY, AreaCells
from geo.grids.outlines import Int32s, Int64s, Outlines, contains

SORTED_FROM: Final = 20_000
"""So many places are looked up cell by cell, since what lies near is then in the processor's cache."""


def rows_of_points(o: Outlines, cells: AreaCells, lonlat: npt.NDArray[np.float64]) -> Int32s:
    """Return the lowest area that holds each place (float64[n, 2] finite degrees), int32[n]; -1 outside all.

    Places are rounded to the lattice of 1e-7 degrees, half a centimetre at most; boundaries belong to their areas.
    """
    found = np.full(len(lonlat), -1, dtype=np.int32)
    if len(cells.first) and len(lonlat):
        at = _coarse(cells, lonlat)
        order = _by_cell(at, len(cells.first)) if len(lonlat) >= SORTED_FROM else np.arange(len(lonlat))
        _look_up(o, cells, lonlat, at, order, found)
    return found


@compiled()
def _coarse(cells: AreaCells, lonlat: npt.NDArray[np.float64]) -> Int32s:
    """Return the coarse cell of each place, the number of cells for places off them."""
    off = len(cells.first)
    at = np.empty(len(lonlat), np.int32)
    for i in range(len(lonlat)):
        at[i] = off
        if abs(lonlat[i, 0]) <= 200.0 and abs(lonlat[i, 1]) <= 100.0:
            column = (int(np.rint(lonlat[i, 0] * 1e7)) - cells.west) >> cells.side
            row = (int(np.rint(lonlat[i, 1] * 1e7)) - cells.south) >> cells.side
            if 0 <= column < cells.columns and 0 <= row < cells.rows:
                at[i] = row * cells.columns + column
    return at


@compiled()
def _by_cell(at: Int32s, cells: int) -> Int64s:
    first = np.zeros(cells + 2, np.int64)
    for c in at:
        first[c + 1] += 1
    for c in range(cells + 1):
        first[c + 1] += first[c]
    order = np.empty(len(at), np.int64)
    for i in range(len(at)):
        order[first[at[i]]] = i
        first[at[i]] += 1
    return order


@compiled()
def _look_up(
    o: Outlines, cells: AreaCells, lonlat: npt.NDArray[np.float64], at: Int32s, order: Int64s, found: Int32s
) -> None:
    # Taken out of the tuples once: each access would count a reference.
    box, slab, shift, begin, edge = o
    west, south, side, _, _, answer, first, cuts, fine, lists = cells
    step = 1 << side
    for i in order:
        c = at[i]
        if c == len(first):
            continue
        if first[c] < 0:
            found[i] = answer[c]
            continue
        px, py = int(np.rint(lonlat[i, 0] * 1e7)), int(np.rint(lonlat[i, 1] * 1e7))
        cut = int(cuts[c])
        finer = side - cut
        column, row = ((px - west) & (step - 1)) >> finer, ((py - south) & (step - 1)) >> finer
        held = fine[first[c] + (row << cut) + column]
        if held < -1:
            k = -2 - held
            held = lists[k + 1]
            for j in range(k + 2, k + 2 + lists[k]):
                if contains(lists[j], px, py, box, slab, shift, begin, edge):
                    held = lists[j]
                    break
            if held == NOBODY:
                held = -1
        found[i] = held
