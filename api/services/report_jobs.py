"""Reports on grids: answered at once for a county's few thousand grids, worked out as a job for more."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar, cast

from api.jobs.runner import JobRunner
from api.schemas.values import Value
from api.services.workspace import Workspace
from geo.errors import NotFoundError
from geo.store.port import JobRecord, Json, Principal
from planners.contract import Observer, silent

AT_ONCE: Final = 4_000
"""Up to so many grids are looked at while the caller waits."""
REPORT: Final = "grid_report:"
"""How the documents are named that hold reports."""

V = TypeVar("V", bound=Value)


def made_or_queued(
    workspace: Workspace,
    principal: Principal,
    runner: JobRunner,
    kind: str,
    work: Callable[[Observer], V],
    *,
    grids: int | None = None,
) -> V | JobRecord:
    """Return the report on ``grids`` grids (all of them, if not given), or the job that makes it and keeps it."""
    count = workspace.store.count(principal, "grids") if grids is None else grids
    if count <= AT_ONCE:
        return work(silent)

    def kept(observe: Observer) -> Mapping[str, Json]:
        made = work(observe)
        report_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        body = cast("Mapping[str, Json]", made.model_dump(mode="json", by_alias=True))
        workspace.store.put_document(principal, REPORT + report_id, body)
        return {"report_id": report_id, "report_url": f"/api/grids/reports/{report_id}"}

    return runner.start(principal, kind, kept)


def kept_report(workspace: Workspace, principal: Principal, report_id: str) -> Mapping[str, Json]:
    """Return a report that a job made."""
    found = workspace.store.document(principal, REPORT + report_id)
    if found is None:
        raise NotFoundError(f"There is no report {report_id}", f"没有编号为 {report_id} 的报告")
    return found
