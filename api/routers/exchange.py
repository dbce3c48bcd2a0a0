"""Files in and out."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse

from api.deps import As, InWorkspace, Language
from api.errors import problem_response
from api.routers.uploads import keep_upload
from api.schemas.exchange import ImportAnswer
from api.schemas.import_reports import ImportReport
from api.schemas.problems import answers
from api.services import import_reports, import_templates
from api.services.exports import download
from api.services.imports import Source, import_collection
from geo.errors import InputError
from web.import_report import import_report_page

router = APIRouter(prefix="/api", tags=["exchange"])


@router.get("/export/{collection}", response_class=Response, responses=answers(404))
def export(
    collection: str,
    workspace: InWorkspace,
    principal: As,
    kind: Annotated[str, Query(alias="f")] = "geojson",
    frame: str = "WGS84",
) -> Response:
    """Return a whole collection as a file."""
    made = download(workspace, principal, collection, kind, frame_out=frame)
    return Response(
        made.body, media_type=made.media_type, headers={"Content-Disposition": f'attachment; filename="{made.name}"'}
    )


@router.get("/import/{collection}/template", response_class=Response, responses=answers(404))
def template(collection: str) -> Response:
    """Return an empty table to fill in."""
    return Response(
        import_templates.template(collection),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="xunge-{collection}-template.csv"'},
    )


@router.post("/import/{collection}", response_model=ImportAnswer, responses=answers(404, 413))
def import_file(
    collection: str,
    file: UploadFile,
    workspace: InWorkspace,
    principal: As,
    language: Language,
    response: Response,
    frame: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    commit: bool = True,
) -> ImportAnswer | Response:
    """Read an uploaded file in a confined child and write it whole, or say in one sentence why not.

    The header ``Link`` names the report that is kept in either case.
    """
    folder = Path(tempfile.mkdtemp(prefix="xunge-upload-"))
    name = Path(file.filename or "upload").name
    try:
        path = folder / f"upload{''.join(Path(name).suffixes[-2:])}"
        keep_upload(file, path, most=workspace.settings.max_upload_mb)
        source = Source(frame=frame, layer=layer, encoding=encoding, name=name)
        answer = import_collection(workspace, principal, collection, path, source, commit=commit)
    except InputError as problem:
        made = problem_response(problem, language)
        made.headers["Link"] = _link(import_reports.refused(workspace, principal, collection, name, problem).report_id)
        return made
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    response.headers["Link"] = _link(import_reports.taken(workspace, principal, collection, name, answer).report_id)
    return answer


@router.get("/imports/{report_id}", response_model=ImportReport, responses=answers(404))
def import_report(
    report_id: str,
    request: Request,
    workspace: InWorkspace,
    principal: As,
    language: Language,
    f: Literal["json", "html"] = "json",
) -> ImportReport | Response:
    """Return what became of a file, also of one that was refused: as JSON or as a page that prints."""
    made = import_reports.import_report(workspace, principal, report_id)
    if f == "json":
        return made
    page = import_report_page(made.model_dump(mode="json"), lang=language, nonce=request.state.nonce)
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


def _link(report_id: str) -> str:
    return f'</api/imports/{report_id}>; rel="describedby"'
