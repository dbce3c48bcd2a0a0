"""Edits of a draft over HTTP: what changed is answered, undone byte for byte, carried over a restart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely

from geo.grids.locate import AreaIndex


def test_an_edit_answers_exactly_what_changed_and_the_live_grids_stay(desk: Any) -> None:
    client = desk.as_()
    version = desk.store.version("grids")
    draft_id = client.begin()
    seen = client.view(draft_id)
    operation, beside = desk.nudge(seen)
    answer = client.edit(draft_id, 0, operation)
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


def test_calls_are_counted_as_the_index_of_all_grids_counts_them(desk: Any) -> None:
    client = desk.as_()
    draft_id = client.begin()
    seen = client.view(draft_id)
    shapes = desk.shapes(seen)
    code = max(seen["measures"], key=lambda c: seen["measures"][c]["calls"] if c in shapes else -1)
    west, _south, east, _north = shapes[code].bounds
    middle = shapes[code].representative_point().y
    cut = {"kind": "split_by_line", "code": code, "line": [[west - 1e-4, middle], [east + 1e-4, middle]]}
    answer = client.edit(draft_id, 0, cut)
    assert answer.status_code == 200, answer.text
    assert answer.json()["added"]
    after = client.view(draft_id)["measures"]
    drawn = desk.workspace.drawings.held(desk.paper(draft_id))
    assert drawn is not None
    index = AreaIndex.of(drawn.coverage.grids)
    rows = index.rows(drawn.figures.counted.lonlat)
    counted = dict(zip(index.codes, np.bincount(rows[rows >= 0], minlength=len(index.codes)).tolist(), strict=True))
    assert {c: f["calls"] for c, f in after.items()} == counted
    assert seen["basis"]["n"] == len(rows)


def test_twenty_edits_are_undone_one_by_one_and_made_again_after_a_restart(desk: Any) -> None:
    client = desk.as_()
    draft_id = client.begin()
    first = client.view(draft_id)
    states = [first["topology"]["arcs"]]
    for k in range(22):
        operation, _ = desk.nudge(client.view(draft_id), which=k % 7, by=10 + k)
        assert client.edit(draft_id, k, operation).status_code == 200
        states.append(client.view(draft_id)["topology"]["arcs"])
    desk.restart()
    client = desk.as_()
    again = client.view(draft_id)
    assert again["topology"]["arcs"] == states[-1]
    assert again["can_undo"]
    for back in range(22):
        answer = client.post(f"/api/drafts/{draft_id}/undo", json={"revision": 22 + back})
        assert answer.status_code == 200, answer.text
        assert client.view(draft_id)["topology"]["arcs"] == states[-2 - back]
    assert client.get(f"/api/drafts/{draft_id}").json()["changed"] == []
    assert client.post(f"/api/drafts/{draft_id}/undo", json={"revision": 44}).status_code == 422
    for forth in range(22):
        assert client.post(f"/api/drafts/{draft_id}/redo", json={"revision": 44 + forth}).status_code == 200
    assert client.view(draft_id)["topology"]["arcs"] == states[-1]


def test_splitting_undoing_and_splitting_again_gives_the_same_arcs_after_a_restart(desk: Any) -> None:
    client = desk.as_()
    draft_id = client.begin()
    shapes = desk.shapes(client.view(draft_id))
    code, shape = max(shapes.items(), key=lambda item: item[1].area)
    west, _, east, _ = shape.bounds
    middle = shape.representative_point().y
    cut = {"kind": "split_by_line", "code": code, "line": [[west - 1e-4, middle], [east + 1e-4, middle]]}
    assert client.edit(draft_id, 0, cut).status_code == 200
    client.post(f"/api/drafts/{draft_id}/undo", json={"revision": 1})
    again = client.edit(draft_id, 2, cut)
    new = again.json()["added"][0]
    assert new[:12] == code[:12]
    merged = client.edit(draft_id, 3, {"kind": "merge", "codes": [code, *again.json()["added"]], "keep": code})
    assert merged.status_code == 200, merged.text
    assert merged.json()["removed"] == again.json()["added"]
    before = client.view(draft_id)
    desk.restart()
    after = desk.as_().view(draft_id)
    assert after["topology"] == before["topology"]
    assert after["measures"] == before["measures"]


def test_who_saw_an_older_revision_is_told_who_was_faster(desk: Any) -> None:
    ann, bea = desk.as_(desk.ANN), desk.as_(desk.BEA)
    draft_id = ann.begin()
    seen = bea.view(draft_id)
    operation, beside = desk.nudge(seen)
    assert ann.edit(draft_id, 0, operation).status_code == 200
    late = bea.edit(draft_id, 0, desk.nudge(seen, 1)[0])
    assert late.status_code == 409
    assert "ann" in late.json()["detail_en"]
    assert late.json()["rows"] == beside
    assert bea.get(f"/api/drafts/{draft_id}").json()["revision"] == 1


def test_another_process_that_was_faster_is_noticed(desk: Any) -> None:
    one = desk.as_()
    draft_id = one.begin()
    seen = one.view(draft_id)
    other = type(desk).__new__(type(desk))
    other.home = desk.home
    other.open()
    try:
        assert other.as_().edit(draft_id, 0, desk.nudge(seen)[0]).status_code == 200
        assert one.edit(draft_id, 0, desk.nudge(seen, 1)[0]).status_code == 409
        assert one.view(draft_id)["revision"] == 1
        assert one.edit(draft_id, 1, desk.nudge(seen, 1)[0]).status_code == 200
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
    desk: Any, operation: dict[str, Any], word: str
) -> None:
    client = desk.as_()
    draft_id = client.begin()
    first = min(client.view(draft_id)["measures"])
    said = {key: first if value == "{first}" else value for key, value in operation.items()}
    answer = client.edit(draft_id, 0, said)
    assert answer.status_code in (404, 422), answer.text
    assert word.replace("{first}", first) in answer.json()["detail_en"]
    assert client.get(f"/api/drafts/{draft_id}").json()["revision"] == 0


def test_a_crossing_names_the_grids(desk: Any) -> None:
    client = desk.as_()
    draft_id = client.begin()
    operation, beside = desk.nudge(client.view(draft_id), by=300_000)
    answer = client.edit(draft_id, 0, operation)
    assert answer.status_code == 422
    assert answer.json()["code"] == "input.geometry"
    assert set(beside) & set(answer.json()["rows"])


def test_a_line_is_laid_along_streets(desk: Any) -> None:
    client = desk.as_()
    draft_id = client.begin()
    seen = client.view(draft_id)
    topology = seen["topology"]
    kept = []
    for i, arc in enumerate(desk.lines(topology)):
        if topology["locked"][i] or len(arc) < 3:
            continue
        ends = {"from": (arc[0] / 1e7).tolist(), "to": (arc[-1] / 1e7).tolist()}
        answer = client.edit(
            draft_id, len(kept), {"kind": "reshape_along_street", "arc": topology["arc_ids"][i], **ends}
        )
        assert answer.status_code in (200, 404, 422), answer.text
        if answer.status_code == 200:
            kept.append(answer.json())
        if len(kept) == 2:
            break
    assert kept
    graph = desk.workspace.graph()
    streets = shapely.union_all([shapely.LineString(graph.arc_lonlat(a)) for a in range(graph.arcs)])
    paper = desk.paper(draft_id)
    for stroke in paper.strokes:
        inner = np.array(stroke.operation.line) / 1e7
        assert all(streets.distance(shapely.Point(xy)) < 2e-7 for xy in inner)
