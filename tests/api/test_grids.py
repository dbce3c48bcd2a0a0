"""A boundary is dragged over HTTP: neighbours follow, stale edits are refused, nothing is half-saved."""

from __future__ import annotations

import json
from typing import Any

from fastapi.testclient import TestClient


def arcs_of(topology: dict[str, Any]) -> list[list[list[int]]]:
    decoded = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append([x, y])
        decoded.append(line)
    return decoded


def open_area(client: TestClient) -> dict[str, Any]:
    west, south, east, north = client.get("/api/collections/grids").json()["extent"]["spatial"]["bbox"][0]
    answer = client.get("/api/grids/topology", params={"bbox": f"{west},{south},{east},{north}"})
    assert answer.status_code == 200
    return answer.json()


def movable(topology: dict[str, Any], arcs: list[list[list[int]]], *, at_least: int = 3) -> list[int]:
    return [i for i, arc in enumerate(arcs) if not topology["locked"][i] and len(arc) >= at_least]


def moved_middle(arc: list[list[int]], by: int) -> list[list[int]]:
    line = [list(p) for p in arc]
    line[len(line) // 2][0] += by
    return line


def test_a_moved_vertex_changes_exactly_two_grids_and_keeps_the_total_area(client: TestClient) -> None:
    area = open_area(client)
    topology = area["topology"]
    arcs = arcs_of(topology)
    i = movable(topology, arcs)[0]
    body = {
        "seen_version": area["version"],
        "edition": area["edition"],
        "arcs": [{"id": topology["arc_ids"][i], "coords": moved_middle(arcs[i], 30)}],
    }
    saved = client.post("/api/grids/arcs", json=body)
    assert saved.status_code == 200, saved.text
    changed = saved.json()
    assert len(changed["changed"]) == 2
    assert changed["version"] > area["version"]
    before = sum(a["before_m2"] for a in changed["areas"].values())
    after = sum(a["after_m2"] for a in changed["areas"].values())
    assert abs(before - after) < 0.01
    again = open_area(client)
    assert again["version"] == changed["version"]
    assert arcs_of(again["topology"]) != arcs


def test_a_stale_edit_of_the_same_grid_is_refused_and_says_who(client: TestClient) -> None:
    area = open_area(client)
    topology = area["topology"]
    arcs = arcs_of(topology)
    i = movable(topology, arcs)[1]
    first = {
        "seen_version": area["version"],
        "edition": area["edition"],
        "arcs": [{"id": topology["arc_ids"][i], "coords": moved_middle(arcs[i], 20)}],
    }
    assert client.post("/api/grids/arcs", json=first).status_code == 200
    second = json.loads(json.dumps(first))
    second["arcs"][0]["coords"] = moved_middle(arcs[i], -20)
    refused = client.post("/api/grids/arcs", json=second)
    assert refused.status_code == 409
    assert "demo" in refused.json()["detail_en"]
    assert refused.json()["code"] == "conflict"


def test_an_edit_elsewhere_is_no_conflict(client: TestClient) -> None:
    area = open_area(client)
    topology = area["topology"]
    arcs = arcs_of(topology)
    users: dict[int, set[str]] = {}
    for grid in topology["objects"]["grids"]["geometries"]:
        flat = grid["arcs"] if grid["type"] == "Polygon" else [r for polygon in grid["arcs"] for r in polygon]
        for ring in flat:
            for ref in ring:
                users.setdefault(ref if ref >= 0 else ~ref, set()).add(grid["id"])
    free = movable(topology, arcs)
    one = free[0]
    other = next(i for i in free if not users[i] & users[one])
    for i in (one, other):
        body = {
            "seen_version": area["version"],
            "edition": area["edition"],
            "arcs": [{"id": topology["arc_ids"][i], "coords": moved_middle(arcs[i], 10)}],
        }
        answer = client.post("/api/grids/arcs", json=body)
        assert answer.status_code == 200, answer.text


def test_another_edition_is_refused(client: TestClient) -> None:
    area = open_area(client)
    topology = area["topology"]
    i = movable(topology, arcs_of(topology))[0]
    body = {
        "seen_version": area["version"],
        "edition": "of yesterday",
        "arcs": [{"id": topology["arc_ids"][i], "coords": arcs_of(topology)[i]}],
    }
    assert client.post("/api/grids/arcs", json=body).status_code == 409


def test_a_crossing_is_refused_with_the_grids_named_and_nothing_saved(client: TestClient) -> None:
    area = open_area(client)
    topology = area["topology"]
    arcs = arcs_of(topology)
    i = movable(topology, arcs)[0]
    body = {
        "seen_version": area["version"],
        "edition": area["edition"],
        "arcs": [{"id": topology["arc_ids"][i], "coords": moved_middle(arcs[i], 200_000)}],
    }
    refused = client.post("/api/grids/arcs", json=body)
    assert refused.status_code == 422
    assert refused.json()["code"] == "input.geometry"
    assert refused.json()["rows"]
    assert open_area(client)["version"] == area["version"]


def test_a_locked_boundary_does_not_move(client: TestClient) -> None:
    area = open_area(client)
    topology = area["topology"]
    arcs = arcs_of(topology)
    i = next(i for i, arc in enumerate(arcs) if topology["locked"][i] and len(arc) >= 3)
    body = {
        "seen_version": area["version"],
        "edition": area["edition"],
        "arcs": [{"id": topology["arc_ids"][i], "coords": moved_middle(arcs[i], 5)}],
    }
    assert client.post("/api/grids/arcs", json=body).status_code == 422
