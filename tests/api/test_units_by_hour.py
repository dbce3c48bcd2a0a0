"""Units by hour over HTTP and from the command line: needs with n and interval, shifts with their proof, refusals."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.cli.main import main
from geo.incidents.poisson import poisson_interval


def asked(client: TestClient, **question: Any) -> dict[str, Any]:
    started = client.post("/api/staffing/units", json=question)
    assert started.status_code == 202, started.text
    for _ in range(1200):
        job = dict(client.get(started.headers["location"]).json())
        if job["state"] in ("done", "failed", "cancelled"):
            break
        time.sleep(0.05)
    if job["state"] != "done":
        return dict(job["problem"])
    return dict(client.get(f"/api/plans/{job['result']['plan_id']}").json())


def test_every_hour_has_its_n_its_interval_and_what_binds_it(client: TestClient) -> None:
    body = asked(client, citizen="any")
    rows = body["by_hour"]
    assert [row["hour"] for row in rows] == list(range(24))
    assert sum(row["n"] for row in rows) == body["n_calls"] > 0
    low, high = poisson_interval([row["n"] for row in rows])
    scale = rows[20]["calls_per_hour"] / rows[20]["n"]
    assert [row["interval"] for row in rows] == [pytest.approx([a * scale, b * scale]) for a, b in zip(low, high, strict=True)]  # fmt: skip
    for row in rows:
        assert row["need_interval"][0] <= row["need"] <= row["need_interval"][1]
        assert row["fielded"] >= row["need"]
        assert row["utilisation"] <= 0.6
        assert row["binding_zh"] in ("繁忙率", "需等待的警情比例") or row["need"] == 1
    assert body["proved"]
    assert body["gap"] == 0
    assert body["shifts"]["crew_hours"] == sum(line["crews"] * line["length"] for line in body["shifts"]["lines"])
    travel = np.array(body["travel"]["seconds_by_free"])
    assert (np.diff(travel) <= 1e-9).all()
    assert "已证明最少" in body["sentence_zh"]
    assert f"n={body['n_calls']} calls" in body["sentence_en"]


def test_too_few_crews_are_short_where_it_matters_least_and_say_so(client: TestClient) -> None:
    whole = asked(client, citizen="any", utilisation=0.2)
    fewer = asked(client, citizen="any", utilisation=0.2, crews=whole["shifts"]["crews"] - 1)
    assert whole["shifts"]["short_hours"] == 0
    assert fewer["shifts"]["short_hours"] == sum(row["short"] for row in fewer["by_hour"]) > 0
    assert fewer["proved"]


def test_the_square_root_law_needs_no_posts_and_priorities_have_their_own_waits(client: TestClient) -> None:
    body = asked(
        client, citizen="any", travel="square_root", on_scene_minutes=45, wait_minutes=[1.0], delayed_share=None
    )
    assert body["travel"]["method"] == "square_root"
    assert body["on_scene_seconds"] == 2700
    for row in body["by_hour"]:
        assert row["wait_seconds"] == sorted(row["wait_seconds"])
        assert row["wait_seconds"][0] <= 60


def test_what_cannot_be_answered_is_said_in_a_sentence(client: TestClient) -> None:
    problem = asked(client, travel_minutes=0.01)
    assert problem["code"] == "infeasible"
    assert "达不到标准（平均行驶时间）" in problem["detail_zh"]
    assert (
        asked(client, **{"from": "2019-01-01T00:00:00+08:00", "to": "2019-02-01T00:00:00+08:00"})["code"]
        == "infeasible"
    )
    assert "less than a day" in asked(client, **{"from": "2026-01-01T00:00:00+08:00", "to": "2026-01-01T09:00:00+08:00"})["detail_en"]  # fmt: skip
    assert client.post("/api/staffing/units", json={"starts": [24]}).status_code == 422


def test_the_command_line_gives_the_same_answer(client: TestClient, home: Path, capsys: Any) -> None:
    body = asked(client, citizen="any", starts=[6, 14, 22], seed=3)
    words = ["--citizen", "any", "--start", "6", "--start", "14", "--start", "22", "--seed", "3"]
    with pytest.raises(SystemExit) as ended:
        main(["staffing", "units", *words, "--home", str(home), "--json"])
    assert ended.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert told["shifts"]["lines"] == body["shifts"]["lines"]
    assert [row["need"] for row in told["by_hour"]] == [row["need"] for row in body["by_hour"]]
