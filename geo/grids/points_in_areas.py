"""Find the area of each of many places: cells first, then the exact test for the few areas whose lines are near."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.area_cells import NOBODY, AreaCells
from geo.grids.outlines import Int32s, Int64s, Outlines, contains, in_threads

SORTED_FROM: Final = 20_000
"""So many places are looked up cell by cell, since what lies near is then in the processor's cache."""


def rows_of_points(o: Outlines, cells: AreaCells, lonlat: npt.NDArray[np.float64], *, threads: int = 1) -> Int32s:
    """Return the lowest area that holds each place (float64[n, 2] finite degrees), int32[n]; -1 outside all.

    Places are rounded to the lattice of 1e-7 degrees, half a centimetre at most; boundaries belong to their areas.
    """
    found = np.full(len(lonlat), -1, dtype=np.int32)
    if len(cells.first) and len(lonlat):
        place, row, at = _sorted_places(lonlat, *cells[:5])
        share = max(1, -(-len(row) // threads))
        parts = [slice(k, k + share) for k in range(0, len(row), share)]
        in_threads(lambda k: _look_up(o, cells, place[parts[k]], row[parts[k]], at[parts[k]], found), len(parts))
    return found


@compiled()
def _sorted_places(
    lonlat: npt.NDArray[np.float64], west: int, south: int, side: int, columns: int, rows: int
) -> tuple[Int64s, Int32s, Int32s]:
    """Return places in steps from the corner (int64[k, 2]), their rows in ``lonlat`` and coarse cells; none off the cells."""
    off = columns * rows
    sorts = len(lonlat) >= SORTED_FROM
    cell = np.empty(len(lonlat), np.int32)
    first = np.zeros(off + 2, np.int64)
    for i in range(len(lonlat)):
        cell[i] = off
        if abs(lonlat[i, 0]) <= 200.0 and abs(lonlat[i, 1]) <= 100.0:
            x = (int(np.rint(lonlat[i, 0] * 1e7)) - west) >> side
            y = (int(np.rint(lonlat[i, 1] * 1e7)) - south) >> side
            if 0 <= x < columns and 0 <= y < rows:
                cell[i] = y * columns + x
        first[cell[i] + 1] += 1
    on = len(lonlat) - first[off + 1]
    for c in range(off + 1):
        first[c + 1] += first[c]
    place, row, at = np.empty((on, 2), np.int64), np.empty(on, np.int32), np.empty(on, np.int32)
    free = 0
    for i in range(len(lonlat)):
        c = cell[i]
        if c == off:
            continue
        k = first[c] if sorts else free
        first[c] += 1
        free += 1
        place[k, 0] = int(np.rint(lonlat[i, 0] * 1e7)) - west
        place[k, 1] = int(np.rint(lonlat[i, 1] * 1e7)) - south
        row[k] = i
        at[k] = c
    return place, row, at


@compiled()
def _look_up(o: Outlines, cells: AreaCells, place: Int64s, row: Int32s, at: Int32s, found: Int32s) -> None:
    # Taken out of the tuples once: each access would count a reference.
    box, slab, shift, begin, edge = o
    west, south, side, _, _, first, cuts, fine, lists = cells
    step = 1 << side
    for i in range(len(row)):
        c = at[i]
        if first[c] < 0:
            continue
        cut = int(cuts[c])
        finer = side - cut
        x, y = (place[i, 0] & (step - 1)) >> finer, (place[i, 1] & (step - 1)) >> finer
        held = fine[first[c] + (y << cut) + x]
        if held < -1:
            k = -2 - held
            held = lists[k + 1]
            px, py = place[i, 0] + west, place[i, 1] + south
            for j in range(k + 2, k + 2 + lists[k]):
                if contains(lists[j], px, py, box, slab, shift, begin, edge):
                    held = lists[j]
                    break
            if held == NOBODY:
                held = -1
        found[row[i]] = held
