"""Exports as they come, from bytes to calls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.errors import EncodingError, FieldError, FileError, FrameError
from geo.frames import from_wgs84
from geo.incidents.build_calls import BuiltCalls, Context, build_calls
from geo.incidents.clean_places import Ground
from geo.incidents.profile import CallsProfile, guess, signature
from geo.store.row_files import RowFile, read_row_file
from geo.tables.calls import Calls

NOW = np.datetime64("2026-11-22T00:00:00", "us")
HEAD = "警情编号,报警时间,案发时间,警情类别,报警人,备注,案发地点,来源,是否有效,经度,纬度"


def context(bounds: tuple[float, float, float, float] | None = None, zone: str = "Asia/Shanghai") -> Context:
    return Context(ground=Ground(bounds=bounds), zone=zone, now=NOW)


def made(file: RowFile, where: Context, **changes: object) -> BuiltCalls:
    profile: CallsProfile = replace(guess(file.table.column_names), **{"frame": "WGS84", **changes})  # type: ignore[arg-type]
    return build_calls(
        file.table, profile, where, points=file.points, source_frame=file.source_frame, first_row=file.first_row,
        damaged=file.damaged,
    )  # fmt: skip


def write(path: Path, lines: list[str], encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join([HEAD, *lines, ""]).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "big5"])
def test_an_export_in_each_encoding(tmp_path: Path, encoding: str) -> None:
    said = {"gb18030": "GB18030", "big5": "Big5"}.get(encoding)
    text = "J1,2026-11-20 08:05:00,2026/11/20 07:50,盜竊,張三,電話13812345678急,東關市場,110,是,114.93,25.85"
    path = write(tmp_path / "a.csv", [text.replace("：", ":")], encoding) if encoding != "big5" else tmp_path / "a.csv"
    if encoding == "big5":
        path.write_bytes(
            ("id,reported_at,category,address,lon,lat\nJ1,2026-11-20 08:05,盜竊,東關市場,114.93,25.85\n").encode("big5")
        )
    calls = made(read_row_file(path, encoding=said), context())
    row = calls.calls.frame.iloc[0]
    assert (row["call_id"], row["family"], row["address"], row["placed"]) == ("J1", "盜竊", "東關市場", True)


def test_damage_is_named_by_row_and_bytes_or_marked(tmp_path: Path) -> None:
    good = "J1,2026-11-20 08:05:00,,盗窃,,,东关,110,是,114.93,25.85\n".encode()
    bad = "J2,2026-11-20 08:06:00,,盗窃,,,东".encode() + b"\xff\xfe" + ",110,是,114.93,25.85\n".encode()
    path = tmp_path / "a.csv"
    path.write_bytes(f"{HEAD}\n".encode() + good + bad + good.replace(b"J1", b"J3"))
    with pytest.raises(EncodingError, match=r"Row 3: the bytes FF FE .* \(damaged rows: 1;"):
        read_row_file(path)
    calls = made(read_row_file(path, damaged="mark"), context())
    assert calls.flags["damaged_text"] == 1
    assert "damaged_text=open" in calls.calls.frame.set_index("call_id")["flags"]["J2"]


def test_a_cut_off_file_is_refused_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,reported_at,category\n1,2026-11-20 08:05,a\n2,2026-11", "utf-8")
    with pytest.raises(FileError, match="Row 3 has 2 fields, the header has 3"):
        read_row_file(path)


def test_persons_go_by_name_and_by_content(tmp_path: Path) -> None:
    identity = "11010519491231002X"
    lines = [
        f"J{i},2026-11-20 08:0{i}:00,,盗窃,张三,电话13812345678急,东关{identity},110,是,114.93,25.85" for i in range(3)
    ]
    file = read_row_file(write(tmp_path / "a.csv", lines))
    assert {(d.column, d.why) for d in file.dropped} == {("报警人", "name"), ("备注", "masked"), ("案发地点", "masked")}
    text = made(file, context()).calls.frame.to_string()
    assert "张三" not in text
    assert identity not in text


def test_numbers_that_repeat_are_told_apart_or_left_out(tmp_path: Path) -> None:
    one = "J1,2026-11-20 08:05:00,,盗窃,,,东关,110,是,114.93,25.85"
    calls = made(read_row_file(write(tmp_path / "a.csv", [one, one, one.replace("盗窃", "纠纷")])), context())
    assert (calls.read, calls.doubled, calls.calls.keys) == (3, 1, ["J1", "J1#2"])
    assert calls.flags["same_id"] == 1


def test_rows_without_numbers_get_the_same_ones_again(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("reported_at,category,lon,lat\n" + "2026-11-20 08:05,a,114.93,25.85\n" * 2, "utf-8")
    first, second = made(read_row_file(path), context()), made(read_row_file(path), context())
    assert first.calls.keys == second.calls.keys
    assert len(set(first.calls.keys)) == 2


def test_a_frame_for_each_row(tmp_path: Path) -> None:
    rows = []
    for frame in ("GCJ02", "BD09", "WGS84"):
        lon, lat = from_wgs84([(114.93, 25.85)], frame).lonlat[0]  # type: ignore[arg-type]
        rows.append(f"{frame},2026-11-20 08:05,a,{lon:.9f},{lat:.9f},{frame}")
    path = tmp_path / "a.csv"
    path.write_text("id,reported_at,category,lon,lat,坐标系\n" + "\n".join(rows) + "\n", "utf-8")
    calls = made(read_row_file(path), context(), frame=None)
    assert np.abs(calls.calls.lonlat() - [114.93, 25.85]).max() < 1e-8
    path.write_text("id,reported_at,category,lon,lat\n1,2026-11-20 08:05,a,114.93,25.85\n", "utf-8")
    with pytest.raises(FrameError, match="does not say in which coordinate frame"):
        made(read_row_file(path), context(), frame=None)


def test_unreadable_times_are_left_out_by_row_and_many_refuse_the_file(tmp_path: Path) -> None:
    lines = [f"J{i},2026-11-20 08:05:00,,盗窃,,,东关,110,是,114.93,25.85" for i in range(10)]
    lines[4] = lines[4].replace("2026-11-20 08:05:00", "昨晚")
    calls = made(read_row_file(write(tmp_path / "a.csv", lines)), context())
    assert [(row, en) for row, en, _ in calls.rejected] == [(6, "no readable time ('昨晚')")]
    assert len(calls.calls) == 9
    with pytest.raises(FieldError, match="10 of 10 rows have no readable time"):
        made(
            read_row_file(write(tmp_path / "b.csv", [line.replace("2026-11-20", "昨晚") for line in lines])), context()
        )


def test_the_table_is_the_one_that_its_own_check_makes(tmp_path: Path) -> None:
    lines = [
        "J1,2026-11-20 08:05:00,2026-11-20,盗窃,,,东关,110,是,114.93,25.85",
        "J2,2026-11-20 08:06:00,,纠纷,,,,12345,否,0,0",
        "J3,2026-11-20 08:07:00,,,,,,别处,,,",
    ]
    calls = made(read_row_file(write(tmp_path / "a.csv", lines)), context())
    checked = Calls.of(calls.calls.frame)
    pd.testing.assert_frame_equal(pd.DataFrame(checked.frame), pd.DataFrame(calls.calls.frame))
    frame = calls.calls.frame
    assert frame["family"].tolist() == ["盗窃", "纠纷", "未分类"]
    assert frame["intake"].tolist() == ["报警", "12345", None]
    assert frame["placed"].tolist() == [True, False, False]
    assert calls.flags == {"placeholder": 1, "time_of_report": 2}
    assert frame["occurred_to"].iloc[0] - frame["occurred_at"].iloc[0] == pd.Timedelta(days=1)


def test_headers_in_any_order_are_one_kind_of_file() -> None:
    assert signature(["案发时间", "经度（E）"]) == signature(["经度(e)", " 案发时间"])
    assert signature(["案发时间"]) != signature(["报警时间"])


def test_a_mapping_is_checked_against_file_and_table() -> None:
    names = ["a", "b", "报警人"]
    with pytest.raises(FieldError, match="names persons"):
        CallsProfile(fields={"报警人": "address"}).checked(names)
    with pytest.raises(FieldError, match="no field c"):
        CallsProfile(fields={"c": "family"}).checked(names)
    with pytest.raises(FieldError, match="flags"):
        CallsProfile(fields={"a": "flags"}).checked(names)
    with pytest.raises(FieldError, match="mapped to family"):
        CallsProfile(fields={"a": "family", "b": "family"}).checked(names)
