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
)
from api.services.features import parse_instant
from api.services.left_out import kept_for
from api.services.open_plan import open_plan_record
from api.services.positions import manned_posts, positions
from api.services.shifts import span_at
from api.services.workspace import Workspace
from geo.incidents.poisson import poisson_interval
from geo.store.port import PlanRecord, Principal
from geo.tables.shifts import Shifts

RECENT = 40


def situation(workspace: Workspace, principal: Principal) -> Situation:
    """Return everything that the first page shows, as of the workspace's clock."""
    now = workspace.clock.now()
    shift = span_at(workspace.store.table(principal, Shifts), now, workspace.zone)
    record = open_plan_record(workspace, principal, shift)
    posts = workspace.posts(principal).frame
    posts = posts[posts["state"] == "fixed"]
    return Situation(
        now=now,
        as_of=_known_until(workspace, principal, now),
        shift=None if shift is None else ShiftNow(id=shift.shift_id, name=shift.name, start=shift.start, end=shift.end),
        calls=_calls(workspace, principal, now),
        units=positions(workspace, principal, now),
        posts=PostsNow(
            n=len(posts), manned=int(posts["post_id"].isin(manned_posts(workspace, principal, shift)).sum())
        ),
        plan=None if record is None else _plan(record),
        recent=_recent(workspace, principal, now),
    )


def _known_until(workspace: Workspace, principal: Principal, now: datetime) -> datetime | None:
    """Return the last moment that the data know of: the one they were delivered with, else the last call."""
    said = workspace.facts().get("as_of")
    if isinstance(said, str) and (until := parse_instant(said)) <= now:
        return until
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
    timed, clocked = kept_for("hour", valid), kept_for("clock", valid)
    hours = ((timed["occurred_at"] - start) // pd.Timedelta(hours=1)).clip(0, 23).to_numpy(dtype=np.int64)
    missing = None if clocked.empty else float(clocked["arrived_at"].isna().mean())
    return CallsNow(
        n_valid=len(valid),
        n_received=len(day),
        n_unplaced=int((~valid["placed"]).sum()),
        n_hour_left_out=len(valid) - len(timed),
        n_clock_left_out=len(valid) - len(clocked),
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


def _plan(record: PlanRecord) -> PlanNow:
    bound = record.body.get("lower_bound_units")
    used = record.body.get("units_used")
    title_en, gap, point, left_out = (
        record.body.get(key) for key in ("title_en", "worst_gap_minutes", "worst_gap_point", "unvisited")
    )
    return PlanNow(
        plan_id=record.plan_id, title=record.title, title_en=title_en if isinstance(title_en, str) else None,
        units=used if isinstance(used, int) else 0, lower_bound=bound if isinstance(bound, int) else None,
        worst_gap_minutes=float(gap) if isinstance(gap, int | float) else None,
        worst_gap_point=point if isinstance(point, str) else None,
        unvisited=len(left_out) if isinstance(left_out, list) else 0, proved=record.body.get("proved") is True,
    )  # fmt: skip
