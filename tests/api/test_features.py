"""Collections have the form of OGC API Features; requirement by requirement of the core class."""

from __future__ import annotations

import itertools

import pytest
from fastapi.testclient import TestClient

from geo.store.port import TABLES


def test_landing_links_to_everything(client: TestClient) -> None:
    links = {link["rel"]: link["href"] for link in client.get("/api/").json()["links"]}
    assert set(links) >= {"self", "service-desc", "conformance", "data"}
    for href in links.values():
        assert client.get(href).status_code == 200


def test_conformance_names_only_what_is_tested_here(client: TestClient) -> None:
    classes = client.get("/api/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes


def test_each_collection_describes_itself(client: TestClient) -> None:
    body = client.get("/api/collections").json()
    names = {c["id"] for c in body["collections"]}
    assert names == {*TABLES, "streets"}
    for described in body["collections"]:
        assert client.get(f"/api/collections/{described['id']}").json() == described
        assert len(described["extent"]["spatial"]["bbox"][0]) == 4


def test_pages_follow_each_other_and_meet_every_feature_once(client: TestClient) -> None:
    url: str | None = "/api/collections/points/items?limit=100"
    seen: list[str] = []
    matched = 0
    for _ in itertools.count():
        body = client.get(url).json()
        assert body["numberReturned"] == len(body["features"])
        matched = body["numberMatched"]
        seen += [f["id"] for f in body["features"]]
        url = next((link["href"] for link in body["links"] if link["rel"] == "next"), None)
        if url is None:
            break
    assert len(seen) == len(set(seen)) == matched


def test_bbox_keeps_exactly_the_points_inside(client: TestClient) -> None:
    everything = client.get("/api/collections/points/items?limit=10000").json()["features"]
    lons = sorted(f["geometry"]["coordinates"][0] for f in everything)
    middle = lons[len(lons) // 2]
    inside = client.get(f"/api/collections/points/items?bbox=-180,-90,{middle},90&limit=10000").json()["features"]
    expected = {f["id"] for f in everything if f["geometry"]["coordinates"][0] <= middle}
    assert {f["id"] for f in inside} == expected


def test_datetime_keeps_exactly_the_period(client: TestClient) -> None:
    everything = client.get("/api/collections/calls/items?limit=10000").json()["features"]
    times = sorted(f["properties"]["occurred_at"] for f in everything)
    first, last = times[100], times[400]
    body = client.get("/api/collections/calls/items", params={"datetime": f"{first}/{last}", "limit": 10000}).json()
    expected = {f["id"] for f in everything if first <= f["properties"]["occurred_at"] <= last}
    assert {f["id"] for f in body["features"]} == expected


def test_a_text_column_filters(client: TestClient) -> None:
    body = client.get("/api/collections/points/items?kind=video&limit=1000").json()
    assert body["features"]
    assert {f["properties"]["kind"] for f in body["features"]} == {"video"}


def test_one_item_is_the_same_as_in_the_page(client: TestClient) -> None:
    feature = client.get("/api/collections/grids/items?limit=1").json()["features"][0]
    alone = client.get(f"/api/collections/grids/items/{feature['id']}").json()
    assert alone["properties"] == feature["properties"]
    assert alone["geometry"] == feature["geometry"]


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/api/collections/nonsense/items", 404, "not_found"),
        ("/api/collections/grids/items/nonsense", 404, "not_found"),
        ("/api/collections/grids/items?bbox=1,2,3", 422, "input.parameter"),
        ("/api/collections/grids/items?bbox=a,b,c,d", 422, "input.parameter"),
        ("/api/collections/grids/items?bbox=10,0,-10,1", 422, "input.parameter"),
        ("/api/collections/calls/items?datetime=yesterday", 422, "input.parameter"),
        ("/api/collections/grids/items?limit=0", 422, "input"),
        ("/api/collections/grids/items?colour=red", 422, "input.parameter"),
    ],
)
def test_bad_questions_get_one_sentence(client: TestClient, url: str, status: int, code: str) -> None:
    answer = client.get(url)
    body = answer.json()
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["code"] == code
    assert body["detail"] == body["detail_zh"]
    assert client.get(url, headers={"Accept-Language": "en"}).json()["detail"] == body["detail_en"]


def test_gdal_reads_the_collections_with_its_own_driver(client: TestClient, served: str) -> None:
    pyogrio = pytest.importorskip("pyogrio")
    layers = {name for name, _ in pyogrio.list_layers(f"OAPIF:{served}/api/")}
    assert {"grids", "posts", "points", "calls"} <= layers
    frame = pyogrio.read_dataframe(f"OAPIF:{served}/api/", layer="grids")
    total = client.get("/api/collections/grids/items?limit=1").json()["numberMatched"]
    assert len(frame) == total
    assert frame.geometry.is_valid.all()


def test_a_call_without_a_place_is_nowhere_on_a_map(client: TestClient) -> None:
    features = client.get("/api/collections/calls/items?limit=1000").json()["features"]
    unplaced = [f for f in features if not f["properties"]["placed"]]
    assert unplaced
    assert all(f["geometry"] is None for f in unplaced)
    assert all(f["geometry"] is not None for f in features if f["properties"]["placed"])
