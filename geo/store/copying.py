"""A copy of any store as one SQLite file, row for row, at the same revision of the schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path

import apsw
import sqlalchemy as sa

from geo.store.migrate import upgrade
from geo.store.sqlite_file import finish, partial_of, sqlite_engines

Rows = Iterable[Sequence[object]]
Source = Callable[[str, Sequence[str]], Rows]


def write_copy(source: Source, target: Path, revision: str) -> None:
    """Make a store at ``target`` from ``source(table, columns)``, which gives the rows of each table."""
    part = partial_of(target)
    engines = sqlite_engines(part, busy_seconds=10)
    try:
        with engines.writer.begin() as connection:
            upgrade(connection, revision)
            inspector = sa.inspect(connection)
            for table in inspector.get_table_names():
                if table == "alembic_version":
                    continue
                names = [str(column["name"]) for column in inspector.get_columns(table)]
                _copy_rows(connection, table, names, source(table, names))
        engines.dispose()
        finish(apsw.Connection(str(part)), part, target)
    finally:
        engines.dispose()
        for left in part.parent.glob(f"{part.name}*"):
            left.unlink()


def _copy_rows(connection: sa.Connection, table: str, names: Sequence[str], rows: Rows) -> None:
    there = sa.table(table, *(sa.column(name) for name in names))
    if table == "collections":  # the first step of the schema fills it
        connection.execute(sa.delete(there))
    statement = str(sa.insert(there).compile(dialect=connection.dialect, column_keys=list(names)))
    pieces = iter(rows)
    while piece := list(islice(pieces, 5000)):
        connection.exec_driver_sql(statement, [tuple(row) for row in piece])


def sql_source(connection: sa.Connection) -> Source:
    """Return the rows of the tables that ``connection`` sees, as a source for ``write_copy``."""

    def rows(table: str, names: Sequence[str]) -> Rows:
        there = sa.table(table, *(sa.column(name) for name in names))
        found = connection.execution_options(yield_per=5000).execute(sa.select(*there.c))
        for part in found.partitions():
            yield from (tuple(row) for row in part)

    return rows
