"""The current shift at a glance: calls of the last 24 hours, units, posts, the open plan."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import shapely

from api.schemas.situation import (
    CallsNow,
    CountIn,
    PlanNow,
    PostsNow,
    RecentCall,
    ShiftNow,
    Situation,
    UnitNow,
)
from api.services.shifts import ShiftSpan, span_at
from api.services.workspace import Workspace
from geo.incidents.poisson import poisson_interval
from geo.store.port import PlanRecord, Principal
from geo.tables.shifts import Shifts

RECENT = 40


def situation(workspace: Workspace, principal: Principal) -> Situation:
    """Return everything that the first page shows, as of the workspace's clock."""
    now = workspace.clock.now()
    shift = span_at(workspace.store.table(principal, Shifts), now, workspace.zone)
    units = units_on_duty(workspace, principal, now, shift)
    posts = workspace.posts(principal).frame
    posts = posts[posts["state"] == "fixed"]
    manned = set(workspace.units(principal).frame["post_id"]) if shift is None else _manned(workspace, principal, shift)
    return Situation(
        now=now,
        as_of=_last_reported(workspace, principal, now),
        shift=None if shift is None else ShiftNow(id=shift.shift_id, name=shift.name, start=shift.start, end=shift.end),
        calls=_calls(workspace, principal, now),
        units=units,
        posts=PostsNow(n=len(posts), manned=int(posts["post_id"].isin(manned).sum())),
        plan=open_plan(workspace, principal, shift),
        recent=_recent(workspace, principal, now),
    )


def units_on_duty(workspace: Workspace, principal: Principal, now: datetime, shift: ShiftSpan | None) -> list[UnitNow]:
    """Return the units of the shift on duty (all units where no shift is set)."""
    frame = workspace.units(principal).frame
    if shift is not None:
        frame = frame[frame["shift_id"] == shift.shift_id]
    lonlat = shapely.get_coordinates(np.asarray(frame.geometry.array))
    found = []
    for row, (lon, lat) in zip(frame.itertuples(index=False), lonlat, strict=True):
        seen = None if pd.isna(row.seen_at) else row.seen_at.to_pydatetime()
        age = None if seen is None else max(0.0, (now - seen).total_seconds())
        found.append(
            UnitNow(
                unit_id=row.unit_id, name=row.name, kind=row.kind, state=row.state,
                lon=float(lon), lat=float(lat), seen_at=seen, age_seconds=age,
            )
        )  # fmt: skip
    return found


def _manned(workspace: Workspace, principal: Principal, shift: ShiftSpan) -> set[str]:
    frame = workspace.units(principal).frame
    return set(frame.loc[frame["shift_id"] == shift.shift_id, "post_id"])


def _last_reported(workspace: Workspace, principal: Principal, now: datetime) -> datetime | None:
    times = workspace.calls(principal).frame["occurred_at"]
    times = times[times <= pd.Timestamp(now)]
    return None if times.empty else times.max().to_pydatetime()


def _calls(workspace: Workspace, principal: Principal, now: datetime) -> CallsNow:
    frame = workspace.calls(principal).frame
    end = pd.Timestamp(now)
    start = end - pd.Timedelta(hours=24)
    times = frame["occurred_at"]
    day = frame[(times > start) & (times <= end)]
    valid = day[day["valid"]]
    week = pd.Timedelta(days=7)
    ago = frame[(times > start - week) & (times <= end - week) & frame["valid"]]
    hours = ((valid["occurred_at"] - start) // pd.Timedelta(hours=1)).clip(0, 23).to_numpy(dtype=np.int64)
    missing = None if valid.empty else float(valid["arrived_at"].isna().mean())
    return CallsNow(
        n_valid=len(valid),
        n_received=len(day),
        n_unplaced=int((~valid["placed"]).sum()),
        start=start.to_pydatetime(),
        end=now,
        missing_arrival_share=missing,
        by_hour=np.bincount(hours, minlength=24).tolist(),
        week_ago=CountIn(
            n=len(ago),
            start=(start - week).to_pydatetime(),
            end=now - timedelta(days=7),
            interval=interval_of(len(ago)),
        ),
        interval=interval_of(len(valid)),
    )


def interval_of(n: int) -> tuple[float, float]:
    """Return the exact 95 % Poisson interval of a count."""
    low, high = poisson_interval(np.array([n]))
    return float(np.ravel(low)[0]), float(np.ravel(high)[0])


def _recent(workspace: Workspace, principal: Principal, now: datetime) -> list[RecentCall]:
    frame = workspace.calls(principal).frame
    end = pd.Timestamp(now)
    day = frame[(frame["occurred_at"] <= end) & (frame["occurred_at"] > end - pd.Timedelta(hours=24))]
    rows = day[day["valid"] & day["placed"]].sort_values("occurred_at", ascending=False).head(RECENT)
    lonlat = shapely.get_coordinates(np.asarray(rows.geometry.array))
    return [
        RecentCall(
            call_id=row.call_id, family=row.family, occurred_at=row.occurred_at.to_pydatetime(),
            lon=float(lon), lat=float(lat),
            priority=None if pd.isna(row.priority) else int(row.priority), address=row.address,
        )
        for row, (lon, lat) in zip(rows.itertuples(index=False), lonlat, strict=True)
    ]  # fmt: skip


def open_plan(workspace: Workspace, principal: Principal, shift: ShiftSpan | None) -> PlanNow | None:
    """Return the newest patrol plan of the shift on duty."""
    record = open_plan_record(workspace, principal, shift)
    if record is None:
        return None
    bound = record.body.get("lower_bound_units")
    used = record.body.get("units_used")
    return PlanNow(
        plan_id=record.plan_id, title=record.title, units=used if isinstance(used, int) else 0,
        lower_bound=bound if isinstance(bound, int) else None,
    )  # fmt: skip


def open_plan_record(workspace: Workspace, principal: Principal, shift: ShiftSpan | None) -> PlanRecord | None:
    """Return the record of the newest patrol plan whose shift is on duty."""
    if shift is None:
        return None
    for record in workspace.store.plans(principal, "patrol"):
        planned = record.body.get("shift")
        if isinstance(planned, dict) and planned.get("id") == shift.shift_id:
            start = planned.get("start")
            if isinstance(start, str) and datetime.fromisoformat(start) == shift.start:
                return record
    return None
