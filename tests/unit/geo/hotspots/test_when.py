"""Hour of day by day of week."""

import numpy as np
import pytest

from geo.errors import ParameterError
from geo.hotspots.when import hour_by_weekday, hour_of_week, local_minutes


def test_calls_fall_in_the_row_of_their_weekday() -> None:
    at = np.array(["2026-11-22T04:12", "2026-11-22T04:59:59", "2026-11-23T00:00", "1969-12-31T23:00"], "datetime64[s]")
    table = hour_by_weekday(at)  # a Sunday, a Monday, and a Wednesday before 1970
    expected = np.zeros((7, 24), int)
    expected[6, 4], expected[0, 0], expected[2, 23] = 2, 1, 1
    assert (table.counts == expected).all()
    assert table.n == 4


def test_intervals_hold_the_counts() -> None:
    at = np.datetime64("2026-11-16T00:00") + np.arange(0, 7 * 1440, 20).astype("timedelta64[m]")
    table = hour_by_weekday(at)
    assert (table.counts == 3).all()
    assert (table.low[0, 0], table.high[0, 0]) == pytest.approx((0.6187, 8.7673), abs=1e-4)


def test_hours_of_the_week_are_those_of_the_calendar() -> None:
    at = np.datetime64("2025-01-01T00:30") + np.arange(400).astype("timedelta64[D]")
    days = hour_of_week(local_minutes(at)) // 24
    assert days.tolist() == [d.weekday() for d in at.astype("datetime64[D]").tolist()]


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ParameterError, match="Call 2"):
        hour_by_weekday(np.array(["2026-11-22", "NaT"], "datetime64[D]"))
    with pytest.raises(ParameterError):
        hour_by_weekday(np.array([1, 2]))
