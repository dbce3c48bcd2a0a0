"""Editions of the grids and what became of each grid."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import As, InWorkspace
from api.schemas.editions import Editions, Lineage
from api.schemas.problems import answers
from api.services import editions

router = APIRouter(prefix="/api/editions", tags=["editions"])


@router.get("", responses=answers())
def listed(workspace: InWorkspace, principal: As) -> Editions:
    """Return all editions, newest first."""
    return editions.editions(workspace, principal)


@router.get("/{edition_id}/lineage", responses=answers(404))
def descent(edition_id: str, workspace: InWorkspace, principal: As) -> Lineage:
    """Return splits, merges and shifts since the edition before."""
    return editions.lineage(workspace, principal, edition_id)
