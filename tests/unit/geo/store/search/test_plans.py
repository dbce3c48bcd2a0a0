"""How SQLite goes about a search: by the covering indexes, never through all rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa

from geo.store.port import DEMO, Principal, Query
from geo.store.search import CountCache
from geo.store.sql import SqlStore
from geo.tables.calls import Calls

START = datetime(2026, 1, 1, tzinfo=UTC)
SMALL = (114.93, 25.85, 114.935, 25.855)
WIDE = (114.0, 25.0, 116.0, 27.0)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    rng = np.random.default_rng(3)
    rows = 3000
    frame = gpd.GeoDataFrame(
        {
            "call_id": [f"C{i:05d}" for i in range(rows)],
            "occurred_at": pd.Timestamp(START) + pd.to_timedelta(rng.integers(0, 365 * 86400, rows), unit="s"),
            "family": rng.choice(["盗窃", "纠纷"], rows),
            "valid": True,
            "placed": True,
            "grid_code": rng.choice(["360702001001001", "360702001001002"], rows),
        },
        geometry=shapely.points(114.93 + rng.normal(0, 0.05, rows), 25.85 + rng.normal(0, 0.05, rows)),
        crs=4326,
    )
    with SqlStore.open(tmp_path_factory.mktemp("plans") / "s.db") as made:
        made.put_table(DEMO, Calls.of(frame), source="x")
        yield made


def plans(store: SqlStore, principal: Principal, query: Query) -> list[list[str]]:
    """Return the plan of each statement on calls that a query runs."""
    seen: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement: str, parameters, _context, _many) -> None:
        seen.append((statement, parameters))

    sa.event.listen(store._engines.reader, "before_cursor_execute", note)
    try:
        store.query(principal, "calls", query)
    finally:
        sa.event.remove(store._engines.reader, "before_cursor_execute", note)
    with store._engines.reader.connect() as connection:
        return [
            [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in seen
            if "FROM calls" in statement
        ]


def day(number: int) -> datetime:
    return START + timedelta(days=number)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (Query(bbox=SMALL), "ix_calls_cell"),
        (Query(bbox=SMALL, start=day(10), end=day(200)), "ix_calls_cell"),
        (Query(start=day(10), end=day(11)), "ix_calls_time"),
        (Query(bbox=WIDE, start=day(10), end=day(11)), "ix_calls_time"),
        (Query(equals={"grid_code": "360702001001001"}, start=day(10), end=day(12)), "ix_calls_grid_code"),
        (Query(equals={"family": "盗窃"}), "ix_calls_family"),
    ],
)
def test_searches_go_through_a_covering_index(store: SqlStore, query: Query, index: str) -> None:
    steps = [step for plan in plans(store, DEMO, query) for step in plan]
    used = [step for step in steps if index in step]
    assert len(used) >= 2, steps
    assert all("SEARCH" in step and "COVERING INDEX" in step for step in used), steps
    assert not [step for step in steps if step.startswith("SCAN calls") and "COVERING" not in step], steps


def test_scope_is_searched_by_index(store: SqlStore) -> None:
    west = Principal(account="x", scopes=("360702001001001", "3608"))
    steps = [step for plan in plans(store, west, Query()) for step in plan]
    assert any("ix_calls_grid_code" in step for step in steps), steps
    assert not [step for step in steps if step.startswith("SCAN calls") and "COVERING" not in step], steps


def test_a_box_around_everything_is_walked_in_key_order_without_sorting(store: SqlStore) -> None:
    *_, last = plans(store, DEMO, Query(bbox=WIDE, limit=10))
    assert not [step for step in last if "TEMP B-TREE" in step], last


def test_kept_counts_are_bounded_and_the_oldest_go_first() -> None:
    counts = CountCache(size=2)
    counts.put("a", 1)
    counts.put("b", 2)
    assert counts.get("a") == 1
    counts.put("c", 3)
    assert [counts.get(key) for key in "abc"] == [1, None, 3]
