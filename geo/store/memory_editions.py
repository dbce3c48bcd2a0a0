"""The part of the store in memory that keeps drafts and editions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from geo.grids.changes import Changes
from geo.grids.drafts import DraftRecord
from geo.grids.editions import EditionRecord, Timeline
from geo.store.edition_rules import (
    edition_of_draft,
    edition_of_table,
    in_scope_of,
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
from geo.store.edition_values import (
    CODE,
    ROW,
    KeptDraft,
    changes_of,
    draft_of,
    draft_values,
    edition_of,
    edition_values,
    grids_of,
    steps_of,
)
from geo.store.port import Json, Principal
from geo.store.records import Record, records
from geo.store.values import load, microseconds, no_row, require_texts
from geo.tables.grids import Grids

if TYPE_CHECKING:
    from geo.grids.lineage import LineageStep

_WHOLE = Principal(account="")


@dataclass(slots=True)
class EditionShelf:
    """Drafts and editions as they would be rows in SQL."""

    drafts: dict[str, KeptDraft] = field(default_factory=dict)
    editions: list[dict[str, Any]] = field(default_factory=list)
    grids: list[tuple[int, bool, Record]] = field(default_factory=list)
    in_force: dict[int, tuple[int, str, int]] = field(default_factory=dict)


class MemoryEditions:
    """Drafts and editions of ``MemoryStore``; see ``geo.store.port.Store`` for what each call promises."""

    _clock: Callable[[], datetime]
    _lock: AbstractContextManager[object]
    _shelf: EditionShelf
    _note: Callable[..., None]
    _require_open: Callable[[], None]
    _grids_now: Callable[[], tuple[Grids, int]]
    _amend: Callable[[Principal, Changes, str], int]

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
        with self._lock:
            self._require_open()
            now = self._clock()
            kept = next_draft(
                principal, draft, self._shelf.drafts.get(draft.draft_id), seen=seen_version, changes=changes, work=work,
                only=only, at=microseconds(now), zone=now.tzinfo,
            )  # fmt: skip
            if kept.replaced is not None:
                before = self._shelf.drafts[draft.draft_id].grids
                kept = replace(kept, grids=_put(before, kept.grids, kept.replaced), replaced=None)
            self._note(principal, f"draft.{draft.steps[-1].step}", draft.draft_id, said_of(draft))
            self._shelf.drafts[draft.draft_id] = kept
            return draft_of(kept.values)

    def draft(self, principal: Principal, draft_id: str) -> DraftRecord:
        """Return one draft or raise ``NotFoundError``."""
        return draft_of(self._kept(principal, draft_id).values)

    def drafts(self, principal: Principal) -> list[DraftRecord]:
        """Return drafts, last saved first."""
        self._require_open()
        kept = [kept.values for kept in list(self._shelf.drafts.values())]
        kept.sort(key=lambda values: (values["row_at"], values["draft_id"]), reverse=True)
        return [draft_of(values) for values in kept if sees_draft(principal, values["area"])]

    def draft_changes(self, principal: Principal, draft_id: str) -> Changes:
        """Return the rows of a draft."""
        return changes_of(self._kept(principal, draft_id))

    def draft_work(self, principal: Principal, draft_id: str) -> Mapping[str, Json]:
        """Return what was kept beside the rows of a draft."""
        return load(self._kept(principal, draft_id).values["work"])

    def _kept(self, principal: Principal, draft_id: str) -> KeptDraft:
        self._require_open()
        found = self._shelf.drafts.get(draft_id)
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
        """Make a published draft an edition, in one piece."""
        with self._lock:
            self._require_open()
            now = self._clock()
            known = self._shelf.drafts.get(draft.draft_id)
            require_publishable(principal, draft, known, seen=seen_version, zone=now.tzinfo)
            changes = changes_of(known) if known is not None else Changes.none()
            require_writable_codes(principal, changes.touched)
            line = self._timeline()
            require_base(draft, line, self._moved(draft.base, principal), principal)
            touched = set(changes.touched)
            before = {code: row for code, row in self._rows_of(draft.base, _WHOLE).items() if code in touched}
            record = edition_of_draft(draft, line, changes, before, account=principal.account, now=now)
            applied = line.edition(draft.base).in_force_version
            grids, version = self._grids_now()
            if applied is not None and applied != version:
                there = {str(row[CODE]): row for row in records(grids)}
                require_unmoved(changes.touched, there, before, draft.base)
            self._add(record, changes, [before[code] for code in changes.gone], steps)
            done = replace(draft, edition=record.number, version=seen_version + 1)
            beside = load(known.values["work"]) if known is not None else {}
            values = draft_values(done, changes.gone, beside, account=principal.account, at=microseconds(now))
            kept = () if known is None else known.grids
            self._shelf.drafts[draft.draft_id] = KeptDraft(values=values, grids=kept)
            self._note(principal, "draft.publish", draft.draft_id, record.name)
            put = self._put_in_force(principal, today)
            return next((edition for edition in put if edition.number == record.number), record)

    def record_edition(
        self, principal: Principal, *, title: str, valid_from: date, today: date, note: str = ""
    ) -> EditionRecord:
        """Make an edition of the grids as they stand."""
        require_texts("edition", [title, note])
        require_whole_view(principal)
        with self._lock:
            self._require_open()
            now, line = self._clock(), self._timeline()
            grids, version = self._grids_now()
            in_force = last_in_force(line)
            number = 0 if in_force is None else in_force.number
            before = self._rows_of(number, _WHOLE)
            made = edition_of_table(
                line, grids_of(list(before.values())), grids, self._moved(number, _WHOLE), title=title, note=note,
                valid_from=valid_from, today=today, account=principal.account, now=now, version=version,
            )  # fmt: skip
            if made is None:
                return line.editions[-1]
            record, changes = made
            self._add(record, changes, [before[code] for code in changes.gone], None)
            if record.in_force_version is not None:
                self._shelf.in_force[record.number] = (version, principal.account, microseconds(now))
            self._note(principal, "edition.record", Grids.SPEC.name, record.name)
            return record

    def put_in_force(self, principal: Principal, *, today: date) -> tuple[EditionRecord, ...]:
        """Make the grids those of all editions whose day has come."""
        with self._lock:
            self._require_open()
            return self._put_in_force(principal, today)

    def _put_in_force(self, principal: Principal, today: date) -> tuple[EditionRecord, ...]:
        done = []
        for edition in self._timeline().due(today):
            changes = self._changes(edition.number, _WHOLE)
            version = self._amend(principal, changes, edition.name)
            self._note(principal, "edition.in_force", Grids.SPEC.name, told_of(changes, edition))
            self._shelf.in_force[edition.number] = (version, principal.account, microseconds(self._clock()))
            done.append(replace(edition, in_force_version=version))
        return tuple(done)

    def editions(self, principal: Principal) -> Timeline:  # noqa: ARG002  # seen whole by all
        """Return all editions."""
        self._require_open()
        return self._timeline()

    def edition_grids(self, principal: Principal, number: int) -> Grids:
        """Return the grids of an edition that the account sees."""
        self.editions(principal).edition(number)
        return grids_of(list(self._rows_of(number, principal).values()))

    def edition_changes(self, principal: Principal, number: int) -> Changes:
        """Return what an edition changed of its base, as far as the account sees it."""
        self.editions(principal).edition(number)
        return self._changes(number, principal)

    def edition_steps(self, principal: Principal, number: int) -> tuple[LineageStep, ...] | None:
        """Return the operations that led to an edition, or None where they are not known."""
        self.editions(principal).edition(number)
        return steps_of(self._shelf.editions[number - 1]["steps"])

    def moved_since(self, principal: Principal, number: int) -> tuple[str, ...]:
        """Return the codes that editions after this one changed, rising."""
        self._require_open()
        return tuple(sorted(self._moved(number, principal)))

    def retired_codes(self, principal: Principal) -> frozenset[str]:
        """Return the codes that some edition gave up."""
        self._require_open()
        ended = (str(row[CODE]) for _, gone, row in list(self._shelf.grids) if gone)
        return frozenset(code for code in ended if in_scope_of(principal, code))

    def _timeline(self) -> Timeline:
        in_force = self._shelf.in_force
        return Timeline.of(
            [edition_of(e, in_force[e["serial"]][0] if e["serial"] in in_force else None) for e in self._shelf.editions]
        )

    def _rows_of(self, number: int, principal: Principal) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for edition, gone, row in list(self._shelf.grids):
            code = str(row[CODE])
            if edition <= number and in_scope_of(principal, code):
                if gone:
                    found.pop(code, None)
                else:
                    found[code] = row
        return found

    def _changes(self, number: int, principal: Principal) -> Changes:
        mine = [(gone, row) for edition, gone, row in list(self._shelf.grids) if edition == number]
        seen = [(gone, row) for gone, row in mine if in_scope_of(principal, str(row[CODE]))]
        gone = tuple(sorted(str(row[CODE]) for ended, row in seen if ended))
        return Changes(changed=grids_of([row for ended, row in seen if not ended]), gone=gone)

    def _moved(self, number: int, principal: Principal) -> dict[str, int]:
        later = [(str(row[CODE]), edition) for edition, _, row in list(self._shelf.grids) if edition > number]
        return {code: edition for code, edition in later if in_scope_of(principal, code)}

    def _add(
        self,
        record: EditionRecord,
        changes: Changes,
        ended: Sequence[Record],
        steps: Sequence[LineageStep] | None,
    ) -> None:
        self._shelf.editions.append(edition_values(record, steps))
        self._shelf.grids += [(record.number, False, row) for row in records(changes.changed)]
        self._shelf.grids += [(record.number, True, row) for row in ended]

    def _copied_editions(self, table: str, names: Sequence[str]) -> list[Record] | None:
        """Return the rows of a table of drafts or editions as they are in SQL; None for other tables."""
        shelf = self._shelf
        rows: list[Mapping[str, object]]
        if table == "drafts":
            rows = [kept.values for kept in shelf.drafts.values()]
        elif table == "draft_grids":
            rows = [
                {"draft_id": draft_id, **dict(zip(ROW, row, strict=True))}
                for draft_id, kept in shelf.drafts.items()
                for row in kept.grids
            ]
        elif table == "editions":
            rows = list(shelf.editions)
        elif table == "edition_grids":
            rows = [
                {"serial": serial, "edition": edition, "ended": gone, **dict(zip(ROW, row, strict=True))}
                for serial, (edition, gone, row) in enumerate(shelf.grids, start=1)
            ]
        elif table == "editions_in_force":
            rows = [
                {"serial": serial, "edition": edition, "version": version, "row_by": by, "row_at": at}
                for serial, (edition, (version, by, at)) in enumerate(shelf.in_force.items(), start=1)
            ]
        else:
            return None
        return [tuple(row[name] for name in names) for row in rows]


def _put(before: Sequence[Record], grids: Sequence[Record], replaced: frozenset[str]) -> tuple[Record, ...]:
    """Return rows with those of some codes replaced."""
    return (*(row for row in before if str(row[CODE]) not in replaced), *grids)
