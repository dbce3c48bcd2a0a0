"""The brush by blocks: which grid each block is in, given away exactly, refused where it must be."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.services import draft_blocks
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.tables.blocks import Blocks
from geo.tables.grids import Grids


@pytest.fixture
def client(own_client: TestClient) -> TestClient:
    return own_client


def begin(client: TestClient) -> str:
    return str(client.post("/api/drafts", json={"name": "街区"}).json()["draft_id"])


def box_of(store: SqlStore) -> str:
    return ",".join(f"{v:.7f}" for v in store.table(DEMO, Grids).frame.total_bounds)


def units(client: TestClient, draft_id: str, box: str) -> gpd.GeoDataFrame:
    answer = client.get(f"/api/drafts/{draft_id}/units", params={"bbox": box})
    assert answer.status_code == 200, answer.text
    return gpd.GeoDataFrame.from_features(answer.json()["units"], crs=4326).set_index("code")


def assign(client: TestClient, draft_id: str, revision: int, to: str, codes: list[str], **more: Any) -> Any:
    operation = {"kind": "assign_units", "to": to, "units": codes, **more}
    return client.post(f"/api/drafts/{draft_id}/operations", json={"revision": revision, "operation": operation})


def neighbour(found: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> tuple[str, str, str]:
    """Return a block, its grid, and another grid of the same community that it shares a side with and may join."""
    sizes = found.groupby("grid").size()
    for code, row in found.iterrows():
        rest = found[(found["grid"] == row["grid"]) & (found.index != code)]
        if sizes[row["grid"]] < 2 or shapely.union_all(rest.geometry.array).geom_type != "Polygon":
            continue
        parent = grids.loc[row["grid"], "parent_code"]
        beside = grids[(grids["parent_code"] == parent) & (grids["kind"] == "general") & (grids.index != row["grid"])]
        shared = shapely.length(shapely.intersection(beside.geometry.array, row.geometry))
        if shared.max(initial=0) > 1e-5:
            return str(code), str(row["grid"]), str(beside.index[shared.argmax()])
    raise AssertionError("no such block")


def test_blocks_tile_the_grids_and_tell_what_they_hold(client: TestClient, store: SqlStore) -> None:
    found = units(client, begin(client), box_of(store))
    grids = store.table(DEMO, Grids).frame.set_index("code")
    general = grids[grids["kind"] == "general"]
    people = found.groupby("grid")["population"].sum()
    assert people.to_dict() == general["population"].to_dict()
    whole = found.dissolve("grid").geometry
    assert shapely.equals(whole.array, general.geometry.reindex(whole.index).array).all()
    assert found["calls"].sum() > 1_000


def test_a_block_changes_hands_exactly_and_comes_back_by_undo(client: TestClient, store: SqlStore) -> None:
    draft_id, box = begin(client), box_of(store)
    before = units(client, draft_id, box)
    grids = store.table(DEMO, Grids).frame.set_index("code")
    block, source, to = neighbour(before, grids)
    answer = assign(client, draft_id, 0, to, [block])
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert {source, to} <= set(told["changed"])
    assert (told["added"], told["removed"]) == ([], [])
    grown = told["measures"][to]["area_m2"] - told["base"][to]["area_m2"]
    lost = told["base"][source]["area_m2"] - told["measures"][source]["area_m2"]
    assert grown == pytest.approx(lost, abs=0.05)
    after = units(client, draft_id, box)
    assert after.loc[block, "grid"] == to
    assert (after.drop(block)["grid"] == before.drop(block)["grid"]).all()
    assert client.post(f"/api/drafts/{draft_id}/undo", json={"revision": 1}).status_code == 200
    assert (units(client, draft_id, box)["grid"] == before["grid"]).all()
    assert client.get(f"/api/drafts/{draft_id}").json()["changed"] == []


def test_blocks_that_may_not_move_are_left_out_or_refused(client: TestClient, store: SqlStore) -> None:
    draft_id, box = begin(client), box_of(store)
    found = units(client, draft_id, box)
    grids = store.table(DEMO, Grids).frame.set_index("code")
    block, source, to = neighbour(found, grids)
    own = str(found.index[found["grid"] == to][0])
    far = str(found.index[found["grid"].map(grids["parent_code"]) != grids.loc[to, "parent_code"]][0])
    for codes, locked in (([block], [source]), ([own], []), ([far], [])):
        answer = assign(client, draft_id, 0, to, codes, locked=locked)
        assert answer.status_code == 422, answer.text
        assert to in answer.json()["detail_zh"]
    missing = assign(client, draft_id, 0, to, [block, "nowhere"])
    assert missing.status_code == 404
    assert missing.json()["rows"] == ["nowhere"]
    assert client.get(f"/api/drafts/{draft_id}").json()["revision"] == 0
    # The stroke went over a border of the community: what lies beyond stays as it is.
    answer = assign(client, draft_id, 0, to, [block, far, own])
    assert answer.status_code == 200, answer.text
    assert units(client, draft_id, box).loc[far, "grid"] == found.loc[far, "grid"]


def test_a_stroke_that_tears_a_grid_is_refused(client: TestClient, store: SqlStore) -> None:
    draft_id, box = begin(client), box_of(store)
    found = units(client, draft_id, box)
    _block, source, to = neighbour(found, store.table(DEMO, Grids).frame.set_index("code"))
    whole = [str(code) for code in found.index[found["grid"] == source]]
    answer = assign(client, draft_id, 0, to, whole)
    assert answer.status_code == 422
    assert source in answer.json()["rows"]


def test_too_many_blocks_in_view_are_refused(
    client: TestClient, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_blocks, "MAX_BLOCKS", 10)
    draft_id = begin(client)
    answer = client.get(f"/api/drafts/{draft_id}/units", params={"bbox": box_of(store)})
    assert answer.status_code == 413
    assert client.get(f"/api/drafts/{draft_id}/units").status_code == 422


def test_blocks_come_and_go_as_files_features_and_tiles(client: TestClient, store: SqlStore) -> None:
    made = client.get("/api/export/blocks?f=geojson")
    assert made.status_code == 200
    before = store.table(DEMO, Blocks)
    told = client.post("/api/import/blocks?frame=WGS84", files={"file": ("blocks.geojson", made.content)})
    assert told.status_code == 200, told.text
    assert told.json()["kept"] == len(before)
    back = store.table(DEMO, Blocks)
    assert back.keys == before.keys
    assert shapely.equals_identical(back.frame.geometry.array, before.frame.geometry.array).all()
    page = client.get("/api/collections/blocks/items?limit=3").json()
    assert (page["numberReturned"], page["numberMatched"]) == (3, len(before))
    x, y = _tile_of(before.frame.geometry.iloc[0].centroid, 15)
    tile = client.get(f"/api/collections/blocks/tiles/WebMercatorQuad/15/{y}/{x}")
    assert (tile.status_code, len(tile.content) > 100) == (200, True)


def _tile_of(place: shapely.Point, zoom: int) -> tuple[int, int]:
    import math

    n = 2**zoom
    lat = math.radians(place.y)
    return int((place.x + 180) / 360 * n), int((1 - math.asinh(math.tan(lat)) / math.pi) / 2 * n)
