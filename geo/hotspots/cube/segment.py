"""One sorted run of packed calls with its directory of cells; in memory or mapped from a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.hotspots.cube.kernels import Areas, Int64s, UInt32s, UInt64s
from geo.hotspots.cube.layout import CELL_LEVEL, NOWHERE, cell_columns_rows, code_hours, morton

SPARE_U16: Final = 0xFFFF
SPARE_U32: Final = 0xFFFFFFFF
Ranges = list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Packed calls in any order: uint64, uint32, uint32 and unsigned area numbers, all of length n."""

    cells: UInt64s
    codes: UInt32s
    where: UInt32s
    areas: Areas

    def __len__(self) -> int:
        return len(self.cells)

    def take(self, chosen: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Rows:
        """Return some of the calls."""
        return Rows(
            cells=self.cells[chosen], codes=self.codes[chosen], where=self.where[chosen], areas=self.areas[chosen]
        )

    def order(self) -> npt.NDArray[np.intp]:
        """Return the order by cell, then by time and kind; equal calls are interchangeable."""
        if not len(self):
            return np.zeros(0, np.intp)
        least, most = int(self.cells.min()), int(self.cells.max())
        if most - least >= 1 << 32:
            return np.lexsort((self.where, self.codes, self.cells))
        keys = ((self.cells - np.uint64(least)) << np.uint64(32)) | self.codes
        return np.argsort(keys)


def joined(parts: list[Rows]) -> Rows:
    """Return calls of several parts one after another."""
    return Rows(
        cells=np.concatenate([p.cells for p in parts]), codes=np.concatenate([p.codes for p in parts]),
        where=np.concatenate([p.where for p in parts]), areas=np.concatenate([p.areas for p in parts]),
    )  # fmt: skip


class Sample(NamedTuple):
    """Some calls: columns and rows of their cells at ``CELL_LEVEL`` and their codes, uint32[n] each."""

    columns: UInt32s
    rows: UInt32s
    codes: UInt32s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """Calls sorted by cell, then by time.

    Attributes
    ----------
    cells : uint64[m], rising; the last may be ``NOWHERE``
    starts : int64[m + 1]
    codes, where : uint32[n]; areas : uint16[n] or uint32[n], the greatest number is "in none"
    weight : 1, or -1 where the calls were taken back
    hours : first hour since ``layout.EPOCH`` that holds a call, and the hour after the last
    """

    cells: UInt64s
    starts: Int64s
    codes: UInt32s
    where: UInt32s
    areas: Areas
    weight: int
    hours: tuple[int, int]
    _coarser: dict[int, tuple[UInt64s, Int64s]] = field(default_factory=dict)
    _samples: dict[int, Sample] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Rows, *, weight: int = 1, is_sorted: bool = False) -> Segment:
        """Sort calls (unless they are) and build their directory."""
        held = rows if is_sorted else rows.take(rows.order())
        cells, starts = directory(held.cells)
        return cls(
            cells=cells, starts=starts, codes=held.codes, where=held.where, areas=held.areas, weight=weight,
            hours=hours_of(held.codes),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def places(self) -> int:
        """Number of directory entries that are places."""
        m = len(self.cells)
        return m - 1 if m and int(self.cells[-1]) >= NOWHERE else m

    def everywhere(self) -> Ranges:
        """Return the directory entries of all calls with a place."""
        return [(0, self.places)] if self.places else []

    def nowhere(self) -> Ranges:
        """Return the directory entry of the calls without a place."""
        return [(self.places, len(self.cells))] if self.places < len(self.cells) else []

    def between(self, low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> Ranges:
        """Return the directory entries of cells ``low <= cell < high``, each int64[k], rising and apart."""
        a = np.searchsorted(self.cells, low.astype(np.uint64))
        b = np.searchsorted(self.cells, high.astype(np.uint64))
        return [(int(i), int(j)) for i, j in zip(a, b, strict=True) if i < j]

    def coarser(self, level: int) -> tuple[UInt64s, Int64s]:
        """Return the directory by cells of a coarser ``level`` of the calls with a place: cells and starts."""
        if level not in self._coarser:
            finer = (self.cells[: self.places], self.starts[: self.places + 1])
            if level < CELL_LEVEL - 1:
                finer = self.coarser(level + 1)
            found, first = directory(finer[0] >> np.uint64(2 if level < CELL_LEVEL else 0))
            self._coarser[level] = found, finer[1][first]
        return self._coarser[level]

    def sample(self, stride: int) -> Sample:
        """Return every ``stride``-th call with a place, in order."""
        if stride not in self._samples:
            at = np.arange(0, int(self.starts[self.places]), stride)
            columns, rows = cell_columns_rows(self.cells[np.searchsorted(self.starts, at, side="right") - 1])
            self._samples[stride] = Sample(
                columns=columns.astype(np.uint32), rows=rows.astype(np.uint32), codes=self.codes[at]
            )
        return self._samples[stride]

    def climb(self, level: int, ranges: Ranges) -> Ranges | None:
        """Return directory ranges as those of a coarser ``level``; None where an end lies inside a coarser cell."""
        _, starts = self.coarser(level)
        ends = np.array(ranges, dtype=np.int64).reshape(-1, 2)
        calls = self.starts[ends]
        at = np.searchsorted(starts, calls)
        if (starts[np.minimum(at, len(starts) - 1)] != calls).any():
            return None
        return [(int(a), int(b)) for a, b in at]

    def rows(self, low: int, high: int) -> Rows:
        """Return the calls of directory entries ``low`` to ``high``, in order."""
        part = slice(int(self.starts[low]), int(self.starts[high]))
        cells = np.repeat(self.cells[low:high], np.diff(self.starts[low : high + 1]))
        return Rows(cells=cells, codes=self.codes[part], where=self.where[part], areas=self.areas[part])


def directory(cells: UInt64s) -> tuple[UInt64s, Int64s]:
    """Return the cells that occur in rising ``cells``, and where the run of each starts, with the end."""
    if not len(cells):
        return np.zeros(0, np.uint64), np.zeros(1, np.int64)
    first = np.flatnonzero(np.concatenate([[True], cells[1:] != cells[:-1]]))
    return cells[first], np.append(first, len(cells)).astype(np.int64)


def pieces(starts: Int64s, ranges: Ranges, parts: int) -> list[Ranges]:
    """Split directory entries into about equal shares of calls."""
    total = sum(int(starts[b] - starts[a]) for a, b in ranges)
    if parts <= 1 or total < 1_000_000:
        return [ranges] if ranges else []
    out: list[Ranges] = [[]]
    share, filled = -(-total // parts), 0
    for a, b in ranges:
        low = a
        while low < b:
            room = share - filled
            high = min(int(np.searchsorted(starts, starts[low] + room, side="left")), b)
            high = max(high, low + 1)
            out[-1].append((low, high))
            filled += int(starts[high] - starts[low])
            low = high
            if filled >= share:
                out.append([])
                filled = 0
    return [piece for piece in out if piece]


def hours_of(codes: UInt32s) -> tuple[int, int]:
    """Return the first hour that holds a call and the hour after the last; equal where there is none."""
    if not len(codes):
        return 0, 0
    low, high = code_hours(np.array([codes.min(), codes.max()], dtype=np.uint32) >> np.uint32(12))
    return int(low), int(high) + 1


def window(level: int, left: int, top: int, width: int, height: int) -> tuple[npt.NDArray[np.int64], ...]:
    """Return rising cell ranges (low, high), int64[k] each, that together cover a window of cells of ``level``."""
    coarse = max(min(level - 5, CELL_LEVEL), 0)
    shift, side = level - coarse, 1 << coarse
    columns = np.arange(max(left >> shift, 0), min((left + width - 1) >> shift, side - 1) + 1)
    rows = np.arange(max(top >> shift, 0), min((top + height - 1) >> shift, side - 1) + 1)
    codes = np.sort(morton(np.tile(columns, len(rows)), np.repeat(rows, len(columns))).astype(np.int64))
    if not len(codes):
        return codes, codes
    apart = np.flatnonzero(np.diff(codes) > 1)
    low = codes[np.concatenate([[0], apart + 1])]
    high = codes[np.concatenate([apart, [len(codes) - 1]])] + 1
    up = 2 * (CELL_LEVEL - coarse)
    return low << up, high << up


def area_numbers(areas: npt.NDArray[np.integer], count: int) -> Areas:
    """Return area numbers (-1 for none) as the smallest unsigned type that holds ``count`` of them."""
    if count < SPARE_U16:
        return np.where(areas < 0, SPARE_U16, areas).astype(np.uint16)
    return np.where(areas < 0, SPARE_U32, areas).astype(np.uint32)


def renumbered(rows: Rows, count: int) -> Rows:
    """Return calls with area numbers of the type that ``count`` areas need."""
    spare = SPARE_U16 if rows.areas.dtype == np.uint16 else SPARE_U32
    numbers = area_numbers(np.where(rows.areas == spare, -1, rows.areas.astype(np.int64)), count)
    return Rows(cells=rows.cells, codes=rows.codes, where=rows.where, areas=numbers)
