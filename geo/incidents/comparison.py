"""One count against its baseline: change, interval, test, a plain word for chance, and what must not be printed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from scipy.stats import beta
from scipy.stats import t as student

from geo.errors import ParameterError
from geo.incidents.e_test import e_test
from geo.incidents.poisson import poisson_interval

Baseline = Literal["year_on_year", "period_before", "five_year_mean", "same_season", "other_period"]
Verdict = Literal["too_few", "chance", "unlikely", "clear"]

BASELINES: Final[dict[Baseline, tuple[str, str]]] = {
    "year_on_year": ("同比", "year on year"),
    "period_before": ("环比", "on the period before"),
    "five_year_mean": ("与近年均值比", "on the mean of earlier years"),
    "same_season": ("与去年同季比", "on the same season of last year"),
    "other_period": ("与所选时段比", "on the chosen period"),
}
WORDS: Final[dict[Verdict, tuple[str, str]]] = {
    "too_few": ("数量太少，无法判断", "too few to tell"),
    "chance": ("可能只是偶然波动", "could be chance"),
    "unlikely": ("不太像偶然波动", "unlikely to be chance alone"),
    "clear": ("难以用偶然解释", "hardly chance"),
}
SMALL_BASE: Final = 20
"""Calls that both counts must reach before a percentage is printed: below, one call more moves it by over 5 points."""
_FEWEST: Final = 6
"""With fewer calls together no split of two equal periods reaches p < 0.05."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A count, its exact 95 % Poisson interval, and what it is compared with.

    Attributes
    ----------
    n, low, high : calls of the period and the interval of their mean
    days : length of the period
    baseline : kind of the baseline
    baseline_n, baseline_days : calls and days that the baseline rests on (all years together for a mean)
    expected : calls that the baseline would give in the period
    ratio, ratio_low, ratio_high : rate over the baseline's rate with its exact 95 % interval; None where the baseline is 0
    p : chance of a difference at least as large between equal rates, two-sided
    edition : edition of the boundaries that counted both
    by_year : calls of each year behind a mean, latest first
    """

    n: int
    low: float
    high: float
    days: float
    baseline: Baseline
    baseline_n: int
    baseline_days: float
    expected: float
    ratio: float | None
    ratio_low: float
    ratio_high: float
    p: float
    edition: str = ""
    by_year: tuple[int, ...] = field(default=())

    @property
    def change(self) -> float | None:
        """Relative change, -0.25 for a quarter less; None where the baseline is 0."""
        return None if self.ratio is None else self.ratio - 1

    @property
    def verdict(self) -> Verdict:
        """What p and the counts allow to say."""
        if self.n + self.baseline_n < _FEWEST:
            return "too_few"
        return "chance" if self.p >= 0.05 else "unlikely" if self.p >= 0.01 else "clear"

    @property
    def percentage_is_fair(self) -> bool:
        """Tell whether both counts are large enough for a percentage."""
        return min(self.n, self.baseline_n) >= SMALL_BASE

    def word(self, language: str = "zh") -> str:
        """Return the verdict in plain words."""
        return WORDS[self.verdict][0 if language.startswith("zh") else 1]

    def sentence(self, language: str = "zh") -> str:
        """Return the whole comparison in one sentence, with a percentage only where it is fair."""
        zh = language.startswith("zh")
        name = BASELINES[self.baseline][0 if zh else 1]
        base = f"{self.expected:.1f}".removesuffix(".0")
        if self.percentage_is_fair and self.ratio is not None:
            shown = (f"{100 * (r - 1):+.1f}%" for r in (self.ratio, self.ratio_low, self.ratio_high))
            change, least, most = shown
            middle = f"{change}（95% 区间 {least} 至 {most}）" if zh else f"{change} (95% interval {least} to {most})"
        else:
            middle = "基数小，不报百分比" if zh else "base too small for a percentage"
        if zh:
            return f"{self.n}起，{name}基数 {base}起，{middle}，{self.word(language)}"
        return f"{self.n} calls, {name} {base}: {middle}; {self.word(language)}"


def compare_counts(
    n: int,
    baseline_n: int,
    *,
    days: float = 1.0,
    baseline_days: float | None = None,
    baseline: Baseline = "other_period",
    edition: str = "",
) -> Comparison:
    """Compare two counts over ``days`` and ``baseline_days`` (equal where not given).

    p is the E-test of Krishnamoorthy and Thomson (2004); the ratio's interval is exact: given the sum of both counts, one
    is binomial (Clopper and Pearson 1934; Przyborowski and Wilenski 1940).
    """
    before = days if baseline_days is None else baseline_days
    _refuse(n, baseline_n, days, before)
    low, high = poisson_interval(n)
    least, most = _ratio_interval(n, baseline_n, days, before)
    return Comparison(
        n=n, low=float(low), high=float(high), days=days, baseline=baseline, baseline_n=baseline_n,
        baseline_days=before, expected=baseline_n * days / before,
        ratio=(n / days) / (baseline_n / before) if baseline_n else None, ratio_low=least, ratio_high=most,
        p=e_test(n, baseline_n, first_exposure=days, second_exposure=before), edition=edition,
    )  # fmt: skip


def compare_with_years(
    n: int,
    by_year: Sequence[int],
    *,
    days: float = 1.0,
    year_days: Sequence[float] | None = None,
    edition: str = "",
) -> Comparison:
    """Compare a count with the mean of the same period of earlier years, latest first.

    Years differ by more than Poisson chance. Where theirs do (index of dispersion above 1), p is the larger of the E-test and
    of a t-test of one more year against the others, ``t = (x - mean) / (s sqrt(1 + 1/k))`` with k - 1 degrees, on calls per day,
    and the ratio's interval is that test's.
    """
    lengths = [days] * len(by_year) if year_days is None else list(year_days)
    if len(by_year) < 2 or len(lengths) != len(by_year):
        raise ParameterError(
            "A mean needs at least 2 earlier years, each with its days", "均值至少需要 2 个往年同期及其天数"
        )
    total, exposure = int(sum(by_year)), float(sum(lengths))
    made = compare_counts(n, total, days=days, baseline_days=exposure, baseline="five_year_mean", edition=edition)
    p, least, most = made.p, made.ratio_low, made.ratio_high
    rates = np.asarray(by_year, np.float64) / np.asarray(lengths)
    spread, mean, k = float(rates.std(ddof=1)), float(rates.mean()), len(rates)
    if mean > 0 and spread**2 > mean * k / exposure:
        error = spread * math.sqrt(1 + 1 / k)
        p = max(p, float(2 * student.sf(abs(n / days - mean) / error, k - 1)))
        half = float(student.ppf(0.975, k - 1)) * error / mean
        least, most = max(0.0, n / days / mean - half), n / days / mean + half
    return Comparison(
        n=n, low=made.low, high=made.high, days=days, baseline="five_year_mean", baseline_n=total,
        baseline_days=exposure, expected=made.expected, ratio=made.ratio, ratio_low=least, ratio_high=most, p=p,
        edition=edition, by_year=tuple(by_year),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundRate:
    """Mean yearly change between two counts, with its exact 95 % interval; -0.05 is 5 % less every year."""

    value: float
    low: float
    high: float
    first: int
    last: int
    years: float


def compound_rate(first: int, last: int, *, years: float) -> CompoundRate:
    """Return ``(last / first)^(1 / years) - 1`` for counts of equally long periods ``years`` apart."""
    if not years > 0 or first <= 0 or last < 0:
        raise ParameterError(
            "A compound rate needs a first count above 0 and years above 0", "复合增长率要求起始数大于 0、年数大于 0"
        )
    low, high = _ratio_interval(last, first, 1.0, 1.0)
    return CompoundRate(
        value=(last / first) ** (1 / years) - 1, low=low ** (1 / years) - 1, high=high ** (1 / years) - 1,
        first=first, last=last, years=years,
    )  # fmt: skip


def _ratio_interval(n: int, baseline_n: int, days: float, before: float) -> tuple[float, float]:
    """Return the exact 95 % interval of the ratio of rates; 0 and infinity where the counts set no limit."""
    low = float(beta.ppf(0.025, n, baseline_n + 1)) if n else 0.0
    high = float(beta.ppf(0.975, n + 1, baseline_n)) if baseline_n else 1.0
    scale = before / days
    return low / (1 - low) * scale, math.inf if high >= 1 else high / (1 - high) * scale


def _refuse(n: int, baseline_n: int, days: float, before: float) -> None:
    if n < 0 or baseline_n < 0 or not (0 < days < math.inf and 0 < before < math.inf):
        raise ParameterError(
            f"Cannot compare {n} calls in {days} days with {baseline_n} in {before}: counts are 0 or more, days above 0",
            f"无法比较：{days} 天 {n} 起与 {before} 天 {baseline_n} 起；计数应不小于 0，天数应大于 0",
        )
