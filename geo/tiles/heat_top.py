"""Where the colours of a heat map end: one density for the whole city, for a zoom and a filter.

Cells of 16 pixels have about the area of the kernel (2.3 of its standard deviations a side), so that their density is near
that of the tiles. The end is the density that one in 200 of the cells reaches that could hold a call: as many cells as there
are calls that pass, at most as many as hold any call at all. It is rounded up to a round number.
"""

from __future__ import annotations

from typing import Final, cast

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter, Masks
from geo.hotspots.cube.layout import CELL_LEVEL
from geo.hotspots.cube.masked import answer
from geo.hotspots.cube.scan import Scan
from geo.tiles.heat_scale import round_up
from geo.tiles.mercator import cell_km2

CELL_LEVELS: Final = 4
"""Cells of the scale of zoom z are of level z + 4."""
REACHED_BY: Final = 0.005
SAMPLES: Final = (1_000_000, 8_000_000)
"""Calls that are sampled first, and where these say too little; a cube with fewer calls is counted whole."""
ENOUGH: Final = (6, 3)
"""Calls of either sample that the cell at the end of the scale must hold, where 100 cells or more are above it."""
_ENOUGH_ABOVE_FEW: Final = 40
_FEW: Final = 100
_CALLS_A_CELL: Final = 2.5
_MOST_CELLS: Final = 1 << 22
UInt32s = npt.NDArray[np.uint32]
Grid = npt.NDArray[np.float32]
Window = tuple[int, int, int, int, int]


def top_density(cube: Cube, extent: tuple[int, int, int, int], z: int, which: CubeFilter) -> float:
    """Return the end of the scale in calls per km² per week; ``extent`` is left, right, top, bottom at level 20.

    In a cube of millions every n-th call is counted, n a power of two: the same calls each time. Where too few of these
    lie in the cell at the end of the scale, more are counted, and at last all.
    """
    weeks = cube.weeks(which)
    scan = cube.scan(which)
    if weeks <= 0 or not scan.parts:
        return 0.0
    level = min(z + CELL_LEVELS, CELL_LEVEL)
    window = _window(extent, level)
    while window[3] * window[4] > _MOST_CELLS:
        level -= 1
        window = _window(extent, level)
    any_call = max(len(segment.coarser(level)[0]) for segment, _ in scan.parts)
    each = 1.0 / (cell_km2(window[2] + np.arange(window[4]) + 0.5, level) * weeks)
    few = False
    for stride, enough in _strides(scan, which):
        if few and stride > 1:
            continue
        counts, passed = _sampled(scan, window, stride) if stride > 1 else scan.grid(*window, few=few)
        densities = _densities(counts, each)
        reached = max(round(REACHED_BY * min(passed, max(any_call, len(densities)))), 1)
        # A larger sample would be too small as well where this one has but a call or two for each cell above the end.
        few = passed < _CALLS_A_CELL * stride * reached
        if not len(densities):
            continue
        rank = min(reached, len(densities))
        top = float(np.partition(densities, len(densities) - rank)[-rank])
        needed = enough if reached >= _FEW else _ENOUGH_ABOVE_FEW
        if stride == 1 or top >= needed * stride * each.max():
            return round_up(top)
    return 0.0


def _window(extent: tuple[int, int, int, int], level: int) -> Window:
    left, right, top, bottom = (v >> (CELL_LEVEL - level) for v in extent)
    return level, left, top, right - left + 1, bottom - top + 1


def _strides(scan: Scan, which: CubeFilter) -> list[tuple[int, int]]:
    """Return of how many calls one is counted, quickest first, with how many are enough; 1 of 1 is last."""
    every = (1, 0)
    if which.within is not None or scan.masks is None:
        return [every]
    calls = sum(int(segment.starts[segment.places]) for segment, _ in scan.parts)
    sampled = [(m, e) for m, e in zip(SAMPLES, ENOUGH, strict=True) if calls > m]
    return [*((1 << (-(-calls // most) - 1).bit_length(), enough) for most, enough in sampled), every]


def _sampled(scan: Scan, window: Window, stride: int) -> tuple[Grid, int]:
    """Return calls by cell and how many these are, both estimated from every ``stride``-th."""
    level, left, top, width, height = window
    counts, passed = np.zeros((height, width), np.float32), 0
    masks = cast("Masks", scan.masks)
    for segment, _ in scan.parts:
        sample = segment.sample(stride)
        passed += _count(*sample, *masks, CELL_LEVEL - level, left, top, segment.weight, counts)
    counts *= np.float32(stride)
    return counts, passed * stride


@compiled()
def _count(
    columns: UInt32s,
    rows: UInt32s,
    codes: UInt32s,
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
    """Count the calls that pass by cells ``up`` levels above; return how many fell inside."""
    height, width = grid.shape
    answers = np.empty(1024, np.uint8)
    passed = 0
    for begin in range(0, len(codes), 1024):
        run = codes[begin : begin + 1024]
        answer(run, first, length, hours, days, families, sources, answers)
        for i in range(len(run)):
            if answers[i]:
                column, row = (int(columns[begin + i]) >> up) - left, (int(rows[begin + i]) >> up) - top
                if 0 <= column < width and 0 <= row < height:
                    grid[row, column] += np.float32(weight)
                    passed += weight
    return passed


@compiled()
def _densities(counts: Grid, each: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return counts times what a call counts for in its row, where there are any."""
    out = np.empty(counts.size, np.float64)
    k = 0
    for row in range(counts.shape[0]):
        for count in counts[row]:
            if count > 0:
                out[k] = count * each[row]
                k += 1
    return out[:k].copy()
