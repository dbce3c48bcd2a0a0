"""Behind every figure stand as many rows as it counts, and one sentence of how it is computed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from api.services.hot_words import HotMethod
from web.assets import STATIC
from web.formulas import FORMULAS

ROOT = Path(__file__).parents[2]
PERIOD = {"from": "2026-06-01T00:00:00+03:00", "to": "2026-09-01T00:00:00+03:00"}


def rows(client: TestClient, **asked: Any) -> dict[str, Any]:
    answer = client.get("/api/rows", params={**PERIOD, "limit": 1000, **asked})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert len(body["rows"]) == min(1000, body["n"])
    return body


@pytest.fixture(scope="module")
def busiest(client: TestClient) -> str:
    values = client.get("/api/grids/values", params={"measure": "calls", **PERIOD}).json()["values"]
    return str(max(values, key=lambda code: values[code]["n"]))


def test_totals_classes_and_weekdays(client: TestClient) -> None:
    summary = client.get("/api/heat/summary", params=PERIOD).json()
    assert rows(client, only="placed")["n"] == summary["n"]
    assert rows(client)["n_unplaced"] == rows(client, only="unplaced")["n"] == summary["n_unplaced"]
    for family in summary["by_family"]:
        assert rows(client, only="placed", families=family["id"])["n"] == family["n"]
    for day, n in enumerate(summary["by_weekday"], start=1):
        assert rows(client, only="placed", weekdays=day)["n"] == n
    before = summary["baseline"]
    assert rows(client, only="placed", **{"from": before["from"], "to": before["to"]})["n"] == before["n"]


@pytest.mark.parametrize("days", [40, 92])
def test_the_figures_of_an_area(client: TestClient, busiest: str, days: int) -> None:
    period = {**PERIOD, "areas": busiest}
    if days == 40:
        period["to"] = "2026-07-11T08:00:00+03:00"
    area = client.get("/api/heat/area", params=period).json()
    assert area["step"] == ("day" if days == 40 else "week")
    assert sum(bar["n"] for bar in area["trend"]) == area["n"] > 0
    for bar in area["trend"]:
        span = {"from": bar["from"], "to": bar["to"]}
        assert rows(client, only="placed", areas=busiest, **span)["n"] == bar["n"]
    top = max((n, day, hour) for day, row in enumerate(area["hour_by_weekday"]) for hour, n in enumerate(row))
    cell = rows(client, **{**period, "only": "placed", "weekdays": top[1] + 1, "hours": top[2]})
    assert cell["n"] == top[0]
    for line in area["comparisons"]:
        span = {"from": line["before_from"], "to": line["before_to"]}
        assert rows(client, only="placed", areas=busiest, **span)["n"] == line["before_n"]


def test_near_repeats_are_listed_by_their_calls(client: TestClient, busiest: str) -> None:
    area = client.get("/api/heat/area", params={**PERIOD, "areas": busiest}).json()
    near = rows(client, areas=busiest, only="near")
    assert area["near_repeats"] > 0
    # k calls make at most k (k - 1) / 2 pairs, and every call listed is in one.
    assert near["n"] <= 2 * area["near_repeats"]
    assert area["near_repeats"] <= near["n"] * (near["n"] - 1) // 2


@pytest.mark.parametrize("method", get_args(HotMethod))
def test_a_hot_place_lists_its_calls(client: TestClient, method: str) -> None:
    search: dict[str, Any] = {"method": method, "size_m": 150}
    found = client.get("/api/hotspots", params={**PERIOD, **search}).json()["places"]
    if method != "scan":  # nothing needs to be still on at the end of August
        assert found
    for place in found[:5]:
        assert rows(client, **search, place=place["id"])["n"] == place["n"]
    missing = client.get("/api/rows", params={**PERIOD, **search, "place": "0,0"})
    assert missing.status_code == 404


def test_the_cards_of_the_situation(client: TestClient) -> None:
    calls = client.get("/api/situation").json()["calls"]

    def behind(start: str, end: str, **asked: str) -> int:
        late = [re.sub(r"(\.\d+)?(Z|[+-]\d\d:\d\d)$", r".001\2", at) for at in (start, end)]
        return int(rows(client, **{"from": late[0], "to": late[1], **asked})["n"])

    now = (calls["start"], calls["end"])
    assert behind(*now, basis="valid") == calls["n_valid"]
    assert behind(*now, basis="received") == calls["n_received"]
    assert behind(*now, basis="valid", only="unplaced") == calls["n_unplaced"]
    timed = calls["n_valid"] - calls["n_clock_left_out"]
    assert behind(*now, basis="valid", only="no_arrival") == round(calls["missing_arrival_share"] * timed)
    ago = calls["week_ago"]
    assert behind(ago["start"], ago["end"], basis="valid") == ago["n"]


def test_no_row_names_a_person(client: TestClient) -> None:
    shown = rows(client)["rows"]
    assert {"caller", "name", "phone", "id_number"}.isdisjoint(shown[0])
    times = [row["occurred_at"] for row in shown]
    assert times == sorted(times, reverse=True)


def test_every_formula_is_served_and_documented(client: TestClient) -> None:
    served = client.get("/api/formulas").json()
    text = (ROOT / "docs" / "reference" / "figures.md").read_text(encoding="utf-8")
    for name, (zh, en) in FORMULAS.items():
        assert served[name] == {"zh": zh, "en": en}
        assert f"| `{name}` | {zh} | {en} |" in text


def test_every_formula_that_a_page_names_is_in_the_register() -> None:
    named = set()
    for path in (STATIC / "js").glob("*.js"):
        named |= set(
            re.findall(
                r"(?:asked|count|counted|openRows|openable)\((?:[^;]*?, )?'((?:heat|now)\.[a-z_]+)'",
                path.read_text(encoding="utf-8"),
            )
        )
    assert len(named) > 12
    assert named <= set(FORMULAS)


def test_the_heat_page_offers_the_families_of_which_a_class_is_there(client: TestClient) -> None:
    kept = client.get("/api/calls/families").json()
    present = set(kept["classes"])
    page = client.get("/heat").text
    for family in kept["families"]:
        offered = f'data-group="{family["family_id"]}"' in page
        assert offered == (not present.isdisjoint(family["classes"])), family["family_id"]
    assert "data-group" in page
    assert "data-group" not in client.get("/posts").text
