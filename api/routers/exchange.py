"""Files in and out."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Response, UploadFile

from api.deps import As, InWorkspace
from api.routers.uploads import keep_upload
from api.schemas.exchange import ImportAnswer
from api.schemas.problems import answers
from api.services.exports import download
from api.services.imports import Source, import_collection

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


@router.post("/import/{collection}", responses=answers(404, 413))
def import_file(
    collection: str,
    file: UploadFile,
    workspace: InWorkspace,
    principal: As,
    frame: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    commit: bool = True,
) -> ImportAnswer:
    """Read an uploaded file in a confined child and write it whole, or say in one sentence why not."""
    folder = Path(tempfile.mkdtemp(prefix="xunge-upload-"))
    try:
        name = Path(file.filename or "upload").name
        path = folder / f"upload{''.join(Path(name).suffixes[-2:])}"
        keep_upload(file, path, most=workspace.settings.max_upload_mb)
        source = Source(frame=frame, layer=layer, encoding=encoding, name=name)
        return import_collection(workspace, principal, collection, path, source, commit=commit)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
