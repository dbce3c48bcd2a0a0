"""OGC API Features: landing page, conformance, collections and their items."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.deps import As, InWorkspace
from api.schemas.ogc import Collection, Collections, Conformance, Landing, Link
from api.schemas.problems import answers
from api.services import features

router = APIRouter(prefix="/api", tags=["features"])

RESERVED = frozenset({"bbox", "datetime", "limit", "offset", "lang", "f"})
CLASSES = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
)
GEOJSON_ANSWER: dict[int | str, dict[str, Any]] = {200: {"content": {features.GEOJSON: {}}, "description": "GeoJSON"}}


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/api"


@router.get("/", responses=answers())
def landing(request: Request) -> Landing:
    """Return the root: what there is and where."""
    base = _base(request)
    return Landing(
        title="巡格 xunge",
        description="网格、警情、屯警点、必巡点、巡组 / grids, calls, posts, must-visit points, units",
        links=[
            Link(href=f"{base}/", rel="self", type="application/json"),
            Link(href=f"{base}/openapi.json", rel="service-desc", type="application/vnd.oai.openapi+json;version=3.1"),
            Link(href=f"{base}/conformance", rel="conformance", type="application/json"),
            Link(href=f"{base}/collections", rel="data", type="application/json"),
        ],
    )


@router.get("/conformance", responses=answers())
def conformance() -> Conformance:
    """Return the requirement classes that this interface is built and tested to."""
    return Conformance(conformsTo=list(CLASSES))


@router.get("/collections", responses=answers())
def collections(request: Request, workspace: InWorkspace, principal: As) -> Collections:
    """Return all collections."""
    return features.collections(workspace.store, principal, base=_base(request), bounds=workspace.bounds())


@router.get("/collections/{name}", responses=answers(404))
def collection(request: Request, name: str, workspace: InWorkspace, principal: As) -> Collection:
    """Return one collection."""
    return features.describe(workspace.store, principal, name, base=_base(request), bounds=workspace.bounds())


@router.get("/collections/{name}/items", response_class=Response, responses={**answers(404), **GEOJSON_ANSWER})
def items(
    request: Request,
    name: str,
    workspace: InWorkspace,
    principal: As,
    bbox: str | None = None,
    datetime: str | None = None,
    limit: Annotated[int, Query(ge=1)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Return a page of features; text columns are filters of their own name."""
    equals = {key: value for key, value in request.query_params.items() if key not in RESERVED}
    query = features.query_of(name, bbox=bbox, interval=datetime, limit=limit, offset=offset, equals=equals)
    url = f"{_base(request)}/collections/{name}/items"
    return Response(features.items(workspace.store, principal, name, query, url=url), media_type=features.GEOJSON)


@router.get("/collections/{name}/items/{key}", response_class=Response, responses={**answers(404), **GEOJSON_ANSWER})
def item(request: Request, name: str, key: str, workspace: InWorkspace, principal: As) -> Response:
    """Return one feature."""
    url = f"{_base(request)}/collections/{name}/items/{key}"
    return Response(features.item(workspace.store, principal, name, key, url=url), media_type=features.GEOJSON)
