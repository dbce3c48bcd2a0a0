"""Drafts of grids as they are kept: where each stands, and every edit of it in order, by whom and when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self, cast

import orjson

from geo.errors import ConflictError
from geo.grids.changes import Changes
from geo.grids.drafts import DraftRecord, Rules
from geo.grids.lineage import LineageStep
from geo.grids.operations import AnyOperation, from_json, to_json
from geo.store.port import DEMO, Json, Principal, Store


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """An edit as it was made: the value that does it again, and what it meant for the grids.

    Attributes
    ----------
    operation_text : the value as JSON, read only when a draft is drawn again
    """

    operation_text: str
    lineage: LineageStep
    account: str
    at: datetime

    @classmethod
    def of(cls, operation: AnyOperation, lineage: LineageStep, principal: Principal) -> Self:
        """Return an edit as it is made now."""
        text = orjson.dumps(to_json(operation)).decode()
        return cls(operation_text=text, lineage=lineage, account=principal.account, at=datetime.now(UTC))

    @cached_property
    def operation(self) -> AnyOperation:
        """The value that makes the edit."""
        return from_json(orjson.loads(self.operation_text))


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPaper:
    """A draft with its edits.

    Attributes
    ----------
    drawn_on : number of the edition that the edits are made on; the draft itself may have been put on a later one
    revision : rises by one with every edit, undo and redo
    strokes : edits that hold, in order
    undone : edits that were taken back, the next to make again last
    """

    record: DraftRecord
    drawn_on: int
    revision: int = 0
    strokes: tuple[Stroke, ...] = ()
    undone: tuple[Stroke, ...] = ()
    changed_by: str
    changed_at: datetime

    @property
    def lineage(self) -> tuple[LineageStep, ...]:
        """What the edits did to the grids, in order."""
        return tuple(stroke.lineage for stroke in self.strokes)

    def advanced(
        self, principal: Principal, *, strokes: tuple[Stroke, ...], undone: tuple[Stroke, ...], touched: tuple[str, ...]
    ) -> Self:
        """Return the draft one revision on; one that was returned is a draft again."""
        state = "draft" if self.record.state == "returned" else self.record.state
        return replace(
            self,
            record=replace(self.record, touched=touched, state=state),
            revision=self.revision + 1,
            strokes=strokes,
            undone=undone,
            changed_by=principal.account,
            changed_at=datetime.now(UTC),
        )

    def require_revision(self, seen: int) -> None:
        """Raise ``ConflictError`` with who was faster, and when, unless ``seen`` is the newest revision."""
        if seen == self.revision:
            return
        when = self.changed_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        last = self.strokes[-1].lineage if self.strokes else None
        codes = sorted({*last.before, *last.after}) if last is not None else []
        raise ConflictError(
            f"The draft “{self.record.title}” was changed by {self.changed_by} at {when} (you saw revision {seen}, it is at "
            f"{self.revision}): load it again, your edit stays on the screen; nothing was changed",
            f"草稿“{self.record.title}”已由 {self.changed_by} 于 {when} 修改（您看到的是第 {seen} 步，现为第 {self.revision} 步），"
            "请重新载入，您的改动仍保留在屏幕上；本次未写入",
            rows=codes,
        )


def rules_for(principal: Principal) -> Rules:
    """Return who may take which step; while there is one account only, it may review its own drafts."""
    return Rules(two_people=principal.account != DEMO.account)


def keep(
    store: Store,
    principal: Principal,
    paper: DraftPaper,
    *,
    changes: Changes | None = None,
    only: Collection[str] | None = None,
) -> DraftPaper:
    """Keep a draft in one atomic write, with its rows where they changed; return it as kept.

    Where ``only`` names codes, ``changes`` tells of these alone.

    Raises
    ------
    ConflictError
        If somebody else kept it since it was read, in this process or another.
    """
    record = store.save_draft(
        principal, paper.record, seen_version=paper.record.version, changes=changes, work=_work(paper), only=only
    )
    return replace(paper, record=record)


def read(store: Store, principal: Principal, draft_id: str, *, known: DraftPaper | None = None) -> DraftPaper:
    """Return a draft; an unknown id raises ``NotFoundError``. ``known`` is returned if it is still as it is kept."""
    record = store.draft(principal, draft_id)
    if known is not None and known.record == record:
        return known
    return _paper(record, store.draft_work(principal, draft_id))


def read_all(store: Store, principal: Principal) -> list[DraftPaper]:
    """Return all drafts, last saved first."""
    return [_paper(record, store.draft_work(principal, record.draft_id)) for record in store.drafts(principal)]


def _work(paper: DraftPaper) -> dict[str, Json]:
    return {
        "drawn_on": paper.drawn_on, "revision": paper.revision,
        "changed_by": paper.changed_by, "changed_at": paper.changed_at.isoformat(),
        "strokes": [_stroke_body(stroke) for stroke in paper.strokes],
        "undone": [_stroke_body(stroke) for stroke in paper.undone],
    }  # fmt: skip


def _stroke_body(stroke: Stroke) -> dict[str, Json]:
    made = stroke.lineage
    return {
        "operation": stroke.operation_text, "account": stroke.account, "at": stroke.at.isoformat(),
        "lineage": {"kind": made.kind, "before": list(made.before), "after": list(made.after), "note": made.note},
    }  # fmt: skip


def _paper(record: DraftRecord, work: Mapping[str, Json]) -> DraftPaper:
    body = cast("Mapping[str, Any]", work)
    return DraftPaper(
        record=record, drawn_on=body["drawn_on"], revision=body["revision"], changed_by=body["changed_by"],
        changed_at=datetime.fromisoformat(body["changed_at"]),
        strokes=tuple(_stroke(held) for held in body["strokes"]),
        undone=tuple(_stroke(held) for held in body["undone"]),
    )  # fmt: skip


def _stroke(body: Mapping[str, Any]) -> Stroke:
    made = body["lineage"]
    return Stroke(
        operation_text=body["operation"],
        lineage=LineageStep(
            kind=made["kind"], before=tuple(made["before"]), after=tuple(made["after"]), note=made["note"]
        ),
        account=body["account"],
        at=datetime.fromisoformat(body["at"]),
    )
