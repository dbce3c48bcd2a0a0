"""The sections of a report on how many and when: totals, comparisons, classes, hours, days."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np

from api.services.period_report import PeriodReport
from api.services.report_parts import Asked, Part, Writer, asked_of, change_text, p_text
from api.services.report_periods import Span
from api.services.workspace import Workspace
from web.formulas import FORMULAS
from web.paper.chart import bar_chart, week_chart
from web.paper.document import Cell, Heading, Paragraph, Picture

WEEKDAYS = (("周一", "周二", "周三", "周四", "周五", "周六", "周日"), ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
TEST = (
    (
        "区间：计数为 95% 精确泊松区间（Garwood 1936），变化率为条件二项精确区间；p 为 E 检验"
        "（Krishnamoorthy、Thomson 2004）；两数均不少于 20 起时才报百分比。"
    ),
    (
        "Intervals: exact 95 % Poisson for counts (Garwood 1936), exact conditional binomial for changes; p is the E-test "
        "(Krishnamoorthy and Thomson 2004); a percentage is printed only where both counts are 20 or more."
    ),
)


def totals(workspace: Workspace, made: PeriodReport, say: Writer) -> list[Part]:
    """Return how many calls, and the comparisons."""
    basis = made.basis[say.k]
    shared = f"{made.low:,.0f}–{made.high:,.0f}"
    asked = asked_of(workspace, made.span, made.wanted)
    parts = [
        Part(block=Heading(text=say.say("一、总量与对比", "1. Totals and comparisons"))),
        Part(
            block=Paragraph(
                text=say.say(
                    f"{basis} {made.n:,} 起（95% 区间 {shared}），其中无案发地 {made.unplaced:,} 起，"
                    f"不上图、计入总数；同期接报 {made.received:,} 起。",
                    f"{made.n:,} {basis} (95 % interval {shared}), {made.unplaced:,} of them without a place: not on the map, in the "
                    f"total; {made.received:,} received in the same time.",
                )
            )
        ),
    ]  # fmt: skip
    if made.open:
        parts.append(
            Part(
                block=Paragraph(
                    text=say.say(
                        f"统计期未结束，统计到 {made.span.end:%Y-%m-%d %H:%M}，与基期只比相同时段。",
                        f"The period is not over: counted until {made.span.end:%Y-%m-%d %H:%M} and compared with as long a part.",
                    )
                )
            )
        )
    rows: list[tuple[Cell, ...]] = []
    spans: list[Asked | None] = []
    for line in made.against:
        name = line.before.zh if say.lang == "zh" else line.before.en
        if line.comparison is None:
            why = line.before.absent_zh if say.lang == "zh" else line.before.absent_en
            rows.append((name, "", "", "", "", why))
            spans.append(None)
            continue
        comparison = line.comparison
        period = "; ".join(span.label(say.lang) for span in line.before.spans)
        rows.append(
            (
                name, period, round(comparison.expected, 1), change_text(comparison, say.lang), p_text(comparison.p),
                comparison.word(say.lang),
            )
        )  # fmt: skip
        spans.append(asked_of(workspace, line.before.spans[0], made.wanted))
    columns = say.columns(
        ("对比", "against", "text", 1.1), ("基期", "baseline", "text", 2.6), ("基数（折合）", "expected", "decimal", 0.9),
        ("变化（95% 区间）", "change (95 % interval)", "text", 1.9), ("p", "p", "text", 0.95), ("判断", "in words", "text", 1.5),
    )  # fmt: skip
    note = (
        f"n = {made.n:,}；网格版本 {made.edition}。{TEST[0]}",
        f"n = {made.n:,}; edition {made.edition}. {TEST[1]}",
    )
    parts.append(
        say.table(("对比", "Comparisons"), columns, rows, note=note, asked=spans, formula=FORMULAS["heat.change"])
    )
    return [*parts[:1], Part(block=parts[1].block, rows=(asked,), formula=say.say(*FORMULAS["report.n"])), *parts[2:]]


def kinds(workspace: Workspace, made: PeriodReport, say: Writer) -> list[Part]:
    """Return the classes, those that rose most first."""
    first = made.first_baseline
    name = "" if first is None else (first.zh if say.lang == "zh" else first.en)
    rows: list[tuple[Cell, ...]] = []
    asked = []
    for line in made.families:
        label = line.zh if say.lang == "zh" else line.en
        head: tuple[Cell, ...] = (label, say.count(line.n), say.interval(line.n, line.low, line.high))
        if line.comparison is None or not say.may_show(line.comparison):
            rows.append((*head, "", "", "", ""))
        else:
            c = line.comparison
            rows.append((*head, round(c.expected, 1), change_text(c, say.lang), p_text(c.p), c.word(say.lang)))
        asked.append(asked_of(workspace, made.span, made.wanted, families=line.family))
    columns = say.columns(
        ("类别", "class", "text", 1.2), ("本期", "now", "count", 0.7), ("95% 区间", "95 % interval", "text", 1.1),
        (name or "基数", name or "baseline", "decimal", 0.9), ("变化（95% 区间）", "change (95 % interval)", "text", 1.8),
        ("p", "p", "text", 0.95), ("判断", "in words", "text", 1.4),
    )  # fmt: skip
    k = max(1, round(len(rows) * 0.05))
    note = (
        f"按上升起数排序，n = {made.n:,}。同时比较 {len(rows)} 类：即使没有真实变化，平均也约有 {k} 类的 p 偶然低于 0.05。",
        f"Sorted by rise in calls, n = {made.n:,}. {len(rows)} classes are compared at once: about {k} would fall below 0.05 by chance.",
    )
    return [
        Part(block=Heading(text=say.say("二、类别变化", "2. Classes"))),
        say.table(("类别变化", "Classes"), columns, rows, note=note, asked=asked, formula=FORMULAS["heat.change"]),
    ]


def when(workspace: Workspace, made: PeriodReport, say: Writer) -> list[Part]:
    """Return hours, and for more than a day hour by weekday and the days."""
    start = made.period.day_start
    order = [(start + i) % 24 for i in range(24)]
    before = made.by_hour_before
    first = made.first_baseline
    name = "" if first is None else (first.zh if say.lang == "zh" else first.en)
    unit = say.say("起", "calls")
    period = made.span.label(say.lang)
    hours = bar_chart(
        made.by_hour[order].tolist(), labels=[str(hour) for hour in order], unit=unit,
        before=None if before is None else before[order].tolist(), names=(say.say("本期", "now"), name),
    )  # fmt: skip
    parts = [
        Part(block=Heading(text=say.say("三、时段分布", "3. When"))),
        Part(
            block=Picture(
                png=hours, title=say.say(f"图 1　按小时（n = {made.n:,}，{period}）", f"Figure 1. By hour (n = {made.n:,}, {period})"),
                alt=", ".join(f"{hour:02d}: {made.by_hour[hour]}" for hour in order),
            )
        ),
    ]  # fmt: skip
    if made.kind == "daily":
        return parts
    picture = week_chart(
        made.by_hour_of_week.astype(np.float64),
        days=WEEKDAYS[say.k],
        unit=say.say("时（自然日 0–23 时）", "hour of the calendar day"),
    )
    parts.append(
        Part(
            block=Picture(
                png=picture,
                title=say.say(f"图 2　按星期与小时（n = {made.n:,}）", f"Figure 2. By weekday and hour (n = {made.n:,})"),
                alt="; ".join(
                    f"{day}: {' '.join(str(int(v)) for v in row)}"
                    for day, row in zip(WEEKDAYS[say.k], made.by_hour_of_week, strict=True)
                ),
            )
        )
    )  # fmt: skip
    labels, n = made.by_day
    rows = [(day, int(count)) for day, count in zip(labels, n.tolist(), strict=True)]
    note = (f"统计日自 {start:02d}:00 起。", f"A statistical day begins at {start:02d}:00.")
    columns = say.columns(("统计日", "day", "text", 1.0), ("起数", "calls", "count", 1.0))
    asked = [_of_day(workspace, made, day) for day in labels]
    parts.append(say.table(("逐日警情", "By day"), columns, rows, note=note, asked=asked, formula=FORMULAS["report.n"]))
    return parts


def _of_day(workspace: Workspace, made: PeriodReport, day: str) -> Asked:
    """Return the parameters that list the calls of a statistical day, as far as the period holds it."""
    begin = datetime.combine(date.fromisoformat(day), time(made.period.day_start))
    span = Span(start=max(begin, made.span.start), end=min(begin + timedelta(days=1), made.span.end))
    return asked_of(workspace, span, made.wanted)
