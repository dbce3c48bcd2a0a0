"""Positions come in, presence comes out: by point and as a whole, never by unit."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient

from api.services import presence_days
from api.services.features import parse_instant
from api.services.presence import presence_answer
from api.services.report_periods import Span
from api.services.upward import upward
from api.services.workspace import Workspace
from api.settings import Settings
from geo.store.port import DEMO
from geo.store.sql import SqlStore


@pytest.fixture
def workspace(own_client: TestClient) -> Workspace:
    return own_client.app.state.workspace  # type: ignore[attr-defined, no-any-return]


def spot(workspace: Workspace, row: int = 0) -> tuple[str, float, float]:
    """Return a point that is visited in person."""
    frame = workspace.points(DEMO).frame
    frame = frame[frame["mode"] != "video"].reset_index(drop=True)
    lon, lat = shapely.get_coordinates(np.asarray(frame.geometry.array))[row].tolist()
    return str(frame["point_id"][row]), lon, lat


def test_the_demo_week_has_presence_with_its_unknown_and_interval(client: TestClient) -> None:
    made = client.get("/api/presence").json()
    seen, control = made["seen"], made["control"]
    assert 0 < seen["low"] < seen["value"] < seen["high"] < 1
    assert seen["n"] + seen["unknown"] == 24 * 7 * made["places"]
    assert seen["least"] <= seen["value"] <= seen["most"]
    assert 0 < control["yes"] <= control["n"]
    assert sum(hour["seen"]["n"] for hour in made["hours"]) == seen["n"]
    assert sum(point["seen"]["yes"] for point in made["points"]) == seen["yes"]
    assert len(made["points"]) == made["places"]
    for point in made["points"]:
        assert [sum(pair[k] for pair in point["by_hour"]) for k in (0, 1)] == [point["seen"]["yes"], point["seen"]["n"]]
    assert "见警率" in made["sentence_zh"]
    assert "%" in made["sentence_en"]


def test_no_answer_names_or_ranks_a_unit(client: TestClient) -> None:
    units = client.get("/api/collections/units/items?limit=1000").json()["features"]
    plan = next(p for p in client.get("/api/plans?kind=patrol").json()["plans"])
    texts = [client.get(path).text for path in ("/api/presence", f"/api/presence/plans/{plan['plan_id']}")]
    for text in texts:
        for unit in units:
            assert unit["properties"]["unit_id"] not in text
            assert unit["properties"]["name"] not in text
        assert not {"unit_id", "unit", "units", "officer"} & keys(json.loads(text))


def keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {k for v in value.values() for k in keys(v)}
    if isinstance(value, list):
        return {k for v in value for k in keys(v)}
    return set()


def test_the_open_plan_is_judged_by_point_until_now(client: TestClient) -> None:
    plan = next(p for p in client.get("/api/plans?kind=patrol").json()["plans"])
    made = client.get(f"/api/presence/plans/{plan['plan_id']}").json()
    now = parse_instant(made["as_of"])
    assert made["visits"]
    for visit in made["visits"]:
        if parse_instant(visit["planned"]) > now:
            assert visit["status"] == "to_come"
    counts = {name: sum(p[name] for p in made["points"]) for name in ("kept", "late", "not_seen", "unknown", "to_come")}
    assert sum(counts.values()) == len(made["visits"])
    assert made["kept"]["yes"] == counts["kept"] > 0
    assert made["kept"]["n"] == counts["kept"] + counts["late"] + counts["not_seen"]


def test_positions_that_are_sent_are_seen_at_once(own_client: TestClient, workspace: Workspace) -> None:
    point, lon, lat = spot(workspace)
    hour = workspace.clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=20)
    asked = {"from": hour.isoformat(), "to": (hour + timedelta(hours=2)).isoformat()}
    before = own_client.get("/api/presence", params=asked).json()
    assert before["seen"]["n"] == 0
    assert before["seen"]["unknown"] == 2 * before["places"]
    rows = [
        {"unit_id": "radio 7", "at": (hour + timedelta(seconds=30 * k)).isoformat(), "lon": lon, "lat": lat}
        for k in range(121)
    ]
    taken = own_client.post("/api/positions", json={"rows": rows}).json()
    assert (taken["read"], taken["kept"], taken["units"]) == (121, 121, 1)
    again = own_client.post("/api/positions", json={"rows": rows}).json()
    assert again["kept"] == 121
    after = own_client.get("/api/presence", params=asked).json()
    mine = next(p for p in after["points"] if p["point_id"] == point)
    assert mine["seen_minutes"] == pytest.approx(60.0)
    assert mine["stays"] == 1
    assert mine["seen"]["yes"] == 1
    assert mine["seen"]["unknown"] == 1


def test_a_new_position_computes_its_days_alone_and_changes_nothing_else(
    own_client: TestClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[object]()
    part = presence_days._part

    def counted(*given: Any, **named: Any) -> presence_days.DayPart:
        made.append(given)
        return part(*given, **named)

    monkeypatch.setattr(presence_days, "_part", counted)
    first = own_client.get("/api/presence").json()
    assert len(made) >= 7
    made.clear()
    lon, lat = spot(workspace)[1:]
    noon = workspace.clock.now().replace(hour=12) - timedelta(days=3)
    own_client.post(
        "/api/positions", json={"rows": [{"unit_id": "new", "at": noon.isoformat(), "lon": lon, "lat": lat}]}
    )
    after = own_client.get("/api/presence").json()
    # Positions are kept by days of UTC, each of which meets two days here.
    assert len(made) in (1, 2)
    assert after["positions"] == first["positions"] + 1
    anew = Workspace(workspace.settings, workspace.store)
    assert presence_answer(anew, DEMO, None, None).model_dump(mode="json") == after


def test_a_sent_position_moves_its_unit_on_the_cards(own_client: TestClient, workspace: Workspace) -> None:
    shown = own_client.get("/api/situation").json()["units"]
    unit = shown[0]["unit_id"]
    row = {"unit_id": unit, "at": workspace.clock.now().isoformat(), "lon": 24.5, "lat": 60.5}
    own_client.post("/api/positions", json={"rows": [row]})
    workspace.derived.put("positions", None, [])
    moved = next(u for u in own_client.get("/api/situation").json()["units"] if u["unit_id"] == unit)
    assert (moved["lon"], moved["lat"]) == (24.5, 60.5)


def test_files_come_in_with_a_report_and_without_persons(own_client: TestClient, workspace: Workspace) -> None:
    now = workspace.clock.now()
    lines = ["设备编号,定位时间,经度,纬度,民警姓名"]
    lines += [f"T1,{(now - timedelta(minutes=k)).isoformat()},24.9{k % 10},60.1,张三" for k in range(30)]
    lines += ["T1,,24.9,60.1,张三", "T1,2020-01-01 00:00:00,24.9,60.1,张三"]
    files = {"file": ("gps.csv", "\n".join(lines).encode(), "text/csv")}
    trial = own_client.post("/api/positions/import?frame=WGS84&commit=false", files=files).json()
    assert not trial["written"]
    made = own_client.post("/api/positions/import?frame=WGS84", files=files).json()
    assert (made["read"], made["kept"], made["too_old"]) == (32, 30, 1)
    assert made["left_out"] == {"no_time": 1}
    assert [p["column"] for p in made["persons"]] == ["民警姓名"]
    refused = own_client.post("/api/positions/import", files=files)
    assert refused.status_code == 422
    assert "坐标系" in refused.json()["detail_zh"]


def test_tracks_of_gpx_keep_their_times(own_client: TestClient, workspace: Workspace) -> None:
    now = workspace.clock.now()
    points = "".join(
        f'<trkpt lat="60.1{k}" lon="24.9"><time>{(now - timedelta(seconds=60 - k)).isoformat()}</time></trkpt>'
        for k in range(9)
    )
    gpx = (
        '<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>XZ9</name>'
        f"<trkseg>{points}</trkseg></trk></gpx>"
    )
    made = own_client.post("/api/positions/import", files={"file": ("a.gpx", gpx.encode())}).json()
    assert (made["kept"], made["units"], made["source_frame"]) == (9, 1, "WGS84")
    named = own_client.post("/api/positions/import?unit_id=XZ7", files={"file": ("a.gpx", gpx.encode())}).json()
    assert named["fields"]["unit"] == "unit_id"
    assert "XZ7" in workspace.history.read(now.timestamp() - 100, now.timestamp()).units
    whole = own_client.get("/api/presence").json()
    assert whole["known_until"] is not None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-11-22T08:00:00%2B08:00&to=2026-11-22T08:30:00%2B08:00", "whole hour"),
        ("from=2026-01-01T00:00:00Z&to=2026-11-22T00:00:00Z", "at most 31 days"),
    ],
)
def test_periods_that_cannot_be_counted_are_named(client: TestClient, query: str, words: str) -> None:
    answer = client.get(f"/api/presence?{query}", headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_unknown_plans_and_plans_of_posts_have_no_presence(client: TestClient) -> None:
    assert client.get("/api/presence/plans/none").status_code == 404
    posts = next(p for p in client.get("/api/plans?kind=posts").json()["plans"])
    assert client.get(f"/api/presence/plans/{posts['plan_id']}").status_code == 422


def test_the_command_line_imports_and_tells(home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from api.cli.main import main

    store = SqlStore.open(Settings(home=home).database)
    now = Workspace(Settings(home=home), store).clock.now()
    store.close()
    file = tmp_path / "gps.csv"
    rows = [f"a,{(now - timedelta(minutes=k)).isoformat()},24.9,60.1" for k in range(5)]
    file.write_text("\n".join(["unit,time,lon,lat", *rows]), "utf-8")
    for arguments in (
        ["positions", "import", str(file), "--frame", "WGS84", "--trial"],
        ["positions", "import", str(file), "--frame", "WGS84"],
        ["positions", "presence"],
    ):
        with pytest.raises(SystemExit) as left:
            main([*arguments, "--home", str(home)])
        assert left.value.code == 0
    told = capsys.readouterr().out
    assert "保存 5 个定位" in told
    assert "见警率" in told


def test_reports_and_indicators_use_what_positions_tell(own_client: TestClient, workspace: Workspace) -> None:
    now = workspace.clock.now().astimezone(workspace.zone).replace(tzinfo=None)
    day = Span(start=now - timedelta(days=2), end=now - timedelta(days=1))
    told = upward(workspace, DEMO, day)
    assert told.seen is not None
    assert f"n = {told.seen.n:,}" in told.shares[0].told_zh
    assert f"n = {told.control.n:,}" in told.shares[1].told_en  # type: ignore[union-attr]
    register = own_client.get("/api/indicators").json()
    assert {"见警点时数", "有定位点时数", "实巡次数", "应巡次数"} <= {n["name"] for n in register["names"]}
    body = {
        "name": "见警率", "formula": "见警点时数 / 有定位点时数 * 100", "owner": "巡防大队", "target": 40, "orange": 30, "red": 20,
        "unit": "%", "fewest": 30, "definition": "",
    }  # fmt: skip
    kept = own_client.put("/api/indicators", json=body)
    assert kept.status_code == 200, kept.text
    read = own_client.post(f"/api/indicators/readings?kind=daily&day={day.start.date().isoformat()}").json()
    mine = next(r for r in read["readings"] if r["name"] == "见警率")
    assert 0 < mine["value"] < 100
    assert mine["n"] > 100
    shutil.rmtree(workspace.settings.positions)
    assert "没有单位定位" in upward(workspace, DEMO, day).shares[0].told_zh
