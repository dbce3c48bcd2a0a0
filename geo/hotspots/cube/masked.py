"""Compiled loops that choose packed calls by ``filter.Masks``: in vector lanes, without a branch a call.

Runs and ranges are as in ``kernels``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.hotspots.cube.layout import gather

UInt8s = npt.NDArray[np.uint8]
UInt32s = npt.NDArray[np.uint32]
UInt64s = npt.NDArray[np.uint64]
Int64s = npt.NDArray[np.int64]
Grid = npt.NDArray[np.float32]


@compiled()
def passes(
    code: np.uint32,
    first: np.uint32,
    length: np.uint32,
    hours: np.uint32,
    days: np.uint32,
    families: np.uint32,
    sources: np.uint32,
) -> np.uint32:
    """Return 1 where a code passes ``filter.Masks``, else 0.

    There is no branch, and each step is cast to 32 bits: loops over codes then run in vector lanes of that width.
    """
    by_clock = np.uint32(
        np.uint32(hours >> np.uint32(np.uint32(code >> np.uint32(12)) & np.uint32(31)))
        & np.uint32(days >> np.uint32(np.uint32(code >> np.uint32(17)) & np.uint32(7)))
    )
    by_kind = np.uint32(
        np.uint32(families >> np.uint32(np.uint32(code >> np.uint32(3)) & np.uint32(31)))
        & np.uint32(sources >> np.uint32(code & np.uint32(7)))
    )
    held = np.uint32(np.uint32(by_clock & by_kind) & np.uint32(1))
    return held if np.uint32(code - first) < length else np.uint32(0)


@compiled()
def passing(
    run: UInt32s,
    first: np.uint32,
    length: np.uint32,
    hours: np.uint32,
    days: np.uint32,
    families: np.uint32,
    sources: np.uint32,
) -> int:
    """Return how many codes pass."""
    found = np.uint32(0)
    for i in range(len(run)):
        found = np.uint32(found + passes(run[i], first, length, hours, days, families, sources))
    return int(found)


@compiled()
def answer(
    run: UInt32s,
    first: np.uint32,
    length: np.uint32,
    hours: np.uint32,
    days: np.uint32,
    families: np.uint32,
    sources: np.uint32,
    out: UInt8s,
) -> None:
    """Write 1 for each code that passes, 0 for the others."""
    for i in range(len(run)):
        out[i] = np.uint8(passes(run[i], first, length, hours, days, families, sources))


@compiled()
def sum_cells(
    cells: UInt64s,
    starts: Int64s,
    codes: UInt32s,
    low: int,
    high: int,
    first: np.uint32,
    length: np.uint32,
    hours: np.uint32,
    days: np.uint32,
    families: np.uint32,
    sources: np.uint32,
    up: int,
    left: int,
    top: int,
    weight: int,
    grid: Grid,
) -> int:
    """Count calls by cells ``up`` levels above those of the directory into ``grid`` (row, column); return how many fell inside.

    Cells of one larger cell follow each other and are read as one run.
    """
    height, width = grid.shape
    inside = 0
    j = low
    while j < high:
        cell = int(cells[j]) >> (2 * up)
        k = j + 1
        while k < high and int(cells[k]) >> (2 * up) == cell:
            k += 1
        column, row = gather(cell) - left, gather(cell >> 1) - top
        if 0 <= column < width and 0 <= row < height:
            # A slice, because its numbers are known to be positive: no wrapping around, so no gathering.
            found = passing(codes[starts[j] : starts[k]], first, length, hours, days, families, sources)
            grid[row, column] += np.float32(weight * found)
            inside += weight * found
        j = k
    return inside


@compiled()
def add_few(
    cells: UInt64s,
    starts: Int64s,
    codes: UInt32s,
    low: int,
    high: int,
    first: np.uint32,
    length: np.uint32,
    hours: np.uint32,
    days: np.uint32,
    families: np.uint32,
    sources: np.uint32,
    up: int,
    left: int,
    top: int,
    weight: int,
    grid: Grid,
) -> int:
    """Count as ``sum_cells`` does, quicker where runs are short and few calls pass: eight answers are skipped at once."""
    height, width = grid.shape
    answers = np.zeros(4096, np.uint8)
    words = answers.view(np.uint64)
    inside = 0
    j = low
    for begin in range(starts[low], starts[high], 4096):
        n = min(starts[high] - begin, 4096)
        answer(codes[begin : begin + n], first, length, hours, days, families, sources, answers)
        answers[n:] = 0
        for w in range((n + 7) >> 3):
            if words[w] == 0:
                continue
            for i in range(8 * w, 8 * w + 8):
                if answers[i]:
                    while starts[j + 1] <= begin + i:
                        j += 1
                    cell = int(cells[j]) >> (2 * up)
                    column, row = gather(cell) - left, gather(cell >> 1) - top
                    if 0 <= column < width and 0 <= row < height:
                        grid[row, column] += np.float32(weight)
                        inside += weight
    return inside


@compiled()
def count_chosen(
    codes: UInt32s,
    first: np.uint32,
    length: np.uint32,
    hours: np.uint32,
    days: np.uint32,
    families: np.uint32,
    sources: np.uint32,
    base: int,
    weight: int,
    by_hour: Int64s,
    by_kind: Int64s,
) -> None:
    """Count the codes that pass by hour code (from ``base`` on) and by kind."""
    answers = np.zeros(4096, np.uint8)
    words = answers.view(np.uint64)
    for begin in range(0, len(codes), 4096):
        run = codes[begin : begin + 4096]
        answer(run, first, length, hours, days, families, sources, answers)
        answers[len(run) :] = 0
        for w in range((len(run) + 7) >> 3):
            if words[w] == 0:
                continue
            for i in range(8 * w, 8 * w + 8):
                if answers[i]:
                    code = int(run[i])
                    by_hour[(code >> 12) - base] += weight
                    by_kind[code & 4095] += weight
