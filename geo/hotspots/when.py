"""When calls happen: hour of day by day of week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from geo.incidents.poisson import poisson_interval

MINUTES_PER_DAY: Final = 1440
MINUTES_PER_WEEK: Final = 7 * MINUTES_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourByWeekday:
    """Counts by weekday (row 0 is Monday) and hour of day, with exact 95 % Poisson intervals.

    Attributes
    ----------
    counts : int64[7, 24]
    low, high : float64[7, 24]
    n : int, all counts together
    """

    counts: npt.NDArray[np.int64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    n: int


def local_minutes(at: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int32]:
    """Return whole minutes since 1970-01-01 00:00 of local clock times, int32[n]; a gap is a ``ParameterError``."""
    times = np.asarray(at)
    if times.dtype.kind != "M":
        raise ParameterError("Times must be of type datetime64", "时间必须是 datetime64 类型")
    if np.isnat(times).any():
        row = int(np.flatnonzero(np.isnat(times))[0])
        raise ParameterError(f"Call {row + 1} has no time", f"第 {row + 1} 条警情没有时间", rows=[str(row)])
    return times.astype("datetime64[m]").astype(np.int64).astype(np.int32)


def hour_of_week(minutes: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Return 0 (Monday 00:00 to 01:00) to 167 (Sunday 23:00 to 24:00) of minutes since 1970-01-01, a Thursday."""
    return ((minutes.astype(np.int64) // 60 + 3 * 24) % 168).astype(np.uint8)


def hour_by_weekday(at: npt.NDArray[np.datetime64]) -> HourByWeekday:
    """Count local clock times (datetime64[n]) by weekday and hour."""
    return hours_table(np.bincount(hour_of_week(local_minutes(at)), minlength=168))


def hours_table(by_hour_of_week: npt.NDArray[np.int64]) -> HourByWeekday:
    """Return the table of counts by hour of week, int64[168]."""
    counts = by_hour_of_week.astype(np.int64).reshape(7, 24)
    low, high = poisson_interval(counts)
    return HourByWeekday(counts=counts, low=low, high=high, n=int(counts.sum()))
