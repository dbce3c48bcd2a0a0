"""Heat tiles, counts, the slider's cube, and figures by grid."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import As, InWorkspace
from api.routers.filtering import AskedCalls
from api.schemas.heat import GridValues, HeatFrames, HeatSummary
from api.schemas.problems import answers
from api.services import heat
from api.services.choropleth import Measure, grid_values
from api.services.few import frames_shown, summary_shown, values_shown

router = APIRouter(prefix="/api", tags=["heat"])

Theme = Literal["light", "dark"]


@router.get(
    "/heat/tiles/{z}/{x}/{y}.png",
    response_class=Response,
    responses={**answers(), 200: {"content": {"image/png": {}}}, 304: {"description": "same"}},
)
def tile(
    request: Request,
    z: Annotated[int, Path(ge=0, le=22)],
    x: int,
    y: int,
    workspace: InWorkspace,
    principal: As,
    wanted: AskedCalls,
    theme: Theme = "light",
) -> Response:
    """Return one heat tile; its colours mean what the summary's legend of the same zoom says."""
    tag = f'"calls-{workspace.store.version("calls")}-{workspace.store.version("grids")}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    body = heat.tile(workspace, principal, wanted, z, x, y, theme=theme)
    return Response(body, media_type="image/png", headers=headers)


@router.get("/heat/summary", responses=answers(403))
def summary(
    workspace: InWorkspace,
    principal: As,
    wanted: AskedCalls,
    z: Annotated[int, Query(ge=0, le=22)] = 13,
    theme: Theme = "light",
) -> HeatSummary:
    """Return n, interval, period, and counts by hour, weekday, class and day."""
    made = heat.summary(workspace, principal, wanted, zoom=z, theme=theme)
    return summary_shown(workspace, principal, wanted, made)


@router.get("/heat/frames", responses=answers())
def frames(workspace: InWorkspace, principal: As, wanted: AskedCalls, by: heat.FramesBy = "hour") -> HeatFrames:
    """Return the cube that the slider plays."""
    return frames_shown(workspace, principal, wanted, heat.frames_of(workspace, principal, wanted, by=by))


@router.get("/grids/values", responses=answers())
def values(
    workspace: InWorkspace,
    principal: As,
    wanted: AskedCalls,
    measure: Measure = "calls_per_km2_week",
    theme: Theme = "light",
) -> GridValues:
    """Return a figure for each grid with its n, its interval and its class of the legend."""
    made = grid_values(workspace, principal, wanted, measure=measure, theme=theme)
    return values_shown(workspace, principal, made)
