"""Calls that arrive by HTTP are on the map at once; the cube is not built again, and is as if it had been."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import calls_cube
from api.settings import Settings
from geo.store.sql import SqlStore

SHOWN = ("n", "n_unplaced", "by_hour", "by_weekday", "by_family", "by_day", "weeks", "from", "to")


@contextmanager
def opened(home: Path) -> Iterator[TestClient]:
    """Open an application on a folder."""
    settings = Settings(home=home)
    store = SqlStore.open(settings.database)
    with TestClient(create_app(settings, store, warm_up=False)) as client:
        yield client
    store.close()


@pytest.fixture
def door(home: Path) -> Iterator[TestClient]:
    """Return a client of that city."""
    with opened(home) as client:
        yield client


def sent(door: TestClient, rows: list[dict[str, Any]]) -> None:
    answer = door.post("/api/calls", json={"rows": rows, "source": "feed", "frame": "WGS84"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["n_rejected"] == 0


def row(number: int, **other: object) -> dict[str, Any]:
    return {
        "警情编号": f"F{number}", "案发时间": f"2026-01-0{1 + number % 7} {number % 24:02d}:10:00", "警情类别": "新类别",
        "经度": 24.94 + number * 1e-3, "纬度": 60.17, **other,
    }  # fmt: skip


def shown(door: TestClient) -> dict[str, Any]:
    body = door.get("/api/heat/summary?basis=received").json()
    values = door.get("/api/grids/values?measure=calls&basis=received").json()["values"]
    return {**{key: body[key] for key in SHOWN}, "grids": {code: v["n"] for code, v in values.items()}}


def unordered(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "by_family": sorted((f["id"], f["n"]) for f in body["by_family"] if f["n"])}


def test_a_call_that_arrives_or_changes_is_counted_without_a_new_cube(
    door: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown(door)
    builds = []
    build = calls_cube.build_cube
    monkeypatch.setattr(calls_cube, "build_cube", lambda *a, **k: builds.append(1) or build(*a, **k))
    sent(door, [row(n) for n in range(20)])
    more = shown(door)
    assert more["n"] + more["n_unplaced"] == before["n"] + before["n_unplaced"] + 20
    sent(door, [row(3, 警情类别="另一类"), row(4, 经度=24.90), row(5, 案发时间="2026-01-09 05:00:00"), row(90)])
    followed = shown(door)
    assert followed["n"] + followed["n_unplaced"] == more["n"] + more["n_unplaced"] + 1
    assert {f["id"]: f["n"] for f in followed["by_family"]}["新类别"] == 20
    assert not builds
    with opened(home) as again:
        assert unordered(shown(again)) == unordered(followed)
        assert not builds
    shutil.rmtree(home / calls_cube.FOLDER)
    with opened(home) as again:
        assert unordered(shown(again)) == unordered(followed)
        assert builds
