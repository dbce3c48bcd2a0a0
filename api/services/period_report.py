"""研判报告: every figure of a daily, weekly or monthly report, in one value that page and files are written from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from api.schemas.heat import GridValues
from api.services.calls_cube import calls_cube
from api.services.choropleth import grid_values
from api.services.clock_figures import ClockFigures, clock_figures
from api.services.filters import BASES, CallFilter
from api.services.indicator_readings import IndicatorLine, readings
from api.services.page import families
from api.services.report_counts import Counts, compared, counts
from api.services.report_periods import (
    Before,
    Kind,
    Known,
    Span,
    baselines,
    counted,
    known,
    period_of,
)
from api.services.report_places import Ground, Place, Watch, hot, top_grids, watch
from api.services.stages import Stages
from api.services.workspace import Workspace
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter
from geo.incidents.comparison import Comparison
from geo.incidents.periods import Period
from geo.incidents.poisson import poisson_interval
from geo.store.port import Principal
from planners.contract import Observer

STOPPED: Final = ("The report was stopped", "报告已停止")


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A baseline and the comparison with it; None where the data do not reach."""

    before: Before
    comparison: Comparison | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyLine:
    """A class: calls, interval, and the comparison with the first baseline that there is."""

    family: str
    zh: str
    en: str
    n: int
    low: float
    high: float
    comparison: Comparison | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeriodReport:
    """All figures of one report.

    Attributes
    ----------
    span : the part of the period that the data cover; ``open`` where that is not the whole
    n, unplaced, received : calls of the basis, those without a place among them, and all received
    by_hour, by_hour_before : int64[24] by hour of day, and of the first baseline
    by_hour_of_week : int64[7, 24], Monday first
    by_day : statistical days and their calls
    """

    kind: Kind
    wanted: CallFilter
    period: Period
    span: Span
    data: Known
    edition: str
    n: int
    low: float
    high: float
    unplaced: int
    received: int
    against: tuple[Against, ...]
    families: tuple[FamilyLine, ...]
    first_baseline: Before | None
    by_hour: npt.NDArray[np.int64]
    by_hour_before: npt.NDArray[np.int64] | None
    by_hour_of_week: npt.NDArray[np.int64]
    by_day: tuple[tuple[str, ...], npt.NDArray[np.int64]]
    grids: GridValues
    top: tuple[Place, ...]
    hot: tuple[Place, ...]
    watch: Watch | None
    clock: ClockFigures
    indicators: tuple[IndicatorLine, ...]

    @property
    def open(self) -> bool:
        """Whether the period is not over yet."""
        return self.span.end < self.period.end

    @property
    def basis(self) -> tuple[str, str]:
        """Name of the basis."""
        return BASES[self.wanted.basis]


def period_report(
    workspace: Workspace, principal: Principal, kind: Kind, day: date | None, wanted: CallFilter, observe: Observer
) -> PeriodReport:
    """Count everything of a report; periods, hours and weekdays of ``wanted`` are not looked at."""
    stage = Stages(observe, stopped_en=STOPPED[0], stopped_zh=STOPPED[1])
    stage.at(0.02, "统计警情")
    cube = calls_cube(workspace, principal)
    data = known(workspace, cube)
    period = period_of(workspace, kind, day)
    span = counted(period, data)
    which = CallFilter(basis=wanted.basis, citizen=wanted.citizen, families=wanted.families).cube(workspace.zone)
    edition = f"grids-{workspace.store.version('grids')}"
    now = counts(cube, which, span)
    earlier = {b.baseline: [counts(cube, which, s) for s in b.spans] for b in baselines(kind, period, span, data)}
    against = tuple(_against(now, b, earlier[b.baseline], span, edition) for b in baselines(kind, period, span, data))
    first = next((a.before for a in against if a.comparison is not None), None)
    before = None if first is None else earlier[first.baseline]
    stage.at(0.2, "热点与网格")
    ground = Ground.of(workspace, principal, cube, which, span)
    low, high = poisson_interval(now.n)
    inside = _inside(workspace, wanted, span)
    top, gathered = top_grids(ground), hot(workspace, principal, ground, inside)
    stage.at(0.4, "近重复")
    # The list is for the days to come: beside a period long past it would mislead.
    fresh = kind != "daily" and data.until - span.end <= span.end - span.start
    to_watch = watch(workspace, principal, ground, wanted) if fresh else None
    stage.at(0.6, "时效与指标")
    clock = clock_figures(workspace, principal, wanted, span)
    return PeriodReport(
        kind=kind, wanted=wanted, period=period, span=span, data=data, edition=edition, n=now.n, low=float(low),
        high=float(high), unplaced=now.unplaced, received=_received(cube, which, span), against=against,
        families=_families(workspace, principal, cube, now, first, before, span, edition), first_baseline=first,
        by_hour=now.hours(), by_hour_before=None if before is None or len(before) != 1 else before[0].hours(),
        by_hour_of_week=now.hours_of_week(), by_day=now.days(starts_at=period.day_start),
        grids=grid_values(workspace, principal, inside, measure="calls_per_km2_week"), top=top, hot=gathered, watch=to_watch,
        clock=clock, indicators=readings(workspace, principal, period, span, wanted, now, clock),
    )  # fmt: skip


def _inside(workspace: Workspace, wanted: CallFilter, span: Span) -> CallFilter:
    start, end = (at.replace(tzinfo=workspace.zone) for at in (span.start, span.end))
    return CallFilter(basis=wanted.basis, citizen=wanted.citizen, families=wanted.families, start=start, end=end)


def _received(cube: Cube, which: CubeFilter, span: Span) -> int:
    asked = CubeFilter(base="received", citizen_only=which.citizen_only, families=which.families)
    return counts(cube, asked, span).n


def _against(now: Counts, before: Before, earlier: list[Counts], span: Span, edition: str) -> Against:
    if not before.spans or before.absent_zh:
        return Against(before=before, comparison=None)
    made = compared(now.n, [part.n for part in earlier], span, before, edition=edition)
    return Against(before=before, comparison=made)


def _families(
    workspace: Workspace,
    principal: Principal,
    cube: Cube,
    now: Counts,
    first: Before | None,
    before: list[Counts] | None,
    span: Span,
    edition: str,
) -> tuple[FamilyLine, ...]:
    """Return the classes with calls now or before: those that rose most first."""
    labels = {view.id: view for view in families(workspace, principal)}
    n = now.families()
    earlier = [] if before is None else [part.families() for part in before]
    low, high = poisson_interval(n)
    lines = []
    for row, name in enumerate(cube.family_names):
        if not n[row] and not any(part[row] for part in earlier):
            continue
        view = labels.get(name)
        lines.append(
            FamilyLine(
                family=name, zh=view.label_zh if view else name, en=view.label_en if view else name, n=int(n[row]),
                low=float(low[row]), high=float(high[row]),
                comparison=None if first is None
                else compared(int(n[row]), [int(part[row]) for part in earlier], span, first, edition=edition),
            )
        )  # fmt: skip
    return tuple(sorted(lines, key=lambda line: (_rise(line), -line.n, line.family)))


def _rise(line: FamilyLine) -> float:
    return 0.0 if line.comparison is None else line.comparison.expected - line.n
