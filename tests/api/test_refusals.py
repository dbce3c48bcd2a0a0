"""What a schema refuses is a Chinese sentence that names the field, its value and what is wanted, wherever it is asked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel

from api.cli.main import main
from api.refusals import parsed
from api.schemas.patrol import Event, PatrolQuestion
from api.schemas.patrol_rounds import RoundsQuestion
from api.schemas.patrol_settings import Calendar
from api.schemas.patrol_sweep import SweepQuestion
from geo.errors import InputError

ENGLISH = re.compile(
    r"\b(should|input|valid|value|greater|less|than|required|field|unable|least|most|permitted)\b", re.IGNORECASE
)
NIGHT: dict[str, Any] = {"shift_id": "night"}
ROUNDS: dict[str, Any] = {"post_id": "P", "from_day": "2026-11-23"}


@pytest.mark.parametrize(
    ("schema", "asked", "words"),
    [
        (PatrolQuestion, {}, "缺少参数 shift_id，请补上"),
        (PatrolQuestion, {"shift_id": 5}, "参数 shift_id 的值“5”不可用：应为文本，请改正"),
        (PatrolQuestion, {**NIGHT, "level": 4}, "应为 1、2、3 之一"),
        (PatrolQuestion, {**NIGHT, "seconds": 0}, "参数 seconds 的值“0”不可用：应大于 0"),
        (PatrolQuestion, {**NIGHT, "seed": 2**60}, "应不大于 9007199254740991"),
        (PatrolQuestion, {**NIGHT, "seed": 1.5}, "应为整数"),
        (PatrolQuestion, {**NIGHT, "day": "32"}, "应为日期"),
        (PatrolQuestion, {**NIGHT, "handover": "maybe"}, "应为 true 或 false"),
        (PatrolQuestion, {**NIGHT, "wether": 1}, "没有名为 wether 的参数"),
        (PatrolQuestion, {**NIGHT, "closures": [{"line": [[1, 2]]}]}, "参数 closures 第 1 项的 line 不可用：至少 2 项"),
        (PatrolQuestion, {**NIGHT, "closures": [{"line": [[1, 2], [3, 400]]}]}, "line 第 2 项第 2 项的值“400”不可用：应不大于 90"),
        (PatrolQuestion, {**NIGHT, "lines": [{"street": "x", "from": ["K1"]}]}, "参数 lines 第 1 项的 from 不可用"),
        (PatrolQuestion, {**NIGHT, "lines": [{"street": "x", "code": "y"}]}, "参数 lines 第 1 项：线性巡逻须给出"),
        (PatrolQuestion, {**NIGHT, "forbidden": [{"point_id": "P1"}]}, "unit_id、kind 之一"),
        (PatrolQuestion, {**NIGHT, "unit_ids": []}, "没有选中巡组，请至少选一组"),
        (
            PatrolQuestion,
            {**NIGHT, "pinned": [{"unit_id": "a", "point_id": "b", "earliest": "2026-01-01T00:00:00", "latest": "x"}]},
            "须写明时区",
        ),
        (PatrolQuestion, [], "请求内容不可用：应为对象"),
        (RoundsQuestion, {**ROUNDS, "points": []}, "参数 points 不可用：至少 1 项"),
        (RoundsQuestion, {**ROUNDS, "points": [{}], "kind": "bus"}, "应为 car、motorcycle、foot、off_road 之一"),
        (RoundsQuestion, {**ROUNDS, "points": [{"lon": float("nan")}]}, "的值“nan”不可用"),
        (RoundsQuestion, {**ROUNDS, "points": [{}], "day_start": "26:00"}, "应为时刻"),
        (SweepQuestion, {"post_id": "P", "area": [[1, 2], [3, 4], [999, 6]]}, "area 第 3 项第 1 项的值“999”不可用：应不大于 180"),
        (SweepQuestion, {"post_id": "P", "seed": -1}, "应不小于 0"),
        (Event, {"kind": "away"}, "事件缺少巡组"),
        (Calendar, {"rest_days": ["2026-01-01"], "work_days": ["2026-01-01"]}, "2026-01-01 既是放假又是调休上班"),
    ],
)  # fmt: skip
def test_the_sentence_names_the_field_its_value_and_what_is_wanted(
    schema: type[BaseModel], asked: object, words: str
) -> None:
    with pytest.raises(InputError) as refused:
        parsed(schema, asked)
    assert words in refused.value.zh
    assert not ENGLISH.search(refused.value.zh)
    assert not re.search(r"[一-鿿]", refused.value.en)


def test_where_it_stands_in_a_file_begins_the_sentence() -> None:
    with pytest.raises(InputError) as refused:
        parsed(PatrolQuestion, {}, where=("表.csv 第 3 行", "表.csv row 3:"))
    assert refused.value.zh == "表.csv 第 3 行 缺少参数 shift_id，请补上"


@pytest.mark.parametrize(
    ("method", "url", "body", "words"),
    [
        ("POST", "/api/patrol/plan", {"shift_id": "night", "level": 9}, "参数 level 的值“9”不可用：应为 1、2、3 之一"),
        ("POST", "/api/patrol/rounds", {"post_id": "x"}, "缺少参数 points"),
        ("GET", "/api/presence?radius_m=1", None, "参数 radius_m 的值“1”不可用：应不小于 10"),
        ("GET", "/api/patrol/day?day=yesterday", None, "参数 day 的值“yesterday”不可用：应为日期"),
    ],
)
def test_http_says_the_same(client: TestClient, method: str, url: str, body: object, words: str) -> None:
    answer = client.request(method, url, json=body) if body is not None else client.request(method, url)
    assert answer.status_code == 422
    assert answer.json()["detail_zh"].startswith(words)
    assert answer.json()["code"] == "input"


def test_a_body_that_is_no_json_is_said_to_be_none(client: TestClient) -> None:
    answer = client.post("/api/patrol/plan", content="{", headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert "不是有效的 JSON" in answer.json()["detail_zh"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("patrol", "sweep", "--post", "P", "--grid", "G", "--kind", "bus"), "参数 kind 的值“bus”不可用"),
        (("grids", "repair", "--tolerance", "-1"), "参数 tolerance_m 的值“-1.0”不可用"),
        (("patrol", "replan", "X", "--away", ""), "参数 unit_id"),
        (("patrol", "lock"), "缺少参数 plan_id，请补上；用法见 xunge patrol lock --help"),
        (("patrol", "move", "X", "--unit", "a", "--stop", "0"), "参数 --stop 的值“0”不可用：应不小于 1"),
        (("patrol", "plan", "--shift", "night", "--seconds", "x"), "参数 --seconds 的值“x”不可用：应为数字"),
        (("patrol", "plan", "--shift"), "选项 --shift 后须给出值"),
        (("patrol", "move", "--too", "x"), "没有选项 --too，是否为 --to"),
        (("patrol", "fly"), "没有命令“fly”"),
        (("patrol", "versions", "a", "b"), "多余的内容“b”"),
    ],
)
def test_the_command_line_says_the_same(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    shown = capsys.readouterr()
    assert ended.value.code == 2
    assert said in "".join(shown.err.split("\n"))
    assert not ENGLISH.search(shown.err)


@pytest.mark.parametrize(("words", "code"), [(("patrol",), 2), (("--version",), 0), (("patrol", "move", "--help"), 0)])
def test_help_is_shown_where_it_is_asked_for_or_nothing_is(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    shown = capsys.readouterr()
    assert ended.value.code == code
    assert "xunge" in shown.out + shown.err
