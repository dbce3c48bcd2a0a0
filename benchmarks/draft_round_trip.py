"""A draft over HTTP, served by a process of its own: opened, edited, split, painted, undone, opened after a restart."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.grid_layers import STEP, tessellation
from benchmarks.harness import Row, duration, within
from geo.grids.arcs import to_degrees
from geo.grids.topology import Coverage
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.tables.calls import Calls
from geo.tables.grids import Grids

CALLS: Final = 50_000
VIEW: Final = 300
ROUND_TRIP_S: Final = 0.1
OPEN_S: Final = 0.5
Json = Any


def rows(high: int, wide: int, *, edits: int, seed: int) -> list[Row]:
    """Return the round trips of a draft on ``high`` times ``wide`` grids, with figures and the write to disk in them."""
    grids = tessellation(high, wide, seed=seed)
    what = f"{len(grids):,} grids, {CALLS:,} calls, over HTTP"
    with tempfile.TemporaryDirectory(prefix="xunge-draft-") as folder:
        home = Path(folder)
        _fill(home, grids, seed=seed)
        with _served(home) as client:
            draft = client.ask("POST", "/api/drafts", {"name": "benchmark"})["draft_id"]
            hand = _Hand(client, draft, grids, seed=seed)
            found = [_opening(hand, f"{what}: open an area of about {VIEW}, the first time", first=True)]
            found.append(_opening(hand, f"{what}: open an area of about {VIEW} again", first=False))
            for name, draw in (("a node moved", hand.node), ("painted", hand.brush), ("split", hand.split)):
                times = [hand.edit(draw) for _ in range(edits)]
                found += _round_trip(f"{what}: {name}", times)
            found += _round_trip(f"{what}: undone", [hand.step("undo") for _ in range(20)])
            found += _round_trip(f"{what}: redone", [hand.step("redo") for _ in range(20)])
        with _served(home) as client:
            hand.client = client
            found.append(_opening(hand, f"{what}: open a draft of {3 * edits} edits after a restart", first=True))
            found += _round_trip(f"{what}: undone after a restart", [hand.step("undo") for _ in range(5)])
    return found


def _opening(hand: _Hand, what: str, *, first: bool) -> Row:
    times = [hand.opened() for _ in range(1 if first else 5)]
    return within(what, ours=float(np.median(times)), at_most=None if first else OPEN_S)


def _round_trip(what: str, times: Sequence[float]) -> list[Row]:
    middle = float(np.median(times))
    told = f"median {duration(middle)}, p95 {duration(float(np.percentile(times, 95)))}"
    goal = f"median < {duration(ROUND_TRIP_S)}"
    return [Row(what=f"{what} ({len(times)} times)", ours=told, goal=goal, met=middle < ROUND_TRIP_S)]


def _fill(home: Path, grids: Grids, *, seed: int) -> None:
    rng = np.random.default_rng(seed + 1)
    west, south, east, north = grids.frame.total_bounds
    places = rng.uniform([west, south], [east, north], (CALLS, 2))
    now = datetime.now(UTC)
    frame = gpd.GeoDataFrame(
        {
            "call_id": [str(k) for k in range(CALLS)],
            "occurred_at": [now - timedelta(days=2, minutes=10 * k) for k in range(CALLS)],
            "family": "盗窃", "valid": True, "placed": True,
        },
        geometry=gpd.points_from_xy(*places.T), crs=4326,
    )  # fmt: skip
    store = SqlStore.open(home / "xunge.sqlite")
    try:
        store.put_table(DEMO, grids, source="benchmark")
        store.put_table(DEMO, Calls.of(frame), source="benchmark")
    finally:
        store.close()


class _Client:
    """One connection that stays open, as a browser's does."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, method: str, path: str, body: Json = None, *, refusable: bool = False) -> Json:
        """Return the answer; None where it was refused and may be."""
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, {"content-type": "application/json"})
        answer = self._connection.getresponse()
        told = answer.read()
        if refusable and answer.status in (409, 422):
            return None
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {told[:300].decode()}")
        return json.loads(told)


@contextmanager
def _served(home: Path) -> Iterator[_Client]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "api.cli", "serve", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                client = _Client(port)
                client.ask("GET", "/api/health")
                break
            except OSError:
                time.sleep(0.2)
        else:
            raise RuntimeError("the server did not start")
        yield client
    finally:
        process.terminate()
        process.wait(30)


class _Hand:
    """Somebody who edits one draft; it knows the coverage as the page does, from the answers."""

    def __init__(self, client: _Client, draft: str, grids: Grids, *, seed: int) -> None:
        self.client = client
        self._draft = draft
        self._rng = np.random.default_rng(seed + 2)
        west, south = grids.frame.total_bounds[:2]
        reach = (np.sqrt(VIEW) - 1) * STEP / 1e7
        self._box = f"{west},{south},{west + reach},{south + reach}"
        self._plain = Coverage.of(grids)
        self._revision = 0
        self.view: Json = None

    def opened(self) -> float:
        began = time.perf_counter()
        self.view = self.client.ask("GET", f"/api/drafts/{self._draft}/topology?bbox={self._box}")
        self._revision = self.view["revision"]
        return time.perf_counter() - began

    def step(self, name: str) -> float:
        began = time.perf_counter()
        self._revision = self.client.ask("POST", f"/api/drafts/{self._draft}/{name}", {"revision": self._revision})[
            "revision"
        ]
        return time.perf_counter() - began

    def edit(self, draw: Any) -> float:
        """Return the seconds of one edit that was not refused; the lines are read again before each."""
        while True:
            self.opened()
            body = {"revision": self._revision, "operation": draw()}
            began = time.perf_counter()
            told = self.client.ask("POST", f"/api/drafts/{self._draft}/operations", body, refusable=True)
            if told is not None:
                self._revision = told["revision"]
                return time.perf_counter() - began

    def _arcs(self) -> list[np.ndarray]:
        return [np.cumsum(np.array(arc), axis=0) for arc in self.view["topology"]["arcs"]]

    def node(self) -> Json:
        arcs, topology = self._arcs(), self.view["topology"]
        while True:
            node = arcs[int(self._rng.integers(len(arcs)))][0]
            meet = [k for k, arc in enumerate(arcs) if (arc[0] == node).all() or (arc[-1] == node).all()]
            if len(meet) >= 3 and not any(topology["locked"][k] for k in meet):
                break
        to = node + self._rng.integers(-300, 300, 2)
        moved = []
        for k in meet:
            line = arcs[k].copy()
            line[(arcs[k] == node).all(axis=1)] = to
            moved.append({"id": topology["arc_ids"][k], "coords": line.tolist()})
        return {"kind": "replace_arcs", "arcs": moved}

    def brush(self) -> Json:
        arcs, topology = self._arcs(), self.view["topology"]
        geometries = topology["objects"]["grids"]["geometries"]
        own = geometries[int(self._rng.integers(len(geometries)))]
        rings = own["arcs"] if own["type"] == "Polygon" else own["arcs"][0]
        refs = [ref if ref >= 0 else ~ref for ref in rings[0]]
        free = [ref for ref in refs if not topology["locked"][ref]]
        if not free:
            return self.brush()
        line = arcs[free[int(self._rng.integers(len(free)))]]
        spot = to_degrees(line[len(line) // 2])
        turn = np.linspace(0, 2 * np.pi, 40)[:-1]
        ring = spot + STEP / 1e7 / 7 * np.column_stack([np.cos(turn), np.sin(turn)])
        return {"kind": "transfer", "to": own["id"], "ring": ring.tolist()}

    def split(self) -> Json:
        geometries = self.view["topology"]["objects"]["grids"]["geometries"]
        known = [one["id"] for one in geometries if one["id"] in self._plain.row_of]
        code = known[int(self._rng.integers(len(known)))]
        west, south, east, north = shapely.bounds(self._plain.shapes[self._plain.row_of[code]]).tolist()
        middle = (south + north) / 2
        return {"kind": "split_by_line", "code": code, "line": [[west - 1e-5, middle], [east + 1e-5, middle + 3e-5]]}
