"""``xunge patrol``: plan, change, compare, issue and write a plan on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from api.cli.main import main
from api.cli.patrol_options import closures_of, moment_of
from geo.errors import FileError

ASKED = ("plan", "--shift", "night", "--day", "2026-11-23", "--seconds", "2")


@pytest.fixture(scope="module")
def home(untouched_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("patrol") / "home"
    shutil.copytree(untouched_home, copy)
    return copy


def run(capsys, home: Path, *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["patrol", *words, "--home", str(home)])
    shown = capsys.readouterr()
    assert ended.value.code == 0, shown.err
    return shown.out


def refused(capsys, home: Path, *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["patrol", *words, "--home", str(home)])
    assert ended.value.code not in (0, None)
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    return "".join((shown.out + shown.err).split())


def planned(capsys, home: Path, *words: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(run(capsys, home, *ASKED, *words, "--json"))
    return body


def test_a_plan_is_made_changed_issued_and_written(capsys, home: Path, tmp_path: Path) -> None:
    plan = planned(capsys, home)
    name, crews = plan["plan_id"], [r for r in plan["routes"] if r["kind"] != "video"]
    assert plan["sentence_zh"].startswith("本方案")
    unit = crews[0]["unit_id"]
    moved = json.loads(
        run(capsys, home, "move", name, "--unit", unit, "--stop", "1", "--at", "00:30", "--soft", "--json")
    )
    assert moved["version"] == 2
    assert "下发" in run(capsys, home, "issue", name)
    assert "已下发" in run(capsys, home, "issues", name)
    assert "未启用" in refused(capsys, home, "crew-links", name)
    told = run(capsys, home, "replan", name, "--at", "03:00", "--away", unit)
    assert "第 3 版" in told
    assert "脱岗处警" in told
    assert "理论下限" in run(capsys, home, "compare", f"{name}@1", name)
    assert "本方案" in run(capsys, home, "resolve", name, "--seconds", "1")
    for ending, head in (("pdf", b"%PDF"), ("html", b"<!doctype")):
        path = tmp_path / f"sheet.{ending}"
        run(capsys, home, "sheet", name, str(path), "--unit", unit, "--version", "1")
        assert path.read_bytes().startswith(head)
    for ending in ("gpx", "kml", "xlsx", "geojson"):
        path = tmp_path / f"routes.{ending}"
        run(capsys, home, "export", name, str(path))
        assert path.stat().st_size > 500
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".geojson", ".gpx", ".html", ".kml", ".pdf", ".xlsx"]


def test_what_cannot_be_done_is_one_sentence(capsys, home: Path, tmp_path: Path) -> None:
    assert "没有班次" in refused(capsys, home, "plan", "--shift", "none")
    assert "不是日期" in refused(capsys, home, "plan", "--shift", "night", "--day", "tomorrow")
    assert "没有名为" in refused(capsys, home, *ASKED, "--close-street", "无此路")
    broken = tmp_path / "closed.geojson"
    broken.write_text("{", encoding="utf-8")
    assert "不是可读取的" in refused(capsys, home, *ASKED, "--close", str(broken))
    broken.write_text('{"type": "Point", "coordinates": [1, 2]}', encoding="utf-8")
    assert "应为" in refused(capsys, home, *ASKED, "--close", str(broken))
    assert "请说明事件" in refused(capsys, home, "replan", "P1")
    assert "--late" in refused(capsys, home, "replan", "P1", "--late", "XZ1")
    assert "请用" in refused(capsys, home, "move", "P1", "--unit", "XZ1", "--stop", "1")
    assert refused(capsys, home, "issue", "P1")
    assert "任务单应为" in refused(capsys, home, "sheet", "P1", "a.docx")


def test_what_is_asked_beside_the_rounds_is_asked_on_the_command_line_too(capsys, home: Path, tmp_path: Path) -> None:
    plan = planned(capsys, home, "--no-breaks")
    place = next(p for p in plan["points"] if p["mode"] == "car" and p["begins"])
    offers = tmp_path / "stops.csv"
    offers.write_text(
        f"名称,经度,纬度,开始,结束,价值\n夜市,{place['lon']},{place['lat']},01:00,06:30,3\n", encoding="utf-8-sig"
    )
    question = tmp_path / "question.json"
    question.write_text(json.dumps({"level": 2, "seed": 9}), encoding="utf-8")
    made = planned(
        capsys, home, "--break", "20@1-7", "--optional-file", str(offers), "--line-street", "Unioninkatu:K0+100-K0+900@120/25",
        "--ban", f"{place['units'][0]}={place['point_id']}", "--question", str(question),
    )  # fmt: skip
    assert (made["level"], made["seed"]) == (2, 9)
    assert [row["minutes"] for row in made["breaks"]] == [20]
    assert made["optional"]["stops"][0]["name"] == "夜市"
    assert made["lines"][0]["name"] == "Unioninkatu K0+100–K0+900"
    unit = place["units"][0]
    stops = [s for r in made["routes"] if r["unit_id"] == unit for s in r["stops"]]
    assert place["point_id"] not in {s["point_id"] for s in stops}
    closing = run(capsys, home, "replan", made["plan_id"], "--at", "01:00", "--close-street", "Fabianinkatu")
    assert "临时封闭" in closing
    assert "解除封闭" in run(capsys, home, "replan", made["plan_id"], "--at", "02:00", "--reopen", "Fabianinkatu")


def test_stops_are_locked_taken_out_and_put_back_by_version(capsys, home: Path, tmp_path: Path) -> None:
    plan = planned(capsys, home)
    name, crew = plan["plan_id"], next(r for r in plan["routes"] if r["kind"] != "video")
    unit, point = crew["unit_id"], crew["stops"][0]["point_id"]
    assert "锁定" in run(capsys, home, "lock", name, "--unit", unit, "--stop", "2")
    assert "解锁" in run(capsys, home, "unlock", name, "--unit", unit)
    assert "删去" in run(capsys, home, "remove", name, "--unit", unit, "--stop", "1", "--soft")
    told = run(capsys, home, "insert", name, "--unit", unit, "--point", point, "--soft", "--preview")
    assert "增加" in told
    assert point not in told, "a sentence names points, not their keys"
    assert "恢复第 1 版" in run(capsys, home, "restore", name, "--to", "1")
    rows = json.loads(run(capsys, home, "versions", name, "--json"))["versions"]
    assert [row["action"] for row in rows] == ["restore", "remove", "unlock", "lock", "plan"]
    run(capsys, home, "issue", name)
    assert "已签收" in run(capsys, home, "accept", name, "--unit", unit, "--number", "1")
    held = json.loads(run(capsys, home, "settings", "--json"))
    held["settings"]["levels"]["1"]["breaks"] = [{"minutes": 40}]
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(held), encoding="utf-8")
    changed = json.loads(run(capsys, home, "settings", str(file), "--json"))
    assert changed["version"] == held["version"] + 1
    assert changed["settings"]["levels"]["1"]["breaks"][0]["minutes"] == 40


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--break", "40"), "应为分钟@小时-小时"),
        (("--break", "40@5-3"), "breaks"),
        (("--ban", "XZ301"), "应为巡组=必巡点"),
        (("--pin", "XZ301=BX001@25:00-26:00"), "不是时刻"),
        (("--line", "LG-404:K1+000-K2+000"), "没有编码为LG-404的线性网格"),
        (("--line-street", "Unioninkatu:K3+000-K9+000"), "桩号为K0+000至"),
    ],
)
def test_what_is_asked_wrongly_is_one_sentence(capsys, home: Path, words: tuple[str, str], why: str) -> None:
    assert why in refused(capsys, home, *ASKED, *words)


def test_closed_streets_may_have_hours(tmp_path: Path) -> None:
    night = {"shift": {"start": "2026-11-23T22:00:00+08:00"}}
    named = closures_of([], ["南京路@23:00-00:30", "北京路"], at=lambda text: moment_of(text, night))
    assert [(c.street, c.start and c.start.isoformat(), c.end and c.end.isoformat()) for c in named] == [
        ("南京路", "2026-11-23T23:00:00+08:00", "2026-11-24T00:30:00+08:00"), ("北京路", None, None),
    ]  # fmt: skip
    path = tmp_path / "event.geojson"
    line = {"type": "LineString", "coordinates": [[24.9, 60.1, 3.0], [24.91, 60.11, 3.0]]}
    told = {"name": "马拉松", "from": "23:00", "to": "2026-11-24T01:00+08:00"}
    path.write_text(json.dumps({"features": [{"type": "Feature", "geometry": line, "properties": told}]}), "utf-8")
    (drawn,) = closures_of([path], [], at=lambda text: moment_of(text, night))
    assert drawn.name == "马拉松"
    assert drawn.line == [(24.9, 60.1), (24.91, 60.11)]
    assert drawn.end is not None
    assert drawn.end.isoformat() == "2026-11-24T01:00:00+08:00"
    for broken, words in (
        ({"features": []}, "没有线或面"),
        ({"type": "Point", "coordinates": [1, 2]}, "LineString 或 Polygon"),
    ):
        path.write_text(json.dumps(broken), "utf-8")
        with pytest.raises(FileError) as wrong:
            closures_of([path], [], at=lambda text: moment_of(text, night))
        assert words in wrong.value.zh
