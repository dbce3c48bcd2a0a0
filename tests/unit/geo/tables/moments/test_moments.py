"""Times as exports mix them: every expectation was worked out by hand from the calendar."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from geo.tables.moments import Moments, parse_moments


def read(cells: list[object], zone: str = "Asia/Shanghai", clock: list[object] | None = None) -> Moments:
    beside = None if clock is None else pa.chunked_array([pa.array(clock)])
    return parse_moments(pa.chunked_array([pa.array(cells)]), zone=zone, clock=beside)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-22 08:05:00", "2026-11-22T00:05:00"),
        ("2026/11/22 8:05", "2026-11-22T00:05:00"),
        ("2026年11月22日8时5分", "2026-11-22T00:05:00"),
        ("2026年11月22日下午3点20分", "2026-11-22T07:20:00"),
        ("20261122080500", "2026-11-22T00:05:00"),
        ("202611220805", "2026-11-22T00:05:00"),
        ("2026-11-22T08:00:00Z", "2026-11-22T08:00:00"),
        ("46348.5", "2026-11-22T04:00:00"),
        ("22/11/2026 3:20 PM", "2026-11-22T07:20:00"),
    ],
)
def test_forms_are_read_side_by_side(text: str, utc: str) -> None:
    made = read(["2026-01-01 00:00:00", text])
    assert made.start[1] == np.datetime64(utc)
    assert np.isnat(made.end[1])
    assert not made.bad.any()


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-11-22", "2026-11-21T16:00:00", "2026-11-22T16:00:00"),
        ("2026年7月", "2026-06-30T16:00:00", "2026-07-31T16:00:00"),
        ("2026-11-22 08:00 至 2026-11-22 10:00", "2026-11-22T00:00:00", "2026-11-22T02:00:00"),
        ("2026-11-22 23:00-01:00", "2026-11-22T15:00:00", "2026-11-22T17:00:00"),
        ("2026-11-22 23:00~01:00", "2026-11-22T15:00:00", "2026-11-22T17:00:00"),
        ("2026-11-22 08:00 - 2026-11-23 08:00", "2026-11-22T00:00:00", "2026-11-23T00:00:00"),
    ],
)
def test_windows_are_kept_as_such(text: str, start: str, end: str) -> None:
    made = read([text])
    assert (made.start[0], made.end[0]) == (np.datetime64(start), np.datetime64(end))


def test_the_column_shows_which_comes_first() -> None:
    month = read(["04/18/2018 12:00:00 AM", "04/03/2018 10:15:00 PM"], "UTC")
    assert month.order == "month"
    assert month.start.tolist() == np.array(["2018-04-18T00:00", "2018-04-03T22:15"], "datetime64[us]").tolist()
    day = read(["18/04/2018 00:00", "03/04/2018 22:15"], "UTC")
    assert (day.order, day.start[1]) == ("day", np.datetime64("2018-04-03T22:15"))
    unsaid = read(["04/03/2018 10:15:00 PM"])
    assert (unsaid.order, unsaid.undecided, unsaid.bad.tolist()) == (None, 1, [True])


def test_days_and_clocks_in_two_columns() -> None:
    made = read(["04/18/2018 12:00:00 AM", "04/19/2018 12:00:00 AM"], "America/Los_Angeles", clock=["22:17", None])
    assert made.start[0] == np.datetime64("2018-04-19T05:17")
    assert (made.start[1], made.end[1]) == (np.datetime64("2018-04-19T07:00"), np.datetime64("2018-04-20T07:00"))


def test_numbers_are_spreadsheet_days_or_seconds() -> None:
    assert read([46348.5]).start[0] == np.datetime64("2026-11-22T04:00")
    assert read([1_732_233_600, None]).start[0] == np.datetime64("2024-11-22T00:00")
    assert read([1_732_233_600_000]).start[0] == np.datetime64("2024-11-22T00:00")


def test_what_is_no_time_is_told_and_empty_is_not_wrong() -> None:
    made = read(["昨晚", None, "", "2026-02-30 08:00:00", "2026-11-22 25:00"])
    assert made.bad.tolist() == [True, False, False, True, True]


def test_a_spreadsheet_that_changed_day_and_month_is_seen_through() -> None:
    whole = [f"09/{day}/2014 10:{minute:02d}:00" for day in (13, 20, 30) for minute in range(10)]
    made = read([*whole, "2014/01/09 08:00", "2014/12/09 08:00"], "UTC")
    assert made.swapped == 2
    assert made.start[-2:].tolist() == np.array(["2014-09-01T08:00", "2014-09-12T08:00"], "datetime64[us]").tolist()
    honest = read([*whole, "09/05/2014 10:00:00", "2014/01/09 08:00"], "UTC")
    assert (honest.swapped, honest.start[-1]) == (0, np.datetime64("2014-01-09T08:00"))
