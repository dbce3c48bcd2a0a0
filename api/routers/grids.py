"""Boundaries: read the shared lines of a view, save moved ones."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.deps import As, InWorkspace
from api.schemas.grids import ArcsEdit, ArcsSaved
from api.schemas.problems import answers
from api.services import grids

router = APIRouter(prefix="/api/grids", tags=["grids"])


@router.get(
    "/topology", response_class=Response, responses={**answers(413), 200: {"content": {"application/json": {}}}}
)
def topology(workspace: InWorkspace, principal: As, bbox: str | None = None) -> Response:
    """Return the shared lines of the grids in view, with the version and edition to send back."""
    return Response(grids.topology(workspace, principal, bbox), media_type="application/json")


@router.post("/arcs", responses=answers(403, 409))
def arcs(edit: ArcsEdit, workspace: InWorkspace, principal: As) -> ArcsSaved:
    """Save moved boundary lines, or refuse with the grids named; nothing is half-saved."""
    return grids.save_arcs(workspace, principal, edit)
