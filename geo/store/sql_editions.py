"""The part of the store in SQL that keeps drafts and editions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from geo.grids.changes import Changes
from geo.grids.drafts import DraftRecord
from geo.grids.editions import EditionRecord, Timeline
from geo.store import edition_papers as papers
from geo.store import rows
from geo.store.edition_rules import (
    edition_of_draft,
    edition_of_table,
    last_in_force,
    next_draft,
    require_base,
    require_publishable,
    require_unmoved,
    require_whole_view,
    require_writable_codes,
    said_of,
    sees_draft,
    told_of,
)
from geo.store.edition_values import CODE, KeptDraft, changes_of, draft_of, draft_values, grids_of
from geo.store.port import Json, Principal
from geo.store.records import records, table_of
from geo.store.search import all_rows
from geo.store.values import is_storable, load, microseconds, no_row, require_texts
from geo.tables.grids import Grids

if TYPE_CHECKING:
    from geo.grids.lineage import LineageStep

_WHOLE = Principal(account="")
"""Sees everything; for what the store reads on its own account."""


class SqlEditions:
    """Drafts and editions of ``SqlStore``; see ``geo.store.port.Store`` for what each call promises."""

    _clock: Callable[[], datetime]
    _reading: Callable[[], AbstractContextManager[sa.Connection]]
    _writing: Callable[[], AbstractContextManager[sa.Connection]]
    _note: Callable[..., None]

    def save_draft(
        self,
        principal: Principal,
        draft: DraftRecord,
        *,
        seen_version: int,
        changes: Changes | None = None,
        work: Mapping[str, Json] | None = None,
        only: Collection[str] | None = None,
    ) -> DraftRecord:
        """Keep a draft, new or changed; return it as kept."""
        with self._writing() as connection:
            now = self._clock()
            known = None
            if is_storable(draft.draft_id):
                known = papers.kept_draft(connection, draft.draft_id, lock=True, grids_too=False)
            kept = next_draft(
                principal, draft, known, seen=seen_version, changes=changes, work=work, only=only,
                at=microseconds(now), zone=now.tzinfo,
            )  # fmt: skip
            papers.put_draft(connection, kept)
            step = draft.steps[-1]
            self._note(connection, principal, f"draft.{step.step}", draft.draft_id, said_of(draft))
        return draft_of(kept.values)

    def draft(self, principal: Principal, draft_id: str) -> DraftRecord:
        """Return one draft or raise ``NotFoundError``."""
        return draft_of(self._kept(principal, draft_id, grids_too=False).values)

    def drafts(self, principal: Principal) -> list[DraftRecord]:
        """Return drafts, last saved first."""
        with self._reading() as connection:
            found = papers.all_drafts(connection)
        return [draft_of(values) for values in found if sees_draft(principal, values["area"])]

    def draft_changes(self, principal: Principal, draft_id: str) -> Changes:
        """Return the rows of a draft."""
        return changes_of(self._kept(principal, draft_id))

    def draft_work(self, principal: Principal, draft_id: str) -> Mapping[str, Json]:
        """Return what was kept beside the rows of a draft."""
        return load(self._kept(principal, draft_id, grids_too=False).values["work"])

    def _kept(self, principal: Principal, draft_id: str, *, grids_too: bool = True) -> KeptDraft:
        found = None
        if is_storable(draft_id):
            with self._reading() as connection:
                found = papers.kept_draft(connection, draft_id, grids_too=grids_too)
        if found is None or not sees_draft(principal, found.values["area"]):
            raise no_row("drafts", draft_id)
        return found

    def publish_draft(
        self,
        principal: Principal,
        draft: DraftRecord,
        *,
        seen_version: int,
        today: date,
        steps: Sequence[LineageStep] | None = None,
    ) -> EditionRecord:
        """Make a published draft an edition, in one transaction."""
        with self._writing() as connection:
            now = self._clock()
            at = microseconds(now)
            writing = rows.begin(connection, principal, Grids.SPEC.name, at)
            known = papers.kept_draft(connection, draft.draft_id, lock=True) if is_storable(draft.draft_id) else None
            require_publishable(principal, draft, known, seen=seen_version, zone=now.tzinfo)
            changes = changes_of(known) if known is not None else Changes.none()
            require_writable_codes(principal, changes.touched)
            line = papers.timeline(connection)
            require_base(draft, line, papers.moved_since(connection, draft.base, principal), principal)
            before = {
                str(row[CODE]): row for row in papers.edition_rows(connection, draft.base, _WHOLE, changes.touched)
            }
            record = edition_of_draft(draft, line, changes, before, account=principal.account, now=now)
            applied = line.edition(draft.base).in_force_version
            if applied is not None and applied != writing.version - 1:
                require_unmoved(changes.touched, rows.stored(writing, changes.touched), before, draft.base)
            ended = [before[code] for code in changes.gone]
            papers.add_edition(connection, record, changes, ended, steps)
            done = replace(draft, edition=record.number, version=seen_version + 1)
            beside = load(known.values["work"]) if known is not None else {}
            values = draft_values(done, changes.gone, beside, account=principal.account, at=at)
            papers.put_draft(connection, KeptDraft(values=values, grids=(), replaced=frozenset()))
            self._note(connection, principal, "draft.publish", draft.draft_id, record.name)
            put = self._put_in_force(connection, principal, today)
        return next((edition for edition in put if edition.number == record.number), record)

    def record_edition(
        self, principal: Principal, *, title: str, valid_from: date, today: date, note: str = ""
    ) -> EditionRecord:
        """Make an edition of the grids as they stand."""
        require_texts("edition", [title, note])
        require_whole_view(principal)
        with self._writing() as connection:
            now = self._clock()
            at = microseconds(now)
            writing = rows.begin(connection, principal, Grids.SPEC.name, at)
            line = papers.timeline(connection)
            grids = table_of(Grids, all_rows(connection, principal, Grids.SPEC.name))
            in_force = last_in_force(line)
            number = 0 if in_force is None else in_force.number
            base = grids_of(list(papers.edition_rows(connection, number, _WHOLE)))
            made = edition_of_table(
                line, base, grids, papers.moved_since(connection, number, _WHOLE), title=title, note=note,
                valid_from=valid_from, today=today, account=principal.account, now=now, version=writing.version - 1,
            )  # fmt: skip
            if made is None:
                return line.editions[-1]
            record, changes = made
            gone = set(changes.gone)
            ended = [row for row in records(base) if row[CODE] in gone]
            papers.add_edition(connection, record, changes, ended, None)
            if record.in_force_version is not None:
                applied = record.in_force_version
                papers.mark_in_force(connection, record.number, applied, account=principal.account, at=at)
            self._note(connection, principal, "edition.record", Grids.SPEC.name, record.name)
        return record

    def put_in_force(self, principal: Principal, *, today: date) -> tuple[EditionRecord, ...]:
        """Make the grids those of all editions whose day has come."""
        with self._reading() as connection:
            if not papers.timeline(connection).due(today):
                return ()
        with self._writing() as connection:
            return self._put_in_force(connection, principal, today)

    def _put_in_force(self, connection: sa.Connection, principal: Principal, today: date) -> tuple[EditionRecord, ...]:
        done = []
        at = microseconds(self._clock())
        for edition in papers.timeline(connection).due(today):
            writing = rows.begin(connection, principal, Grids.SPEC.name, at)
            changes = papers.edition_changes(connection, edition.number, _WHOLE)
            rows.amend(writing, records(changes.changed), changes.gone, note=edition.name)
            rows.end(writing, source=edition.name, action="edition.in_force", detail=told_of(changes, edition))
            papers.mark_in_force(connection, edition.number, writing.version, account=principal.account, at=at)
            done.append(replace(edition, in_force_version=writing.version))
        return tuple(done)

    def editions(self, principal: Principal) -> Timeline:  # noqa: ARG002  # seen whole by all
        """Return all editions."""
        with self._reading() as connection:
            return papers.timeline(connection)

    def edition_grids(self, principal: Principal, number: int) -> Grids:
        """Return the grids of an edition that the account sees."""
        with self._reading() as connection:
            papers.timeline(connection).edition(number)
            return grids_of(list(papers.edition_rows(connection, number, principal)))

    def edition_changes(self, principal: Principal, number: int) -> Changes:
        """Return what an edition changed of its base, as far as the account sees it."""
        with self._reading() as connection:
            papers.timeline(connection).edition(number)
            return papers.edition_changes(connection, number, principal)

    def edition_steps(self, principal: Principal, number: int) -> tuple[LineageStep, ...] | None:  # noqa: ARG002
        """Return the operations that led to an edition, or None where they are not known."""
        with self._reading() as connection:
            return papers.edition_steps(connection, number)

    def moved_since(self, principal: Principal, number: int) -> tuple[str, ...]:
        """Return the codes that editions after this one changed, rising."""
        with self._reading() as connection:
            return tuple(sorted(papers.moved_since(connection, number, principal)))

    def retired_codes(self, principal: Principal) -> frozenset[str]:
        """Return the codes that some edition gave up."""
        with self._reading() as connection:
            return papers.retired_codes(connection, principal)
