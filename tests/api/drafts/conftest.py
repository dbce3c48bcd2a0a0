"""An installation of its own for each test of drafts, opened by any account."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.deps import _principal
from api.jobs.runner import JobRunner
from api.services import draft_papers
from api.services.draft_papers import DraftPaper
from api.services.workspace import Workspace
from api.settings import Settings
from geo.store.port import DEMO, Principal
from geo.store.sql import SqlStore


class Hand(TestClient):
    """Somebody at work on drafts."""

    def begin(self, name: str = "试划") -> str:
        answer = self.post("/api/drafts", json={"name": name})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["draft_id"])

    def view(self, draft_id: str) -> dict[str, Any]:
        west, south, east, north = self.get("/api/collections/grids").json()["extent"]["spatial"]["bbox"][0]
        answer = self.get(f"/api/drafts/{draft_id}/topology", params={"bbox": f"{west},{south},{east},{north}"})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def edit(self, draft_id: str, revision: int, operation: dict[str, Any]) -> Any:
        return self.post(f"/api/drafts/{draft_id}/operations", json={"revision": revision, "operation": operation})

    def sent(self, draft_id: str, **last: Any) -> Any:
        for step in ("submit", "review"):
            assert self.post(f"/api/drafts/{draft_id}/steps", json={"step": step}).status_code == 200
        return self.post(f"/api/drafts/{draft_id}/steps", json={"step": "publish", **last})


class Desk:
    """A running installation, opened again and again over one folder, for any account."""

    ANN = Principal(account="ann", roles=frozenset({"read", "edit"}))
    BEA = Principal(account="bea", roles=frozenset({"read", "edit", "review", "publish"}))

    def __init__(self, home: Path) -> None:
        self.home = home
        self.open()

    def open(self) -> None:
        settings = Settings(home=self.home)
        self.store = SqlStore.open(settings.database)
        self.workspace = Workspace(settings, self.store)

    def restart(self) -> None:
        self.store.close()
        self.open()

    def as_(self, principal: Principal = DEMO) -> Hand:
        app = create_app(self.workspace.settings, self.store, warm_up=False)
        app.state.workspace = self.workspace
        app.state.jobs = JobRunner(self.store)
        app.dependency_overrides[_principal] = lambda: principal
        return Hand(app)

    def paper(self, draft_id: str) -> DraftPaper:
        return draft_papers.read(self.store, DEMO, draft_id)

    def lines(self, topology: dict[str, Any]) -> list[np.ndarray]:
        return [np.cumsum(np.array(arc), axis=0) for arc in topology["arcs"]]

    def users(self, topology: dict[str, Any]) -> list[list[str]]:
        found: list[list[str]] = [[] for _ in topology["arcs"]]
        for grid in topology["objects"]["grids"]["geometries"]:
            polygons = [grid["arcs"]] if grid["type"] == "Polygon" else grid["arcs"]
            for ref in (ref for polygon in polygons for ring in polygon for ref in ring):
                found[ref if ref >= 0 else ~ref].append(grid["id"])
        return found

    def nudge(self, seen: dict[str, Any], which: int = 0, by: int = 40) -> tuple[dict[str, Any], list[str]]:
        """Return an edit that moves the middle of a free line, and the grids beside it."""
        topology = seen["topology"]
        free = [i for i, arc in enumerate(topology["arcs"]) if not topology["locked"][i] and len(arc) >= 3]
        i = free[which]
        line = self.lines(topology)[i].copy()
        line[len(line) // 2, 0] += by
        operation = {"kind": "replace_arcs", "arcs": [{"id": topology["arc_ids"][i], "coords": line.tolist()}]}
        return operation, sorted(self.users(topology)[i])

    def shapes(self, seen: dict[str, Any]) -> dict[str, shapely.Polygon]:
        topology = seen["topology"]
        arcs = self.lines(topology)
        made = {}
        for grid in topology["objects"]["grids"]["geometries"]:
            if grid["type"] == "Polygon":
                rings = [
                    np.vstack([(arcs[r] if r >= 0 else arcs[~r][::-1])[:-1] for r in ring]) / 1e7
                    for ring in grid["arcs"]
                ]
                made[grid["id"]] = shapely.Polygon(rings[0], rings[1:])
        return made


@pytest.fixture
def desk(untouched_home: Path, tmp_path: Path) -> Iterator[Desk]:
    """Return an installation of its own."""
    shutil.copytree(untouched_home, tmp_path / "home")
    made = Desk(tmp_path / "home")
    yield made
    made.store.close()
