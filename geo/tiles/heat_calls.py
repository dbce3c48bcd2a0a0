"""Calls in map order: chosen by family and time, counted with their uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError
from geo.hotspots.when import (
    MINUTES_PER_DAY,
    MINUTES_PER_WEEK,
    HourByWeekday,
    hour_of_week,
    hours_table,
    local_minutes,
)
from geo.incidents.poisson import poisson_interval
from geo.tables.calls import Calls
from geo.tiles.heat_filter import EVERYTHING, HeatFilter
from geo.tiles.heat_kernels import chosen
from geo.tiles.mercator import to_cells

LEVEL: Final = 24
"""Calls are kept as cells of a square of 2**24 a side (about 2 m)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of calls on the map with its exact 95 % Poisson interval, and the calls without a place beside it."""

    n: int
    low: float
    high: float
    unplaced: int
    weeks: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures:
    """Numbers of calls on the map by something, each with its exact 95 % Poisson interval.

    Attributes
    ----------
    labels : tuple of k str
    n : int64[k]; low, high : float64[k]
    unplaced : int, calls that pass but have no place; they are in none of ``n``
    elsewhere : int, calls on the map that belong to none of the labels
    """

    labels: tuple[str, ...]
    n: npt.NDArray[np.int64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    unplaced: int
    elsewhere: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallIndex:
    """Calls in Morton order (then those without a place), ready to be chosen and counted.

    Attributes
    ----------
    morton : uint64[p], rising; columns, rows : int32[p], the p calls that have a place
    minutes : int32[n], local clock, minutes since 1970-01-01; hours : uint8[n], hour of the week
    families : int16[n], index into ``family_names``; areas : int32[n], index into ``area_codes``, -1 outside all
    period : minutes at which the data starts and ends; rates are over no more than this
    """

    morton: npt.NDArray[np.uint64]
    columns: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int32]
    minutes: npt.NDArray[np.int32]
    hours: npt.NDArray[np.uint8]
    families: npt.NDArray[np.int16]
    family_names: tuple[str, ...]
    areas: npt.NDArray[np.int32]
    area_codes: tuple[str, ...]
    period: tuple[int, int]

    @classmethod
    def of(
        cls,
        lonlat: npt.NDArray[np.float64],
        at: npt.NDArray[np.datetime64],
        families: Sequence[str] | npt.NDArray[np.object_],
        *,
        placed: npt.NDArray[np.bool_] | None = None,
        areas: Sequence[str | None] | npt.NDArray[np.object_] | None = None,
        period: tuple[np.datetime64, np.datetime64] | None = None,
    ) -> Self:
        """Index calls: float64[n, 2] WGS84 degrees, datetime64[n] local clock, family names, area codes.

        Coordinates of calls that are not ``placed`` are not read. ``period`` is what the data covers (whole days
        from the first to the last call unless given): without it a quiet start would not count.

        Raises
        ------
        InputError
            If lengths differ, a time is empty, a placed call has a coordinate that is not finite, or a call lies
            outside ``period``.
        """
        minutes = local_minutes(at)
        n = len(minutes)
        here = np.ones(n, dtype=bool) if placed is None else np.asarray(placed, dtype=bool)
        if not (len(lonlat) == len(families) == len(here) == n) or (areas is not None and len(areas) != n):
            raise InputError(
                "Places, times and families of calls are not of one length", "警情的位置、时间、类别数量不一致"
            )
        on_map, off_map = np.flatnonzero(here), np.flatnonzero(~here)
        columns, rows = to_cells(np.asarray(lonlat, dtype=np.float64)[on_map], LEVEL)
        codes = morton_code(columns, rows)
        sort = np.lexsort((minutes[on_map], codes))
        order = np.concatenate([on_map[sort], off_map])
        names, family = np.unique(np.asarray(families, dtype=object).astype(str), return_inverse=True)
        area_codes, area = _areas(areas, n)
        minutes = minutes[order]
        arrays = {
            "morton": codes[sort], "columns": columns[sort], "rows": rows[sort], "minutes": minutes,
            "hours": hour_of_week(minutes), "families": family[order].astype(np.int16), "areas": area[order],
        }  # fmt: skip
        for array in arrays.values():
            array.setflags(write=False)
        return cls(
            **arrays, family_names=tuple(str(v) for v in names), area_codes=area_codes, period=_period(period, minutes)
        )

    @classmethod
    def of_calls(cls, calls: Calls, *, zone: str, valid_only: bool = True) -> Self:
        """Index calls by the local clock of ``zone`` (IANA name); repeats and false calls only on request."""
        frame = calls.frame[calls.frame["valid"]] if valid_only else calls.frame
        at = frame["occurred_at"].dt.tz_convert(ZoneInfo(zone)).dt.tz_localize(None)
        points = frame.geometry
        return cls.of(
            np.column_stack([points.x, points.y]),
            at.to_numpy(dtype="datetime64[m]"),
            frame["family"].to_numpy(dtype=object),
            placed=frame["placed"].to_numpy(dtype=bool),
            areas=frame["grid_code"].to_numpy(dtype=object),
        )

    @property
    def placed(self) -> int:
        """Number of calls that have a place."""
        return len(self.morton)

    def __len__(self) -> int:
        return len(self.minutes)

    def span(self, which: HeatFilter = EVERYTHING) -> tuple[int, int]:
        """Return first and last minute of the filter within the period of the data; equal when they do not meet."""
        first, last = max(which.first, self.period[0]), min(which.last, self.period[1])
        return first, max(first, last)

    def weeks(self, which: HeatFilter = EVERYTHING) -> float:
        """Return the length of the filter's period in weeks; hours and weekdays do not shorten it."""
        first, last = self.span(which)
        return (last - first) / MINUTES_PER_WEEK

    def mask(self, which: HeatFilter = EVERYTHING) -> npt.NDArray[np.bool_]:
        """Return which calls pass, bool[n] in the order of the index: first those with a place."""
        return chosen(self.minutes, self.hours, self.families, *self._terms(which))

    def total(self, filter: HeatFilter = EVERYTHING) -> Figure:  # noqa: A002
        """Return how many calls pass."""
        passed = self.mask(filter)
        n = int(passed[: self.placed].sum())
        low, high = poisson_interval(n)
        return Figure(n=n, low=float(low), high=float(high), unplaced=int(passed.sum()) - n, weeks=self.weeks(filter))

    def by_hour(self, filter: HeatFilter = EVERYTHING) -> Figures:  # noqa: A002
        """Return calls by hour of day, 24 figures."""
        return self._by(self.hours % 24, tuple(f"{hour:02d}" for hour in range(24)), filter)

    def by_weekday(self, filter: HeatFilter = EVERYTHING) -> Figures:  # noqa: A002
        """Return calls by day of week, Monday first (labels 1 to 7)."""
        return self._by(self.hours // 24, tuple(str(day) for day in range(1, 8)), filter)

    def by_hour_of_week(self, filter: HeatFilter = EVERYTHING) -> HourByWeekday:  # noqa: A002
        """Return calls on the map by weekday and hour."""
        passed = self.mask(filter)[: self.placed]
        return hours_table(np.bincount(self.hours[: self.placed][passed], minlength=168))

    def by_family(self, filter: HeatFilter = EVERYTHING) -> Figures:  # noqa: A002
        """Return calls by family, in the order of ``family_names``."""
        return self._by(self.families, self.family_names, filter)

    def by_day(self, filter: HeatFilter = EVERYTHING, *, starts_at: int = 0) -> Figures:  # noqa: A002
        """Return calls by day of the filter's period; a day starts at hour ``starts_at`` of its date."""
        return self.over_time(filter, step_minutes=MINUTES_PER_DAY, offset_minutes=starts_at * 60)

    def over_time(
        self,
        filter: HeatFilter = EVERYTHING,  # noqa: A002
        *,
        step_minutes: int,
        offset_minutes: int = 0,
    ) -> Figures:
        """Return calls in steps of equal length over the filter's period; labels are the steps' local starts."""
        if step_minutes < 1:
            raise ParameterError("A step of time must be a minute or longer", "时间步长至少为 1 分钟")
        first, last = self.span(filter)
        begin = (first - offset_minutes) // step_minutes * step_minutes + offset_minutes
        k = max(0, -(-(last - begin) // step_minutes)) if last > first else 0
        starts = begin + np.arange(k, dtype=np.int64) * step_minutes
        labels = clock_labels(starts, days=step_minutes % MINUTES_PER_DAY == 0)
        return self._by((self.minutes.astype(np.int64) - begin) // step_minutes, labels, filter)

    def by_area(self, filter: HeatFilter = EVERYTHING) -> Figures:  # noqa: A002
        """Return calls by area, in the order of ``area_codes``; calls in none of them are ``elsewhere``."""
        return self._by(self.areas, self.area_codes, filter)

    def _by(self, kind: npt.NDArray[np.integer], labels: tuple[str, ...], which: HeatFilter) -> Figures:
        passed = self.mask(which)
        placed = kind[: self.placed][passed[: self.placed]].astype(np.int64)
        known = placed[(placed >= 0) & (placed < len(labels))]
        n = np.bincount(known, minlength=len(labels)).astype(np.int64)
        low, high = poisson_interval(n)
        return Figures(
            labels=labels,
            n=n,
            low=low,
            high=high,
            unplaced=int(passed[self.placed :].sum()),
            elsewhere=len(placed) - len(known),
        )

    def _terms(self, which: HeatFilter) -> tuple[int, int, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        first, last = self.span(which)
        names = np.array([which.families is None or name in which.families for name in self.family_names], dtype=bool)
        return first, last, which.hour_mask(), names


def clock_labels(minutes: npt.NDArray[np.int64], *, days: bool) -> tuple[str, ...]:
    """Return dates (``2026-11-22``) or moments (``2026-11-22T08:00``) of minutes since 1970-01-01."""
    moments = minutes.astype("datetime64[m]")
    return tuple(str(v) for v in (moments.astype("datetime64[D]") if days else moments))


_SPREADS: Final = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def _spread(values: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """Put a zero bit before each bit."""
    v = values.astype(np.uint64)
    for shift, kept in _SPREADS:
        v = (v | (v << np.uint64(shift))) & np.uint64(kept)
    return v


def morton_code(columns: npt.NDArray[np.int32], rows: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """Interleave the bits of columns and rows: calls of a tile then follow each other."""
    return _spread(columns) | (_spread(rows) << np.uint64(1))


def _areas(
    areas: Sequence[str | None] | npt.NDArray[np.object_] | None, n: int
) -> tuple[tuple[str, ...], npt.NDArray[np.int32]]:
    index = np.full(n, -1, dtype=np.int32)
    if areas is None:
        return (), index
    known = np.array([isinstance(code, str) and bool(code) for code in areas], dtype=bool)
    codes, inverse = np.unique(np.asarray(areas, dtype=object)[known].astype(str), return_inverse=True)
    index[known] = inverse
    return tuple(str(code) for code in codes), index


def _period(period: tuple[np.datetime64, np.datetime64] | None, minutes: npt.NDArray[np.int32]) -> tuple[int, int]:
    if period is not None:
        first, last = (int(v) for v in local_minutes(np.array(period, dtype="datetime64[m]")))
        if first >= last or (len(minutes) and not (first <= minutes.min() and minutes.max() < last)):
            raise ParameterError(
                "Calls lie outside the period that the data is said to cover", "有警情不在所述数据时段内"
            )
        return first, last
    if not len(minutes):
        return 0, 0
    day = MINUTES_PER_DAY
    return int(minutes.min()) // day * day, (int(minutes.max()) // day + 1) * day
