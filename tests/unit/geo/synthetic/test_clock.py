from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from geo.synthetic.city import DemoCity
from geo.synthetic.clock import MISSING_ARRIVAL, STAGES, local_hour
from geo.synthetic.families import BURGLARY


@pytest.fixture(scope="module")
def calls(city: DemoCity) -> pd.DataFrame:
    return city.calls.frame


def test_stages_follow_one_another_and_nothing_is_in_the_future(calls: pd.DataFrame, city: DemoCity) -> None:
    for earlier, later in pairwise(STAGES):
        both = calls[earlier].notna() & calls[later].notna()
        assert (calls.loc[both, earlier] <= calls.loc[both, later]).all()
    for column in ("occurred_at", "occurred_to", *STAGES):
        assert calls[column].max() <= pd.Timestamp(city.as_of)
    assert calls["reported_at"].notna().all()
    assert (calls["occurred_at"] <= calls["reported_at"]).all()
    assert calls["occurred_at"].min() >= pd.Timestamp(city.as_of) - pd.Timedelta(days=365)


def test_the_arrival_of_one_valid_call_in_sixteen_is_missing(calls: pd.DataFrame, city: DemoCity) -> None:
    done = calls[calls["valid"] & calls["handled_at"].notna()]
    missing = int(done["arrived_at"].isna().sum())
    n = len(done)
    assert abs(missing - MISSING_ARRIVAL * n) < 5 * np.sqrt(MISSING_ARRIVAL * (1 - MISSING_ARRIVAL) * n)


def test_repeats_and_most_false_calls_are_closed_on_the_telephone(calls: pd.DataFrame) -> None:
    other = calls[~calls["valid"]]
    dispatched = other["assigned_at"].notna().mean()
    false_part = 0.13 / 0.22
    assert dispatched == pytest.approx(false_part / 3, abs=0.05)


def test_some_burglaries_have_a_window_that_ends_before_the_report(calls: pd.DataFrame) -> None:
    burglary = calls[(calls["family"] == BURGLARY) & calls["valid"]]
    share = burglary["occurred_to"].notna().mean()
    assert abs(share - 0.6) < 5 * np.sqrt(0.24 / len(burglary))
    window = calls[calls["occurred_to"].notna()]
    assert (window["occurred_at"] < window["occurred_to"]).all()
    assert (window["occurred_to"] <= window["reported_at"]).all()
    length = (window["occurred_to"] - window["occurred_at"]).dt.total_seconds() / 3600
    assert 4 < length.median() < 8
    assert length.max() <= 72


def test_calls_in_progress_have_an_open_end(city: DemoCity, calls: pd.DataFrame) -> None:
    recent = calls[calls["valid"] & (calls["reported_at"] > pd.Timestamp(city.as_of) - pd.Timedelta(hours=2))]
    assert recent["closed_at"].isna().any()


def test_hours_are_those_of_beijing() -> None:
    as_of = datetime(2026, 11, 21, 20, 12, tzinfo=UTC)  # 04:12 in Beijing, and so is the start a year before
    assert local_hour(np.array([0.0, 48 * 60, 86_399.0]), as_of).tolist() == [4, 5, 4]
    assert local_hour(np.array([timedelta(hours=20).total_seconds()]), as_of).tolist() == [0]
