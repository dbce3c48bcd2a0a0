"""Writing collections in SQL: replace, merge, change, and what is kept of the rows before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from geo.store import postgres
from geo.store.bulk_load import rebuilt_indexes
from geo.store.conflict import LastWritten
from geo.store.port import Principal
from geo.store.records import ROW_COLUMNS, Record, records, stored_columns
from geo.store.schema import AUDIT, COLLECTIONS, HISTORIES, VERSIONS
from geo.store.scope import refuse, scope_column
from geo.store.search import in_scope
from geo.store.values import kind_of
from geo.tables.spec import Table

CHUNK: Final = 1000
"""Keys that one question names at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One write of a collection inside its transaction: who, when, and the version that it makes."""

    connection: sa.Connection
    principal: Principal
    collection: str
    at: int
    version: int

    @property
    def table(self) -> sa.Table:
        """The table written to."""
        return COLLECTIONS[self.collection]

    @property
    def key(self) -> sa.Column[Any]:
        """Its key."""
        return self.table.c[kind_of(self.collection).SPEC.key]


def begin(connection: sa.Connection, principal: Principal, collection: str, at: int) -> Writing:
    """Take the lock of the collection's writers and the next version."""
    seen = connection.execute(
        sa.select(VERSIONS.c.version).where(VERSIONS.c.name == collection).with_for_update()
    ).scalar_one()
    return Writing(connection=connection, principal=principal, collection=collection, at=at, version=int(seen) + 1)


def end(writing: Writing, *, source: str, action: str, detail: str) -> None:
    """Write down the new version and who made it."""
    rows = sa.select(sa.func.count()).select_from(writing.table).scalar_subquery()
    writing.connection.execute(
        sa.update(VERSIONS)
        .where(VERSIONS.c.name == writing.collection)
        .values(
            version=writing.version,
            rows=rows,
            source=source,
            written_by=writing.principal.account,
            written_at=writing.at,
        )
    )
    writing.connection.execute(
        sa.insert(AUDIT).values(
            at=writing.at,
            account=writing.principal.account,
            action=action,
            subject=writing.collection,
            detail=detail,
        )
    )


def replace(writing: Writing, table: Table, *, note: str) -> None:
    """Put the rows of ``table`` in place of all rows that the account sees."""
    made = records(table)
    if writing.collection in HISTORIES:
        _keep(writing, _differing(writing, made), note)
    writing.connection.execute(sa.delete(writing.table).where(*in_scope(writing.principal, writing.collection)))
    _require_unseen_keys_free(writing, [str(key) for key in table.keys])
    with rebuilt_indexes(writing.connection, writing.table, adding=len(made)):
        _insert(writing, made)


def merge(writing: Writing, table: Table, *, note: str) -> tuple[int, int]:
    """Add new keys and update known ones; return how many of each."""
    made = records(table)
    keys = [str(key) for key in table.keys]
    _require_unseen_keys_free(writing, keys)
    known = _known(writing, keys)
    if writing.collection in HISTORIES:
        wanted = set(keys)
        _keep(writing, [key for key in _differing(writing, made) if key in wanted], note)
    with rebuilt_indexes(writing.connection, writing.table, adding=len(made)):
        _exchange(writing, known, made)
    return len(keys) - len(known), len(known)


def _known(writing: Writing, keys: Sequence[str]) -> list[str]:
    """Return those of the keys that rows have already."""
    if writing.connection.dialect.name != "sqlite":
        return [str(key) for found in _found(writing, keys, [writing.key]) for (key,) in found]
    # One question for all keys: a thousand at a time cost more to ask than to answer.
    question = f"SELECT {writing.key.name} FROM {writing.table.name} WHERE {writing.key.name} IN (SELECT value FROM json_each(?))"  # noqa: S608
    found = writing.connection.exec_driver_sql(question, (json.dumps(list(keys), ensure_ascii=False),))
    return [str(key) for (key,) in found]


def last_written(writing: Writing, keys: Sequence[str]) -> dict[str, LastWritten]:
    """Return who wrote each of these rows last, as far as the account sees them."""
    table = writing.table.c
    columns = [writing.key, table.row_version, table.row_by, table.row_at]
    return {
        str(key): LastWritten(key=str(key), version=version, account=account, at=at)
        for found in _found(writing, keys, columns, *in_scope(writing.principal, writing.collection))
        for key, version, account, at in found
    }


def change(writing: Writing, table: Table, *, note: str) -> None:
    """Replace known rows and keep them as they were."""
    keys = [str(key) for key in table.keys]
    if writing.collection in HISTORIES:
        _keep(writing, keys, note)
    _exchange(writing, keys, records(table))


def amend(writing: Writing, made: Sequence[Record], gone: Sequence[str], *, note: str) -> None:
    """Put records in place of the rows with their keys, end the rows ``gone``, and keep what differs as it was."""
    place = stored_columns(kind_of(writing.collection).SPEC).index(writing.key.name)
    keys = [str(record[place]) for record in made]
    known = stored(writing, [*keys, *gone])
    fresh = {str(record[place]): record for record in made}
    if writing.collection in HISTORIES:
        _keep(writing, [key for key, row in known.items() if fresh.get(key) != row], note)
    _exchange(writing, [*keys, *gone], made)


def stored(writing: Writing, keys: Sequence[str]) -> dict[str, Record]:
    """Return the rows with these keys as they are stored, by key."""
    names = stored_columns(kind_of(writing.collection).SPEC)
    place = names.index(writing.key.name)
    columns = [writing.table.c[name] for name in names]
    return {str(row[place]): tuple(row) for found in _found(writing, keys, columns) for row in found}


def _exchange(writing: Writing, keys: Sequence[str], made: Sequence[Record]) -> None:
    for chunk in _chunks(keys):
        writing.connection.execute(sa.delete(writing.table).where(writing.key.in_(chunk)))
    _insert(writing, made)


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def _found(
    writing: Writing, keys: Sequence[str], columns: Sequence[sa.Column[Any]], *where: sa.ColumnElement[bool]
) -> Iterator[Sequence[Sequence[Any]]]:
    for chunk in _chunks(keys):
        yield writing.connection.execute(sa.select(*columns).where(writing.key.in_(chunk), *where)).all()


def _require_unseen_keys_free(writing: Writing, keys: Sequence[str]) -> None:
    """Raise ``ForbiddenError`` if a row that the account does not see has one of these keys."""
    if scope_column(writing.principal, writing.collection) is None:
        return
    outside = sa.not_(sa.func.coalesce(in_scope(writing.principal, writing.collection)[0], sa.false()))
    taken = [str(key) for found in _found(writing, keys, [writing.key], outside) for (key,) in found]
    if taken:
        refuse(taken, writing.collection)


def _insert(writing: Writing, made: Sequence[Record]) -> None:
    """Insert records, by the bulk door of PostgreSQL where there is one."""
    names = _written_columns(writing)
    whole = _signed(writing, made)
    if writing.connection.dialect.name == "postgresql":
        postgres.copy_in(writing.connection, writing.collection, names, whole)
    elif whole:
        compiled = sa.insert(writing.table).compile(dialect=writing.connection.dialect, column_keys=names)
        writing.connection.exec_driver_sql(str(compiled), whole)


def _written_columns(writing: Writing) -> list[str]:
    return [*stored_columns(kind_of(writing.collection).SPEC), *ROW_COLUMNS]


def _signed(writing: Writing, made: Sequence[Record]) -> list[Record]:
    """Add who writes and when; the values are plain and go to the driver as they are."""
    row = (writing.version, writing.principal.account, writing.at)
    return [(*record, *row) for record in made]


def _differing(writing: Writing, made: Sequence[Record]) -> list[str]:
    """Return the keys of stored rows that are not among ``made`` just as they are."""
    names = stored_columns(kind_of(writing.collection).SPEC)
    place = names.index(writing.key.name)
    new = {record[place]: record for record in made}
    stored = writing.connection.execute(
        sa.select(*(writing.table.c[name] for name in names)).where(*in_scope(writing.principal, writing.collection))
    )
    return [str(row[place]) for row in stored if new.get(row[place]) != tuple(row)]


def _keep(writing: Writing, keys: Sequence[str], note: str) -> None:
    """Copy rows into the history of their collection, with who replaces them."""
    history = HISTORIES[writing.collection]
    names = _written_columns(writing)
    by = {
        "replaced_version": writing.version,
        "replaced_by": writing.principal.account,
        "replaced_at": writing.at,
        "note": note,
    }
    for chunk in _chunks(keys):
        rows = sa.select(
            *(writing.table.c[name] for name in names), *(sa.literal(value).label(name) for name, value in by.items())
        ).where(writing.key.in_(chunk))
        writing.connection.execute(sa.insert(history).from_select([*names, *by], rows))
