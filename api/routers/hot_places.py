"""Hot places, the watch list, concentration, and the forecast of the coming week."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import As, InJobs, InWorkspace
from api.routers.filtering import AskedCalls
from api.schemas.hot_places import Concentrated, Forecast, HotPlaces, WatchList
from api.schemas.jobs import JobStarted
from api.schemas.problems import answers
from api.services.few import places_shown
from api.services.forecast import kept_forecast, make_forecast
from api.services.hot_ground import CellKind
from api.services.hot_places import concentrated, hot_places
from api.services.hot_words import HotMethod
from api.services.watch import watched
from geo.hotspots.forecast import Measure

router = APIRouter(prefix="/api", tags=["hot places"])

Size = Annotated[float, Query(ge=50, le=2000, description="metres")]


@router.get("/hotspots", responses=answers(503))
def hotspots(
    workspace: InWorkspace,
    principal: As,
    wanted: AskedCalls,
    method: HotMethod = "gi_star",
    cells: CellKind = "square",
    size_m: Size = 250.0,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> HotPlaces:
    """Return where calls gather beyond chance, each place with the sentence why."""
    made = hot_places(workspace, principal, wanted, method=method, cells=cells, size_m=size_m, limit=limit)
    return places_shown(workspace, principal, made)


@router.get("/hotspots/watch", responses=answers(503))
def watch(workspace: InWorkspace, principal: As, wanted: AskedCalls) -> WatchList:
    """Return the places where near repeats are likely now, and until when."""
    return watched(workspace, principal, wanted)


@router.get("/hotspots/concentration", responses=answers(503))
def concentration(
    workspace: InWorkspace, principal: As, wanted: AskedCalls, cells: CellKind = "square", size_m: Size = 250.0
) -> Concentrated:
    """Return the 80-20 curve and the Gini coefficient."""
    return concentrated(workspace, principal, wanted, cells=cells, size_m=size_m)


@router.post("/forecast", status_code=202, responses=answers(409, 503))
def forecast(
    workspace: InWorkspace,
    principal: As,
    jobs: InJobs,
    wanted: AskedCalls,
    response: Response,
    size_m: Size = 300.0,
    by: Measure = "log_likelihood",
) -> JobStarted:
    """Try all methods on the last weeks and forecast the coming one; the job's result names the forecast."""
    record = jobs.start(
        principal,
        "forecast",
        lambda observe: make_forecast(workspace, principal, wanted, size_m=size_m, by=by, observe=observe),
    )
    url = f"/api/jobs/{record.job_id}"
    response.headers["Location"] = url
    return JobStarted(job_id=record.job_id, status_url=url)


@router.get("/forecast/{forecast_id}", responses=answers(404))
def one_forecast(workspace: InWorkspace, principal: As, forecast_id: str) -> Forecast:
    """Return a forecast that a job has made."""
    return kept_forecast(workspace, principal, forecast_id)
