"""A prefecture of 1,157 villages that became 1,159 by two splits: imported, compared and restated by command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli.main import app as commands
from api.jobs.runner import JobRunner
from api.services.workspace import Workspace
from api.settings import Settings
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.synthetic.county import synthetic_land
from geo.tables.calls import Calls
from geo.tables.grids import Grids

VILLAGES = 1_159
BEFORE, AFTER = 2_000, 1_362
"""Calls of two years: a fall of 31.9 %."""
PERIODS = (
    "--from", "2023-01-01T00:00:00+08:00", "--to", "2024-01-01T00:00:00+08:00",
    "--before-from", "2022-01-01T00:00:00+08:00", "--before-to", "2023-01-01T00:00:00+08:00",
)  # fmt: skip


@dataclass(frozen=True)
class Prefecture:
    home: Path
    new: Grids
    old: Grids
    split: tuple[tuple[str, str], ...]
    names: Mapping[str, str]


def prefecture(home: Path, codes: Sequence[str], names: Mapping[str, str]) -> Prefecture:
    """Make one grid for each village, and the edition in which two pairs of neighbours were one."""
    new = synthetic_land(codes, grids=len(codes), names=names, seed=1157, detail=3).grids
    frame = new.frame.copy()
    shapes = np.asarray(frame.geometry.array, dtype=object)
    keys = new.keys
    pairs = [
        (k, k + 1)
        for k in range(0, len(keys) - 1, 2)
        if keys[k][:9] == keys[k + 1][:9] and shapely.length(shapely.intersection(shapes[k], shapes[k + 1])) > 0
    ]
    chosen = (pairs[len(pairs) // 3], pairs[2 * len(pairs) // 3])
    for one, other in chosen:
        shapes[one] = shapely.coverage_union_all(shapes[[one, other]])
    frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=4326)).drop(index=[other for _, other in chosen])
    old = Grids.of(frame.reset_index(drop=True))
    return Prefecture(home=home, new=new, old=old, split=tuple((keys[a], keys[b]) for a, b in chosen), names=names)


def run(place: Prefecture, *words: str) -> dict[str, Any]:
    made = CliRunner().invoke(commands, [*words, "--home", str(place.home), "--json"])
    assert made.exit_code == 0, (made.output, made.exception)
    return dict(json.loads(made.output))


def some_calls(place: Prefecture, year: int, n: int, seed: int) -> gpd.GeoDataFrame:
    """Put calls at inner points of villages drawn at random, those of the splits among them."""
    rng = np.random.default_rng(seed)
    shapes = np.asarray(place.new.frame.geometry.array, dtype=object)
    inner = shapely.get_coordinates(shapely.point_on_surface(shapes))
    row = rng.integers(0, len(inner), n)
    times = pd.Timestamp(f"{year}-01-01T00:00:00+08:00") + pd.to_timedelta(rng.integers(0, 365 * 86_400, n), unit="s")
    columns = {
        "call_id": [f"{year}-{k:05d}" for k in range(n)], "occurred_at": times, "family": "盗窃", "valid": True,
        "placed": True,
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=shapely.points(inner[row]), crs=4326).assign(row=row)


def told_in_two_editions(place: Prefecture, tmp_path: Path) -> None:
    run(place, "init")
    for name, grids in (("old", place.old), ("new", place.new)):
        # Text columns only: times and counts come from the layer as well, and are not at stake here.
        grids.frame[["code", "name", "kind", "parent_code", "geometry"]].to_file(tmp_path / f"{name}.gpkg")
    assert run(place, "import", "grids", str(tmp_path / "old.gpkg"))["kept"] == VILLAGES - 2
    with SqlStore.open(Settings(home=place.home).database) as store:
        client = _client(place, store)
        assert client.post("/api/drafts", json={"name": "记录现状"}).status_code == 201
    assert run(place, "import", "grids", str(tmp_path / "new.gpkg"))["kept"] == VILLAGES
    calls = [some_calls(place, 2022, BEFORE, 1), some_calls(place, 2023, AFTER, 2)]
    with SqlStore.open(Settings(home=place.home).database) as store:
        store.put_table(DEMO, Calls.of(pd.concat(calls, ignore_index=True)), source="test")
        client = _client(place, store)
        assert client.post("/api/drafts", json={"name": "记录新版"}).status_code == 201
        editions = client.get("/api/editions").json()["editions"]
        assert [e["grids"] for e in editions] == [VILLAGES, VILLAGES - 2]
        events = client.get("/api/editions/2/lineage").json()["events"]
    assert sorted((e["kind"], e["from"], e["to"]) for e in events) == sorted(
        ("split", [one], [one, other]) for one, other in place.split
    )
    for edition, grids in (("1", place.old), ("2", place.new)):
        made = run(place, "grids", "restate", *PERIODS, "--edition", edition)
        total = made["total"]
        assert (total["n_before"], total["n_after"]) == (BEFORE, AFTER)
        assert total["change"] == pytest.approx(AFTER / BEFORE - 1)
        assert total["interval"][0] < AFTER / BEFORE - 1 < total["interval"][1] < 0
        by_hand = _counted(place, grids, calls)
        assert {row["code"]: (row["n_before"], row["n_after"]) for row in made["grids"]} == by_hand
    check = run(place, "grids", "check")
    assert (check["whole"], check["n"]) == (True, VILLAGES)


def _counted(place: Prefecture, grids: Grids, calls: Sequence[gpd.GeoDataFrame]) -> dict[str, tuple[int, int]]:
    """Count the calls of each village by hand: by the row that each was put in, joined pairs together."""
    into = {other: one for one, other in place.split} if len(grids) < VILLAGES else {}
    codes = [into.get(code, code) for code in place.new.keys]
    sizes = [np.bincount(part["row"], minlength=VILLAGES) for part in calls]
    found: dict[str, tuple[int, int]] = dict.fromkeys(codes, (0, 0))
    for code, a, b in zip(codes, sizes[0].tolist(), sizes[1].tolist(), strict=True):
        found[code] = (found[code][0] + a, found[code][1] + b)
    return found


def _client(place: Prefecture, store: SqlStore) -> TestClient:
    settings = Settings(home=place.home)
    app = create_app(settings, store, warm_up=False)
    app.state.workspace = Workspace(settings, store)
    app.state.jobs = JobRunner(store)
    return TestClient(app)


@pytest.mark.shared_data
def test_the_villages_of_a_real_prefecture(shared: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(shared / "cn_admin" / "cn_hierarchy_county_town_village.csv.gz", dtype=str)
    mine = frame[frame["cityCode"] == frame["cityCode"].value_counts().loc[lambda n: n >= VILLAGES].index[-1]]
    codes = sorted(mine["code"])[:VILLAGES]
    place = prefecture(tmp_path / "home", codes, dict(zip(mine["code"], mine["name"], strict=True)))
    told_in_two_editions(place, tmp_path)
    with SqlStore.open(Settings(home=place.home).database) as store:
        names = store.table(DEMO, Grids).frame["name"]
    assert names.str.startswith(tuple(place.names[code] for code in codes)).all()


def test_the_villages_of_a_made_up_prefecture(tmp_path: Path) -> None:
    codes = [f"99{c:04d}{t:03d}{v:03d}" for c in range(101, 113) for t in range(100, 110) for v in range(201, 211)]
    place = prefecture(tmp_path / "home", codes[:VILLAGES], {code: f"第{code[6:]}村" for code in codes})
    told_in_two_editions(place, tmp_path)
