"""研判报告: a day is compared with as much of a day, and days without data are not days without calls."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient


def _open_day(client: TestClient) -> str:
    last_whole = client.get("/api/reports/daily").json()["day"]
    return f"{datetime.fromisoformat(last_whole) + timedelta(days=1):%Y-%m-%d}"


def test_a_day_that_is_not_over_is_compared_with_the_same_hours(client: TestClient) -> None:
    report = client.get(f"/api/reports/daily?day={_open_day(client)}").json()
    before = report["same_weekday"]
    counted = datetime.fromisoformat(before["to"]) - datetime.fromisoformat(before["from"])
    whole = datetime.fromisoformat(report["period"]["to"]) - datetime.fromisoformat(report["period"]["from"])
    assert timedelta(0) < counted < whole
    path = f"/api/heat/summary?from={before['from']}&to={before['to']}".replace("+", "%2B")
    summary = client.get(path).json()
    assert before["n"] == summary["n"] + summary["n_unplaced"]


@pytest.mark.parametrize("days", [2, 4000, -4000])
def test_a_day_without_data_is_refused_and_not_reported_as_none(client: TestClient, days: int) -> None:
    day = datetime.fromisoformat(_open_day(client)) + timedelta(days=days)
    answer = client.get(f"/api/reports/daily?day={day:%Y-%m-%d}")
    assert answer.status_code == 422
    assert "没有数据" in answer.json()["detail_zh"]


def test_the_first_week_has_nothing_to_be_compared_with(client: TestClient) -> None:
    first = min(f["day"] for f in client.get("/api/heat/summary").json()["by_day"])
    day = datetime.fromisoformat(first) + timedelta(days=2)
    report = client.get(f"/api/reports/daily?day={day:%Y-%m-%d}").json()
    assert report["same_weekday"] is None
    assert report["rises"] == []
