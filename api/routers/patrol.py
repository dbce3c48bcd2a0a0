"""Patrol plans, and every plan that was kept."""

from __future__ import annotations

from typing import Literal

import orjson
from fastapi import APIRouter, Response

from api.deps import As, InJobs, InWorkspace
from api.schemas.jobs import JobStarted
from api.schemas.patrol import PatrolQuestion
from api.schemas.plans import Plans
from api.schemas.problems import answers
from api.services import plans as kept
from api.services.patrol import plan_patrol

router = APIRouter(prefix="/api", tags=["plans"])


@router.post("/patrol/plan", status_code=202, responses=answers(404, 409, 503))
def plan(
    question: PatrolQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Plan the routes of a shift over its must-visit points; watch the job for objective and bound."""
    record = runner.start(principal, "patrol", lambda observe: plan_patrol(workspace, principal, question, observe))
    url = f"/api/jobs/{record.job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=record.job_id, status_url=url)


@router.get("/plans", responses=answers())
def plans(workspace: InWorkspace, principal: As, kind: Literal["posts", "patrol"] | None = None) -> Plans:
    """Return the kept plans, newest first."""
    return kept.plans(workspace, principal, kind)


@router.get(
    "/plans/{plan_id}", response_class=Response, responses={**answers(404), 200: {"content": {"application/json": {}}}}
)
def one_plan(plan_id: str, workspace: InWorkspace, principal: As) -> Response:
    """Return everything that was kept of a plan."""
    return Response(orjson.dumps(kept.plan_body(workspace, principal, plan_id)), media_type="application/json")
