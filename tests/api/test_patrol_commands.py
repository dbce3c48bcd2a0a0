"""``xunge patrol``: plan, change, compare, issue and write a plan on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from api.cli.main import main

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
