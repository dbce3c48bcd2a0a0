"""What happens in a drawn area or a grid: trend, hours, classes, near repeats, comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from api.schemas.heat import FamilyCount
from api.schemas.heat_area import AreaFigures, Spread, TrendBin
from api.services.calls_cube import calls_cube
from api.services.filters import CallFilter
from api.services.heat import moment
from api.services.heat_periods import each_comparison
from api.services.hot_ground import metric_crs
from api.services.workspace import Workspace
from geo.crs import to_metric
from geo.errors import NotFoundError, ParameterError
from geo.hotspots.aoristic import aoristic
from geo.hotspots.cube.filter import CubeFilter
from geo.hotspots.near_repeat import near_repeats
from geo.hotspots.when import MINUTES_PER_DAY, MINUTES_PER_WEEK
from geo.store.port import Principal

NEAR_M: Final = 100.0
NEAR_DAYS: Final = 7.0
_NEAR_RUNS: Final = 99
_MOST_FOR_NEAR: Final = 8_000
_DAILY: Final = 62


def outline(workspace: Workspace, principal: Principal, wanted: CallFilter) -> BaseGeometry:
    """Return the area of a filter in degrees: what is drawn, or grids by their codes.

    Raises
    ------
    ParameterError, NotFoundError
        If the filter has no area, or names a grid that is not there.
    """
    if wanted.areas:
        frame = workspace.grids(principal).frame
        held = frame[frame["code"].isin(wanted.areas)]
        missing = sorted(wanted.areas - set(held["code"]))
        if missing:
            raise NotFoundError(f"There is no grid {missing[0]}", f"没有网格 {missing[0]}")
        return shapely.union_all(held.geometry.array)
    if wanted.within is None:
        raise ParameterError(
            "Say which area: within=lon,lat;lon,lat;… or areas=code", "请指定区域：within=经度,纬度;… 或 areas=网格编码"
        )
    return wanted.within


def area_figures(
    workspace: Workspace, principal: Principal, wanted: CallFilter, *, windows: bool = False
) -> AreaFigures:
    """Return the figures of the area of a filter, beside the count of the whole city."""
    cube = calls_cube(workspace, principal)
    shape = outline(workspace, principal, wanted)
    which = wanted.cube(workspace.zone)
    profile = cube.profile(which)
    total, families = profile.total(), profile.by_family()
    first, last = profile.span
    weekly = last - first > _DAILY * MINUTES_PER_DAY
    # Weeks count back from the end: none is cut short at the newest side.
    step = MINUTES_PER_WEEK if weekly else MINUTES_PER_DAY
    offset = (last % step) // 60 * 60 if weekly else 0
    trend = profile.over_time(step_minutes=step, offset_minutes=offset)
    begin = (first - offset) // step * step + offset
    city = cube.total(replace(which, within=None, areas=None))
    near, expected = _near(workspace, principal, which)
    comparisons, missing = each_comparison(workspace, cube, which, lambda asked: cube.total(asked).n)
    km2 = shapely.transform(shape, lambda at: to_metric(at, metric_crs(workspace))).area / 1e6
    return AreaFigures(
        grid=next(iter(wanted.areas)) if wanted.areas and len(wanted.areas) == 1 else None, n=total.n, interval=(total.low, total.high), area_km2=km2,
        per_km2_week=total.n / km2 / total.weeks if km2 and total.weeks else 0.0,
        share=total.n / city.n if city.n else 0.0, n_city=city.n, n_unplaced=city.unplaced,
        start=moment(workspace, first), end=moment(workspace, last), step="week" if weekly else "day",
        trend=[
            TrendBin(day=str(day)[:10], n=int(n), start=moment(workspace, max(first, at)), end=moment(workspace, min(last, at + step)))
            for at, day, n in zip(range(begin, last, step), trend.labels, trend.n, strict=True)
        ],
        hour_by_weekday=profile.by_hour_of_week().counts.tolist(),
        families=[
            FamilyCount(id=name, n=int(n), interval=(float(low), float(high)))
            for name, n, low, high in zip(families.labels, families.n, families.low, families.high, strict=True)
        ],
        near_repeats=near, near_expected=expected, near_reach_m=NEAR_M, near_days=NEAR_DAYS, comparisons=comparisons,
        missing=missing, geometry=dict(shapely.geometry.mapping(shape)),
        spread=spread(workspace, principal, wanted) if windows else None,
    )  # fmt: skip


def _near(workspace: Workspace, principal: Principal, which: CubeFilter) -> tuple[int, float | None]:
    """Return pairs of calls of one class nearby and soon, and how many chance gives where times have nothing to do with places."""
    cube = calls_cube(workspace, principal)
    calls = cube.calls(which)
    if not 2 <= len(calls) <= _MOST_FOR_NEAR:
        return 0, None
    xy, days = to_metric(calls.lonlat, metric_crs(workspace)), calls.minutes / 1440
    observed, expected = 0, 0.0
    for family in np.unique(calls.families):
        of = calls.families == family
        if of.sum() < 2:
            continue
        made = near_repeats(
            xy[of], days[of], space_m=[NEAR_M], time_days=[NEAR_DAYS], runs=_NEAR_RUNS, same_place=False
        )
        observed += int(made.observed[0, 0])
        expected += float(made.mean[0, 0])
    return observed, expected


def rows_of(workspace: Workspace, principal: Principal, wanted: CallFilter) -> gpd.GeoDataFrame:
    """Return the calls of a filter as rows."""
    grids = workspace.grid_index(principal) if wanted.areas else None
    return wanted.rows(workspace.calls(principal), workspace.zone, grids=grids)


def spread(workspace: Workspace, principal: Principal, wanted: CallFilter) -> Spread:
    """Return the placed calls of a filter spread over the windows in which they happened."""
    rows = rows_of(workspace, principal, wanted)
    rows = rows[rows["placed"]]

    def local(name: str) -> np.ndarray:
        if name not in rows:
            return np.full(len(rows), np.datetime64("NaT"), "datetime64[m]")
        times = pd.to_datetime(rows[name], utc=True).dt.tz_convert(workspace.zone).dt.tz_localize(None)
        return np.asarray(times.to_numpy(dtype="datetime64[m]"))

    ends = local("occurred_to")
    made = aoristic(local("occurred_at"), ends)
    return Spread(
        weights=made.weights.tolist(), n=made.n, with_window=int((~np.isnat(ends)).sum()), wide=made.wide,
        reversed=made.reversed,
    )  # fmt: skip
