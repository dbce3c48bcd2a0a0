"""Rows that go in by thousands leave the same table and the same indexes as rows that go in one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.store import bulk_load
from geo.store.port import DEMO, Query
from geo.store.sql import SqlStore
from geo.tables.calls import Calls


def calls(first: int, n: int) -> Calls:
    ids = range(first, first + n)
    return Calls.of(
        gpd.GeoDataFrame(
            {
                "call_id": [f"c{i:05d}" for i in ids],
                "occurred_at": [
                    pd.Timestamp("2025-01-01", tz="UTC") + pd.Timedelta(minutes=i * 37 % 5000) for i in ids
                ],
                "family": ["盗窃" if i % 3 else "纠纷" for i in ids],
                "valid": [True] * n,
                "placed": [True] * n,
            },
            geometry=shapely.points([114.9 + i % 89 * 1e-3 for i in ids], [25.8 + i % 83 * 1e-3 for i in ids]),
            crs=4326,
        )
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = SqlStore.open(tmp_path / "x.sqlite")
    yield made
    made.close()


def indexes(path: Path) -> list[tuple[str, str]]:
    with apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY) as raw:
        return sorted(raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))


def sound(path: Path) -> bool:
    with apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY) as raw:
        return list(raw.execute("PRAGMA integrity_check")) == [("ok",)]


def test_indexes_are_whole_and_as_before(store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = indexes(tmp_path / "x.sqlite")
    monkeypatch.setattr(bulk_load, "LEAST", 100)
    assert store.upsert(DEMO, calls(0, 400), source="first") == (400, 0)
    assert store.upsert(DEMO, calls(300, 400), source="second") == (300, 100)
    assert indexes(tmp_path / "x.sqlite") == before
    assert sound(tmp_path / "x.sqlite")
    found = store.query(DEMO, "calls", Query(equals={"family": "纠纷"}, limit=1000))
    assert len(found.frame) == sum(i % 3 == 0 for i in range(700))


def test_a_write_that_fails_leaves_rows_and_indexes(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_load, "LEAST", 100)
    store.upsert(DEMO, calls(0, 200), source="first")
    before = indexes(tmp_path / "x.sqlite")
    monkeypatch.setattr("geo.store.rows._insert", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.upsert(DEMO, calls(0, 400), source="second")
    assert indexes(tmp_path / "x.sqlite") == before
    assert store.count(DEMO, "calls") == 200
    assert sound(tmp_path / "x.sqlite")


def test_few_rows_beside_many_leave_the_indexes_alone(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_load, "LEAST", 10)
    store.upsert(DEMO, calls(0, 400), source="first")
    taken: list[object] = []
    monkeypatch.setattr(bulk_load, "_indexes", lambda *asked: taken.append(asked) or {})
    store.upsert(DEMO, calls(400, 50), source="second")
    assert taken == []
    store.upsert(DEMO, calls(450, 400), source="third")
    assert len(taken) == 1
