"""Alarm for a spike that is still going on: the prospective temporal scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError

_BLOCK: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """The least likely window that ends with the last day.

    Attributes
    ----------
    days : length of the window
    n, expected : calls in it, and those expected from the rest of the study time
    llr : its log likelihood ratio
    p : chance that some window of any tried length does as well while nothing happens
    recurrence_days : how often chance alone gives such an alarm when it is run every day, ``1 / p``
    runs : simulations behind p
    """

    days: int
    n: int
    expected: float
    llr: float
    p: float
    recurrence_days: float
    runs: int

    def sentence(self, language: str = "zh") -> str:
        """Return the spike in one sentence."""
        if language.startswith("zh"):
            return (
                f"最近 {self.days} 天 {self.n}起，按常态应为 {self.expected:.1f}起；"
                f"纯属偶然时约 {self.recurrence_days:.0f} 天才出现一次（p={self.p:.3f}）"
            )
        return (
            f"{self.n} calls in the last {self.days} days where {self.expected:.1f} are usual; "
            f"chance alone does this about once in {self.recurrence_days:.0f} days (p={self.p:.3f})"
        )


def latest_spike(
    counts: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    longest: int = 7,
    runs: int = 999,
    seed: int = 0,
) -> Spike | None:
    """Scan all windows of 1 to ``longest`` days that end with the last day; None where none is above what is expected.

    ``counts`` are calls a day, int64[d]; ``weights`` (float64[d], above 0) what share of calls each day usually has, such
    as by weekday: equal where not given. Given their sum, the calls are multinomial over the days; each window is judged by
    the Poisson log likelihood ratio and the best by simulations that look as often. Kulldorff, M. (2001). Prospective time
    periodic geographical disease surveillance using a scan statistic. Journal of the Royal Statistical Society A 164, 61-72.
    """
    n = np.asarray(counts, np.int64)
    share = np.ones(len(n)) if weights is None else np.asarray(weights, np.float64)
    if n.ndim != 1 or n.shape != share.shape or (n < 0).any() or not (np.isfinite(share) & (share > 0)).all():
        raise InputError("Each day needs a count of 0 or more and a weight above 0", "每天需要非负计数和大于 0 的权重")
    if not 1 <= longest < len(n) or runs < 1:
        raise ParameterError(
            f"The longest window ({longest} days) must be shorter than the time ({len(n)} days), and runs 1 or more",
            f"最长窗口（{longest} 天）应短于研究期（{len(n)} 天），模拟次数不小于 1",
        )
    share = share / share.sum()
    total = int(n.sum())
    expected = total * np.cumsum(share[::-1])[:longest]
    ratio = _ratios(n[None, :], expected, total)[0]
    best = int(ratio.argmax())
    if ratio[best] <= 0:
        return None
    rng = np.random.default_rng(seed)
    as_good = 0
    for start in range(0, runs, _BLOCK):
        drawn = rng.multinomial(total, share, size=min(_BLOCK, runs - start))
        as_good += int((_ratios(drawn, expected, total).max(axis=1) >= ratio[best] - 1e-9).sum())
    p = (as_good + 1) / (runs + 1)
    return Spike(
        days=best + 1, n=int(n[-best - 1 :].sum()), expected=float(expected[best]), llr=float(ratio[best]), p=p,
        recurrence_days=1 / p, runs=runs,
    )  # fmt: skip


def weekday_weights(first_weekday: int, counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the usual share of each day from the mean of its weekday, float64[d]; ``first_weekday`` 0 is Monday.

    Half a call is added to each weekday, so that none is impossible.
    """
    n = np.asarray(counts, np.float64)
    weekday = (np.arange(len(n)) + first_weekday) % 7
    days = np.bincount(weekday, minlength=7)
    mean = (np.bincount(weekday, weights=n, minlength=7) + 0.5) / np.maximum(days, 1)
    return np.asarray(mean[weekday], np.float64)


def _ratios(counts: npt.NDArray[np.int64], expected: npt.NDArray[np.float64], total: int) -> npt.NDArray[np.float64]:
    """Return the log likelihood ratio of each row and window, float64[r, w]; 0 where not above the expected."""
    inside = np.cumsum(counts[:, ::-1], axis=1)[:, : len(expected)].astype(np.float64)
    outside = total - inside
    with np.errstate(divide="ignore", invalid="ignore"):
        high = np.where(inside > 0, inside * np.log(inside / expected), 0.0)
        low = np.where(outside > 0, outside * np.log(outside / (total - expected)), 0.0)
    return np.where(inside > expected, high + low, 0.0)
