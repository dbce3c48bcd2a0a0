"""The sections of a report on the clock, indicators, missing fields and definitions."""

from __future__ import annotations

from api.services.period_report import PeriodReport
from api.services.report_parts import Part, Writer
from geo.incidents.clock import Quantile, WithinStandard
from geo.incidents.indicators import COLOURS
from geo.incidents.rates import Share
from web.paper.document import Cell, Heading, Paragraph

LEAST = 10
"""Below so many calls a priority of a station has no share."""
DEFINITIONS = (
    (
        "有效警情：不含重复、骚扰和虚假报警；接报：收到的全部；案件：已立案。三者不混用。",
        "Valid calls: without repeats, nuisance and false calls. Received: all. Cases: filed ones. They are never mixed.",
    ),
    (
        "同比：与去年同期比；环比：与紧邻的上一期比；近年均值：最近五年同期的均值；同季：去年包含本期中点的季节。",
        (
            "Year on year: the same dates last year. Period before: as many days or months just before. "
            "Mean of years: the same dates of five years. Season: last year's that holds the middle of the period."
        ),
    ),
    (
        "判断：两数合计不足 6 起为“数量太少”；p ≥ 0.05“可能只是偶然波动”；0.01 ≤ p < 0.05“不太像偶然”；p < 0.01“难以用偶然解释”。",
        (
            "In words: below 6 calls together too few to tell; p >= 0.05 could be chance; 0.01 <= p < 0.05 unlikely to be "
            "chance alone; p < 0.01 hardly chance."
        ),
    ),
    (
        "中位、90% 分位：至少有该比例的警情不超过的最短时间；区间由次序统计量给出。",
        "Median and 90th percentile: the least time that this share of calls do not exceed; intervals from order statistics.",
    ),
    (
        "时限内占比：接警至到达现场不超过所在派出所与等级时限的警情，占有这两个时间的警情之比；缺时间的另列。",
        (
            "Within the standard: calls with at most the limit of their station and priority from answer to arrival, of those "
            "with both times; calls without are beside it."
        ),
    ),
)


def clock(made: PeriodReport, say: Writer) -> list[Part]:
    """Return stages, shares within the standard, and the shares that the data do not allow."""
    rows: list[tuple[Cell, ...]] = [
        (
            stage.label(say.lang), stage.n, _seconds(stage.median, say), _ends(stage.median, say),
            _seconds(stage.ninetieth, say), stage.missing, stage.impossible,
        )
        for stage in made.clock.stages
    ]  # fmt: skip
    columns = say.columns(
        ("环节", "stage", "text", 2.0), ("n", "n", "count", 0.8), ("中位", "median", "text", 1.0),
        ("中位 95% 区间", "95 % interval", "text", 1.5), ("90% 分位", "90th", "text", 1.1), ("缺时间", "missing", "count", 0.8),
        ("次序颠倒", "impossible", "count", 0.8),
    )  # fmt: skip
    left = made.clock.left_out
    note = (f"清洗标记剔除 {left:,} 起。", f"{left:,} calls are left out by accepted flags.")
    parts = [
        Part(block=Heading(text=say.say("五、时效", "5. The clock"))),
        say.table(("各环节用时", "Stages"), columns, rows, note=note),
        _within(made, say),
    ]
    told = [say.say(f"{u.zh}：{u.told_zh}", f"{u.en}: {u.told_en}") for u in made.clock.upward.shares]
    parts.append(Part(block=Paragraph(text=say.say("；", "; ").join(told) + say.say("。", "."), small=True)))
    return parts


def _within(made: PeriodReport, say: Writer) -> Part:
    """Return stations by priority: the share within the standard and, in brackets, of how many."""
    whole, cells = made.clock.whole, made.clock.within
    priorities = sorted({part.priority for part in cells})
    rows: list[tuple[Cell, ...]] = []
    if whole is not None and whole.share is not None:
        low, high = whole.share.interval
        head: tuple[Cell, ...] = (
            say.say("全部", "all"),
            whole.share.n,
            whole.share.value,
            f"{low:.1%}–{high:.1%}",
            whole.missing,
        )
        rows.append((*head, *("" for _ in priorities)))
    for area in sorted({part.area for part in cells}):
        mine = {part.priority: part for part in cells if part.area == area}
        part_, n = sum(p.share.part for p in mine.values() if p.share), sum(p.share.n for p in mine.values() if p.share)
        missing_ = sum(p.missing for p in mine.values())
        name = say.say("不在任何警格内", "in no police grid") if area == "—" else area
        if not n:
            rows.append((name, 0, "", "", missing_, *("" for _ in priorities)))
            continue
        low, high = Share(part=part_, n=n).interval
        shown = (_priority(mine.get(priority)) for priority in priorities)
        rows.append((name, n, part_ / n, f"{low:.1%}–{high:.1%}", missing_, *shown))
    columns = say.columns(
        ("派出所", "station", "text", 1.7), ("n", "n", "count", 0.95), ("时限内", "within", "share", 1.2),
        ("95% 区间", "95 % interval", "text", 1.9), ("缺时间", "missing", "count", 0.95),
        *((f"{p} 级", f"priority {p}", "text", 1.35) for p in priorities),
    )  # fmt: skip
    limits = sorted({part.limit_seconds for part in cells})
    told = "、".join(f"{limit / 60:g}" for limit in limits)
    return say.table(
        ("时限内到达", "Within the standard"), columns, rows,
        note=(
            f"接警至到达现场；时限 {told} 分（按派出所与等级设定）。区间：Wilson 95%。各级格内为占比与 n；n < 10 的不给占比。",
            (f"From answer to arrival; limit {told.replace('、', ', ')} min (set by station and priority). Wilson 95 % intervals. "
             "Cells of a priority hold share and n; no share below n = 10."),
        ),
        formula=(
            "时限内占比 = 接警至到达 ≤ 时限的警情数 ÷ 有接警与到达时间的警情数",
            "share = calls with answer to arrival <= limit / calls with both times",
        ),
    )  # fmt: skip


def _priority(part: WithinStandard | None) -> str:
    if part is None or part.share is None:
        return ""
    if part.share.n < LEAST:
        return f"n = {part.share.n}"
    return f"{part.share.value:.0%} ({part.share.n})"


def _seconds(value: Quantile | None, say: Writer) -> str:
    return "" if value is None else clock_text(value.value, say.lang)


def _ends(value: Quantile | None, say: Writer) -> str:
    if value is None:
        return ""
    low, high = ("?" if end is None else clock_text(end, say.lang) for end in (value.low, value.high))
    return f"{low}–{high}"


def clock_text(seconds: float, lang: str) -> str:
    """Return seconds as people say them."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if whole < 60:
        return f"{whole} 秒" if lang == "zh" else f"{whole} s"
    if whole < 3600:
        return f"{minutes} 分 {rest:02d} 秒" if lang == "zh" else f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} 时 {minutes:02d} 分" if lang == "zh" else f"{hours} h {minutes:02d} min"


def indicators(made: PeriodReport, say: Writer) -> list[Part]:
    """Return the register with colours and reasons."""
    rows: list[tuple[Cell, ...]] = []
    for line in made.indicators:
        reading, indicator = line.reading, line.indicator
        value = "" if reading.value is None else f"{reading.value:.1f} {indicator.unit}".strip()
        rows.append(
            (
                say.say(indicator.name, indicator.title_en or indicator.name), value, f"{indicator.target:g}",
                COLOURS[reading.colour][say.k], reading.n, indicator.owner, reading.reason(say.lang), indicator.formula,
            )
        )  # fmt: skip
    columns = say.columns(
        ("指标", "indicator", "text", 1.4), ("值", "value", "text", 0.9), ("目标", "target", "text", 0.6),
        ("颜色", "colour", "text", 0.7), ("n", "n", "count", 0.6), ("责任单位", "owner", "text", 0.9),
        ("原因", "why", "text", 1.6), ("公式", "formula", "text", 1.9),
    )  # fmt: skip
    if not rows:
        return []
    return [
        Part(block=Heading(text=say.say("六、指标", "6. Indicators"))),
        say.table(("指标登记表", "Register"), columns, rows, note=(
            "绿：达到目标；黄：未达目标；橙：越过橙线；红：越过红线；n 不足不着色。",
            "Green: target met; yellow: missed; orange and red: beyond their lines; no colour with too few calls.",
        )),
    ]  # fmt: skip


def missing(made: PeriodReport, say: Writer) -> list[Part]:
    """Return the moments that calls lack."""
    rows: list[tuple[Cell, ...]] = [
        (say.say(m.zh, m.en), m.n, m.missing, m.missing / m.n if m.n else None) for m in made.clock.missing
    ]
    columns = say.columns(
        ("时间节点", "moment", "text", 1.5), ("n", "n", "count", 1.0), ("缺失", "missing", "count", 1.0),
        ("缺失占比", "share", "share", 1.0),
    )  # fmt: skip
    formula = ("缺失占比 = 该时间为空的警情 ÷ 本口径警情", "share = calls without the time / calls of the basis")
    parts = [
        Part(block=Heading(text=say.say("七、数据缺项", "7. Missing fields"))),
        say.table(("缺失的时间", "Missing moments"), columns, rows, formula=formula),
        Part(block=Heading(text=say.say("八、口径与定义", "8. Definitions"))),
    ]
    return [*parts, *(Part(block=Paragraph(text=say.say(*pair), small=True)) for pair in DEFINITIONS)]
