"""Reports on grids: check, renumber, conformity, fit with police grids, staff, restated figures."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response, UploadFile

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
from api.services import conformity as conforming
from api.services.filters import parse_filter
from api.services.grid_check import check_grids
from api.services.layer_merging import LayerFile, merge_files, merge_report
from api.services.misfit import misfit
from api.services.renumbering import renumber_grids
from api.services.repairing import repair_grids, repair_report
from api.services.restating import restated
from api.services.staffing import staffing
from geo.store.port import Json
from planners.contract import Observer

router = APIRouter(prefix="/api/grids", tags=["grids"])
From = Annotated[str | None, Query(alias="from")]
To = Annotated[str | None, Query(alias="to")]


@router.get("/check", responses=answers())
def check(workspace: InWorkspace, principal: As, gap_width_m: float = 1.0, sliver_width_m: float = 1.0) -> GridCheck:
    """Return gaps, overlaps, lines that do not meet, and faulty codes."""
    return check_grids(workspace, principal, gap_width_m=gap_width_m, sliver_width_m=sliver_width_m)


@router.post("/repair", status_code=202, responses=answers(403, 409))
def repair(
    wanted: RepairAsked, workspace: InWorkspace, principal: As, runner: InJobs, response: Response
) -> JobStarted:
    """Mend what can be mended by rule, every change listed; written only with ``commit``."""
    record = runner.start(principal, "grid_repair", lambda observe: repair_grids(workspace, principal, wanted, observe))
    url = f"/api/jobs/{record.job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=record.job_id, status_url=url)


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
    url = f"/api/jobs/{record.job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=record.job_id, status_url=url)


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
    response_model=Conformity,
    responses={
        **answers(),
        200: {"content": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {}}},
    },
)
def conformity(
    workspace: InWorkspace,
    principal: As,
    language: Language,
    households_min: float | None = None,
    households_max: float | None = None,
    f: Literal["json", "xlsx"] = "json",
) -> Conformity | Response:
    """Return the division principles as checks; nothing is claimed beyond what was looked at."""
    if f == "json":
        return conforming.conformity(workspace, principal, fewest=households_min, most=households_max)
    made = conforming.conformity_sheet(workspace, principal, language, fewest=households_min, most=households_max)
    return Response(made.body, media_type=made.media_type, headers=dict(made.headers))


@router.get("/misfit", responses=answers())
def fit(
    workspace: InWorkspace,
    principal: As,
    start: From = None,
    end: To = None,
    limit: Annotated[int, Query(ge=0, le=200)] = 20,
) -> Misfit:
    """Return the share of calls whose police grid and grid answer to different stations, and what would mend it."""
    return misfit(workspace, principal, parse_filter(start=start, end=end), limit=limit)


@router.get("/staffing", responses=answers())
def staff(workspace: InWorkspace, principal: As, template: str = "one-worker", level: str = "community") -> Staffing:
    """Return posts, vacancies and ratios of all units of a level."""
    return staffing(workspace, principal, template=template, level=level)


@router.get("/restate", responses=answers(404))
def restate(
    workspace: InWorkspace,
    principal: As,
    start: From = None,
    end: To = None,
    before_from: str | None = None,
    before_to: str | None = None,
    edition: str | None = None,
) -> Restatement:
    """Return two periods on the grids of one edition, each grid and all together, with intervals and p."""
    after, before = parse_filter(start=start, end=end), parse_filter(start=before_from, end=before_to)
    return restated(workspace, principal, after, before, edition)
