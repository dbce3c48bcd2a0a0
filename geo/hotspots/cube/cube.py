"""The cube as it is asked: counts by anything, for any filter, exact to the call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from geo.hotspots.cube.figures import CellCounts, Chosen, Figure, Figures
from geo.hotspots.cube.filter import EVERYTHING, CubeFilter, tables_of
from geo.hotspots.cube.kernels import choose, count_cells, union
from geo.hotspots.cube.layout import CELL_LEVEL, EPOCH, cell_columns_rows, places, unpack_minutes
from geo.hotspots.cube.profile import Profile
from geo.hotspots.cube.ready import Ready, ready
from geo.hotspots.cube.scan import Scan
from geo.hotspots.cube.segment import Ranges, Segment
from geo.hotspots.cube.within import parts_within
from geo.hotspots.when import MINUTES_PER_DAY, MINUTES_PER_WEEK, HourByWeekday


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cube:
    """Calls by cell, hour, family and source; safe to use from many threads.

    Every count is that of going through the calls one by one. Calls without a place are in no figure ``n`` and
    counted beside it.

    Attributes
    ----------
    segments : sorted runs of calls
    family_names, area_codes : what the numbers of families and areas stand for
    period : local minutes since 1970-01-01 at which the data starts and ends; rates are over no more than this
    threads : on how many processors a scan runs
    """

    segments: tuple[Segment, ...]
    family_names: tuple[str, ...]
    area_codes: tuple[str, ...]
    period: tuple[int, int]
    threads: int = 1
    _within: dict[CubeFilter, tuple[tuple[Segment, Ranges], ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        lonlat: npt.NDArray[np.float64],
        at: npt.NDArray[np.datetime64],
        families: Sequence[str] | npt.NDArray[np.object_],
        *,
        placed: npt.NDArray[np.bool_] | None = None,
        areas: Sequence[str | None] | npt.NDArray[np.object_] | None = None,
        valid: npt.NDArray[np.bool_] | None = None,
        case: npt.NDArray[np.bool_] | None = None,
        citizen: npt.NDArray[np.bool_] | None = None,
        period: tuple[np.datetime64, np.datetime64] | None = None,
        threads: int = 1,
    ) -> Self:
        """Index calls in memory: float64[n, 2] WGS84 degrees, datetime64[n] local clock, family names, area codes.

        Coordinates of calls that are not ``placed`` are not read. All are valid and reported by citizens, and none is
        a case, unless said otherwise. ``period`` is what the data covers (whole days from the first to the last call
        unless given): without it a quiet start would not count.

        Raises
        ------
        InputError
            If lengths differ, a time is empty or not of 1970 to 2048, a placed call has a coordinate that is not
            finite, or a call lies outside ``period``.
        """
        made = ready(
            lonlat, at, families, placed=placed, areas=areas, valid=valid, case=case, citizen=citizen, period=period
        )
        return cls.from_ready(made, threads=threads)

    @classmethod
    def from_ready(cls, made: Ready, *, threads: int = 1) -> Self:
        """Return the cube in memory of calls that were made ready."""
        return cls(
            segments=(Segment.of(made.rows()),), family_names=made.family_names, area_codes=made.area_codes,
            period=made.period, threads=threads,
        )  # fmt: skip

    def __len__(self) -> int:
        return sum(s.weight * len(s) for s in self.segments)

    @property
    def placed(self) -> int:
        """Number of calls that have a place."""
        return sum(s.weight * int(s.starts[s.places]) for s in self.segments)

    @property
    def hours(self) -> tuple[int, int]:
        """First hour since ``layout.EPOCH`` that holds a call, and the hour after the last."""
        held = [s.hours for s in self.segments if len(s)]
        return (min(h[0] for h in held), max(h[1] for h in held)) if held else (0, 0)

    def span(self, which: CubeFilter = EVERYTHING) -> tuple[int, int]:
        """Return first and last minute of the filter within the period of the data; equal when they do not meet."""
        first, last = max(which.first, self.period[0]), min(which.last, self.period[1])
        return first, max(first, last)

    def weeks(self, which: CubeFilter = EVERYTHING) -> float:
        """Return the length of the filter's period in weeks; hours and weekdays do not shorten it."""
        first, last = self.span(which)
        return (last - first) / MINUTES_PER_WEEK

    def scan(self, which: CubeFilter = EVERYTHING, *, placed: bool = True) -> Scan:
        """Return the scan of a filter: over the calls with a place, or over those without."""
        begin, end = (EPOCH + hour * 60 for hour in self.hours)
        first, last = max(which.first, begin), min(which.last, end)
        tables, masks = tables_of(which, first, last, self.family_names, self.area_codes)
        low, high = (first - EPOCH) // 60, -(-(last - EPOCH) // 60)
        parts = tuple(
            (segment, ranges)
            for segment, ranges in self._parts(which, placed=placed)
            if ranges and len(tables.hours) and segment.hours[0] < high and low < segment.hours[1]
        )
        return Scan(parts=parts, tables=tables, masks=masks, threads=self.threads)

    def profile(self, which: CubeFilter = EVERYTHING) -> Profile:
        """Return, from one scan, what passes by hour of the period and by family: all figures over time come from it."""
        scan = self.scan(which)
        by_hour, by_kind = scan.counts()
        unplaced = self.scan(which, placed=False).counts()[1].sum()
        return Profile.of(
            scan.tables.base, by_hour, by_kind.reshape(-1, 8).sum(axis=1)[: len(self.family_names)],
            names=self.family_names, unplaced=int(unplaced), span=self.span(which), weeks=self.weeks(which),
        )  # fmt: skip

    def total(self, which: CubeFilter = EVERYTHING) -> Figure:
        """Return how many calls pass."""
        return self.profile(which).total()

    def by_hour(self, which: CubeFilter = EVERYTHING) -> Figures:
        """Return calls by hour of day, 24 figures."""
        return self.profile(which).by_hour()

    def by_weekday(self, which: CubeFilter = EVERYTHING) -> Figures:
        """Return calls by day of week, Monday first (labels 1 to 7)."""
        return self.profile(which).by_weekday()

    def by_hour_of_week(self, which: CubeFilter = EVERYTHING) -> HourByWeekday:
        """Return calls on the map by weekday and hour."""
        return self.profile(which).by_hour_of_week()

    def by_family(self, which: CubeFilter = EVERYTHING) -> Figures:
        """Return calls by family, in the order of ``family_names``."""
        return self.profile(which).by_family()

    def by_day(self, which: CubeFilter = EVERYTHING, *, starts_at: int = 0) -> Figures:
        """Return calls by day of the filter's period; a day starts at hour ``starts_at`` of its date."""
        return self.over_time(which, step_minutes=MINUTES_PER_DAY, offset_minutes=starts_at * 60)

    def over_time(self, which: CubeFilter = EVERYTHING, *, step_minutes: int, offset_minutes: int = 0) -> Figures:
        """Return calls in steps of equal length over the filter's period; labels are the steps' local starts."""
        if step_minutes % 60 == 0 and offset_minutes % 60 == 0:
            return self.profile(which).over_time(step_minutes=step_minutes, offset_minutes=offset_minutes)
        chosen = self.calls(which)
        return self.profile(which).over_time(
            step_minutes=step_minutes, offset_minutes=offset_minutes, minutes=chosen.minutes
        )

    def by_area(self, which: CubeFilter = EVERYTHING) -> Figures:
        """Return calls by area, in the order of ``area_codes``; calls in none of them are ``elsewhere``."""
        n = self.scan(which).areas(len(self.area_codes))
        unplaced = self.scan(which, placed=False).counts()[1].sum()
        return Figures.of(self.area_codes, n[:-1], unplaced=int(unplaced), elsewhere=int(n[-1]))

    def cells(self, level: int = CELL_LEVEL, which: CubeFilter = EVERYTHING) -> CellCounts:
        """Return calls by cell and family; ``level`` is at most 20 (38 m at the equator).

        Raises
        ------
        ParameterError
            If there is no such level.
        """
        if not 0 <= level <= CELL_LEVEL:
            raise ParameterError(
                f"Cells are of level 0 to {CELL_LEVEL}, not {level}", f"单元级别应为 0 至 {CELL_LEVEL}，而不是 {level}"
            )
        scan = self.scan(which)
        known = np.zeros(0, np.uint64)
        rows: dict[int, npt.NDArray[np.int64]] = {}
        for segment, _ in scan.parts:
            coarse, starts = segment.coarser(level)
            known, old, new = union(known, coarse)
            rows = {key: old[held] for key, held in rows.items()}
            # The row of each run is that of the coarser cell that it lies in.
            rows[id(segment)] = np.repeat(new, np.diff(np.searchsorted(segment.starts[: segment.places + 1], starts)))
        counts = np.zeros((len(known), max(len(self.family_names), 1)), np.int32)

        def work(segment: Segment, low: int, high: int) -> None:
            count_cells(
                rows[id(segment)], segment.starts, segment.codes, segment.where, segment.areas, low, high,
                *scan.tables, segment.weight, counts,
            )  # fmt: skip

        # Threads would meet in the cells where their shares touch.
        replace(scan, threads=1).run(work)
        some = counts.any(axis=1)
        columns, at = cell_columns_rows(known[some])
        return CellCounts(
            level=level, columns=columns, rows=at, families=self.family_names,
            counts=counts[some][:, : len(self.family_names)],
        )  # fmt: skip

    def calls(self, which: CubeFilter = EVERYTHING, *, placed: bool = True) -> Chosen:
        """Return the calls that pass, one by one: those with a place, or those without.

        Calls that were taken back are left out, each with one of its equals.
        """
        scan = self.scan(which, placed=placed)
        found: list[tuple[npt.NDArray[np.int64], ...]] = []
        for segment, ranges in scan.parts:
            for low, high in ranges:
                out = np.empty((2, int(segment.starts[high] - segment.starts[low])), np.int64)
                k = choose(segment.starts, segment.codes, segment.where, segment.areas, low, high, *scan.tables, out)
                i, j = out[:, :k]
                none = segment.areas.dtype.type(-1 & int(np.iinfo(segment.areas.dtype).max))
                areas = np.where(segment.areas[i] == none, -1, segment.areas[i].astype(np.int64))
                found.append(
                    (segment.cells[j].astype(np.int64), segment.codes[i].astype(np.int64),
                     segment.where[i].astype(np.int64), areas, np.full(k, segment.weight))
                )  # fmt: skip
        return self._chosen(found)

    def _chosen(self, found: list[tuple[npt.NDArray[np.int64], ...]]) -> Chosen:
        table = np.concatenate([np.stack(part) for part in found], axis=1) if found else np.zeros((5, 0), np.int64)
        order = np.lexsort((table[2], table[1], table[0]))
        table = table[:, order]
        if (table[4] < 0).any():
            table = _taken_back(table)
        cells, where, codes = table[0].astype(np.uint64), table[2].astype(np.uint32), table[1].astype(np.uint32)
        return Chosen(
            lonlat=places(cells, where), minutes=unpack_minutes(codes, where),
            families=((codes >> np.uint32(3)) & np.uint32(511)).astype(np.int32), family_names=self.family_names,
            areas=table[3].astype(np.int32), area_codes=self.area_codes,
        )  # fmt: skip

    def _parts(self, which: CubeFilter, *, placed: bool) -> tuple[tuple[Segment, Ranges], ...]:
        if not placed:
            # A call without a place is in no polygon.
            return () if which.within is not None else tuple((s, s.nowhere()) for s in self.segments)
        if which.within is None:
            return tuple((s, s.everywhere()) for s in self.segments)
        key = CubeFilter(within=which.within)
        if key not in self._within:
            if len(self._within) >= 64:
                self._within.clear()
            self._within[key] = tuple(p for s in self.segments for p in parts_within(s, which.within))
        return self._within[key]


def _taken_back(table: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Drop each row of weight -1 with one equal row of weight 1."""
    new = np.concatenate([[True], (table[:3, 1:] != table[:3, :-1]).any(axis=0)])
    group = np.cumsum(new) - 1
    left = np.zeros(int(group[-1]) + 1, np.int64)
    np.add.at(left, group, table[4])
    plus = table[:, table[4] > 0]
    group = group[table[4] > 0]
    first = np.searchsorted(group, group)
    return plus[:, np.arange(len(group)) - first < left[group]]
