"""A real server on the small demo city, and a browser that may reach nothing but this computer."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RESULTS = ROOT / "test-results"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
IMPACTS = ("serious", "critical")


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.e2e)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def _demo(home: Path, *, calls: int) -> Iterator[str]:
    """Build the Helsinki demo city in ``home``, serve it and give its address."""
    port = _free_port()
    log = (home / "server.log").open("w+", encoding="utf-8")
    command = ["demo", "--city", "helsinki", "--calls", str(calls), "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-c", "from api.cli.main import main; main()", *command],
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/api/now", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None:
                    log.seek(0)
                    pytest.fail(f"the server ended with {process.returncode}:\n{log.read()[-2000:]}")
                time.sleep(0.5)
        else:
            pytest.fail("the server did not answer within five minutes")
        yield address
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[str]]:
    """Serve a demo city of its own, for tests whose writes would be counted elsewhere."""
    return lambda *, calls: _demo(tmp_path_factory.mktemp("home"), calls=calls)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server on the Helsinki demo city, built afresh (or of XUNGE_E2E, one that is running)."""
    running = os.environ.get("XUNGE_E2E")
    if running:
        yield running
        return
    with _demo(tmp_path_factory.mktemp("home"), calls=8000) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a network."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed (apt-get install chromium fonts-noto-cjk): pages cannot be opened")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pages cannot be opened")
    with sync_api.sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


class Visit:
    """A page under watch: what it logs, what it asks for, what it looks like."""

    def __init__(self, page: Any, server: str) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.expected: tuple[str, ...] = ()
        host = urlsplit(server).netloc
        page.on("console", lambda m: self.errors.append(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda e: self.errors.append(f"page: {e}"))
        page.on("response", lambda r: self.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on(
            "request",
            lambda r: (
                self.outside.append(r.url)
                if urlsplit(r.url).scheme not in ("data", "blob") and urlsplit(r.url).netloc != host
                else None
            ),
        )

    def open(self, path: str) -> Visit:
        """Open a page and wait until it says that it is ready."""
        self.page.goto(self.server + path, wait_until="domcontentloaded")
        self.until("document.documentElement.dataset.ready === '1'", "the page to be ready")
        return self

    def until(self, script: str, what: str, *, seconds: float = 60) -> Any:
        """Ask the page until it answers with something true; waiting inside the page would need eval."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.page.evaluate(script)
            if value:
                return value
            self.page.wait_for_timeout(60)
        self.shoot("failed")
        raise AssertionError(f"waited {seconds:g} s in vain for {what}; errors: {self.errors}")

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def shoot(self, name: str) -> None:
        """Keep a picture."""
        RESULTS.mkdir(exist_ok=True)
        self.page.screenshot(path=str(RESULTS / f"{name}.png"))

    def findings(self) -> list[str]:
        """Serious and critical findings of axe-core on the page as it is."""
        if not AXE.exists():
            pytest.skip("axe-core is not there: run .venv/bin/python hatch_build.py")
        # The page's policy allows no script of ours, so it is handed over as an argument of the debugger.
        self.page.evaluate(AXE.read_text(encoding="utf-8") + "\n;undefined")
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{v['id']} ({v['impact']}): {json.dumps([n['html'][:160] for n in v['nodes'][:3]], ensure_ascii=False)}"
            for v in found["violations"]
            if v["impact"] in IMPACTS
        ]

    def clean(self) -> None:
        """Fail on any error that was not announced, and on any request that would leave the house."""
        unexpected = [e for e in self.errors if not any(part in e for part in self.expected)]
        assert not unexpected, unexpected
        assert not self.outside, self.outside


@pytest.fixture
def visit(browser: Any, server: str) -> Iterator[Callable[..., Visit]]:
    """Open pages, each in a context of its own."""
    contexts = []
    visits: list[Visit] = []

    def _open(path: str, **options: Any) -> Visit:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
        context.set_default_timeout(60_000)
        contexts.append(context)
        made = Visit(context.new_page(), server)
        visits.append(made)
        return made.open(path)

    yield _open
    for made in visits:
        made.clean()
    for context in contexts:
        context.close()
