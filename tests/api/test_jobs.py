"""Long work over HTTP: queued, watched, finished, cancelled; plans carry their proof."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient


def finished(client: TestClient, url: str) -> dict[str, Any]:
    for _ in range(600):
        job = client.get(url).json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.05)
    pytest.fail("the job did not end")


def test_posts_are_chosen_with_bound_gap_and_before_and_after(client: TestClient) -> None:
    asked = {"p": 6, "radius_minutes": 1.0, "seconds": 20, "seed": 3}
    answer = client.post("/api/posts/solve", json=asked)
    assert answer.status_code == 202
    assert answer.headers["location"] == answer.json()["status_url"]
    job = finished(client, answer.json()["status_url"])
    assert job["state"] == "done", job
    plan = client.get(f"/api/plans/{job['result']['plan_id']}").json()
    assert len(plan["posts"]) == 6
    assert plan["objective"] <= plan["bound"] + 1e-6
    assert plan["gap"] is not None
    assert plan["seed"] == 3
    assert plan["covered"] == pytest.approx(plan["share"] * plan["demand"])
    assert plan["demand"] == plan["n_calls"]
    assert 0 <= plan["before"]["share"] <= 1
    assert all(post["why"] and post["why_en"] for post in plan["posts"])
    assert plan["plan_id"] in {row["plan_id"] for row in client.get("/api/plans?kind=posts").json()["plans"]}


def test_a_patrol_plan_has_times_streets_and_a_lower_bound(client: TestClient) -> None:
    job = finished(
        client,
        client.post("/api/patrol/plan", json={"shift_id": "night", "seconds": 10, "iterations": 30, "seed": 1}).json()[
            "status_url"
        ],
    )
    assert job["state"] == "done", job
    plan = client.get(f"/api/plans/{job['result']['plan_id']}").json()
    assert plan["lower_bound_units"] <= plan["units_used"] <= plan["units_available"]
    crews = [route for route in plan["routes"] if route["kind"] != "video"]
    visited = [stop["point_id"] for route in crews for stop in route["stops"]]
    assert len(visited) == plan["visits_made"]
    for route in crews:
        times = [point[2] for point in route["line"]]
        assert times == sorted(times)
        ends = [(stop["arrive"], stop["depart"]) for stop in route["stops"]]
        assert all(a <= b for a, b in ends)
        assert route["start"] <= ends[0][0]
        assert ends[-1][1] <= route["end"]
        # On streets: more vertices than stops.
        assert len(route["line"]) > len(route["stops"]) + 2


def test_the_situation_shows_the_newest_plan_of_the_shift(client: TestClient) -> None:
    body = client.get("/api/situation").json()
    assert body["shift"]["id"] == "night"
    assert body["plan"]["units"] >= body["plan"]["lower_bound"]


def test_progress_is_streamed_until_the_end(client: TestClient) -> None:
    started = client.post("/api/posts/solve", json={"p": 4, "radius_minutes": 1, "seconds": 5}).json()
    with client.stream("GET", f"{started['status_url']}/events") as stream:
        bodies = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
    assert bodies[-1]["state"] == "done"
    assert bodies[-1]["share"] == 1.0


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ({"p": 0, "radius_minutes": 3}, 422),
        ({"p": 3, "radius_minutes": -1}, 422),
        ({"p": 3, "radius_minutes": 3, "profile": "boat"}, 422),
        ({"p": 3, "radius_minutes": 3, "colour": "red"}, 422),
    ],
)
def test_a_bad_question_is_refused_before_a_job_starts(
    client: TestClient, question: dict[str, Any], status: int
) -> None:
    assert client.post("/api/posts/solve", json=question).status_code == status


def test_a_question_without_an_answer_fails_with_one_sentence(client: TestClient) -> None:
    asked = {"budget": 0.25, "radius_minutes": 3}
    job = finished(client, client.post("/api/posts/solve", json=asked).json()["status_url"])
    assert job["state"] == "failed"
    assert job["problem"]["code"] == "infeasible"
    assert "0.25" in job["problem"]["detail_zh"]


def test_an_unknown_shift_fails_naming_the_known_ones(client: TestClient) -> None:
    job = finished(client, client.post("/api/patrol/plan", json={"shift_id": "tea"}).json()["status_url"])
    assert job["problem"]["code"] == "not_found"
    assert "night" in job["problem"]["detail_en"]


def test_an_unknown_job_is_404(client: TestClient) -> None:
    assert client.get("/api/jobs/nothing").status_code == 404
    assert client.delete("/api/jobs/nothing").status_code == 404


def test_citizens_calls_are_the_demand_unless_asked_otherwise(client: TestClient) -> None:
    only, every = (client.get(f"/api/posts/coverage?citizen={c}").json() for c in ("only", "any"))
    assert only["citizen"] == "only"
    assert 0 < only["n"] < every["n"]
    started = client.post("/api/posts/solve", json={"p": 3, "radius_minutes": 3, "seconds": 5}).json()
    with client.stream("GET", f"{started['status_url']}/events") as events:
        list(events.iter_lines())
    plan = client.get(f"/api/plans/{client.get(started['status_url']).json()['result']['plan_id']}").json()
    assert plan["citizen"] == "only"
    assert plan["n_calls"] == only["n"]
