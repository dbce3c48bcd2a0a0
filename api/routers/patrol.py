"""Patrol plans, and every plan that was kept."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import orjson
from fastapi import APIRouter, Response

from api.deps import As, InJobs, InWorkspace
from api.schemas.jobs import JobStarted
from api.schemas.patrol import PatrolQuestion, PlanVersions
from api.schemas.patrol_settings import DayAnswer, PatrolSettingsAnswer, PatrolSettingsEdit
from api.schemas.plans import Plans
from api.schemas.problems import answers
from api.services import patrol_settings as settled
from api.services import patrol_versions
from api.services import plans as kept
from api.services.patrol import plan_patrol
from api.services.patrol_comparing import compare

router = APIRouter(prefix="/api", tags=["plans"])

JSON: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}}}}


@router.post("/patrol/plan", status_code=202, responses=answers(404, 409, 503))
def plan(
    question: PatrolQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Plan the patrols of a shift so that each point is begun again within its gap; watch the job for objective and bound."""
    record = runner.start(principal, "patrol", lambda observe: plan_patrol(workspace, principal, question, observe))
    url = f"/api/jobs/{record.job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=record.job_id, status_url=url)


@router.get("/patrol/settings", responses=answers())
def settings(workspace: InWorkspace, principal: As) -> PatrolSettingsAnswer:
    """Return levels of duty, the calendar, and what holds for all patrol plans."""
    return settled.settings(workspace, principal)


@router.put("/patrol/settings", responses=answers(409))
def put_settings(edit: PatrolSettingsEdit, workspace: InWorkspace, principal: As) -> PatrolSettingsAnswer:
    """Change these settings; plans that were made keep theirs."""
    return settled.put_settings(workspace, principal, edit)


@router.get("/patrol/day", responses=answers())
def day(day: date, workspace: InWorkspace, principal: As) -> DayAnswer:
    """Return what kind of day it is by the calendar, and whether school is on."""
    return settled.day_of(settled.settings(workspace, principal).settings, day)


@router.get("/patrol/compare", response_class=Response, responses={**answers(404), **JSON})
def compared(a: str, b: str, workspace: InWorkspace, principal: As) -> Response:
    """Return two plans (or versions, ``ID@version``) side by side: figures, crews that differ, gaps of each point."""
    return Response(orjson.dumps(compare(workspace, principal, a, b)), media_type="application/json")


@router.get("/patrol/plans/{plan_id}/versions", responses=answers(404, 409))
def versions(plan_id: str, workspace: InWorkspace, principal: As) -> PlanVersions:
    """Return what led to each version of a plan, newest first."""
    return patrol_versions.versions(workspace, principal, plan_id)


@router.get("/patrol/plans/{plan_id}/versions/{version}", response_class=Response, responses={**answers(404), **JSON})
def one_version(plan_id: str, version: int, workspace: InWorkspace, principal: As) -> Response:
    """Return a version of a plan as it was."""
    return Response(
        orjson.dumps(kept.version_body(workspace, principal, plan_id, version)), media_type="application/json"
    )


@router.get("/plans", responses=answers())
def plans(
    workspace: InWorkspace,
    principal: As,
    kind: Literal["posts", "patrol", "patrol_sweep", "patrol_rounds"] | None = None,
) -> Plans:
    """Return the kept plans, newest first."""
    return kept.plans(workspace, principal, kind)


@router.get("/plans/{plan_id}", response_class=Response, responses={**answers(404), **JSON})
def one_plan(plan_id: str, workspace: InWorkspace, principal: As) -> Response:
    """Return everything that was kept of a plan."""
    return Response(orjson.dumps(kept.plan_body(workspace, principal, plan_id)), media_type="application/json")
