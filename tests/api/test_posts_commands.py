"""``xunge posts``: the same questions on the command line, the same sentences when they cannot be answered."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from api.cli.main import main


@pytest.fixture(scope="module")
def home(untouched_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("posts") / "home"
    shutil.copytree(untouched_home, copy)
    return copy


def run(capsys, home: Path, *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["posts", *words, "--home", str(home)])
    assert ended.value.code == 0
    return capsys.readouterr().out


def refused(capsys, home: Path, *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["posts", *words, "--home", str(home)])
    assert ended.value.code not in (0, None)
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    return "".join((shown.out + shown.err).split())


def test_a_plan_is_solved_checked_and_written(capsys, home: Path, tmp_path: Path) -> None:
    plan = json.loads(run(capsys, home, "solve", "--model", "p_median", "--posts", "4", "--seconds", "5", "--json"))
    assert len(plan["posts"]) == 4
    check = json.loads(run(capsys, home, "check", plan["plan_id"], "--json"))
    assert check["recomputed"] == pytest.approx(plan["objective"])
    path = tmp_path / "plan.xlsx"
    run(capsys, home, "export", plan["plan_id"], str(path))
    assert path.read_bytes()[:2] == b"PK"


def test_every_question_has_a_sentence(capsys, home: Path) -> None:
    assert "理论界限" in run(capsys, home, "solve", "--posts", "5", "--seconds", "3")
    assert "n=" in run(capsys, home, "evaluate")
    assert run(capsys, home, "close", "--count", "2").count("\n") == 3
    assert run(capsys, home, "open", "--count", "2").count("\n") == 3
    assert "个点" in run(capsys, home, "value", "--posts", "3", "--seconds", "2")
    assert "调整" in run(capsys, home, "moves", "--count", "2", "--seconds", "2")
    assert "省人" in run(capsys, home, "pareto", "--posts", "4", "--levels", "1", "--seconds", "3")
    assert "最差时期" in run(capsys, home, "robust", "--posts", "4", "--seconds", "3")
    assert "可见街道" in run(capsys, home, "sight", "--more", "1")
    assert run(capsys, home, "sight", "--spot", "24.95,60.17", "--spot", "24.94,60.168").startswith("2 处")
    assert "fewer" in run(capsys, home, "pin", "HX001", "--posts", "3", "--seconds", "2", "--lang", "en")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("solve", "--posts", "99"), "减到42个以内"),
        (("solve", "--posts", "3", "--pin", "nobody"), "nobody不在备选范围内"),
        (("solve", "--posts", "3", "--add", "here"), "不是经度,纬度"),
        (("solve", "--posts", "3", "--add", "0,0"), "距任何道路过远"),
        (("solve", "--posts", "3", "--model", "magic"), "参数model的值“magic”不可用"),
        (("solve", "--budget", "0.5"), "预算"),
        (("solve", "--posts", "3", "--cost", "P1"), "应写作编号=值"),
        (("solve", "--posts", "3", "--minutes", "0.1", "--sites", "posts", "--basis", "rumours"), "参数basis"),
        (("check", "posts-1"), "posts-1"),
        (("solve", "--posts", "3", "--add", "24.95,60.17", "--add", "24.95,60.17"), "x1在同一位置重复"),
        (("solve", "--posts", "3", "--need", "校=24.95,60.17,-2"), "校的需求为负数"),
        (("solve", "--posts", "3", "--need", "校=24.95,60.17", "--need", "校=24.95,60.18"), "校重复"),
        (("solve", "--posts", "3", "--need", "校=0,0", "--need", "甲=24.95,60.17"), "校距可通行道路过远"),
        (("solve", "--posts", "3", "--need", "校"), "应写作编号=经度,纬度"),
        (("solve", "--posts", "1", "--minutes", "0.1", "--need", "校=24.95,60.17"), "最近"),
        (("solve", "--budget", "0.5"), "0.5"),
        (("solve", "--posts", "3", "--pin", "HX001", "--close", "HX001"), "二选一"),
        (("solve", "--model", "hierarchy", "--level", "1=99"), "减到"),
        (("solve", "--posts", "3", "--profile-of", "street_post=rocket"), "rocket"),
    ],
)
def test_bad_input_is_one_sentence(capsys, home: Path, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused(capsys, home, *words)


def test_demand_may_be_listed_in_words_or_in_a_table(capsys, home: Path, tmp_path: Path) -> None:
    table = tmp_path / "学校.csv"
    table.write_text("编号,经度,纬度,权重\n校甲,24.95,60.17,700\n校乙,24.93,60.165,\n", encoding="utf-8-sig")
    shown = run(
        capsys, home, "solve", "--posts", "2", "--needs", str(table), "--need", "校丙=24.94,60.168,20", "--json"
    )
    plan = json.loads(shown)
    assert plan["demand"] == 721
    assert plan["demand_kind"] == "needs"
    assert all("起" not in post["why"] and "calls" not in post["why_en"] for post in plan["posts"])
    assert "721" in run(capsys, home, "evaluate", "--needs", str(table), "--need", "校丙=24.94,60.168,20")
    table.write_text("编号,经度\n校甲,24.95\n", encoding="utf-8")
    assert "第1行缺少lat" in refused(capsys, home, "solve", "--posts", "1", "--needs", str(table))


def test_levels_are_spelled_on_the_command_line(capsys, home: Path) -> None:
    words = ("--level", "1=3,motorcycle,street_post+kiosk", "--level", "5=2,,station")
    plan = json.loads(run(capsys, home, "solve", "--model", "hierarchy", *words, "--seconds", "5", "--json"))
    assert [(level["minutes"], level["p"], level["profile"]) for level in plan["levels"]] == [
        (1.0, 3, "motorcycle"),
        (5.0, 2, "response_car"),
    ]
    assert {post["kind"] for post in plan["posts"] if post["level"] == 1} == {"station"}


def test_posts_of_a_kind_travel_by_their_own_profile(capsys, home: Path) -> None:
    words = ("solve", "--posts", "4", "--minutes", "2", "--seconds", "5", "--json")
    driven = json.loads(run(capsys, home, *words))
    walked = json.loads(run(capsys, home, *words, "--profile-of", "street_post=foot", "--profile-of", "kiosk=foot"))
    assert walked["objective"] < driven["objective"]
    assert json.loads(run(capsys, home, "check", walked["plan_id"], "--json"))["agrees"]
    same = json.loads(run(capsys, home, *words, "--profile-of", "street_post=response_car"))
    assert same["objective"] == driven["objective"]
