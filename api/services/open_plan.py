"""Kept patrol plans by their shift, and the one that the shift on duty drives by."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from api.services.shifts import ShiftSpan
from api.services.workspace import Workspace
from geo.errors import ForbiddenError
from geo.store.port import Json, PlanRecord, Principal

EVERY_SECONDS: Final = 30
"""How late a plan is seen that another process kept: reading every kept plan for each position would cost too much."""


def require_planner(principal: Principal) -> None:
    """Raise ``ForbiddenError`` unless the account may make and change plans."""
    if not (principal.may("plan") or principal.may("admin")):
        raise ForbiddenError(
            f"{principal.account} may look at plans but not make or change them; ask an account with the role plan",
            f"账号 {principal.account} 只能查看方案，不能生成或修改，请由有“plan”角色的账号操作",
        )


def keep_plan(workspace: Workspace, principal: Principal, plan: PlanRecord, *, seen: PlanRecord | None = None) -> None:
    """Keep a plan, which needs a planner, with ``seen`` in place of that alone; it is seen at once."""
    require_planner(principal)
    workspace.store.add_plan(principal, plan, seen=seen)
    workspace.derived.put("open_plan", None, None)


def name_begins(start: datetime) -> str:
    """Return what the ids of the patrol plans of shifts that begin on a day begin with; they sort by day."""
    return f"patrol-{start:%Y%m%d}"


def plans_from(workspace: Workspace, principal: Principal, first: datetime, last: datetime) -> list[PlanRecord]:
    """Return the newest versions of the patrol plans whose shift begins between two times, newest plan first.

    Only plans of these days are read: a year of them holds gigabytes.
    """
    # A day more on either side, as another zone may name the day.
    span = (name_begins(first - timedelta(days=1)), name_begins(last + timedelta(days=2)))
    found = []
    for record in workspace.store.plans(principal, "patrol", between=span):
        shift = record.body.get("shift")
        start = shift.get("start") if isinstance(shift, Mapping) else None
        if isinstance(start, str) and first <= datetime.fromisoformat(start) <= last:
            found.append(record)
    return found


def open_plan_record(workspace: Workspace, principal: Principal, shift: ShiftSpan | None) -> PlanRecord | None:
    """Return the record of the newest patrol plan whose shift is on duty."""
    if shift is None:
        return None
    version = (shift.shift_id, shift.start, int(time.monotonic()) // EVERY_SECONDS, principal.scopes)
    return workspace.derived.get("open_plan", version, lambda: _newest(workspace, principal, shift))


def _newest(workspace: Workspace, principal: Principal, shift: ShiftSpan) -> PlanRecord | None:
    for record in plans_from(workspace, principal, shift.start, shift.start):
        if cast("Mapping[str, Json]", record.body["shift"]).get("id") == shift.shift_id:
            return record
    return None
