"""Which calls a figure, a map or a plan is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.services.features import parse_instant
from api.services.filter_area import Area, is_within, parse_within
from geo.errors import ParameterError
from geo.grids.locate import AreaIndex
from geo.hotspots.cube.filter import CubeFilter
from geo.tables.calls import Calls

Basis = Literal["valid", "received", "cases"]
Citizen = Literal["any", "only"]
BASES: Final = {
    "valid": ("有效警情", "valid calls"),
    "received": ("接报警情", "calls received"),
    "cases": ("案件", "filed cases"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """A basis (never mixed), who reported, classes, period, hours of the day, weekdays (1 is Monday) and area.

    ``within`` is a polygon in WGS84 degrees, its edge is inside; ``areas`` are codes of general grids. A call without
    a place is in neither.
    """

    basis: Basis = "valid"
    citizen: Citizen = "any"
    families: frozenset[str] | None = None
    start: datetime | None = None
    end: datetime | None = None
    hours: frozenset[int] | None = None
    weekdays: frozenset[int] | None = None
    within: Area | None = None
    areas: frozenset[str] | None = None

    def cube(self, zone: ZoneInfo) -> CubeFilter:
        """Return the filter by which the cube of calls counts, on the local clock."""
        return CubeFilter(
            base=self.basis,
            citizen_only=self.citizen == "only",
            families=self.families,
            start=_local(self.start, zone),
            end=_local(self.end, zone),
            hours=self.hours,
            weekdays=None if self.weekdays is None else frozenset(day - 1 for day in self.weekdays),
            within=self.within,
            areas=self.areas,
        )

    def rows(self, calls: Calls, zone: ZoneInfo, *, grids: AreaIndex | None = None) -> gpd.GeoDataFrame:
        """Return the calls that pass, placed or not; ``grids`` finds the general grid of a place for ``areas``."""
        frame = calls.frame
        keep = basis_mask(frame, self.basis, self.citizen)
        times = frame["occurred_at"]
        if self.families is not None:
            keep &= frame["family"].isin(self.families).to_numpy()
        if self.start is not None:
            keep &= (times >= pd.Timestamp(self.start)).to_numpy()
        if self.end is not None:
            keep &= (times < pd.Timestamp(self.end)).to_numpy()
        if self.hours is not None or self.weekdays is not None:
            local = times.dt.tz_convert(zone).dt
            if self.hours is not None:
                keep &= local.hour.isin(self.hours).to_numpy()
            if self.weekdays is not None:
                keep &= (local.day_of_week + 1).isin(self.weekdays).to_numpy()
        if self.within is not None or self.areas is not None:
            keep &= frame["placed"].to_numpy(dtype=bool)
            lonlat = shapely.get_coordinates(np.asarray(frame.geometry.array, dtype=object)[keep])
            kept = np.flatnonzero(keep)
            if self.within is not None:
                inside = is_within(self.within, lonlat)
                keep[kept[~inside]] = False
                kept, lonlat = kept[inside], lonlat[inside]
            if self.areas is not None:
                if grids is None:
                    raise ParameterError("Calls cannot be chosen by grid here", "此处不能按网格筛选警情")
                keep[kept[~np.isin(grids.at(lonlat).astype(str), list(self.areas))]] = False
        return frame[keep]


def basis_mask(frame: gpd.GeoDataFrame, basis: Basis, citizen: Citizen) -> np.ndarray:
    """Return which calls belong to a basis, bool[n]."""
    column = {"valid": "valid", "cases": "filed_case"}.get(basis)
    keep = np.ones(len(frame), bool) if column is None else frame[column].to_numpy(dtype=bool).copy()
    if citizen == "only":
        keep &= frame["citizen"].to_numpy(dtype=bool)
    return keep


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone).replace(tzinfo=None)


def parse_filter(
    *,
    families: str | None = None,
    start: str | None = None,
    end: str | None = None,
    hours: str | None = None,
    weekdays: str | None = None,
    basis: Basis = "valid",
    citizen: Citizen = "any",
    within: str | None = None,
    areas: str | None = None,
) -> CallFilter:
    """Read a filter as addresses and commands spell it.

    ``families=a,b``, ``hours=0-5,20``, ``weekdays=1-5``, ``within=lon,lat;lon,lat;lon,lat``, ``areas=code,code``.
    """
    first = parse_instant(start) if start else None
    last = parse_instant(end) if end else None
    if first and last and first >= last:
        raise ParameterError("The period ends before it begins", "时段的结束早于开始")
    return CallFilter(
        basis=basis,
        citizen=citizen,
        families=frozenset(part for part in families.split(",") if part) if families else None,
        start=first,
        end=last,
        hours=_numbers("hours", hours, 0, 23),
        weekdays=_numbers("weekdays", weekdays, 1, 7),
        within=parse_within(within) if within else None,
        areas=frozenset(part for part in areas.split(",") if part) if areas else None,
    )


def _numbers(name: str, text: str | None, low: int, high: int) -> frozenset[int] | None:
    if not text:
        return None
    found: set[int] = set()
    for part in text.split(","):
        ends = part.split("-")
        if not all(end.strip().isdigit() for end in ends) or len(ends) > 2:
            raise ParameterError(f"{name}: {part!r} is not a number or a range", f"{name}：{part!r} 不是数字或区间")
        first, last = int(ends[0]), int(ends[-1])
        if not low <= first <= high or not low <= last <= high:
            raise ParameterError(f"{name} must be within {low} to {high}", f"{name} 应在 {low} 至 {high} 之间")
        # A range may run over midnight or the end of the week: 22-3.
        span = range(first, last + 1) if first <= last else [*range(first, high + 1), *range(low, last + 1)]
        found.update(span)
    return frozenset(found)


def last_days(now: datetime, zone: ZoneInfo, *, days: int, starts_hour: int) -> tuple[datetime, datetime]:
    """Return the last ``days`` whole statistical days before ``now``."""
    local = now.astimezone(zone)
    end = local.replace(hour=starts_hour, minute=0, second=0, microsecond=0)
    if end > local:
        end -= timedelta(days=1)
    return end - timedelta(days=days), end
