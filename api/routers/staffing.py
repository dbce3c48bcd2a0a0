"""How many units by hour."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.deps import As, InJobs, InWorkspace
from api.schemas.jobs import JobStarted
from api.schemas.problems import answers
from api.schemas.staffing import UnitsQuestion
from api.services.units_by_hour import units_by_hour

router = APIRouter(prefix="/api/staffing", tags=["plans"])


@router.post("/units", status_code=202, responses=answers(404, 409, 503))
def units(
    question: UnitsQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Say how many units every hour needs, and the shifts that field them; the answer is kept as a plan."""
    record = runner.start(
        principal, "staffing", lambda observe: units_by_hour(workspace, principal, question, observe)
    )  # fmt: skip
    url = f"/api/jobs/{record.job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=record.job_id, status_url=url)
