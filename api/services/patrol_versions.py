"""Patrol plans in versions: every edit makes the next one, the ones before are kept, a stale edit is refused."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, cast

from api.schemas.patrol import PlanVersion, PlanVersions
from api.services.open_plan import keep_plan, name_begins
from api.services.patrol_routes import Body
from api.services.patrol_tasks import issue_after
from api.services.workspace import Workspace
from geo.errors import ConflictError, NotFoundError
from geo.store.port import Json, PlanRecord, Principal

OLD: Final = "patrol_version"
"""Kind of the records that hold versions before the newest."""
INTERNAL: Final = frozenset({"timetable", "video_timetable", "kept_notes", "versions", "terms"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What led to a version."""

    action: str
    zh: str
    en: str


def keep_first(workspace: Workspace, principal: Principal, body: Body, step: Step) -> str:
    """Keep a new plan and return its number."""
    shift = cast("Mapping[str, str]", body["shift"])
    plan_id = f"{name_begins(datetime.fromisoformat(shift['start']))}-{secrets.token_hex(3)}"
    made = PlanRecord(
        plan_id=plan_id, kind="patrol", title="", created_at=datetime.now(UTC), created_by=principal.account, body={}
    )
    _write(workspace, principal, made, body, 1, [_row(workspace, 1, principal, body, step)])
    return plan_id


def keep_next(workspace: Workspace, principal: Principal, plan_id: str, body: Body, *, seen: int, step: Step) -> int:
    """Keep a body as the next version of a plan; return its number.

    Raises
    ------
    ConflictError
        If the plan has another version than the one seen; the sentence says who made it and when.
    """
    with workspace.planning:
        record = patrol_record(workspace, principal, plan_id)
        require_seen(workspace, record, seen)
        # Issued or accepted while the edit was made: that makes no version, and is not lost.
        body = {
            **body, "issue": issue_after(record.body.get("issue"), body), "issues": record.body.get("issues") or [],
        }  # fmt: skip
        workspace.store.add_plan(
            principal,
            PlanRecord(
                plan_id=f"{plan_id}@{seen}", kind=OLD, title=record.title, created_at=datetime.now(UTC),
                created_by=record.created_by, body=record.body,
            ),
        )  # fmt: skip
        versions = [*_rows(record.body), _row(workspace, seen + 1, principal, body, step)]
        _write(workspace, principal, record, body, seen + 1, versions, before=record)
    return seen + 1


def put_back(workspace: Workspace, principal: Principal, record: PlanRecord, changes: Mapping[str, Json]) -> None:
    """Change what stands beside the timetable of the newest version as it was read, such as who has accepted it."""
    keep_plan(workspace, principal, replace(record, body={**record.body, **changes}), seen=record)


def patrol_record(workspace: Workspace, principal: Principal, plan_id: str) -> PlanRecord:
    """Return the newest version of a patrol plan, or raise ``NotFoundError``."""
    record = workspace.store.plan(principal, plan_id)
    if record.kind != "patrol":
        raise NotFoundError(f"{plan_id} is not a patrol plan", f"{plan_id} 不是巡逻方案")
    if "terms" not in record.body:
        raise ConflictError(
            f"{plan_id} was made by an earlier release and can only be read; plan anew",
            f"{plan_id} 由旧版本生成，只能查看，请重新规划",
        )
    return record


def require_seen(workspace: Workspace, record: PlanRecord, seen: int) -> None:
    """Raise ``ConflictError`` unless ``seen`` is the newest version."""
    newest = version_of(record.body)
    if newest == seen:
        return
    last = _rows(record.body)[-1]
    at = f"{datetime.fromisoformat(str(last['at'])).astimezone(workspace.zone):%m-%d %H:%M}"
    raise ConflictError(
        f"The plan was changed by {last['by']} at {at} (you saw version {seen}, it is at {newest}): load it again; "
        "nothing was changed",
        f"方案已由 {last['by']} 于 {at} 修改（您看到的是第 {seen} 版，现为第 {newest} 版），请重新载入；本次未写入",
    )


def version_of(body: Mapping[str, Json]) -> int:
    """Return the number of the version that a body is."""
    return int(cast("int", body.get("version", 1)))


def public(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return a body as it is told, without what only edits need."""
    told = {name: value for name, value in body.items() if name not in INTERNAL}
    issued = body.get("issue")
    if isinstance(issued, Mapping):
        told["issue"] = {name: value for name, value in issued.items() if name != "tasks"}
    return told


def body_at(workspace: Workspace, principal: Principal, plan_id: str, version: int | None = None) -> Mapping[str, Json]:
    """Return the body of a version of a plan, the newest where none is named."""
    record = workspace.store.plan(principal, plan_id)
    if version is None or version_of(record.body) == version:
        return record.body
    try:
        return workspace.store.plan(principal, f"{plan_id}@{version}").body
    except NotFoundError:
        raise NotFoundError(
            f"{plan_id} has no version {version}; it is at {version_of(record.body)}",
            f"{plan_id} 没有第 {version} 版，现为第 {version_of(record.body)} 版",
        ) from None


def versions(workspace: Workspace, principal: Principal, plan_id: str) -> PlanVersions:
    """Return what led to each version, newest first."""
    record = patrol_record(workspace, principal, plan_id)
    rows = [PlanVersion.model_validate(row) for row in _rows(record.body)]
    return PlanVersions(plan_id=plan_id, versions=rows[::-1])


def _rows(body: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    return list(cast("Sequence[Mapping[str, Json]]", body.get("versions") or []))


def _row(workspace: Workspace, number: int, principal: Principal, body: Body, step: Step) -> Body:
    return {
        "version": number, "at": workspace.clock.now().isoformat(timespec="seconds"), "by": principal.account,
        "action": step.action, "note_zh": step.zh, "note_en": step.en, "units_used": body["units_used"],
        "worst_gap_minutes": body["worst_gap_minutes"], "n_broken": len(cast("Sequence[Json]", body["broken"])),
    }  # fmt: skip


def _write(
    workspace: Workspace,
    principal: Principal,
    record: PlanRecord,
    body: Body,
    version: int,
    rows: Sequence[Mapping[str, Json]],
    *,
    before: PlanRecord | None = None,
) -> None:
    """Keep a body as the newest version of a plan; who made the plan, and when, stays."""
    held = {**body, "version": version, "versions": list(rows)}
    keep_plan(workspace, principal, replace(record, title=str(body["title"]), body=held), seen=before)
