"""Positions of units in, presence at points out; no answer names or ranks a unit."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, UploadFile
from pydantic import AwareDatetime

from api.deps import As, InTurn, InWorkspace
from api.routers.uploads import keep_upload
from api.schemas.presence import AgainstPlan, PositionRows, PositionsTaken, PresenceAnswer
from api.schemas.problems import answers
from api.services.plan_kept import plan_kept
from api.services.position_intake import PositionSource, import_positions, take_positions
from api.services.presence import presence_answer
from geo.presence.legs import Sight

router = APIRouter(prefix="/api", tags=["presence"])
Radius = Annotated[float, Query(ge=10, le=2000)]


@router.post("/positions", responses=answers(503))
def rows(body: PositionRows, workspace: InWorkspace, principal: As) -> PositionsTaken:
    """Keep positions that another system sends, one or many; the same position twice counts once."""
    return take_positions(workspace, principal, body)


@router.post("/positions/import", responses=answers(413, 422, 503))
def upload(
    file: UploadFile,
    workspace: InWorkspace,
    principal: As,
    frame: str | None = None,
    encoding: str | None = None,
    unit: str | None = None,
    unit_id: str | None = None,
    *,
    commit: bool = True,
) -> PositionsTaken:
    """Keep the positions of a CSV, XLSX, Parquet or GPX file."""
    name = Path(file.filename or "upload").name
    with tempfile.TemporaryDirectory(prefix="xunge-positions-") as folder:
        path = Path(folder) / name
        keep_upload(file, path, most=workspace.settings.max_upload_mb)
        source = PositionSource(frame=frame, encoding=encoding, unit=unit, unit_id=unit_id)
        return import_positions(workspace, principal, path, source, commit=commit)


@router.get("/presence", responses=answers())
async def presence(
    workspace: InWorkspace,
    principal: As,
    turn: InTurn,
    start: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    end: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    radius_m: Radius = 100.0,
) -> PresenceAnswer:
    """Return minutes at points, 见警率 and 管控率 of a period; the last seven days where none is given."""
    sight = Sight(radius_m=radius_m)
    return await to_thread.run_sync(presence_answer, workspace, principal, start, end, sight, limiter=turn)


@router.get("/presence/plans/{plan_id}", responses=answers(404))
async def against_plan(
    plan_id: str,
    workspace: InWorkspace,
    principal: As,
    turn: InTurn,
    tolerance_minutes: Annotated[float, Query(gt=0, le=120)] = 5.0,
    radius_m: Radius = 100.0,
) -> AgainstPlan:
    """Return what became of the visits of a patrol plan until now."""
    work = partial(
        plan_kept, workspace, principal, plan_id, tolerance_minutes=tolerance_minutes, sight=Sight(radius_m=radius_m)
    )
    return await to_thread.run_sync(work, limiter=turn)
