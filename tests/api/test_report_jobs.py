"""Reports on more grids than one waits for: a job with progress, a kept report, and a stop that leaves nothing."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.clock import FixedClock
from api.jobs.runner import JobRunner
from api.services import report_jobs
from api.services.day_watch import DayWatch
from api.services.workspace import Workspace
from api.settings import Settings
from geo.errors import CancelledError
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.tables.grids import Grids
from planners.contract import Progress

PERIODS = {
    "from": "2026-10-01T00:00:00+08:00", "to": "2026-11-01T00:00:00+08:00",
    "before_from": "2026-09-01T00:00:00+08:00", "before_to": "2026-10-01T00:00:00+08:00",
}  # fmt: skip


@pytest.fixture
def workspace(untouched_home: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(untouched_home, tmp_path / "home")
    settings = Settings(home=tmp_path / "home")
    store = SqlStore.open(settings.database)
    yield Workspace(settings, store)
    store.close()


@pytest.fixture
def client(workspace: Workspace) -> TestClient:
    app = create_app(workspace.settings, workspace.store, warm_up=False)
    app.state.workspace = workspace
    app.state.jobs = JobRunner(workspace.store)
    return TestClient(app)


def ended(client: TestClient, url: str) -> dict[str, Any]:
    for _ in range(600):
        job = dict(client.get(url).json())
        if job["state"] in ("done", "failed", "cancelled"):
            return job
        time.sleep(0.05)
    raise AssertionError("the job did not end")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("check", {}),
        ("conformity", {"households_min": 50, "households_max": 300}),
        ("misfit", {}),
        ("restate", PERIODS),
    ],
)
def test_a_job_makes_the_same_report_as_an_answer_at_once(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str, params: dict[str, Any]
) -> None:
    at_once = client.get(f"/api/grids/{path}", params=params)
    assert at_once.status_code == 200, at_once.text
    monkeypatch.setattr(report_jobs, "AT_ONCE", 10)
    queued = client.get(f"/api/grids/{path}", params=params)
    assert queued.status_code == 202, queued.text
    assert queued.headers["Location"] == queued.json()["status_url"]
    job = ended(client, queued.json()["status_url"])
    assert (job["state"], job["share"]) == ("done", 1.0)
    assert client.get(job["result"]["report_url"]).json() == at_once.json()


def test_a_report_that_nobody_made_is_not_found(client: TestClient) -> None:
    assert client.get("/api/grids/reports/none").status_code == 404


def test_a_job_tells_its_stages_and_stops_between_them(
    client: TestClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_jobs, "AT_ONCE", 10)
    reached, go_on = threading.Event(), threading.Event()
    known = workspace.police_grids

    def held_up(principal: Any) -> Any:
        reached.set()
        assert go_on.wait(30)
        return known(principal)

    monkeypatch.setattr(workspace, "police_grids", held_up)
    url = client.get("/api/grids/misfit").json()["status_url"]
    assert reached.wait(30)
    running = client.get(url).json()
    assert running["state"] == "running"
    assert running["share"] > 0
    assert "crosswalk" in running["message"]
    client.delete(url)
    go_on.set()
    job = ended(client, url)
    assert job["state"] == "cancelled"
    assert job["result"] is None


def test_every_check_of_conformity_is_told_and_can_be_the_last(workspace: Workspace) -> None:
    from api.services.conformity import conformity

    told: list[str] = []

    def until_households(step: Progress) -> bool:
        told.append(step.message)
        return "户数" not in step.message

    with pytest.raises(CancelledError):
        conformity(workspace, DEMO, fewest=1, most=2, observe=until_households)
    assert len(told) == 3
    made = conformity(workspace, DEMO, fewest=1, most=2, observe=lambda _: True)
    assert {check.check for check in made.checks} == {
        "estates", "households", "community", "coverage", "workload", "serials",
    }  # fmt: skip


def test_an_edition_takes_effect_when_its_day_comes_while_the_server_runs(
    client: TestClient, workspace: Workspace
) -> None:
    now = workspace.clock.now()
    workspace.clock = FixedClock(now)
    frame = workspace.grids(DEMO).frame
    one = frame[frame["kind"] == "general"].iloc[0]
    west, _, east, _ = one.geometry.bounds
    middle = one.geometry.representative_point().y
    draft_id = client.post("/api/drafts", json={"name": "后天生效"}).json()["draft_id"]
    cut = {"kind": "split_by_line", "code": one["code"], "line": [[west - 1e-4, middle], [east + 1e-4, middle]]}
    made = client.post(f"/api/drafts/{draft_id}/operations", json={"revision": 0, "operation": cut})
    assert made.status_code == 200, made.text
    day = (now + timedelta(days=2)).astimezone(workspace.zone).date()
    for step in ({"step": "submit"}, {"step": "review"}, {"step": "publish", "valid_from": str(day)}):
        assert client.post(f"/api/drafts/{draft_id}/steps", json=step).status_code == 200
    before = workspace.store.count(DEMO, "grids")
    with DayWatch(workspace, every_seconds=0.02):
        time.sleep(0.1)
        assert workspace.store.count(DEMO, "grids") == before
        workspace.clock = FixedClock(now + timedelta(days=2))
        for _ in range(500):
            if workspace.store.count(DEMO, "grids") > before:
                break
            time.sleep(0.02)
    grids = workspace.store.table(DEMO, Grids).frame.set_index("code")
    new = [code for code in made.json()["added"] if code in grids.index]
    assert new == made.json()["added"]
    assert grids.loc[new[0], "name"] == f"{one['name']}（二）"
    # Special grids of the community are numbered from 901; the new grid is not.
    assert int(new[0][-3:]) < 900
