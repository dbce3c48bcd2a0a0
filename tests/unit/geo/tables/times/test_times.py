"""Times as files write them."""

from __future__ import annotations

from datetime import time

import pandas as pd
import pytest

from geo.errors import ParameterError
from geo.tables.times import clock_minutes, parse_times

MORNING = pd.Timestamp("2026-11-22T00:05:00Z")


@pytest.mark.parametrize(
    "text",
    ["2026-11-22 08:05:00", "2026-11-22 8:05", "2026/11/22 08:05", "2026.11.22 8:05:00", "20261122080500", "202611220805",
     "2026年11月22日 8时5分", "2026年11月22日8时5分0秒", "2026-11-22T08:05:00+08:00", "2026-11-22T00:05:00Z", "2026-11-22T02:05:00+0200",
     "2026-11-22 08：05", "2026-11-22T08:05:00.000"],
)  # fmt: skip
def test_the_same_morning_in_many_forms(text: str) -> None:
    times, bad = parse_times(pd.Series([text]), zone="Asia/Shanghai")
    assert times.iloc[0] == MORNING
    assert not bad.any()


def test_serial_days_compact_numbers_and_dates() -> None:
    # 46348 is 2026-11-22 in the calendar of spreadsheets that begins with 1900-01-01 as day 1.
    times, bad = parse_times(pd.Series([46348 + 8 / 24 + 5 / 1440, 20261122080500], dtype=object), zone="Asia/Shanghai")
    assert times.tolist() == [MORNING, MORNING]
    days, bad_days = parse_times(
        pd.Series(["2026-11-22", "20261122", "2026年11月22日", "2026-11-21 24:00:00"]), zone="Asia/Shanghai"
    )
    assert set(days) == {pd.Timestamp("2026-11-21T16:00:00Z")}
    assert not bad.any()
    assert not bad_days.any()


def test_what_is_not_a_time_is_marked_and_empty_is_not() -> None:
    texts = [
        "22/11/2026 08:05",
        "11-22-2026",
        "昨天",
        "2026-13-01",
        "2026-02-30",
        "2026-11-22 25:00",
        None,
        "2026-11-22 24:01",
    ]
    times, bad = parse_times(pd.Series(texts, dtype=object), zone="Asia/Shanghai")
    assert bad.tolist() == [True, True, True, True, True, True, False, True]
    assert times.isna().all()


def test_a_pattern_settles_day_and_month() -> None:
    times, bad = parse_times(pd.Series(["22/11/2026 08:05", "x"]), zone="Asia/Shanghai", pattern="%d/%m/%Y %H:%M")
    assert times.iloc[0] == MORNING
    assert bad.tolist() == [False, True]


def test_aware_and_naive_times_proper() -> None:
    aware = pd.Series(pd.to_datetime(["2026-11-22T08:05:00+08:00"]))
    assert parse_times(aware, zone="UTC")[0].iloc[0] == MORNING
    naive = pd.Series(pd.to_datetime(["2026-11-22T08:05:00"]))
    assert parse_times(naive, zone="Asia/Shanghai")[0].iloc[0] == MORNING


def test_clocks_that_change() -> None:
    # New York: 2014-11-02 01:30 came twice, 2014-03-09 02:30 never.
    times, bad = parse_times(pd.Series(["2014-11-02 01:30", "2014-03-09 02:30"]), zone="America/New_York")
    assert times.tolist() == [pd.Timestamp("2014-11-02T06:30:00Z"), pd.Timestamp("2014-03-09T07:00:00Z")]
    assert not bad.any()


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ParameterError, match="'Peking' is not a time zone"):
        parse_times(pd.Series(["2026-11-22"]), zone="Peking")


def test_times_of_the_day_become_minutes_and_the_rest_stays() -> None:
    given = ["7:20", "07:20:00", "7时20分", "7：20", time(7, 20), "24:30", "480", 480, None, "48:00", "7:61", "早上"]
    found = clock_minutes(pd.Series(given, dtype=object)).tolist()
    assert found == [440, 440, 440, 440, 440, 1470, "480", "480", None, "48:00", "7:61", "早上"]
