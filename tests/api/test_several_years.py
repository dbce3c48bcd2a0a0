"""Six years of calls, counted by hand: last year, the mean of five, the season, the period before, the compound rate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.clock import FixedClock
from api.settings import Settings
from geo.store.port import DEMO
from geo.store.sql import SqlStore

NOVEMBERS = {2021: 20, 2022: 35, 2023: 40, 2024: 45, 2025: 60, 2026: 90}
"""Calls of each November; every October has 30, every September 25."""


def _spread(first: date, days: int, n: int) -> list[str]:
    """Return ``n`` local times over the statistical days from ``first`` on, the last of them at 07:30 the next morning."""
    times = [f"{first + timedelta(days=i % days)}T{8 + i % 12:02d}:{i % 60:02d}:00+08:00" for i in range(n - 1)]
    return [*times, f"{first + timedelta(days=days)}T07:30:00+08:00"]


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path_factory.mktemp("years"))
    store = SqlStore.open(settings.database)
    rows = []
    for year, n in NOVEMBERS.items():
        for month, days, count in ((9, 30, 25), (10, 31, 30), (11, 30, n)):
            for k, at in enumerate(_spread(date(year, month, 1), days, count)):
                rows.append({
                    "警情编号": f"{year}{month:02d}{k:04d}", "案发时间": at, "警情类别": "盗窃",
                    "经度": 114.9 + k * 1e-4, "纬度": 25.8 + k * 1e-4,
                })  # fmt: skip
    # The data must reach beyond the last month, or it would not be over.
    rows.append({**rows[-1], "警情编号": "202612010000", "案发时间": "2026-12-01T12:00:00+08:00"})
    with TestClient(
        create_app(settings, store, clock=FixedClock(datetime(2026, 12, 2, tzinfo=UTC)), warm_up=False)
    ) as client:
        answer = client.post("/api/calls", json={"rows": rows, "source": "test", "frame": "WGS84"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["inserted"] == len(rows)
        yield client
    assert store.count(DEMO, "calls") == len(rows)
    store.close()


def lines(client: TestClient, first: str, last: str) -> dict[str, dict[str, object]]:
    answer = client.get(f"/api/comparisons?first={first}&last={last}")
    assert answer.status_code == 200, answer.text
    return {line["baseline"]: line for line in answer.json()["lines"]}


def test_a_month_against_other_years(years: TestClient) -> None:
    answer = years.get("/api/comparisons?first=2026-11-01&last=2026-11-30").json()
    assert answer["n"] == 90
    by_name = {line["baseline"]: line for line in answer["lines"]}
    assert by_name["year_on_year"]["baseline_n"] == 60
    assert by_name["year_on_year"]["change"] == pytest.approx(0.5)
    assert by_name["year_on_year"]["p"] < 0.05
    # October has a day more.
    assert by_name["period_before"]["baseline_n"] == 30
    assert by_name["period_before"]["expected"] == pytest.approx(30 * 30 / 31)
    assert by_name["five_year_mean"]["baseline_n"] == sum(NOVEMBERS.values()) - 90
    assert by_name["five_year_mean"]["expected"] == pytest.approx(40)
    assert by_name["five_year_mean"]["change"] == pytest.approx(90 / 40 - 1)
    # September to November of the year before: 25 + 30 + 60 calls in 91 days.
    assert by_name["same_season"]["baseline_n"] == 115
    assert by_name["same_season"]["expected"] == pytest.approx(115 * 30 / 91)
    assert answer["compound"]["years"] == 5
    assert answer["compound"]["value"] == pytest.approx((90 / 20) ** (1 / 5) - 1)


def test_a_call_before_the_day_begins_belongs_to_the_day_before(years: TestClient) -> None:
    day = lines(years, "2026-11-30", "2026-11-30")
    assert day["year_on_year"]["n"] == 90 // 30
    first = lines(years, "2026-11-01", "2026-11-01")
    assert first["period_before"]["baseline_n"] == 1  # of October's 30 calls the last one, early on 1 November


def test_years_that_the_data_do_not_hold_are_named(years: TestClient) -> None:
    early = lines(years, "2022-11-01", "2022-11-30")
    assert early["year_on_year"]["baseline_n"] == NOVEMBERS[2021]
    assert early["five_year_mean"]["absent_zh"]
    assert early["five_year_mean"]["baseline_n"] is None
    first = lines(years, "2021-11-01", "2021-11-30")
    assert first["year_on_year"]["absent_zh"]
    assert first["period_before"]["baseline_n"] == 30


def test_the_heat_page_compares_the_same_weekdays_of_last_year(years: TestClient) -> None:
    period = {"from": "2026-11-01T08:00:00+08:00", "to": "2026-11-29T08:00:00+08:00"}
    made = years.get("/api/heat/difference", params={**period, "against": "year"}).json()
    # 52 weeks before are 2 to 29 November 2025: 28 of 30 days with two calls each.
    assert made["before_from"].startswith("2025-11-02T08:00")
    assert made["before_n"] == 28 * 2
    assert made["n"] == 28 * 3
