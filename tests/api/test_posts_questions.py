"""What planners ask beside a plan: scores under the pointer, curves, fronts, pins, sight, matching, files, bad input."""

from __future__ import annotations

import io
import time
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from fastapi.testclient import TestClient
from shapely.geometry import box


def ask(client: TestClient, path: str, **question: object) -> dict[str, Any]:
    answer = client.post(f"/api/posts/{path}", json={"seconds": 6, **question})
    assert answer.status_code == 202, answer.text
    url = answer.json()["status_url"]
    for _ in range(1200):
        job = client.get(url).json()
        if job["state"] not in ("queued", "running"):
            break
        time.sleep(0.05)
    assert job["state"] == "done", job
    return dict(client.get(f"/api/plans/{job['result']['plan_id']}").json())


@pytest.fixture(scope="module")
def today(client: TestClient) -> list[dict[str, Any]]:
    return list(client.get("/api/collections/posts/items?limit=1000&state=fixed").json()["features"])


def score(client: TestClient, posts: list[dict[str, Any]], **asked: object) -> dict[str, Any]:
    answer = client.post("/api/posts/score", json={"posts": posts, "minutes": 1, **asked})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_score_is_the_evaluation_of_todays_posts(client: TestClient, today) -> None:
    found = score(client, [{"post_id": f["properties"]["post_id"]} for f in today])
    known = client.get("/api/posts/coverage?minutes=1&citizen=only").json()
    for name in ("n", "share", "mean_seconds", "p90_seconds", "unreachable", "unreachable_calls", "from", "to"):
        assert (
            found[name] == pytest.approx(known[name]) if isinstance(found[name], float) else found[name] == known[name]
        )
    assert found["worst_grid"]["code"] == known["worst_grid"]["code"]
    assert found["by_grid"] == pytest.approx(known["by_grid"], abs=0.06)
    assert sum(found["nearest"]) == found["n"] - found["unreachable_calls"]


def test_a_post_moved_to_another_scores_as_that_one(client: TestClient, today) -> None:
    a, b = today[0], today[1]
    lon, lat = b["geometry"]["coordinates"]
    moved = score(client, [{"post_id": a["properties"]["post_id"], "lon": lon, "lat": lat}])
    other = score(client, [{"post_id": b["properties"]["post_id"]}])
    assert moved["share"] == other["share"]
    assert moved["by_grid"] == other["by_grid"]


def test_a_post_far_from_streets_counts_for_nothing(client: TestClient, today) -> None:
    first = {"post_id": today[0]["properties"]["post_id"]}
    found = score(client, [first, {"lon": 0.0, "lat": 0.0}])
    assert found["off_street"] == [1]
    assert found["share"] == score(client, [first])["share"]


def test_closing_loses_and_opening_gains_step_by_step(client: TestClient, today) -> None:
    for kind, sign in (("close", -1), ("open", 1)):
        curve = ask(client, "curve", kind=kind, count=4, radius_minutes=1)
        shares = [curve["start"]["share"], *(point["share"] for point in curve["points"])]
        assert np.all(np.diff(shares) * sign >= -1e-12)
        for before, point in zip(shares, curve["points"], strict=False):
            assert point["change"] == pytest.approx(point["share"] - before)
            low, high = point["change_interval"]
            assert low <= high
            assert point["interval"][0] <= point["share"] <= point["interval"][1]
        assert curve["weeks"] == 52
        gone = {point["post_id"] for point in curve["points"]} if kind == "close" else set()
        left = [{"post_id": f["properties"]["post_id"]} for f in today if f["properties"]["post_id"] not in gone]
        extra = [] if kind == "close" else [{"post_id": point["post_id"]} for point in curve["points"]]
        assert score(client, [*left, *extra])["share"] == pytest.approx(shares[-1])


def test_each_number_of_posts_and_each_move(client: TestClient, today) -> None:
    value = ask(client, "curve", kind="value", posts=[2, 4, 6], radius_minutes=1)
    assert [point["posts"] for point in value["points"]] == [2, 4, 6]
    assert all(point["share"] <= point["bound_share"] + 1e-9 for point in value["points"])
    moves = ask(client, "curve", kind="moves", count=3, radius_minutes=1)
    assert [len(point["given_up"]) <= point["moves"] for point in moves["points"]] == [True] * len(moves["points"])
    assert moves["points"][0]["given_up"] == []
    assert moves["points"][-1]["price"] == pytest.approx(0, abs=1e-6 + moves["points"][-1]["gap"] * 2000)


def test_the_front_has_three_named_plans_that_check(client: TestClient) -> None:
    front = ask(client, "front", p=5, levels=2, radius_minutes=1)
    options = {option["option"]: option for option in front["options"]}
    assert set(options) == {"fewer", "faster", "steadier"}
    assert options["fewer"]["posts"] <= 5
    assert options["fewer"]["share"] >= min(front["target_share"], max(p["share"] for p in front["points"])) - 1e-9
    assert options["faster"]["mean_seconds"] <= min(p["mean_seconds"] for p in front["points"]) + 1e-6
    steady = options["steadier"]
    assert steady["objective"] == pytest.approx(min(period["share"] for period in steady["scenarios"]))
    assert len(steady["scenarios"]) >= 12
    for option in options.values():
        assert option["gap"] is not None
        assert client.get(f"/api/posts/plans/{option['plan_id']}/check").json()["agrees"]
    costs = [(-p["share"], p["mean_seconds"], p["worst_seconds"], p["equal_seconds"]) for p in front["points"]]
    for one in costs:
        assert not any(all(a <= b for a, b in zip(other, one, strict=True)) and other != one for other in costs)


def test_what_moves_when_a_post_must_go(client: TestClient) -> None:
    best = ask(client, "solve", p=3, radius_minutes=1)
    post = best["posts"][0]["post_id"]
    pin = ask(client, "pin", p=3, post_id=post, must="go", radius_minutes=1)
    assert post in {row["post_id"] for row in pin["closed"]}
    assert pin["price"] == pytest.approx(pin["free"]["objective"] - pin["held"]["objective"])
    assert len(pin["closed"]) == len(pin["opened"])
    stay = ask(client, "pin", p=3, post_id=post, must="stay", radius_minutes=1)
    assert stay["price"] == 0


def test_what_cameras_see(client: TestClient) -> None:
    near = ask(client, "sight", reach_m=40)
    far = ask(client, "sight", reach_m=120, more=3)
    assert near["streets"]["metres"] < far["streets"]["metres"] <= far["streets"]["of_metres"]
    assert near["calls"]["share"] <= far["calls"]["share"] <= far["share_with_more"]
    assert len(far["more"]) == 3
    assert far["objective"] <= far["bound"] + 1e-9


def test_alarms_of_ones_own_see_what_points_there_would(client: TestClient, today) -> None:
    spots = [
        {"lon": x, "lat": y, "name": f"警铃{i}"}
        for i, (x, y) in enumerate(f["geometry"]["coordinates"] for f in today[:2])
    ]
    seen = ask(client, "sight", kinds=[], spots=spots, reach_m=60)
    assert [p["name"] for p in seen["seen_from"]] == ["警铃0", "警铃1"]
    twice = ask(client, "sight", kinds=[], spots=spots + spots, reach_m=60)
    assert twice["calls"] == seen["calls"]
    assert twice["streets"] == seen["streets"]


def test_points_as_demand_are_scored_and_said_as_places(client: TestClient, today) -> None:
    posts = [{"post_id": f["properties"]["post_id"]} for f in today]
    found = score(client, posts, points=["must_visit"])
    assert (found["n"], found["demand_kind"]) == (36, "points")
    plan = ask(client, "solve", p=4, radius_minutes=1, points=["must_visit"])
    assert plan["before"]["share"] == pytest.approx(found["share"])
    assert all("起" not in post["why"] and "处" in post["why"] for post in plan["posts"])
    front = ask(client, "front", p=4, levels=1, radius_minutes=1, points=["must_visit"])
    assert {option["option"] for option in front["options"]} == {"fewer", "faster", "nearer"}


def test_persons_go_where_the_total_is_least(client: TestClient, today) -> None:
    spots = [f["geometry"]["coordinates"] for f in today[:3]]
    areas = [{"key": f"a{i}", "lon": x, "lat": y} for i, (x, y) in enumerate(spots)]
    persons = [{"key": f"p{i}", "lon": x, "lat": y} for i, (x, y) in enumerate(reversed(spots))]
    found = ask(client, "match", areas=areas, persons=persons)
    assert {(pair["area"], pair["person"]) for pair in found["pairs"]} == {("a0", "p2"), ("a1", "p1"), ("a2", "p0")}
    assert found["proved"]


@pytest.mark.parametrize(("kind", "size"), [("geojson", 4), ("gpkg", 4), ("xlsx", 4), ("csv", 4)])
def test_a_plan_is_a_file_with_its_reasons(client: TestClient, kind: str, size: int, tmp_path) -> None:
    plan = ask(client, "solve", p=size, radius_minutes=1)
    answer = client.get(f"/api/posts/plans/{plan['plan_id']}/export?f={kind}")
    assert answer.status_code == 200
    assert plan["plan_id"] in answer.headers["content-disposition"]
    path = tmp_path / f"plan.{kind}"
    path.write_bytes(answer.content)
    read = gpd.pd.read_csv(io.BytesIO(answer.content)) if kind == "csv" else gpd.read_file(path)
    assert len(read) == size
    assert set(read["why" if kind in ("geojson", "gpkg") else "设点理由"]) == {post["why"] for post in plan["posts"]}
    if kind == "geojson":
        assert box(*read.total_bounds).intersects(read.union_all())


@pytest.mark.parametrize(
    ("question", "words", "rows"),
    [
        ({"p": 99}, ("只有 42 个", "减到 42 个"), []),
        ({}, ("请给出点数",), []),
        ({"p": 3, "pinned": ["nobody"]}, ("nobody", "不在备选范围内"), ["nobody"]),
        ({"p": 3, "added": [{"lon": 0, "lat": 0}]}, ("x1", "距任何道路过远"), ["x1"]),
        ({"p": 3, "added": [{"lon": 24.95, "lat": 60.17}] * 2}, ("x1", "重复"), ["x1"]),
        ({"p": 3, "needs": [{"key": "校", "lon": 24.95, "lat": 60.17, "weight": -2}]}, ("校", "不小于 0"), ["校"]),
        ({"p": 3, "needs": [{"key": "校", "lon": 24.95, "lat": 60.17}] * 2}, ("校", "重复"), ["校"]),
        (
            {"p": 3, "needs": [{"key": "校", "lon": 0, "lat": 0}, {"key": "甲", "lon": 24.95, "lat": 60.17}]},
            ("校", "其余 1 处可求解"),
            ["校"],
        ),
        ({"p": 3, "profiles": {"kiosk": "rocket"}}, ("rocket",), []),
        ({"p": 3, "pinned": ["HX001"], "closed": ["HX001"]}, ("HX001", "二选一"), ["HX001"]),
        ({"p": 3, "max_moves": 1, "model": "p_center"}, ("只适用于",), []),
        ({"p": 3, "hours": "25"}, ("hours",), []),
        ({"p": 3, "points": ["castle"]}, ("castle", "must_visit"), []),
    ],
)
def test_bad_questions_are_answered_at_once_with_one_sentence(client: TestClient, question, words, rows) -> None:
    before = len(client.get("/api/jobs").json()["jobs"])
    answer = client.post("/api/posts/solve", json={"radius_minutes": 3, **question})
    assert answer.status_code in (404, 422), answer.text
    body = answer.json()
    assert all(word in body["detail_zh"] for word in words), body["detail_zh"]
    assert body["detail_en"]
    assert body["rows"] == rows
    assert len(client.get("/api/jobs").json()["jobs"]) == before


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ({"budget": 0.5}, "预算"),
        ({"p": 1, "radius_minutes": 0.02, "needs": [{"key": "校", "lon": 24.95, "lat": 60.17}]}, "最近"),
        ({"p": 3, "radius_minutes": 0.01, "candidates": "posts"}, "放宽时限"),
        ({"model": "capacity", "p": 1, "capacity": 1, "within": False}, "承载"),
        ({"p": 3, "max_moves": 1}, "至少允许调整"),
        ({"model": "mexclp", "p": 1, "minutes_per_call": 600, "busy": None}, "至少需要"),
    ],
)
def test_what_only_the_solver_sees_ends_the_job_with_its_sentence(client: TestClient, question, word) -> None:
    answer = client.post("/api/posts/solve", json={"radius_minutes": 3, "seconds": 4, **question})
    assert answer.status_code == 202
    for _ in range(600):
        job = client.get(answer.json()["status_url"]).json()
        if job["state"] not in ("queued", "running"):
            break
        time.sleep(0.05)
    assert job["state"] == "failed"
    assert word in job["problem"]["detail_zh"]
    assert job["result"] is None
