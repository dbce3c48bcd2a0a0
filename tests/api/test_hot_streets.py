"""Density along streets: calls spread evenly over the streets have no peak, a planted one is found where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient

from api.services.filters import CallFilter
from api.services.hot_ground import HotGround, ground, in_metres, land
from api.services.hot_streets import by_streets
from api.services.workspace import FIRST_PROFILE, Workspace
from api.settings import Settings
from geo.cells.segments import SegmentCells
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.streets.speeds import NO_WAY, arc_milliseconds


@pytest.fixture
def workspace(untouched_home: Path) -> Iterator[Workspace]:
    settings = Settings(home=untouched_home)
    store = SqlStore.open(settings.database)
    yield Workspace(settings, store)
    store.close()


def along_streets(workspace: Workspace, here: HotGround, *, n: int, seed: int, gathered: int = 0) -> HotGround:
    """Return calls spread evenly along the streets of the land, each some metres beside them, and some more near the first."""
    graph, rng = workspace.graph(), np.random.default_rng(seed)
    cells = SegmentCells.of(graph)
    usable = np.unique(cells.of_arc[arc_milliseconds(graph, FIRST_PROFILE) < NO_WAY])
    lines = shapely.intersection(in_metres(cells.shapes(graph)[usable], here.crs), land(workspace, DEMO))
    lines = lines[shapely.length(lines) > 0]
    length = shapely.length(lines)
    street = rng.choice(len(lines), n, p=length / length.sum())
    xy = shapely.get_coordinates(shapely.line_interpolate_point(lines[street], rng.uniform(0, 1, n), normalized=True))
    near = xy[0] + rng.uniform(-20, 20, (gathered, 2))
    return replace(here, xy=np.concatenate([xy + rng.normal(0, 12, xy.shape), near]))


def test_even_calls_have_no_peak(workspace: Workspace) -> None:
    here, boundary = ground(workspace, DEMO, CallFilter()), land(workspace, DEMO)
    beyond = 0
    for seed in range(8):
        found, pieces = by_streets(workspace, along_streets(workspace, here, n=1_200, seed=seed), boundary)
        assert pieces > 100
        beyond += bool(found)
    # One even city in twenty has a peak by chance; 4 or more of 8 would happen once in 2,700 times.
    assert beyond <= 3


def test_a_planted_peak_is_found_where_it_is(workspace: Workspace) -> None:
    here, boundary = ground(workspace, DEMO, CallFilter()), land(workspace, DEMO)
    planted = along_streets(workspace, here, n=1_200, seed=2, gathered=60)
    found, _ = by_streets(workspace, planted, boundary)
    best = max(found, key=lambda one: one.score)
    assert best.p is not None
    assert best.p <= 0.05
    assert best.shape.distance(shapely.Point(planted.xy[-1])) < 60
    assert np.isin(np.arange(1_200, 1_260), best.rows).mean() > 0.5
    assert best.usual is not None
    assert best.usual < len(best.rows) / 3


def test_the_list_names_bandwidth_simulations_and_n(client: TestClient) -> None:
    made = client.get("/api/hotspots", params={"method": "network", "from": "2026-06-01T00:00:00+03:00"}).json()
    assert made["size_m"] == 200
    assert "带宽 200 米" in made["note_zh"]
    assert "199" in made["note_zh"]
    assert made["n"] > 0
    for place in made["places"]:
        assert place["p"] <= 0.05
        assert place["geometry"]["type"] in ("LineString", "MultiLineString")
    # Within one grid even calls are spread over that grid alone: not all of it stands out.
    values = client.get("/api/grids/values", params={"measure": "calls"}).json()["values"]
    code = max(values, key=lambda c: values[c]["n"])
    inside = client.get("/api/hotspots", params={"method": "network", "areas": code}).json()
    assert inside["n_cells"] < made["n_cells"] / 5
