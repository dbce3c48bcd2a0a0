"""Sweeps of streets and periodic rounds: ask, and take away as a file."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import As, InJobs, InWorkspace
from api.schemas.jobs import JobStarted
from api.schemas.patrol_rounds import RoundsQuestion
from api.schemas.patrol_sweep import SweepQuestion
from api.schemas.problems import answers
from api.services.exports import Download
from api.services.patrol_rounds import plan_rounds, prepare_rounds, rounds_file
from api.services.patrol_sweep import plan_sweep, prepare_sweep, sweep_file

router = APIRouter(prefix="/api/patrol", tags=["plans"])


@router.post("/sweep", status_code=202, responses=answers(404, 409, 503))
def sweep(
    question: SweepQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Plan ways along all streets of an area or of grids; watch the job for objective and bound."""
    prepare_sweep(workspace, principal, question)
    record = runner.start(
        principal, "patrol_sweep", lambda observe: plan_sweep(workspace, principal, question, observe)
    )
    return _started(record.job_id, response)


@router.post("/rounds", status_code=202, responses=answers(404, 409, 503))
def rounds(
    question: RoundsQuestion, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Plan visits every few days over weeks; watch the job for objective and bound."""
    prepare_rounds(workspace, principal, question)
    record = runner.start(
        principal, "patrol_rounds", lambda observe: plan_rounds(workspace, principal, question, observe)
    )
    return _started(record.job_id, response)


@router.get("/sweep/{plan_id}/export", response_class=Response, responses=answers(404))
def sweep_export(
    plan_id: str, workspace: InWorkspace, principal: As, form: Annotated[str, Query(alias="f")] = "geojson"
) -> Response:
    """Return the routes of a sweep as GeoJSON or GPX, in WGS84."""
    return _file(sweep_file(workspace, principal, plan_id, form))


@router.get("/rounds/{plan_id}/export", response_class=Response, responses=answers(404))
def rounds_export(
    plan_id: str,
    workspace: InWorkspace,
    principal: As,
    form: Annotated[str, Query(alias="f")] = "geojson",
    day: date | None = None,
) -> Response:
    """Return the routes and stops of rounds, or of one day of them, as GeoJSON or GPX, in WGS84."""
    return _file(rounds_file(workspace, principal, plan_id, form, day))


def _started(job_id: str, response: Response) -> JobStarted:
    url = f"/api/jobs/{job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=job_id, status_url=url)


def _file(made: Download) -> Response:
    return Response(
        made.body, media_type=made.media_type, headers={"Content-Disposition": f'attachment; filename="{made.name}"'}
    )
