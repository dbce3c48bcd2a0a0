"""The clock of a call: how long each stage takes, what is missing, and the share within the standard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from geo.errors import FieldError, InputError, ParameterError
from geo.incidents.rates import Share

STAGES: Final[dict[str, tuple[str, str]]] = {
    "reported_at": ("报警", "reported"),
    "answered_at": ("接警", "answered"),
    "assigned_at": ("派警", "assigned"),
    "accepted_at": ("签收", "accepted"),
    "departed_at": ("出警", "departed"),
    "arrived_at": ("到达现场", "arrived"),
    "handled_at": ("处置反馈", "handled"),
    "closed_at": ("办结", "closed"),
}
"""Moments of a call in their order, with their Chinese and English names."""

SPANS: Final = (
    ("reported_at", "answered_at"),
    ("answered_at", "assigned_at"),
    ("assigned_at", "accepted_at"),
    ("accepted_at", "departed_at"),
    ("departed_at", "arrived_at"),
    ("arrived_at", "handled_at"),
    ("handled_at", "closed_at"),
    ("answered_at", "arrived_at"),
    ("reported_at", "closed_at"),
)
"""Each stage, then the response time (接警 to 到达现场) and the whole."""

Stamps = Mapping[str, npt.NDArray[np.datetime64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A quantile of ``n`` values with a 95 % interval from order statistics; an end is None where n is too small for it."""

    share: float
    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTimes:
    """Seconds from one moment to another over many calls.

    Attributes
    ----------
    n : calls with both moments in the right order
    missing : calls that lack one of them
    impossible : calls where the second comes before the first
    median, ninetieth : None where n is 0
    """

    start: str
    end: str
    n: int
    missing: int
    impossible: int
    median: Quantile | None
    ninetieth: Quantile | None

    def label(self, language: str = "zh") -> str:
        """Return the stage by the names of its ends."""
        row = 0 if language.startswith("zh") else 1
        return f"{STAGES[self.start][row]} → {STAGES[self.end][row]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithinStandard:
    """Calls of one area and priority within their limit; ``share`` is None where no call has a time."""

    area: str
    priority: str
    limit_seconds: float
    share: Share | None
    missing: int


def quantile(values: npt.ArrayLike, share: float, *, level: float = 0.95) -> Quantile:
    """Return the least value that at least ``share`` of the values do not exceed, with its distribution-free interval.

    The ends are order statistics with ranks from the binomial distribution, each tail at most ``(1 - level) / 2``. David, H. A.
    and Nagaraja, H. N. (2003). Order Statistics, 3rd edition, section 7.1.
    """
    sorted_ = np.sort(np.asarray(values, np.float64))
    n = len(sorted_)
    if not n or not np.isfinite(sorted_).all():
        raise InputError("A quantile needs at least one finite value", "分位数至少需要一个有效值")
    if not (0 < share < 1 and 0 < level < 1):
        raise ParameterError(
            "Shares of a quantile and its interval lie between 0 and 1", "分位数与置信水平应在 0 与 1 之间"
        )
    tail = (1 - level) / 2
    # The r-th value is above the quantile where fewer than r values are at or below it, and below it where r or more are.
    lower = int(binom.ppf(tail, n, share))
    upper = int(binom.ppf(1 - tail, n, share)) + 1
    rank = max(1, int(np.ceil(n * share - 1e-9)))
    return Quantile(
        share=share, value=float(sorted_[rank - 1]), low=float(sorted_[lower - 1]) if lower >= 1 else None,
        high=float(sorted_[upper - 1]) if upper <= n else None, n=n,
    )  # fmt: skip


def span_seconds(stamps: Stamps, start: str, end: str) -> npt.NDArray[np.float64]:
    """Return seconds between two moments, float64[n]: NaN where one is missing, below 0 where they are out of order."""
    for name in (start, end):
        if name not in STAGES or name not in stamps:
            raise FieldError(f"The calls have no moment {name}", f"警情没有时刻列 {name}")
    first, last = (np.asarray(stamps[name], dtype="datetime64[ms]") for name in (start, end))
    if first.shape != last.shape:
        raise InputError("Moments of calls differ in number", "各时刻列的行数不一致")
    gap = np.asarray((last - first).astype(np.float64) / 1000, np.float64)
    gap[np.isnat(first) | np.isnat(last)] = np.nan
    return gap


def stage_times(stamps: Stamps, spans: Sequence[tuple[str, str]] = SPANS) -> tuple[StageTimes, ...]:
    """Summarise each span of which both columns are there; ``stamps`` holds datetime64[n], NaT where unknown."""
    found = []
    for start, end in spans:
        if start not in stamps or end not in stamps:
            continue
        gap = span_seconds(stamps, start, end)
        good = gap[gap >= 0]
        found.append(
            StageTimes(
                start=start, end=end, n=len(good), missing=int(np.isnan(gap).sum()), impossible=int((gap < 0).sum()),
                median=quantile(good, 0.5) if len(good) else None,
                ninetieth=quantile(good, 0.9) if len(good) else None,
            )
        )  # fmt: skip
    return tuple(found)


def within_standard(
    seconds: npt.NDArray[np.float64],
    areas: npt.ArrayLike,
    priorities: npt.ArrayLike,
    limits: Mapping[tuple[str, str], float],
) -> tuple[WithinStandard, ...]:
    """Return the share of calls within the limit (equality counts) of each area and priority that has calls.

    ``limits`` are seconds by (area, priority); ``"*"`` stands for any, and what is named exactly goes first, then the area,
    then the priority, then ``("*", "*")``. Times that are NaN or negative are missing: in no share, but counted.

    Raises
    ------
    ParameterError
        If calls have an area and priority without a limit; the sentence names it.
    """
    area = np.asarray(areas).astype(str)
    priority = np.asarray(priorities).astype(str)
    if not len(seconds) == len(area) == len(priority):
        raise InputError("Times, areas and priorities differ in number", "时间、区域与等级的行数不一致")
    keys, rows = np.unique(np.stack([area, priority], axis=1), axis=0, return_inverse=True)
    found = []
    for index, (where, which) in enumerate(keys.tolist()):
        limit = _limit(limits, where, which)
        mine = seconds[rows.reshape(-1) == index]
        known = mine[mine >= 0]
        share = Share(part=int((known <= limit).sum()), n=len(known)) if len(known) else None
        found.append(
            WithinStandard(area=where, priority=which, limit_seconds=limit, share=share, missing=len(mine) - len(known))
        )
    return tuple(found)


def _limit(limits: Mapping[tuple[str, str], float], area: str, priority: str) -> float:
    for key in ((area, priority), (area, "*"), ("*", priority), ("*", "*")):
        if key in limits:
            return limits[key]
    raise ParameterError(
        f"There is no response limit for area {area}, priority {priority}; set one in the settings",
        f"区域 {area}、等级 {priority} 没有到达时限，请在设置中补充",
    )
