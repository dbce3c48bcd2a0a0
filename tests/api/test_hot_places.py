"""Hot places, areas, two periods, forecast: every figure equals the count of the rows, and says what it rests on."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient
from PIL import Image

PERIOD = "from=2026-09-01T00:00:00%2B08:00&to=2026-11-01T00:00:00%2B08:00"


def rows(client: TestClient) -> list[dict[str, Any]]:
    return list(client.get("/api/collections/calls/items?limit=10000").json()["features"])


def passing(client: TestClient) -> list[dict[str, Any]]:
    """Valid calls with a place of the period, told by the table."""
    return [
        f
        for f in rows(client)
        if f["properties"]["valid"]
        and f["properties"]["placed"]
        and "2026-08-31T16:00:00" <= f["properties"]["occurred_at"].replace("+00:00", "")[:19] < "2026-10-31T16:00:00"
    ]


@pytest.mark.parametrize("method", ["gi_star", "local_moran", "segments", "kde", "clusters", "scan"])
def test_every_hot_place_has_its_n_interval_and_reason(client: TestClient, method: str) -> None:
    body = client.get(f"/api/hotspots?{PERIOD}&method={method}").json()
    assert body["n"] == client.get(f"/api/heat/summary?{PERIOD}").json()["n"]
    assert body["note_zh"]
    assert [p["rank"] for p in body["places"]] == list(range(1, len(body["places"]) + 1))
    for place in body["places"]:
        assert place["interval"][0] <= place["n"] <= place["interval"][1]
        assert f"{place['n']}起" in place["why_zh"]
        assert str(place["n"]) in place["why_en"]
        assert all(value is None or value <= 0.05 for value in (place["p"], place["q"]))
    counts = [p["n"] for p in body["places"]]
    assert counts == sorted(counts, reverse=True)


def test_a_hot_place_holds_the_calls_that_lie_in_it(client: TestClient) -> None:
    body = client.get("/api/hotspots?method=gi_star&cells=grid").json()
    assert body["places"]
    whole = [f for f in rows(client) if f["properties"]["valid"] and f["properties"]["placed"]]
    points = np.array([f["geometry"]["coordinates"] for f in whole])
    assert body["n"] == len(points)
    for place in body["places"]:
        # Outlines are rounded to a metre: calls on the very edge may fall either way.
        shape = shapely.geometry.shape(place["geometry"])
        inside = int(shapely.intersects_xy(shape, points).sum())
        assert abs(inside - place["n"]) <= max(1, round(0.02 * place["n"]))


def test_no_calls_make_no_hot_places(client: TestClient) -> None:
    body = client.get("/api/hotspots?families=none").json()
    assert (body["n"], body["places"]) == (0, [])


def test_a_drawn_area_counts_what_lies_in_it(client: TestClient) -> None:
    found = passing(client)
    points = np.array([f["geometry"]["coordinates"] for f in found])
    west, south = np.quantile(points, 0.3, axis=0)
    east, north = np.quantile(points, 0.7, axis=0)
    ring = f"{west},{south};{east},{south};{east},{north};{west},{north}"
    body = client.get("/api/heat/area", params=[*_params(), ("within", ring)]).json()
    inside = shapely.intersects_xy(shapely.box(west, south, east, north), points)
    assert body["n"] == int(inside.sum()) > 0
    assert body["n"] == sum(map(sum, body["hour_by_weekday"])) == sum(f["n"] for f in body["families"])
    assert sum(d["n"] for d in body["trend"]) == body["n"]
    assert body["n_city"] == len(found)
    for one in body["comparisons"]:
        assert one["sentence_zh"].startswith(f"{body['n']}起")


def test_an_area_narrows_every_figure(client: TestClient) -> None:
    points = np.array([f["geometry"]["coordinates"] for f in passing(client)])
    (west, south), (east, north) = np.quantile(points, 0.3, axis=0), np.quantile(points, 0.7, axis=0)
    ring = f"{west},{south};{east},{south};{east},{north};{west},{north}"
    area = client.get("/api/heat/area", params=[*_params(), ("within", ring)]).json()
    narrowed = [*_params(), ("within", ring)]
    summary = client.get("/api/heat/summary", params=narrowed).json()
    assert summary["n"] == sum(summary["by_hour"]) == area["n"]
    assert client.get("/api/hotspots", params=narrowed).json()["n"] == area["n"]
    assert client.get("/api/rows", params=narrowed).json()["n"] == area["n"]


def test_the_rows_of_a_grid_are_those_that_it_counts(client: TestClient) -> None:
    values = client.get(f"/api/grids/values?measure=calls&{PERIOD}").json()["values"]
    code = max(values, key=lambda c: values[c]["n"])
    area = client.get(f"/api/heat/area?{PERIOD}&areas={code}").json()
    shown = client.get(f"/api/rows?{PERIOD}&areas={code}&limit=500").json()
    assert area["n"] == values[code]["n"] == shown["n"] == len(shown["rows"])
    assert not {"name", "phone", "caller"} & set(shown["rows"][0])


def test_calls_with_a_window_are_spread_and_none_is_lost(client: TestClient) -> None:
    values = client.get(f"/api/grids/values?measure=calls&{PERIOD}").json()["values"]
    code = max(values, key=lambda c: values[c]["n"])
    spread = client.get(f"/api/heat/area?{PERIOD}&areas={code}&windows=true").json()["spread"]
    assert sum(map(sum, spread["weights"])) == pytest.approx(spread["n"])


def test_two_periods_are_counted_apart_and_tested(client: TestClient) -> None:
    body = client.get(f"/api/heat/difference?{PERIOD}").json()
    before = "from=2026-07-02T00:00:00%2B08:00&to=2026-09-01T00:00:00%2B08:00"
    assert body["n"] == client.get(f"/api/heat/summary?{PERIOD}").json()["n"]
    assert body["before_n"] == client.get(f"/api/heat/summary?{before}").json()["n"]
    assert body["comparison"]["n"] == body["n"]
    assert body["legend"][0]["value"] == -body["legend"][-1]["value"] < 0
    assert all(g["n"] > g["before_n"] * 0.9 for g in body["up"])
    assert all((g["q"] <= 0.05) == (g["word_zh"] == "变化明显") for g in [*body["up"], *body["down"]])
    chosen = "before_from=2026-07-02T00:00:00%2B08:00&before_to=2026-09-01T00:00:00%2B08:00"
    assert client.get(f"/api/heat/difference?{PERIOD}&{chosen}").json()["before_n"] == body["before_n"]


def test_equal_periods_differ_nowhere(client: TestClient) -> None:
    same = "before_from=2026-09-01T00:00:00%2B08:00&before_to=2026-11-01T00:00:00%2B08:00"
    tile = _middle_tile(client)
    blank = client.get(f"/api/heat/difference/tiles/{tile}.png?{PERIOD}&{same}")
    assert np.asarray(Image.open(io.BytesIO(blank.content)).convert("RGBA"))[..., 3].max() == 0
    other = client.get(f"/api/heat/difference/tiles/{tile}.png?{PERIOD}")
    assert np.asarray(Image.open(io.BytesIO(other.content)).convert("RGBA"))[..., 3].max() > 0


def test_a_period_beyond_the_data_is_refused_with_the_dates(client: TestClient) -> None:
    answer = client.get("/api/heat/difference?against=year")
    assert answer.status_code == 422
    assert "数据为" in answer.json()["detail_zh"]


def test_the_watch_list_names_its_rule_and_expiry(client: TestClient) -> None:
    body = client.get("/api/hotspots/watch").json()
    ruled = {f["family"] for f in body["families"] if f["reach_m"]}
    for place in body["places"]:
        assert place["family"] in ruled
        assert place["since"] <= body["now"] < place["until"]


def test_the_curve_ends_with_all_calls(client: TestClient) -> None:
    body = client.get(f"/api/hotspots/concentration?{PERIOD}").json()
    assert body["calls"][0] == 0
    assert body["calls"][-1] == pytest.approx(1)
    assert 0 <= body["gini"] <= 1
    assert all(needed <= 1 for needed in body["needed"])


def test_a_forecast_is_judged_beside_the_baseline(client: TestClient) -> None:
    started = client.post("/api/forecast?size_m=500")
    assert started.status_code == 202
    url = started.json()["status_url"]
    for _ in range(600):
        job = client.get(url).json()
        if job["state"] not in ("queued", "running"):
            break
        time.sleep(0.1)
    assert job["state"] == "done", job
    body = client.get(f"/api/forecast/{job['result']['forecast_id']}").json()
    assert {m["method"] for m in body["table"]} == {"last_weeks", "recency", "near_repeat", "self_exciting"}
    assert body["table"][0]["method"] == body["winner"]
    best = max(m["log_likelihood"] for m in body["table"])
    assert body["table"][0]["log_likelihood"] == best
    expected = [c["expected"] for c in body["first"]]
    assert expected == sorted(expected, reverse=True)
    assert client.get("/api/forecast/nothing").status_code == 404


def test_what_is_seen_leaves_as_a_workbook_and_as_a_layer(client: TestClient, tmp_path: Path) -> None:
    summary = client.get(f"/api/heat/summary?{PERIOD}").json()
    file = tmp_path / "seen.xlsx"
    file.write_bytes(client.get(f"/api/heat/export?{PERIOD}&f=xlsx").content)
    table = pyogrio.read_dataframe(file, layer="类别", read_geometry=False)
    cells = [[str(v) for v in row] for row in table.itertuples(index=False)]
    said = {row[0]: int(float(row[1])) for row in cells if row[0] in {f["id"] for f in summary["by_family"]}}
    assert said == {f["id"]: f["n"] for f in summary["by_family"]}
    layer = client.get(f"/api/heat/export?{PERIOD}&f=geojson").json()
    grids = [f for f in layer["features"] if f["properties"]["layer"] == "grids"]
    assert sum(f["properties"]["n"] for f in grids) <= summary["n"] == layer["n"]
    assert layer["n_unplaced"] == summary["n_unplaced"]


@pytest.mark.parametrize("ring", ["", "1,1;2,2", "a,b;c,d;e,f", "0,0;0,0;0,0", "200,0;0,0;1,1"])
def test_what_is_no_area_gets_one_sentence(client: TestClient, ring: str) -> None:
    answer = client.get("/api/heat/area", params={"within": ring})
    assert answer.status_code == 422
    assert answer.json()["detail_en"]


def test_an_unknown_grid_is_not_found(client: TestClient) -> None:
    assert client.get("/api/heat/area?areas=none").status_code == 404


def _params() -> list[tuple[str, str]]:
    return [("from", "2026-09-01T00:00:00+08:00"), ("to", "2026-11-01T00:00:00+08:00")]


def _middle_tile(client: TestClient) -> str:
    points = np.array([f["geometry"]["coordinates"] for f in passing(client)])
    lon, lat = np.radians(np.median(points, axis=0))
    z = 13
    return f"{z}/{int((lon + np.pi) / (2 * np.pi) * 2**z)}/{int((1 - np.arcsinh(np.tan(lat)) / np.pi) / 2 * 2**z)}"
