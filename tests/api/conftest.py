"""The small demo city behind the real application, in this process."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.jobs.runner import JobRunner
from api.services.demo import DemoSize, install
from api.services.workspace import Workspace
from api.settings import Settings
from geo.store.sql import SqlStore


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a built small demo city."""
    home = tmp_path_factory.mktemp("demo")
    size = DemoSize(city="helsinki", calls=3_000, plan_iterations=30)
    install(Settings(home=home), size, lambda _: True, say=lambda _: None)
    shutil.copytree(home, home.with_name(f"{home.name}-untouched"))
    return home


@pytest.fixture(scope="session")
def untouched_home(demo_home: Path) -> Path:
    """Return the demo city as it was built; tests that share ``client`` write into the other."""
    return demo_home.with_name(f"{demo_home.name}-untouched")


@pytest.fixture
def home(untouched_home: Path, tmp_path: Path) -> Path:
    """Return the folder of an installation that the test may write into."""
    return Path(shutil.copytree(untouched_home, tmp_path / "home"))


@pytest.fixture
def store(home: Path) -> Iterator[SqlStore]:
    """Return its store."""
    made = SqlStore.open(Settings(home=home).database)
    yield made
    made.close()


@pytest.fixture
def own_client(home: Path, store: SqlStore) -> TestClient:
    """Return a client of it whose application has no lifespan, so that nothing runs beside the requests."""
    settings = Settings(home=home)
    app = create_app(settings, store, warm_up=False)
    app.state.workspace = Workspace(settings, store)
    app.state.jobs = JobRunner(store)
    return TestClient(app)


@pytest.fixture(scope="session")
def client(demo_home: Path) -> Iterator[TestClient]:
    """Return a client of the demo city's application."""
    settings = Settings(home=demo_home)
    store = SqlStore.open(settings.database)
    with TestClient(create_app(settings, store)) as made:
        yield made
    store.close()


@pytest.fixture(scope="module")
def patrols(untouched_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a home of its own, for the patrol plans of one file."""
    home = tmp_path_factory.mktemp("patrols") / "home"
    shutil.copytree(untouched_home, home)
    settings = Settings(home=home)
    store = SqlStore.open(settings.database)
    with TestClient(create_app(settings, store, warm_up=False)) as made:
        yield made
    store.close()


@pytest.fixture(scope="session")
def served(untouched_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server of its own process: GDAL holds this one's lock while it waits for answers."""
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(untouched_home, home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "api.cli", "serve", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if process.poll() is not None:
                pytest.fail(f"the server ended: {process.stderr.read().decode() if process.stderr else ''}")
            try:
                with urllib.request.urlopen(f"{address}/api/health", timeout=2):
                    break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)
        if process.stderr:
            process.stderr.close()
