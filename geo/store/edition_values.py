"""Drafts and editions as plain stored values and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, cast

from geo.grids.changes import Changes
from geo.grids.drafts import DraftRecord, DraftStep
from geo.grids.editions import EditionRecord
from geo.store.port import Json
from geo.store.records import Record, frame_of, stored_columns
from geo.store.values import dump, instant_of, load, microseconds, require_texts
from geo.tables.grids import Grids

if TYPE_CHECKING:
    from geo.grids.lineage import LineageStep

ROW: Final = stored_columns(Grids.SPEC)
"""Columns of a kept grid in a draft or an edition."""

_FRAME: Final = len(Grids.SPEC.names) + 1
CODE: Final = ROW.index("code")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """A draft as it is stored: its row by column, and the rows of its grids.

    Attributes
    ----------
    replaced : codes whose rows give way to ``grids``, the others being left as they are; None for all
    """

    values: Mapping[str, Any]
    grids: Sequence[Record]
    replaced: frozenset[str] | None = None


def grids_of(rows: Sequence[Sequence[object]]) -> Grids:
    """Return stored grids, in code order, as a table."""
    ordered = sorted((row[:_FRAME] for row in rows), key=lambda row: str(row[CODE]))
    return Grids(cast("Any", frame_of(Grids, ordered)))


def draft_values(
    draft: DraftRecord, gone: Sequence[str], work: Mapping[str, Json], *, account: str, at: int
) -> dict[str, object]:
    """Return the stored values of a draft, without its grids."""
    require_texts("draft", [draft.draft_id, draft.title, draft.area, draft.state, account])
    body: dict[str, Json] = {
        "touched": list(draft.touched),
        "gone": list(gone),
        "steps": [
            {"step": s.step, "account": s.account, "at": microseconds(s.at), "before": s.before, "after": s.after,
             "reason": s.reason, "codes": list(s.codes)}
            for s in draft.steps
        ],
    }  # fmt: skip
    return {
        "draft_id": draft.draft_id,
        "title": draft.title,
        "area": draft.area,
        "base": draft.base,
        "state": draft.state,
        "version": draft.version,
        "valid_from": None if draft.valid_from is None else draft.valid_from.isoformat(),
        "edition": draft.edition,
        "record": dump(f"draft {draft.draft_id}", body),
        "work": dump(f"work of draft {draft.draft_id}", work),
        "row_by": account,
        "row_at": at,
    }


def draft_of(values: Mapping[str, Any]) -> DraftRecord:
    """Return the draft of stored values; times come back in UTC."""
    body = cast("Mapping[str, Any]", load(values["record"]))
    return DraftRecord(
        draft_id=values["draft_id"],
        title=values["title"],
        area=values["area"],
        base=values["base"],
        state=values["state"],
        touched=tuple(body["touched"]),
        steps=tuple(
            DraftStep(**{**step, "at": instant_of(step["at"]), "codes": tuple(step["codes"])}) for step in body["steps"]
        ),
        valid_from=None if values["valid_from"] is None else date.fromisoformat(values["valid_from"]),
        edition=values["edition"],
        version=values["version"],
    )


def changes_of(kept: KeptDraft) -> Changes:
    """Return the changes of a stored draft."""
    return Changes(changed=grids_of(kept.grids), gone=tuple(cast("Any", load(kept.values["record"]))["gone"]))


def edition_values(record: EditionRecord, steps: Sequence[LineageStep] | None) -> dict[str, object]:
    """Return the stored values of an edition, without its grids."""
    require_texts("edition", [record.title, record.recorded_by, record.note, record.draft_id or ""])
    body: list[Json] | None = None
    if steps is not None:
        body = [{"kind": s.kind, "before": list(s.before), "after": list(s.after), "note": s.note} for s in steps]
    return {
        "serial": record.number,
        "title": record.title,
        "valid_from": record.valid_from.isoformat(),
        "recorded_at": microseconds(record.recorded_at),
        "recorded_by": record.recorded_by,
        "base": record.base,
        "draft_id": record.draft_id,
        "note": record.note,
        "grids": record.grids,
        "changed": record.changed,
        "gone": record.gone,
        "steps": None if body is None else dump(f"edition {record.number}", {"steps": body}),
    }


def edition_of(values: Mapping[str, Any], in_force_version: int | None) -> EditionRecord:
    """Return the edition of stored values."""
    return EditionRecord(
        number=values["serial"],
        title=values["title"],
        valid_from=date.fromisoformat(values["valid_from"]),
        recorded_at=instant_of(values["recorded_at"]),
        recorded_by=values["recorded_by"],
        base=values["base"],
        draft_id=values["draft_id"],
        note=values["note"],
        grids=values["grids"],
        changed=values["changed"],
        gone=values["gone"],
        in_force_version=in_force_version,
    )


def steps_of(text: str | None) -> tuple[LineageStep, ...] | None:
    """Return the operations of a stored edition."""
    from geo.grids.lineage import LineageStep

    if text is None:
        return None
    held = cast("list[dict[str, Any]]", load(text)["steps"])
    return tuple(
        LineageStep(kind=s["kind"], before=tuple(s["before"]), after=tuple(s["after"]), note=s["note"]) for s in held
    )
