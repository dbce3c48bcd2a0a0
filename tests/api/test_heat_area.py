"""A lasso or grids on the map: counts are those of the rows inside, found by ray casting or by the grid's own code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.services.filter_area import parse_within
from geo.errors import ParameterError


def calls(client: TestClient) -> list[dict[str, Any]]:
    features = client.get("/api/collections/calls/items?limit=10000").json()["features"]
    return [f for f in features if f["properties"]["placed"] and f["properties"]["valid"]]


def inside(ring: list[tuple[float, float]], x: float, y: float) -> bool:
    held = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            held = not held
    return held


def spelled(ring: list[tuple[float, float]]) -> str:
    return ";".join(f"{x:.7f},{y:.7f}" for x, y in ring)


@pytest.fixture
def ring(client: TestClient) -> list[tuple[float, float]]:
    spots = np.array([f["geometry"]["coordinates"] for f in calls(client)])
    middle, reach = np.median(spots, axis=0), spots.std(axis=0)
    turns = np.linspace(0, 2 * np.pi, 12)[:-1]
    far = 0.7 + 0.5 * np.cos(3 * turns)
    corners = middle + reach * np.column_stack([np.cos(turns), np.sin(turns)]) * far[:, None]
    return [(round(float(x), 7), round(float(y), 7)) for x, y in corners]


def test_a_lasso_counts_the_calls_inside(client: TestClient, ring: list[tuple[float, float]]) -> None:
    rows = calls(client)
    expected = sum(inside(ring, *f["geometry"]["coordinates"]) for f in rows)
    body = client.get("/api/heat/summary", params={"within": spelled(ring)}).json()
    assert 0 < body["n"] == expected < len(rows)
    assert body["n_unplaced"] == 0
    frames = client.get("/api/heat/frames", params={"within": spelled(ring)}).json()
    assert sum(frames["n"]) == expected


def test_grids_count_the_calls_that_lie_in_them(client: TestClient) -> None:
    values = client.get("/api/grids/values?measure=calls").json()["values"]
    codes = sorted(values, key=lambda code: -values[code]["n"])[:3]
    body = client.get("/api/heat/summary", params={"areas": ",".join(codes)}).json()
    assert 0 < body["n"] == sum(values[code]["n"] for code in codes)
    some = client.get("/api/grids/values", params={"measure": "calls", "areas": codes[0]}).json()["values"]
    assert {code: v["n"] for code, v in some.items() if v["n"]} == {codes[0]: values[codes[0]]["n"]}


def test_demand_for_posts_keeps_to_the_area(client: TestClient, ring: list[tuple[float, float]]) -> None:
    expected = sum(inside(ring, *f["geometry"]["coordinates"]) for f in calls(client))
    long_ago = {"from": "2000-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z"}
    body = client.get("/api/posts/coverage", params={"within": spelled(ring), **long_ago}).json()
    assert body["n"] == expected
    values = client.get("/api/grids/values?measure=calls").json()["values"]
    code = max(values, key=lambda code: values[code]["n"])
    assert client.get("/api/posts/coverage", params={"areas": code, **long_ago}).json()["n"] == values[code]["n"]


def test_several_outlines_are_one_area() -> None:
    area = parse_within("0,0;1,0;1,1;0,1|3,0;4,0;4,1;3,1")
    assert area.area == pytest.approx(2)
    assert area.bounds == (0, 0, 4, 1)


def test_a_line_that_crosses_itself_is_taken_as_it_looks() -> None:
    assert parse_within("0,0;2,2;2,0;0,2").area == pytest.approx(2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0,0;1,1", "three corners"), ("0,0;1,1;2,2", "nothing lies inside"), ("0,0;1;1,1", "is not a place"),
        ("0,0;200,0;1,1", "is not a place"), ("0,0;nan,0;1,1", "is not a place"), (";", "is not a place"),
        ("|", "nothing lies inside"), (";".join(f"{i / 1e4},{i % 7}" for i in range(2001)), "at most 2000"),
    ],
)  # fmt: skip
def test_what_is_no_area_is_refused(text: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        parse_within(text)


def test_the_page_is_told_what_is_wrong(client: TestClient) -> None:
    answer = client.get("/api/heat/summary", params={"within": "1,1;2,2"})
    assert answer.status_code == 422
    assert "三个顶点" in answer.json()["detail_zh"]
