"""Where the units are: their last known positions, or in the demo their place on the open plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import numpy as np
import pandas as pd
import shapely

from api.schemas.situation import UnitNow
from api.services.features import parse_instant
from api.services.open_plan import open_plan_record
from api.services.shifts import ShiftSpan, span_at
from api.services.workspace import Workspace
from geo.store.port import Principal
from geo.tables.shifts import Shifts

SHARED_SECONDS: Final = 2
"""Everybody who asks within this time gets the same answer, however many they are."""

_ON_ROUTE: Final = ("patrol", "standby")


def positions(workspace: Workspace, principal: Principal, now: datetime) -> list[UnitNow]:
    """Return the units of the shift on duty, as every panel, list and map shows them.

    On synthetic data, units that patrol or stand by by the open plan are where that plan had them when they last
    reported: it is the only honest source of movement there. Real installations show what positions they were given, and a
    position that another system has sent meanwhile is shown everywhere.
    """
    moment = int(now.timestamp()) // SHARED_SECONDS
    version = (moment, workspace.store.version("units"), principal.scopes)
    return workspace.derived.get("positions", version, lambda: _positions(workspace, principal, now))


def _positions(workspace: Workspace, principal: Principal, now: datetime) -> list[UnitNow]:
    shift = span_at(workspace.store.table(principal, Shifts), now, workspace.zone)
    units = _last_known(workspace, principal, now, shift)
    facts = workspace.facts()
    if shift is None or not facts.get("synthetic"):
        return units
    record = open_plan_record(workspace, principal, shift)
    routes = cast("Sequence[Mapping[str, object]]", record.body.get("routes") or ()) if record else ()
    lines = {str(route["unit_id"]): cast("Sequence[Sequence[float]]", route["line"]) for route in routes}
    as_of = parse_instant(str(facts["as_of"])) if facts.get("as_of") else now
    sent = {unit for unit, (seconds, *_) in workspace.heard.items() if seconds <= now.timestamp()}
    return [
        unit if unit.unit_id in sent else _played(unit, lines.get(unit.unit_id, ()), now, as_of, shift)
        for unit in units
    ]


def _played(
    unit: UnitNow, line: Sequence[Sequence[float]], now: datetime, as_of: datetime, shift: ShiftSpan
) -> UnitNow:
    """Return a unit of the demo as it last reported; how far its reports lag behind stays what the data say."""
    if unit.seen_at is None:
        return unit
    seen = min(now, now - max(timedelta(0), as_of - unit.seen_at))
    update: dict[str, object] = {"seen_at": seen, "age_seconds": (now - seen).total_seconds()}
    if len(line) and unit.state in _ON_ROUTE:
        at = np.array(line)
        elapsed = (seen - shift.start).total_seconds()
        update["lon"] = float(np.interp(elapsed, at[:, 2], at[:, 0]))
        update["lat"] = float(np.interp(elapsed, at[:, 2], at[:, 1]))
        update["state"] = "patrol" if at[0, 2] <= elapsed <= at[-1, 2] else "standby"
    return unit.model_copy(update=update)


def manned_posts(workspace: Workspace, principal: Principal, shift: ShiftSpan | None) -> set[str]:
    """Return the posts that have a unit of the shift (of any shift where none is set)."""
    units = workspace.units(principal).frame
    if shift is not None:
        units = units[units["shift_id"] == shift.shift_id]
    return set(units["post_id"])


def _last_known(workspace: Workspace, principal: Principal, now: datetime, shift: ShiftSpan | None) -> list[UnitNow]:
    """Return the units of the shift on duty (all units where no shift is set)."""
    frame = workspace.units(principal).frame
    if shift is not None:
        frame = frame[frame["shift_id"] == shift.shift_id]
    lonlat = shapely.get_coordinates(np.asarray(frame.geometry.array))
    found = []
    for row, (x, y) in zip(frame.itertuples(index=False), lonlat.tolist(), strict=True):
        lon, lat = x, y
        seen = None if pd.isna(row.seen_at) else row.seen_at.to_pydatetime()
        heard = workspace.heard.get(row.unit_id)
        if heard is not None and heard[0] <= now.timestamp() and (seen is None or heard[0] > seen.timestamp()):
            seen, lon, lat = datetime.fromtimestamp(heard[0], UTC), heard[1], heard[2]
        age = None if seen is None else max(0.0, (now - seen).total_seconds())
        found.append(
            UnitNow(
                unit_id=row.unit_id, name=row.name, kind=row.kind, state=row.state,
                lon=lon, lat=lat, seen_at=seen, age_seconds=age,
            )
        )  # fmt: skip
    return found
