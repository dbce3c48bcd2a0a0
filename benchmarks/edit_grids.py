"""Drag, split, merge and paint on 2,000 and 10,000 grids, and save what changed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import orjson
import shapely

from benchmarks import draft_round_trip
from benchmarks.drag_in_browser import measured
from benchmarks.grid_layers import STEP, tessellation
from benchmarks.harness import Options, Row, duration, timed, within
from geo.errors import GeometryError
from geo.grids.applied import Applied
from geo.grids.edit import MoveVertex
from geo.grids.join import MergeGrids
from geo.grids.operations import AnyOperation
from geo.grids.split import SplitByLine
from geo.grids.topology import Coverage
from geo.grids.transfer import AssignUnits, UnitShape
from geo.store.port import DEMO
from geo.store.sql import SqlStore

SIZES: Final = ((40, 50), (100, 100))
_OPENED: Final = 300


def rows(options: Options) -> list[Row]:
    """Measure edits of every kind; nothing known does the same, so there are limits and no peers."""
    found: list[Row] = []
    for high, wide in SIZES:
        found += _of_size(high, wide, sample=options.sample or 400, seed=options.seed)
    return found + draft_round_trip.rows(*SIZES[-1], edits=(options.sample or 400) // 5, seed=options.seed)


def _of_size(high: int, wide: int, *, sample: int, seed: int) -> list[Row]:
    grids = tessellation(high, wide, seed=seed)
    what = f"{len(grids):,} grids"
    seconds, coverage = timed(lambda: Coverage.of(grids))
    found = [within(f"{what}: cut into shared arcs ({len(coverage.cut.arcs):,})", ours=seconds)]
    bounds = _view(coverage)
    seconds, _ = timed(lambda: orjson.dumps(coverage.topojson(bounds)))
    found.append(within(f"{what}: open an area of {_OPENED} as TopoJSON", ours=seconds, at_most=0.5))
    rng = np.random.default_rng(seed)
    for name, draw in (("a vertex", _vertex), ("a node", _node)):
        found += _tail(f"{what}: {name} moved and checked", _moves(coverage, draw, rng, sample))
    for title, make in (("split by a line", _split), ("two grids merged", _merge), ("a block painted", _paint)):
        times, made = _edits(coverage, make, rng, max(20, sample // 10))
        found += _tail(f"{what}: {title}", times, at_most=0.1)
        undo = [timed(lambda done=done: done.inverse.apply(done.coverage))[0] for done in made]  # type: ignore[misc]
        found += _tail(f"{what}: {title}, undone", undo, at_most=0.1)
    found += _tail(f"{what}: a moved node saved (SQLite, synced)", _saves(coverage, rng, 30), at_most=0.1)
    return found + measured(grids, seed=seed)


def _tail(what: str, times: Sequence[float], *, at_most: float = 0.008) -> list[Row]:
    """Return one row: the median in words, the 99th percentile against the limit."""
    last = float(np.percentile(times, 99))
    return [
        Row(
            what=f"{what} ({len(times)} times)",
            ours=f"median {duration(float(np.median(times)))}, p99 {duration(last)}",
            goal=f"p99 < {duration(at_most)}",
            met=last < at_most,
        )
    ]


def _view(coverage: Coverage) -> tuple[float, float, float, float]:
    """Return a view that about ``_OPENED`` grids meet."""
    west, south, _, _ = shapely.total_bounds(coverage.shapes)
    reach = (np.sqrt(_OPENED) - 1) * STEP / 1e7
    return float(west), float(south), float(west + reach), float(south + reach)


def _free(coverage: Coverage, rng: np.random.Generator) -> int:
    return int(rng.choice(np.flatnonzero(coverage.lock_of_arc == 0)))


def _vertex(coverage: Coverage, rng: np.random.Generator) -> MoveVertex:
    arc = _free(coverage, rng)
    index = int(rng.integers(1, len(coverage.cut.arcs[arc]) - 1))
    x, y = (coverage.cut.arcs[arc][index] + rng.integers(-300, 300, 2)).tolist()
    return MoveVertex(arc=arc, index=index, to=(x, y))


def _node(coverage: Coverage, rng: np.random.Generator) -> MoveVertex:
    while True:
        arc = _free(coverage, rng)
        node = int(coverage.cut.ends[arc, 0])
        if not coverage.lock_of_arc[(coverage.cut.ends == node).any(axis=1)].any():
            x, y = (coverage.cut.node_xy[node] + rng.integers(-300, 300, 2)).tolist()
            return MoveVertex(arc=arc, index=0, to=(x, y))


def _split(coverage: Coverage, rng: np.random.Generator) -> SplitByLine:
    row = int(rng.integers(0, len(coverage.codes)))
    west, south, east, north = (shapely.bounds(coverage.shapes[row]) * 1e7).round().astype(int).tolist()
    y = (south + north) // 2
    return SplitByLine(code=coverage.codes[row], line=((west - 99, y), (east + 99, y + 333)), codes=("new",))


def _merge(coverage: Coverage, rng: np.random.Generator) -> MergeGrids:
    a, b = coverage.cut.users[_free(coverage, rng)].tolist()
    return MergeGrids(codes=(coverage.codes[a], coverage.codes[b]))


def _paint(coverage: Coverage, rng: np.random.Generator) -> AssignUnits:
    arc = _free(coverage, rng)
    to, _ = coverage.cut.users[arc].tolist()
    x, y = coverage.cut.arcs[arc][len(coverage.cut.arcs[arc]) // 2].tolist()
    block = shapely.box(x - STEP // 8, y - STEP // 8, x + STEP // 8, y + STEP // 8)
    return AssignUnits(
        to=coverage.codes[to], units=(UnitShape.of("block", shapely.transform(block, lambda xy: xy / 1e7)),)
    )


def _moves(
    coverage: Coverage,
    draw: Callable[[Coverage, np.random.Generator], MoveVertex],
    rng: np.random.Generator,
    count: int,
) -> list[float]:
    times, _ = _edits(coverage, draw, rng, count, follow=True)
    return times


def _edits(
    coverage: Coverage,
    draw: Callable[[Coverage, np.random.Generator], AnyOperation],
    rng: np.random.Generator,
    count: int,
    *,
    follow: bool = False,
) -> tuple[list[float], list[Applied]]:
    """Return the seconds of edits that were not refused, and what they did; ``follow`` makes each upon the last."""
    times: list[float] = []
    made: list[Applied] = []
    while len(times) < count:
        edit = draw(coverage, rng)
        began = time.perf_counter()
        try:
            done = edit.apply(coverage)
        except GeometryError:
            continue
        times.append(time.perf_counter() - began)
        made.append(done)
        coverage = done.coverage if follow else coverage
    return times, made


def _saves(coverage: Coverage, rng: np.random.Generator, count: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        store = SqlStore.open(Path(folder) / "grids.sqlite")
        try:
            version = store.put_table(DEMO, coverage.grids, source="benchmark")
            times = []
            for _ in range(count):
                done = _edits(coverage, _node, rng, 1)[1][0]
                began = time.perf_counter()
                version = store.update_grids(DEMO, done.changed, seen_version=version, note="benchmark")
                times.append(time.perf_counter() - began)
                coverage = done.coverage
            return times
        finally:
            store.close()
