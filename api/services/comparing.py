"""Periods compared: with every baseline, as a funnel over areas, with control places, and as alarms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from api.services.calls_cube import calls_cube
from api.services.filters import CallFilter
from api.services.report_counts import compared, counts
from api.services.report_periods import Before, Known, Span, asked_day, before, counted, known
from api.services.workspace import Workspace
from geo.errors import NotFoundError, ParameterError, UnavailableError
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter
from geo.incidents.comparison import Comparison, CompoundRate, compound_rate
from geo.incidents.cusum import cusum, design_cusum
from geo.incidents.displacement import WeightedDisplacementDifference, weighted_displacement_difference
from geo.incidents.funnel import Funnel, funnel, funnel_limits
from geo.incidents.periods import Period, earlier_years, period_before, same_season, years_before
from geo.incidents.spikes import Spike, latest_spike, weekday_weights
from geo.store.port import Principal

By = Literal["grid", "community", "station"]
Exposure = Literal["population", "area", "before"]
HISTORY_DAYS: Final = 182
LEAST_DAYS: Final = 28
QUIET_DAYS: Final = 365.0
"""Mean days between false alarms of one chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One baseline and the comparison with it, or why there is none."""

    before: Before
    comparison: Comparison | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A period, its calls, every baseline, and the mean yearly change where years reach."""

    span: Span
    n: int
    lines: tuple[Line, ...]
    compound: CompoundRate | None
    edition: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FunnelOf:
    """Areas in a funnel: codes, names, exposure, limits to draw, and what is left out."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    exposure: npt.NDArray[np.float64]
    made: Funnel
    curve: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    without: int
    elsewhere: int
    span: Span
    edition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What the two charts say of a class at the end of a day; ``None`` as family means all calls."""

    family: str | None
    n: int
    usual: float
    spike: Spike | None
    rising: bool
    since: date | None
    run_length: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Alarms as of the end of a statistical day, from the days before it."""

    day: date
    history_days: int
    tests: int
    alarms: tuple[Alarm, ...]


def asked_period(workspace: Workspace, first: str, last: str) -> Period:
    """Return a period from its first and last statistical day."""
    begin, end = asked_day(first), asked_day(last)
    if begin is None or end is None:
        raise ParameterError("A period needs its first and last day", "时段需要首日和末日")
    return Period(first=begin, last=end, day_start=workspace.settings.day_starts_hour)


def compare(
    workspace: Workspace, principal: Principal, period: Period, wanted: CallFilter, *, other: Period | None = None
) -> Compared:
    """Compare a period with every baseline, and with a period of the asker's choice."""
    cube = calls_cube(workspace, principal)
    data = known(workspace, cube)
    span = counted(period, data)
    which = _which(workspace, wanted)
    edition = f"grids-{workspace.store.version('grids')}"
    baselines = [
        before("year_on_year", (years_before(period),), period, span, data),
        before("period_before", (period_before(period),), period, span, data),
        before("same_season", (same_season(period),), period, span, data),
        before("five_year_mean", earlier_years(period), period, span, data),
    ]
    if other is not None:
        baselines.insert(0, before("other_period", (other,), period, span, data))
    n = counts(cube, which, span).n
    lines = tuple(_line(cube, which, n, span, b, edition) for b in baselines)
    return Compared(
        span=span, n=n, lines=lines, compound=_compound(cube, which, n, period, span, data), edition=edition
    )


def _which(workspace: Workspace, wanted: CallFilter) -> CubeFilter:
    return replace(wanted, start=None, end=None).cube(workspace.zone)


def _line(cube: Cube, which: CubeFilter, n: int, span: Span, baseline: Before, edition: str) -> Line:
    if baseline.absent_zh:
        return Line(before=baseline, comparison=None)
    earlier = [counts(cube, which, part).n for part in baseline.spans]
    return Line(before=baseline, comparison=compared(n, earlier, span, baseline, edition=edition))


def _compound(cube: Cube, which: CubeFilter, n: int, period: Period, span: Span, data: Known) -> CompoundRate | None:
    """Return the mean yearly change from the earliest year within five that the data reach."""
    for years in range(5, 0, -1):
        earlier = before("year_on_year", (years_before(period, years=years),), period, span, data)
        if not earlier.absent_zh:
            first = counts(cube, which, earlier.spans[0]).n
            return compound_rate(first, n, years=float(years)) if first else None
    return None


def areas_in_funnel(
    workspace: Workspace,
    principal: Principal,
    period: Period,
    wanted: CallFilter,
    *,
    by: By,
    exposure: Exposure,
    widened: bool,
) -> FunnelOf:
    """Put the areas into a funnel: calls against what people, km² or the period before make expected."""
    cube = calls_cube(workspace, principal)
    data = known(workspace, cube)
    span = counted(period, data)
    which = _which(workspace, wanted)
    frame = workspace.grids(principal).frame
    frame = frame[frame["kind"] == "general"]
    if not len(frame):
        raise UnavailableError(
            "There are no grids yet: xunge import grids FILE", "尚未导入网格，请先运行 xunge import grids 文件"
        )
    codes = [str(code) for code in frame["code"]]
    n, elsewhere = _by_grid(cube, which, span, codes)
    if exposure == "population":
        size = frame["population"].to_numpy(dtype=np.float64)
    elif exposure == "area":
        size = frame.geometry.to_crs(frame.estimate_utm_crs()).area.to_numpy(dtype=np.float64) / 1e6
    else:
        earlier = before("period_before", (period_before(period),), period, span, data)
        if earlier.absent_zh:
            raise ParameterError(
                f"The period before is not in the data ({earlier.absent_en})",
                f"上一期不在数据之内（{earlier.absent_zh}）",
            )
        size = _by_grid(cube, which, earlier.spans[0], codes)[0].astype(np.float64)
    group, names = _groups(workspace, principal, by, codes)
    keys = sorted(names)
    row = {key: k for k, key in enumerate(keys)}
    at = np.array([row[key] for key in group])
    total, held = np.zeros(len(keys), np.int64), np.zeros(len(keys))
    np.add.at(total, at, n)
    np.add.at(held, at, np.where(np.isfinite(size), size, 0.0))
    good = held > 0
    made = funnel(total[good], held[good], overdispersed=widened)
    curve = np.geomspace(max(made.expected.min(), 1e-3), made.expected.max() * 1.05, 80)
    low, high = funnel_limits(curve, dispersion=made.dispersion)
    kept = [key for key, some in zip(keys, good, strict=True) if some]
    return FunnelOf(
        codes=tuple(kept), names=tuple(names[key] for key in kept), exposure=held[good], made=made, curve=curve, low=low,
        high=high, without=int(total[~good].sum()), elsewhere=elsewhere, span=span,
        edition=f"grids-{workspace.store.version('grids')}",
    )  # fmt: skip


def _by_grid(cube: Cube, which: CubeFilter, span: Span, codes: list[str]) -> tuple[npt.NDArray[np.int64], int]:
    figures = cube.by_area(replace(which, start=span.start, end=span.end))
    found = dict(zip(figures.labels, figures.n.tolist(), strict=True))
    return np.array([found.get(code, 0) for code in codes], np.int64), figures.elsewhere


def _groups(workspace: Workspace, principal: Principal, by: By, codes: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the area of each grid and the names of areas; a grid belongs to the station of its inner point."""
    frame = workspace.grids(principal).frame
    frame = frame[frame["kind"] == "general"]
    if by == "grid":
        return codes, dict(zip(codes, [str(name) for name in frame["name"]], strict=True))
    if by == "community":
        parents = [code[:12] for code in codes]
        named = [str(name or code) for name, code in zip(frame["parent_name"], parents, strict=True)]
        return parents, dict(zip(parents, named, strict=True))
    police = workspace.police_grids(principal).frame
    if not len(police):
        raise UnavailableError("There are no police grids yet", "尚未导入警格，无法按派出所统计")
    points = frame.geometry.representative_point()
    found = workspace.police_index(principal).at(np.column_stack([points.x, points.y]))
    station = dict(zip(police["code"], police["station_name"], strict=True))
    names = [str(station.get(code) or "—") for code in found]
    return names, {name: name for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class Displaced:
    """A weighted displacement difference, calls before and after of either group, and how many grids each has."""

    made: WeightedDisplacementDifference
    treated: tuple[int, int]
    control: tuple[int, int]
    treated_grids: int
    control_grids: int


def displacement(
    workspace: Workspace,
    principal: Principal,
    before_: Period,
    after: Period,
    wanted: CallFilter,
    *,
    treated: frozenset[str],
    control: frozenset[str],
) -> Displaced:
    """Return the weighted displacement difference of treated against control grids, and the counts behind it.

    The code of a community or town stands for all its grids.
    """
    treated, control = (_grids_under(workspace, principal, codes) for codes in (treated, control))
    if treated & control or not treated or not control:
        raise ParameterError(
            "Treated and control grids are both needed, and none may be in both",
            "需要分别给出干预网格与对照网格，且不得重复",
        )
    if before_.days != after.days:
        raise ParameterError(
            f"Both periods must be equally long, not {before_.days} and {after.days} days",
            f"前后两个时段应等长，而不是 {before_.days} 天与 {after.days} 天",
        )
    cube = calls_cube(workspace, principal)
    data = known(workspace, cube)
    which = _which(workspace, wanted)
    spans = []
    for period in (before_, after):
        span = counted(period, data)
        if span.end < period.end or span.start > period.start:
            raise ParameterError("The data do not cover both periods", "数据未覆盖前后两个完整时段")
        spans.append(span)
    treated_n, control_n = (
        tuple(cube.total(replace(which, start=s.start, end=s.end, areas=areas)).n for s in spans)
        for areas in (treated, control)
    )
    made = weighted_displacement_difference((treated_n[0], treated_n[1]), (control_n[0], control_n[1]))
    return Displaced(
        made=made, treated=(treated_n[0], treated_n[1]), control=(control_n[0], control_n[1]),
        treated_grids=len(treated), control_grids=len(control),
    )  # fmt: skip


def _grids_under(workspace: Workspace, principal: Principal, codes: frozenset[str]) -> frozenset[str]:
    frame = workspace.grids(principal).frame
    known = frame[frame["kind"] == "general"]["code"].astype(str)
    found: set[str] = set()
    for code in sorted(codes):
        under = known[known.str.startswith(code)] if len(code) in (6, 9, 12) else known[known == code]
        if under.empty:
            raise NotFoundError(f"There is no grid {code}", f"没有网格 {code}")
        found.update(under)
    return frozenset(found)


def alarms(workspace: Workspace, principal: Principal, day: date | None, wanted: CallFilter) -> Alarms:
    """Scan the last half year that ends with a statistical day, all calls and each class, by both charts.

    The lasting rise is judged against the mean of the days before the last four weeks.
    """
    cube = calls_cube(workspace, principal)
    data = known(workspace, cube)
    hour = workspace.settings.day_starts_hour
    last = day or (data.until - timedelta(hours=hour)).date() - timedelta(days=1)
    reach = (data.first + timedelta(days=1)).date()
    first = max(last - timedelta(days=HISTORY_DAYS - 1), reach)
    period = Period(first=first, last=max(first, last), day_start=hour)
    if (last - first).days + 1 < 2 * LEAST_DAYS or period.end > data.until:
        raise ParameterError(
            f"Alarms need {2 * LEAST_DAYS} whole days up to {last}; the data reach from {data.first:%Y-%m-%d} to {data.until:%Y-%m-%d}",
            f"预警需要截至 {last} 的 {2 * LEAST_DAYS} 个完整统计日；数据为 {data.first:%Y-%m-%d} 至 {data.until:%Y-%m-%d}",
        )
    span = Span(start=period.start, end=period.end)
    names = [None, *cube.family_names]
    found = []
    for name in names:
        which = _which(workspace, wanted)
        if name is not None:
            if wanted.families is not None and name not in wanted.families:
                continue
            which = replace(which, families=frozenset([name]))
        _, n = counts(cube, which, span).days(starts_at=hour)
        found.append(_alarm(name, n, first))
    return Alarms(day=last, history_days=period.days, tests=len(found), alarms=tuple(found))


def _alarm(name: str | None, n: npt.NDArray[np.int64], first: date) -> Alarm:
    weights = weekday_weights(first.weekday(), n)
    spike = latest_spike(n, weights=weights) if n.any() else None
    usual = float(n[:-LEAST_DAYS].mean())
    chart = None
    if usual > 0:
        try:
            chart = cusum(n[-LEAST_DAYS:], design_cusum(usual, run_length=QUIET_DAYS))
        except ParameterError:
            chart = None  # so many calls a day that the chart's states are too many; the scan still looks
    rising = bool(chart is not None and chart.alarms[-7:].any())
    since = None
    if chart is not None and rising and chart.since is not None:
        since = first + timedelta(days=len(n) - LEAST_DAYS + chart.since)
    return Alarm(
        family=name, n=int(n[-1]), usual=usual, spike=spike, rising=rising, since=since,
        run_length=None if chart is None else chart.design.run_length_usual,
    )  # fmt: skip
