"""The clock of calls for reports: stages, shares within the standard, and the shares that are reported upward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from api.services.filters import CallFilter
from api.services.report_periods import Span
from api.services.upward import Upward, upward
from api.services.workspace import Workspace
from geo.errors import FieldError
from geo.incidents.clock import (
    STAGES,
    StageTimes,
    Stamps,
    WithinStandard,
    span_seconds,
    stage_times,
    within_standard,
)
from geo.incidents.flags import left_out_of
from geo.store.port import Json, Principal

STANDARD: Final = "response_standard"
DEFAULT_SECONDS: Final = 300.0
Limits = dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingStage:
    """How many calls of the report lack a moment of the clock."""

    stage: str
    zh: str
    en: str
    missing: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFigures:
    """Stages, shares within the standard by area and priority and of all, missing moments, and calls left out by flags."""

    stages: tuple[StageTimes, ...]
    within: tuple[WithinStandard, ...]
    whole: WithinStandard | None
    missing: tuple[MissingStage, ...]
    left_out: int
    upward: Upward


def clock_figures(workspace: Workspace, principal: Principal, wanted: CallFilter, span: Span) -> ClockFigures:
    """Return the clock of the calls of a span; areas are the stations whose police grid holds the call."""
    asked = _within(workspace, wanted, span)
    rows = asked.rows(workspace.calls(principal), workspace.zone)
    n = len(rows)
    missing = tuple(
        MissingStage(stage=stage, zh=zh, en=en, missing=int(rows[stage].isna().sum()), n=n)
        for stage, (zh, en) in STAGES.items()
    )
    out = left_out_of(rows["flags"], "clock") if n else np.zeros(0, dtype=bool)
    good = rows[~np.asarray(out)]
    held = stamps(good)
    limits = response_limits(workspace, principal)
    seconds = span_seconds(held, "answered_at", "arrived_at")
    priorities = [_priority(value) for value in good["priority"]]
    areas = stations(workspace, principal, good)
    return ClockFigures(
        stages=stage_times(held) if len(good) else (),
        within=within_standard(seconds, areas, priorities, limits) if len(good) else (),
        whole=_whole(seconds, areas, priorities, limits) if len(good) else None,
        missing=missing, left_out=n - len(good),
        upward=upward(workspace, principal, span),
    )  # fmt: skip


def _within(workspace: Workspace, wanted: CallFilter, span: Span) -> CallFilter:
    start, end = (at.replace(tzinfo=workspace.zone) for at in (span.start, span.end))
    return CallFilter(basis=wanted.basis, citizen=wanted.citizen, families=wanted.families, start=start, end=end)


def stamps(rows: gpd.GeoDataFrame) -> Stamps:
    """Return the moments of calls as datetime64[ms], NaT where unknown."""
    return {stage: _naive(rows[stage]) for stage in STAGES}


def _naive(column: pd.Series) -> np.ndarray:
    return np.asarray(column.dt.tz_convert("UTC").dt.tz_localize(None), dtype="datetime64[ms]")


def _priority(value: object) -> str:
    return "—" if value is pd.NA or value is None else str(value)


def stations(workspace: Workspace, principal: Principal, rows: gpd.GeoDataFrame) -> list[str]:
    """Return the station in whose police grid each call lies; "—" for calls outside all, or without a place."""
    grids = workspace.police_grids(principal).frame
    names = np.full(len(rows), "—", dtype=object)
    placed = rows["placed"].to_numpy(dtype=bool)
    if len(grids) and placed.any():
        points = rows.geometry.array[placed]
        codes = workspace.police_index(principal).at(np.column_stack([points.x, points.y]))
        known = dict(zip(grids["code"], grids["station_name"], strict=True))
        names[placed] = [str(known.get(code) or "—") for code in codes]
    return [str(name) for name in names]


def _whole(
    seconds: np.ndarray, areas: list[str], priorities: list[str], limits: Mapping[tuple[str, str], float]
) -> WithinStandard:
    """Return all calls together, each against its own limit."""
    parts = within_standard(seconds, areas, priorities, limits)
    ratio = np.array(seconds)
    own = {(part.area, part.priority): part.limit_seconds for part in parts}
    ratio = ratio / np.array([own[key] for key in zip(areas, priorities, strict=True)])
    return within_standard(ratio, ["*"] * len(ratio), ["*"] * len(ratio), {("*", "*"): 1.0})[0]


def response_limits(workspace: Workspace, principal: Principal) -> Limits:
    """Return the seconds from 接警 to 到达现场 that are allowed, by station and priority; 5 minutes where nothing is set."""
    held = workspace.store.document(principal, STANDARD)
    if held is None:
        return {("*", "*"): DEFAULT_SECONDS}
    rows = cast("list[Mapping[str, Json]]", held["limits"])
    return {(str(row["area"]), str(row["priority"])): float(cast("float", row["seconds"])) for row in rows}


def put_response_limits(workspace: Workspace, principal: Principal, limits: Limits, *, at: datetime) -> None:
    """Keep the limits; without one for any area and any priority a call could have none."""
    if ("*", "*") not in limits:
        raise FieldError(
            "A limit for any area and priority is needed: area *, priority *", "需要一条通用时限：区域 *、等级 *"
        )
    if not all(0 < seconds <= 86_400 for seconds in limits.values()):
        raise FieldError("A limit is more than 0 seconds and at most a day", "时限应大于 0 秒且不超过一天")
    rows: list[Json] = [{"area": a, "priority": p, "seconds": s} for (a, p), s in sorted(limits.items())]
    workspace.store.put_document(principal, STANDARD, {"limits": rows, "at": at.isoformat(), "by": principal.account})
