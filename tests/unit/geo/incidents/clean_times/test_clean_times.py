"""Rounded and impossible times, on files whose making is known."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from geo.incidents.clean_times import STAGES, flag_clock, flag_times
from geo.incidents.flags import Findings

NOW = np.datetime64("2026-11-22T00:00:00", "us")


def calls(times: np.ndarray, end: np.ndarray | None = None) -> pd.DataFrame:
    nothing = np.full(len(times), np.datetime64("NaT", "us"))
    columns = {"occurred_at": times.astype("datetime64[us]"), "occurred_to": nothing if end is None else end}
    columns |= dict.fromkeys(STAGES, nothing)
    return pd.DataFrame({name: pd.Series(values).dt.tz_localize("UTC") for name, values in columns.items()})


def spread(n: int) -> np.ndarray:
    seconds = np.random.default_rng(1).integers(0, 300 * 86_400, n).astype("timedelta64[s]")
    return np.datetime64("2026-01-01T00:00:00", "us") + seconds


def flagged(frame: pd.DataFrame) -> tuple[Findings, str]:
    found = Findings(rows=len(frame))
    return found, flag_times(found, frame, now=NOW, zone=ZoneInfo("UTC"))


def test_even_times_raise_nothing() -> None:
    found, precision = flagged(calls(spread(20_000)))
    assert (found.counts(), precision) == ({}, "minute")


def test_midnights_without_a_clock_are_found_and_only_these() -> None:
    times = spread(20_000)
    times[:300] = times[:300].astype("datetime64[D]")
    found, _ = flagged(calls(times))
    assert (
        np.flatnonzero(found.masks["midnight"]).tolist()
        == np.flatnonzero(times == times.astype("datetime64[D]")).tolist()
    )
    assert "whole_hour" not in found.masks


def test_hours_are_judged_one_by_one() -> None:
    times = spread(40_000)
    at_ten = (times - times.astype("datetime64[D]")).astype("timedelta64[h]").astype(int) == 10
    rounded = np.flatnonzero(at_ten)[:400]
    times[rounded] = times[rounded].astype("datetime64[h]")
    found, precision = flagged(calls(times))
    assert precision == "minute"
    assert set(rounded) <= set(np.flatnonzero(found.masks["whole_hour"]))
    assert int(found.masks["whole_hour"].sum()) <= 405


def test_a_file_of_whole_hours_is_said_to_be_one() -> None:
    found, precision = flagged(calls(spread(5_000).astype("datetime64[h]")))
    assert (found.counts(), precision) == ({}, "hour")


def test_what_cannot_be() -> None:
    times = np.array(["2026-11-24T00:00", "1985-05-05T05:05", "2026-01-01T00:01"], "datetime64[us]")
    end = np.array(["NaT", "NaT", "2026-02-02T00:01"], "datetime64[us]")
    found, _ = flagged(calls(times, end))
    assert found.counts() == {"future": 1, "long_ago": 1, "window_long": 1}


def test_clocks_that_run_backwards_or_too_long() -> None:
    frame = calls(np.full(4, np.datetime64("2026-01-01T00:00", "us")))
    stage = {
        "reported_at": ["08:00", "08:00", "08:00", None],
        "assigned_at": ["08:02", None, "08:01", "09:00"],
        "arrived_at": ["08:10", "15:00", "07:59", None],
    }
    for name, clock in stage.items():
        texts = [None if c is None else f"2026-01-01T{c}Z" for c in clock]
        frame[name] = pd.to_datetime(pd.Series(texts), utc=True).astype("datetime64[us, UTC]")
    found = Findings(rows=4)
    flag_clock(found, frame)
    assert found.masks["clock_order"].tolist() == [False, False, True, False]
    assert found.masks["clock_long"].tolist() == [False, True, False, False]
