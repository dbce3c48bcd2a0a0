"""Issuing a patrol plan to its crews (下发) and their acceptance of the task (签收): times only, nobody is ranked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from api.schemas.patrol import Accept, Issue
from api.services.patrol_routes import Body
from api.services.patrol_tasks import Held, crews_of, task_of, tasks_of
from api.services.patrol_versions import patrol_record, public, put_back, require_seen, version_of
from api.services.workspace import Workspace
from geo.errors import ConflictError, NotFoundError
from geo.store.port import Json, Principal


def issue(workspace: Workspace, principal: Principal, plan_id: str, asked: Issue) -> Body:
    """Issue a version: crews whose task is new or changed get it anew, the others keep what they accepted.

    Raises
    ------
    ConflictError
        If the version is stale, or nothing has changed since the last issue.
    """
    with workspace.planning:
        record = patrol_record(workspace, principal, plan_id)
        require_seen(workspace, record, asked.version)
        body = record.body
        now = workspace.clock.now().isoformat(timespec="seconds")
        before = cast("Held | None", body.get("issue"))
        held = {str(c["unit_id"]): c for c in crews_of(before)}
        number = 1 if before is None else int(cast("int", before["number"])) + 1
        tasks = tasks_of(body)
        fresh = [unit for unit, task in tasks.items() if unit not in held or task_of(before, unit) != task]
        kept = [unit for unit in tasks if unit not in fresh]
        gone = [unit for unit in held if unit not in tasks and held[unit]["state"] != "withdrawn"]
        if not fresh and not gone:
            raise ConflictError(
                f"Nothing has changed since issue {number - 1}; no crew is issued anything",
                f"自第 {number - 1} 次下发以来没有变化，未重复下发",
            )
        crews: list[Body] = [
            {"unit_id": unit, "state": "issued", "issued_at": now, "accepted_at": None, "issue_number": number}
            for unit in fresh
        ]
        crews += [dict(held[unit]) | {"state": "accepted" if held[unit]["accepted_at"] else "issued"} for unit in kept]
        crews += [dict(held[unit]) | {"state": "withdrawn", "issue_number": number} for unit in gone]
        after: Body = {
            "number": number, "version": version_of(body), "at": now, "by": principal.account,
            "crews": cast("Json", sorted(crews, key=lambda c: str(c["unit_id"]))), "tasks": cast("Json", tasks),
        }  # fmt: skip
        row = {
            "number": number, "version": version_of(body), "at": now, "by": principal.account, "note": asked.note,
            "issued": fresh, "unchanged": kept, "withdrawn": gone,
        }  # fmt: skip
        rows = [*cast("Sequence[Json]", body.get("issues") or ()), cast("Json", row)]
        put_back(workspace, principal, record, {"issue": after, "issues": rows})
        workspace.store.add_audit(
            principal, action="issue patrol", subject=plan_id,
            detail=f"issue {number}, version {version_of(body)}: {len(fresh)} crews, {len(kept)} unchanged, {len(gone)} withdrawn",
        )  # fmt: skip
    return {
        "plan_id": plan_id, "version": version_of(body), "number": number, "issued": cast("Json", fresh),
        "unchanged": cast("Json", kept), "withdrawn": cast("Json", gone), "issue": public({"issue": after})["issue"],
        "sentence_zh": f"第 {number} 次下发：{len(fresh)} 组新任务，{len(kept)} 组不变，{len(gone)} 组撤回",
        "sentence_en": f"issue {number}: {len(fresh)} crews with new tasks, {len(kept)} unchanged, {len(gone)} withdrawn",
    }  # fmt: skip


def accept(workspace: Workspace, principal: Principal, plan_id: str, asked: Accept) -> Body:
    """Note when a crew's task was accepted; only the newest task of a crew can be."""
    with workspace.planning:
        record = patrol_record(workspace, principal, plan_id)
        before = cast("Held | None", record.body.get("issue"))
        crew = next((c for c in crews_of(before) if c["unit_id"] == asked.unit_id), None)
        if before is None or crew is None or crew["state"] == "withdrawn":
            raise NotFoundError(
                f"No task of this plan is issued to {asked.unit_id}", f"该方案没有下发给 {asked.unit_id} 的任务"
            )
        if crew["issue_number"] != asked.number:
            raise ConflictError(
                f"The task of {asked.unit_id} was issued anew as number {crew['issue_number']}: look at it first",
                f"{asked.unit_id} 的任务已在第 {crew['issue_number']} 次重新下发，请先查看",
            )
        crews = [
            c if c is not crew or c["accepted_at"] else dict(c) | {"state": "accepted", "accepted_at": _now(workspace)}
            for c in crews_of(before)
        ]
        after = {**before, "crews": cast("Json", crews)}
        put_back(workspace, principal, record, {"issue": after})
        workspace.store.add_audit(
            principal, action="accept patrol", subject=plan_id, detail=f"{asked.unit_id}, issue {asked.number}"
        )
    return {"plan_id": plan_id, "issue": public({"issue": after})["issue"]}


def issues(workspace: Workspace, principal: Principal, plan_id: str) -> Body:
    """Return every issue of a plan, newest first, and where each crew's task stands."""
    body = patrol_record(workspace, principal, plan_id).body
    rows = list(cast("Sequence[Json]", body.get("issues") or ()))[::-1]
    return {"plan_id": plan_id, "issues": rows, "issue": public(body).get("issue")}


def _now(workspace: Workspace) -> str:
    return workspace.clock.now().isoformat(timespec="seconds")
