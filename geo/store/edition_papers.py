"""Drafts and editions in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from geo.grids.changes import Changes
from geo.grids.editions import EditionRecord, Timeline
from geo.store import postgres
from geo.store.edition_values import CODE, ROW, KeptDraft, edition_of, edition_values, grids_of, steps_of
from geo.store.port import Principal
from geo.store.records import Record, records
from geo.store.rows import CHUNK
from geo.store.schema import DRAFT_GRIDS, DRAFTS, EDITION_GRIDS, EDITIONS, IN_FORCE
from geo.store.search import in_scope
from geo.store.values import no_row
from geo.tables.grids import Grids

if TYPE_CHECKING:
    from geo.grids.lineage import LineageStep

_KEPT: Final = [EDITION_GRIDS.c[name] for name in ROW]


def kept_draft(
    connection: sa.Connection, draft_id: str, *, lock: bool = False, grids_too: bool = True
) -> KeptDraft | None:
    """Return a stored draft (its grids only if asked for), or None; ``lock`` holds it until the transaction ends."""
    statement = sa.select(DRAFTS).where(DRAFTS.c.draft_id == draft_id)
    row = connection.execute(statement.with_for_update() if lock else statement).mappings().first()
    if row is None:
        return None
    if not grids_too:
        return KeptDraft(values={**row}, grids=())
    columns = [DRAFT_GRIDS.c[name] for name in ROW]
    grids = connection.execute(sa.select(*columns).where(DRAFT_GRIDS.c.draft_id == draft_id)).all()
    return KeptDraft(values={**row}, grids=[tuple(grid) for grid in grids])


def all_drafts(connection: sa.Connection) -> list[Mapping[str, Any]]:
    """Return the stored values of all drafts, last saved first."""
    statement = sa.select(DRAFTS).order_by(DRAFTS.c.row_at.desc(), DRAFTS.c.draft_id.desc())
    return [{**row} for row in connection.execute(statement).mappings()]


def put_draft(connection: sa.Connection, kept: KeptDraft) -> None:
    """Insert a draft or put it in place of the one with its id, and so its grids, or those that it replaces."""
    draft_id = kept.values["draft_id"]
    known = connection.execute(sa.update(DRAFTS).where(DRAFTS.c.draft_id == draft_id).values(**kept.values))
    if known.rowcount == 0:
        connection.execute(sa.insert(DRAFTS).values(**kept.values))
    mine = sa.delete(DRAFT_GRIDS).where(DRAFT_GRIDS.c.draft_id == draft_id)
    for chunk in _chunks(None if kept.replaced is None else sorted(kept.replaced)):
        connection.execute(mine if chunk is None else mine.where(DRAFT_GRIDS.c.code.in_(chunk)))
    _insert(connection, DRAFT_GRIDS, ["draft_id", *ROW], [(draft_id, *row) for row in kept.grids])


def timeline(connection: sa.Connection) -> Timeline:
    """Return all editions."""
    joined = EDITIONS.outerjoin(IN_FORCE, IN_FORCE.c.edition == EDITIONS.c.serial)
    rows = connection.execute(sa.select(EDITIONS, IN_FORCE.c.version).select_from(joined)).mappings()
    return Timeline.of([edition_of({**row}, row["version"]) for row in rows])


def edition_rows(
    connection: sa.Connection, number: int, principal: Principal, codes: Sequence[str] | None = None
) -> Iterator[Record]:
    """Return the grids of an edition that the account sees, of ``codes`` alone where they are given, in any order."""
    for chunk in _chunks(codes):
        asked = [EDITION_GRIDS.c.edition <= number, *_seen(principal)]
        if chunk is not None:
            asked.append(EDITION_GRIDS.c.code.in_(chunk))
        last = (
            sa.select(EDITION_GRIDS.c.code, sa.func.max(EDITION_GRIDS.c.edition).label("edition"))
            .where(*asked)
            .group_by(EDITION_GRIDS.c.code)
            .subquery()
        )
        same = sa.and_(EDITION_GRIDS.c.code == last.c.code, EDITION_GRIDS.c.edition == last.c.edition)
        found = connection.execute(sa.select(*_KEPT).join(last, same).where(sa.not_(EDITION_GRIDS.c.ended)))
        yield from (tuple(row) for row in found)


def edition_changes(connection: sa.Connection, number: int, principal: Principal) -> Changes:
    """Return what an edition changed, as far as the account sees it."""
    asked = sa.select(EDITION_GRIDS.c.ended, *_KEPT).where(EDITION_GRIDS.c.edition == number, *_seen(principal))
    rows = [tuple(row) for row in connection.execute(asked)]
    gone = sorted(str(row[1 + CODE]) for row in rows if row[0])
    return Changes(changed=grids_of([row[1:] for row in rows if not row[0]]), gone=tuple(gone))


def edition_steps(connection: sa.Connection, number: int) -> tuple[LineageStep, ...] | None:
    """Return the operations of an edition; an unknown number raises ``NotFoundError``."""
    row = connection.execute(sa.select(EDITIONS.c.steps).where(EDITIONS.c.serial == number)).first()
    if row is None:
        raise no_row("editions", str(number))
    return steps_of(row[0])


def moved_since(connection: sa.Connection, number: int, principal: Principal) -> dict[str, int]:
    """Return the codes that later editions changed, and the last one that did."""
    asked = (
        sa.select(EDITION_GRIDS.c.code, sa.func.max(EDITION_GRIDS.c.edition))
        .where(EDITION_GRIDS.c.edition > number, *_seen(principal))
        .group_by(EDITION_GRIDS.c.code)
    )
    return {str(code): int(edition) for code, edition in connection.execute(asked)}


def retired_codes(connection: sa.Connection, principal: Principal) -> frozenset[str]:
    """Return the codes that some edition gave up."""
    asked = sa.select(EDITION_GRIDS.c.code).where(EDITION_GRIDS.c.ended, *_seen(principal)).distinct()
    return frozenset(str(code) for (code,) in connection.execute(asked))


def add_edition(
    connection: sa.Connection,
    record: EditionRecord,
    changes: Changes,
    ended: Sequence[Record],
    steps: Sequence[LineageStep] | None,
) -> None:
    """Write an edition and what it changes; ``ended`` are the grids that end, as they last were."""
    connection.execute(sa.insert(EDITIONS).values(**edition_values(record, steps)))
    rows = [(record.number, False, *row) for row in records(changes.changed)]
    rows += [(record.number, True, *row) for row in ended]
    _insert(connection, EDITION_GRIDS, ["edition", "ended", *ROW], rows)


def mark_in_force(connection: sa.Connection, number: int, version: int, *, account: str, at: int) -> None:
    """Write down that an edition took effect."""
    connection.execute(sa.insert(IN_FORCE).values(edition=number, version=version, row_by=account, row_at=at))


def _seen(principal: Principal) -> list[sa.ColumnElement[bool]]:
    return in_scope(principal, Grids.SPEC.name, EDITION_GRIDS)


def _chunks(codes: Sequence[str] | None) -> Iterator[Sequence[str] | None]:
    if codes is None:
        yield None
        return
    for start in range(0, len(codes), CHUNK):
        yield codes[start : start + CHUNK]


def _insert(connection: sa.Connection, table: sa.Table, names: list[str], rows: Sequence[Record]) -> None:
    if connection.dialect.name == "postgresql":
        postgres.copy_in(connection, table.name, names, rows)
    elif rows:
        compiled = sa.insert(table).compile(dialect=connection.dialect, column_keys=names)
        connection.exec_driver_sql(str(compiled), list(rows))
