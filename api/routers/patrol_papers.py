"""What leaves a patrol plan: sheets for crews, files, pages for their phones."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.deps import As, InWorkspace, Language
from api.schemas.problems import answers
from api.services.patrol_crew_page import crew_links, crew_page
from api.services.patrol_export import plan_export
from api.services.patrol_sheet import Form, sheet_file

router = APIRouter(tags=["plans"])
Units = Annotated[list[str] | None, Query(alias="unit", max_length=500)]


@router.get("/api/patrol/plans/{plan_id}/sheet", response_class=Response, responses=answers(404))
def sheet(
    plan_id: str,
    request: Request,
    workspace: InWorkspace,
    principal: As,
    lang: Language,
    units: Units = None,
    form: Annotated[Form, Query(alias="f")] = "pdf",
    version: int | None = None,
) -> Response:
    """Return the sheets of some crews, or of all (巡逻任务单), as PDF on A4 or as a page to print."""
    made = sheet_file(
        workspace, principal, plan_id, form, version=version, unit_ids=units, lang=lang, nonce=request.state.nonce
    )
    headers = {"Cache-Control": "no-store"}
    if form == "pdf":
        headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return Response(made.body, media_type=made.media_type, headers=headers)


@router.get("/api/patrol/plans/{plan_id}/export", response_class=Response, responses=answers(404))
def export(
    plan_id: str,
    workspace: InWorkspace,
    principal: As,
    units: Units = None,
    form: Annotated[str, Query(alias="f")] = "geojson",
    version: int | None = None,
) -> Response:
    """Return routes and stops as GeoJSON, GPX with times, KML or XLSX, in WGS84."""
    made = plan_export(workspace, principal, plan_id, form, version=version, unit_ids=units)
    return Response(
        made.body, media_type=made.media_type, headers={"Content-Disposition": f'attachment; filename="{made.name}"'}
    )


@router.post(
    "/api/patrol/plans/{plan_id}/crew-links",
    response_class=Response,
    responses={**answers(403, 404, 409), 200: {"content": {"application/json": {}}}},
)
def links(plan_id: str, workspace: InWorkspace, principal: As) -> Response:
    """Return an address of a read-only page for each crew; refused while the settings do not allow such pages."""
    return Response(orjson.dumps(crew_links(workspace, principal, plan_id)), media_type="application/json")


@router.get("/crew/{token}", response_class=HTMLResponse, include_in_schema=False)
def page(token: str, request: Request, workspace: InWorkspace, lang: Language) -> HTMLResponse:
    """Show a crew its task; the page has no script and sends nothing."""
    html = crew_page(workspace, token, lang=lang, nonce=request.state.nonce)
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})
