"""The slider 不规律 over HTTP: what it costs in crews, and how guessable the times are then."""

from __future__ import annotations

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.services.patrol_reserve import RESERVE_SECONDS, Price


def solved(client: TestClient, irregular: float, **asked: object) -> dict[str, Any]:
    weights = {"units": 1, "gaps": 0, "cover": 0, "irregular": irregular}
    question = {"shift_id": "night", "seconds": 20, "iterations": 1, "handover": False, "weights": weights, **asked}
    answer = client.post("/api/patrol/plan", json=question)
    assert answer.status_code == 202, answer.text
    for _ in range(2400):
        job = client.get(answer.json()["status_url"]).json()
        if job["state"] not in ("queued", "running"):
            assert job["state"] == "done", job
            found: dict[str, Any] = client.get(f"/api/plans/{job['result']['plan_id']}").json()
            return found
        time.sleep(0.05)
    pytest.fail("the job did not end")


def times(plan: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    return sorted((r["unit_id"], [(s["point_id"], s["begin"]) for s in r["stops"]]) for r in plan["routes"])


def test_the_slider_tells_its_price_in_crews_and_what_it_brings(patrols: TestClient) -> None:
    fewest, plan, again, other = (
        solved(patrols, irregular, day=f"2026-11-{day}") for irregular, day in ((0, 23), (1, 23), (1, 23), (1, 24))
    )
    assert "cost_zh" not in fewest["regularity"]
    told = plan["regularity"]
    assert 0 <= told["reserve_seconds"] <= RESERVE_SECONDS
    assert told["extra_units"] >= 0
    assert told["cost_zh"].startswith("不规律的代价：")
    assert told["imagined"]
    assert told["n"] >= 3
    assert told["level"] in ("low", "middle", "high")
    assert plan["broken"] == fewest["broken"] == []
    assert times(plan) != times(fewest)
    # The same question draws the same times, and another day others.
    assert times(again) == times(plan)
    hours = [[[(p, begin[11:]) for p, begin in stops] for _, stops in times(one)] for one in (plan, other)]
    assert hours[0] != hours[1]


def test_the_standard_of_cover_is_a_setting(patrols: TestClient) -> None:
    held = patrols.get("/api/patrol/settings").json()
    changed = held["settings"] | {"cover_minutes": 8}
    answer = patrols.put("/api/patrol/settings", json={"seen_version": held["version"], "settings": changed})
    assert answer.status_code == 200, answer.text
    cover = solved(patrols, 0, day="2026-11-26")["cover"]
    assert cover["standard_minutes"] == 8
    assert "8 分内可到" in cover["zh"]


def test_a_price_says_how_many_more_crews_and_when_they_do_not_suffice() -> None:
    assert Price(seconds=50, wanted=50, units=50, fewest=47).told() == {
        "extra_units": 3, "reserve_seconds": 50,
        "cost_zh": "不规律的代价：多用 3 组（47 → 50），每处留 50 秒机动",
        "cost_en": "price of irregular times: 3 more crews (47 to 50), 50 s in reserve at each stop",
    }  # fmt: skip
    short = Price(seconds=0, wanted=25, units=20, fewest=20).told()
    assert short["extra_units"] == 0
    assert short["cost_zh"] == "不规律的代价：未多用巡组；未找到每处留 25 秒的方案"
