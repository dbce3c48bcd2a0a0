"""Every model of posts over HTTP: as good as trying all pairs of sites, checked on the streets, honest about its bound."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.services.demand import Demand, demand
from api.services.filters import CallFilter
from api.services.posts_sites import Sites, sites_of
from geo.store.port import DEMO

LIMIT = 60.0
P = 2


@pytest.fixture(scope="module")
def ground(client: TestClient) -> tuple[np.ndarray, Demand, Sites]:
    """Seconds from the travel engine, float64[demand, sites], with the demand and the sites."""
    workspace = client.app.state.workspace  # type: ignore[attr-defined]
    needs = demand(workspace, DEMO, CallFilter(citizen="only"), "response_car")
    sites = sites_of(workspace, DEMO, "response_car", ("fixed", "candidate"))
    return workspace.travel("response_car").matrix(sites.places, needs.places).T, needs, sites


def ask(client: TestClient, path: str = "solve", **question: object) -> dict[str, Any]:
    """Ask, wait for the job, return the plan."""
    asked = {"radius_minutes": LIMIT / 60, "seconds": 20, "seed": 3, **question}
    answer = client.post(f"/api/posts/{path}", json=asked)
    assert answer.status_code == 202, answer.text
    url = answer.json()["status_url"]
    for _ in range(1200):
        job = client.get(url).json()
        if job["state"] not in ("queued", "running"):
            break
        time.sleep(0.05)
    assert job["state"] == "done", job
    return dict(client.get(f"/api/plans/{job['result']['plan_id']}").json())


def best_of_pairs(seconds: np.ndarray, worth: Any) -> float:
    """Try all pairs of sites; ``worth`` of the times float64[n, 2], more is better."""
    return max(float(worth(seconds[:, list(pair)])) for pair in itertools.combinations(range(seconds.shape[1]), P))


def reached(seconds: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kept = np.isfinite(seconds).any(axis=1)
    return seconds[kept], weights[kept]


def test_covering_most_is_the_best_pair(client: TestClient, ground) -> None:
    seconds, needs, _ = ground
    plan = ask(client, model="mclp", p=P)
    assert plan["objective"] == best_of_pairs(seconds, lambda t: needs.weights[t.min(axis=1) <= LIMIT].sum())
    assert plan["proved"]
    assert plan["bound"] == plan["objective"]


def test_the_least_mean_is_the_best_pair(client: TestClient, ground) -> None:
    seconds, weights = reached(ground[0], ground[1].weights)
    plan = ask(client, model="p_median", p=P)
    best = -best_of_pairs(seconds, lambda t: -np.average(t.min(axis=1), weights=weights))
    assert plan["measure"] == "mean_seconds"
    assert plan["objective"] == pytest.approx(best, rel=1e-9)


def test_the_least_longest_time_is_the_best_pair(client: TestClient, ground) -> None:
    seconds, _ = reached(ground[0], ground[1].weights)
    plan = ask(client, model="p_center", p=P)
    assert plan["objective"] == pytest.approx(-best_of_pairs(seconds, lambda t: -t.min(axis=1).max()), rel=1e-9)


def test_backup_is_the_best_pair(client: TestClient, ground) -> None:
    seconds, needs, _ = ground

    def worth(t: np.ndarray) -> float:
        times = (t <= LIMIT).sum(axis=1)
        return float((needs.weights * (0.5 * (times >= 1) + 0.5 * (times >= 2))).sum())

    plan = ask(client, model="backup", p=P, k=2)
    assert plan["objective"] == pytest.approx(best_of_pairs(seconds, worth))
    assert plan["share_by_times"][0] >= plan["share_by_times"][1]


def test_busy_units_are_the_best_pair(client: TestClient, ground) -> None:
    seconds, needs, _ = ground
    plan = ask(client, model="mexclp", p=P, busy=0.4)
    best = best_of_pairs(seconds, lambda t: (needs.weights * (1 - 0.4 ** (t <= LIMIT).sum(axis=1))).sum())
    assert plan["objective"] == pytest.approx(best)


def test_the_busy_fraction_is_hours_of_work_an_hour_and_unit(client: TestClient, ground) -> None:
    needs = ground[1]
    plan = ask(client, model="mexclp", p=P, minutes_per_call=30)
    hours = (needs.end - needs.start).total_seconds() / 3600
    assert plan["busy"] == pytest.approx(needs.n_calls / hours * 0.5 / P)


def test_the_fewest_posts_cover_all_that_can_be_covered(client: TestClient, ground) -> None:
    seconds, needs, sites = ground
    plan = ask(client, model="lscp", radius_minutes=3)
    could = (seconds <= 180).any(axis=1)
    open_sites = sites.numbers([post["post_id"] for post in plan["posts"]])
    assert (seconds[:, open_sites] <= 180).any(axis=1)[could].all()
    fewer = itertools.combinations(range(len(sites)), len(open_sites) - 1)
    near = seconds[could] <= 180
    assert not any(near[:, list(some)].any(axis=1).all() for some in fewer)
    assert plan["objective"] == len(open_sites)
    assert plan["beyond_reach"] == needs.weights[~could].sum()


def test_a_budget_buys_what_it_can(client: TestClient, ground) -> None:
    seconds, needs, sites = ground
    dear = sites.keys[0]
    plan = ask(client, model="mclp", budget=P, costs={dear: 99.0})
    rest = np.delete(seconds, 0, axis=1)
    assert plan["objective"] == best_of_pairs(rest, lambda t: needs.weights[t.min(axis=1) <= LIMIT].sum())
    assert plan["cost"] <= P


def test_no_post_takes_more_than_it_can(client: TestClient, ground) -> None:
    needs = ground[1]
    plan = ask(client, model="capacity", p=6, capacity=200, radius_minutes=3, seconds=3)
    taken = np.array(plan["taken"])
    load = np.bincount(taken[:, 1].astype(int), weights=taken[:, 2] * needs.weights[taken[:, 0].astype(int)])
    assert load.max() <= 200
    assert plan["objective"] == pytest.approx(load.sum())
    assert plan["objective"] <= 6 * 200


def test_levels_hold_together(client: TestClient, ground) -> None:
    plan = ask(
        client, model="hierarchy",
        levels=[
            {"minutes": 1, "p": 6, "profile": "motorcycle", "kinds": ["street_post", "kiosk"]},
            {"minutes": 5, "p": 2, "kinds": ["station"]},
        ],
    )  # fmt: skip
    kinds = {post["level"]: {p["kind"] for p in plan["posts"] if p["level"] == post["level"]} for post in plan["posts"]}
    assert kinds[1] == {"station"}
    assert "station" not in kinds[0]
    assert plan["objective"] <= min(level["share"] for level in plan["levels"]) * ground[1].weights.sum() + 1e-6


def test_the_worst_month_is_as_good_as_any_pair_makes_it(client: TestClient) -> None:
    plan = ask(client, model="robust", p=P, scenarios="day_night")
    shares = [scenario["share"] for scenario in plan["scenarios"]]
    assert plan["objective"] == pytest.approx(min(shares))
    assert plan["bound"] >= plan["objective"]
    assert sum(scenario["n"] for scenario in plan["scenarios"]) == plan["n_calls"]


def test_a_post_counts_only_in_its_hours(client: TestClient, ground) -> None:
    free = ask(client, model="mclp", p=1)
    best = free["posts"][0]["post_id"]
    shut = ask(client, model="timed", p=1, pinned=[best], opening={best: "3"})
    covered = np.array(shut["share_by_hour"])
    assert covered[3] > 0
    assert np.delete(covered, 3).max() == 0
    assert shut["objective"] == pytest.approx((covered * np.array(shut["calls_by_hour"])).sum())
    assert ask(client, model="timed", p=1)["objective"] == free["objective"]


def test_at_most_so_many_posts_are_given_up(client: TestClient, ground) -> None:
    today = {key for key, state in zip(ground[2].keys, ground[2].states, strict=True) if state == "fixed"}
    before = None
    for moves in (0, 1, 3):
        plan = ask(client, model="mclp", p=len(today), max_moves=moves)
        assert len(today - {post["post_id"] for post in plan["posts"]}) <= moves
        assert before is None or plan["objective"] >= before
        before = plan["objective"]
        if not moves:
            assert plan["share"] == pytest.approx(plan["before"]["share"])


@pytest.mark.parametrize("candidates", ["posts", "candidates", "streets"])
def test_sites_come_from_where_they_are_asked_from(client: TestClient, candidates: str) -> None:
    plan = ask(client, model="mclp", p=3, candidates=candidates, spacing_m=300)
    states = {post["state"] for post in plan["posts"]}
    assert states <= {"posts": {"fixed"}, "candidates": {"candidate"}, "streets": {"fixed", "street"}}[candidates]


def test_locked_closed_and_added_sites(client: TestClient, ground) -> None:
    sites = ground[2]
    lon, lat = sites.lonlat[0]
    plan = ask(
        client, model="mclp", p=4, pinned=[sites.keys[3], "x1"], closed=[sites.keys[0]],
        added=[{"lon": lon, "lat": lat, "name": "老地方"}],
    )  # fmt: skip
    chosen = {post["post_id"]: post for post in plan["posts"]}
    assert {sites.keys[3], "x1"} <= set(chosen)
    assert sites.keys[0] not in chosen
    assert chosen["x1"]["name"] == "老地方"
    assert chosen["x1"]["why"].startswith("指定保留")


def test_demand_may_be_points_or_listed_places_and_hours_of_the_day(client: TestClient, ground) -> None:
    points = ask(client, model="mclp", p=P, points=["must_visit"])
    assert points["n_calls"] == 36
    lon, lat = (float(v) for v in ground[2].lonlat[5])
    listed = ask(client, model="mclp", p=1, needs=[{"key": "school", "lon": lon, "lat": lat, "weight": 700.5}])
    assert listed["objective"] == 700.5
    assert listed["share"] == 1
    night = ask(client, model="mclp", p=P, hours="20-23,0-7")
    day = ask(client, model="mclp", p=P, hours="8-19")
    assert night["n_calls"] + day["n_calls"] == ground[1].n_calls


@pytest.mark.parametrize("model", ["mclp", "lscp", "p_median", "p_center", "backup", "mexclp", "hierarchy", "robust"])
def test_the_streets_alone_give_what_is_shown(client: TestClient, model: str) -> None:
    plan = ask(client, model=model, **({} if model == "lscp" else {"p": 4}))
    check = client.get(f"/api/posts/plans/{plan['plan_id']}/check").json()
    assert check["agrees"]
    assert check["recomputed"] == pytest.approx(plan["objective"])
    assert check["share"] == pytest.approx(plan["share"])
    low, high = plan["after"]["interval"]
    assert low <= plan["share"] <= high
    assert plan["gap"] is not None


def test_more_posts_are_never_worse(client: TestClient) -> None:
    covered = [ask(client, model="mclp", p=p)["objective"] for p in (1, 3, 6)]
    assert covered == sorted(covered)
