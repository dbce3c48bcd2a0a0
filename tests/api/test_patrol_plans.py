"""Patrol plans over HTTP: solved, changed, stale, mended, issued, on paper; bad input in one sentence."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.tables.points import Points

FAR = (24.0, 60.17)
"""A place in the sea, west of the demo city."""


@pytest.fixture(scope="module")
def patrols(untouched_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home = tmp_path_factory.mktemp("patrols") / "home"
    shutil.copytree(untouched_home, home)
    settings = Settings(home=home)
    store = SqlStore.open(settings.database)
    frame = store.table(DEMO, Points).frame
    here = frame.geometry.iloc[0]
    first = {"kind": "must_visit", "mode": "car", "dwell_seconds": 600, "visits": 1, "priority": 1}
    rows = [
        {"point_id": "OFF", "name": "海上点", **first, "geometry": shapely.Point(*FAR)},
        {"point_id": "SHORT", "name": "短窗点", **first, "window_start": 120, "window_end": 125, "geometry": here},
        {"point_id": "OFTEN", "name": "过密点", **first, "gap_minutes": 10, "geometry": here},
        {
            "point_id": "SCHOOL", "name": "实验小学护学岗", **first, "kind": "school", "window_start": 440, "window_end": 480,
            "geometry": here,
        },
        {"point_id": "PAIR", "name": "双组点", **first, "window_start": 60, "window_end": 120, "units_together": 2, "geometry": here},
    ]  # fmt: skip
    store.upsert(DEMO, Points.of(gpd.GeoDataFrame(rows, geometry="geometry", crs=4326)), source="test")
    with TestClient(create_app(settings, store, warm_up=False)) as made:
        yield made
    store.close()


def finished(client: TestClient, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    for _ in range(1200):
        job: dict[str, Any] = client.get(answer.json()["status_url"]).json()
        if job["state"] not in ("queued", "running"):
            assert job["state"] == "done", job
            return job
        time.sleep(0.05)
    pytest.fail("the job did not end")


def solved(client: TestClient, **asked: object) -> dict[str, Any]:
    question = {"shift_id": "night", "seconds": 20, "iterations": 5, **asked}
    job = finished(client, client.post("/api/patrol/plan", json=question))
    return client.get(f"/api/plans/{job['result']['plan_id']}").json()


@pytest.fixture(scope="module")
def plan(patrols: TestClient) -> dict[str, Any]:
    return solved(patrols, day="2026-11-23")


def crews(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [route for route in plan["routes"] if route["kind"] != "video"]


def change(client: TestClient, plan: dict[str, Any], what: str, **asked: object) -> Any:
    return client.post(f"/api/patrol/plans/{plan['plan_id']}/{what}", json=asked)


def newest(client: TestClient, plan: dict[str, Any]) -> dict[str, Any]:
    return client.get(f"/api/plans/{plan['plan_id']}").json()


def test_a_plan_says_how_good_it_is_and_what_it_does_for_each_point(plan: dict[str, Any]) -> None:
    assert plan["version"] == 1
    assert plan["sentence_zh"].startswith(f"本方案 {plan['units_used']} 组；理论下限 {plan['lower_bound_units']} 组；")
    assert plan["lower_bound_units"] <= plan["units_used"] <= plan["units_available"]
    assert plan["objective"] >= plan["bound"]
    assert plan["seed"] == 1
    rounds = [p for p in plan["points"] if p["gap_minutes"] and not p["left_out"] and p["kind"] != "video"]
    tightest = max(p["worst_gap_minutes"] / p["gap_minutes"] for p in rounds)
    assert plan["worst_gap_share"] == pytest.approx(tightest, abs=0.1 / min(p["gap_minutes"] for p in rounds))
    assert 0 < plan["worst_gap_share_bound"] <= plan["worst_gap_share"] <= 1
    assert f"最紧间隔为规定的 {plan['worst_gap_share']:.0%}，理论下限 " in plan["sentence_zh"]
    for point in plan["points"]:
        if point["gap_minutes"] is None or point["left_out"]:
            continue
        assert point["worst_gap_minutes"] <= point["gap_minutes"]
        assert len(point["begins"]) == len(point["units"]) >= 1
        closed = [gap["minutes"] for gap in point["gaps"] if gap["kind"] == "between"]
        assert all(minutes >= point["least_gap_minutes"] - 0.1 for minutes in closed)


def test_bad_points_are_named_in_one_sentence_each_and_the_rest_is_planned(plan: dict[str, Any]) -> None:
    why = {row["point_id"]: row["why"] for row in plan["unvisited"]}
    assert "不在路网上" in why["OFF"]
    assert "短于驻守时长" in why["SHORT"]
    assert "超过班次时长" in why["OFTEN"]
    assert plan["visits_made"] > 10
    codes = {note["code"] for note in plan["notes"]}
    assert {"off_network", "window_short", "too_often", "speed", "handover_none"} <= codes


def test_set_times_are_kept_together_and_within_their_window(patrols: TestClient) -> None:
    few = ["PAIR", "SCHOOL", "BX001", "BX002", "BX017"]
    plan = solved(patrols, day="2026-11-23", point_ids=few, handover=False)
    at = {point["point_id"]: point for point in plan["points"]}
    pair, school = at["PAIR"], at["SCHOOL"]
    assert len(set(pair["units"])) == 2
    assert len(set(pair["begins"])) == 1
    assert pair["window"]["from"] <= pair["begins"][0] <= pair["window"]["to"]
    assert school["begins"], "2026-11-23 is a Monday: the school post is manned"
    assert "护学岗" in school["why_zh"]


def test_a_day_of_rest_mans_no_school_post(patrols: TestClient) -> None:
    assert patrols.get("/api/patrol/day?day=2026-11-22").json()["school"] is False
    plan = solved(patrols, day="2026-11-22", iterations=1, handover=False)
    assert "SCHOOL" not in {point["point_id"] for point in plan["points"]}
    assert "no_school" in {note["code"] for note in plan["notes"]}


def test_a_move_makes_a_version_a_stale_one_is_refused_and_nothing_is_lost(patrols: TestClient) -> None:
    plan = solved(patrols, day="2026-11-24", iterations=1)
    route = min(crews(plan), key=lambda r: r["end_s"])
    last = route["stops"][-1]
    later = (datetime.fromisoformat(last["begin"]) + timedelta(minutes=10)).isoformat()
    asked = {"version": 1, "unit_id": route["unit_id"], "index": last["index"], "begin": later}
    seen = change(patrols, plan, "move", **asked, preview=True, soft=True).json()
    assert seen["ok"]
    assert seen["version"] == 1
    made = change(patrols, plan, "move", **asked, soft=True).json()
    assert made["version"] == 2
    assert route["unit_id"] in made["changed"]
    assert {r["unit_id"] for r in made["routes"]} | set(made["removed"]) == set(made["changed"])
    stale = change(patrols, plan, "move", **asked)
    assert stale.status_code == 409
    assert "第 1 版" in stale.json()["detail_zh"]
    back = change(patrols, plan, "restore", version=2, to=1).json()
    assert back["version"] == 3
    rows = patrols.get(f"/api/patrol/plans/{plan['plan_id']}/versions").json()["versions"]
    assert [row["action"] for row in rows] == ["restore", "move", "plan"]
    first = patrols.get(f"/api/patrol/plans/{plan['plan_id']}/versions/1").json()
    assert first["routes"] == plan["routes"] == newest(patrols, plan)["routes"]


def test_an_edit_that_does_not_fit_says_why_and_writes_nothing(patrols: TestClient, plan: dict[str, Any]) -> None:
    route = crews(plan)[0]
    answer = change(patrols, plan, "move", version=1, unit_id=route["unit_id"], index=0, to_unit_id="XZ999").json()
    assert answer["ok"] is False
    assert "XZ999" in answer["sentence_zh"]
    assert answer["changed"] == answer["routes"] == []
    assert newest(patrols, plan)["version"] == 1


def test_locks_stay_with_their_stop_and_hold_it(patrols: TestClient) -> None:
    plan = solved(patrols, day="2026-11-25", iterations=1)
    unit = crews(plan)[0]["unit_id"]
    answer = change(patrols, plan, "lock", version=1, stops=[{"unit_id": unit}]).json()
    assert all(stop["locked"] for stop in answer["routes"][0]["stops"])
    refused = change(patrols, plan, "move", version=2, unit_id=unit, index=0, begin=plan["shift"]["end"]).json()
    assert "已锁定" in refused["sentence_zh"]
    change(patrols, plan, "unlock", version=2, stops=[{"unit_id": unit, "index": 0}])
    stops = next(r for r in newest(patrols, plan)["routes"] if r["unit_id"] == unit)["stops"]
    assert [stop["locked"] for stop in stops] == [False] + [True] * (len(stops) - 1)


def test_a_unit_pulled_away_changes_only_what_must_and_only_that_is_issued_anew(patrols: TestClient) -> None:
    plan = solved(patrols, day="2026-11-26", iterations=1)
    first = change(patrols, plan, "issue", version=1).json()
    assert set(first["issued"]) == {route["unit_id"] for route in crews(plan)}
    again = change(patrols, plan, "issue", version=1)
    assert again.status_code == 409
    unit = max(crews(plan), key=lambda r: len(r["stops"]))
    accepted = change(patrols, plan, "accept", unit_id=unit["unit_id"], number=1).json()["issue"]
    state = {crew["unit_id"]: crew["state"] for crew in accepted["crews"]}
    assert state[unit["unit_id"]] == "accepted"
    at = unit["stops"][0]["depart"]
    made = change(patrols, plan, "replan", version=1, at=at, events=[{"kind": "away", "unit_id": unit["unit_id"]}])
    assert made.status_code == 200, made.text
    answer = made.json()
    body = newest(patrols, plan)
    gone = next(r for r in body["routes"] if r["unit_id"] == unit["unit_id"])
    assert all(stop["begin"] <= at for stop in gone["stops"])
    before = {r["unit_id"]: r["stops"] for r in plan["routes"]}
    for route in crews(body):
        if route["unit_id"] not in answer["changed"]:
            assert [s["begin"] for s in route["stops"]] == [s["begin"] for s in before[route["unit_id"]]]
    second = change(patrols, plan, "issue", version=2).json()
    assert set(second["issued"]) <= set(answer["changed"])
    assert unit["unit_id"] in second["issued"]
    issues = patrols.get(f"/api/patrol/plans/{plan['plan_id']}/issues").json()["issues"]
    assert [row["number"] for row in issues] == [2, 1]


def test_two_plans_are_told_apart_point_by_point(patrols: TestClient, plan: dict[str, Any]) -> None:
    other = solved(patrols, day="2026-11-23", level=1, iterations=1, handover=False)
    found = patrols.get("/api/patrol/compare", params={"a": plan["plan_id"], "b": f"{other['plan_id']}@1"}).json()
    assert found["a"]["units"] == plan["units_used"]
    assert found["b"]["units"] == other["units_used"]
    deltas = [p["delta"] for p in found["points"] if p["delta"] is not None]
    assert deltas == sorted(deltas, reverse=True)
    same = patrols.get("/api/patrol/compare", params={"a": plan["plan_id"], "b": plan["plan_id"]}).json()
    assert same["moved"] == same["only_a"] == same["only_b"] == []
    assert patrols.get("/api/patrol/compare", params={"a": "none", "b": plan["plan_id"]}).status_code == 404


@pytest.mark.parametrize(("form", "head"), [("gpx", b"<?xml"), ("kml", b"<?xml"), ("xlsx", b"PK"), ("geojson", b"{")])
def test_a_plan_leaves_as_a_file(patrols: TestClient, plan: dict[str, Any], form: str, head: bytes) -> None:
    answer = patrols.get(f"/api/patrol/plans/{plan['plan_id']}/export", params={"f": form})
    assert answer.status_code == 200
    assert answer.content.startswith(head)
    if form == "geojson":
        told = json.loads(answer.content)["features"]
        stops = [f for f in told if f["properties"]["what"] == "stop"]
        assert len(stops) == sum(len(route["stops"]) for route in plan["routes"])
    if form == "gpx":
        assert answer.content.count(b"<trk>") == len(crews(plan))
        assert b"<time>" in answer.content


def test_a_sheet_is_a_pdf_or_a_page_without_script(patrols: TestClient, plan: dict[str, Any]) -> None:
    unit = crews(plan)[0]["unit_id"]
    url = f"/api/patrol/plans/{plan['plan_id']}/sheet"
    assert patrols.get(url, params={"f": "pdf", "unit": unit}).content.startswith(b"%PDF")
    page = patrols.get(url, params={"f": "html", "unit": unit}).text
    assert "巡逻任务单" in page
    assert crews(plan)[0]["stops"][0]["name"] in page
    assert "<script" not in page
    assert patrols.get(url, params={"unit": "nobody"}).status_code == 404


def test_a_crew_page_is_off_until_the_settings_allow_it(patrols: TestClient, plan: dict[str, Any]) -> None:
    assert change(patrols, plan, "crew-links").status_code == 403
    held = patrols.get("/api/patrol/settings").json()
    held["settings"]["crew_page"] = True
    asked = {"seen_version": held["version"], "settings": held["settings"]}
    assert patrols.put("/api/patrol/settings", json=asked).status_code == 200
    assert patrols.put("/api/patrol/settings", json=asked).status_code == 409
    link = change(patrols, plan, "crew-links").json()["links"][0]
    page = patrols.get(link["url"])
    assert page.status_code == 200
    assert "<script" not in page.text
    assert patrols.get("/crew/wrong").status_code == 404


def test_a_closure_that_cuts_the_city_is_named_and_the_rest_is_planned(
    patrols: TestClient, plan: dict[str, Any]
) -> None:
    place = next(p for p in plan["points"] if p["mode"] == "car" and p["gap_minutes"] and not p["left_out"])
    lon, lat = place["lon"], place["lat"]
    box = [[lon + x, lat + y] for x, y in ((-0.002, -0.001), (0.002, -0.001), (0.002, 0.001), (-0.002, 0.001))]
    closed = solved(patrols, day="2026-11-23", iterations=1, handover=False, closures=[{"name": "马拉松", "area": box}])
    told = closed["closures"][0]
    assert told["metres"] > 0
    assert place["point_id"] in {point["point_id"] for point in told["cut_off"]}
    assert "隔断" in told["note_zh"]
    assert closed["visits_made"] > 0
    refused = patrols.post("/api/patrol/plan", json={"shift_id": "night", "closures": [{"area": box, "street": "x"}]})
    assert refused.status_code == 422


def test_a_shift_without_units_or_of_another_name_is_refused(patrols: TestClient) -> None:
    answer = patrols.post("/api/patrol/plan", json={"shift_id": "none"})
    for _ in range(600):
        job = patrols.get(answer.json()["status_url"]).json()
        if job["state"] not in ("queued", "running"):
            break
        time.sleep(0.05)
    assert job["state"] == "failed"
    assert "没有班次" in job["problem"]["detail_zh"]


def test_a_shift_takes_over_from_the_one_before(patrols: TestClient) -> None:
    before = solved(patrols, day="2026-11-27", iterations=1)
    after = solved(patrols, shift_id="early", day="2026-11-27", iterations=1)
    codes = {note["code"] for note in after["notes"]}
    assert codes & {"handover", "handover_eased"}
    if "handover" in codes:
        assert any(before["plan_id"] in note["zh"] for note in after["notes"])
        ends = [gap for p in after["points"] for gap in p["gaps"] if gap["kind"] == "handover" and gap["from"]]
        assert all(gap["from"] <= after["shift"]["start"] for gap in ends)
    alone = solved(patrols, shift_id="early", day="2026-11-27", iterations=1, handover=False)
    assert "handover_none" in {note["code"] for note in alone["notes"]}


def test_cover_and_regularity_are_told_in_words_with_what_they_rest_on(patrols: TestClient) -> None:
    weights = {"units": 1, "gaps": 0, "cover": 1, "irregular": 0}
    plan = solved(patrols, day="2026-11-28", level=2, iterations=1, handover=False, weights=weights)
    cover, regular = plan["cover"], plan["regularity"]
    assert len(cover["minutes"]) == len(cover["share"]) == len(cover["standing_share"])
    assert 0 <= cover["mean"] <= 1
    assert f"每班约 {cover['n_calls']:.1f} 起" in cover["zh"]
    assert regular["level"] in (None, "low", "middle", "high")
    assert regular["zh"].startswith("规律性")


def test_resolving_keeps_locked_stops_and_is_no_worse(patrols: TestClient) -> None:
    plan = solved(patrols, day="2026-11-29", level=1, iterations=1, handover=False)
    route = crews(plan)[0]
    change(patrols, plan, "lock", version=1, stops=[{"unit_id": route["unit_id"], "index": 0}])
    job = finished(patrols, change(patrols, plan, "resolve", version=2, seconds=20, iterations=2))
    assert job["result"]["version"] == 3
    after = newest(patrols, plan)
    assert after["objective"] <= plan["objective"] + 1e-9
    stops = next(r for r in after["routes"] if r["unit_id"] == route["unit_id"])["stops"]
    kept = route["stops"][0]
    assert any(s["point_id"] == kept["point_id"] and s["begin"] == kept["begin"] and s["locked"] for s in stops)


def test_a_unit_back_from_a_call_shows_when_it_was_away(patrols: TestClient) -> None:
    plan = solved(patrols, day="2026-11-30", iterations=1, handover=False)
    unit = crews(plan)[0]["unit_id"]
    start = datetime.fromisoformat(plan["shift"]["start"])
    gone, back = ((start + timedelta(hours=h)).isoformat() for h in (2, 3))
    change(patrols, plan, "replan", version=1, at=gone, events=[{"kind": "away", "unit_id": unit}])
    answer = change(patrols, plan, "replan", version=2, at=back, events=[{"kind": "back", "unit_id": unit}])
    assert answer.status_code == 200, answer.text
    body = newest(patrols, plan)
    assert [event["kind"] for event in body["events"]] == ["away", "back"]
    for route in body["routes"]:
        if route["unit_id"] == unit:
            assert route["away"] == [[gone, back]]
    assert body["bound"] is None, "a bound of the whole shift does not hold once units are under way"
    assert body["worst_gap_share"] > 0
    assert body["worst_gap_share_bound"] is None
