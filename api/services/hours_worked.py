"""Calls by hour of the day and priority, over whole days, with intervals, and how long a call binds a unit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from api.services.filters import CallFilter, last_days
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, ParameterError
from geo.incidents.flags import left_out_of
from geo.incidents.poisson import poisson_interval
from geo.store.port import Principal

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourCalls:
    """Mean calls by hour.

    Attributes
    ----------
    rates : float64[24, priorities], calls an hour
    counts : int64[24]
    interval : float64[2, 24], ends of the exact 95 % interval of the mean calls of the hour
    priorities : names, the first goes first
    n, days : calls counted, days they are of
    unclear : further calls whose hour is only known to be within a window, or not to be trusted; they are taken to fall
        as the others do
    on_scene_seconds, on_scene_n : mean from arrival to being done, and of how many calls
    start, end : the period, whole statistical days
    """

    rates: Floats
    counts: npt.NDArray[np.int64]
    interval: Floats
    priorities: tuple[str, ...]
    n: int
    days: int
    unclear: int
    on_scene_seconds: float
    on_scene_n: int
    start: datetime
    end: datetime


def hour_calls(workspace: Workspace, principal: Principal, wanted: CallFilter) -> HourCalls:
    """Count the calls that pass by local hour; without a period, of the last 365 whole days that the data hold.

    Raises
    ------
    InfeasibleError
        If no call is left.
    ParameterError
        If the period is shorter than a day.
    """
    zone = workspace.zone
    frame = workspace.calls(principal).frame
    if frame.empty:
        raise InfeasibleError("There is no call; import calls first", "没有警情，请先导入")
    first, last = last_days(workspace.clock.now(), zone, days=365, starts_hour=workspace.settings.day_starts_hour)
    oldest = frame["occurred_at"].min().tz_convert(zone).to_pydatetime()
    start = wanted.start or first + timedelta(days=max(0, math.ceil((oldest - first) / timedelta(days=1))))
    end = wanted.end or last
    days = (end - start) // timedelta(days=1)
    if days < 1:
        raise ParameterError(
            f"From {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} is less than a day; choose a longer period",
            f"{start:%Y-%m-%d %H:%M} 至 {end:%Y-%m-%d %H:%M} 不足一天，请延长时段",
        )
    end = start + timedelta(days=days)
    rows = replace(wanted, start=start, end=end).rows(workspace.calls(principal), zone)
    every = range(1, 8) if wanted.weekdays is None else wanted.weekdays
    held = sum((start + timedelta(days=d)).astimezone(zone).isoweekday() in every for d in range(days))
    out = np.asarray(left_out_of(rows["flags"], "hour")) if len(rows) else np.zeros(0, bool)
    out = out | rows["occurred_to"].notna().to_numpy()
    good = rows[~out]
    if good.empty or not held:
        raise InfeasibleError(
            f"There is no call with a known hour between {start:%Y-%m-%d} and {end:%Y-%m-%d}; choose a longer period",
            f"{start:%Y-%m-%d} 至 {end:%Y-%m-%d} 没有发生时刻明确的警情，请延长时段",
        )
    hours = good["occurred_at"].dt.tz_convert(zone).dt.hour.to_numpy()
    names, which = _priorities(good["priority"])
    counts = np.zeros((24, len(names)), np.int64)
    np.add.at(counts, (hours, which), 1)
    low, high = poisson_interval(counts.sum(axis=1))
    # Calls whose hour is not known are work all the same: they are taken to fall as the others do.
    days_each = held * len(good) / len(rows)
    seconds, n = _on_scene(good)
    return HourCalls(
        rates=counts / days_each, counts=counts.sum(axis=1), interval=np.stack([low, high]) / days_each,
        priorities=names, n=len(good), days=held, unclear=int(out.sum()), on_scene_seconds=seconds, on_scene_n=n,
        start=start, end=end,
    )  # fmt: skip


def _priorities(column: pd.Series) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Return the priorities there are, and that of each call; calls without one go last, with the lowest."""
    known = sorted({int(v) for v in column.dropna()})
    if not known:
        return ("—",), np.zeros(len(column), np.int64)
    where = {value: i for i, value in enumerate(known)}
    return tuple(str(v) for v in known), np.array(
        [len(known) - 1 if pd.isna(v) else where[int(v)] for v in column], np.int64
    )


def _on_scene(rows: pd.DataFrame) -> tuple[float, int]:
    """Return the mean seconds from arrival to being done, where both are known and in order."""
    done = rows["handled_at"].fillna(rows["closed_at"])
    seconds = (done - rows["arrived_at"]).dt.total_seconds().to_numpy(dtype=np.float64, na_value=np.nan)
    out = np.asarray(left_out_of(rows["flags"], "clock"))
    seconds = seconds[np.isfinite(seconds) & (seconds > 0) & ~out]
    return (float(seconds.mean()), len(seconds)) if len(seconds) else (0.0, 0)
