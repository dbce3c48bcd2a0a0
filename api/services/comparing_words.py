"""Comparisons as answers: small counts hidden from roles that need no detail."""

from __future__ import annotations

import math
from typing import Final

from api.schemas.comparing import (
    AlarmsAnswer,
    AlarmShown,
    ComparisonAnswer,
    ComparisonLine,
    Compound,
    DisplacementAnswer,
    DisplacementQuestion,
    FunnelAnswer,
    FunnelPoint,
    PrintedShare,
    SlipAnswer,
    SlipFound,
    SlipQuestion,
)
from api.services.comparing import (
    Alarms,
    Compared,
    FunnelOf,
    Line,
    asked_period,
    displacement,
)
from api.services.filters import CallFilter
from api.services.report_parts import Writer, sees_few
from api.services.report_periods import Span
from api.services.workspace import Workspace
from geo.errors import ForbiddenError
from geo.incidents.comparison import WORDS
from geo.incidents.poisson import poisson_interval
from geo.incidents.slips import Slip, check_change, check_share, find_slips
from geo.store.port import Principal

LEVEL: Final = 0.05
UNITS: Final = {
    "population": ("人口", "people"),
    "area": ("km²", "km²"),
    "before": ("上一期警情", "calls of the period before"),
}
QUIET: Final = ("没有高于常态的窗口", "no window is above what is usual")


def _ends(workspace: Workspace, span: Span) -> tuple[str, str]:
    start, end = (at.replace(tzinfo=workspace.zone).isoformat() for at in (span.start, span.end))
    return start, end


def _few(say: Writer, n: int) -> int | None:
    return None if 0 < n < say.few else n


def comparison_words(
    workspace: Workspace, principal: Principal, made: Compared, wanted: CallFilter
) -> ComparisonAnswer:
    """Return a comparison with its words."""
    say = Writer.of(workspace, principal, "zh")
    low, high = poisson_interval(made.n)
    shown = _few(say, made.n)
    compound = made.compound
    hidden = compound is not None and (_few(say, compound.first) is None or _few(say, compound.last) is None)
    return ComparisonAnswer(
        period=_ends(workspace, made.span), n=shown, interval=None if shown is None else (float(low), float(high)),
        basis=wanted.basis, edition=made.edition, lines=[_line(workspace, say, line) for line in made.lines],
        compound=None if compound is None or hidden else Compound(
            value=compound.value, low=compound.low, high=compound.high, first=compound.first, last=compound.last,
            years=compound.years,
        ),
    )  # fmt: skip


def _line(workspace: Workspace, say: Writer, line: Line) -> ComparisonLine:
    b, c = line.before, line.comparison
    periods = [_ends(workspace, span) for span in b.spans]
    if c is None:
        return ComparisonLine(
            baseline=b.baseline,
            label_zh=b.zh,
            label_en=b.en,
            periods=periods,
            absent_zh=b.absent_zh,
            absent_en=b.absent_en,
        )
    if not say.may_show(c):
        return ComparisonLine(
            baseline=b.baseline, label_zh=b.zh, label_en=b.en, periods=periods, absent_zh="未显示（数量少）",
            absent_en="not shown (few)",
        )  # fmt: skip
    words = WORDS[c.verdict]
    return ComparisonLine(
        baseline=b.baseline, label_zh=b.zh, label_en=b.en, periods=periods, n=c.n, baseline_n=c.baseline_n,
        expected=c.expected, change=c.change, change_low=_finite(c.ratio_low - 1), change_high=_finite(c.ratio_high - 1),
        percentage_is_fair=c.percentage_is_fair, p=c.p, verdict=c.verdict, word_zh=words[0], word_en=words[1],
        sentence_zh=c.sentence("zh"), sentence_en=c.sentence("en"), by_year=list(c.by_year),
    )  # fmt: skip


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def funnel_words(workspace: Workspace, principal: Principal, made: FunnelOf, *, by: str, exposure: str) -> FunnelAnswer:
    """Return a funnel; areas with few calls keep their place only, without count and ratio."""
    say = Writer.of(workspace, principal, "zh")
    points = []
    for k, (code, name) in enumerate(zip(made.codes, made.names, strict=True)):
        n = _few(say, int(made.made.n[k]))
        points.append(
            FunnelPoint(
                code=code, name=name, n=n, exposure=float(made.exposure[k]), expected=float(made.made.expected[k]),
                ratio=None if n is None else float(made.made.ratio[k]), place=int(made.made.place[k]),
            )
        )  # fmt: skip
    return FunnelAnswer(
        period=_ends(workspace, made.span), by=by, exposure=exposure, unit_zh=UNITS[exposure][0],
        unit_en=UNITS[exposure][1], n=int(made.made.n.sum()), dispersion=made.made.dispersion, edition=made.edition,
        left_out=made.without, elsewhere=made.elsewhere, points=points, expected=made.curve.tolist(),
        low=made.low.tolist(), high=made.high.tolist(),
    )  # fmt: skip


def slip_words(question: SlipQuestion) -> SlipAnswer:
    """Return the slips of a text and of printed figures."""
    found = [_slip(slip) for slip in find_slips(question.text)]
    for row, figure in enumerate(question.figures):
        if isinstance(figure, PrintedShare):
            slip = check_share(figure.part, figure.whole, figure.printed, decimals=figure.decimals)
            found += [] if slip is None else [_slip(slip, row)]
        else:
            slips = check_change(figure.now, figure.before, figure.printed, decimals=figure.decimals)
            found += [_slip(slip, row) for slip in slips]
    return SlipAnswer(checked=len(question.figures), slips=found)


def _slip(slip: Slip, figure: int | None = None) -> SlipFound:
    return SlipFound(kind=slip.kind, printed=slip.printed, true=slip.true, zh=slip.zh, en=slip.en, figure=figure)


def displacement_words(
    workspace: Workspace, principal: Principal, question: DisplacementQuestion
) -> DisplacementAnswer:
    """Return a weighted displacement difference in words; it consists of small counts, so not every role sees it."""
    if not sees_few(workspace, principal):
        raise ForbiddenError("Your roles see no counts of single places", "当前角色不能查看单个地点的计数")
    found = displacement(
        workspace, principal, asked_period(workspace, *question.before), asked_period(workspace, *question.after),
        CallFilter(families=frozenset(question.families) if question.families else None),
        treated=frozenset(question.treated), control=frozenset(question.control),
    )  # fmt: skip
    made, treated, control = found.made, found.treated, found.control
    low, high = made.interval()
    chance = low <= 0 <= high
    return DisplacementAnswer(
        difference=made.difference, standard_error=made.standard_error, z=made.z, interval=(low, high), treated=treated,
        control=control, treated_grids=found.treated_grids, control_grids=found.control_grids,
        edition=f"grids-{workspace.store.version('grids')}",
        sentence_zh=(
            f"干预网格 {treated[0]} → {treated[1]} 起，对照网格 {control[0]} → {control[1]} 起；净变化 {made.difference:+.0f} 起"
            f"（95% 区间 {low:+.0f} 至 {high:+.0f}），{'可能只是偶然波动' if chance else '不太像偶然波动'}"
        ),
        sentence_en=(
            f"treated {treated[0]} to {treated[1]}, control {control[0]} to {control[1]}: net change {made.difference:+.0f} "
            f"(95% interval {low:+.0f} to {high:+.0f}), {'could be chance' if chance else 'unlikely to be chance alone'}"
        ),
    )  # fmt: skip


def alarm_words(workspace: Workspace, principal: Principal, made: Alarms) -> AlarmsAnswer:
    """Return alarms, those that ring first; p is judged against 0.05 over the number of classes looked at."""
    say = Writer.of(workspace, principal, "zh")
    level = LEVEL / max(made.tests, 1)
    shown = []
    for one in made.alarms:
        spike = one.spike
        small = spike is not None and 0 < spike.n < say.few
        rings = one.rising or (spike is not None and spike.p <= level)
        zh, en = QUIET if spike is None else (spike.sentence("zh"), spike.sentence("en"))
        shown.append(
            AlarmShown(
                family=one.family, n=_few(say, one.n), usual=one.usual, spike_days=None if spike is None else spike.days,
                spike_n=None if spike is None else _few(say, spike.n),
                spike_expected=None if spike is None else spike.expected, spike_p=None if spike is None else spike.p,
                recurrence_days=None if spike is None else spike.recurrence_days,
                sentence_zh="未显示（数量少）" if small else zh, sentence_en="not shown (few)" if small else en,
                rising=one.rising, since=None if one.since is None else one.since.isoformat(),
                run_length=one.run_length, alarm=rings,
            )
        )  # fmt: skip
    shown.sort(key=lambda a: (not a.alarm, a.spike_p if a.spike_p is not None else 2.0, a.family or ""))
    return AlarmsAnswer(
        day=made.day.isoformat(), history_days=made.history_days, tests=made.tests, level=level, alarms=shown
    )
