"""The patrol plan that the shift on duty drives by."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from api.services.shifts import ShiftSpan
from api.services.workspace import Workspace
from geo.store.port import PlanRecord, Principal

EVERY_SECONDS: Final = 30
"""How late a plan is seen that another process kept: reading every kept plan for each position would cost too much."""


def keep_plan(workspace: Workspace, principal: Principal, plan: PlanRecord) -> None:
    """Keep a plan; it is seen at once."""
    workspace.store.add_plan(principal, plan)
    workspace.derived.put("open_plan", None, None)


def open_plan_record(workspace: Workspace, principal: Principal, shift: ShiftSpan | None) -> PlanRecord | None:
    """Return the record of the newest patrol plan whose shift is on duty."""
    if shift is None:
        return None
    version = (shift.shift_id, shift.start, int(time.monotonic()) // EVERY_SECONDS, principal.scopes)
    return workspace.derived.get("open_plan", version, lambda: _newest(workspace, principal, shift))


def _newest(workspace: Workspace, principal: Principal, shift: ShiftSpan) -> PlanRecord | None:
    for record in workspace.store.plans(principal, "patrol"):
        planned = record.body.get("shift")
        if isinstance(planned, dict) and planned.get("id") == shift.shift_id:
            start = planned.get("start")
            if isinstance(start, str) and datetime.fromisoformat(start) == shift.start:
                return record
    return None
