"""What a shift takes over from the one before: when each point was last visited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from api.services.shifts import ShiftSpan
from api.services.workspace import Workspace
from geo.store.port import Json, PlanRecord, Principal


def handed_over(workspace: Workspace, principal: Principal, shift: ShiftSpan) -> tuple[str | None, dict[str, int]]:
    """Return the plan of the shift that ends when this one begins, and the seconds from the last visit of each point until then.

    An issued plan goes before others, then the newest. Without one there is nothing to take over.
    """
    before = _before(workspace, principal, shift)
    if before is None:
        return None, {}
    since: dict[str, int] = {}
    for point in cast("Sequence[Mapping[str, Json]]", before.body.get("points") or ()):
        begins = [datetime.fromisoformat(str(b)) for b in cast("Sequence[Json]", point["begins"])]
        if begins and point["gap_minutes"] is not None:
            since[str(point["point_id"])] = round((shift.start - max(begins)).total_seconds())
    return before.plan_id, since


def _before(workspace: Workspace, principal: Principal, shift: ShiftSpan) -> PlanRecord | None:
    found = []
    for record in workspace.store.plans(principal, "patrol"):
        span = record.body.get("shift")
        if isinstance(span, Mapping) and isinstance(span.get("end"), str):
            end = datetime.fromisoformat(str(span["end"]))
            if end == shift.start and record.body.get("points"):
                found.append(record)
    issued = [record for record in found if record.body.get("issue")]
    return next(iter(issued or found), None)
