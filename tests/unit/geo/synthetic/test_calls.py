import numpy as np
import pandas as pd
import pytest
import shapely

from geo.grids.locate import AreaIndex
from geo.synthetic.city import DemoCity
from geo.synthetic.families import FAMILIES, FRAUD


@pytest.fixture(scope="module")
def calls(city: DemoCity) -> pd.DataFrame:
    return city.calls.frame


def test_calls_are_unique_named_by_their_local_day_and_in_order(calls: pd.DataFrame) -> None:
    assert calls["call_id"].is_unique
    day = calls["reported_at"].dt.tz_convert("Asia/Shanghai").dt.strftime("%y%m%d")
    assert (calls["call_id"].str[2:8] == day).all()
    assert calls["reported_at"].is_monotonic_increasing
    assert calls["synthetic"].all()


def test_the_grid_is_the_one_that_holds_the_call(city: DemoCity, calls: pd.DataFrame) -> None:
    placed = calls[calls["placed"]]
    found = AreaIndex.of(city.grids, kind="general").at(shapely.get_coordinates(placed.geometry.to_numpy()))
    assert (found == placed["grid_code"].to_numpy()).all()


def test_calls_without_a_place_stand_at_a_station_and_have_no_grid(city: DemoCity, calls: pd.DataFrame) -> None:
    lost = calls[~calls["placed"]]
    assert (lost["family"] == FRAUD).all()
    assert lost["grid_code"].isna().all()
    assert lost["address"].isna().all()
    stations = city.posts.frame[city.posts.frame["kind"] == "station"]
    at = {tuple(c) for c in shapely.get_coordinates(stations.geometry.to_numpy()).tolist()}
    assert {tuple(c) for c in shapely.get_coordinates(lost.geometry.to_numpy()).tolist()} <= at


def test_shares_of_base_intake_and_filing(calls: pd.DataFrame) -> None:
    assert calls["valid"].mean() == pytest.approx(0.78, abs=1e-4)
    assert not calls.loc[~calls["valid"], "filed_case"].any()
    assert calls.loc[~calls["citizen"], "intake"].isna().all()
    assert calls.loc[calls["citizen"], "intake"].notna().all()
    for family in FAMILIES:
        mine = calls[(calls["family"] == family.name) & calls["valid"]]
        n = len(mine)
        for column, share in (("filed_case", family.filed), ("citizen", family.citizen)):
            margin = 5 * np.sqrt(max(share * (1 - share), 1e-4) / n)
            assert abs(mine[column].mean() - share) < margin


def test_nights_and_weekends_show_in_the_table(calls: pd.DataFrame) -> None:
    local = calls["occurred_at"].dt.tz_convert("Asia/Shanghai")
    drunk = calls["family"] == "醉酒滋事"
    at_night = local[drunk].dt.hour.isin([21, 22, 23, 0, 1, 2])
    assert at_night.mean() > 0.65
    accident = calls["family"] == "交通事故"
    assert local[accident].dt.hour.isin([7, 8, 17, 18]).mean() > 0.3
    weekday = local[drunk].dt.day_of_week
    assert weekday.isin([4, 5]).mean() > 2 / 7 + 0.1


def test_addresses_name_the_community_and_the_real_street(city: DemoCity, calls: pd.DataFrame) -> None:
    placed = calls[calls["placed"]]
    towns = dict(zip(city.grids.frame["code"], city.grids.frame["parent_name"], strict=True))
    first = placed["address"].str.split(" ").str[0].str.replace("（无名路）", "", regex=False)
    assert (first == placed["grid_code"].map(towns)).all()
    named = placed["address"][placed["address"].str.contains(" ")]
    streets = named.str.split(" ", n=1).str[1]
    assert set(streets) <= set(city.graph.names)
