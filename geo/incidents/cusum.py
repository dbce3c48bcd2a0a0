"""Poisson CUSUM: a lasting rise of daily calls, told early and with a stated rate of false alarms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from geo.errors import ParameterError

_STATES = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class CusumDesign:
    """What the chart waits for.

    Attributes
    ----------
    usual, raised : mean calls of a period in control, and the mean that should be found
    reference : what is subtracted each period, a multiple of ``step``
    limit : an alarm is given when the sum is at or above it
    step : the sum moves in these steps, so that the run lengths below are exact
    run_length_usual : mean periods until a false alarm
    run_length_raised : mean periods until the raised mean is found
    """

    usual: float
    raised: float
    reference: float
    limit: float
    step: float
    run_length_usual: float
    run_length_raised: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cusum:
    """The chart: sums float64[n] after each period, alarms bool[n], and since when the rise at the last alarm began."""

    sums: npt.NDArray[np.float64]
    alarms: npt.NDArray[np.bool_]
    since: int | None
    design: CusumDesign


def design_cusum(usual: float, *, raised: float | None = None, run_length: float = 365.0) -> CusumDesign:
    """Return the chart with the lowest limit whose mean time between false alarms is at least ``run_length`` periods.

    The reference value is ``(raised - usual) / ln(raised / usual)``, rounded to a step (Lucas, J. M. 1985. Counted data
    CUSUM's. Technometrics 27, 129-144), ``raised`` is 1.5 times ``usual`` (2 standard deviations up, if that is more) where
    not given; run lengths solve the Markov chain of the sum (Brook, D. and Evans, D. A. 1972. Biometrika 59, 539-549).
    """
    found = max(1.5 * usual, usual + 2 * math.sqrt(max(usual, 0.0))) if raised is None else raised
    if not 0 < usual < found < 1e5 or not 1 <= run_length <= 1e6:
        raise ParameterError(
            f"A chart needs 0 < usual < raised and a run length from 1 to 1,000,000; got {usual}, {found}, {run_length}",
            f"控制图要求 0 < 常态均值 < 警戒均值，平均运行长度 1 至 1000000；现为 {usual}、{found}、{run_length}",
        )
    parts = 10 if usual < 5 else 4 if usual < 30 else 1
    reference = max(1, round((found - usual) / math.log(found / usual) * parts))
    low, high = 0, 1
    while _run_length(usual, reference, high, parts) < run_length:
        low, high = high, high * 2
        if high > _STATES:
            raise ParameterError(
                "The raised mean is too near the usual one for so few false alarms",
                "警戒均值与常态过近，无法达到所需的误报间隔",
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _run_length(usual, reference, middle, parts) < run_length else (low, middle)
    return CusumDesign(
        usual=usual, raised=found, reference=reference / parts, limit=high / parts, step=1 / parts,
        run_length_usual=_run_length(usual, reference, high, parts),
        run_length_raised=_run_length(found, reference, high, parts),
    )  # fmt: skip


def run_length(mean: float, *, reference: float, limit: float, step: float) -> float:
    """Return the exact mean periods until the sum of ``count - reference``, never below 0, reaches ``limit``.

    ``reference`` and ``limit`` are multiples of ``step``, one part of a whole.
    """
    parts = round(1 / step)
    return _run_length(mean, round(reference * parts), round(limit * parts), parts)


def cusum(counts: npt.ArrayLike, design: CusumDesign) -> Cusum:
    """Run the chart over calls a period (int64[n]); after an alarm it starts again from 0."""
    n = np.asarray(counts, np.int64)
    if n.ndim != 1 or (n < 0).any():
        raise ParameterError("Calls a period must be 0 or more", "每期警情数应不小于 0")
    sums, alarms = np.zeros(len(n)), np.zeros(len(n), dtype=bool)
    parts = round(1 / design.step)
    reference, limit = round(design.reference * parts), round(design.limit * parts)
    sum_, began, since = 0, 0, None
    for period, count in enumerate(n.tolist()):
        if sum_ == 0:
            began = period
        sum_ = max(0, sum_ + count * parts - reference)
        sums[period] = sum_ / parts
        if sum_ >= limit:
            alarms[period], since, sum_ = True, began, 0
    return Cusum(sums=sums, alarms=alarms, since=since, design=design)


def _run_length(mean: float, reference: int, limit: int, parts: int) -> float:
    """Return the run length from 0, all but ``mean`` in steps: ``(I - Q) L = 1`` over the sums 0 to limit - 1."""
    sums = np.arange(limit)
    # From s to t > 0 it takes a count of (t - s + reference) / parts, if whole; to 0 any count up to (reference - s) / parts.
    needed = sums[None, :] - sums[:, None] + reference
    whole = (needed >= 0) & (needed % parts == 0)
    chance = np.where(whole, poisson.pmf(np.where(whole, needed // parts, 0), mean), 0.0)
    chance[:, 0] = poisson.cdf((reference - sums) // parts, mean)
    return float(np.linalg.solve(np.eye(limit) - chance, np.ones(limit))[0])
