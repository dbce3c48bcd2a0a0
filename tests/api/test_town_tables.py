"""Communities, estates, staff, linear grids and shifts: in the demo, by file, in search, and in the reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli.data import app as importing
from api.cli.grids import app as commands
from api.services.imports import IMPORTED
from geo.store.port import DEMO, TABLES
from geo.store.sql import SqlStore
from geo.tables.communities import Communities
from geo.tables.estates import Estates
from geo.tables.grids import Grids
from geo.tables.linear_grids import LinearGrids
from geo.tables.mapping import guess_profile
from geo.tables.shifts import Shifts


@pytest.fixture
def client(own_client: TestClient) -> TestClient:
    return own_client


def run(home: Path, *words: str) -> tuple[int, Any]:
    made = CliRunner().invoke(commands, [*words, "--home", str(home), "--json"])
    return made.exit_code, json.loads(made.output) if made.output else made.exception


def bring(home: Path, collection: str, path: Path, *words: str) -> dict[str, Any]:
    made = CliRunner().invoke(importing, [collection, str(path), *words, "--home", str(home), "--json"])
    assert made.exit_code == 0, made.exception
    return dict(json.loads(made.output))


def test_the_demo_city_has_every_table(client: TestClient, store: SqlStore) -> None:
    for name in TABLES:
        assert store.count(DEMO, name) > 0, name
    listed = {c["id"] for c in client.get("/api/collections").json()["collections"]}
    assert set(TABLES) <= listed
    for name in TABLES:
        page = client.get(f"/api/collections/{name}/items?limit=2").json()
        assert page["numberMatched"] == store.count(DEMO, name)


def test_all_checks_of_conformity_look_at_something(client: TestClient, home: Path) -> None:
    made = client.get("/api/grids/conformity?households_min=50&households_max=300").json()
    assert all(check["looked_at"] > 0 for check in made["checks"])
    assert not any("未" in check["sentence_zh"] for check in made["checks"])
    status, told = run(home, "conformity", "--households-min", "50", "--households-max", "300")
    assert (status, told["checks"]) == (0, made["checks"])


def test_a_grid_that_leaves_its_community_is_found_by_check_and_report(
    client: TestClient, store: SqlStore, home: Path
) -> None:
    assert client.get("/api/grids/check").json()["whole"]
    table = store.table(DEMO, Communities).frame.copy()
    code = str(table["code"].iloc[0])
    grids = store.table(DEMO, Grids).frame
    mine = grids[(grids["parent_code"] == code) & (grids["kind"] == "general")]
    lost = mine.iloc[0]
    table.loc[0, "geometry"] = shapely.union_all(mine.geometry.array[1:])
    table = gpd.GeoDataFrame(table, geometry="geometry", crs=4326)
    store.put_table(DEMO, Communities.of(table), source="test")
    faults = client.get("/api/grids/check").json()["faults"]
    outside = [fault for fault in faults if fault["kind"] == "outside_parent"]
    assert [fault["grids"] for fault in outside] == [[lost["code"]]]
    assert run(home, "check")[0] == 1
    findings = client.get("/api/grids/conformity").json()["findings"]
    crossing = [f for f in findings if f["check"] == "community" and f["severity"] == "fault"]
    assert [f["grids"] for f in crossing] == [[lost["code"]]]
    assert code in crossing[0]["sentence_zh"]


def test_both_templates_of_staff_count_their_own_roles(client: TestClient, store: SqlStore) -> None:
    one = client.get("/api/grids/staffing?template=one-worker&level=county").json()
    more = client.get("/api/grids/staffing?template=1%2B3%2BN&level=county").json()
    n = int((store.table(DEMO, Grids).frame["kind"] == "general").sum())
    assert one["required"] == n
    assert 0 < one["vacant"] < 0.2 * n
    assert more["required"] == 4 * n
    assert {row["role"] for row in more["rows"]} == {"chief", "core", "volunteer"}


def test_estates_and_linear_grids_are_found_by_name(client: TestClient, store: SqlStore) -> None:
    estate = store.table(DEMO, Estates).frame.iloc[3]
    first = client.get("/api/search", params={"q": estate["name"]}).json()["results"][0]
    assert (first["kind"], first["id"]) == ("estate", estate["estate_id"])
    segment = store.table(DEMO, LinearGrids).frame.iloc[0]
    found = client.get("/api/search", params={"q": segment["code"]}).json()["results"]
    assert [(r["kind"], r["id"]) for r in found][:1] == [("linear_grid", segment["code"])]


@pytest.mark.parametrize("name", ["linear_grids", "communities", "estates", "buildings"])
def test_a_layer_that_was_exported_comes_in_again_equal(
    client: TestClient, store: SqlStore, home: Path, tmp_path: Path, name: str
) -> None:
    made = client.get(f"/api/export/{name}?f=gpkg")
    assert made.status_code == 200, made.text
    path = tmp_path / f"{name}.gpkg"
    path.write_bytes(made.content)
    before = store.table(DEMO, TABLES[name])
    told = bring(home, name, path)
    assert told["kept"] == len(before)
    after = store.table(DEMO, TABLES[name])
    assert after.keys == before.keys
    assert shapely.equals_identical(after.frame.geometry.array, before.frame.geometry.array).all()


@pytest.mark.parametrize("name", ["shifts", "grid_posts"])
def test_a_table_without_places_goes_out_and_comes_in_as_csv(
    client: TestClient, store: SqlStore, home: Path, tmp_path: Path, name: str
) -> None:
    made = client.get(f"/api/export/{name}?f=csv")
    assert made.status_code == 200, made.text
    path = tmp_path / f"{name}.csv"
    path.write_bytes(made.content)
    before = store.table(DEMO, TABLES[name])
    assert bring(home, name, path)["kept"] == len(before)
    assert store.table(DEMO, TABLES[name]).keys == before.keys


def test_shifts_come_in_with_chinese_headers(home: Path, store: SqlStore, tmp_path: Path) -> None:
    path = tmp_path / "shifts.csv"
    path.write_text("班次编号,班次名称,开始,时长（分）\nA,早班,480,480\nB,晚班,960,600\n", encoding="utf-8")
    assert bring(home, "shifts", path)["kept"] == 2
    assert store.table(DEMO, Shifts).frame["length_minutes"].tolist() == [480, 600]


def test_linear_grids_come_in_with_chinese_headers(home: Path, store: SqlStore, tmp_path: Path) -> None:
    west, south, _, _ = store.table(DEMO, Grids).frame.total_bounds
    frame = gpd.GeoDataFrame(
        {
            "段编码": ["H-1", "H-2"],
            "河流名称": "东河",
            "起点里程": [0, 500],
            "终点里程": [500, 990],
            "村级责任单位": ["甲村", "乙村"],
        },
        geometry=[
            shapely.LineString([(west, south), (west + 0.005, south)]),
            shapely.LineString([(west + 0.005, south), (west + 0.01, south)]),
        ],
        crs=4326,
    )
    frame.to_file(tmp_path / "river.gpkg")
    assert bring(home, "linear_grids", tmp_path / "river.gpkg")["kept"] == 2
    made = store.table(DEMO, LinearGrids).frame
    assert made["owner_village"].tolist() == ["甲村", "乙村"]
    assert made["end_m"].tolist() == [500, 990]


@pytest.mark.parametrize("name", IMPORTED)
def test_a_template_has_headers_that_an_import_understands(client: TestClient, tmp_path: Path, name: str) -> None:
    made = client.get(f"/api/import/{name}/template")
    assert made.status_code == 200
    path = tmp_path / f"{name}.csv"
    told = CliRunner().invoke(importing, ["template", name, str(path), "--json"])
    assert (told.exit_code, path.read_bytes()) == (0, made.content)
    headers = pd.read_csv(path, encoding="utf-8-sig").columns.tolist()
    assert len(headers) == len(set(headers))
    spec = TABLES[name].SPEC
    profile = guess_profile(pd.DataFrame(columns=headers), TABLES[name])
    wanted = {column.name for column in spec.columns} - {"version", "synthetic"}
    # Names of holders are shown to nobody by default: the importer drops that column.
    assert set(profile.fields.values()) >= wanted - {"holder"}
    assert client.get("/api/import/nothing/template").status_code == 404
