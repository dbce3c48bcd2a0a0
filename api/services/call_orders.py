"""The order to write an uploaded export, as a job that shows how far it is and can be stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping

from api.jobs.runner import Work
from api.schemas.calls import CallsMapping, ImportOrder
from api.services.call_imports import CallSource, import_calls
from api.services.call_uploads import drop_upload, upload
from api.services.workspace import Workspace
from geo.incidents.profile import CallsProfile
from geo.store.port import Json, Principal
from planners.contract import Observer, Progress


def mapping_of(given: CallsMapping | None) -> CallsProfile | None:
    """Return a mapping as the import takes it."""
    return None if given is None else CallsProfile.of_json(given.model_dump())


def import_work(workspace: Workspace, principal: Principal, order: ImportOrder) -> Work:
    """Return the work of a job: read, clean and write the upload, then drop it."""
    path, name = upload(workspace, order.upload_id)
    source = CallSource(
        frame=order.frame, layer=order.layer, encoding=order.encoding, damaged=order.damaged,
        mapping=mapping_of(order.mapping), origin=order.source, name=name, remember=order.remember,
    )  # fmt: skip

    def work(observe: Observer) -> Mapping[str, Json]:
        begun = time.monotonic()

        def watch(share: float, message: str) -> bool:
            return observe(Progress(seconds=time.monotonic() - begun, share=share, message=message))

        made = import_calls(workspace, principal, path, source, commit=True, watch=watch)
        drop_upload(workspace, order.upload_id)
        kept: dict[str, Json] = made.model_dump(mode="json", exclude={"preview", "addresses", "headers", "samples"})
        return kept

    return work
