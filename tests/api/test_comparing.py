"""Comparisons and indicators over HTTP: counts that other pages show, hand calculations, refusals."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.services.comparing import asked_period, compare
from api.services.comparing_words import comparison_words
from api.services.filters import CallFilter
from api.services.workspace import Workspace
from geo.store.port import DEMO

WEEK = "first=2026-11-09&last=2026-11-15"
INDICATOR = {
    "name": "盗窃占比",
    "formula": "类别_盗窃 / 警情数 * 100",
    "owner": "刑侦大队",
    "better": "lower",
    "target": 10,
    "orange": 20,
    "red": 90,
}


def _total(client: TestClient, start: str, end: str) -> int:
    answer = client.get(
        "/api/heat/summary", params={"from": f"{start}T08:00:00+08:00", "to": f"{end}T08:00:00+08:00"}
    ).json()
    return int(answer["n"] + answer["n_unplaced"])


def test_any_two_periods_are_compared_with_the_counts_of_the_map(client: TestClient) -> None:
    answer = client.get(f"/api/comparisons?{WEEK}&other_first=2026-08-03&other_last=2026-08-16").json()
    assert answer["n"] == _total(client, "2026-11-09", "2026-11-16")
    other = answer["lines"][0]
    assert (other["baseline"], other["baseline_n"]) == ("other_period", _total(client, "2026-08-03", "2026-08-17"))
    assert other["expected"] == pytest.approx(other["baseline_n"] / 2)
    by_name = {line["baseline"]: line for line in answer["lines"]}
    assert by_name["period_before"]["baseline_n"] == _total(client, "2026-11-02", "2026-11-09")
    assert 0 < by_name["period_before"]["p"] <= 1
    assert "2025-11" in by_name["year_on_year"]["absent_zh"]
    assert answer["compound"] is None


def test_small_counts_are_hidden_from_roles_that_need_no_detail(client: TestClient) -> None:
    workspace: Workspace = client.app.state.workspace  # type: ignore[attr-defined]
    period = asked_period(workspace, "2026-11-09", "2026-11-09")
    rare = CallFilter(families=frozenset(["抢劫抢夺"]))
    made = compare(workspace, DEMO, period, rare, other=asked_period(workspace, "2026-08-03", "2026-10-30"))
    reader = replace(DEMO, roles=frozenset({"read"}))
    seen = comparison_words(workspace, DEMO, made, rare)
    hidden = comparison_words(workspace, reader, made, rare)
    assert seen.lines[0].baseline_n is not None
    for line in hidden.lines:
        assert line.n is None or not 0 < line.n < 5
        assert line.baseline_n is None or not 0 < line.baseline_n < 5


def test_a_funnel_holds_all_calls_of_its_areas(client: TestClient) -> None:
    answer = client.get("/api/comparisons/funnel?first=2026-08-01&last=2026-10-31&by=station&exposure=area").json()
    points = answer["points"]
    assert sum(point["n"] for point in points) == answer["n"]
    assert sum(point["expected"] for point in points) == pytest.approx(answer["n"])
    assert all(low[0] <= 1 <= high[0] for low, high in zip(answer["low"], answer["high"], strict=True))
    placed = client.get(
        "/api/heat/summary", params={"from": "2026-08-01T08:00:00+08:00", "to": "2026-11-01T08:00:00+08:00"}
    ).json()["n"]
    assert answer["n"] + answer["left_out"] + answer["elsewhere"] == placed


def test_printed_figures_are_recomputed(client: TestClient) -> None:
    figures = [
        {"kind": "share", "part": 7762, "whole": 7792, "printed": 97.12},
        {"kind": "change", "now": 120, "before": 100, "printed": 20},
    ]
    answer = client.post(
        "/api/comparisons/slips", json={"text": "盗窃由3起降至1起，同比下降66.7%", "figures": figures}
    ).json()
    assert [(slip["kind"], slip["figure"]) for slip in answer["slips"]] == [("small_base", None), ("share", 0)]
    assert answer["slips"][1]["true"] == pytest.approx(7762 / 7792)


def test_the_displacement_is_that_of_its_four_counts(client: TestClient) -> None:
    found = client.get("/api/collections/grids/items?limit=200").json()["features"]
    codes = sorted(feature["properties"]["code"] for feature in found if feature["properties"]["kind"] == "general")
    top = codes[:5]
    other = next(code for code in codes if code[:12] != top[0][:12])
    question: dict[str, Any] = {
        "before": ["2026-08-01", "2026-08-31"], "after": ["2026-09-01", "2026-10-01"], "treated": top[:2], "control": top[2:5],
    }  # fmt: skip
    answer = client.post("/api/comparisons/displacement", json=question).json()
    (a, b), (c, d) = answer["treated"], answer["control"]
    assert answer["difference"] == (b - a) - (d - c)
    assert answer["standard_error"] == pytest.approx(math.sqrt(a + b + c + d))
    assert (answer["treated_grids"], answer["control_grids"]) == (2, 3)
    community = {**question, "treated": [top[0][:12]], "control": [other]}
    whole = client.post("/api/comparisons/displacement", json=community).json()
    assert whole["treated_grids"] == sum(code.startswith(top[0][:12]) for code in codes) > 1
    missing = client.post("/api/comparisons/displacement", json={**question, "treated": ["000"]})
    assert missing.status_code == 404
    assert "没有网格 000" in missing.json()["detail_zh"]
    assert client.post("/api/comparisons/displacement", json={**question, "control": top[:1]}).status_code == 422
    assert (
        client.post(
            "/api/comparisons/displacement", json={**question, "after": ["2026-09-01", "2026-09-02"]}
        ).status_code
        == 422
    )


def test_alarms_look_at_all_calls_and_at_each_class(client: TestClient) -> None:
    answer = client.get("/api/comparisons/alarms").json()
    assert len(answer["alarms"]) == answer["tests"]
    assert answer["level"] == pytest.approx(0.05 / answer["tests"])
    whole = next(alarm for alarm in answer["alarms"] if alarm["family"] is None)
    assert whole["n"] == client.get(f"/api/reports/daily?day={answer['day']}").json()["n"]
    rings = [alarm["alarm"] for alarm in answer["alarms"]]
    assert rings == sorted(rings, reverse=True)
    assert client.get("/api/comparisons/alarms?day=2001-01-01").status_code == 422


def test_an_indicator_is_added_read_kept_and_taken_out(client: TestClient) -> None:
    before = client.get("/api/indicators").json()
    put = client.put(f"/api/indicators?version={before['version']}", json=INDICATOR).json()
    assert put["version"] == before["version"] + 1
    assert client.put(f"/api/indicators?version={before['version']}", json=INDICATOR).status_code == 409
    made = client.post("/api/indicators/readings?kind=weekly&day=2026-11-09&keep=true").json()
    reading = next(r for r in made["readings"] if r["name"] == "盗窃占比")
    values = made["values"]
    assert reading["value"] == pytest.approx(100 * values["类别_盗窃"] / values["警情数"])
    assert values["警情数"] == _total(client, "2026-11-09", "2026-11-16")
    assert reading["colour"] == (
        "green" if reading["value"] <= 10 else "yellow" if reading["value"] <= 20 else "orange"
    )
    held = client.get("/api/indicators").json()
    history = next(i for i in held["indicators"] if i["name"] == "盗窃占比")["history"]
    assert [(r["period"], r["value"]) for r in history] == [("2026-11-09", reading["value"])]
    gone = client.delete("/api/indicators/盗窃占比").json()
    assert "盗窃占比" not in [i["name"] for i in gone["indicators"]]
    assert client.delete("/api/indicators/盗窃占比").status_code == 404


@pytest.mark.parametrize(
    "change", [{"formula": "__import__('os')"}, {"formula": "1 +"}, {"target": 95}, {"name": "a b"}, {"name": ""}]
)
def test_an_indicator_that_makes_no_sense_is_refused(client: TestClient, change: dict[str, object]) -> None:
    answer = client.put("/api/indicators", json={**INDICATOR, **change})
    assert answer.status_code == 422
    assert "盗窃占比" not in [i["name"] for i in client.get("/api/indicators").json()["indicators"]]


def test_limits_change_the_share_within_the_standard(client: TestClient) -> None:
    def share() -> float:
        values = client.post("/api/indicators/readings?kind=monthly").json()["values"]
        return float(values["时限内数"]) / float(values["有到达时间数"])

    usual = client.get("/api/indicators/limits").json()
    before = share()
    wide = {"limits": [{"area": "*", "priority": "*", "seconds": 86_400}]}
    assert client.put("/api/indicators/limits", json=wide).status_code == 204
    assert before < share() == 1.0
    one = {"limits": [{"area": "一所", "priority": "1", "seconds": 60}]}
    assert client.put("/api/indicators/limits", json=one).status_code == 422
    assert client.put("/api/indicators/limits", json=usual).status_code == 204
    assert share() == before
