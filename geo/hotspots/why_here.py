"""Why a place is on the list, in one sentence with its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InputError
from geo.hotspots.near_pairs import near_pairs
from geo.incidents.poisson import poisson_interval

_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_FEWEST = 10  # calls: with fewer a peak hour is an accident


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyHere:
    """The figures behind a hot place.

    Attributes
    ----------
    n, low, high : calls of the period, interval of their mean
    usual : calls that a place of its kind has on average, or None
    period_zh, period_en : the period in words
    peak : first hour, hour after the last (0 to 24 each, over midnight where the second is lower) and calls in them, or None
    weekday : 0 (Monday) to 6 and calls on it, where it stands out, or None
    leading : commonest class and its calls, or None
    near_repeats : calls that follow another one nearby within days
    """

    n: int
    low: float
    high: float
    usual: float | None
    period_zh: str
    period_en: str
    peak: tuple[int, int, int] | None
    weekday: tuple[int, int] | None
    leading: tuple[str, int] | None
    near_repeats: int

    def sentence(self, language: str = "zh") -> str:
        """Return the sentence."""
        return "；".join(self._zh()) + "。" if language.startswith("zh") else "; ".join(self._en()) + "."

    def _zh(self) -> list[str]:
        usual = f"，同类地点平均 {self.usual:.1f}起" if self.usual is not None else ""
        parts = [f"{self.period_zh} {self.n}起（95% 区间 {self.low:.0f}–{self.high:.0f}）{usual}"]
        if self.peak:
            parts.append(
                f"{self.peak[0]:02d}–{self.peak[1]:02d} 时最多，{self.peak[2]}起（{self._share(self.peak[2])}）"
            )
        if self.weekday:
            parts.append(f"周{_WEEKDAYS_ZH[self.weekday[0]]}偏多，{self.weekday[1]}起")
        if self.leading:
            parts.append(f"以{self.leading[0]}为主，{self.leading[1]}起（{self._share(self.leading[1])}）")
        if self.near_repeats:
            parts.append(f"其中 {self.near_repeats}起为近重复")
        return parts

    def _en(self) -> list[str]:
        usual = f", where such places have {self.usual:.1f}" if self.usual is not None else ""
        parts = [f"{self.n} calls {self.period_en} (95% interval {self.low:.0f}–{self.high:.0f}){usual}"]
        if self.peak:
            parts.append(
                f"most from {self.peak[0]:02d} to {self.peak[1]:02d}: {self.peak[2]} ({self._share(self.peak[2])})"
            )
        if self.weekday:
            parts.append(f"more on {_WEEKDAYS_EN[self.weekday[0]]}: {self.weekday[1]}")
        if self.leading:
            parts.append(f"mostly {self.leading[0]}: {self.leading[1]} ({self._share(self.leading[1])})")
        if self.near_repeats:
            parts.append(f"{self.near_repeats} of them near repeats")
        return parts

    def _share(self, part: int) -> str:
        return f"{100 * part / self.n:.0f}%"


def why_here(
    by_hour_of_week: npt.ArrayLike,
    *,
    period_zh: str,
    period_en: str,
    classes: Mapping[str, int] | None = None,
    usual: float | None = None,
    near_repeats: int = 0,
    peak_hours: int = 4,
) -> WhyHere:
    """Put the figures of one place together from its calls by hour of week (int64[168] or [7, 24], Monday first).

    The peak is the stretch of ``peak_hours`` with most calls, told where it has at least 1.5 times its share of the day; a weekday is told
    where it has more than chance allows at 99 % (exact Poisson interval above a seventh of the calls). A class is told where it has at
    least a third of the calls. With fewer than 10 calls neither hour nor weekday is told.
    """
    table = np.asarray(by_hour_of_week, np.int64).reshape(-1)
    if len(table) != 168 or (table < 0).any() or not 1 <= peak_hours <= 12:
        raise InputError(
            "A place needs its calls by hour of week: 168 counts of 0 or more", "需要按周小时统计的 168 个非负计数"
        )
    by_day, by_hour = table.reshape(7, 24).sum(axis=1), table.reshape(7, 24).sum(axis=0)
    n = int(table.sum())
    low, high = poisson_interval(n)
    peak = weekday = None
    if n >= _FEWEST:
        upto = np.r_[0, np.cumsum(np.tile(by_hour, 2))]
        held = upto[peak_hours : peak_hours + 24] - upto[:24]
        first = int(held.argmax())
        if held[first] >= 1.5 * n * peak_hours / 24:
            after = (first + peak_hours - 1) % 24 + 1
            peak = (first, after, int(held[first]))
        best = int(by_day.argmax())
        if float(poisson_interval(by_day[best], level=0.99)[0]) > n / 7:
            weekday = (best, int(by_day[best]))
    leading = max((classes or {}).items(), key=lambda item: (item[1], item[0]), default=None)
    if leading is not None and (n == 0 or 3 * leading[1] < n):
        leading = None
    return WhyHere(
        n=n, low=float(low), high=float(high), usual=usual, period_zh=period_zh, period_en=period_en, peak=peak,
        weekday=weekday, leading=leading, near_repeats=near_repeats,
    )  # fmt: skip


def near_repeats_at(
    xy: npt.NDArray[np.float64], days: npt.NDArray[np.float64], *, reach_m: float, within_days: float
) -> npt.NDArray[np.bool_]:
    """Return which calls follow another one within ``reach_m`` and ``within_days`` (equality counts), bool[n].

    Of two at one time the later row follows.
    """
    pairs = near_pairs(xy, reach_m)
    a = np.repeat(pairs.order, np.diff(pairs.indptr))
    b = pairs.order[pairs.other]
    gap = days[b] - days[a]
    near = np.abs(gap) <= within_days
    later = np.where((gap > 0) | ((gap == 0) & (b > a)), b, a)
    found = np.zeros(len(days), dtype=bool)
    found[later[near]] = True
    return found
