"""Counts on the map equal counts of the table; what is missing stands beside them."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image


def calls(client: TestClient) -> list[dict[str, Any]]:
    body = client.get("/api/collections/calls/items?limit=10000").json()
    assert body["numberMatched"] == len(body["features"])
    return [f["properties"] for f in body["features"]]


def test_valid_calls_with_a_place_are_the_default(client: TestClient) -> None:
    rows = calls(client)
    body = client.get("/api/heat/summary").json()
    assert body["n"] == sum(r["valid"] and r["placed"] for r in rows)
    assert body["n_unplaced"] == sum(r["valid"] and not r["placed"] for r in rows)
    assert body["interval"][0] < body["n"] < body["interval"][1]
    assert sum(body["by_hour"]) == sum(body["by_weekday"]) == sum(f["n"] for f in body["by_family"]) == body["n"]
    assert sum(d["n"] for d in body["by_day"]) == body["n"]


@pytest.mark.parametrize(("basis", "column"), [("received", None), ("cases", "filed_case")])
def test_bases_are_never_mixed(client: TestClient, basis: str, column: str | None) -> None:
    expected = sum(r["placed"] and (column is None or bool(r[column])) for r in calls(client))
    assert client.get(f"/api/heat/summary?basis={basis}").json()["n"] == expected


def test_hours_may_run_over_midnight(client: TestClient) -> None:
    night = client.get("/api/heat/summary?hours=22-3").json()["by_hour"]
    whole = client.get("/api/heat/summary").json()["by_hour"]
    assert night == [n if hour >= 22 or hour <= 3 else 0 for hour, n in enumerate(whole)]


def test_a_tile_is_a_picture_and_is_not_sent_twice(client: TestClient) -> None:
    west, south, east, north = client.get("/api/collections/streets").json()["extent"]["spatial"]["bbox"][0]
    z = 13
    lon, lat = np.radians((west + east) / 2), np.radians((south + north) / 2)
    x = int((lon + np.pi) / (2 * np.pi) * 2**z)
    y = int((1 - np.arcsinh(np.tan(lat)) / np.pi) / 2 * 2**z)
    answer = client.get(f"/api/heat/tiles/{z}/{x}/{y}.png")
    image = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))
    assert image.shape == (256, 256, 4)
    assert image[..., 3].max() > 0
    again = client.get(f"/api/heat/tiles/{z}/{x}/{y}.png", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_frames_hold_every_call_once(client: TestClient) -> None:
    body = client.get("/api/heat/frames?by=hour").json()
    cube = np.frombuffer(base64.b64decode(body["data"]), np.uint8)
    assert cube.size == len(body["bins"]) * body["height"] * body["width"]
    assert sum(body["n"]) == client.get("/api/heat/summary").json()["n"]


def test_grid_values_add_up_and_carry_intervals(client: TestClient) -> None:
    body = client.get("/api/grids/values?measure=calls").json()
    values = body["values"].values()
    assert sum(v["n"] for v in values) == body["n"] <= client.get("/api/heat/summary").json()["n"]
    assert all(v["lo"] <= v["value"] <= v["hi"] for v in values)
    for value in values:
        step = body["breaks"][value["class"]]
        assert step["from"] <= value["value"] <= step["to"]


def test_the_report_states_n_interval_basis_and_what_could_be_chance(client: TestClient) -> None:
    body = client.get("/api/reports/daily").json()
    assert sum(body["by_hour"]) == body["n"]
    assert sum(rise["n"] for rise in body["rises"]) == body["n"]
    assert all(0 <= rise["p"] <= 1 and rise["could_be_chance"] == (rise["p"] >= 0.05) for rise in body["rises"])
    assert body["n_received"] >= body["n"]
    assert body["period"]["from"].endswith("T08:00:00+08:00")


@pytest.mark.parametrize(
    "query", ["hours=25", "weekdays=0", "hours=a", "from=x", "from=2026-02-01&to=2026-01-01", "basis=all"]
)
def test_bad_filters_get_one_sentence(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/heat/summary?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail_en"]
