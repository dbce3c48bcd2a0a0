"""Forecasts from counts: the plain mean of the last weeks, and one in which older weeks count less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
HALF_LIVES: Final = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Weeks after which a call counts half, tried on the weeks before."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallHistory:
    """Calls by cell and day, the ground of every forecast.

    Attributes
    ----------
    cell : int64[n], row of the cell of each call
    day : float64[n], days on any clock, fractions allowed
    xy : float64[n, 2], places in metres
    centres : float64[m, 2], middles of the cells
    area_m2 : float64[m]
    """

    cell: Ints
    day: Floats
    xy: Floats
    centres: Floats
    area_m2: Floats

    def __post_init__(self) -> None:
        n, m = len(self.cell), len(self.centres)
        if len(self.day) != n or self.xy.shape != (n, 2) or len(self.area_m2) != m or m < 2:
            raise InputError("Calls and cells of a history do not fit together", "历史警情与格网的数组长度不一致")
        if n and (self.cell.min() < 0 or self.cell.max() >= m or not np.isfinite(self.day).all()):
            raise InputError("A call has no cell among those given, or no day", "有警情不在所给格网内或没有日期")

    def before(self, now: float) -> CallHistory:
        """Return the history before the moment ``now``."""
        old = self.day < now
        return CallHistory(
            cell=self.cell[old], day=self.day[old], xy=self.xy[old], centres=self.centres, area_m2=self.area_m2
        )

    def counts(self, first: float, after: float) -> Ints:
        """Return calls a cell with ``first <= day < after``, int64[m]."""
        inside = (self.day >= first) & (self.day < after)
        return np.bincount(self.cell[inside], minlength=len(self.centres)).astype(np.int64)

    def weeks(self, now: float) -> int:
        """Return how many whole weeks of history lie before ``now``."""
        return int((now - float(self.day.min()) + 1e-9) // 7) if len(self.day) else 0


def last_weeks(history: CallHistory, now: float, *, weeks: int = 8) -> Floats:
    """Return the mean weekly count of each cell over the last ``weeks`` before ``now``: the plain baseline, float64[m]."""
    if weeks < 1:
        raise ParameterError("A mean needs at least 1 week", "均值至少需要 1 周")
    return history.counts(now - 7 * weeks, now) / weeks


def recency(history: CallHistory, now: float, *, half_life_weeks: float | None = None, tried_weeks: int = 8) -> Floats:
    """Return the mean weekly count of each cell with weights that halve every ``half_life_weeks``, float64[m].

    Where not given, the half-life is the one of ``HALF_LIVES`` under which the last ``tried_weeks`` before ``now``, each forecast from the
    weeks before it, were likeliest.
    """
    known = history.before(now)
    weeks = known.weeks(now)
    if weeks < 1:
        return np.zeros(len(history.centres))
    table = _weekly(known, now, weeks)
    if half_life_weeks is not None:
        if not half_life_weeks > 0:
            raise ParameterError("A half-life must be above 0 weeks", "半衰期应大于 0 周")
        return _weighted(table, half_life_weeks)
    best, chosen = -np.inf, HALF_LIVES[2]
    for half_life in HALF_LIVES:
        score = 0.0
        for back in range(min(tried_weeks, weeks - 1)):
            rate = steady(_weighted(table[:, back + 1 :], half_life))
            score += float((table[:, back] * np.log(rate) - rate).sum())
        if score > best:
            best, chosen = score, half_life
    return _weighted(table, chosen)


def steady(rate: Floats, *, share: float = 0.01) -> Floats:
    """Mix in ``share`` of an even spread (and at least a hundredth of a call in all), so that no cell is held to be impossible."""
    total = max(float(rate.sum()), 0.01)
    return np.asarray((1 - share) * rate + share * total / len(rate), np.float64)


def _weekly(known: CallHistory, now: float, weeks: int) -> Floats:
    """Return calls by cell and week, the latest week first, float64[m, weeks]."""
    age = np.floor((now - known.day) / 7 - 1e-12).astype(np.int64)
    inside = (age >= 0) & (age < weeks)
    key = known.cell[inside] * weeks + age[inside]
    return np.bincount(key, minlength=len(known.centres) * weeks).reshape(-1, weeks).astype(np.float64)


def _weighted(table: Floats, half_life: float) -> Floats:
    weight = 0.5 ** (np.arange(table.shape[1]) / half_life)
    return np.asarray(table @ weight / weight.sum(), np.float64)
