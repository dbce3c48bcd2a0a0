"""Which forecast to use: all are tried on weeks held out one after another, and the plain baseline is always shown beside."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from geo.errors import CancelledError, InputError, ParameterError
from geo.hotspots.accuracy import poisson_log_likelihood, rri
from geo.hotspots.recency import CallHistory, last_weeks, recency, steady
from geo.hotspots.self_exciting import SelfExciting, fit_self_exciting, prospective

Floats = npt.NDArray[np.float64]
Method = Literal["last_weeks", "recency", "near_repeat", "self_exciting"]
Measure = Literal["log_likelihood", "pai", "pei", "rri"]
BASELINE: Final[Method] = "last_weeks"
METHODS: Final[dict[Method, tuple[str, str]]] = {
    "last_weeks": ("近 8 周均值（基线）", "mean of the last 8 weeks (baseline)"),
    "recency": ("近期加权计数", "counts with recency"),
    "near_repeat": ("近重复核", "near-repeat kernel"),
    "self_exciting": ("自激点过程", "self-exciting point process"),
}
MEASURES: Final[dict[Measure, tuple[str, str]]] = {
    "log_likelihood": ("对数似然", "log likelihood"),
    "pai": ("PAI", "PAI"),
    "pei": ("PEI", "PEI"),
    "rri": ("RRI", "RRI"),
}
_HISTORY_WEEKS: Final = 52


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """One method over the held-out weeks; arrays are float64[weeks], oldest week first, NaN in weeks without a call.

    Attributes
    ----------
    log_likelihood : of the counts by cell, per call
    pai, pei, rri : of the cells that the method puts first, up to the share of area that is patrolled
    better, better_low, better_high : mean gain in log likelihood per call over the baseline and its 95 % interval over weeks
    """

    method: Method
    log_likelihood: Floats
    pai: Floats
    pei: Floats
    rri: Floats
    better: float
    better_low: float
    better_high: float

    def mean(self, measure: Measure) -> float:
        """Return the mean over weeks with calls."""
        values: Floats = getattr(self, measure)
        known = values[np.isfinite(values)]
        return float(known.mean()) if len(known) else math.nan

    def title(self, language: str = "zh") -> str:
        """Return the name of the method."""
        return METHODS[self.method][0 if language.startswith("zh") else 1]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """The table, the winner and what it says about the coming week.

    Attributes
    ----------
    table : best first by ``by``; the baseline is always in it
    winner : the method to use by default
    expected : float64[m], calls of each cell in the week after ``now`` by the winner; ``baseline`` by the plain one
    n, weeks : calls in the held-out weeks, and how many weeks those are
    area_share : share of the area that PAI, PEI and RRI look at
    """

    table: tuple[Judged, ...]
    winner: Method
    by: Measure
    expected: Floats
    baseline: Floats
    n: int
    weeks: int
    area_share: float

    def sentence(self, language: str = "zh") -> str:
        """Return who won and by how much."""
        first = self.table[0]
        base = next(j for j in self.table if j.method == BASELINE)
        sure = first.better_low > 0
        if language.startswith("zh"):
            if self.winner == BASELINE:
                return f"{self.weeks} 周留出检验（{self.n}起）：没有方法胜过基线，采用{base.title()}"
            note = "" if sure else "，但差异可能只是偶然"
            shown = "；".join(f"{name} {_figure(first, m)}，基线 {_figure(base, m)}" for m, name in self._shown(0))
            return (
                f"{self.weeks} 周留出检验（{self.n}起）：按{MEASURES[self.by][0]}，{first.title()}最好：{shown}{note}"
            )
        if self.winner == BASELINE:
            return f"{self.weeks} held-out weeks ({self.n} calls): nothing beats the {base.title('en')}"
        note = "" if sure else ", but the difference could be chance"
        shown = "; ".join(f"{name} {_figure(first, m)}, baseline {_figure(base, m)}" for m, name in self._shown(1))
        return (
            f"{self.weeks} held-out weeks ({self.n} calls): by {MEASURES[self.by][1]}, {first.title('en')} is best: "
            f"{shown}{note}"
        )

    def _shown(self, language: int) -> list[tuple[Measure, str]]:
        """Return the measure that decided, then PAI, each with its name and unit."""
        measures: tuple[Measure, ...] = (self.by,) if self.by == "pai" else (self.by, "pai")
        units = ("每起对数似然", "log likelihood a call")
        return [(m, units[language] if m == "log_likelihood" else m.upper()) for m in measures]


def _figure(judged: Judged, measure: Measure) -> str:
    # What likelihoods differ by is small beside what they are.
    return f"{judged.mean(measure):.3f}" if measure == "log_likelihood" else f"{judged.mean(measure):.2f}"


def choose_forecast(
    history: CallHistory,
    now: float,
    *,
    weeks: int = 8,
    methods: Sequence[Method] = tuple(METHODS),
    by: Measure = "log_likelihood",
    area_share: float = 0.05,
    observe: Callable[[float], bool] | None = None,
) -> Choice:
    """Try each method on the last ``weeks`` before ``now``, every week forecast from the days before it alone.

    The winner has the highest mean of ``by`` over the held-out weeks; where two are equal the plainer one wins. For the likelihood, 1 %
    of every forecast is spread evenly, so that no cell is held to be impossible. PAI, PEI and RRI look at the cells put first that
    together make up ``area_share`` of the area (at least one); equal forecasts go by the calls of the whole history, then by row.
    ``observe`` is told the share done and returns False to stop.

    Raises
    ------
    InputError
        If there are not at least 4 weeks of history before the first held-out week.
    CancelledError
        If ``observe`` returned False.
    """
    if weeks < 1 or not 0 < area_share < 1 or not set(methods) <= set(METHODS):
        raise ParameterError(
            "Held-out weeks are 1 or more, the area's share lies between 0 and 1",
            "留出周数应不小于 1，面积占比应在 0 与 1 之间",
        )
    known = history.before(now)
    if known.weeks(now) < weeks + 4:
        raise InputError(
            f"{known.weeks(now)} weeks of calls are too few: {weeks} to hold out need {weeks + 4}",
            f"历史仅 {known.weeks(now)} 周，留出 {weeks} 周检验至少需要 {weeks + 4} 周",
        )
    tried: list[Method] = [m for m in METHODS if m in methods or m == BASELINE]
    scores = {m: np.full((4, weeks), np.nan) for m in tried}
    n = 0
    fitted: SelfExciting | None = None
    for week in range(weeks):
        start = now - 7 * (weeks - week)
        after = known.counts(start, start + 7)
        n += int(after.sum())
        for method in tried:
            rate, fitted = _forecast(method, known, start, fitted)
            scores[method][:, week] = _judge(known, start, rate, after, area_share)
        if observe is not None and not observe((week + 1) / (weeks + 1)):
            raise CancelledError("The trial of forecasts was stopped", "预测检验已停止")
    table = [_judged(method, scores[method], scores[BASELINE]) for method in tried]
    # Where equal, the one that stands earlier is plainer; nothing to compare counts as the worst.
    order = sorted(table, key=lambda j: -v if math.isfinite(v := j.mean(by)) else math.inf)
    winner = order[0].method
    baseline = last_weeks(known, now)
    expected = baseline if winner == BASELINE else _forecast(winner, known, now, fitted)[0]
    return Choice(
        table=tuple(order),
        winner=winner,
        by=by,
        expected=expected,
        baseline=baseline,
        n=n,
        weeks=weeks,
        area_share=area_share,
    )


def _forecast(
    method: Method, known: CallHistory, now: float, fitted: SelfExciting | None
) -> tuple[Floats, SelfExciting | None]:
    past = known.before(now)
    if method == "last_weeks":
        return last_weeks(past, now, weeks=min(8, max(1, past.weeks(now)))), fitted
    if method == "recency":
        return recency(past, now), fitted
    if method == "near_repeat":
        return prospective(past, now), fitted
    first = max(float(past.day.min()), now - 7 * _HISTORY_WEEKS)
    if int((past.day >= first).sum()) < 10:
        return last_weeks(past, now), fitted
    # Each week starts from the fit of the one before.
    found = fit_self_exciting(past, start=first, end=now, iterations=15 if fitted else 40, before=fitted)
    return found.forecast(past, now), found


def _judge(known: CallHistory, start: float, rate: Floats, after: npt.NDArray[np.int64], area_share: float) -> Floats:
    """Return log likelihood per call, PAI, PEI and RRI; NaN where the week has no call."""
    if not after.any():
        return np.full(4, np.nan)
    before = known.counts(start - 7 * _HISTORY_WEEKS, start)
    chosen = first_cells(rate, before, known.area_m2, area_share)
    best = first_cells(after.astype(np.float64), before, known.area_m2, area_share)
    hit = float(after[chosen].sum())
    area = float(known.area_m2[chosen].sum() / known.area_m2.sum())
    most = float(after[best].sum())
    return np.array(
        [
            poisson_log_likelihood(after, steady(rate)) / after.sum(),
            hit / after.sum() / area,
            hit / most if most else np.nan,
            rri(before, after, chosen) if before.any() else np.nan,
        ]
    )


def first_cells(rate: Floats, before: npt.ArrayLike, area_m2: Floats, share: float) -> npt.NDArray[np.bool_]:
    """Return the cells with the highest rates whose area together is at most ``share`` of all (one at least), bool[m]."""
    order = np.lexsort((np.arange(len(rate)), -np.asarray(before), -rate))
    upto = np.cumsum(area_m2[order]) / area_m2.sum()
    chosen = np.zeros(len(rate), dtype=bool)
    chosen[order[: max(1, int((upto <= share + 1e-12).sum()))]] = True
    return chosen


def _judged(method: Method, scores: Floats, base: Floats) -> Judged:
    gain = scores[0] - base[0]
    gain = gain[np.isfinite(gain)]
    mean = float(gain.mean()) if len(gain) else math.nan
    # Weeks follow each other, so the interval is a rough one; a normal quantile would be rougher still for 8 of them.
    error = (
        float(gain.std(ddof=1) / math.sqrt(len(gain))) * float(student.ppf(0.975, len(gain) - 1))
        if len(gain) > 1
        else math.inf
    )
    return Judged(
        method=method, log_likelihood=scores[0], pai=scores[1], pei=scores[2], rri=scores[3], better=mean,
        better_low=mean - error, better_high=mean + error,
    )  # fmt: skip
