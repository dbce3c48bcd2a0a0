"""Calls: exports previewed and written, rows of other systems, flags and decisions, families, remembered mappings."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Response, UploadFile

from api.deps import As, InJobs, InWorkspace
from api.routers.uploads import keep_upload
from api.schemas.calls import (
    Accepted,
    CallImportAnswer,
    CallRows,
    CallsMapping,
    Decided,
    Decision,
    FamiliesAnswer,
    FamiliesBody,
    FlaggedCalls,
    FlagsAnswer,
    ImportOrder,
    PreviewProgress,
    ProfileAnswer,
    ProfilesAnswer,
    UploadAnswer,
)
from api.schemas.problems import answers
from api.services.call_documents import forget, profiles
from api.services.call_families import families_answer, put_family_list
from api.services.call_imports import CallSource, import_calls, import_rows, look_at_export
from api.services.call_orders import import_work, mapping_of
from api.services.call_review import decide, flagged_calls, flags_of
from api.services.call_uploads import drop_upload, new_upload, upload
from api.services.preview_progress import progress_of, told
from geo.incidents.flags import State

router = APIRouter(prefix="/api/calls", tags=["calls"])
Progress = Annotated[str | None, Query(pattern="^[0-9a-f]{8,32}$", description="name under which progress is told")]


@router.post("", responses=answers(413, 422))
def rows(body: CallRows, workspace: InWorkspace, principal: As) -> CallImportAnswer:
    """Take rows of another system; the same number from the same source is the same call."""
    source = CallSource(
        frame=body.frame, origin=body.source or None, mapping=mapping_of(body.mapping), time_zone=body.time_zone,
        name=body.source or "HTTP", remember=False,
    )  # fmt: skip
    return import_rows(workspace, principal, body.rows, source, commit=body.commit)


@router.post("/preview", responses=answers(413, 422))
def preview(
    file: UploadFile,
    workspace: InWorkspace,
    principal: As,
    frame: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    damaged: Literal["refuse", "mark"] = "refuse",
    mapping: Annotated[str | None, Form()] = None,
    progress: Progress = None,
) -> CallImportAnswer:
    """Read an export and say what would become of it; the file waits for the order under ``upload_id``."""
    upload_id, path = new_upload(workspace, file.filename or "upload")
    try:
        keep_upload(file, path, most=workspace.settings.max_upload_mb)
        given = None if mapping is None else CallsMapping.model_validate_json(mapping)
        source = CallSource(
            frame=frame, layer=layer, encoding=encoding, damaged=damaged, mapping=mapping_of(given),
            name=upload(workspace, upload_id)[1],
        )  # fmt: skip
        made = import_calls(workspace, principal, path, source, commit=False, watch=told(workspace, progress))
    except BaseException:
        drop_upload(workspace, upload_id)
        raise
    return made.model_copy(update={"upload_id": upload_id})


@router.post("/uploads", responses=answers(413, 422))
def look(
    file: UploadFile,
    workspace: InWorkspace,
    principal: As,
    layer: str | None = None,
    encoding: str | None = None,
    damaged: Literal["refuse", "mark"] = "refuse",
) -> UploadAnswer:
    """Keep an export whose fields are not understood, and list them; its preview follows with a mapping."""
    upload_id, path = new_upload(workspace, file.filename or "upload")
    try:
        keep_upload(file, path, most=workspace.settings.max_upload_mb)
        source = CallSource(layer=layer, encoding=encoding, damaged=damaged)
        made = look_at_export(workspace, principal, path, source)
    except BaseException:
        drop_upload(workspace, upload_id)
        raise
    return made.model_copy(update={"upload_id": upload_id})


@router.get("/preview/progress/{name}", responses=answers(404))
def preview_progress(name: str, workspace: InWorkspace) -> PreviewProgress:
    """Say how far the preview is that was asked for with ``progress=name``."""
    return progress_of(workspace, name)


@router.post("/preview/{upload_id}", responses=answers(404, 422))
def preview_again(
    upload_id: str, body: ImportOrder, workspace: InWorkspace, principal: As, progress: Progress = None
) -> CallImportAnswer:
    """Say what would become of an uploaded export with another mapping."""
    path, name = upload(workspace, upload_id)
    source = CallSource(
        frame=body.frame, layer=body.layer, encoding=body.encoding, damaged=body.damaged,
        mapping=mapping_of(body.mapping), origin=body.source, name=name,
    )  # fmt: skip
    made = import_calls(workspace, principal, path, source, commit=False, watch=told(workspace, progress))
    return made.model_copy(update={"upload_id": upload_id})


@router.post("/import", status_code=202, responses=answers(404, 422))
def order(body: ImportOrder, workspace: InWorkspace, principal: As, jobs: InJobs, response: Response) -> Accepted:
    """Write an uploaded export, as a job; its result is the answer of the import."""
    record = jobs.start(principal, "calls", import_work(workspace, principal, body))
    response.headers["Location"] = f"/api/jobs/{record.job_id}"
    return Accepted(job_id=record.job_id, status_url=response.headers["Location"])


@router.get("/flags")
def flags(workspace: InWorkspace, principal: As) -> FlagsAnswer:
    """Count the flags of all calls by reason and state, with the bases."""
    return flags_of(workspace, principal)


@router.get("/flags/{code}", responses=answers(422))
def flagged(
    code: str,
    workspace: InWorkspace,
    principal: As,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> FlaggedCalls:
    """List the calls with one reason, newest first."""
    return flagged_calls(workspace, principal, code, state=state, limit=limit, offset=offset)


@router.post("/flags", responses=answers(422))
def review(body: Decision, workspace: InWorkspace, principal: As) -> Decided:
    """Accept, dismiss or take back a flag; no call is lost by it."""
    return decide(workspace, principal, body.code, body.decision, call_ids=body.call_ids)


@router.get("/families", responses=answers(404))
def families(workspace: InWorkspace, principal: As, version: int | None = None) -> FamiliesAnswer:
    """Return the families of classes, of today or of a version before."""
    return families_answer(workspace, principal, version=version)


@router.put("/families", responses=answers(409, 422))
def change_families(body: FamiliesBody, workspace: InWorkspace, principal: As) -> FamiliesAnswer:
    """Put families in place of the version that was seen."""
    return put_family_list(workspace, principal, body)


@router.get("/profiles")
def remembered(workspace: InWorkspace, principal: As) -> ProfilesAnswer:
    """List the mappings that were used before."""
    return ProfilesAnswer(
        profiles=[
            ProfileAnswer(
                profile_id=r.profile_id, name=r.name, headers=list(r.headers), saved_at=r.saved_at,
                mapping=CallsMapping.model_validate(r.profile.to_json()),
            )
            for r in profiles(workspace, principal)
        ]
    )  # fmt: skip


@router.delete("/profiles/{profile_id}", status_code=204, responses=answers(404))
def forget_profile(profile_id: str, workspace: InWorkspace, principal: As) -> None:
    """Forget a mapping."""
    forget(workspace, principal, profile_id)
