"""A draft over HTTP: edited, undone, carried over a restart, refused where it must be, compared, published."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.deps import _principal
from api.jobs.runner import JobRunner
from api.services.workspace import Workspace
from api.settings import Settings
from geo.grids.locate import AreaIndex
from geo.store.port import DEMO, Principal
from geo.store.sql import SqlStore
from geo.tables.grids import Grids

ANN = Principal(account="ann", roles=frozenset({"read", "edit"}))
BEA = Principal(account="bea", roles=frozenset({"read", "edit", "review", "publish"}))


class Desk:
    """A running installation, opened again and again over one folder, for any account."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.open()

    def open(self) -> None:
        settings = Settings(home=self.home)
        self.store = SqlStore.open(settings.database)
        self.workspace = Workspace(settings, self.store)

    def restart(self) -> None:
        self.store.close()
        self.open()

    def as_(self, principal: Principal = DEMO) -> TestClient:
        app = create_app(self.workspace.settings, self.store, warm_up=False)
        app.state.workspace = self.workspace
        app.state.jobs = JobRunner(self.store)
        app.dependency_overrides[_principal] = lambda: principal
        return TestClient(app)


@pytest.fixture
def desk(demo_home: Path, tmp_path: Path) -> Iterator[Desk]:
    """Return an installation of its own."""
    shutil.copytree(demo_home, tmp_path / "home")
    made = Desk(tmp_path / "home")
    yield made
    made.store.close()


def begin(client: TestClient, name: str = "试划") -> str:
    answer = client.post("/api/drafts", json={"name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["draft_id"])


def view(client: TestClient, draft_id: str) -> dict[str, Any]:
    west, south, east, north = client.get("/api/collections/grids").json()["extent"]["spatial"]["bbox"][0]
    answer = client.get(f"/api/drafts/{draft_id}/topology", params={"bbox": f"{west},{south},{east},{north}"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def lines(topology: dict[str, Any]) -> list[np.ndarray]:
    return [np.cumsum(np.array(arc), axis=0) for arc in topology["arcs"]]


def users(topology: dict[str, Any]) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in topology["arcs"]]
    for grid in topology["objects"]["grids"]["geometries"]:
        polygons = [grid["arcs"]] if grid["type"] == "Polygon" else grid["arcs"]
        for ref in (ref for polygon in polygons for ring in polygon for ref in ring):
            found[ref if ref >= 0 else ~ref].append(grid["id"])
    return found


def nudge(seen: dict[str, Any], which: int = 0, by: int = 40) -> tuple[dict[str, Any], list[str]]:
    """Return an edit that moves the middle of a free line, and the grids beside it."""
    topology = seen["topology"]
    free = [i for i, arc in enumerate(topology["arcs"]) if not topology["locked"][i] and len(arc) >= 3]
    i = free[which]
    line = lines(topology)[i].copy()
    line[len(line) // 2, 0] += by
    operation = {"kind": "replace_arcs", "arcs": [{"id": topology["arc_ids"][i], "coords": line.tolist()}]}
    return operation, sorted(users(topology)[i])


def edit(client: TestClient, draft_id: str, revision: int, operation: dict[str, Any]) -> Any:
    return client.post(f"/api/drafts/{draft_id}/operations", json={"revision": revision, "operation": operation})


def shapes_of(desk: Desk, draft_id: str, seen: dict[str, Any]) -> dict[str, shapely.Polygon]:
    topology = seen["topology"]
    arcs = lines(topology)
    made = {}
    for grid in topology["objects"]["grids"]["geometries"]:
        if grid["type"] == "Polygon":
            rings = [
                np.vstack([(arcs[r] if r >= 0 else arcs[~r][::-1])[:-1] for r in ring]) / 1e7 for ring in grid["arcs"]
            ]
            made[grid["id"]] = shapely.Polygon(rings[0], rings[1:])
    return made


def test_an_edit_answers_exactly_what_changed_and_the_live_grids_stay(desk: Desk) -> None:
    client = desk.as_()
    version = desk.store.version("grids")
    draft_id = begin(client)
    seen = view(client, draft_id)
    operation, beside = nudge(seen)
    answer = edit(client, draft_id, 0, operation)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["changed"] == beside
    assert (body["added"], body["removed"], body["revision"]) == ([], [], 1)
    assert {code for code, figures in body["measures"].items() if figures["changed"]} == set(beside)
    moved = [body["measures"][c]["area_m2"] - body["base"][c]["area_m2"] for c in beside]
    assert moved[0] != 0
    assert abs(sum(moved)) < 0.02
    assert client.get(f"/api/drafts/{draft_id}").json()["changed"] == beside
    assert desk.store.version("grids") == version


def test_calls_are_counted_as_the_index_of_all_grids_counts_them(desk: Desk) -> None:
    client = desk.as_()
    draft_id = begin(client)
    seen = view(client, draft_id)
    shapes = shapes_of(desk, draft_id, seen)
    code = max(seen["measures"], key=lambda c: seen["measures"][c]["calls"] if c in shapes else -1)
    west, _south, east, _north = shapes[code].bounds
    middle = shapes[code].representative_point().y
    cut = {"kind": "split_by_line", "code": code, "line": [[west - 1e-4, middle], [east + 1e-4, middle]]}
    answer = edit(client, draft_id, 0, cut)
    assert answer.status_code == 200, answer.text
    assert answer.json()["added"]
    after = view(client, draft_id)["measures"]
    drawn = desk.workspace.drawings.held(_paper(desk, draft_id))
    assert drawn is not None
    index = AreaIndex.of(drawn.coverage.grids)
    rows = index.rows(drawn.figures.counted.lonlat)
    counted = dict(zip(index.codes, np.bincount(rows[rows >= 0], minlength=len(index.codes)).tolist(), strict=True))
    assert {c: f["calls"] for c, f in after.items()} == counted
    assert seen["basis"]["n"] == len(rows)


def _paper(desk: Desk, draft_id: str) -> Any:
    from api.services.draft_papers import read

    return read(desk.store, DEMO, draft_id)


def test_twenty_edits_are_undone_one_by_one_and_made_again_after_a_restart(desk: Desk) -> None:
    client = desk.as_()
    draft_id = begin(client)
    first = view(client, draft_id)
    states = [first["topology"]["arcs"]]
    for k in range(22):
        operation, _ = nudge(view(client, draft_id), which=k % 7, by=10 + k)
        assert edit(client, draft_id, k, operation).status_code == 200
        states.append(view(client, draft_id)["topology"]["arcs"])
    desk.restart()
    client = desk.as_()
    again = view(client, draft_id)
    assert again["topology"]["arcs"] == states[-1]
    assert again["can_undo"]
    for back in range(22):
        answer = client.post(f"/api/drafts/{draft_id}/undo", json={"revision": 22 + back})
        assert answer.status_code == 200, answer.text
        assert view(client, draft_id)["topology"]["arcs"] == states[-2 - back]
    assert client.get(f"/api/drafts/{draft_id}").json()["changed"] == []
    assert client.post(f"/api/drafts/{draft_id}/undo", json={"revision": 44}).status_code == 422
    for forth in range(22):
        assert client.post(f"/api/drafts/{draft_id}/redo", json={"revision": 44 + forth}).status_code == 200
    assert view(client, draft_id)["topology"]["arcs"] == states[-1]


def test_splitting_undoing_and_splitting_again_gives_the_same_arcs_after_a_restart(desk: Desk) -> None:
    client = desk.as_()
    draft_id = begin(client)
    shapes = shapes_of(desk, draft_id, view(client, draft_id))
    code, shape = max(shapes.items(), key=lambda item: item[1].area)
    west, _, east, _ = shape.bounds
    middle = shape.representative_point().y
    cut = {"kind": "split_by_line", "code": code, "line": [[west - 1e-4, middle], [east + 1e-4, middle]]}
    assert edit(client, draft_id, 0, cut).status_code == 200
    client.post(f"/api/drafts/{draft_id}/undo", json={"revision": 1})
    again = edit(client, draft_id, 2, cut)
    new = again.json()["added"][0]
    assert new[:12] == code[:12]
    merged = edit(client, draft_id, 3, {"kind": "merge", "codes": [code, *again.json()["added"]], "keep": code})
    assert merged.status_code == 200, merged.text
    assert merged.json()["removed"] == again.json()["added"]
    before = view(client, draft_id)
    desk.restart()
    after = view(desk.as_(), draft_id)
    assert after["topology"] == before["topology"]
    assert after["measures"] == before["measures"]


def test_who_saw_an_older_revision_is_told_who_was_faster(desk: Desk) -> None:
    ann, bea = desk.as_(ANN), desk.as_(BEA)
    draft_id = begin(ann)
    seen = view(bea, draft_id)
    operation, beside = nudge(seen)
    assert edit(ann, draft_id, 0, operation).status_code == 200
    late = edit(bea, draft_id, 0, nudge(seen, 1)[0])
    assert late.status_code == 409
    assert "ann" in late.json()["detail_en"]
    assert late.json()["rows"] == beside
    assert bea.get(f"/api/drafts/{draft_id}").json()["revision"] == 1


def test_another_process_that_was_faster_is_noticed(desk: Desk) -> None:
    one = desk.as_()
    draft_id = begin(one)
    seen = view(one, draft_id)
    other = Desk.__new__(Desk)
    other.home = desk.home
    other.open()
    try:
        assert edit(other.as_(), draft_id, 0, nudge(seen)[0]).status_code == 200
        assert edit(one, draft_id, 0, nudge(seen, 1)[0]).status_code == 409
        assert view(one, draft_id)["revision"] == 1
        assert edit(one, draft_id, 1, nudge(seen, 1)[0]).status_code == 200
    finally:
        other.store.close()


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        ({"kind": "merge", "codes": ["nowhere", "neither"]}, "nowhere"),
        ({"kind": "split_by_line", "code": "{first}", "line": [[0, 0], [0, 1]]}, "{first}"),
        ({"kind": "replace_arcs", "arcs": [{"id": 999_999, "coords": [[0, 0], [1, 1]]}]}, "999999"),
        ({"kind": "transfer", "to": "{first}", "ring": [[0, 0], [0, 0.001], [0.001, 0]]}, "{first}"),
        ({"kind": "dance"}, "dance"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_nothing_is_kept(
    desk: Desk, operation: dict[str, Any], word: str
) -> None:
    client = desk.as_()
    draft_id = begin(client)
    first = min(view(client, draft_id)["measures"])
    said = {key: first if value == "{first}" else value for key, value in operation.items()}
    answer = edit(client, draft_id, 0, said)
    assert answer.status_code in (404, 422), answer.text
    assert word.replace("{first}", first) in answer.json()["detail_en"]
    assert client.get(f"/api/drafts/{draft_id}").json()["revision"] == 0


def test_a_crossing_names_the_grids(desk: Desk) -> None:
    client = desk.as_()
    draft_id = begin(client)
    operation, beside = nudge(view(client, draft_id), by=300_000)
    answer = edit(client, draft_id, 0, operation)
    assert answer.status_code == 422
    assert answer.json()["code"] == "input.geometry"
    assert set(beside) & set(answer.json()["rows"])


def test_a_brush_stroke_stays_inside_the_community_and_off_locked_grids(desk: Desk) -> None:
    client = desk.as_()
    draft_id = begin(client)
    seen = view(client, draft_id)
    parent = {g["id"]: g["properties"]["parent_code"] for g in seen["topology"]["objects"]["grids"]["geometries"]}
    pair, at = next(
        (both, arc)
        for both, arc, lock in zip(
            users(seen["topology"]), lines(seen["topology"]), seen["topology"]["lock"], strict=True
        )
        if len(both) == 2 and not lock and len(arc) > 3
    )
    to, source = pair
    spot = shapely.Point(at[len(at) // 2] / 1e7)
    ring = shapely.get_coordinates(spot.buffer(0.0012, quad_segs=4)).tolist()
    locked = edit(
        client, draft_id, 0, {"kind": "transfer", "to": to, "ring": ring, "locked": [c for c in parent if c != to]}
    )
    assert locked.status_code == 422
    answer = edit(client, draft_id, 0, {"kind": "transfer", "from": source, "to": to, "ring": ring})
    assert answer.status_code == 200, answer.text
    grown = answer.json()
    assert set(pair) <= set(grown["changed"])
    assert grown["measures"][to]["area_m2"] > grown["base"][to]["area_m2"]
    for code, figures in grown["measures"].items():
        if parent[code] != parent[to]:
            assert abs(figures["area_m2"] - grown["base"][code]["area_m2"]) < 1


def test_a_line_is_laid_along_streets(desk: Desk) -> None:
    client = desk.as_()
    draft_id = begin(client)
    seen = view(client, draft_id)
    topology = seen["topology"]
    kept = []
    for i, arc in enumerate(lines(topology)):
        if topology["locked"][i] or len(arc) < 3:
            continue
        ends = {"from": (arc[0] / 1e7).tolist(), "to": (arc[-1] / 1e7).tolist()}
        answer = edit(
            client, draft_id, len(kept), {"kind": "reshape_along_street", "arc": topology["arc_ids"][i], **ends}
        )
        assert answer.status_code in (200, 404, 422), answer.text
        if answer.status_code == 200:
            kept.append(answer.json())
        if len(kept) == 2:
            break
    assert kept
    graph = desk.workspace.graph()
    streets = shapely.union_all([shapely.LineString(graph.arc_lonlat(a)) for a in range(graph.arcs)])
    paper = _paper(desk, draft_id)
    for stroke in paper.strokes:
        inner = np.array(stroke.operation.line) / 1e7
        assert all(streets.distance(shapely.Point(xy)) < 2e-7 for xy in inner)


def test_a_draft_is_compared_submitted_returned_reviewed_published_and_read_back(desk: Desk, tmp_path: Path) -> None:
    ann, bea = desk.as_(ANN), desk.as_(BEA)
    draft_id = begin(ann, "东关片区调整")
    shapes = shapes_of(desk, draft_id, view(ann, draft_id))
    code, shape = max(shapes.items(), key=lambda item: item[1].area)
    middle = shape.representative_point().y
    cut = {
        "kind": "split_by_line",
        "code": code,
        "line": [[shape.bounds[0] - 1e-4, middle], [shape.bounds[2] + 1e-4, middle]],
    }
    new = edit(ann, draft_id, 0, cut).json()["added"][0]
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
    assert edit(ann, draft_id, 1, cut).status_code == 409
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


def _sent(client: TestClient, draft_id: str, **last: Any) -> Any:
    for step in ("submit", "review"):
        assert client.post(f"/api/drafts/{draft_id}/steps", json={"step": step}).status_code == 200
    return client.post(f"/api/drafts/{draft_id}/steps", json={"step": "publish", **last})


def test_two_drafts_on_other_grids_are_both_published_and_on_the_same_grids_the_second_is_told_who(desk: Desk) -> None:
    client = desk.as_()
    drafts = [begin(client, name) for name in ("甲", "乙", "丙")]
    seen = view(client, drafts[0])
    one, beside = nudge(seen, 0)
    other = next(made for made, codes in (nudge(seen, k) for k in range(1, 12)) if not set(codes) & set(beside))
    for draft_id, operation in zip(drafts, (one, other, nudge(seen, 0, by=-30)[0]), strict=True):
        assert edit(client, draft_id, 0, operation).status_code == 200
    assert _sent(client, drafts[0]).status_code == 200
    assert _sent(client, drafts[1]).status_code == 200
    refused = _sent(client, drafts[2])
    assert refused.status_code == 409
    assert refused.json()["rows"] == beside
    assert "demo" in refused.json()["detail_zh"]
    kept = client.get(f"/api/drafts/{drafts[2]}").json()
    assert (kept["state"], kept["operations"]) == ("approved", 1)


def test_a_direct_save_becomes_an_edition_before_the_next_draft_and_conflicts_are_named(desk: Desk) -> None:
    client = desk.as_()
    draft_id = begin(client)
    seen = view(client, draft_id)
    operation, beside = nudge(seen)
    assert edit(client, draft_id, 0, operation).status_code == 200
    west, south, east, north = client.get("/api/collections/grids").json()["extent"]["spatial"]["bbox"][0]
    area = client.get("/api/grids/topology", params={"bbox": f"{west},{south},{east},{north}"}).json()
    direct = {"seen_version": area["version"], "edition": area["edition"], "arcs": nudge(seen, 0, by=-20)[0]["arcs"]}
    assert client.post("/api/grids/arcs", json=direct).status_code == 200
    refused = _sent(client, draft_id)
    assert refused.status_code == 409
    assert refused.json()["rows"] == beside
    begin(client, "其后")
    assert [e["grids"] for e in client.get("/api/editions").json()["editions"]][:1] == [
        len(desk.store.table(DEMO, Grids))
    ]


def test_an_edition_of_a_later_day_waits_and_takes_effect_on_it(desk: Desk) -> None:
    from datetime import timedelta

    from api.clock import FixedClock

    now = desk.workspace.clock.now()
    desk.workspace.clock = FixedClock(now)
    client = desk.as_()
    draft_id = begin(client)
    operation, beside = nudge(view(client, draft_id))
    edit(client, draft_id, 0, operation)
    before = desk.store.table(DEMO, Grids)
    day = (now + timedelta(days=3)).astimezone(desk.workspace.zone).date()
    published = _sent(client, draft_id, valid_from=str(day))
    assert published.status_code == 200, published.text
    assert not client.get("/api/editions").json()["editions"][0]["in_force"]
    assert desk.store.table(DEMO, Grids).frame.geometry.equals(before.frame.geometry)
    desk.workspace.clock = FixedClock(now + timedelta(days=3))
    assert client.get("/api/editions").json()["editions"][0]["in_force"]
    after = desk.store.table(DEMO, Grids).frame
    moved = after.geometry.to_wkb() != before.frame.geometry.to_wkb()
    assert sorted(after["code"][moved]) == beside


def test_an_account_of_an_area_edits_and_sees_only_that(desk: Desk) -> None:
    begin(desk.as_())
    code = min(desk.store.table(DEMO, Grids).keys)
    street = Principal(account="street", roles=frozenset({"read", "edit"}), scopes=(code[:9],))
    client = desk.as_(street)
    assert client.get("/api/drafts").json()["drafts"] == []
    draft_id = begin(client)
    seen = view(client, draft_id)
    assert seen["measures"]
    assert all(grid.startswith(code[:9]) for grid in seen["measures"])
    assert edit(client, draft_id, 0, nudge(seen)[0]).status_code == 200


def test_a_withdrawn_draft_stays_readable_and_is_not_edited(desk: Desk) -> None:
    client = desk.as_()
    draft_id = begin(client)
    operation, _ = nudge(view(client, draft_id))
    edit(client, draft_id, 0, operation)
    assert client.delete(f"/api/drafts/{draft_id}").json()["state"] == "withdrawn"
    assert edit(client, draft_id, 1, operation).status_code == 409
    kept = client.get(f"/api/drafts/{draft_id}").json()
    assert (kept["operations"], kept["may"]) == (1, [])
    assert client.get("/api/drafts/none").status_code == 404
