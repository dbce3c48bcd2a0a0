"""What is here, who is soonest, which way: checked against the collections and against each other."""

from __future__ import annotations

import numpy as np
import shapely
from fastapi.testclient import TestClient

from api.services.search import _apart


def a_post(client: TestClient) -> tuple[str, float, float]:
    posts = client.get("/api/collections/posts/items?state=fixed&limit=1000").json()["features"]
    on_duty = {u["unit_id"] for u in client.get("/api/situation").json()["units"]}
    units = client.get("/api/collections/units/items?limit=1000").json()["features"]
    manned = {u["properties"]["post_id"] for u in units if u["id"] in on_duty}
    feature = next(p for p in posts if p["id"] in manned)
    lon, lat = feature["geometry"]["coordinates"]
    return feature["id"], lon, lat


def test_a_place_names_its_grid_and_lists_five_soonest_by_rising_time(client: TestClient) -> None:
    post, lon, lat = a_post(client)
    body = client.get(f"/api/locate?lon={lon}&lat={lat}").json()
    grid = client.get(f"/api/collections/grids/items/{body['grid']['code']}").json()
    assert shapely.from_geojson(shapely.to_geojson(shapely.geometry.shape(grid["geometry"]))).covers(
        shapely.Point(lon, lat)
    )
    seconds = [s["seconds"] for s in body["soonest"]]
    assert len(seconds) == 5
    assert seconds == sorted(seconds)
    assert post in [s["id"] for s in body["soonest"]]
    assert body["police_grid"]["code"]
    assert body["station"]["name"]


def test_a_route_runs_on_streets_and_its_times_rise(client: TestClient) -> None:
    bounds = client.get("/api/collections/streets").json()["extent"]["spatial"]["bbox"][0]
    points = client.get("/api/collections/points/items?limit=50").json()["features"]
    a, b = points[0]["geometry"]["coordinates"], points[-1]["geometry"]["coordinates"]
    body = client.get(f"/api/route?from={a[0]},{a[1]}&to={b[0]},{b[1]}&profile=foot").json()
    times = body["cumulative_seconds"]
    assert times == sorted(times)
    assert times[-1] == body["seconds"]
    assert len(body["coordinates"]) == len(times) > 2
    assert all(bounds[0] <= x <= bounds[2] and bounds[1] <= y <= bounds[3] for x, y in body["coordinates"])


def test_isochrones_are_nested(client: TestClient) -> None:
    post, _, _ = a_post(client)
    features = client.get(f"/api/isochrones?post_id={post}&minutes=1,2,3").json()["features"]
    shapes = {f["properties"]["minutes"]: shapely.geometry.shape(f["geometry"]) for f in features}
    assert set(shapes) == {1, 2, 3}
    assert shapes[1].area < shapes[2].area <= shapes[3].area
    assert shapes[1].difference(shapes[2]).area < 1e-4 * shapes[1].area


def test_search_finds_a_code_a_name_a_street_and_coordinates(client: TestClient) -> None:
    grid = client.get("/api/collections/grids/items?limit=1").json()["features"][0]
    assert client.get(f"/api/search?q={grid['id']}").json()["results"][0]["id"] == grid["id"]
    street = client.get("/api/search?q=katu").json()["results"]
    assert any(r["kind"] == "street" for r in street)
    _, lon, lat = a_post(client)
    for text in (f"{lon},{lat}", f"{lat}，{lon}"):
        found = client.get("/api/search", params={"q": text}).json()["results"][0]
        assert (found["kind"], round(found["lon"], 5), round(found["lat"], 5)) == (
            "coordinate",
            round(lon, 5),
            round(lat, 5),
        )
    assert client.get("/api/search?q=").json()["results"] == []


def test_a_crossing_is_where_both_streets_meet(client: TestClient) -> None:
    streets = [
        r["title"] for r in client.get("/api/search?q=Mannerheimintie").json()["results"] if r["kind"] == "street"
    ]
    assert streets
    body = client.get("/api/search", params={"q": "Mannerheimintie / Kaivokatu"}).json()
    assert body["results"][0]["kind"] == "crossing"


def test_bad_places_get_one_sentence(client: TestClient) -> None:
    for url in (
        "/api/locate?lon=500&lat=1",
        "/api/locate?lon=nan&lat=1",
        "/api/route?from=1&to=2,3",
        "/api/isochrones?minutes=3",
        "/api/isochrones?lon=24.94&lat=60.17&minutes=999",
        "/api/isochrones?lon=0&lat=0",
    ):
        answer = client.get(url)
        assert answer.status_code == 422, url
        assert answer.json()["detail_zh"]


def test_one_crossing_of_a_divided_street_is_found_once(client: TestClient) -> None:
    found = client.get("/api/search?q=Mannerheimintie / Kaivokatu").json()["results"]
    crossings = [r for r in found if r["kind"] == "crossing"]
    for i, a in enumerate(crossings):
        for b in crossings[:i]:
            assert abs(a["lon"] - b["lon"]) >= 6e-4 or abs(a["lat"] - b["lat"]) >= 6e-4


def test_streets_of_one_name_a_kilometre_apart_are_two() -> None:
    lines = [
        np.array([[0.0, 0.0], [0.001, 0.0]]),
        np.array([[0.0015, 0.0], [0.002, 0.0]]),
        np.array([[0.5, 0.5], [0.501, 0.5]]),
    ]
    parts = _apart(lines)
    assert [len(part) for part in parts] == [2, 1]
