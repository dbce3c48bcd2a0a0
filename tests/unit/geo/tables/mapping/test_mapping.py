"""From files to tables: guessed and stated profiles, what is dropped, assumed and refused."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import orjson
import pandas as pd
import pytest
import shapely

from geo.errors import FieldError, NotFoundError, TableError
from geo.store.exchange import read_layer
from geo.store.importing import import_table, table_class
from geo.store.port import TABLES
from geo.store.writing import write_layer
from geo.tables.grids import Grids
from geo.tables.headers import ASSUMED, HEADERS, VALUES
from geo.tables.mapping import ImportProfile, guess_profile, to_table
from geo.tables.points import Points
from geo.tables.posts import Posts
from geo.tables.units import Units

POINT = shapely.Point(108.95, 34.27)


def layer(columns: dict[str, list[object]], shape: object = POINT) -> gpd.GeoDataFrame:
    rows = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=[shape] * rows, crs="EPSG:4326")


def test_the_words_belong_to_columns_that_exist() -> None:
    for words in (HEADERS, VALUES, ASSUMED):
        for table, columns in words.items():
            assert set(columns) <= set(TABLES[table].SPEC.names)
    for table, choices in VALUES.items():
        for column, values in choices.items():
            assert set(values.values()) <= set(TABLES[table].SPEC.column(column).choices or ())
    for table, assumed in ASSUMED.items():
        for column, value in assumed.items():
            choices_of = TABLES[table].SPEC.column(column).choices
            assert choices_of is None or value in choices_of


def test_grids_by_chinese_headers() -> None:
    frame = layer(
        {
            "网格编码": ["610102001001001"],
            "网格名称": ["东关一格"],
            "网格类型": ["专属网格"],
            "所属社区": ["东关社区"],
            "常住人口": [1200],
            "网格长": ["张三"],
            "联系电话": ["13812345678"],
            "备注": ["x"],
        },
        shapely.box(108.9, 34.2, 109, 34.3),
    )
    made = to_table(frame, Grids)
    row = made.table.frame.iloc[0]
    assert (row["code"], row["name"], row["kind"], row["parent_name"], row["population"]) == (
        "610102001001001", "东关一格", "special", "东关社区", 1200.0,
    )  # fmt: skip
    assert made.report.dropped_columns == ("备注",)
    assert [p.column for p in made.report.persons] == ["网格长", "联系电话"]
    assert made.report.assumed == {}
    assert (made.report.read, made.report.kept) == (1, 1)


def test_codes_that_became_numbers_are_whole_again() -> None:
    frame = layer({"code": [610102001001001.0, 610102001001002.0]}, shapely.box(108.9, 34.2, 109, 34.3))
    made = to_table(frame, Grids)
    assert made.table.keys == ["610102001001001", "610102001001002"]
    assert made.report.assumed == {"kind": "general"}


def test_points_with_minutes_and_words() -> None:
    made = to_table(
        layer({"编号": ["1"], "名称": ["东关市场"], "方式": ["步巡"], "驻守时长（分）": ["15"], "类型": ["必巡点"]}),
        Points,
    )
    row = made.table.frame.iloc[0]
    assert (row["mode"], row["dwell_seconds"], row["kind"], row["visits"]) == ("foot", 900, "must_visit", 1)
    assert made.report.assumed == {"visits": 1}


@pytest.mark.parametrize("word", ["越野", "越野车", "越野巡"])
def test_off_road_is_a_word_for_points_and_units(word: str) -> None:
    point = {"编号": ["1"], "名称": ["北山口"], "方式": [word], "驻守时长（分）": ["15"], "类型": ["必巡点"]}
    assert to_table(layer(point), Points).table.frame["mode"].tolist() == ["off_road"]
    unit = {
        "编号": ["1"], "名称": ["越野一组"], "类型": [word], "屯警点编号": ["P1"], "班次": ["night"], "民警": ["2"],
        "辅警": ["1"], "状态": ["备勤"],
    }  # fmt: skip
    assert to_table(layer(unit), Units).table.frame["kind"].tolist() == ["off_road"]


def test_a_stated_profile() -> None:
    profile = ImportProfile(
        table="units",
        fields={"call_sign": "unit_id", "crew": "officers", "seen": "seen_at", "veh": "kind"},
        constants={"name": "巡组", "post_id": "P1", "shift_id": "S1"},
        values={"kind": {"V": "car", "M": "motorcycle"}},
        time_format="%d.%m.%Y %H:%M",
        time_zone="Europe/Helsinki",
    )
    frame = layer({"call_sign": [101, 102], "crew": ["2", "3"], "seen": ["22.11.2026 08:05", None], "veh": ["V", "M"]})
    made = to_table(frame, Units, profile)
    assert made.table.frame["unit_id"].tolist() == ["101", "102"]
    assert made.table.frame["kind"].tolist() == ["car", "motorcycle"]
    assert made.table.frame["seen_at"].iloc[0] == pd.Timestamp("2026-11-22T06:05:00Z")
    assert made.report.assumed == {"state": "standby", "auxiliaries": 0}
    again = ImportProfile.of_json(orjson.loads(orjson.dumps(profile.to_json())))
    assert again == profile


def test_keys_are_made_from_content_and_stay_the_same() -> None:
    frame = layer({"name": ["a", "b", "a"]})
    first, second = to_table(frame, Posts), to_table(frame, Posts)
    assert first.table.keys == second.table.keys
    assert first.table.keys[2] == f"{first.table.keys[0]}-2"
    assert "keys were made" in first.report.notes[0][0]


def test_a_multipoint_of_one_is_a_point() -> None:
    made = to_table(layer({"id": ["1"], "name": ["a"]}, shapely.MultiPoint([(108.95, 34.27)])), Posts)
    assert made.table.frame.geometry.iloc[0].equals(POINT)


@pytest.mark.parametrize(
    ("profile", "match"),
    [
        (ImportProfile(table="posts", fields={"编码": "post_id"}), "no field 编码; it has: 编号, 名称"),
        (ImportProfile(table="posts", fields={"编号": "postid"}), "no column postid"),
        (ImportProfile(table="posts", fields={"编号": "post_id", "名称": "post_id"}), "Several fields"),
        (
            ImportProfile(table="posts", fields={"编号": "post_id", "联系人": "name"}),
            "联系人 names persons and is never imported",
        ),
        (
            ImportProfile(table="posts", fields={"编号": "post_id", "姓名": "name"}),
            "姓名 names persons and is never imported",
        ),
        (ImportProfile(table="posts", fields={}, constants={"colour": 1}), "no column colour"),
        (ImportProfile(table="units", fields={}), "no column units"),
    ],
)
def test_profiles_that_do_not_fit(profile: ImportProfile, match: str) -> None:
    with pytest.raises(FieldError, match=match) as refused:
        to_table(layer({"编号": ["1"], "名称": ["a"], "联系人": ["张三"]}), Posts, profile)
    assert refused.value.zh != refused.value.en


def test_profiles_of_unknown_form() -> None:
    with pytest.raises(FieldError, match="not understood: colour"):
        ImportProfile.of_json({"table": "posts", "fields": {}, "colour": 1})


def test_missing_columns_are_named_in_both_languages() -> None:
    with pytest.raises(FieldError, match="gives post_id, shift_id, officers") as refused:
        to_table(layer({"编号": ["1"], "名称": ["a"]}), Units)
    assert "“屯警点编号、班次、民警”" in refused.value.zh


def test_times_that_cannot_be_read_are_named() -> None:
    frame = layer({"code": ["1", "2"], "启用日期": ["2026-01-01", "01/02/2026"]}, shapely.box(0, 0, 1, 1))
    with pytest.raises(FieldError, match=r"启用日期, row 3: '01/02/2026' is not a time with the year first") as refused:
        to_table(frame, Grids, first_row=2)
    assert refused.value.rows == ("3",)


def test_values_outside_the_choices_are_named() -> None:
    with pytest.raises(TableError, match=r"kind: not one of station, street_post, kiosk \(7\)"):
        to_table(layer({"id": ["7"], "name": ["a"], "类型": ["医院"]}), Posts)


def test_headers_match_whatever_their_case_width_and_spaces() -> None:
    profile = guess_profile(layer({"Post ID": ["1"], " 名 称 ": ["a"], "警力(组)": [1], "STATE": ["候选"]}), Posts)
    assert profile.fields == {"Post ID": "post_id", " 名 称 ": "name", "警力(组)": "units", "STATE": "state"}


PERSON_FILE = """编号,名称,负责人,备用,经度,纬度
1,东关市场,张三,11010519491231002X,108.95,34.27
2,钟楼,李四,11010519491231002X,108.96,34.27
"""


@pytest.mark.parametrize("collection", ["posts", "points"])
def test_no_person_reaches_a_table(collection: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(PERSON_FILE, encoding="utf-8")
    made = import_table(tmp_path / "a.csv", table_class(collection), frame="WGS84")
    whole = made.table.frame.to_csv()
    for text in ("张三", "李四", "11010519491231002X"):
        assert text not in whole
    assert [(p.column, p.why) for p in made.report.persons] == [("负责人", "name"), ("备用", "content")]
    assert made.report.source_frame == "WGS84"


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".parquet", ".kml", ".xlsx", ".csv"])
def test_a_table_that_was_exported_comes_back(suffix: str, tmp_path: Path) -> None:
    posts = to_table(
        layer({"编号": ["001", "002"], "名称": ["东关市场", "-1号亭"], "状态": ["候选", "固定"], "警力": [1, 2]}), Posts
    ).table
    write_layer(posts.frame, tmp_path / f"a{suffix}")
    made = import_table(tmp_path / f"a{suffix}", Posts, frame="WGS84" if suffix == ".kml" else None)
    left = made.table.frame.drop(columns=["geometry"])
    assert left.astype(str).equals(posts.frame.drop(columns=["geometry"]).astype(str))
    assert shapely.equals_exact(made.table.frame.geometry.to_numpy(), posts.frame.geometry.to_numpy(), 1e-9).all()


def test_points_near_the_border_are_reported(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "编号,名称,经度,纬度\n1,丹东站,124.386,40.122\n2,钟楼,108.95,34.27\n", encoding="utf-8"
    )
    made = import_table(tmp_path / "a.csv", Posts, frame="GCJ02")
    assert made.report.ambiguous == 1
    assert "1 行位于边界附近" in made.report.notes[-1][1]


def test_unknown_collections_are_named() -> None:
    with pytest.raises(NotFoundError, match="no table 'zones'"):
        table_class("zones")


@pytest.mark.parametrize("ending", ["csv", "geojson"])
def test_gaps_and_windows_of_points_come_from_files_as_numbers_or_times(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"points.{ending}"
    columns = {
        "编号": ["P1", "P2"], "名称": ["市场", "小学"], "到点间隔": ["120", None], "最小间隔": ["45", None],
        "到岗时刻": [None, "7:20"], "离岗时刻": [None, "08:05"], "可派巡组": ["车巡", "车巡、摩巡"],
    }  # fmt: skip
    if ending == "csv":
        frame = pd.DataFrame(columns | {"经度": [108.95, 108.96], "纬度": [34.27, 34.27]})
        frame.to_csv(file, index=False, encoding="utf-8-sig")
    else:
        places = [{"type": "Point", "coordinates": [108.95 + 0.01 * n, 34.27]} for n in range(2)]
        file.write_bytes(
            orjson.dumps(
                {
                    "type": "FeatureCollection",
                    "features": [
                        {"type": "Feature", "geometry": place, "properties": {k: v[n] for k, v in columns.items()}}
                        for n, place in enumerate(places)
                    ],
                }
            )
        )
    made = to_table(read_layer(file, frame="WGS84"), Points, first_row=2).table.frame
    assert made["gap_minutes"].to_list() == [120, pd.NA]
    assert made["least_gap_minutes"].to_list() == [45, pd.NA]
    assert made["window_start"].to_list() == [pd.NA, 440]
    assert made["window_end"].to_list() == [pd.NA, 485]
    assert made["kinds"].to_list() == ["车巡", "车巡、摩巡"]
