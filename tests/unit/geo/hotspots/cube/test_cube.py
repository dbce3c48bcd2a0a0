"""Counts beside the heat map, against pandas on the same calls."""

from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import ParameterError
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter
from geo.hotspots.cube.from_calls import calls_ready
from geo.tables.calls import Calls

START = np.datetime64("2025-03-05T00:00")  # a Wednesday
AREAS = ("g1", "g2", None)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 3000
    return pd.DataFrame({
        "lon": rng.normal(116.4, 0.02, n), "lat": rng.normal(39.9, 0.02, n),
        "at": START + rng.integers(0, 20 * 1440, n).astype("timedelta64[m]"),
        "family": np.array(["盗窃", "纠纷", "求助", "交通"], object)[rng.integers(0, 4, n)],
        "placed": rng.uniform(size=n) < 0.85, "area": np.array(AREAS, object)[rng.integers(0, 3, n)],
    })  # fmt: skip


@pytest.fixture(scope="module")
def index(frame: pd.DataFrame) -> Cube:
    return Cube.of(
        frame[["lon", "lat"]].to_numpy(), frame["at"].to_numpy(), frame["family"].to_numpy(object),
        placed=frame["placed"].to_numpy(), areas=frame["area"].to_numpy(object),
    )  # fmt: skip


FILTERS = [
    CubeFilter(),
    CubeFilter(families=frozenset({"盗窃", "交通"})),
    CubeFilter(start=datetime(2025, 3, 7, 8), end=datetime(2025, 3, 8, 8)),  # noqa: DTZ001
    CubeFilter(hours=frozenset({22, 23, 0}), weekdays=frozenset({4, 5})),
    CubeFilter(families=frozenset({"没有"})),
]


def passing(frame: pd.DataFrame, which: CubeFilter) -> pd.DataFrame:
    keep = pd.Series(data=True, index=frame.index)
    if which.families is not None:
        keep &= frame["family"].isin(which.families)
    if which.start is not None:
        keep &= (frame["at"] >= pd.Timestamp(which.start)) & (frame["at"] < pd.Timestamp(which.end))
    if which.hours is not None:
        keep &= frame["at"].dt.hour.isin(which.hours)
    if which.weekdays is not None:
        keep &= frame["at"].dt.day_of_week.isin(which.weekdays)
    return frame[keep]


@pytest.mark.parametrize("which", FILTERS)
def test_counts_are_those_of_pandas(frame: pd.DataFrame, index: Cube, which: CubeFilter) -> None:
    held = passing(frame, which)
    placed = held[held["placed"]]
    total = index.total(which)
    assert (total.n, total.unplaced) == (len(placed), len(held) - len(placed))
    assert total.low <= total.n <= total.high
    hours = placed["at"].dt.hour.value_counts().reindex(range(24), fill_value=0)
    assert index.by_hour(which).n.tolist() == hours.tolist()
    days = placed["at"].dt.day_of_week.value_counts().reindex(range(7), fill_value=0)
    assert index.by_weekday(which).n.tolist() == days.tolist()
    assert dict(zip(index.family_names, index.by_family(which).n.tolist(), strict=True)) == {
        name: int((placed["family"] == name).sum()) for name in sorted(frame["family"].unique())
    }
    areas = index.by_area(which)
    assert dict(zip(areas.labels, areas.n.tolist(), strict=True)) == {
        a: int((placed["area"] == a).sum()) for a in ("g1", "g2")
    }
    assert areas.elsewhere == int(placed["area"].isna().sum())
    assert int(index.by_hour_of_week(which).counts.sum()) == len(placed)
    by_day = index.by_day(which)
    dates = placed["at"].dt.strftime("%Y-%m-%d").value_counts()
    assert {label: n for label, n in zip(by_day.labels, by_day.n.tolist(), strict=True) if n} == dates.to_dict()
    assert by_day.unplaced == total.unplaced


def test_days_without_calls_are_in_the_histogram(index: Cube) -> None:
    quiet = CubeFilter(families=frozenset({"没有"}))
    assert len(index.by_day(quiet).labels) == 20
    assert index.by_day(quiet).n.sum() == 0


def test_a_statistical_day_may_start_in_the_morning(index: Cube) -> None:
    duty = CubeFilter(start=np.datetime64("2025-03-07T08:00"), end=np.datetime64("2025-03-09T08:00"))
    assert index.by_day(duty, starts_at=8).labels == ("2025-03-07", "2025-03-08")
    assert index.by_day(duty).labels == ("2025-03-07", "2025-03-08", "2025-03-09")
    assert index.by_day(duty, starts_at=8).n.sum() == index.total(duty).n


def test_steps_of_hours_cover_the_period(index: Cube) -> None:
    duty = CubeFilter(start=np.datetime64("2025-03-07T08:00"), end=np.datetime64("2025-03-08T08:00"))
    hours = index.over_time(duty, step_minutes=60)
    assert len(hours.labels) == 24
    assert (hours.labels[0], hours.labels[-1]) == ("2025-03-07T08:00", "2025-03-08T07:00")
    assert hours.n.sum() == index.total(duty).n
    with pytest.raises(ParameterError):
        index.over_time(duty, step_minutes=0)


def test_weeks_are_those_of_the_period_not_of_the_calls(index: Cube) -> None:
    assert index.weeks() == pytest.approx(20 / 7)
    assert index.weeks(CubeFilter(start=START - np.timedelta64(99, "D"), end=START + np.timedelta64(7, "D"))) == 1.0
    assert index.weeks(CubeFilter(hours=frozenset({3}))) == index.weeks()


def test_calls_are_read_from_the_table_by_local_clock() -> None:
    rows = {
        "call_id": ["a", "b", "c"], "family": ["盗窃"] * 3, "valid": [True, True, False], "placed": [True, False, True],
        "occurred_at": [datetime(2025, 3, 4, 23, 30, tzinfo=UTC)] * 3, "grid_code": ["g1", None, "g1"],
    }  # fmt: skip
    calls = Calls.of(gpd.GeoDataFrame(rows, geometry=[shapely.Point(116.4, 39.9)] * 3, crs=4326))
    index = Cube.from_ready(calls_ready(calls, zone="Asia/Shanghai"))
    assert len(index) == 3
    assert (index.total().n, index.total().unplaced) == (1, 1)
    assert index.by_hour().n.nonzero()[0].tolist() == [7]
    assert index.by_day().labels == ("2025-03-05",)
    assert index.by_area().labels == ("g1",)
    assert index.total(CubeFilter(base="received")).n == 2


@pytest.mark.parametrize(
    "bad",
    [
        {"hours": frozenset({24})},
        {"hours": frozenset()},
        {"weekdays": frozenset({-1})},
        {"start": np.datetime64("2025-01-02"), "end": np.datetime64("2025-01-01")},
        {"start": datetime(2025, 1, 1, tzinfo=UTC)},
        {"start": np.datetime64("NaT")},
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(bad: dict) -> None:
    with pytest.raises(ParameterError):
        CubeFilter(**bad)


def test_equal_filters_are_one_key() -> None:
    one = CubeFilter(start=datetime(2025, 1, 1), families=frozenset({"a"}))  # noqa: DTZ001
    other = CubeFilter(start=np.datetime64("2025-01-01T00:00:30"), families=frozenset({"a"}))
    assert one == other
    assert hash(one) == hash(other)
