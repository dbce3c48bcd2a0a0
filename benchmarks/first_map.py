"""From nothing to the first map: build of the demo city, start of the server, first answers."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.harness import Options, Row

PAGE = "/"
LAYERS = (
    "/api/situation",
    "/api/grids/values",
    "/api/heat/summary?z=13",
    "/api/heat/frames?by=hour",
    "/api/posts/coverage?minutes=3",
)
BUILD_SECONDS = 60.0
LAYERS_SECONDS = 2.5
PAGE_SECONDS = 0.5


def rows(_options: Options) -> list[Row]:
    """Build Coquimbo in a folder of its own, serve it, and time what the first page asks for.

    There is no peer that does the same; goals are the house's own, in seconds.
    """
    with tempfile.TemporaryDirectory(prefix="xunge-first-map-") as folder:
        home = Path(folder)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "api.cli", "demo", "--build-only", "--home", str(home), "--json"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        built = time.perf_counter() - began
        return [_row("demo city built, process start included", built, BUILD_SECONDS), *_served(home)]


def _served(home: Path) -> list[Row]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    command = [sys.executable, "-m", "api.cli", "serve", "--home", str(home), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        while True:
            try:
                _get(f"{base}/api/health")
                break
            except OSError:
                time.sleep(0.05)
        ready = time.perf_counter() - began
        page = _get(base + PAGE)
        layers = sum(_get(base + url) for url in LAYERS)
    finally:
        server.terminate()
        server.wait(20)
    return [
        _row("server ready, indexes built", ready, None),
        _row("first page, HTML", page, PAGE_SECONDS),
        _row(f"{len(LAYERS)} answers behind all layers, one after another", layers, LAYERS_SECONDS),
    ]


def _get(url: str) -> float:
    began = time.perf_counter()
    with urllib.request.urlopen(url, timeout=60) as answer:
        answer.read()
    return time.perf_counter() - began


def _row(what: str, seconds: float, goal: float | None) -> Row:
    return Row(
        what=what,
        ours=f"{seconds:.2f} s",
        peer="none",
        peer_figure=None,
        ratio=None,
        goal="" if goal is None else f"< {goal:g} s",
        met=None if goal is None else seconds < goal,
    )
