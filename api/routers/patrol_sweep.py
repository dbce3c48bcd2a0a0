"""Sweeps of streets and periodic rounds: ask, and take away as a file."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import As, InJobs, InWorkspace, Language
from api.schemas.jobs import JobStarted
from api.schemas.patrol_rounds import RoundsQuestion
from api.schemas.patrol_sweep import SweepQuestion
from api.schemas.problems import answers
from api.services.exports import Download
from api.services.patrol_rounds import plan_rounds, prepare_rounds, rounds_file
from api.services.patrol_sheet import Form
from api.services.patrol_sweep import plan_sweep, prepare_sweep, sweep_file
from api.services.way_sheets import rounds_sheet, sweep_sheet

router = APIRouter(prefix="/api/patrol", tags=["plans"])
Crews = Annotated[list[int] | None, Query(alias="unit", max_length=500)]


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


@router.get("/sweep/{plan_id}/sheet", response_class=Response, responses=answers(404))
def sweep_sheets(
    plan_id: str,
    request: Request,
    workspace: InWorkspace,
    principal: As,
    lang: Language,
    units: Crews = None,
    form: Annotated[Form, Query(alias="f")] = "pdf",
) -> Response:
    """Return the sheets of some crews of a sweep by number, or of all (清街任务单), as PDF on A4 or as a page to print."""
    made = sweep_sheet(workspace, principal, plan_id, form, numbers=units, lang=lang, nonce=request.state.nonce)
    return _sheet(made, form)


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


@router.get("/rounds/{plan_id}/sheet", response_class=Response, responses=answers(404))
def rounds_sheets(
    plan_id: str,
    request: Request,
    workspace: InWorkspace,
    principal: As,
    lang: Language,
    day: date,
    units: Crews = None,
    form: Annotated[Form, Query(alias="f")] = "pdf",
) -> Response:
    """Return the sheets of one day of rounds, of some crews by number or of all (走访任务单), as PDF on A4 or as a page."""
    made = rounds_sheet(
        workspace, principal, plan_id, form, day=day, numbers=units, lang=lang, nonce=request.state.nonce
    )
    return _sheet(made, form)


def _started(job_id: str, response: Response) -> JobStarted:
    url = f"/api/jobs/{job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=job_id, status_url=url)


def _file(made: Download) -> Response:
    return Response(
        made.body, media_type=made.media_type, headers={"Content-Disposition": f'attachment; filename="{made.name}"'}
    )


def _sheet(made: Download, form: Form) -> Response:
    headers = {"Cache-Control": "no-store"}
    if form == "pdf":
        headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return Response(made.body, media_type=made.media_type, headers=headers)
