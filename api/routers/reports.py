"""Reports."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import As, InWorkspace
from api.schemas.problems import answers
from api.schemas.reports import DailyReport
from api.services import reports

router = APIRouter(prefix="/api/reports", tags=["reports"])


@router.get("/daily", responses=answers())
def daily(workspace: InWorkspace, principal: As, day: str | None = None) -> DailyReport:
    """Return one statistical day against the same weekday a week before."""
    return reports.daily(workspace, principal, day)
