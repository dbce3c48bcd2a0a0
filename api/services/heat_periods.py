"""One period against another: which, whether the data reach so far back, and the words for the difference."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

import numpy as np

from api.schemas.heat_area import Compared
from api.services.filters import CallFilter
from api.services.heat import moment
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter
from geo.hotspots.when import MINUTES_PER_DAY
from geo.incidents.comparison import Comparison, compare_counts

Against = Literal["previous", "year"]
AGAINST: Final[dict[str, tuple[str, str]]] = {
    "previous": ("环比：前一等长时段", "the period before, of the same length"),
    "year": ("同比：52 周前的同样星期", "year on year: 52 weeks before, the same weekdays"),
    "other": ("所选对比时段", "the chosen period"),
}
_YEAR_WEEKS: Final = 52


def before_of(
    workspace: Workspace, cube: Cube, which: CubeFilter, *, against: Against, other: CallFilter | None
) -> tuple[CubeFilter, str]:
    """Return the filter of the period to compare with, and its kind.

    Raises
    ------
    ParameterError
        If the data do not cover that period.
    """
    first, last = cube.span(which)
    if other is not None and other.start is not None and other.end is not None:
        asked = other.cube(workspace.zone)
        begin, end, kind = asked.first, asked.last, "other"
    elif against == "year":
        back = _YEAR_WEEKS * 7 * MINUTES_PER_DAY
        begin, end, kind = first - back, last - back, "year"
    else:
        begin, end, kind = first - (last - first), first, "previous"
    if begin < cube.period[0] or begin >= end or end > cube.period[1]:
        raise ParameterError(
            f"The data cover {_day(workspace, cube.period[0])} to {_day(workspace, cube.period[1])}, not the period from "
            f"{_day(workspace, begin)} to {_day(workspace, end)} to compare with: shorten the period or choose another",
            f"数据为 {_day(workspace, cube.period[0])} 至 {_day(workspace, cube.period[1])}，不含对比时段 "
            f"{_day(workspace, begin)} 至 {_day(workspace, end)}，请缩短时段或另选对比时段",
        )
    return replace(which, start=np.datetime64(begin, "m"), end=np.datetime64(end, "m")), kind


def _day(workspace: Workspace, minute: int) -> str:
    return f"{moment(workspace, minute):%Y-%m-%d}"


def days_of(cube: Cube, which: CubeFilter) -> float:
    """Return the length of a filter's period in days."""
    first, last = cube.span(which)
    return (last - first) / MINUTES_PER_DAY


def compared(
    workspace: Workspace, cube: Cube, which: CubeFilter, before: CubeFilter, kind: str, n: int, before_n: int
) -> Compared:
    """Put two counts side by side."""
    names = {"previous": "period_before", "year": "year_on_year"}
    made: Comparison = compare_counts(
        n, before_n, days=days_of(cube, which), baseline_days=days_of(cube, before),
        baseline=names.get(kind, "other_period"),  # type: ignore[arg-type]
    )  # fmt: skip
    first, last = cube.span(before)
    zh, en = AGAINST[kind]
    return Compared(
        label_zh=zh, label_en=en, n=n, before_n=before_n, before_from=moment(workspace, first),
        before_to=moment(workspace, last), expected=made.expected, ratio=made.ratio,
        ratio_interval=(made.ratio_low, made.ratio_high if math.isfinite(made.ratio_high) else None)
        if made.ratio is not None
        else None,
        p=made.p, verdict=made.verdict, percentage_is_fair=made.percentage_is_fair,
        sentence_zh=made.sentence("zh"), sentence_en=made.sentence("en"),
    )  # fmt: skip


def each_comparison(
    workspace: Workspace, cube: Cube, which: CubeFilter, count: Callable[[CubeFilter], int]
) -> tuple[list[Compared], list[str]]:
    """Return the comparisons that the data allow, and in words those that they do not."""
    n = count(which)
    found: list[Compared] = []
    missing: list[str] = []
    asked: tuple[Against, ...] = ("previous", "year")
    for against in asked:
        try:
            before, kind = before_of(workspace, cube, which, against=against, other=None)
        except ParameterError:
            missing.append(against)
            continue
        found.append(compared(workspace, cube, which, before, kind, n, count(before)))
    return found, missing
