"""What a shift takes over from the one before: when each point was last visited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, cast

from api.services.open_plan import plans_from
from api.services.shifts import ShiftSpan
from api.services.workspace import Workspace
from geo.store.port import Json, PlanRecord, Principal

LONGEST: Final = timedelta(days=2)
"""No shift lasts longer."""


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
    for record in plans_from(workspace, principal, shift.start - LONGEST, shift.start):
        end = str(cast("Mapping[str, Json]", record.body["shift"])["end"])
        if datetime.fromisoformat(end) == shift.start and record.body.get("points"):
            found.append(record)
    issued = [record for record in found if record.body.get("issue")]
    return next(iter(issued or found), None)
