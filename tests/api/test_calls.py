"""Calls from files and other systems: previewed, written once, reviewed, never lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from geo.store.port import DEMO
from geo.store.sql import SqlStore

HEAD = "警情编号,案发时间,警情类别,报警人,案发地点,经度,纬度\n"


def rows(n: int, first: int = 0) -> str:
    lines = (
        f"J{i:06d},2025-{1 + i % 12:02d}-{1 + i % 28:02d} {i % 24:02d}:{i * 7 % 60:02d}:{i % 60:02d},盗窃,张三,路{i}号,"
        f"{114.9 + (i % 997) * 1e-4:.6f},{25.8 + (i % 991) * 1e-4:.6f}\n"
        for i in range(first, first + n)
    )
    return HEAD + "".join(lines)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the folder of an installation without data."""
    SqlStore.open(tmp_path / "xunge.sqlite").close()
    return tmp_path


@pytest.fixture
def door(home: Path) -> Iterator[TestClient]:
    """Return a client of an application without data."""
    settings = Settings(home=home)
    store = SqlStore.open(settings.database)
    with TestClient(create_app(settings, store, warm_up=False)) as client:
        yield client
    store.close()


def preview(door: TestClient, text: str, query: str = "frame=WGS84") -> dict[str, object]:
    answer = door.post(f"/api/calls/preview?{query}", files={"file": ("警情.csv", text.encode(), "text/csv")})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def written(door: TestClient, text: str) -> dict[str, object]:
    asked = preview(door, text)
    started = door.post("/api/calls/import", json={"upload_id": asked["upload_id"], "frame": "WGS84"})
    assert started.status_code == 202, started.text
    for _ in range(600):
        job = door.get(started.json()["status_url"]).json()
        if job["state"] in ("done", "failed"):
            break
        time.sleep(0.05)
    assert job["state"] == "done", job
    return dict(job["result"])


def test_a_preview_writes_nothing_and_names_what_it_found(door: TestClient) -> None:
    told = preview(door, rows(40))
    assert (told["read"], told["kept"], told["version"], told["mapping_from"]) == (40, 40, None, "guessed")
    assert told["persons"] == [{"column": "报警人", "reason": "name"}]
    assert door.get("/api/calls/flags").json()["n_calls"] == 0


def test_a_preview_tells_how_far_it_is_under_the_name_that_was_chosen(door: TestClient) -> None:
    assert door.get("/api/calls/preview/progress/0123456789abcdef").status_code == 404
    told = preview(door, rows(40), "frame=WGS84&progress=0123456789abcdef")
    at = door.get("/api/calls/preview/progress/0123456789abcdef").json()
    assert 0.9 < at["share"] <= 1
    assert "清洗" in at["message"]
    again = door.post(
        f"/api/calls/preview/{told['upload_id']}?progress=ffffffff",
        json={"upload_id": told["upload_id"], "frame": "WGS84"},
    )
    assert again.status_code == 200
    assert door.get("/api/calls/preview/progress/ffffffff").status_code == 200
    wrong = door.post("/api/calls/preview?progress=../x", files={"file": ("a.csv", b"a", "text/csv")})
    assert wrong.status_code == 422


def test_the_same_file_changes_nothing_and_a_corrected_one_only_what_it_corrects(door: TestClient) -> None:
    first = written(door, rows(200))
    assert (first["inserted"], first["updated"], first["unchanged"]) == (200, 0, 0)
    again = written(door, rows(200))
    assert (again["inserted"], again["updated"], again["unchanged"], again["version"]) == (0, 0, 200, first["version"])
    assert again["mapping_from"] == "remembered"
    better = written(door, rows(210).replace("路7号", "路7号院"))
    assert (better["inserted"], better["updated"], better["unchanged"]) == (10, 1, 199)


def test_rows_of_another_system_are_idempotent_by_number_and_source(door: TestClient) -> None:
    row = {"call_id": "9", "occurred_at": "2026-11-20T08:00:00+08:00", "family": "噪声", "lon": 114.93, "lat": 25.85}
    body = {"rows": [row], "source": "12345", "frame": "WGS84"}
    first, again = door.post("/api/calls", json=body).json(), door.post("/api/calls", json=body).json()
    assert (first["inserted"], again["inserted"], again["unchanged"]) == (1, 0, 1)
    other = door.post("/api/calls", json={**body, "source": "110"}).json()
    assert other["inserted"] == 1
    assert {f["code"] for f in other["flags"]} == {"repeat"}
    assert door.get("/api/calls/flags").json()["bases"]["received"] == 2
    wrong = door.post("/api/calls", json={**body, "rows": [{"a": 1}]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "input.field")


def test_a_decision_outlives_the_same_file_and_can_be_taken_back(door: TestClient) -> None:
    text = rows(30) + "J000003x,2025-04-04 03:22:03,盗窃,,路3号,114.900300,25.800300\n"
    written(door, text)
    before = door.get("/api/calls/flags").json()
    assert [(f["code"], f["n"], f["open"]) for f in before["flags"]] == [("repeat", 1, 1)]
    decided = door.post("/api/calls/flags", json={"code": "repeat", "decision": "accept"}).json()
    assert (decided["changed"], decided["bases"]["valid"], decided["bases"]["received"]) == (1, 30, 31)
    assert written(door, text)["unchanged"] == 31
    listed = door.get("/api/calls/flags/repeat?state=accepted").json()
    assert [(c["call_id"], c["valid"]) for c in listed["calls"]] == [("J000003x", False)]
    undone = door.post("/api/calls/flags", json={"code": "repeat", "decision": "undo", "call_ids": ["J000003x"]}).json()
    assert (undone["changed"], undone["bases"]) == (1, before["bases"])
    strange = door.post("/api/calls/flags", json={"code": "repeat", "decision": "undo", "call_ids": ["J000001"]})
    assert strange.status_code == 422


def test_families_are_versioned_and_a_stale_edit_is_refused(door: TestClient) -> None:
    start = door.get("/api/calls/families").json()
    assert (start["version"], len(start["families"])) == (0, 3)
    mine = {"version": 0, "families": [{"family_id": "两盗", "classes": ["盗窃"], "harm": 2.5}]}
    assert door.put("/api/calls/families", json=mine).json()["version"] == 1
    assert door.put("/api/calls/families", json=mine).status_code == 409
    assert door.get("/api/calls/families?version=0").json()["families"] == start["families"]


def test_remembered_mappings_are_listed_and_forgotten(door: TestClient) -> None:
    written(door, rows(5))
    known = door.get("/api/calls/profiles").json()["profiles"]
    assert [(p["name"], p["mapping"]["fields"]["警情编号"]) for p in known] == [("警情.csv", "call_id")]
    assert door.delete(f"/api/calls/profiles/{known[0]['profile_id']}").status_code == 204
    assert door.get("/api/calls/profiles").json()["profiles"] == []


IMPORT = """
import sys
from pathlib import Path
import api.services.call_writing as writing
from api.cli.main import main
writing.BATCH = 500
main(["import", "calls", sys.argv[2], "--frame", "WGS84", "--home", sys.argv[1], "--json"])
"""


def test_killed_half_way_leaves_whole_batches_and_the_same_file_goes_on(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    file.write_text(rows(8_000), "utf-8")
    command = [sys.executable, "-c", IMPORT, str(home), str(file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    store = SqlStore.open(home / "xunge.sqlite")
    try:
        deadline = time.monotonic() + 120
        while store.count(DEMO, "calls") < 1_000 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        left = store.count(DEMO, "calls")
        assert 1_000 <= left < 8_000
        assert left % 500 == 0
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        told = json.loads(done.stdout)
        assert (told["inserted"], told["unchanged"]) == (8_000 - left, left)
        assert store.count(DEMO, "calls") == 8_000
    finally:
        store.close()
