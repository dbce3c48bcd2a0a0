"""Scans of a cube's segments by the compiled loops, on as many threads as are given."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from geo.hotspots.cube import kernels, masked
from geo.hotspots.cube.filter import Masks, Tables
from geo.hotspots.cube.kernels import Int64s, UInt64s
from geo.hotspots.cube.layout import CELL_LEVEL, KINDS
from geo.hotspots.cube.segment import Ranges, Segment, pieces, window

T = TypeVar("T")
SHARED_FROM: Final = 500_000
"""Calls from which on a scan is worth more than one thread."""
_COARSEST: Final = 10
Grid = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """What a filter lets through: shares of segments by directory ranges, and the tables to choose by."""

    parts: tuple[tuple[Segment, Ranges], ...]
    tables: Tables
    masks: Masks | None
    threads: int = 1

    def narrowed(self, level: int, left: int, top: int, width: int, height: int) -> Scan:
        """Return the part of the scan that a window of cells of ``level`` needs."""
        low, high = window(level, left, top, width, height)
        kept = [(segment, _both(segment.between(low, high), ranges)) for segment, ranges in self.parts]
        parts = tuple((segment, ranges) for segment, ranges in kept if ranges)
        return Scan(parts=parts, tables=self.tables, masks=self.masks, threads=self.threads)

    def calls(self, starts: dict[int, Int64s] | None = None) -> int:
        """Return how many calls are looked at; for ``starts`` see ``run``."""
        held = [(starts[id(s)] if starts else s.starts, ranges) for s, ranges in self.parts]
        return sum(int(at[b] - at[a]) for at, ranges in held for a, b in ranges)

    def run(self, work: Callable[[Segment, int, int], T], starts: dict[int, Int64s] | None = None) -> list[T]:
        """Call ``work(segment, low, high)`` for all ranges, about equal shares a thread.

        ``starts`` are those of other directories, by the ``id`` of their segment, where ranges are of these.
        """
        shares = [
            (segment, share)
            for segment, ranges in self.parts
            for share in pieces(starts[id(segment)] if starts else segment.starts, ranges, self.threads)
        ]

        def one(task: tuple[Segment, Ranges]) -> list[T]:
            return [work(task[0], low, high) for low, high in task[1]]

        if self.threads <= 1 or len(shares) <= 1 or self.calls(starts) < SHARED_FROM:
            return [result for share in shares for result in one(share)]
        with ThreadPoolExecutor(min(self.threads, len(shares))) as pool:
            return [result for results in pool.map(one, shares) for result in results]

    def counts(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return calls by hour code (from the tables' base on) and by kind, int64 each."""

        def work(segment: Segment, low: int, high: int) -> None:
            by_hour, by_kind = own.get()
            if self.masks is not None:
                codes = segment.codes[segment.starts[low] : segment.starts[high]]
                masked.count_chosen(codes, *self.masks, self.tables.base, segment.weight, by_hour, by_kind)
                return
            kernels.count_kinds(
                segment.starts, segment.codes, segment.where, segment.areas, low, high, *self.tables,
                segment.weight, by_hour, by_kind,
            )  # fmt: skip

        own = _Sheets(lambda: (np.zeros(max(len(self.tables.hours), 1), np.int64), np.zeros(KINDS, np.int64)))
        self.run(work)
        sheets = own.all()
        return sum((s[0] for s in sheets[1:]), sheets[0][0]), sum((s[1] for s in sheets[1:]), sheets[0][1])

    def areas(self, count: int) -> npt.NDArray[np.int64]:
        """Return calls by area number, int64[count + 1]; the last is "in none"."""
        own = _Sheets(lambda: np.zeros(count + 1, np.int64))

        def work(segment: Segment, low: int, high: int) -> None:
            kernels.count_areas(
                segment.starts, segment.codes, segment.where, segment.areas, low, high, *self.tables,
                segment.weight, own.get(),
            )  # fmt: skip

        self.run(work)
        sheets = own.all()
        return np.asarray(sum(sheets[1:], sheets[0]))

    def grid(self, level: int, left: int, top: int, width: int, height: int, *, few: bool = False) -> tuple[Grid, int]:
        """Return calls by cells of ``level`` in a window, float32[height, width], and how many these are.

        It is quicker to know where ``few`` calls pass.
        """
        own = _Sheets(lambda: np.zeros((height, width), np.float32))
        fine = max(level - CELL_LEVEL, 0)
        by_run = level <= CELL_LEVEL
        add = masked.add_few if few else masked.sum_cells

        def work(segment: Segment, low: int, high: int) -> int:
            at = held[id(segment)]
            if by_run and self.masks is not None:
                return add(
                    at.cells, at.starts, segment.codes, low, high, *self.masks, at.up, left, top, segment.weight,
                    own.get(),
                )  # fmt: skip
            return kernels.add_points(
                at.cells, at.starts, segment.codes, segment.where, segment.areas, low, high, *self.tables,
                at.up, fine, left, top, segment.weight, own.get(),
            )  # fmt: skip

        climbed = [_climbed(segment, ranges, level) for segment, ranges in self.parts]
        held = {id(segment): directory for (segment, _), (directory, _) in zip(self.parts, climbed, strict=True)}
        parts = tuple((segment, ranges) for (segment, _), (_, ranges) in zip(self.parts, climbed, strict=True))
        found = sum(replace(self, parts=parts).run(work, {k: v.starts for k, v in held.items()}))
        sheets = own.all()
        for sheet in sheets[1:]:
            sheets[0] += sheet
        return sheets[0], int(found)

    def frames(
        self, frame_of: npt.NDArray[np.int32], k: int, left: float, top: float, size: float, width: int, height: int
    ) -> tuple[Grid, npt.NDArray[np.int64], int]:
        """Return calls by frame and pixel, float32[k, height, width], calls inside by frame, and calls with a frame.

        ``frame_of`` names the frame of each hour code from the tables' base on (-1 for none); a pixel is ``size``
        cells of the directory wide.
        """
        sheet, inside = np.zeros((k, height, width), np.float32), np.zeros(k, np.int64)

        def work(segment: Segment, low: int, high: int) -> int:
            return kernels.add_frames(
                segment.cells, segment.starts, segment.codes, segment.where, segment.areas, low, high, *self.tables,
                frame_of, left, top, size, segment.weight, sheet, inside,
            )  # fmt: skip

        # One thread: a sheet for each would be too much memory.
        return sheet, inside, int(sum(replace(self, threads=1).run(work)))


class _Sheets(Generic[T]):
    """One sheet of results a thread: threads never write to the same place."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._by_thread: dict[int, T] = {}

    def get(self) -> T:
        """Return the sheet of this thread."""
        mine = threading.get_ident()
        if mine not in self._by_thread:
            self._by_thread[mine] = self._make()
        return self._by_thread[mine]

    def all(self) -> list[T]:
        """Return all sheets, at least one."""
        return list(self._by_thread.values()) or [self._make()]


class _Directory(NamedTuple):
    """A directory of a segment, and how many levels below those that are asked for."""

    cells: UInt64s
    starts: Int64s
    up: int


def _climbed(segment: Segment, ranges: Ranges, level: int) -> tuple[_Directory, Ranges]:
    """Return the coarsest directory that serves cells of ``level``, and the ranges in it."""
    kept = min(max(level, _COARSEST), CELL_LEVEL)
    higher = segment.climb(kept, ranges) if kept < CELL_LEVEL else None
    if higher is None:
        return _Directory(segment.cells, segment.starts, max(CELL_LEVEL - level, 0)), ranges
    return _Directory(*segment.coarser(kept), kept - level), higher


def _both(one: Ranges, other: Ranges) -> Ranges:
    """Return what two rising lists of ranges have in common."""
    out: Ranges = []
    i = j = 0
    while i < len(one) and j < len(other):
        low, high = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if low < high:
            out.append((low, high))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return out
