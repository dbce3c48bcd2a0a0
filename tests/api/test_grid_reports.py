"""Reports on grids over HTTP and from the command line: faults, numbers, principles, fit, staff, restated figures."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli.data import app as importing
from api.cli.grids import app as commands
from api.services.workspace import Workspace
from api.settings import Settings
from geo.frames import from_wgs84
from geo.grids.locate import AreaIndex
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.tables.calls import Calls
from geo.tables.grid_posts import GridPosts
from geo.tables.grids import Grids
from geo.tables.police_grids import PoliceGrids


@pytest.fixture
def client(own_client: TestClient) -> TestClient:
    return own_client


def run(home: Path, *words: str) -> tuple[int, Any]:
    made = CliRunner().invoke(commands, [*words, "--home", str(home), "--json"])
    return made.exit_code, json.loads(made.output) if made.output else made.exception


def with_frame(store: SqlStore, change: Any) -> None:
    frame = store.table(DEMO, Grids).frame.copy()
    store.put_table(DEMO, Grids(change(frame).sort_values("code").reset_index(drop=True)), source="test")


def test_a_gap_and_a_wrong_code_are_found_with_place_and_size(client: TestClient, store: SqlStore, home: Path) -> None:
    before = client.get("/api/grids/check").json()
    frame = store.table(DEMO, Grids).frame
    general = frame[frame["kind"] == "general"]
    code = str(general["code"].iloc[len(general) // 2])
    hole = general.set_index("code").geometry[code].representative_point().buffer(0.0003, cap_style="square")

    def spoil(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        mine = table["code"] == code
        table.loc[mine, "geometry"] = table.loc[mine, "geometry"].difference(hole)
        return table

    with_frame(store, spoil)
    after = client.get("/api/grids/check").json()
    assert not after["whole"]
    gap = next(fault for fault in after["faults"] if fault["kind"] == "gap" and fault["grids"] == [code])
    assert hole.contains(shapely.Point(gap["lon"], gap["lat"]))
    assert before["area_m2"] - after["area_m2"] == pytest.approx(gap["size"], rel=1e-3, abs=1)
    assert len(after["faults"]) == len(before["faults"]) + 1
    status, told = run(home, "check")
    assert (status, told["faults"]) == (1, after["faults"])


def test_a_repair_lists_what_it_did_and_writes_only_when_asked(
    client: TestClient, store: SqlStore, home: Path, tmp_path: Path
) -> None:
    frame = store.table(DEMO, Grids).frame
    general = frame[frame["kind"] == "general"].set_index("code").geometry
    code = str(general.index[shapely.area(np.asarray(general.array)).argmax()])
    place = general[code].representative_point()
    crack = shapely.LineString([place, (place.x + 0.001, place.y)]).buffer(2e-6)

    def spoil(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        mine = table["code"] == code
        table.loc[mine, "geometry"] = table.loc[mine, "geometry"].difference(crack)
        return table

    with_frame(store, spoil)
    spoilt = store.version("grids")
    started = client.post("/api/grids/repair", json={"tolerance_m": 0.1, "gap_width_m": 1.0})
    assert started.status_code == 202
    job = _ended(client, started.json()["status_url"])
    assert job["state"] == "done", job
    report = client.get(job["result"]["report_url"]).json()
    closed = [change for change in report["changes"] if change["kind"] == "gap_closed" and change["to"] == code]
    assert len(closed) == 1
    assert report["area_after_m2"] - report["area_before_m2"] == pytest.approx(closed[0]["area_m2"], abs=0.2)
    assert store.version("grids") == spoilt
    assert all(change["moved_m"] <= 0.1 for change in report["changes"])
    status, told = run(home, "repair", "--tolerance", "0.1", "--commit", "--out", str(tmp_path / "mends.json"))
    assert (status, told["edition"]) == (0, "2")
    assert json.loads((tmp_path / "mends.json").read_text())["changes"] == told["changes"]
    left = {(fault["kind"], *fault["grids"]) for fault in client.get("/api/grids/check").json()["faults"]}
    assert ("gap", code) not in left
    assert run(home, "repair", "--tolerance", "99")[0] != 0
    assert client.get("/api/grids/repairs/none").status_code == 404


def _ended(client: TestClient, url: str) -> Any:
    for _ in range(600):
        job = client.get(url).json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.05)
    return job


def test_two_layers_become_one_and_contested_land_is_listed(
    client: TestClient, store: SqlStore, home: Path, tmp_path: Path
) -> None:
    west, south, east, north = store.table(DEMO, Grids).frame.total_bounds
    x, y = round((west + east) / 2, 3), round((south + north) / 2, 3)

    def square(start: float, end: float) -> shapely.Polygon:
        return shapely.box(round(x + start, 7), y, round(x + end, 7), round(y + 0.004, 7))

    police = [square(0, 0.004), square(0.004, 0.008)]
    civil = [square(0, 0.006), square(0.006, 0.012)]
    for name, shapes in (("police", police), ("civil", civil)):
        layer = gpd.GeoDataFrame(
            {"code": [f"{name[0]}{i}" for i in range(2)], "kind": "general"}, geometry=shapes, crs=4326
        )
        layer.to_file(tmp_path / f"{name}.gpkg")
    status, told = run(
        home, "merge", f"police={tmp_path / 'police.gpkg'}", f"civil={tmp_path / 'civil.gpkg'}",
        "--out", str(tmp_path / "one.gpkg"),
    )  # fmt: skip
    assert status == 0, told
    one = gpd.read_file(tmp_path / "one.gpkg").set_index("code").geometry
    # Police first: its two squares as they are, and of the civil layer what they leave.
    assert one["p0"].equals(police[0])
    assert one["p1"].equals(police[1])
    assert shapely.union_all(list(one)).equals(square(0, 0.012))
    assert any(place["winner"][0] == "police" for place in told["contested"])
    assert store.count(DEMO, "grids") > 10
    parts = [("files", (f"{name}.gpkg", (tmp_path / f"{name}.gpkg").read_bytes())) for name in ("civil", "police")]
    started = client.post("/api/grids/merge", files=parts, params={"commit": True})
    assert started.status_code == 202, started.text
    job = _ended(client, started.json()["status_url"])
    assert job["state"] == "done", job
    report = client.get(job["result"]["report_url"]).json()
    assert report["layers"] == ["civil", "police"]
    frame = store.table(DEMO, Grids).frame
    assert sorted(frame["code"][frame["kind"] == "general"]) == sorted({p["grid"] for p in report["provenance"]})
    assert client.get("/api/editions").json()["editions"][0]["version"] == 2
    assert client.post("/api/grids/merge", files=parts[:1], params={"rule": "whim"}).status_code == 422


def test_a_new_layer_keeps_the_numbers_of_unchanged_land(client: TestClient, store: SqlStore, home: Path) -> None:
    assert client.get("/api/editions").json()["editions"] == []
    assert client.post("/api/drafts", json={"name": "记录现状"}).status_code == 201
    old = store.table(DEMO, Grids).frame
    general = old[old["kind"] == "general"]
    victims = list(general["code"][general["parent_code"] == general["parent_code"].iloc[0]])

    def shuffle(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        turned = dict(zip(victims, [*victims[1:], victims[0]], strict=True))
        table["code"] = [turned.get(code, code) for code in table["code"]]
        return table

    with_frame(store, shuffle)
    seen = client.post("/api/grids/renumber", json={"edition": "1"}).json()
    assert {(r["from"], r["to"]) for r in seen["renamed"]} == set(zip([*victims[1:], victims[0]], victims, strict=True))
    assert not seen["committed"]
    status, told = run(home, "renumber", "--edition", "1", "--commit")
    assert (status, told["committed"]) == (0, True)
    now = store.table(DEMO, Grids).frame.set_index("code").geometry
    assert now.geom_equals_exact(old.set_index("code").geometry, 0).all()


def test_household_limits_are_the_users_and_need_both_ends(client: TestClient, store: SqlStore) -> None:
    assert client.get("/api/grids/conformity?households_min=10").status_code == 422
    made = client.get("/api/grids/conformity?households_min=100&households_max=200").json()
    frame = store.table(DEMO, Grids).frame
    homes = frame["households"][frame["kind"] == "general"]
    outside = int(((homes < 100) | (homes > 200)).sum())
    check = next(c for c in made["checks"] if c["check"] == "households")
    assert check["faults"] == outside
    assert "不构成" in made["statement_zh"]
    sheet = client.get("/api/grids/conformity?f=xlsx")
    assert sheet.content[:2] == b"PK"


def test_misfit_counts_calls_whose_stations_differ(client: TestClient, store: SqlStore, home: Path) -> None:
    police = store.table(DEMO, PoliceGrids).frame.copy()
    whole = client.get("/api/grids/misfit").json()
    frame = store.table(DEMO, Grids).frame
    busiest = client.get("/api/grids/values?measure=calls").json()["values"]
    code = max(busiest, key=lambda c: busiest[c]["n"] or 0)
    shape = frame.set_index("code").geometry[code]
    # A slice of the busiest grid goes to a police grid of another station.
    west, south, _, north = shape.bounds
    slice_ = shapely.box(west, south, shape.representative_point().x, north).intersection(shape)
    other = next(s for s in police["station_code"] if s not in set(police["station_code"][police.intersects(shape)]))
    police["geometry"] = police.geometry.difference(slice_)
    row = police.iloc[[0]].copy()
    row["code"], row["station_code"] = "zz-test", other
    row = row.set_geometry([slice_], crs=police.crs)
    store.put_table(DEMO, PoliceGrids.of(pd.concat([police, row], ignore_index=True)), source="test")
    made = client.get("/api/grids/misfit").json()
    calls = store.table(DEMO, Calls).frame
    start, end = pd.Timestamp(made["from"]), pd.Timestamp(made["to"])
    kept = calls[calls["valid"] & calls["placed"] & (calls["occurred_at"] >= start) & (calls["occurred_at"] < end)]
    index = AreaIndex.of(store.table(DEMO, Grids), kind="general")
    in_grid = index.at(shapely.get_coordinates(np.asarray(kept.geometry.array))) == code
    inside = int(shapely.intersects(np.asarray(kept.geometry.array)[in_grid], slice_).sum())
    share = slice_.area / shape.area
    moved = inside if share < 0.5 else int(in_grid.sum()) - inside
    assert made["misfit"] - whole["misfit"] == pytest.approx(moved, abs=2)
    assert made["n"] == whole["n"]
    assert made["interval"][0] <= made["share"] <= made["interval"][1]
    assert run(home, "misfit")[1]["misfit"] == made["misfit"]


def test_staff_is_counted_against_the_template(client: TestClient, store: SqlStore, home: Path) -> None:
    frame = store.table(DEMO, Grids).frame
    codes = list(frame["code"][frame["kind"] == "general"])
    posts = pd.DataFrame(
        {"post_id": ["a", "b", "c"], "unit_code": [codes[0], codes[0], codes[1]], "role": "worker", "filled": 1}
    )
    store.put_table(DEMO, GridPosts.of(posts), source="test")
    made = client.get("/api/grids/staffing?level=grid").json()
    assert (made["required"], made["filled"], made["vacant"], made["surplus"]) == (len(codes), 3, len(codes) - 2, 1)
    assert client.get("/api/grids/staffing?template=2%2B2").status_code == 422
    assert run(home, "staffing", "--level", "county")[1]["rows"][0]["filled"] == 3


def test_posts_in_grids_come_from_a_csv_and_damaged_bytes_are_named(
    store: SqlStore, home: Path, tmp_path: Path
) -> None:
    code = str(store.table(DEMO, Grids).frame["code"].iloc[0])
    text = f"岗位编号,网格编码,岗位,在岗人数,显示名称\n1,{code},worker,1,老王\n"
    path = tmp_path / "posts.csv"
    words = ["grid_posts", str(path), "--home", str(home), "--json"]
    path.write_bytes(text.encode("gb18030"))
    refused = CliRunner().invoke(importing, words)
    assert refused.exception is not None
    assert "Line 1" in str(refused.exception)
    made = CliRunner().invoke(importing, [*words, "--encoding", "GB18030"])
    assert made.exit_code == 0, made.exception
    held = store.table(DEMO, GridPosts).frame
    assert held[["unit_code", "role", "filled"]].to_numpy().tolist() == [[code, "worker", 1]]


def test_a_restated_comparison_counts_places_on_the_named_edition(
    client: TestClient, store: SqlStore, home: Path
) -> None:
    client.post("/api/drafts", json={"name": "记录现状"})
    calls = store.table(DEMO, Calls).frame
    times = calls["occurred_at"]
    cuts = pd.date_range(times.min().floor("D"), times.max().floor("D"), periods=3)
    said = {"from": cuts[1], "to": cuts[2], "before_from": cuts[0], "before_to": cuts[1]}
    made = client.get(
        "/api/grids/restate", params={**{k: v.isoformat() for k, v in said.items()}, "edition": "1"}
    ).json()
    good = calls[calls["valid"] & calls["placed"]]
    counts = [int(((good["occurred_at"] >= a) & (good["occurred_at"] < b)).sum()) for a, b in itertools.pairwise(cuts)]
    total = made["total"]
    assert [total["n_before"], total["n_after"]] == counts
    assert sum(g["n_after"] for g in made["grids"]) + total["outside_after"] == counts[1]
    rate = (counts[1] / (cuts[2] - cuts[1]).total_seconds()) / (counts[0] / (cuts[1] - cuts[0]).total_seconds()) - 1
    assert total["change"] == pytest.approx(rate, rel=1e-9)
    assert total["interval"][0] < rate < total["interval"][1]
    assert client.get("/api/grids/restate").status_code == 422
    assert (
        client.get(
            "/api/grids/restate", params={**{k: v.isoformat() for k, v in said.items()}, "edition": "9"}
        ).status_code
        == 404
    )
    words = [w for k, v in said.items() for w in (f"--{k.replace('_', '-')}", v.isoformat())]
    assert run(home, "restate", *words, "--edition", "1")[1]["total"] == total


def test_a_draft_goes_through_the_command_line(client: TestClient, home: Path, tmp_path: Path) -> None:
    draft_id = client.post("/api/drafts", json={"name": "命令行"}).json()["draft_id"]
    frame = gpd.GeoDataFrame.from_features(client.get("/api/collections/grids/items?limit=500").json()["features"])
    shape = frame.loc[frame.geometry.area.idxmax()]
    middle = shape.geometry.representative_point().y
    line = [[shape.geometry.bounds[0] - 1e-4, middle], [shape.geometry.bounds[2] + 1e-4, middle]]
    cut = {"kind": "split_by_line", "code": shape["code"], "line": line}
    assert client.post(f"/api/drafts/{draft_id}/operations", json={"revision": 0, "operation": cut}).status_code == 200
    assert [d["draft_id"] for d in run(home, "drafts")[1]["drafts"]] == [draft_id]
    status, told = run(home, "compare", draft_id, "--out", str(tmp_path / "made.geojson"))
    assert (status, len(told["table"]) >= 2) == (0, True)
    assert len(gpd.read_file(tmp_path / "made.geojson")) == len(told["pieces"]["features"])
    for step in ("submit", "review"):
        assert run(home, "step", draft_id, step)[0] == 0
    status, told = run(home, "publish", draft_id)
    assert (status, told["state"], told["edition"]) == (0, "published", 2)


def test_the_frame_of_an_unlabelled_file_is_refused_or_found(home: Path, store: SqlStore, tmp_path: Path) -> None:
    frame = store.table(DEMO, Grids).frame
    plain = frame[["code", "name", "kind", "parent_code", "parent_name", "geometry"]]
    (tmp_path / "grids.geojson").write_text(json.dumps(plain.__geo_interface__))
    words = [str(tmp_path / "grids.geojson"), "--home", str(home), "--trial", "--json"]
    refused = CliRunner().invoke(importing, ["grids", *words])
    assert refused.exception is not None
    made = CliRunner().invoke(importing, ["grids", *words, "--frame", "auto"])
    assert made.exit_code == 0, made.exception
    told = json.loads(made.output)
    assert told["source_frame"] == "WGS84"
    assert any("坐标" in note for note in told["notes_zh"])


def test_streets_in_china_tell_shifted_coordinates(tmp_path: Path) -> None:
    from api.services.frame_detection import detected_frame
    from geo.errors import FrameError
    from geo.store.limits import ReadLimits
    from geo.store.memory import MemoryStore
    from geo.streets.lines import LineFields, read_lines

    rng = np.random.default_rng(7)
    east = np.sort(rng.uniform(100.2, 100.3, 25))
    north = np.sort(rng.uniform(25.55, 25.65, 25))
    ways = [shapely.LineString([(x, y) for y in north]) for x in east] + [
        shapely.LineString([(x, y) for x in east]) for y in north
    ]
    layer = gpd.GeoDataFrame({"name": [""] * len(ways)}, geometry=ways, crs=4326)
    settings = Settings(home=tmp_path)
    read_lines(layer, LineFields(), source="mesh").save(settings.streets)
    workspace = Workspace(settings, MemoryStore())
    corners = np.array([(x, y) for x in east[::2] for y in north[::2]])
    shifted = from_wgs84(corners, "GCJ02").lonlat
    path = tmp_path / "points.csv"
    pd.DataFrame({"lon": shifted[:, 0], "lat": shifted[:, 1]}).to_csv(path, index=False)
    found = detected_frame(workspace, path, layer=None, encoding=None, limits=ReadLimits())
    assert found.frame == "GCJ02"
    assert "GCJ02 100%" in found.en
    pd.DataFrame({"lon": rng.uniform(100.2, 100.3, 200), "lat": rng.uniform(25.55, 25.65, 200)}).to_csv(
        path, index=False
    )
    with pytest.raises(FrameError):
        detected_frame(workspace, path, layer=None, encoding=None, limits=ReadLimits())
