"""What a store says about itself, for ``xunge doctor``."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from geo.store import apsw_dbapi
from geo.store.migrate import stored_revision
from geo.store.schema import COLLECTIONS, METADATA


def facts(connection: sa.Connection, place: str, path: Path | None) -> dict[str, str | int]:
    """Return engine, place, schema, size in bytes, rows of each table and the verdict of the database's own check."""
    found: dict[str, str | int] = {"place": place, "schema": stored_revision(connection, place) or ""}
    if path is not None:
        found["engine"] = f"SQLite {apsw_dbapi.sqlite_version} (apsw)"
        found["journal"] = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
        found["size_bytes"] = sum(
            file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists()
        )
        found["integrity"] = _sqlite_verdict(connection)
    else:
        found["engine"] = "PostgreSQL {}, PostGIS {}".format(
            connection.exec_driver_sql("SHOW server_version").scalar(),
            connection.exec_driver_sql("SELECT extversion FROM pg_extension WHERE extname = 'postgis'").scalar(),
        )
        found["size_bytes"] = int(
            connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
        )
        broken = connection.exec_driver_sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid").scalar_one()
        found["integrity"] = "ok" if not broken else f"{broken} broken indexes"
    for name, table in METADATA.tables.items():
        prefix = "rows" if name in COLLECTIONS else "kept"
        found[f"{prefix}.{name}"] = int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
    return found


def _sqlite_verdict(connection: sa.Connection) -> str:
    said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(5)")]
    said += [f"foreign key of {row[0]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)]
    return "; ".join(said[1:] if said[0] == "ok" and len(said) > 1 else said)
