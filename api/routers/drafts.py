"""Drafts of grids: begin, edit, undo, compare, submit, review, publish."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response

from api.deps import As, InWorkspace, Language
from api.schemas.drafts import Comment, Draft, DraftBegin, DraftChanged, DraftEdit, Drafts, Revision, StepAsked
from api.schemas.problems import answers
from api.services import drafts, publishing
from api.services.comparison import comparison_file

router = APIRouter(prefix="/api/drafts", tags=["drafts"])


@router.post("", status_code=201, responses=answers(403, 409))
def begin(wanted: DraftBegin, workspace: InWorkspace, principal: As) -> Draft:
    """Begin a draft on the newest edition."""
    return drafts.begin(workspace, principal, wanted)


@router.get("", responses=answers())
def listed(workspace: InWorkspace, principal: As) -> Drafts:
    """Return all drafts, newest first."""
    return drafts.drafts(workspace, principal)


@router.get("/{draft_id}", responses=answers(404))
def one(draft_id: str, workspace: InWorkspace, principal: As) -> Draft:
    """Return one draft."""
    return drafts.draft(workspace, principal, draft_id)


@router.delete("/{draft_id}", responses=answers(403, 404, 409))
def withdraw(draft_id: str, workspace: InWorkspace, principal: As) -> Draft:
    """Withdraw a draft; it stays readable."""
    return publishing.take_step(workspace, principal, draft_id, StepAsked(step="withdraw"))


@router.get(
    "/{draft_id}/topology",
    response_class=Response,
    responses={**answers(404, 413), 200: {"content": {"application/json": {}}}},
)
def topology(draft_id: str, workspace: InWorkspace, principal: As, bbox: str | None = None) -> Response:
    """Return the shared lines of the draft's grids in view, with figures and the revision to send back."""
    return Response(drafts.topology(workspace, principal, draft_id, bbox), media_type="application/json")


@router.get(
    "/{draft_id}/units",
    response_class=Response,
    responses={**answers(404, 413), 200: {"content": {"application/json": {}}}},
)
def units(draft_id: str, workspace: InWorkspace, principal: As, bbox: str | None = None) -> Response:
    """Return the blocks in view for the brush, each with the grid that it is in in the draft."""
    return Response(drafts.units(workspace, principal, draft_id, bbox), media_type="application/json")


@router.post("/{draft_id}/operations", responses=answers(403, 404, 409))
def edit(draft_id: str, wanted: DraftEdit, workspace: InWorkspace, principal: As) -> DraftChanged:
    """Make one edit and keep it, or refuse with the grids named; nothing is half-made."""
    return drafts.edit(workspace, principal, draft_id, wanted)


@router.post("/{draft_id}/undo", responses=answers(403, 404, 409))
def undo(draft_id: str, seen: Revision, workspace: InWorkspace, principal: As) -> DraftChanged:
    """Take back the last edit."""
    return drafts.undo(workspace, principal, draft_id, seen.revision)


@router.post("/{draft_id}/redo", responses=answers(403, 404, 409))
def redo(draft_id: str, seen: Revision, workspace: InWorkspace, principal: As) -> DraftChanged:
    """Make the edit again that was taken back last."""
    return drafts.redo(workspace, principal, draft_id, seen.revision)


@router.post("/{draft_id}/comments", status_code=201, responses=answers(403, 404, 409))
def comment(draft_id: str, said: Comment, workspace: InWorkspace, principal: As) -> Draft:
    """Add a remark."""
    return drafts.comment(workspace, principal, draft_id, said.text)


@router.post("/{draft_id}/steps", responses=answers(403, 404, 409))
def step(draft_id: str, wanted: StepAsked, workspace: InWorkspace, principal: As) -> Draft:
    """Submit, review, return, publish or withdraw a draft."""
    return publishing.take_step(workspace, principal, draft_id, wanted)


@router.get(
    "/{draft_id}/comparison",
    response_class=Response,
    responses={**answers(404), 200: {"content": {"application/json": {}}}},
)
def comparison(
    draft_id: str,
    workspace: InWorkspace,
    principal: As,
    language: Language,
    f: Literal["json", "geojson", "xlsx"] = "json",
) -> Response:
    """Return what a draft would change: the map of pieces, the table of grids, totals."""
    made = comparison_file(workspace, principal, draft_id, f, language)
    return Response(made.body, media_type=made.media_type, headers=made.headers)
