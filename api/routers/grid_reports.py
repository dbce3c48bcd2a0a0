"""Reports on grids: check, renumber, conformity, fit with police grids, staff, restated figures."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Query, Response, UploadFile
from fastapi.responses import JSONResponse

from api.deps import As, InJobs, InWorkspace, Language
from api.routers.uploads import keep_upload
from api.schemas.grid_reports import (
    Conformity,
    GridCheck,
    MergeAsked,
    MergeReport,
    Misfit,
    RenumberAsked,
    Renumbered,
    RepairAsked,
    RepairReport,
    Restatement,
    Staffing,
)  # fmt: skip
from api.schemas.jobs import JobStarted
from api.schemas.problems import answers
from api.schemas.values import Value
from api.services import conformity as conforming
from api.services.filters import parse_filter
from api.services.grid_check import check_grids
from api.services.layer_merging import LayerFile, merge_files, merge_report
from api.services.misfit import misfit
from api.services.renumbering import renumber_grids
from api.services.repairing import repair_grids, repair_report
from api.services.report_jobs import kept_report, made_or_queued
from api.services.restating import restated
from api.services.staffing import staffing
from geo.store.port import JobRecord, Json
from planners.contract import Observer

router = APIRouter(prefix="/api/grids", tags=["grids"])
From = Annotated[str | None, Query(alias="from")]
To = Annotated[str | None, Query(alias="to")]
V = TypeVar("V", bound=Value)
JOB: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": JobStarted, "description": "A job, where there are more grids than are looked at while one waits"}
}


@router.get("/check", responses=JOB | answers(409))
def check(
    workspace: InWorkspace,
    principal: As,
    runner: InJobs,
    response: Response,
    gap_width_m: float = 1.0,
    sliver_width_m: float = 1.0,
) -> GridCheck | JobStarted:
    """Return gaps, overlaps, lines that do not meet, land outside its community, and faulty codes."""

    def work(observe: Observer) -> GridCheck:
        return check_grids(
            workspace, principal, gap_width_m=gap_width_m, sliver_width_m=sliver_width_m, observe=observe
        )

    return _told(made_or_queued(workspace, principal, runner, "grid_check", work), response)


@router.get("/reports/{report_id}", response_class=JSONResponse, responses=answers(404))
def report(report_id: str, workspace: InWorkspace, principal: As) -> JSONResponse:
    """Return a report that a job made: check, conformity, fit or comparison, as it is answered at once for fewer grids."""
    return JSONResponse(kept_report(workspace, principal, report_id))


@router.post("/repair", status_code=202, responses=answers(403, 409))
def repair(
    wanted: RepairAsked, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Mend what can be mended by rule, every change listed; written only with ``commit``."""
    record = runner.start(principal, "grid_repair", lambda observe: repair_grids(workspace, principal, wanted, observe))
    return _started(record, response)


@router.get("/repairs/{repair_id}", responses=answers(404))
def repaired(repair_id: str, workspace: InWorkspace, principal: As) -> RepairReport:
    """Return what a repair did and what it left."""
    return RepairReport.model_validate(repair_report(workspace, principal, repair_id))


@router.post("/merge", status_code=202, responses=answers(403, 409, 413))
def merge(
    files: list[UploadFile],
    workspace: InWorkspace,
    principal: As,
    runner: InJobs,
    response: Response,
    wanted: Annotated[MergeAsked, Query()],
    communities: UploadFile | None = None,
) -> JobStarted:
    """Make many layers one by rule, each named by its file, the first with most right under ``priority``."""
    folder = Path(tempfile.mkdtemp(prefix="xunge-merge-"))
    layers = [_kept(file, folder / f"{number}", workspace) for number, file in enumerate(files)]
    parents = None if communities is None else _kept(communities, folder / "communities", workspace).path

    def work(observe: Observer) -> Mapping[str, Json]:
        try:
            return merge_files(workspace, principal, layers, wanted, observe, parents=parents).result
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    record = runner.start(principal, "grid_merge", work)
    return _started(record, response)


def _kept(file: UploadFile, folder: Path, workspace: InWorkspace) -> LayerFile:
    name = Path(file.filename or "upload")
    folder.mkdir()
    path = folder / f"upload{''.join(name.suffixes[-2:])}"
    keep_upload(file, path, most=workspace.settings.max_upload_mb)
    return LayerFile(name=name.name.removesuffix("".join(name.suffixes[-2:])), path=path)


@router.get("/merges/{merge_id}", responses=answers(404))
def merged(merge_id: str, workspace: InWorkspace, principal: As) -> MergeReport:
    """Return where each piece of a merge comes from, and what is to be reviewed."""
    return MergeReport.model_validate(merge_report(workspace, principal, merge_id))


@router.post("/renumber", responses=answers(403, 409, 413))
def renumber(wanted: RenumberAsked, workspace: InWorkspace, principal: As) -> Renumbered:
    """Number grids anew; unchanged land keeps its number. Written only with ``commit``."""
    return renumber_grids(workspace, principal, wanted)


@router.get(
    "/conformity",
    response_model=Conformity | JobStarted,
    responses={
        **JOB,
        **answers(409),
        200: {"content": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {}}},
    },
)
def conformity(
    workspace: InWorkspace,
    principal: As,
    language: Language,
    runner: InJobs,
    response: Response,
    households_min: float | None = None,
    households_max: float | None = None,
    f: Literal["json", "xlsx"] = "json",
) -> Conformity | JobStarted | Response:
    """Return the division principles as checks; nothing is claimed beyond what was looked at."""

    def work(observe: Observer) -> Conformity:
        return conforming.conformity(workspace, principal, fewest=households_min, most=households_max, observe=observe)

    if f == "json":
        return _told(made_or_queued(workspace, principal, runner, "grid_conformity", work), response)
    made = conforming.conformity_sheet(workspace, principal, language, fewest=households_min, most=households_max)
    return Response(made.body, media_type=made.media_type, headers=dict(made.headers))


@router.get("/misfit", responses=JOB | answers(409))
def fit(
    workspace: InWorkspace,
    principal: As,
    runner: InJobs,
    response: Response,
    start: From = None,
    end: To = None,
    limit: Annotated[int, Query(ge=0, le=200)] = 20,
) -> Misfit | JobStarted:
    """Return the share of calls whose police grid and grid answer to different stations, and what would mend it."""
    wanted = parse_filter(start=start, end=end)

    def work(observe: Observer) -> Misfit:
        return misfit(workspace, principal, wanted, limit=limit, observe=observe)

    return _told(made_or_queued(workspace, principal, runner, "grid_misfit", work), response)


@router.get("/staffing", responses=answers())
def staff(workspace: InWorkspace, principal: As, template: str = "one-worker", level: str = "community") -> Staffing:
    """Return posts, vacancies and ratios of all units of a level."""
    return staffing(workspace, principal, template=template, level=level)


@router.get("/restate", responses=JOB | answers(404, 409))
def restate(
    workspace: InWorkspace,
    principal: As,
    runner: InJobs,
    response: Response,
    start: From = None,
    end: To = None,
    before_from: str | None = None,
    before_to: str | None = None,
    edition: str | None = None,
) -> Restatement | JobStarted:
    """Return two periods on the grids of one edition, each grid and all together, with intervals and p."""
    after, before = parse_filter(start=start, end=end), parse_filter(start=before_from, end=before_to)

    def work(observe: Observer) -> Restatement:
        return restated(workspace, principal, after, before, edition, observe=observe)

    return _told(made_or_queued(workspace, principal, runner, "grid_restate", work), response)


def _told(made: V | JobRecord, response: Response) -> V | JobStarted:
    """Return a report as it is, or the job that makes it with status 202 and its address."""
    if not isinstance(made, JobRecord):
        return made
    response.status_code = 202
    return _started(made, response)


def _started(record: JobRecord, response: Response) -> JobStarted:
    url = f"/api/jobs/{record.job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=record.job_id, status_url=url)
