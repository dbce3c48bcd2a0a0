"""Compiled loops over packed calls: choose, count, and add up in cells.

Runs are the calls of one cell: ``codes[starts[j]:starts[j + 1]]`` lie in ``cells[j]``. Loops take directory entries
``low`` to ``high``; ``weight`` is 1, or -1 for calls that were taken back.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.hotspots.cube.layout import gather, row_base, row_edge

UInt8s = npt.NDArray[np.uint8]
UInt32s = npt.NDArray[np.uint32]
UInt64s = npt.NDArray[np.uint64]
Int64s = npt.NDArray[np.int64]
Areas = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
Grid = npt.NDArray[np.float32]


@compiled()
def in_part(answer: int, minute: int, head: int, tail: int) -> bool:
    """Return whether a minute passes in an hour that is not wholly inside the period; see ``filter.Tables``."""
    return not ((answer != 3 and minute < head) or (answer != 2 and minute >= tail))


@compiled()
def add_points(
    cells: UInt64s,
    starts: Int64s,
    codes: UInt32s,
    where: UInt32s,
    areas: Areas,
    low: int,
    high: int,
    hours: UInt8s,
    base: int,
    head: int,
    tail: int,
    kinds: UInt8s,
    allowed: UInt8s,
    up: int,
    fine: int,
    left: int,
    top: int,
    weight: int,
    grid: Grid,
) -> int:
    """Count calls by cells ``up`` levels above or ``fine`` levels below into ``grid``; return how many fell inside."""
    height, width = grid.shape
    side = 1 << fine
    per_column = side / 3433.2275390625
    inside = 0
    for j in range(low, high):
        cell = int(cells[j]) >> (2 * up)
        column, row = (gather(cell) << fine) - left, (gather(cell >> 1) << fine) - top
        if column >= width or row >= height or column + side <= 0 or row + side <= 0:
            continue
        north, per_row, floor = 0.0, 0.0, 0.0
        if fine > 0:
            y = gather(int(cells[j]) >> 1)
            north, floor = row_edge(y), float(row_base(y))
            per_row = side / (north - row_edge(y + 1))
        for i in range(starts[j], starts[j + 1]):
            code = int(codes[i])
            at = (code >> 12) - base
            if at < 0 or at >= len(hours) or hours[at] == 0 or kinds[code & 4095] == 0:
                continue
            if hours[at] > 1 and not in_part(int(hours[at]), int(where[i]) & 63, head, tail):
                continue
            if len(allowed) > 0 and allowed[int(min(int(areas[i]), len(allowed) - 1))] == 0:
                continue
            c, r = column, row
            if fine > 0:
                here = int(where[i])
                c += min(int((here >> 20) * per_column), side - 1)
                r += min(max(int((north - floor - ((here >> 8) & 4095)) * per_row), 0), side - 1)
                if not (0 <= c < width and 0 <= r < height):
                    continue
            grid[r, c] += np.float32(weight)
            inside += weight
    return inside


@compiled()
def count_kinds(
    starts: Int64s,
    codes: UInt32s,
    where: UInt32s,
    areas: Areas,
    low: int,
    high: int,
    hours: UInt8s,
    base: int,
    head: int,
    tail: int,
    kinds: UInt8s,
    allowed: UInt8s,
    weight: int,
    by_hour: Int64s,
    by_kind: Int64s,
) -> int:
    """Count calls by hour code (from ``base`` on) and by kind; return how many pass."""
    found = 0
    for i in range(starts[low], starts[high]):
        code = int(codes[i])
        at = (code >> 12) - base
        if at < 0 or at >= len(hours) or hours[at] == 0 or kinds[code & 4095] == 0:
            continue
        if hours[at] > 1 and not in_part(int(hours[at]), int(where[i]) & 63, head, tail):
            continue
        if len(allowed) > 0 and allowed[int(min(int(areas[i]), len(allowed) - 1))] == 0:
            continue
        by_hour[at] += weight
        by_kind[code & 4095] += weight
        found += weight
    return found


@compiled()
def count_areas(
    starts: Int64s,
    codes: UInt32s,
    where: UInt32s,
    areas: Areas,
    low: int,
    high: int,
    hours: UInt8s,
    base: int,
    head: int,
    tail: int,
    kinds: UInt8s,
    allowed: UInt8s,
    weight: int,
    by_area: Int64s,
) -> None:
    """Count calls by the number of their area; those in none are last."""
    last = len(by_area) - 1
    for i in range(starts[low], starts[high]):
        code = int(codes[i])
        at = (code >> 12) - base
        if at < 0 or at >= len(hours) or hours[at] == 0 or kinds[code & 4095] == 0:
            continue
        if hours[at] > 1 and not in_part(int(hours[at]), int(where[i]) & 63, head, tail):
            continue
        if len(allowed) > 0 and allowed[int(min(int(areas[i]), len(allowed) - 1))] == 0:
            continue
        by_area[int(min(int(areas[i]), last))] += weight


@compiled()
def count_cells(
    rows: Int64s,
    starts: Int64s,
    codes: UInt32s,
    where: UInt32s,
    areas: Areas,
    low: int,
    high: int,
    hours: UInt8s,
    base: int,
    head: int,
    tail: int,
    kinds: UInt8s,
    allowed: UInt8s,
    weight: int,
    out: npt.NDArray[np.int32],
) -> None:
    """Count calls by row ``rows[j]`` of their run and by family into ``out``."""
    for j in range(low, high):
        row = out[rows[j]]
        for i in range(starts[j], starts[j + 1]):
            code = int(codes[i])
            at = (code >> 12) - base
            if at < 0 or at >= len(hours) or hours[at] == 0 or kinds[code & 4095] == 0:
                continue
            if hours[at] > 1 and not in_part(int(hours[at]), int(where[i]) & 63, head, tail):
                continue
            if len(allowed) > 0 and allowed[int(min(int(areas[i]), len(allowed) - 1))] == 0:
                continue
            row[(code >> 3) & 511] += weight


@compiled()
def choose(
    starts: Int64s,
    codes: UInt32s,
    where: UInt32s,
    areas: Areas,
    low: int,
    high: int,
    hours: UInt8s,
    base: int,
    head: int,
    tail: int,
    kinds: UInt8s,
    allowed: UInt8s,
    out: Int64s,
) -> int:
    """Write the numbers of the calls that pass and of the run of each into ``out`` (2, n); return how many."""
    found = 0
    for j in range(low, high):
        for i in range(starts[j], starts[j + 1]):
            code = int(codes[i])
            at = (code >> 12) - base
            if at < 0 or at >= len(hours) or hours[at] == 0 or kinds[code & 4095] == 0:
                continue
            if hours[at] > 1 and not in_part(int(hours[at]), int(where[i]) & 63, head, tail):
                continue
            if len(allowed) > 0 and allowed[int(min(int(areas[i]), len(allowed) - 1))] == 0:
                continue
            out[0, found] = i
            out[1, found] = j
            found += 1
    return found


@compiled()
def add_frames(
    cells: UInt64s,
    starts: Int64s,
    codes: UInt32s,
    where: UInt32s,
    areas: Areas,
    low: int,
    high: int,
    hours: UInt8s,
    base: int,
    head: int,
    tail: int,
    kinds: UInt8s,
    allowed: UInt8s,
    frame_of: npt.NDArray[np.int32],
    left: float,
    top: float,
    size: float,
    weight: int,
    cube: npt.NDArray[np.float32],
    inside: Int64s,
) -> int:
    """Count calls into ``cube`` (frame, row, column) of cells of ``size`` (in units of the directory's cells).

    ``frame_of`` names the frame of each hour code from ``base`` on, -1 for none. Returns how many have a frame.
    """
    _, height, width = cube.shape
    found = 0
    for j in range(low, high):
        cell = int(cells[j])
        x, y = gather(cell), gather(cell >> 1)
        north, south, floor = row_edge(y), row_edge(y + 1), float(row_base(y))
        for i in range(starts[j], starts[j + 1]):
            code = int(codes[i])
            at = (code >> 12) - base
            if at < 0 or at >= len(hours) or hours[at] == 0 or kinds[code & 4095] == 0:
                continue
            if hours[at] > 1 and not in_part(int(hours[at]), int(where[i]) & 63, head, tail):
                continue
            if len(allowed) > 0 and allowed[int(min(int(areas[i]), len(allowed) - 1))] == 0:
                continue
            frame = frame_of[at]
            if frame < 0:
                continue
            found += weight
            here = int(where[i])
            column = int(np.floor((x + (here >> 20) / 3433.2275390625 - left) / size))
            down = (north - floor - ((here >> 8) & 4095)) / (north - south)
            row = int(np.floor((y + min(max(down, 0.0), 0.999999) - top) / size))
            if 0 <= column < width and 0 <= row < height:
                cube[frame, row, column] += np.float32(weight)
                inside[frame] += weight
    return found


@compiled()
def union(one: UInt64s, other: UInt64s) -> tuple[UInt64s, Int64s, Int64s]:
    """Return what is in either of two rising lists, rising, and where in it the members of each are."""
    out = np.empty(len(one) + len(other), np.uint64)
    at_one, at_other = np.empty(len(one), np.int64), np.empty(len(other), np.int64)
    i = j = k = 0
    while i < len(one) or j < len(other):
        take_one = j >= len(other) or (i < len(one) and one[i] <= other[j])
        take_other = i >= len(one) or (j < len(other) and other[j] <= one[i])
        if take_one:
            out[k] = one[i]
            at_one[i] = k
            i += 1
        if take_other:
            out[k] = other[j]
            at_other[j] = k
            j += 1
        k += 1
    return out[:k].copy(), at_one, at_other
