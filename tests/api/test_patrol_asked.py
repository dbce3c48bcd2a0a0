"""What a patrol question asks beside its rounds, over HTTP: breaks, optional stops, roads by chainage, closures with hours, pins and bans."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.services.patrol_ground import PROFILE_OF
from api.services.patrol_hot_stops import prize_bound
from api.services.patrol_lines import street_line
from api.services.workspace import Workspace
from api.settings import Settings
from geo.grids.chainage import ChainedLine
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.streets.speeds import SpeedTable, arc_milliseconds
from geo.tables.linear_grids import LinearGrids
from geo.tables.posts import Posts
from geo.tables.units import Units
from planners.patrol.spacing.asked import OptionalStop

DAY = "2026-11-23"
FEW = ["BX001", "BX002", "BX017"]


@pytest.fixture(scope="module")
def home(untouched_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("asked") / "home"
    shutil.copytree(untouched_home, made)
    return made


@pytest.fixture(scope="module")
def road(home: Path) -> tuple[str, shapely.LineString]:
    """Return a street of the demo city that can be driven from one end to the other, and its line."""
    settings = Settings(home=home)
    with SqlStore.open(settings.database) as store:
        graph = Workspace(settings, store).graph()
    return "Unioninkatu", street_line(graph, "Unioninkatu")


@pytest.fixture(scope="module")
def patrols(home: Path, road: tuple[str, shapely.LineString]) -> Iterator[TestClient]:
    settings = Settings(home=home)
    store = SqlStore.open(settings.database)
    row = {
        "code": "LG-1", "name": "一段", "line": "联合街", "start_m": 12_300.0,
        "end_m": 12_300.0 + ChainedLine.of(road[1]).length_m, "geometry": road[1],
    }  # fmt: skip
    store.upsert(DEMO, LinearGrids.of(gpd.GeoDataFrame([row], geometry="geometry", crs=4326)), source="test")
    with TestClient(create_app(settings, store, warm_up=False)) as made:
        yield made
    store.close()


def finished(client: TestClient, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    for _ in range(1200):
        job: dict[str, Any] = client.get(answer.json()["status_url"]).json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.05)
    pytest.fail("the job did not end")


def solved(client: TestClient, **asked: object) -> dict[str, Any]:
    question = {"shift_id": "night", "day": DAY, "seconds": 20, "iterations": 1, "handover": False, **asked}
    job = finished(client, client.post("/api/patrol/plan", json=question))
    assert job["state"] == "done", job
    return client.get(f"/api/plans/{job['result']['plan_id']}").json()


def refused(client: TestClient, **asked: object) -> str:
    question = {"shift_id": "night", "day": DAY, "seconds": 5, "iterations": 1, **asked}
    job = finished(client, client.post("/api/patrol/plan", json=question))
    assert job["state"] == "failed", job
    return str(job["problem"]["detail_zh"])


def stops(plan: dict[str, Any], role: str) -> list[dict[str, Any]]:
    return [s | {"unit_id": r["unit_id"]} for r in plan["routes"] for s in r["stops"] if s["role"] == role]


def after(plan: dict[str, Any], hours: float) -> str:
    return (datetime.fromisoformat(plan["shift"]["start"]) + timedelta(hours=hours)).isoformat()


@pytest.fixture(scope="module")
def plain(patrols: TestClient) -> dict[str, Any]:
    return solved(patrols)


def test_a_break_of_the_question_is_taken_or_named_for_each_crew(patrols: TestClient) -> None:
    plan = solved(patrols, seed=7, breaks=[{"name": "夜宵", "minutes": 15, "after_hours": 1, "before_hours": 2}])
    told = plan["breaks"][0]
    taken = stops(plan, "break")
    assert told["taken"] == len(taken)
    assert told["taken"] + told["at_own_post"] + len(told["unrested"]) == told["owed"]
    assert told["owed"] == sum(route["kind"] != "video" for route in plan["routes"])
    for stop in taken:
        assert told["earliest"] <= stop["begin"] <= told["latest"]
        assert stop["dwell_seconds"] == 900
        assert stop["post_id"]
    # Nobody goes out for nothing but a break.
    assert taken
    assert all({stop["role"] for stop in route["stops"]} != {"break"} for route in plan["routes"])
    assert told["zh"] in {note["zh"] for note in plan["notes"]}


def test_breaks_of_a_level_hold_unless_the_question_says_otherwise(patrols: TestClient) -> None:
    held = patrols.get("/api/patrol/settings").json()
    held["settings"]["levels"]["3"]["breaks"] = [{"name": "早饭", "minutes": 20, "after_hours": 1, "before_hours": 7}]
    asked = {"seen_version": held["version"], "settings": held["settings"]}
    assert patrols.put("/api/patrol/settings", json=asked).status_code == 200
    assert [row["name"] for row in solved(patrols, point_ids=FEW)["breaks"]] == ["早饭"]
    assert solved(patrols, point_ids=FEW, breaks=[])["breaks"] == []
    assert solved(patrols, point_ids=FEW, level=2)["breaks"] == []
    held["settings"]["levels"]["3"]["breaks"] = []
    patrols.put("/api/patrol/settings", json={"seen_version": held["version"] + 1, "settings": held["settings"]})


def test_a_break_that_cannot_be_is_said_and_the_rest_is_planned(patrols: TestClient) -> None:
    rest = {"name": "午休", "minutes": 60, "after_hours": 12, "before_hours": 14}
    plan = solved(patrols, point_ids=FEW, breaks=[rest])
    assert plan["breaks"] == []
    assert plan["visits_made"] >= len(FEW)
    assert any("午休" in note["zh"] for note in plan["notes"] if note["code"] == "break_outside")
    assert "XZ999" in refused(patrols, breaks=[{"who": ["XZ999"]}])
    backward = {"shift_id": "night", "breaks": [{"after_hours": 5, "before_hours": 3}]}
    assert patrols.post("/api/patrol/plan", json=backward).status_code == 422


def test_optional_stops_come_from_the_calls_of_the_hour_and_cost_no_unit_and_no_visit(
    patrols: TestClient, plain: dict[str, Any]
) -> None:
    plan = solved(patrols, optional={"places": 5, "dwell_minutes": 10})
    told, taken = plan["optional"], stops(plan, "optional")
    assert told["source"] == "calls"
    assert told["taken"] == len(taken) == sum(stop["taken"] for stop in told["stops"])
    assert 0 < told["prize"] <= told["bound"] <= told["offered_prize"]
    assert told["prize"] == pytest.approx(sum(stop["prize"] for stop in told["stops"] if stop["taken"]), abs=1e-3)
    offered = {stop["key"]: stop for stop in told["stops"]}
    for stop in taken:
        offer = offered[stop["task"]]
        assert offer["from"] <= stop["begin"] <= offer["to"]
        assert f"预计警情 {offer['prize']:.2f} 起" in stop["why"]
        assert stop["dwell_seconds"] == 600
    made = {p["point_id"]: len(p["begins"]) for p in plan["points"]}
    assert made == {p["point_id"]: len(p["begins"]) for p in plain["points"]}
    assert plan["broken"] == []
    assert (plan["units_used"], plan["objective"]) == (plain["units_used"], plain["objective"])


def test_given_optional_stops_are_the_only_ones_and_a_plan_with_them_can_be_edited(
    patrols: TestClient, plain: dict[str, Any]
) -> None:
    place = plain["points"][0]
    given = {"lon": place["lon"], "lat": place["lat"], "prize": 7}
    windows = [{"name": "夜市", "from": after(plain, 1), "to": after(plain, 7), **given},
               {"name": "早市", "from": after(plain, 40), "to": after(plain, 41), **given}]  # fmt: skip
    plan = solved(patrols, point_ids=FEW, optional={"stops": windows})
    assert [stop["name"] for stop in plan["optional"]["stops"]] == ["夜市"]
    assert plan["optional"]["prize"] == 7
    assert any("早市" in note["zh"] for note in plan["notes"] if note["code"] == "optional_outside")
    route = next(r for r in plan["routes"] if r["unit_id"] == stops(plan, "optional")[0]["unit_id"])
    asked = {"version": 1, "stops": [{"unit_id": route["unit_id"]}]}
    locked = patrols.post(f"/api/patrol/plans/{plan['plan_id']}/lock", json=asked).json()
    assert locked["ok"]
    assert patrols.get(f"/api/plans/{plan['plan_id']}").json()["objective"] == plan["objective"]


def test_the_bound_of_the_prize_is_that_of_the_fractional_knapsack_by_hand() -> None:
    stops = [
        OptionalStop(key=str(n), point=0, earliest=0, latest=9, dwell=dwell, prize=prize)
        for n, (dwell, prize) in enumerate([(10, 100), (10, 30), (20, 80)])
    ]
    assert prize_bound(stops, 10) == 100
    assert prize_bound(stops, 20) == 100 + 80 / 2
    assert prize_bound(stops, 1000) == 210
    assert prize_bound(stops, 0) == 0


def test_a_road_is_driven_by_chainage_within_its_gap(patrols: TestClient) -> None:
    asked = {"code": "LG-1", "from": "K12+400", "to": "K13+100", "every_minutes": 90, "kph": 20}
    plan = solved(patrols, point_ids=FEW, lines=[asked])
    told = plan["lines"][0]
    assert told["name"] == "联合街 K12+400–K13+100"
    assert told["metres"] == pytest.approx(700, abs=1)
    assert told["drive_metres"] == pytest.approx(700, rel=0.1)
    assert told["dwell_seconds"] == pytest.approx(told["drive_metres"] / (20 / 3.6), abs=1)
    point = next(p for p in plan["points"] if p["point_id"] == told["point_id"])
    assert point["kind"] == "line"
    assert point["worst_gap_minutes"] <= 90
    assert point["begins"] == told["begins"]
    made = [s for s in stops(plan, "round") if s["point_id"] == told["point_id"]]
    assert len(made) == len(told["begins"]) >= 4
    for stop in made:
        assert stop["name"] == told["name"]
        first, last = stop["line"][0], stop["line"][-1]
        assert [first[2], last[2]] == [stop["begin_s"], stop["depart_s"]]
        assert stop["to_lonlat"] == last[:2] != [stop["lon"], stop["lat"]]
    # The next leg begins where the road ends, not where it began.
    route = next(r for r in plan["routes"] if r["unit_id"] == made[0]["unit_id"])
    line = [corner for corner in route["line"] if corner[2] >= made[0]["depart_s"]]
    assert line[0][:2] == pytest.approx(made[0]["to_lonlat"], abs=1e-5)
    sheet = patrols.get(f"/api/patrol/plans/{plan['plan_id']}/sheet", params={"f": "html"}).text
    assert "K12+400–K13+100" in sheet
    back = solved(patrols, point_ids=FEW, lines=[asked | {"way": "backward"}])["lines"][0]
    assert back["line"] == told["line"][::-1]


def test_a_road_that_cannot_be_driven_is_named(patrols: TestClient) -> None:
    assert "K12+300 至 K13+3" in refused(patrols, lines=[{"code": "LG-1", "to": "K20+000"}])
    assert "LG-9" in refused(patrols, lines=[{"code": "LG-9"}])
    assert "里程桩号" in refused(patrols, lines=[{"code": "LG-1", "from": "十二公里"}])
    sea = {"name": "海上", "line": [[24.0, 60.1], [24.1, 60.1]]}
    slow = {"code": "LG-1", "every_minutes": 5, "kph": 5}
    plan = solved(patrols, point_ids=FEW, lines=[sea, slow])
    why = {row["name"]: row["why"] for row in plan["unvisited"]}
    assert "不在路网上" in next(text for name, text in why.items() if name.startswith("海上 K0+000"))
    assert "不短于间隔" in next(text for name, text in why.items() if name.startswith("联合街"))
    assert plan["visits_made"] >= len(FEW)


def test_a_closure_counts_in_its_hours_and_a_lifted_one_brings_back_what_it_cut_off(
    patrols: TestClient, plain: dict[str, Any]
) -> None:
    road = {"code": "LG-1", "every_minutes": 240}
    closed = {"name": "马拉松", "street": "Unioninkatu", "from": after(plain, 2), "to": after(plain, 4)}
    over = {"name": "昨日", "street": "Unioninkatu", "from": after(plain, -4), "to": after(plain, -2)}
    plan = solved(patrols, point_ids=FEW, lines=[road], closures=[closed, over])
    assert [c["hours"] for c in plan["closures"]] == ["part", "outside"]
    key = plan["lines"][0]["point_id"]
    assert plan["lines"][0]["left_out"]
    assert key in {p["point_id"] for p in plan["closures"][0]["cut_off"]}
    assert plan["closures"][1]["cut_off"] == []
    url = f"/api/patrol/plans/{plan['plan_id']}/replan"
    unknown = {"version": 1, "at": after(plan, 1), "events": [{"kind": "reopened", "name": "集会"}]}
    assert "马拉松" in patrols.post(url, json=unknown).json()["detail_zh"]
    lifted = {"version": 1, "at": after(plan, 1), "events": [{"kind": "reopened", "name": "马拉松"}]}
    assert patrols.post(url, json=lifted).json()["ok"]
    now = patrols.get(f"/api/plans/{plan['plan_id']}").json()
    assert [c["name"] for c in now["closures"]] == ["昨日"]
    assert now["lines"][0]["begins"]
    assert min(now["lines"][0]["begins"]) >= after(plan, 1)


def test_bans_and_pins_are_kept(patrols: TestClient, plain: dict[str, Any]) -> None:
    crew = {r["unit_id"]: r["kind"] for r in plain["routes"]}
    banned, mine = [s for s in stops(plain, "round") if crew[s["unit_id"]] != "video"][:2]
    assert banned["point_id"] != mine["point_id"]
    low, high = (datetime.fromisoformat(mine["begin"]) + timedelta(minutes=m) for m in (-15, 15))
    pin = {
        "unit_id": mine["unit_id"],
        "point_id": mine["point_id"],
        "earliest": low.isoformat(),
        "latest": high.isoformat(),
    }
    ban = {"unit_id": banned["unit_id"], "point_id": banned["point_id"]}
    plan = solved(patrols, pinned=[pin], forbidden=[ban])
    seen = [(s["unit_id"], s["point_id"], datetime.fromisoformat(s["begin"])) for s in stops(plan, "round")]
    assert not any((unit, point) == (ban["unit_id"], ban["point_id"]) for unit, point, _ in seen)
    assert any((unit, point) == (pin["unit_id"], pin["point_id"]) and low <= at <= high for unit, point, at in seen)
    assert "NOWHERE" in refused(patrols, pinned=[pin | {"point_id": "NOWHERE"}])


def test_travel_is_that_of_the_slowest_hour_of_the_shift_on_the_streets_alone(patrols: TestClient, home: Path) -> None:
    settings = Settings(home=home)
    slower = [0.6 if hour == 9 else 0.9 for hour in range(24)]
    settings.speeds.write_text(
        json.dumps(json.loads(SpeedTable.default().to_json()) | {"hour_factor": slower}), "utf-8"
    )
    plan = solved(patrols, shift_id="early")
    with SqlStore.open(settings.database) as store:
        here = Workspace(settings, store)
        assert (plan["speeds"]["hour"], plan["speeds"]["factor"]) == (9, 0.6)
        routes = [route for route in plan["routes"] if route["kind"] in PROFILE_OF]
        for route in routes:
            profile = PROFILE_OF[route["kind"]]
            slow = arc_milliseconds(here.graph(), profile, speeds=here.speeds(), hour=plan["speeds"]["hour"])
            travel, snapper = here.travel(profile).reweighted(slow), here.snapper(profile)
            stops = [s for s in route["stops"] if s["point_id"]]
            at = snapper.snap(np.array([route["post_lonlat"], *([s["lon"], s["lat"]] for s in stops)]))
            seconds = travel.matrix(at, at)
            legs = [stops[0]["arrive_s"] - route["start_s"]]
            legs += [b["arrive_s"] - a["depart_s"] for a, b in itertools.pairwise(stops)]
            # A crew that stays for the next visit of the same point has no way to go.
            same = [False, *(a["point_id"] == b["point_id"] for a, b in itertools.pairwise(stops))]
            assert legs == [0 if same[n] else math.ceil(seconds[n, n + 1] - 1e-9) for n in range(len(legs))]
    assert routes
    settings.speeds.unlink()


def test_levels_scale_what_points_ask_for(patrols: TestClient, plain: dict[str, Any]) -> None:
    first = {p["point_id"]: p["gap_minutes"] for p in solved(patrols, level=1)["points"] if p["gap_minutes"]}
    usual = {p["point_id"]: p["gap_minutes"] for p in plain["points"] if p["gap_minutes"]}
    both = first.keys() & usual.keys()
    assert len(both) > 20
    for key in both:
        assert first[key] == pytest.approx(usual[key] / 2, abs=1)


def test_the_school_calendar_knows_terms_holidays_and_exchanged_days(patrols: TestClient) -> None:
    held = patrols.get("/api/patrol/settings").json()
    calendar = {
        "terms": [{"from": "2026-09-01", "to": "2027-01-15", "name": "秋季"}], "rest_days": ["2026-10-01"],
        "work_days": ["2026-10-10"],
    }  # fmt: skip
    settings = held["settings"] | {"calendar": calendar}
    answer = patrols.put("/api/patrol/settings", json={"seen_version": held["version"], "settings": settings})
    assert answer.status_code == 200
    days = {
        day: patrols.get("/api/patrol/day", params={"day": day}).json()
        for day in ("2026-10-09", "2026-10-01", "2026-10-10", "2026-10-17", "2027-02-01")
    }
    assert {day: (told["kind"], told["school"]) for day, told in days.items()} == {
        "2026-10-09": ("workday", True), "2026-10-01": ("rest", False), "2026-10-10": ("workday", True),
        "2026-10-17": ("rest", False), "2027-02-01": ("workday", False),
    }  # fmt: skip
    assert "寒暑假" in days["2027-02-01"]["why_zh"]
    patrols.put("/api/patrol/settings", json={"seen_version": held["version"] + 1, "settings": held["settings"]})


def test_a_post_off_the_streets_is_named_and_the_others_patrol(patrols: TestClient, home: Path) -> None:
    settings = Settings(home=home)
    with SqlStore.open(settings.database) as store:
        post = store.table(DEMO, Posts).frame.iloc[[0]].copy()
        post["post_id"], post["name"], post["geometry"] = "SEA", "海上屯警点", shapely.Point(24.0, 60.17)
        store.upsert(DEMO, Posts.of(post), source="test")
        unit = store.table(DEMO, Units).frame.query("shift_id == 'night'").iloc[[0]].copy()
        unit["unit_id"], unit["name"], unit["post_id"] = "XZSEA", "海上组", "SEA"
        store.upsert(DEMO, Units.of(unit), source="test")
    plan = solved(patrols, point_ids=FEW)
    assert any("海上屯警点" in note["zh"] for note in plan["notes"])
    assert "XZSEA" not in {route["unit_id"] for route in plan["routes"]}
    assert plan["unvisited"] == []
    assert "无法到达" in refused(patrols, unit_ids=["XZSEA"])


def test_points_that_nobody_reaches_ask_for_no_more_units(patrols: TestClient, plain: dict[str, Any]) -> None:
    place = next(p for p in plain["points"] if p["point_id"] in FEW and p["mode"] == "car")
    lon, lat = place["lon"], place["lat"]
    box = [[lon + x, lat + y] for x, y in ((-0.002, -0.001), (0.002, -0.001), (0.002, 0.001), (-0.002, 0.001))]
    plan = solved(patrols, point_ids=FEW, closures=[{"name": "集会", "area": box}])
    assert place["point_id"] in {row["point_id"] for row in plan["unvisited"]}
    assert plan["lower_bound_units"] <= plan["units_used"]
    assert plan["objective"] >= plan["bound"] - 1e-9
