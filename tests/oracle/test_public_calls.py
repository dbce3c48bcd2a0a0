"""Public exports of calls: what is known of each from its source."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.incidents.build_calls import BuiltCalls, Context, build_calls
from geo.incidents.clean_places import Ground
from geo.incidents.profile import guess
from geo.store.row_files import read_row_file

SHARED = Path(__file__).parents[3] / "shared/data"
NOW = np.datetime64("2026-11-22T00:00:00", "us")
pytestmark = pytest.mark.shared_data


def build(
    name: str, folder: Path, zone: str, *, bounds: tuple[float, float, float, float] | None = None, **changes: object
) -> BuiltCalls:
    source = SHARED / "incidents" / name
    if not source.exists():
        pytest.skip("the shared data folder is not beside the checkout")
    if name.endswith(".gz"):
        path = folder / name.removesuffix(".gz")
        path.write_bytes(gzip.decompress(source.read_bytes()))
        source = path
    file = read_row_file(source)
    profile = replace(guess(file.table.column_names), **{"frame": "auto", **changes})  # type: ignore[arg-type]
    where = Context(ground=Ground(bounds=bounds), zone=zone, now=NOW)
    return build_calls(
        file.table, profile, where, points=file.points, source_frame=file.source_frame, first_row=file.first_row
    )


def test_houston_with_its_geocoding_errors(tmp_path: Path) -> None:
    made = build("houston_crime_2010.parquet", tmp_path, "America/Chicago")
    raw = pd.read_parquet(SHARED / "incidents/houston_crime_2010.parquet")
    assert (made.read, len(made.calls), made.precision) == (86_314, 86_314, "hour")
    frame = made.calls.frame.set_index("call_id").loc[raw["incident_id"].astype(str)]
    assert int((~frame["placed"]).sum()) == 5 + made.flags["off_map"]
    far = frame["flags"].fillna("").str.contains("off_map").to_numpy()
    km = np.hypot((raw["lon"] - -95.37) * 96.5, (raw["lat"] - 29.76) * 110.9)
    assert 0.001 < far.mean() < 0.004  # the source tells of 0.3 % outside the city
    assert km[far].min() > 60
    assert km[~far & frame["placed"].to_numpy()].max() < 80


def test_chicago_inside_the_given_beats(tmp_path: Path) -> None:
    made = build("chicago_crimes_2014_09.csv.gz", tmp_path, "America/Chicago")
    frame = made.calls.frame
    assert (made.read, int(frame["placed"].sum())) == (22_334, 21_559)
    beats = shapely.union_all(gpd.read_file(SHARED / "beats/chicago_police_beats.gpkg").to_crs(4326).geometry.array)
    shapely.prepare(beats)
    placed = frame[frame["placed"]]
    assert shapely.intersects_xy(beats, placed.geometry.x.to_numpy(), placed.geometry.y.to_numpy()).all()
    local = frame["occurred_at"].dt.tz_convert("America/Chicago")
    assert local.min() >= pd.Timestamp("2014-09-01", tz="America/Chicago")  # the file has 2014/01/09 for 1 September
    assert local.max() < pd.Timestamp("2014-10-01", tz="America/Chicago")
    assert any("month comes first" in en for en, _ in made.notes)


def test_new_york_keeps_its_windows(tmp_path: Path) -> None:
    made = build("nyc_vehicle_thefts_aoristic.parquet", tmp_path, "America/New_York", constants={"family": "theft"})
    raw = pd.read_parquet(SHARED / "incidents/nyc_vehicle_thefts_aoristic.parquet").set_index("uid")
    frame = made.calls.frame.set_index("call_id").loc[raw.index.astype(str)]
    start, end = pd.to_datetime(raw["date_start"]), pd.to_datetime(raw["date_end"])
    summer = start.dt.month.between(4, 10) & end.dt.month.between(4, 10)  # one offset from UTC
    window = (frame["occurred_to"] - frame["occurred_at"]).to_numpy()
    asked = (end - start).to_numpy()
    positive = summer.to_numpy() & (asked > np.timedelta64(0))
    assert (window[positive] == asked[positive]).all()
    assert pd.isna(window[summer.to_numpy() & (asked <= np.timedelta64(0))]).all()
    long = (asked > np.timedelta64(31, "D")) & summer.to_numpy()
    assert frame["flags"].fillna("").str.contains("window_long").to_numpy()[long].all()


def test_berkeley_with_coordinates_entities_and_clocks_in_texts(tmp_path: Path) -> None:
    made = build(
        "berkeley_calls_for_service_2018.csv", tmp_path, "America/Los_Angeles", place_text="Block_Location",
        fields={"CASENO": "call_id", "EVENTDT": "occurred_at", "OFFENSE": "family", "Block_Location": "address"},
    )  # fmt: skip
    raw = pd.read_csv(SHARED / "incidents/berkeley_calls_for_service_2018.csv")
    frame = made.calls.frame
    assert (made.read, int(frame["placed"].sum())) == (3_788, 3_629)
    assert not frame["address"].str.contains("&amp;").any()
    assert raw["Block_Location"].str.contains("&amp;").sum() > 0
    row = frame.set_index("call_id").loc["18022300"]
    assert row["occurred_at"] == pd.Timestamp("2018-04-18 22:17", tz="America/Los_Angeles")
    assert (round(row["geometry"].x, 6), round(row["geometry"].y, 6)) == (-122.275241, 37.856572)
    assert made.flags["repeat"] >= 5


def test_west_yorkshire_by_month(tmp_path: Path) -> None:
    made = build("west_yorkshire_crimes_jul2016-18.csv.gz", tmp_path, "Europe/London")
    assert (made.read, len(made.calls), made.precision) == (87_348, 87_348, "day")
    months = made.calls.frame["occurred_at"].dt.tz_convert("Europe/London").dt.strftime("%Y-%m-%d %H").value_counts()
    assert set(months.index) == {"2016-07-01 00", "2017-07-01 00", "2018-07-01 00"}
    assert (made.calls.frame["occurred_to"] - made.calls.frame["occurred_at"]).unique().tolist() == [
        pd.Timedelta(days=31)
    ]
    assert len(set(made.calls.keys)) == 87_348
