"""Solvers are made ready before a time limit starts, and the server does it by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import posts_kernels
from api.services.posts_kernels import KERNELS, get_ready, kernels_ready, kernels_waiting
from api.services.posts_models import MODELS
from api.settings import Settings
from geo.store.sql import SqlStore
from planners.contract import Progress


def test_every_model_has_kernels_that_can_be_made_ready() -> None:
    for model in MODELS:
        kernels_ready(model)
        assert not kernels_waiting(model)


def test_a_first_question_says_that_it_waits_and_a_second_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posts_kernels, "_done", set())
    told: list[Progress] = []
    get_ready(lambda step: bool(told.append(step)) or True, "mexclp")
    assert [step.seconds for step in told] == [0.0]
    assert "首次使用" in told[0].message
    get_ready(lambda step: bool(told.append(step)) or True, "backup")
    assert len(told) == 1


def test_the_server_makes_scores_and_kernels_ready_in_the_background(
    untouched_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posts_kernels, "_done", set())
    settings = Settings(home=untouched_home)
    store = SqlStore.open(settings.database)
    with TestClient(create_app(settings, store)) as client:
        for _ in range(600):
            if not kernels_waiting(*KERNELS):
                break
            time.sleep(0.1)
        assert not kernels_waiting(*KERNELS)
        today = client.get("/api/collections/posts/items?limit=1000&state=fixed").json()["features"]
        derived = client.app.state.workspace.derived  # type: ignore[attr-defined]
        times = derived._values["posts:times:response_car"][1]
        kept = len(times.rows)
        assert kept == len({tuple(f["geometry"]["coordinates"]) for f in today})
        client.post("/api/posts/score", json={"posts": [{"post_id": f["properties"]["post_id"]} for f in today]})
        assert derived._values["posts:times:response_car"][1] is times
        assert len(times.rows) == kept
    store.close()
