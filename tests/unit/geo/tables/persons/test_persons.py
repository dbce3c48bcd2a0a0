"""Person data are found by header and by content, and blotted out of texts."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.store.port import TABLES
from geo.tables.persons import is_identity_number, names_person, without_persons

# The example of GB 11643-1999 and one more whose check digit was worked out by hand.
VALID = ("11010519491231002X", "440524188001010014", "11010519491231002x")


def test_identity_numbers_by_their_check_digit() -> None:
    assert is_identity_number(VALID[0])
    assert is_identity_number(VALID[2])
    assert not is_identity_number(VALID[1])  # right check digit, but nobody born in 1880 calls
    assert not is_identity_number("110105194912310021")
    assert not is_identity_number("11010519491331002X")
    assert not is_identity_number("610102001001001")


@pytest.mark.parametrize(
    "header",
    ["姓名", "报警人", "报警人姓名", "联系电话", "手机号码", "身份证号", "户籍地", "现住址", "当事人", "嫌疑人", "性别", "年龄", "民族",
     "车牌号", "网格员", "网格长", "处警民警", "id_card", "idCard", "phone", "PhoneNumber", "caller_name", "Victim Age", "suspect", "DOB",
     "first_name", "LastName", "email", "XM", "SFZH", "LXDH", "Officer Name", "license plate"],
)  # fmt: skip
def test_headers_that_name_persons(header: str) -> None:
    assert names_person(header)


@pytest.mark.parametrize(
    "header",
    ["报警时间", "警情编号", "名称", "网格名称", "人口", "户籍人口", "户数", "民警数", "辅警人数", "报警类别", "派出所名称", "name", "location",
     "call_type", "premise", "victims_count", "homes", "stage", "page", "racetrack", "电话诈骗数"],
)  # fmt: skip
def test_headers_that_do_not(header: str) -> None:
    assert not names_person(header)


def test_no_column_of_our_own_tables_is_dropped() -> None:
    for table in TABLES.values():
        for column in table.SPEC.columns:
            counts = column.kind in ("int", "float")
            assert not names_person(column.name, counts=counts), column.name
            assert not names_person(column.label_zh, counts=counts), column.label_zh


def test_roles_with_small_numbers_are_counts() -> None:
    frame, dropped = without_persons(pd.DataFrame({"民警": [1, 2], "辅警": ["张三", "李四"], "victim": [0, 3]}))
    assert list(frame.columns) == ["民警", "victim"]
    assert [d.column for d in dropped] == ["辅警"]


def test_columns_of_numbers_are_found_by_content() -> None:
    frame, dropped = without_persons(
        pd.DataFrame(
            {
                "备用1": ["13812345678", "139-1234-5678", None],
                "备用2": [13812345678, 13912345678, 15012345678],
                "备用3": [VALID[0], None, None],
                "备用4": [1.3812345678e10, None, 1.5e10],
                "编码": ["610102001001001", "610102001001002", "610102001001003"],
                "人口": [1200, 800, 13_800_000_000],
            }
        )
    )
    assert list(frame.columns) == ["编码", "人口"]
    assert [(d.column, d.why) for d in dropped] == [(f"备用{i}", "content") for i in (1, 2, 3, 4)]


def test_a_few_in_a_long_column_are_blotted_out_and_amounts_stay() -> None:
    texts = ["13812345678", *["东关市场"] * 9]
    frame, dropped = without_persons(pd.DataFrame({"备注": texts, "产值": [13_812_345_678, *[5] * 9]}))
    assert frame["备注"].tolist() == ["※※※※※※", *["东关市场"] * 9]
    assert frame["产值"].iloc[0] == 13_812_345_678
    assert [(d.column, d.why, d.cells) for d in dropped] == [("备注", "masked", 1)]


def test_numbers_inside_texts_are_blotted_out() -> None:
    texts = [
        f"事主电话13812345678，证件{VALID[0]}",
        "东关市场3号",
        "单号2026112213812345678001",
        "+86 138 1234 5678 来电",
        "距离138.12345678901",
    ]
    frame, dropped = without_persons(pd.DataFrame({"摘要": texts}))
    assert frame["摘要"].tolist() == ["事主电话※※※※※※，证件※※※※※※", texts[1], texts[2], "※※※※※※ 来电", texts[4]]
    assert [(d.why, d.cells) for d in dropped] == [("masked", 2)]


def test_the_given_table_is_not_changed() -> None:
    given = pd.DataFrame({"姓名": ["张三"], "摘要": ["13812345678打来"]})
    without_persons(given)
    assert given["摘要"].iloc[0] == "13812345678打来"
    assert list(given.columns) == ["姓名", "摘要"]
