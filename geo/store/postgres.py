"""A store in PostgreSQL with PostGIS: its connections and its rules."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Final

import sqlalchemy as sa

from geo.errors import ParameterError, UnavailableError
from geo.store.engines import Engines

MIGRATION_LOCK: Final = 0x78756E6765
"""Key of the advisory lock that one opener holds while it changes the schema."""


def postgres_engines(url: sa.URL, *, busy_seconds: float) -> Engines:
    """Return the engines of a server: a reader sees one moment through its whole transaction."""
    if url.get_backend_name() != "postgresql":
        raise ParameterError(
            f"{url.get_backend_name()} is not supported; use a file for SQLite or postgresql://…",
            f"不支持 {url.get_backend_name()}，请使用 SQLite 文件或 postgresql://…",
        )
    if importlib.util.find_spec("psycopg") is None:
        raise UnavailableError(
            "PostgreSQL needs the package psycopg; install xunge[postgres]",
            "连接 PostgreSQL 需要 psycopg，请安装 xunge[postgres]",
        )
    wait = f"-c lock_timeout={round(busy_seconds * 1000)}"
    writer = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        paramstyle="format",
        pool_size=8,
        max_overflow=24,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "options": wait, "application_name": "xunge"},
    )
    reader = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(writer=writer, reader=reader, place=url.render_as_string(hide_password=True))


def require_postgis(connection: sa.Connection, place: str) -> None:
    """Raise ``UnavailableError`` when the server has no PostGIS to add."""
    offered = connection.exec_driver_sql("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'").scalar()
    if offered is None:
        raise UnavailableError(
            f"The server of {place} has no PostGIS; install it (postgresql-15-postgis-3 on Debian 12)",
            f"{place} 的服务器没有安装 PostGIS，请先安装（Debian 12 为 postgresql-15-postgis-3）",
        )


def lock_schema(connection: sa.Connection) -> None:
    """Wait until no other opener changes the schema, and keep others waiting until this transaction ends."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")


def copy_in(connection: sa.Connection, table: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Add rows to ``table`` through COPY; names are the program's own, values never become SQL."""
    statement = f"COPY {table} ({', '.join(names)}) FROM STDIN"
    with closing(connection.connection.cursor()) as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
