"""Where the units are: their last known positions, or in the demo their place on the open plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

import numpy as np

from api.schemas.situation import UnitNow
from api.services.shifts import span_at
from api.services.situation import open_plan_record, units_on_duty
from api.services.workspace import Workspace
from geo.store.port import Principal
from geo.tables.shifts import Shifts


def positions(workspace: Workspace, principal: Principal, now: datetime) -> list[UnitNow]:
    """Return the units of the shift on duty.

    On synthetic data, units that the open plan sends out stand where that plan has them at this minute: it is the
    only honest source of movement there. Real installations show what positions they were given.
    """
    shift = span_at(workspace.store.table(principal, Shifts), now, workspace.zone)
    units = units_on_duty(workspace, principal, now, shift)
    record = open_plan_record(workspace, principal, shift)
    if record is None or shift is None or not workspace.facts().get("synthetic"):
        return units
    elapsed = (now - shift.start).total_seconds()
    routes = cast("Sequence[Mapping[str, object]]", record.body.get("routes") or ())
    lines = {str(route["unit_id"]): route for route in routes}
    moved = []
    for unit in units:
        route = lines.get(unit.unit_id)
        line = np.array(cast("Sequence[Sequence[float]]", route["line"])) if route else np.zeros((0, 3))
        if not len(line):
            moved.append(unit)
            continue
        lon = float(np.interp(elapsed, line[:, 2], line[:, 0]))
        lat = float(np.interp(elapsed, line[:, 2], line[:, 1]))
        out = bool(line[0, 2] <= elapsed <= line[-1, 2])
        moved.append(
            unit.model_copy(
                update={
                    "lon": lon, "lat": lat, "seen_at": now, "age_seconds": 0.0,
                    "state": "patrol" if out else "standby",
                }
            )
        )  # fmt: skip
    return moved
