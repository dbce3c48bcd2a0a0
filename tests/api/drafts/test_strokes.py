"""Strokes of the brush and the eraser over HTTP: where they may go, and that rubbing out gives back what was painted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely


def test_a_brush_stroke_stays_inside_the_community_and_off_locked_grids(desk: Any) -> None:
    client = desk.as_()
    draft_id = client.begin()
    seen = client.view(draft_id)
    parent = {g["id"]: g["properties"]["parent_code"] for g in seen["topology"]["objects"]["grids"]["geometries"]}
    pair, at = next(
        (both, arc)
        for both, arc, lock in zip(
            desk.users(seen["topology"]), desk.lines(seen["topology"]), seen["topology"]["lock"], strict=True
        )
        if len(both) == 2 and not lock and len(arc) > 3
    )
    to, source = pair
    spot = shapely.Point(at[len(at) // 2] / 1e7)
    ring = shapely.get_coordinates(spot.buffer(0.0012, quad_segs=4)).tolist()
    locked = client.edit(
        draft_id, 0, {"kind": "transfer", "to": to, "ring": ring, "locked": [c for c in parent if c != to]}
    )
    assert locked.status_code == 422
    answer = client.edit(draft_id, 0, {"kind": "transfer", "from": source, "to": to, "ring": ring})
    assert answer.status_code == 200, answer.text
    grown = answer.json()
    assert set(pair) <= set(grown["changed"])
    assert grown["measures"][to]["area_m2"] > grown["base"][to]["area_m2"]
    for code, figures in grown["measures"].items():
        if parent[code] != parent[to]:
            assert abs(figures["area_m2"] - grown["base"][code]["area_m2"]) < 1


def _ring(spot: np.ndarray, radius_m: float) -> list[list[float]]:
    """A round stroke at a place of the lattice, in degrees."""
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    east = 111_195 * np.cos(np.radians(spot[1] / 1e7))
    return np.c_[
        spot[0] / 1e7 + np.cos(turn) * radius_m / east, spot[1] / 1e7 + np.sin(turn) * radius_m / 111_195
    ].tolist()


@pytest.mark.parametrize("radius_m", [8.0, 20.0])
def test_rubbing_out_what_was_painted_is_not_refused_for_the_edge_of_the_stroke(desk: Any, radius_m: float) -> None:
    client = desk.as_()
    draft_id = client.begin()
    seen = client.view(draft_id)
    topology = seen["topology"]
    area = {code: figures["area_m2"] for code, figures in seen["measures"].items()}
    shapes = desk.shapes(seen)
    revision, done = 0, 0
    for both, arc, lock in zip(desk.users(topology), desk.lines(topology), topology["lock"], strict=True):
        if len(both) != 2 or lock or len(arc) < 4:
            continue
        to, source = both
        spot = arc[len(arc) // 2]
        ring = _ring(spot, radius_m)
        stroke = shapely.Polygon(ring)
        if any(shapes[code].difference(stroke).geom_type != "Polygon" for code in both):
            continue  # it would tear one of them
        if any(shape.intersects(stroke) for code, shape in shapes.items() if code not in both):
            continue
        painted = client.edit(draft_id, revision, {"kind": "transfer", "to": to, "ring": ring})
        assert painted.status_code == 200, painted.text
        rubbed = client.edit(draft_id, revision + 1, {"kind": "transfer", "from": to, "to": source, "ring": ring})
        assert rubbed.status_code == 200, rubbed.text
        now = rubbed.json()["measures"]
        under = stroke.intersection(shapes[to]).area / shapes[to].area * area[to]
        assert area[to] - now[to]["area_m2"] == pytest.approx(under, rel=0.2, abs=15)
        assert now[to]["area_m2"] + now[source]["area_m2"] == pytest.approx(area[to] + area[source], abs=0.5)
        for back in (2, 3):
            assert client.post(f"/api/drafts/{draft_id}/undo", json={"revision": revision + back}).status_code == 200
        revision, done = revision + 4, done + 1
        if done == 12:
            break
    assert done >= 4
