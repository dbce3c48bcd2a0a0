"""Indicators of the register as they read for a report: value, colour, reason, n."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.services.clock_figures import ClockFigures
from api.services.filters import CallFilter
from api.services.indicator_register import register
from api.services.report_counts import Counts
from api.services.report_periods import Span
from api.services.workspace import Workspace
from geo.incidents.indicators import Indicator, Reading, Register
from geo.incidents.periods import Period
from geo.store.port import Principal

NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "警情数": ("本期警情数", "calls of the period"),
    "无案发地数": ("无案发地警情数", "calls without a place"),
    "天数": ("本期天数", "days of the period"),
    "时限内数": ("时限内到达的警情数", "calls reached within the standard"),
    "有到达时间数": ("有接警与到达时间的警情数", "calls with times of answer and arrival"),
    "到达中位秒": ("接警至到达的中位时间（秒）", "median seconds from answer to arrival"),
    "到达九成秒": ("接警至到达的 90% 分位（秒）", "90th percentile of seconds from answer to arrival"),
    "派警中位秒": ("接警至派警的中位时间（秒）", "median seconds from answer to assignment"),
    "缺到达时间数": ("缺到达时间的警情数", "calls without a time of arrival"),
    "见警点时数": ("见警的点时数（点位 × 小时）", "place-hours with a unit in sight"),
    "有定位点时数": ("可判断是否见警的点时数", "place-hours of which it is known"),
    "实巡次数": ("应巡点已完成的到点次数", "demanded visits that were made"),
    "应巡次数": ("可判断是否完成的应巡次数", "demanded visits of which it is known"),
}
"""What formulas may name; calls of a class are ``类别_`` and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorLine:
    """An indicator and its reading."""

    indicator: Indicator
    reading: Reading


def figures(now: Counts, clock: ClockFigures, span: Span) -> dict[str, float]:
    """Return the values that formulas may name."""
    found: dict[str, float] = {"警情数": now.n, "无案发地数": now.unplaced, "天数": span.days}
    for name, n in zip(now.placed.names, now.families().tolist(), strict=True):
        found[f"类别_{name}"] = float(n)
    if clock.whole is not None and clock.whole.share is not None:
        found |= {"时限内数": clock.whole.share.part, "有到达时间数": clock.whole.share.n}
    for stage in clock.stages:
        if stage.median is None or stage.ninetieth is None:
            continue
        if (stage.start, stage.end) == ("answered_at", "arrived_at"):
            found |= {"到达中位秒": stage.median.value, "到达九成秒": stage.ninetieth.value}
        elif (stage.start, stage.end) == ("answered_at", "assigned_at"):
            found["派警中位秒"] = stage.median.value
    if clock.upward.seen is not None:
        found |= {"见警点时数": float(clock.upward.seen.yes), "有定位点时数": float(clock.upward.seen.n)}
    if clock.upward.control is not None:
        found |= {"实巡次数": float(clock.upward.control.yes), "应巡次数": float(clock.upward.control.n)}
    late = next((moment for moment in clock.missing if moment.stage == "arrived_at"), None)
    return found if late is None else found | {"缺到达时间数": float(late.missing)}


def readings(
    workspace: Workspace,
    principal: Principal,
    period: Period,
    span: Span,
    wanted: CallFilter,
    now: Counts,
    clock: ClockFigures,
) -> tuple[IndicatorLine, ...]:
    """Return what every indicator reads in a period; nothing is kept, and nothing is read of a part of the calls."""
    if wanted.families is not None:
        return ()
    held = register(workspace, principal)
    counts_behind = {i.name: _behind(i, now, clock) for i in held.indicators}
    made = Register(indicators=held.indicators).read(period.first, figures(now, clock, span), n=counts_behind)
    by_name = {reading.name: reading for reading in made.history}
    return tuple(IndicatorLine(indicator=i, reading=by_name[i.name]) for i in held.indicators)


def _behind(indicator: Indicator, now: Counts, clock: ClockFigures) -> int:
    """Return how many calls an indicator rests on: those with a time where it names one; of presence, place-hours or visits."""
    if "点时" in indicator.formula or "巡次数" in indicator.formula:
        rate = clock.upward.seen if "点时" in indicator.formula else clock.upward.control
        return 0 if rate is None else rate.n
    timed = "到达" in indicator.formula or "时限" in indicator.formula
    if timed and "缺" not in indicator.formula and clock.whole is not None:
        return clock.whole.share.n if clock.whole.share is not None else 0
    return now.n
