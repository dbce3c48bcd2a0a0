"""The days that a report is about, what it is compared with, and how far the data reach."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from api.services.calls_cube import calls_cube
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.hotspots.cube.cube import Cube
from geo.incidents.comparison import BASELINES, Baseline
from geo.incidents.periods import Period, earlier_years, period_before, same_season, years_before
from geo.store.port import Principal

Kind = Literal["daily", "weekly", "monthly"]
KINDS: Final[dict[Kind, tuple[str, str]]] = {
    "daily": ("警情日报", "Daily report"),
    "weekly": ("警情周报", "Weekly report"),
    "monthly": ("警情月报", "Monthly report"),
}
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - the local clock has no zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From (included) to (not included) on the local clock."""

    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        """Length in days."""
        return (self.end - self.start) / timedelta(days=1)

    def label(self, language: str = "zh") -> str:
        """Return both ends."""
        word = " 至 " if language == "zh" else " to "
        return f"{self.start:%Y-%m-%d %H:%M}{word}{self.end:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A baseline: its spans (several for a mean of years), or why there is none."""

    baseline: Baseline
    zh: str
    en: str
    spans: tuple[Span, ...] = ()
    absent_zh: str = ""
    absent_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """First and last moment of the data on the local clock."""

    first: datetime
    until: datetime


def known(workspace: Workspace, cube: Cube) -> Known:
    """Return how far the data reach: never beyond now."""
    now = workspace.clock.now().astimezone(workspace.zone).replace(tzinfo=None)
    first, last = (_EPOCH + timedelta(minutes=minute) for minute in cube.period)
    return Known(first=first, until=min(now.replace(second=0, microsecond=0), last))


def known_days(workspace: Workspace, principal: Principal) -> Known:
    """Return how far the calls reach."""
    return known(workspace, calls_cube(workspace, principal))


def asked_day(text: str | None) -> date | None:
    """Read a day such as 2026-11-22."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ParameterError(
            f"{text!r} is not a day such as 2026-11-22", f"日期 {text!r} 无法识别，应形如 2026-11-22"
        ) from None


def period_of(workspace: Workspace, kind: Kind, day: date | None) -> Period:
    """Return the day, week or month that holds ``day``; without it the last one that is over."""
    hour = workspace.settings.day_starts_hour
    here = workspace.clock.now().astimezone(workspace.zone) - timedelta(hours=hour)
    today = here.date()
    if kind == "daily":
        first = day or today - timedelta(days=1)
        return Period(first=first, last=first, day_start=hour)
    if kind == "weekly":
        inside = day or today - timedelta(days=7)
        first = inside - timedelta(days=(inside.isoweekday() - workspace.settings.week_starts_weekday) % 7)
        return Period(first=first, last=first + timedelta(days=6), day_start=hour)
    inside = day or today.replace(day=1) - timedelta(days=1)
    last = calendar.monthrange(inside.year, inside.month)[1]
    return Period(first=inside.replace(day=1), last=inside.replace(day=last), day_start=hour)


def counted(period: Period, data: Known) -> Span:
    """Return the part of a period that the data cover; a period without data is refused."""
    start, end = period.start, min(period.end, data.until)
    if start >= data.until or period.end <= data.first:
        raise ParameterError(
            f"There are no data of that day or period: they reach from {data.first:%Y-%m-%d %H:%M} to {data.until:%Y-%m-%d %H:%M}",
            f"该统计日或时段没有数据：现有数据自 {data.first:%Y-%m-%d %H:%M} 至 {data.until:%Y-%m-%d %H:%M}",
        )
    return Span(start=max(start, data.first), end=end)


def baselines(kind: Kind, period: Period, span: Span, data: Known) -> tuple[Before, ...]:
    """Return what a report is compared with, in the order in which it is printed."""
    if kind == "daily":
        week = timedelta(days=7)
        same = Period(first=period.first - week, last=period.last - week, day_start=period.day_start)
        day_before = period_before(period)
        return (
            before("other_period", (same,), period, span, data, zh="上周同日", en="same weekday before"),
            before("period_before", (day_before,), period, span, data, zh="前一日", en="day before"),
            before("year_on_year", (years_before(period, aligned="weekday"),), period, span, data, zh="去年同周日", en="same weekday last year"),
        )  # fmt: skip
    return (
        before("period_before", (period_before(period),), period, span, data),
        before("year_on_year", (years_before(period),), period, span, data),
        before("five_year_mean", earlier_years(period), period, span, data),
        before("same_season", (same_season(period),), period, span, data),
    )


def before(
    baseline: Baseline,
    periods: tuple[Period, ...],
    period: Period,
    span: Span,
    data: Known,
    *,
    zh: str = "",
    en: str = "",
) -> Before:
    """Return a baseline as far as the data reach back.

    A period that is not over is compared with as many hours of its baseline, never with a whole one; a season stays whole.
    """
    names = BASELINES[baseline]
    open_ = span.end < period.end
    length = span.end - span.start
    spans = []
    for earlier in periods:
        end = earlier.start + length if open_ and baseline != "same_season" else earlier.end
        if earlier.start >= data.first and end <= data.until:
            spans.append(Span(start=earlier.start, end=end))
    least = 2 if baseline == "five_year_mean" else 1
    made = Before(baseline=baseline, zh=zh or names[0], en=en or names[1], spans=tuple(spans))
    if len(spans) >= least:
        return made
    first = f"{data.first:%Y-%m-%d}"
    return Before(
        baseline=baseline, zh=made.zh, en=made.en,
        absent_zh=f"未计算：数据自 {first} 起，基期不足", absent_en=f"not computed: the data begin on {first}",
    )  # fmt: skip
