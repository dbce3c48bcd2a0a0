"""The way of a draft to an edition over HTTP: compared, submitted, returned, reviewed, published, waiting for its day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely

from geo.store.port import DEMO, Principal
from geo.tables.grids import Grids


def test_a_draft_is_compared_submitted_returned_reviewed_published_and_read_back(desk: Any, tmp_path: Path) -> None:
    ann, bea = desk.as_(desk.ANN), desk.as_(desk.BEA)
    draft_id = ann.begin("东关片区调整")
    shapes = desk.shapes(ann.view(draft_id))
    code, shape = max(shapes.items(), key=lambda item: item[1].area)
    middle = shape.representative_point().y
    cut = {
        "kind": "split_by_line",
        "code": code,
        "line": [[shape.bounds[0] - 1e-4, middle], [shape.bounds[2] + 1e-4, middle]],
    }
    new = ann.edit(draft_id, 0, cut).json()["added"][0]
    told = ann.get(f"/api/drafts/{draft_id}/comparison").json()
    kinds = {row["code"]: row["kind"] for row in told["table"]}
    assert (kinds[code], kinds[new]) == ("split", "new")
    calls = told["totals"]["calls"]
    assert calls["before"] == calls["after"]
    pieces = [f for f in told["pieces"]["features"] if f["properties"]["to"] == new]
    piece = max(pieces, key=lambda feature: feature["properties"]["area_m2"])
    assert (piece["properties"]["from"], piece["properties"]["kind"]) == (code, "split")
    assert ann.get(f"/api/drafts/{draft_id}/comparison?f=geojson").json()["type"] == "FeatureCollection"
    sheet = ann.get(f"/api/drafts/{draft_id}/comparison?f=xlsx")
    (tmp_path / "made.xlsx").write_bytes(sheet.content)
    assert new in set(pyogrio.read_dataframe(tmp_path / "made.xlsx")["网格编码"])

    said = ann.post(f"/api/drafts/{draft_id}/comments", json={"text": "沿河为界"})
    assert said.json()["comments"][0]["text"] == "沿河为界"
    assert ann.post(f"/api/drafts/{draft_id}/steps", json={"step": "publish"}).status_code == 409
    assert ann.post(f"/api/drafts/{draft_id}/steps", json={"step": "submit"}).json()["state"] == "submitted"
    assert ann.post(f"/api/drafts/{draft_id}/steps", json={"step": "review"}).status_code == 403
    assert ann.edit(draft_id, 1, cut).status_code == 409
    assert bea.post(f"/api/drafts/{draft_id}/steps", json={"step": "return"}).status_code == 422
    back = bea.post(f"/api/drafts/{draft_id}/steps", json={"step": "return", "reason": "请核对户数"}).json()
    assert (back["state"], back["steps"][-1]["reason"]) == ("returned", "请核对户数")
    for client, step in ((ann, "submit"), (bea, "review"), (bea, "publish")):
        answer = client.post(f"/api/drafts/{draft_id}/steps", json={"step": step})
        assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "published"
    live = bea.get(f"/api/collections/grids/items/{new}")
    assert live.status_code == 200
    assert bea.get(f"/api/collections/grids/items/{code}").json()["geometry"] != shapely.geometry.mapping(shape)
    editions = bea.get("/api/editions").json()["editions"]
    assert [e["version"] for e in editions] == [2, 1]
    assert (editions[0]["by"], editions[0]["operations"], editions[0]["in_force"]) == ("bea", 1, True)
    events = bea.get("/api/editions/2/lineage").json()["events"]
    split = next(event for event in events if event["kind"] == "split")
    assert (split["from"], sorted(split["to"])) == ([code], sorted([code, new]))
    assert sum(split["share_area"][code].values()) == pytest.approx(1, abs=1e-5)


def test_two_drafts_on_other_grids_are_both_published_and_on_the_same_grids_the_second_is_told_who(desk: Any) -> None:
    client = desk.as_()
    drafts = [client.begin(name) for name in ("甲", "乙", "丙")]
    seen = client.view(drafts[0])
    one, beside = desk.nudge(seen, 0)
    other = next(made for made, codes in (desk.nudge(seen, k) for k in range(1, 12)) if not set(codes) & set(beside))
    for draft_id, operation in zip(drafts, (one, other, desk.nudge(seen, 0, by=-30)[0]), strict=True):
        assert client.edit(draft_id, 0, operation).status_code == 200
    assert client.sent(drafts[0]).status_code == 200
    assert client.sent(drafts[1]).status_code == 200
    refused = client.sent(drafts[2])
    assert refused.status_code == 409
    assert refused.json()["rows"] == beside
    assert "demo" in refused.json()["detail_zh"]
    kept = client.get(f"/api/drafts/{drafts[2]}").json()
    assert (kept["state"], kept["operations"]) == ("approved", 1)


def test_a_direct_save_becomes_an_edition_before_the_next_draft_and_conflicts_are_named(desk: Any) -> None:
    client = desk.as_()
    draft_id = client.begin()
    seen = client.view(draft_id)
    operation, beside = desk.nudge(seen)
    assert client.edit(draft_id, 0, operation).status_code == 200
    west, south, east, north = client.get("/api/collections/grids").json()["extent"]["spatial"]["bbox"][0]
    area = client.get("/api/grids/topology", params={"bbox": f"{west},{south},{east},{north}"}).json()
    direct = {
        "seen_version": area["version"],
        "edition": area["edition"],
        "arcs": desk.nudge(seen, 0, by=-20)[0]["arcs"],
    }
    assert client.post("/api/grids/arcs", json=direct).status_code == 200
    refused = client.sent(draft_id)
    assert refused.status_code == 409
    assert refused.json()["rows"] == beside
    client.begin("其后")
    assert [e["grids"] for e in client.get("/api/editions").json()["editions"]][:1] == [
        len(desk.store.table(DEMO, Grids))
    ]


def test_an_edition_of_a_later_day_waits_and_takes_effect_on_it(desk: Any) -> None:
    from datetime import timedelta

    from api.clock import FixedClock

    now = desk.workspace.clock.now()
    desk.workspace.clock = FixedClock(now)
    client = desk.as_()
    draft_id = client.begin()
    operation, beside = desk.nudge(client.view(draft_id))
    client.edit(draft_id, 0, operation)
    before = desk.store.table(DEMO, Grids)
    day = (now + timedelta(days=3)).astimezone(desk.workspace.zone).date()
    published = client.sent(draft_id, valid_from=str(day))
    assert published.status_code == 200, published.text
    assert not client.get("/api/editions").json()["editions"][0]["in_force"]
    assert desk.store.table(DEMO, Grids).frame.geometry.equals(before.frame.geometry)
    desk.workspace.clock = FixedClock(now + timedelta(days=3))
    assert client.get("/api/editions").json()["editions"][0]["in_force"]
    after = desk.store.table(DEMO, Grids).frame
    moved = after.geometry.to_wkb() != before.frame.geometry.to_wkb()
    assert sorted(after["code"][moved]) == beside


def test_an_account_of_an_area_edits_and_sees_only_that(desk: Any) -> None:
    desk.as_().begin()
    code = min(desk.store.table(DEMO, Grids).keys)
    street = Principal(account="street", roles=frozenset({"read", "edit"}), scopes=(code[:9],))
    client = desk.as_(street)
    assert client.get("/api/drafts").json()["drafts"] == []
    draft_id = client.begin()
    seen = client.view(draft_id)
    assert seen["measures"]
    assert all(grid.startswith(code[:9]) for grid in seen["measures"])
    assert client.edit(draft_id, 0, desk.nudge(seen)[0]).status_code == 200


def test_a_withdrawn_draft_stays_readable_and_is_not_edited(desk: Any) -> None:
    client = desk.as_()
    draft_id = client.begin()
    operation, _ = desk.nudge(client.view(draft_id))
    client.edit(draft_id, 0, operation)
    assert client.delete(f"/api/drafts/{draft_id}").json()["state"] == "withdrawn"
    assert client.edit(draft_id, 1, operation).status_code == 409
    kept = client.get(f"/api/drafts/{draft_id}").json()
    assert (kept["operations"], kept["may"]) == (1, [])
    assert client.get("/api/drafts/none").status_code == 404
