"""Vector tiles, at the addresses of OGC API Tiles."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.deps import As, InWorkspace
from api.schemas.problems import answers
from api.services.tiles import tile, version_of

router = APIRouter(prefix="/api/collections", tags=["tiles"])

MVT = "application/vnd.mapbox-vector-tile"


@router.get(
    "/{name}/tiles/WebMercatorQuad/{z}/{y}/{x}",
    response_class=Response,
    responses={
        **answers(404, 503),
        200: {"content": {MVT: {}}},
        204: {"description": "empty"},
        304: {"description": "same"},
    },
)
def vector_tile(request: Request, name: str, z: int, y: int, x: int, workspace: InWorkspace, principal: As) -> Response:
    """Return one vector tile; the row comes before the column, as the standard has it."""
    tag = f'"{version_of(workspace, name)}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    body = tile(workspace, principal, name, z, x, y)
    if not body:
        return Response(status_code=204, headers=headers)
    return Response(body, media_type=MVT, headers=headers)
