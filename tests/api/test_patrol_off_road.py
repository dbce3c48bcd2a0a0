"""An off-road unit and the points that it alone may visit, on rough ways that are open on foot alone, over HTTP."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.streets.graph import CAR, FOOT, ROAD_CLASSES, StreetGraph
from geo.tables.points import Points
from geo.tables.units import Units

UNIT, POINT = "YY01", "BXYY"


@pytest.fixture(scope="module")
def rough(untouched_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Return a client of the demo city whose longest blind alley became a track open on foot alone, with a point at its end."""
    home = tmp_path_factory.mktemp("rough") / "home"
    shutil.copytree(untouched_home, home)
    settings = Settings(home=home)
    graph = StreetGraph.load(settings.streets)
    degree, back = np.diff(graph.indptr), graph.reverse
    drives = (graph.access & CAR) > 0
    alley = (degree[graph.heads] == 1) & (back >= 0) & drives & drives[back] & (degree[graph.tails()] > 2)
    arc = int(np.argmax(np.where(alley, graph.metres, 0)))
    both = [arc, int(back[arc])]
    access, road_class = graph.access.copy(), graph.road_class.copy()
    access[both], road_class[both] = FOOT, ROAD_CLASSES.index("track")
    replace(graph, access=access, road_class=road_class).save(settings.streets)
    spot = graph.arc_lonlat(arc)[-1]
    store = SqlStore.open(settings.database)
    point = store.table(DEMO, Points).frame.query("kind == 'must_visit'").iloc[[0]].copy()
    point["point_id"], point["name"], point["mode"], point["geometry"] = (
        POINT,
        "后山小路",
        "off_road",
        shapely.Point(spot),
    )
    store.upsert(DEMO, Points.of(point), source="test")
    unit = store.table(DEMO, Units).frame.query("shift_id == 'night' and kind == 'car'").iloc[[0]].copy()
    unit["unit_id"], unit["name"], unit["kind"] = UNIT, "越野一组", "off_road"
    store.upsert(DEMO, Units.of(unit), source="test")
    with TestClient(create_app(settings, store, warm_up=False)) as made:
        yield made
    store.close()


def solved(client: TestClient, **asked: object) -> dict[str, Any]:
    question = {
        "shift_id": "night", "day": "2026-11-23", "seconds": 20, "iterations": 1, "handover": False, **asked,
    }  # fmt: skip
    answer = client.post("/api/patrol/plan", json=question)
    assert answer.status_code == 202, answer.text
    for _ in range(1200):
        job: dict[str, Any] = client.get(answer.json()["status_url"]).json()
        if job["state"] not in ("queued", "running"):
            assert job["state"] == "done", job
            return dict(client.get(f"/api/plans/{job['result']['plan_id']}").json())
        time.sleep(0.05)
    pytest.fail("the job did not end")


def test_an_off_road_unit_visits_the_off_road_point(rough: TestClient) -> None:
    plan = solved(rough)
    by_point = {s["point_id"]: route for route in plan["routes"] for s in route["stops"] if s.get("point_id") == POINT}
    assert by_point[POINT]["kind"] == "off_road"
    assert by_point[POINT]["unit_id"] == UNIT
    line = np.array([place[:2] for place in by_point[POINT]["line"]])
    stop = next(s for s in by_point[POINT]["stops"] if s.get("point_id") == POINT)
    assert np.abs(line - [stop["lon"], stop["lat"]]).max(axis=1).min() < 1e-5  # it drives to the end of the track
    told = next(p for p in plan["points"] if p["point_id"] == POINT)
    assert told["mode"] == "off_road"
    assert "越野巡" in told["why_zh"]
    assert "by off-road vehicle" in told["why_en"]


def test_no_car_is_sent_to_an_off_road_point(rough: TestClient) -> None:
    plan = solved(rough, forbidden=[{"kind": "off_road", "point_id": POINT}])
    assert all(stop.get("point_id") != POINT for route in plan["routes"] for stop in route["stops"])
    assert POINT in {row["point_id"] for row in plan["unvisited"]}


def test_a_car_point_takes_an_off_road_unit(rough: TestClient) -> None:
    plan = solved(rough, unit_ids=[UNIT])
    seen = {s["point_id"] for route in plan["routes"] for s in route["stops"] if s.get("point_id")}
    modes = {p["point_id"]: p["mode"] for p in plan["points"]}
    assert {route["kind"] for route in plan["routes"] if route["kind"] != "video"} == {"off_road"}
    assert {modes[key] for key in seen if modes.get(key) != "video"} <= {"car", "off_road"}
    assert plan["cover"] is not None
