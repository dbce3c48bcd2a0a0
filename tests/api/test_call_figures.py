"""Families stand for their classes in every filter; what a reviewer accepted is left out of figures by hour and of the clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services.filters import CallFilter
from api.services.left_out import hours_left_out, kept_for
from api.services.workspace import Workspace
from api.settings import Settings
from geo.store.port import DEMO
from geo.store.sql import SqlStore


def calls() -> list[dict[str, object]]:
    """Return calls of a year whose midnight is piled up: 60 of 300, of three classes."""
    rows = []
    for i in range(300):
        hour, minute = (0, 0) if i % 5 == 0 else (1 + i % 22, (i * 7) % 60 or 1)
        rows.append(
            {
                "call_id": f"n{i}",
                "occurred_at": f"2025-{1 + i % 12:02d}-{1 + i % 28:02d}T{hour:02d}:{minute:02d}:00+08:00",
                "family": ("盗窃", "抢劫", "噪声")[i % 3],
                "lon": 114.9 + (i % 37) * 1e-3,
                "lat": 25.8 + (i % 31) * 1e-3,
            }
        )
    return rows


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    settings = Settings(home=tmp_path)
    store = SqlStore.open(settings.database)
    yield Workspace(settings, store)
    store.close()


@pytest.fixture
def door(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(create_app(workspace.settings, workspace.store, warm_up=False)) as client:
        assert client.post("/api/calls", json={"rows": calls(), "frame": "WGS84"}).json()["inserted"] == 300
        yield client


def test_a_family_in_a_filter_counts_the_calls_of_its_classes(door: TestClient) -> None:
    mine = {"version": 0, "families": [{"family_id": "侵财", "classes": ["盗窃", "抢劫"]}]}
    assert door.put("/api/calls/families", json=mine).status_code == 200
    by_name = door.get("/api/heat/summary?families=侵财").json()
    by_class = door.get("/api/heat/summary?families=盗窃,抢劫").json()
    assert by_name["n"] == by_class["n"] == 200
    assert {f["id"]: f["n"] for f in by_name["by_family"] if f["n"]} == {"盗窃": 100, "抢劫": 100}
    assert door.get("/api/heat/summary?families=侵财,噪声").json()["n"] == 300
    assert door.get("/api/heat/summary?families=噪声").json()["n"] == 100


def test_an_accepted_midnight_is_counted_but_not_by_hour(door: TestClient) -> None:
    before = door.get("/api/heat/summary").json()
    assert before["by_hour"][0] == 60
    assert before["n_hour_left_out"] == 0
    assert door.post("/api/calls/flags", json={"code": "midnight", "decision": "accept"}).json()["changed"] == 60
    after = door.get("/api/heat/summary").json()
    assert (after["n"], after["by_hour"][0], after["n_hour_left_out"]) == (300, 0, 60)
    assert after["by_hour"][1:] == before["by_hour"][1:]
    some = door.get("/api/heat/summary?families=盗窃").json()
    assert (some["n"], some["n_hour_left_out"], sum(some["by_hour"])) == (100, 20, 80)
    door.post("/api/calls/flags", json={"code": "midnight", "decision": "undo"})
    assert door.get("/api/heat/summary").json()["by_hour"] == before["by_hour"]


def test_what_is_left_out_depends_on_the_figure(door: TestClient, workspace: Workspace) -> None:
    door.post("/api/calls/flags", json={"code": "midnight", "decision": "accept"})
    frame = workspace.calls(DEMO).frame
    assert len(kept_for("hour", frame)) == 240
    assert len(kept_for("clock", frame)) == 300
    assert hours_left_out(workspace, DEMO, CallFilter(families=frozenset({"盗窃"}))).tolist() == [20, *[0] * 23]
    assert not len(kept_for("hour", frame.iloc[:0]))
