"""Places: what is here, where is that, who is soonest, which way."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import As, InWorkspace
from api.schemas.place import Located, Route, Search
from api.schemas.problems import answers
from api.services import place
from api.services.features import GEOJSON
from api.services.search import search as search_everything
from geo.errors import ParameterError

router = APIRouter(prefix="/api", tags=["places"])


def _pair(name: str, text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        lon, lat = (float(part) for part in parts)
    except ValueError:
        raise ParameterError(f"{name} must be lon,lat in degrees", f"{name} 应为“经度,纬度”") from None
    return lon, lat


@router.get("/locate", responses=answers())
def locate(workspace: InWorkspace, principal: As, lon: float, lat: float) -> Located:
    """Name the grid, police grid and station of a place and the five soonest posts or units by street minutes."""
    return place.locate(workspace, principal, lon, lat)


@router.get("/search", responses=answers())
def search(workspace: InWorkspace, principal: As, q: Annotated[str, Query(max_length=200)] = "") -> Search:
    """Search grid codes, names, streets, crossings and coordinates."""
    return search_everything(workspace, principal, q)


@router.get("/route", responses=answers(404, 503))
def route(
    workspace: InWorkspace,
    origin: Annotated[str, Query(alias="from")],
    destination: Annotated[str, Query(alias="to")],
    profile: str = "patrol_car",
) -> Route:
    """Return the quickest way between two places."""
    start = place.check_lonlat(*_pair("from", origin))
    end = place.check_lonlat(*_pair("to", destination))
    return place.route(workspace, start, end, profile)


@router.get("/isochrones", response_class=Response, responses=answers(404, 503))
def isochrones(
    workspace: InWorkspace,
    principal: As,
    lon: float | None = None,
    lat: float | None = None,
    post_id: str | None = None,
    minutes: str = "1,3,5,10",
    profile: str = place.PROFILE,
) -> Response:
    """Return what is reached within each number of minutes from a place or a post, as GeoJSON."""
    try:
        limits = [float(part) for part in minutes.split(",")]
    except ValueError:
        raise ParameterError("minutes must be numbers with commas between them", "minutes 应为逗号分隔的数值") from None
    if post_id is not None:
        point = workspace.store.feature(principal, "posts", post_id).geometry.iloc[0]
        lon, lat = float(point.x), float(point.y)
    if lon is None or lat is None:
        raise ParameterError("State lon and lat, or a post_id", "请给出 lon、lat 或 post_id")
    return Response(place.rings(workspace, place.check_lonlat(lon, lat), limits, profile), media_type=GEOJSON)
