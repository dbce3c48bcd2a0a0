"""Drafts on their way to an edition: 报审, 审核, 退回, 发布生效, 撤回."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd

from api.schemas.drafts import Draft, StepAsked
from api.services import draft_papers, editions
from api.services.draft_papers import DraftPaper, rules_for
from api.services.drafts import STEPS, shown
from api.services.workspace import Workspace
from geo.grids.changes import Changes, refuse_moved, require_sound, standing_of
from geo.grids.drafts import DraftRecord
from geo.store.port import Principal
from geo.tables.grids import Grids


def take_step(workspace: Workspace, principal: Principal, draft_id: str, wanted: StepAsked) -> Draft:
    """Take a step with a draft; publishing it makes the next edition.

    Raises
    ------
    ForbiddenError
        If the account may not take the step, or submitted the draft that it would review.
    ConflictError
        If the draft is not in a state for it, or others changed the same grids since it began; they are named.
    """
    if wanted.step == "publish":
        return _published(workspace, principal, draft_id, wanted)
    with workspace.drawings.writing(draft_id):
        paper = draft_papers.read(workspace.store, principal, draft_id)
        record = paper.record.taken(
            STEPS[wanted.step], actor=principal, at=datetime.now(UTC), reason=wanted.reason, rules=rules_for(principal)
        )
        kept = draft_papers.keep(workspace.store, principal, replace(paper, record=record))
        if wanted.step == "withdraw":
            workspace.drawings.forget(draft_id)
            workspace.drawing_files.forget(draft_id)
    return shown(kept, principal)


def _published(workspace: Workspace, principal: Principal, draft_id: str, wanted: StepAsked) -> Draft:
    with workspace.editing, workspace.drawings.writing(draft_id):
        paper = draft_papers.read(workspace.store, principal, draft_id)
        day = wanted.valid_from or editions.today(workspace)
        # Whether this account may publish it now is told before anything is written.
        paper.record.published(day, actor=principal, at=datetime.now(UTC), rules=rules_for(principal))
        ready = _on_newest(workspace, principal, paper, day)
        record = ready.record.published(
            day, actor=principal, at=datetime.now(UTC), note=wanted.reason, rules=rules_for(principal)
        )
        workspace.store.publish_draft(
            principal, record, seen_version=ready.record.version, today=editions.today(workspace), steps=paper.lineage
        )
        workspace.drawings.forget(draft_id)
        workspace.drawing_files.forget(draft_id)
        kept = draft_papers.read(workspace.store, principal, draft_id)
    return shown(kept, principal)


def _on_newest(workspace: Workspace, principal: Principal, paper: DraftPaper, day: date) -> DraftPaper:
    """Put an approved draft on the newest edition, if nobody else changed its grids, and date what is new in it."""
    store = workspace.store
    newest = editions.head(workspace, principal)
    store.editions(principal).require_day(day)
    record = paper.record
    if record.base != newest.number:
        record = _rebased(workspace, principal, record, newest.number)
    grids = store.edition_grids(principal, newest.number)
    changes = _dated(store.draft_changes(principal, record.draft_id), set(grids.keys), day, workspace)
    require_sound(grids, changes)
    return draft_papers.keep(store, principal, replace(paper, record=record), changes=changes)


def _rebased(workspace: Workspace, principal: Principal, record: DraftRecord, newest: int) -> DraftRecord:
    where = standing_of(record.touched, workspace.store.moved_since(principal, record.base))
    if not where.rebasable:
        raise refuse_moved(where, by=_authors(workspace, principal, where.clash, record.base))
    return record.rebased(newest, where, actor=principal, at=datetime.now(UTC), rules=rules_for(principal))


def _dated(changes: Changes, known: set[str], day: date, workspace: Workspace) -> Changes:
    """Return the changes with the day from which new grids hold."""
    frame = changes.changed.frame.copy()
    fresh = [code not in known for code in changes.changed.keys]
    if any(fresh):
        frame.loc[fresh, "valid_from"] = pd.Timestamp(day, tz=workspace.zone).tz_convert("UTC").as_unit("us")
    return Changes(changed=Grids(frame), gone=changes.gone)


def _authors(workspace: Workspace, principal: Principal, codes: tuple[str, ...], base: int) -> dict[str, str]:
    """Return who changed grids since an edition, by code."""
    found: dict[str, str] = {}
    for edition in workspace.store.editions(principal).editions[base:]:
        moved = set(workspace.store.edition_changes(principal, edition.number).touched)
        found.update({code: f"{edition.recorded_by}, {edition.name}" for code in codes if code in moved})
    return found
