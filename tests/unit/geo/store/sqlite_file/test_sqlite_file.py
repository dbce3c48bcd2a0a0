"""Which SQLite is safe to write with, and how the file is opened."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from geo.errors import UnavailableError
from geo.store.sqlite_file import has_wal_fix, require_path, require_sqlite, sqlite_engines


@pytest.mark.parametrize(
    ("version", "fixed"),
    [
        ((3, 7, 0), False), ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False), ((3, 49, 2), False),
        ((3, 50, 6), False), ((3, 50, 7), True), ((3, 51, 0), False), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 54, 1), True), ((4, 0, 0), True),
    ],
)  # fmt: skip
def test_versions_with_the_wal_bug_are_known(version: tuple[int, ...], fixed: bool) -> None:
    assert has_wal_fix(version) == fixed
    if fixed:
        require_sqlite(version)
        return
    with pytest.raises(UnavailableError, match=r"\d+\.\d+\.\d+ can lose") as caught:
        require_sqlite(version)
    assert "apsw" in caught.value.zh


def test_the_installed_one_is_safe() -> None:
    require_sqlite()


def test_connections_are_set_up_as_promised(tmp_path: Path) -> None:
    require_path(tmp_path / "x.db")
    engines = sqlite_engines(tmp_path / "x.db", busy_seconds=3)

    def asked(engine: sa.Engine) -> dict[str, object]:
        names = (
            "journal_mode",
            "synchronous",
            "foreign_keys",
            "recursive_triggers",
            "trusted_schema",
            "query_only",
            "busy_timeout",
        )
        with engine.connect() as connection:
            return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    both = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "busy_timeout": 3000,
    }
    assert asked(engines.writer) == {**both, "query_only": 0}
    assert asked(engines.reader) == {**both, "query_only": 1}
    with pytest.raises(sa.exc.OperationalError), engines.reader.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    engines.dispose()
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]
