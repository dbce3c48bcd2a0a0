"""The page 网格调整 in headless Chromium: nodes dragged by the pointer, areas opened, saves, panning."""

from __future__ import annotations

import importlib.util
import math
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import shapely

from api.settings import Settings
from benchmarks.harness import Row, duration
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.tables.calls import Calls
from geo.tables.grids import Grids

DRAGS: Final = 20
MOVES: Final = 60
CALLS: Final = 20_000
SCREEN: Final[Any] = {"width": 1680, "height": 945}
ZOOM: Final = 15
"""At which a view of this screen holds about 300 grids of the made-up layer."""
FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]  # fmt: skip

# From the moment at which the browser hands over a move of the pointer until the last listener has seen it.
WATCH = """(() => {
  window.taken = [];
  window.frames = [];
  let began = 0;
  window.addEventListener('mousemove', () => { began = performance.now(); }, true);
  window.addEventListener('mousemove', () => { window.taken.push(performance.now() - began); });
  let last = performance.now();
  const tick = (now) => { window.frames.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
})()"""
# The free nodes nearest to the middle of the view, each of another grid, in pixels of the screen.
NODES = """(n) => {
  const e = window.xungeEditor, m = window.map_main, c = m.getCenter(), box = m.getContainer().getBoundingClientRect(), found = [];
  e.arcs.grids.forEach((g, i) => {
    for (const v of e.arcs.handles(i)) {
      if (!v.free || !v.node) continue;
      const at = L.latLng(e.arcs.degrees(v.p)), q = m.latLngToContainerPoint(at);
      found.push({i, far: m.distance(at, c), x: box.x + q.x, y: box.y + q.y, key: v.p.join()});
    }
  });
  const seen = new Set();
  return found.sort((a, b) => a.far - b.far).filter((v) => !seen.has(v.key) && seen.add(v.key)).slice(0, n);
}"""
SELECT = "(i) => { window.xungeEditor.select(i); }"
OPEN = """async () => {
  const began = performance.now();
  document.querySelector('#edit').click();
  while (!window.xungeEditor) await new Promise((done) => setTimeout(done, 2));
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""
SAVED = """async () => {
  const began = performance.now();
  while (document.querySelector('#changes')?.hasAttribute('aria-busy') ?? true) await new Promise((done) => setTimeout(done, 2));
  return performance.now() - began;
}"""


def measured(grids: Grids, *, seed: int) -> list[Row]:
    """Measure the page on a layer of grids; one row says so where Chromium or its driver is not there."""
    what = f"{len(grids):,} grids in Chromium"
    chromium = shutil.which("chromium")
    if chromium is None or importlib.util.find_spec("playwright") is None:
        return [Row(what=what, ours=None, peer="Chromium or playwright is not installed: the page was not measured")]
    with tempfile.TemporaryDirectory(prefix="xunge-drag-") as folder:
        _fill(Path(folder), grids, seed=seed)
        with _served(Path(folder)) as base:
            return _in_browser(what, chromium, base, grids)


def _fill(home: Path, grids: Grids, *, seed: int) -> None:
    """Put the grids and made-up calls into a new home."""
    subprocess.run(
        [sys.executable, "-m", "api.cli", "init", "--home", str(home)], check=True, stdout=subprocess.DEVNULL
    )
    west, south, east, north = grids.frame.total_bounds
    rng = np.random.default_rng(seed)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    frame = gpd.GeoDataFrame(
        {
            "call_id": [f"{k:06d}" for k in range(CALLS)],
            "occurred_at": [start + timedelta(minutes=int(m)) for m in rng.integers(0, 500_000, CALLS)],
            "family": "dispute",
            "valid": True,
            "placed": True,
        },
        geometry=shapely.points(rng.uniform(west, east, CALLS), rng.uniform(south, north, CALLS)),
        crs=4326,
    )
    store = SqlStore.open(Settings(home=home).database)
    try:
        store.put_table(DEMO, grids, source="benchmark")
        store.put_table(DEMO, Calls.of(frame), source="benchmark")
    finally:
        store.close()


@contextmanager
def _served(home: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "api.cli", "serve", "--home", str(home), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{base}/api/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield base
    finally:
        server.terminate()
        server.wait(20)


def _in_browser(what: str, chromium: str, base: str, grids: Grids) -> list[Row]:
    from playwright.sync_api import sync_playwright

    west, south, east, north = grids.frame.total_bounds
    middle = ((south + north) / 2, (west + east) / 2)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            page = browser.new_page(viewport=SCREEN)
            _visit(page, f"{base}/grids?lang=en")
            panned = _panned(page)
            _visit(page, f"{base}/grids?lang=en&v={ZOOM}/{middle[0]:.5f}/{middle[1]:.5f}&draft={_draft(base)}")
            page.wait_for_function("() => Boolean(window.xungeEditor)")
            page.wait_for_timeout(1500)
            opened, count = _opened(page)
            taken, frames, saved = _dragged(page)
        finally:
            browser.close()
    rate = 1000 * len(panned) / sum(panned)
    return [
        Row(what=f"{what}: panned by the pointer, {len(panned)} frames", ours=f"{rate:.0f} frames/s, longest {max(panned):.0f} ms",
            goal=">= 30 frames/s", met=rate >= 30),
        _tail(f"{what}: area of {count} opened until painted", opened, at_most=0.5),
        _tail(f"{what}: node dragged, handler of one move with the live panel", taken, at_most=0.008, median=0.001),
        Row(what=f"{what}: frames while dragging", ours=f"{1000 * len(frames) / sum(frames):.0f} frames/s"),
        _tail(f"{what}: let go, until the server's figures stand in the panel", saved, at_most=0.1),
    ]  # fmt: skip


def _visit(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_function("() => document.documentElement.dataset.ready === '1'")
    page.wait_for_timeout(1200)
    page.evaluate(WATCH)


def _draft(base: str) -> str:
    asked = urllib.request.Request(
        f"{base}/api/drafts", data=b'{"name": "drag"}', headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return str(orjson.loads(answer.read())["draft_id"])


def _panned(page: Any) -> list[float]:
    """Drag the map about with the pointer; milliseconds between frames."""
    box = page.locator("#map_main").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("window.frames.length = 0")
    for k in range(180):
        page.mouse.move(x + 150 * math.sin(k / 14), y + 90 * math.sin(k / 9))
    frames = page.evaluate("window.frames")
    page.mouse.up()
    return [float(ms) for ms in frames]


def _opened(page: Any) -> tuple[list[float], int]:
    times = []
    for _ in range(6):
        page.click("#edit")
        page.wait_for_timeout(600)
        times.append(float(page.evaluate(OPEN)))
        page.wait_for_timeout(600)
    return times, int(page.evaluate("window.xungeEditor.arcs.grids.length"))


def _dragged(page: Any) -> tuple[list[float], list[float], list[float]]:
    """Drag nodes; milliseconds of each move, between frames, and from letting go to the figures."""
    taken: list[float] = []
    frames: list[float] = []
    saved: list[float] = []
    for number, node in enumerate(page.evaluate(NODES, DRAGS + 1)):
        page.evaluate(SELECT, node["i"])
        page.wait_for_timeout(60)
        x, y = node["x"], node["y"]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 1, y + 1)
        page.evaluate("window.taken.length = window.frames.length = 0")
        for k in range(1, MOVES + 1):
            page.mouse.move(x + 3 * math.cos(k / 7), y + 3 * math.sin(k / 5))
        taken += page.evaluate("window.taken")
        frames += page.evaluate("window.frames")
        page.mouse.up()
        saved.append(float(page.evaluate(SAVED)))
        if number == 0:  # the first of a session finds everything cold
            for times in (taken, frames, saved):
                times.clear()
        page.wait_for_timeout(250)
    return taken, frames, saved


def _tail(what: str, milliseconds: Sequence[float], *, at_most: float, median: float | None = None) -> Row:
    """Return one row: median and 99th percentile against their limits."""
    half, last = float(np.median(milliseconds)) / 1e3, float(np.percentile(milliseconds, 99)) / 1e3
    goal = f"p99 < {duration(at_most)}" if median is None else f"median < {duration(median)}, p99 < {duration(at_most)}"
    return Row(
        what=f"{what} ({len(milliseconds)} times)",
        ours=f"median {duration(half)}, p99 {duration(last)}",
        goal=goal,
        met=last < at_most and (median is None or half < median),
    )
