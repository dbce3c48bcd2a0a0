"""Patrol plans changed by hand, mended after events, issued to crews."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from fastapi import APIRouter, Response

from api.deps import As, InJobs, InWorkspace
from api.schemas.jobs import JobStarted
from api.schemas.patrol import (
    Accept,
    InsertStop,
    Issue,
    LockStops,
    MoveStop,
    RemoveStop,
    Replan,
    Resolve,
    Restore,
)
from api.schemas.problems import answers
from api.services import patrol_edits, patrol_issue, patrol_mending, patrol_resolving
from geo.store.port import Json

router = APIRouter(prefix="/api/patrol/plans/{plan_id}", tags=["plans"])

ANSWERS = {**answers(404, 409), 200: {"content": {"application/json": {}}}}


def _json(body: Mapping[str, Json]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")


@router.post("/move", response_class=Response, responses=ANSWERS)
def move(plan_id: str, asked: MoveStop, workspace: InWorkspace, principal: As) -> Response:
    """Move a stop to another unit, another time, or both; where it does not fit the answer says why."""
    return _json(patrol_edits.move(workspace, principal, plan_id, asked))


@router.post("/remove", response_class=Response, responses=ANSWERS)
def remove(plan_id: str, asked: RemoveStop, workspace: InWorkspace, principal: As) -> Response:
    """Take a stop out."""
    return _json(patrol_edits.remove(workspace, principal, plan_id, asked))


@router.post("/insert", response_class=Response, responses=ANSWERS)
def insert(plan_id: str, asked: InsertStop, workspace: InWorkspace, principal: As) -> Response:
    """Add a visit of a point to a unit."""
    return _json(patrol_edits.insert(workspace, principal, plan_id, asked))


@router.post("/lock", response_class=Response, responses=ANSWERS)
def lock(plan_id: str, asked: LockStops, workspace: InWorkspace, principal: As) -> Response:
    """Lock stops: their unit and time stay when the plan is solved again."""
    return _json(patrol_edits.lock(workspace, principal, plan_id, asked, on=True))


@router.post("/unlock", response_class=Response, responses=ANSWERS)
def unlock(plan_id: str, asked: LockStops, workspace: InWorkspace, principal: As) -> Response:
    """Unlock stops."""
    return _json(patrol_edits.lock(workspace, principal, plan_id, asked, on=False))


@router.post("/restore", response_class=Response, responses=ANSWERS)
def restore(plan_id: str, asked: Restore, workspace: InWorkspace, principal: As) -> Response:
    """Make the content of an older version the newest one."""
    return _json(patrol_edits.restore(workspace, principal, plan_id, asked))


@router.post("/replan", response_class=Response, responses=ANSWERS)
def replan(plan_id: str, asked: Replan, workspace: InWorkspace, principal: As) -> Response:
    """Mend the plan after events: a unit away, back or late, a street closed."""
    return _json(patrol_mending.replan(workspace, principal, plan_id, asked))


@router.post("/resolve", status_code=202, responses=answers(404, 409, 503))
def resolve(
    plan_id: str, asked: Resolve, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Solve the plan again around its locked stops."""
    patrol_resolving.require_newest(workspace, principal, plan_id, asked)
    record = runner.start(
        principal, "patrol", lambda observe: patrol_resolving.resolve(workspace, principal, plan_id, asked, observe)
    )
    url = f"/api/jobs/{record.job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=record.job_id, status_url=url)


@router.post("/issue", response_class=Response, responses=ANSWERS)
def issue(plan_id: str, asked: Issue, workspace: InWorkspace, principal: As) -> Response:
    """Issue a version to its crews (下发): only crews whose task changed get it anew."""
    return _json(patrol_issue.issue(workspace, principal, plan_id, asked))


@router.post("/accept", response_class=Response, responses=ANSWERS)
def accept(plan_id: str, asked: Accept, workspace: InWorkspace, principal: As) -> Response:
    """Note that a crew's task was accepted (签收)."""
    return _json(patrol_issue.accept(workspace, principal, plan_id, asked))


@router.get("/issues", response_class=Response, responses=ANSWERS)
def issues(plan_id: str, workspace: InWorkspace, principal: As) -> Response:
    """Return every issue of a plan and where each crew's task stands."""
    return _json(patrol_issue.issues(workspace, principal, plan_id))
