"""A drawn area, two periods on one map, and what is seen as a file."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import As, InWorkspace, Language
from api.routers.filtering import AskedCalls
from api.schemas.heat_area import AreaFigures, Difference
from api.schemas.problems import answers
from api.services.few import area_shown, difference_shown
from api.services.filters import CallFilter, parse_filter
from api.services.heat_area import area_figures
from api.services.heat_difference import difference, difference_tile
from api.services.heat_export import Kind, exported
from api.services.heat_periods import Against
from api.services.hot_ground import CellKind
from api.services.hot_words import HotMethod

router = APIRouter(prefix="/api/heat", tags=["heat"])

Theme = Literal["light", "dark"]
BeforeFrom = Annotated[str | None, Query(description="ISO 8601, start of the period to compare with")]
BeforeTo = Annotated[str | None, Query(description="ISO 8601, not included")]


def _other(before_from: str | None, before_to: str | None) -> CallFilter | None:
    return parse_filter(start=before_from, end=before_to) if before_from and before_to else None


@router.get("/area", responses=answers(403, 404))
def area(
    workspace: InWorkspace,
    principal: As,
    wanted: AskedCalls,
    windows: Annotated[bool, Query(description="spread calls over the window in which they happened")] = False,
) -> AreaFigures:
    """Return the figures of the filter's area: drawn (``within``) or grids (``areas``)."""
    return area_shown(workspace, principal, area_figures(workspace, principal, wanted, windows=windows))


@router.get("/difference", responses=answers())
def compare(
    workspace: InWorkspace,
    principal: As,
    wanted: AskedCalls,
    against: Against = "previous",
    before_from: BeforeFrom = None,
    before_to: BeforeTo = None,
    z: Annotated[int, Query(ge=0, le=22)] = 13,
    theme: Theme = "light",
) -> Difference:
    """Return two periods side by side, and the grids that changed most."""
    other = _other(before_from, before_to)
    made = difference(workspace, principal, wanted, against=against, other=other, zoom=z, theme=theme)
    return difference_shown(workspace, principal, made)


@router.get(
    "/difference/tiles/{z}/{x}/{y}.png",
    response_class=Response,
    responses={**answers(), 200: {"content": {"image/png": {}}}, 304: {"description": "same"}},
)
def difference_png(
    request: Request,
    z: Annotated[int, Path(ge=0, le=22)],
    x: int,
    y: int,
    workspace: InWorkspace,
    principal: As,
    wanted: AskedCalls,
    against: Against = "previous",
    before_from: BeforeFrom = None,
    before_to: BeforeTo = None,
    theme: Theme = "light",
) -> Response:
    """Return one tile of the difference map; what could be chance is drawn faintly."""
    tag = f'"calls-{workspace.store.version("calls")}-{workspace.store.version("grids")}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    other = _other(before_from, before_to)
    body = difference_tile(workspace, principal, wanted, z, x, y, against=against, other=other, theme=theme)
    return Response(body, media_type="image/png", headers=headers)


@router.get("/export", response_class=Response, responses=answers(503))
def export(
    workspace: InWorkspace,
    principal: As,
    wanted: AskedCalls,
    language: Language,
    f: Kind = "xlsx",
    method: HotMethod = "gi_star",
    cells: CellKind = "square",
    size_m: Annotated[float, Query(ge=50, le=2000)] = 250.0,
) -> Response:
    """Return what is seen as a workbook or as GeoJSON."""
    made = exported(workspace, principal, wanted, kind=f, method=method, cells=cells, size_m=size_m, lang=language)
    return Response(made.body, media_type=made.media_type, headers=dict(made.headers))
