"""Periods of whole statistical days, and the earlier ones that they are compared with."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError

Aligned = Literal["date", "weekday"]
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Period:
    """The statistical days from ``first`` to ``last``, both included, each named by the date on which it begins.

    A day begins at ``day_start`` o'clock on the local clock: the day 2026-11-21 that starts at 8 ends on 11-22 at 08:00.
    """

    first: date
    last: date
    day_start: int = 8

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ParameterError(
                f"The period ends on {self.last}, before it begins on {self.first}",
                f"时段的结束日 {self.last} 早于开始日 {self.first}",
            )
        if not 0 <= self.day_start <= 23:
            raise ParameterError(
                f"The statistical day starts at an hour from 0 to 23, not {self.day_start}",
                f"统计日起始时刻应为 0 至 23 时，而不是 {self.day_start}",
            )

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """First moment, local clock."""
        return datetime.combine(self.first, time(self.day_start))

    @property
    def end(self) -> datetime:
        """Moment after the last one, local clock."""
        return datetime.combine(self.last + timedelta(days=1), time(self.day_start))

    @property
    def months(self) -> int:
        """Number of calendar months that the period consists of exactly, else 0."""
        whole = self.first.day == 1 and self.last.day == _last_day(self.last.year, self.last.month)
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1 if whole else 0

    def label(self, language: str = "zh") -> str:
        """Return both ends with their weekdays and hours."""
        ends = []
        for moment in (self.start, self.end):
            day = moment.weekday()
            name = f"周{_WEEKDAYS_ZH[day]}" if language.startswith("zh") else _WEEKDAYS_EN[day]
            ends.append(f"{moment:%Y-%m-%d} {name} {moment:%H:%M}")
        return (" 至 " if language.startswith("zh") else " to ").join(ends)


def years_before(period: Period, *, years: int = 1, aligned: Aligned = "date") -> Period:
    """Return the period ``years`` earlier (同比): the same dates, or the nearest same weekdays.

    Whole calendar months stay whole calendar months, and 29 February becomes 28 February in a common year; the lengths may
    then differ by a day, which rates per day account for. ``weekday`` moves by the whole number of weeks nearest to the dates.
    """
    if years < 1:
        raise ParameterError(f"Years before are 1 or more, not {years}", f"向前年数应不小于 1，而不是 {years}")
    first, last = _same_date(period.first, years), _same_date(period.last, years)
    if aligned == "weekday":
        weeks = round((period.first - first).days / 7)
        return replace(period, first=period.first - timedelta(weeks=weeks), last=period.last - timedelta(weeks=weeks))
    if period.months:
        last = date(last.year, last.month, _last_day(last.year, last.month))
    return replace(period, first=first, last=last)


def period_before(period: Period) -> Period:
    """Return the period just before (环比): as many whole calendar months, or as many days."""
    last = period.first - timedelta(days=1)
    if period.months:
        serial = period.first.year * 12 + period.first.month - 1 - period.months
        return replace(period, first=date(serial // 12, serial % 12 + 1, 1), last=last)
    return replace(period, first=period.first - timedelta(days=period.days), last=last)


def earlier_years(period: Period, *, years: int = 5, aligned: Aligned = "date") -> tuple[Period, ...]:
    """Return the same period of each of the last ``years`` years, latest first: the base of the five-year mean."""
    return tuple(years_before(period, years=back, aligned=aligned) for back in range(1, years + 1))


def same_season(period: Period, *, years: int = 1) -> Period:
    """Return the season ``years`` earlier that holds the middle of the period.

    Seasons are March to May, June to August, September to November, December to February.
    """
    middle = period.first + timedelta(days=(period.days - 1) // 2)
    serial = (middle.year - years) * 12 + middle.month - 1
    serial -= (middle.month % 12) % 3  # December, March, June and September begin one
    first, after = date(serial // 12, serial % 12 + 1, 1), serial + 2
    return replace(period, first=first, last=date(after // 12, after % 12 + 1, _last_day(after // 12, after % 12 + 1)))


def count_in(at: npt.NDArray[np.datetime64], periods: Sequence[Period]) -> npt.NDArray[np.int64]:
    """Return how many local clock times (datetime64[n], gaps count nowhere) fall into each period, int64[k]."""
    times = np.sort(np.asarray(at, dtype="datetime64[us]")[~np.isnat(at)])
    edges = np.array([[p.start, p.end] for p in periods], dtype="datetime64[us]").reshape(-1, 2)
    places = np.searchsorted(times, edges, side="left")
    return np.asarray(places[:, 1] - places[:, 0], dtype=np.int64)


def _last_day(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _same_date(day: date, years: int) -> date:
    year = day.year - years
    return date(year, day.month, min(day.day, _last_day(year, day.month)))
