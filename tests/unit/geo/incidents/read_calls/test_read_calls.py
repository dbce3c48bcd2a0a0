"""Calls from files: Chinese and foreign ones, without a place, without a time of their own."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.errors import CoordinateError, FieldError, TableError
from geo.frames import from_wgs84
from geo.incidents.read_calls import read_calls
from geo.store.importing import import_table
from geo.tables.calls import Calls
from geo.tables.mapping import ImportProfile

SHARED = Path(__file__).parents[6] / "shared/data/incidents"


def test_a_chinese_export_in_gcj02(tmp_path: Path) -> None:
    lon, lat = from_wgs84([(108.95, 34.27)], "GCJ02").lonlat[0]
    text = (
        "警情编号,报警时间,案发时间,警情类别,报警人,报警电话,案发地点,来源,是否有效,到达现场时间,经度,纬度\n"
        f"J1,2026-11-22 08:05:00,2026/11/22 07:50,盗窃,张三,13812345678,东关市场,110,是,2026-11-22 08:15:00,{lon:.9f},{lat:.9f}\n"
        f"J2,2026-11-22 09:05:00,2026/11/22 09:00,纠纷,李四,13912345678,钟楼,群众求助,否,,{lon:.9f},{lat:.9f}\n"
        "J3,2026-11-22 10:05:00,2026/11/22 09:30,电信网络诈骗,王五,13712345678,无,,是,,,\n"
    )
    (tmp_path / "警情.csv").write_bytes(text.encode("gb18030"))
    made = import_table(tmp_path / "警情.csv", Calls, frame="GCJ02", encoding="GB18030")
    calls = made.table.frame
    assert calls["call_id"].tolist() == ["J1", "J2", "J3"]
    assert calls["occurred_at"].iloc[0] == pd.Timestamp("2026-11-21T23:50:00Z")
    assert calls["reported_at"].iloc[0] == pd.Timestamp("2026-11-22T00:05:00Z")
    assert calls["family"].tolist() == ["盗窃", "纠纷", "电信网络诈骗"]
    assert calls["intake"].tolist() == ["报警", "求助", None]
    assert calls["valid"].tolist() == [True, False, True]
    assert calls["placed"].tolist() == [True, True, False]
    assert calls["address"].tolist() == ["东关市场", "钟楼", None]
    assert abs(calls.geometry.x - 108.95).max() < 1e-6
    assert made.report.flags == {"without_place": 1}
    assert [p.column for p in made.report.persons] == ["报警人", "报警电话"]
    assert set(made.report.fields.values()) >= {"call_id", "occurred_at", "reported_at", "family", "arrived_at"}
    assert not any("xunge" in f for f in made.report.fields)


def frame(columns: dict[str, list[object]]) -> gpd.GeoDataFrame:
    rows = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(108.95, 34.27)] * rows, crs="EPSG:4326")


def test_the_time_of_the_report_stands_in_and_says_so() -> None:
    made = read_calls(frame({"id": ["1"], "报警时间": ["2026-11-22 08:05"], "类别": ["盗窃"]}))
    assert made.table.frame["occurred_at"].iloc[0] == made.table.frame["reported_at"].iloc[0]
    assert any("time of the report stands for it" in en for en, _ in made.report.notes)
    assert made.report.assumed == {"valid": True}


def test_neither_time_nor_family_nor_place_is_invented() -> None:
    with pytest.raises(FieldError, match="time of the event or of the report"):
        read_calls(frame({"id": ["1"], "类别": ["盗窃"]}))
    with pytest.raises(FieldError, match="gives family"):
        read_calls(frame({"id": ["1"], "报警时间": ["2026-11-22 08:05"]}))
    nowhere = frame({"id": ["1"], "报警时间": ["2026-11-22 08:05"], "类别": ["盗窃"]})
    with pytest.raises(CoordinateError, match="No call in the file has coordinates"):
        read_calls(nowhere.set_geometry(gpd.GeoSeries([None], crs="EPSG:4326")))


def test_doubles_of_a_key_are_refused() -> None:
    doubled = frame({"警情编号": ["1", "1"], "报警时间": ["2026-11-22 08:05"] * 2, "类别": ["盗窃"] * 2})
    with pytest.raises(TableError, match=r"call_id: not unique \(1, 1\)"):
        read_calls(doubled)


@pytest.mark.shared_data
def test_a_month_of_chicago(tmp_path: Path) -> None:
    source = SHARED / "chicago_crimes_2014_09.csv.gz"
    if not source.exists():
        pytest.skip("the shared data folder is not beside the checkout")
    whole = pd.read_csv(source, dtype=str)
    whole.head(3_000).to_csv(tmp_path / "chicago.csv", index=False)
    header = {c.lower().strip(): c for c in whole.columns}
    profile = ImportProfile(
        table="calls",
        fields={header["date"]: "occurred_at", header["primary type"]: "family", header["id"]: "call_id"}
        if "id" in header
        else {header["date"]: "occurred_at", header["primary type"]: "family"},
        time_format="%m/%d/%Y %I:%M:%S %p",
        time_zone="America/Chicago",
    )
    made = import_table(tmp_path / "chicago.csv", Calls, profile=profile, frame="WGS84")
    assert made.report.kept == 3_000
    placed = made.table.frame[made.table.frame["placed"]]
    assert placed.geometry.x.between(-88.0, -87.5).all()
    assert placed.geometry.y.between(41.6, 42.1).all()
    empty = whole.head(3_000)[header["latitude"]].isna().sum()
    assert made.report.flags.get("without_place", 0) == empty
