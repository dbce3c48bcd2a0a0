"""Plans that were kept: list and read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from api.schemas.plans import PlanRow, Plans
from api.services.open_plan import open_plan_record
from api.services.patrol_versions import OLD, body_at, public, version_of
from api.services.shifts import span_at
from api.services.workspace import Workspace
from geo.store.port import Json, Principal
from geo.tables.shifts import Shifts


def plans(workspace: Workspace, principal: Principal, kind: str | None) -> Plans:
    """Return the kept plans, newest first; the open one is the patrol plan of the shift on duty."""
    shift = span_at(workspace.store.table(principal, Shifts), workspace.clock.now(), workspace.zone)
    current = open_plan_record(workspace, principal, shift)
    rows = []
    for record in workspace.store.plans(principal, kind, headings=True):
        if record.kind == OLD:
            continue
        body = record.body
        title_en = body.get("title_en")
        rows.append(
            PlanRow(
                plan_id=record.plan_id, kind=record.kind, title=record.title,
                title_en=title_en if isinstance(title_en, str) else None, created_at=record.created_at,
                termination=str(body.get("termination") or ""), objective=_number(body.get("objective")),
                bound=_number(body.get("bound")), gap=_number(body.get("gap")),
                proved=body.get("proved") is True, open=current is not None and record.plan_id == current.plan_id,
                version=version_of(body) if record.kind == "patrol" else None, issued_at=_issued(body.get("issue")),
            )
        )  # fmt: skip
    return Plans(plans=rows)


def _issued(value: Json) -> datetime | None:
    return datetime.fromisoformat(str(value["at"])) if isinstance(value, Mapping) and value.get("at") else None


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def plan_body(workspace: Workspace, principal: Principal, plan_id: str) -> dict[str, object]:
    """Return everything that was kept of a plan."""
    record = workspace.store.plan(principal, plan_id)
    body = cast("dict[str, object]", public(record.body))
    return {**body, "plan_id": record.plan_id, "created_at": record.created_at.isoformat()}


def version_body(workspace: Workspace, principal: Principal, plan_id: str, version: int) -> dict[str, object]:
    """Return a version of a patrol plan as it was."""
    return {**public(body_at(workspace, principal, plan_id, version)), "plan_id": plan_id}
