"""Small files in the forms of well-known public exports: what each must become is written beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from geo.incidents.build_calls import BuiltCalls, Context, build_calls
from geo.incidents.clean_places import Ground
from geo.incidents.profile import guess
from geo.store.row_files import read_row_file


def build(path: Path, text: str, zone: str, ground: Ground | None = None, **changes: object) -> BuiltCalls:
    path.write_text(text, "utf-8")
    file = read_row_file(path)
    profile = replace(guess(file.table.column_names), **{"frame": "WGS84", **changes})  # type: ignore[arg-type]
    where = Context(ground=ground or Ground(), zone=zone, now=np.datetime64("2026-11-22T00:00:00", "us"))
    return build_calls(file.table, profile, where, points=file.points, source_frame=file.source_frame)


def test_places_in_other_states_are_off_the_map_and_counted(tmp_path: Path) -> None:
    rows = [f"{i},2010-03-{1 + i % 28:02d} {i % 24:02d}:00,theft,{-95.37 + i * 1e-3:.4f},{29.76 + i * 1e-3:.4f}" for i in range(200)]  # fmt: skip
    rows += ["900,2010-03-02 11:00,theft,-83.01,39.96", "901,2010-03-02 12:00,theft,0,0"]
    text = "\n".join(["incident_id,occurred_at,family,lon,lat", *rows])
    made = build(tmp_path / "a.csv", text, "America/Chicago", Ground(bounds=(-95.8, 29.5, -95.0, 30.1)))
    frame = made.calls.frame.set_index("call_id")
    assert (made.read, len(made.calls), made.flags["off_map"], made.flags["placeholder"]) == (202, 202, 1, 1)
    assert frame.index[~frame["placed"]].tolist() == ["900", "901"]


def test_days_that_a_spreadsheet_turned_round_fall_into_their_month(tmp_path: Path) -> None:
    # 1 to 12 September were read as months of the day 9, as in 2014/01/09; later days stayed text.
    rows = [f"{d}-{h},2014/{d:02d}/09 {h}:00,theft,-87.6,41.8" for d in range(1, 13) for h in (10, 20)]
    rows += [f"{d}-{h},09/{d:02d}/2014 {h}:00,theft,-87.6,41.8" for d in range(13, 31) for h in (10, 20)]
    made = build(tmp_path / "b.csv", "\n".join(["id,occurred_at,family,lon,lat", *rows]), "America/Chicago")
    local = made.calls.frame.set_index("call_id")["occurred_at"].dt.tz_convert("America/Chicago")
    assert {name: f"{at.month} {at.day}-{at.hour}" for name, at in local.items()} == {
        name: f"9 {name}" for name in local.index
    }


def test_windows_stay_windows_and_reversed_ones_lose_their_end(tmp_path: Path) -> None:
    text = (
        "call_id,occurred_at,occurred_to,lon,lat\n"
        "a,2015-05-01 22:00,2015-05-02 07:30,-73.9,40.7\n"
        "b,2015-05-03 09:00,2015-05-03 08:00,-73.9,40.8\n"
        "c,2015-05-01 09:00,2015-06-20 09:00,-73.8,40.7\n"
    )
    made = build(tmp_path / "c.csv", text, "America/New_York", constants={"family": "theft"})
    frame = made.calls.frame.set_index("call_id")
    assert frame.loc["a", "occurred_to"] - frame.loc["a", "occurred_at"] == pd.Timedelta(hours=9, minutes=30)
    assert pd.isna(frame.loc["b", "occurred_to"])
    assert (made.flags["window_reversed"], made.flags["window_long"]) == (1, 1)


def test_coordinates_and_entities_inside_an_address(tmp_path: Path) -> None:
    text = (
        "CASENO,EVENTDT,OFFENSE,Block_Location\n"
        '1,2018-04-18 22:17,BURGLARY,"FULTON ST &amp; DWIGHT WAY\n(37.856572, -122.275241)"\n'
        '2,2018-04-19 12:00,THEFT,"UNKNOWN"\n'
    )
    made = build(
        tmp_path / "d.csv", text, "America/Los_Angeles", place_text="Block_Location",
        fields={"CASENO": "call_id", "EVENTDT": "occurred_at", "OFFENSE": "family", "Block_Location": "address"},
    )  # fmt: skip
    frame = made.calls.frame.set_index("call_id")
    assert "&amp;" not in frame.loc["1", "address"]
    assert (round(frame.loc["1", "geometry"].x, 6), round(frame.loc["1", "geometry"].y, 6)) == (-122.275241, 37.856572)
    assert frame["placed"].tolist() == [True, False]


def test_months_are_windows_of_their_whole_length(tmp_path: Path) -> None:
    rows = [f"k{i},2017-{2 if i % 2 else 7:02d},Burglary,-1.55,53.8" for i in range(20)]
    fields = {"call_id": "call_id", "Month": "occurred_at", "family": "family"}
    text = "\n".join(["call_id,Month,family,lon,lat", *rows])
    made = build(tmp_path / "e.csv", text, "Europe/London", fields=fields)
    frame = made.calls.frame
    assert made.precision == "day"
    assert set(frame["occurred_at"].dt.tz_convert("Europe/London").dt.strftime("%m-%d %H")) == {"02-01 00", "07-01 00"}
    assert set(frame["occurred_to"] - frame["occurred_at"]) == {pd.Timedelta(days=28), pd.Timedelta(days=31)}
