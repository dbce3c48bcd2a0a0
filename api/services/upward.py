"""The shares that are reported upward, from positions where there are any, else why the data do not allow them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from api.services.presence import LONGEST, seen_at_points
from api.services.report_periods import Span
from api.services.workspace import Workspace
from geo.presence.rates import Rate
from geo.store.port import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class UpwardShare:
    """A share that is reported upward: its figure with n and interval, or why there is none."""

    zh: str
    en: str
    told_zh: str
    told_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upward:
    """The three shares in words, and 见警率 and 管控率 as figures where positions allow them."""

    shares: tuple[UpwardShare, ...]
    seen: Rate | None = None
    control: Rate | None = None


_ON_SCENE: Final = UpwardShare(
    zh="现场处置率", en="Closed on scene", told_zh="未计算：警情没有移交、转办字段",
    told_en="not computed: calls do not say whether they were handed over",
)  # fmt: skip


def upward(workspace: Workspace, principal: Principal, span: Span) -> Upward:
    """Return the shares of a span of the local clock, from its first whole hour to its last."""
    start, end = (at.replace(tzinfo=workspace.zone) for at in (span.start, span.end))
    begin = (start + timedelta(minutes=59, seconds=59)).replace(minute=0, second=0, microsecond=0)
    until = end.replace(minute=0, second=0, microsecond=0)
    extent = workspace.history.extent()
    if extent is None or extent[0] >= until.timestamp() or extent[1] < begin.timestamp():
        why = ("未计算：本时段没有单位定位", "not computed: there are no positions of units in this period")
        return Upward(shares=(*(_told(name, *why) for name in ("seen", "control")), _ON_SCENE))
    if until <= begin or until - begin > LONGEST:
        why = (f"未计算：一次最多统计 {LONGEST.days} 天", f"not computed: at most {LONGEST.days} days at once")
        return Upward(shares=(*(_told(name, *why) for name in ("seen", "control")), _ON_SCENE))
    made = seen_at_points(workspace, principal, begin, until)
    seen, control = made.seen, made.met
    return Upward(
        shares=(_share("seen", seen, ("点时", "place-hours")), _share("control", control, ("次到点", "visits")), _ON_SCENE),
        seen=seen, control=control,
    )  # fmt: skip


def _told(name: str, zh: str, en: str) -> UpwardShare:
    label = {"seen": ("见警率", "Seen share"), "control": ("管控率", "Control share")}[name]
    return UpwardShare(zh=label[0], en=label[1], told_zh=zh, told_en=en)


def _share(name: str, rate: Rate, unit: tuple[str, str]) -> UpwardShare:
    if rate.value is None or rate.interval is None or rate.unknown_share is None:
        return _told(name, "未计算：定位不足以判断", "not computed: positions are too few to tell")
    low, high = rate.interval
    return _told(
        name,
        f"{rate.value:.1%}（95% 区间 {low:.1%}–{high:.1%}，n = {rate.n:,} {unit[0]}，另有 {rate.unknown_share:.1%} 无法判断）",
        f"{rate.value:.1%} (95 % interval {low:.1%}–{high:.1%}, n = {rate.n:,} {unit[1]}, {rate.unknown_share:.1%} more unknown)",
    )
