"""Rows of other systems become positions, and what cannot be one is counted by reason."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from geo.errors import FieldError
from geo.presence.intake import LONGEST_NAME, build_positions, columns_of, numbers


def test_columns_are_known_by_their_words_in_any_case() -> None:
    assert columns_of(["Agent_ID", "time", "lng", "lat"]) == {
        "unit": "Agent_ID",
        "time": "time",
        "lon": "lng",
        "lat": "lat",
    }
    assert columns_of(["巡组编号", "定位时间", "经度", "纬度"])["unit"] == "巡组编号"
    assert columns_of(["呼号", "time", "lon", "lat"], unit="呼号")["unit"] == "呼号"
    assert set(columns_of(["track", "time"], places=True)) == {"unit", "time"}


def test_a_missing_column_is_named_with_those_that_there_are() -> None:
    with pytest.raises(FieldError, match="gives the time of a position; there are unit, lon, lat"):
        columns_of(["unit", "lon", "lat"])
    with pytest.raises(FieldError, match="gives the unit"):
        columns_of(["unit", "time", "lon", "lat"], unit="crew")


def test_rows_are_kept_or_counted_by_reason() -> None:
    table = pa.table(
        {
            "unit": ["a", "a", " ", "b", "b", "a", "a"],
            "time": ["2026-11-22 08:00:00", "2026-11-22 08:00:00", "2026-11-22 08:00:05", "soon", "2026-11-22 08:00:05", "2026-11-22 08:00:10", None],
        }
    )  # fmt: skip
    lonlat = np.array([[108, 34], [108.1, 34], [108, 34], [108, 34], [0, 0], [np.nan, 34], [108, 34]], float)
    made = build_positions(table, {"unit": "unit", "time": "time"}, lonlat, zone="Asia/Shanghai")
    assert made.read == 7
    assert len(made.positions) == 1
    assert made.positions.seconds[0] == np.datetime64("2026-11-22T00:00:00").astype("datetime64[s]").astype(int)
    assert made.left_out == {"no_unit": 1, "no_time": 2, "no_place": 2, "doubled": 1}


def test_numbers_of_units_and_long_names_are_texts() -> None:
    table = pa.table({"id": [7.0, 8.0], "time": [1_700_000_000, 1_700_000_005]})
    made = build_positions(table, {"unit": "id", "time": "time"}, np.full((2, 2), 30.0), zone="UTC")
    assert made.positions.units == ("7", "8")
    long = pa.table({"id": ["x" * 100], "time": [1_700_000_000]})
    assert (
        len(build_positions(long, {"unit": "id", "time": "time"}, np.full((1, 2), 30.0), zone="UTC").positions.units[0])
        == LONGEST_NAME
    )


def test_texts_that_are_no_numbers_are_no_coordinates() -> None:
    found = numbers(pa.chunked_array([["108.5", "east", None]]))
    assert found[0] == 108.5
    assert np.isnan(found[1:]).all()
    assert numbers(pa.chunked_array([[1, 2]])).tolist() == [1.0, 2.0]


def test_a_day_is_no_time_of_a_position() -> None:
    table = pa.table({"id": ["a", "a"], "time": ["2026-11-22", "2026-11-22 08:00:00"]})
    made = build_positions(table, {"unit": "id", "time": "time"}, np.full((2, 2), 30.0), zone="UTC")
    assert len(made.positions) == 1
    assert made.left_out == {"no_time": 1}
