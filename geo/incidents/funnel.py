"""Funnel plots: which areas stand out from the common rate by more than their size explains, without a league table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, poisson

from geo.errors import InputError, ParameterError

Floats = npt.NDArray[np.float64]
LEVELS: Final = (0.95, 0.998)
"""Shares of areas that chance alone keeps within the inner and the outer limits: about 2 and 3 standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Funnel:
    """Observed over expected of each area and the limits at its size.

    Attributes
    ----------
    n : int64[k], calls
    expected : float64[k] at the common rate
    ratio : float64[k], n over expected
    low, high : float64[2, k], inner and outer limits of the ratio
    place : int8[k], -2 and 2 beyond the outer limits, -1 and 1 beyond the inner, 0 within
    dispersion : how much wider than Poisson the limits are drawn (variance), 1 where not asked for
    """

    n: npt.NDArray[np.int64]
    expected: Floats
    ratio: Floats
    low: Floats
    high: Floats
    place: npt.NDArray[np.int8]
    dispersion: float


def funnel(counts: npt.ArrayLike, exposure: npt.ArrayLike, *, overdispersed: bool = False, trim: float = 0.1) -> Funnel:
    """Compare counts with what their exposure (people, km², calls a year before) makes expected at the common rate.

    Limits are exact Poisson ones, interpolated between whole counts. ``overdispersed`` widens them by the root of the mean
    squared z after the ``trim`` share at either end is drawn in, where that is above 1, so that unequal areas do not all
    stand out. Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine
    24, 1185-1202.
    """
    n, size = np.asarray(counts, np.int64), np.asarray(exposure, np.float64)
    if (
        n.ndim != 1
        or n.shape != size.shape
        or not len(n)
        or (n < 0).any()
        or not (np.isfinite(size) & (size > 0)).all()
    ):
        raise InputError(
            "Each area needs a count of 0 or more and an exposure above 0", "每个区域需要非负计数和大于 0 的基数"
        )
    if n.sum() == 0:
        raise InputError("There are no calls to compare", "没有可比较的警情")
    expected = size * n.sum() / size.sum()
    phi = _dispersion(n, expected, trim) if overdispersed else 1.0
    low, high = funnel_limits(expected, dispersion=phi)
    ratio = n / expected
    place = (ratio > high).sum(axis=0) - (ratio < low).sum(axis=0)
    return Funnel(n=n, expected=expected, ratio=ratio, low=low, high=high, place=place.astype(np.int8), dispersion=phi)


def funnel_limits(expected: npt.ArrayLike, *, dispersion: float = 1.0) -> tuple[Floats, Floats]:
    """Return low and high limits of observed over expected, each float64[2, k], for drawing the curves."""
    mean = np.asarray(expected, np.float64)
    low, high = np.empty((2, len(mean))), np.empty((2, len(mean)))
    for row, level in enumerate(LEVELS):
        tail = (1 - level) / 2
        low[row] = _smooth(tail, mean) / mean
        high[row] = _smooth(1 - tail, mean) / mean
    wider = np.sqrt(dispersion)
    return np.maximum(0.0, 1 + (low - 1) * wider), 1 + (high - 1) * wider


def share_limits(target: float, wholes: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return low and high limits of a share around ``target``, each float64[2, k], for wholes of k sizes."""
    n = np.asarray(wholes, np.float64)
    if not 0 < target < 1 or (n < 1).any():
        raise ParameterError(
            "A target share lies between 0 and 1, wholes are 1 or more", "目标比例应在 0 与 1 之间，分母不小于 1"
        )
    low, high = np.empty((2, len(n))), np.empty((2, len(n)))
    for row, level in enumerate(LEVELS):
        for ends, p in ((low, (1 - level) / 2), (high, 1 - (1 - level) / 2)):
            r = binom.ppf(p, n, target)
            top, step = binom.cdf(r, n, target), binom.pmf(r, n, target)
            ends[row] = np.clip(r - (top - p) / step, 0, n) / n
    return low, high


def _smooth(p: float, mean: Floats) -> Floats:
    """Return the p-quantile of Poisson counts, interpolated so that it grows smoothly with the mean."""
    r = poisson.ppf(p, mean)
    top, step = poisson.cdf(r, mean), poisson.pmf(r, mean)
    return np.asarray(np.maximum(r - (top - p) / step, 0.0), np.float64)


def _dispersion(n: npt.NDArray[np.int64], expected: Floats, trim: float) -> float:
    if not 0 <= trim < 0.5:
        raise ParameterError("The trimmed share lies from 0 to below 0.5", "截尾比例应在 0 与 0.5 之间")
    # Square roots make the variance of Poisson counts about 1/4 whatever their mean.
    z = 2 * (np.sqrt(n) - np.sqrt(expected))
    z = np.clip(z, *np.quantile(z, [trim, 1 - trim]))
    return max(1.0, float((z**2).mean()))
