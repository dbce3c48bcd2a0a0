"""Triggers that let rows of a table be added and nothing else."""

from __future__ import annotations

import sqlalchemy as sa


def make_append_only(connection: sa.Connection, table: str, *, unique: tuple[str, ...] = ()) -> None:
    """Refuse to update, delete or replace rows of ``table``, whoever asks.

    SQLite deletes without a trigger when ``INSERT OR REPLACE`` meets a known key, so known keys are refused too;
    ``unique`` are the columns of a further one.
    """
    words = f"{table} is append-only"
    if connection.dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
        known = "serial = NEW.serial"
        if unique:
            known += f" OR ({' AND '.join(f'{column} = NEW.{column}' for column in unique)})"
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608  # names of ours, not input
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {known}) "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
        return
    connection.exec_driver_sql(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
