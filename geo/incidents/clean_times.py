"""Times that cannot be or that were rounded: found by tests, not by taste."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import poisson

from geo.incidents.flags import Findings, Mask

LEVEL: Final = 1e-6
"""A pile-up is flagged where chance would make it less often than this."""

LEAST_RATIO: Final = 3.0
LEAST_CALLS: Final = 100
COARSE_SHARE: Final = 0.9
LONG_AGO: Final = np.datetime64("1990-01-01T00:00:00", "us")
LONGEST_WINDOW: Final = np.timedelta64(31, "D")
LONGEST_TO_ARRIVAL: Final = np.timedelta64(6, "h")
LONGEST_TO_END: Final = np.timedelta64(90, "D")
STAGES: Final = (
    "reported_at", "answered_at", "assigned_at", "accepted_at", "departed_at", "arrived_at", "handled_at", "closed_at",
)  # fmt: skip

Instants = npt.NDArray[np.datetime64]


def flag_times(found: Findings, frame: pd.DataFrame, *, now: np.datetime64, zone: ZoneInfo) -> str:
    """Flag impossible and rounded times of calls; return the precision of the file: ``minute``, ``hour`` or ``day``.

    Midnight: calls at 00:00:00 against the mean of those at 23:00:00 and 01:00:00. Whole hours: calls at minute 0 of each
    hour of the day against the mean of its other minutes. Both by the upper tail of a Poisson count below 1e-6 and at least
    three times as many. Where nine tenths stand on whole hours the file itself is rounded, and rows are not flagged.
    """
    start = instants(frame["occurred_at"])
    end = instants(frame["occurred_to"])
    exact = np.isnat(end)
    found.add("future", start > now + np.timedelta64(1, "D"))
    found.add("long_ago", start < LONG_AGO)
    found.add("window_long", ~exact & (end - start > LONGEST_WINDOW))
    local = instants(frame["occurred_at"].dt.tz_convert(zone).dt.tz_localize(None))
    return _pile_ups(found, local, exact)


def instants(column: pd.Series) -> Instants:
    """Return times as datetime64[us][n], in UTC where they have a zone."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.asarray(column.to_numpy(dtype="datetime64[us]"))


def _pile_ups(found: Findings, local: Instants, exact: Mask) -> str:
    second = ((local - local.astype("datetime64[D]")) // np.timedelta64(1_000_000, "us")).astype(np.int64)
    on_hour = exact & (second % 3600 == 0)
    n = int(exact.sum())
    if n == 0:
        return "day"
    if n < LEAST_CALLS:
        return "minute"  # too few to tell a habit from chance
    midnight = exact & (second == 0)
    expected = (np.count_nonzero(exact & (second == 23 * 3600)) + np.count_nonzero(exact & (second == 3600))) / 2
    if _too_many(np.array([midnight.sum()]), np.array([expected]))[0]:
        found.add("midnight", midnight)
    rest = on_hour & ~midnight
    if np.count_nonzero(on_hour) >= COARSE_SHARE * n:
        return "day" if np.count_nonzero(midnight) >= COARSE_SHARE * n else "hour"
    hours = second // 3600
    at_zero = np.bincount(hours[on_hour], minlength=24)
    others = np.bincount(hours[exact & (second % 3600 >= 60)], minlength=24)
    piled = _too_many(at_zero, others / 59)
    found.add("whole_hour", rest & piled[hours])
    return "minute"


def _too_many(counts: npt.NDArray[np.integer], expected: npt.NDArray[np.float64]) -> Mask:
    tail = poisson.sf(counts - 1, np.maximum(expected, 1.0))
    return np.asarray((tail < LEVEL) & (counts >= LEAST_RATIO * np.maximum(expected, 1.0)), dtype=bool)


def flag_clock(found: Findings, frame: pd.DataFrame) -> None:
    """Flag stages of the handling that run backwards or take absurdly long; missing stages are passed over."""
    last = np.full(len(frame), np.datetime64("NaT", "us"))
    backwards = np.zeros(len(frame), dtype=bool)
    for name in STAGES:
        if name in frame.columns:
            at = instants(frame[name])
            with np.errstate(invalid="ignore"):
                backwards |= at < last
            last = np.where(np.isnat(at), last, np.fmax(at, last))
    found.add("clock_order", backwards)
    reported = instants(frame["reported_at"])
    found.add("clock_long", instants(frame["arrived_at"]) - reported > LONGEST_TO_ARRIVAL)
    found.add("clock_long", instants(frame["closed_at"]) - reported > LONGEST_TO_END)
