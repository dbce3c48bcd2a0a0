"""Whether two Poisson counts differ by more than chance."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from geo.errors import ParameterError

_ALIKE = 1e-12  # statistics that differ by less are one


def e_test(first: int, second: int, *, first_exposure: float = 1.0, second_exposure: float = 1.0) -> float:
    """Return the two-sided p that two Poisson counts have one rate.

    Sums the probability, under the common rate, of all pairs of counts whose statistic
    ``(x/m - y/n) / sqrt(x/m^2 + y/n^2)`` is at least as extreme. Krishnamoorthy, K. and Thomson, J. (2004). A more
    powerful test for comparing two Poisson means. Journal of Statistical Planning and Inference 119, 23-35.
    """
    if min(first, second) < 0 or min(first_exposure, second_exposure) <= 0:
        raise ParameterError("Counts must be 0 or more and exposures above 0", "计数应不小于 0，暴露量应大于 0")
    total = first + second
    if total == 0:
        return 1.0
    m, n = float(first_exposure), float(second_exposure)
    rate = total / (m + n)
    x, y = (_likely(m * rate), _likely(n * rate))
    observed = float(abs(_standardised(np.array(float(first)), np.array(float(second)), m, n)))
    chance_x, chance_y = poisson.pmf(x, m * rate), poisson.pmf(y, n * rate)
    if observed <= _ALIKE:
        return 1.0
    # For one x the statistic falls as y grows, so what is extreme are the y before one place and from another on.
    few = _first(x, y, m, n, observed - _ALIKE)
    many = _first(x, y, m, n, -observed + _ALIKE)
    below, above = np.r_[0.0, np.cumsum(chance_y)], np.r_[np.cumsum(chance_y[::-1])[::-1], 0.0]
    p = float(chance_x @ (below[few] + above[many]))
    return min(1.0, p)


def _likely(mean: float) -> npt.NDArray[np.float64]:
    """Return the counts of a Poisson variable without tails below e^-50, which no sum of floats would show."""
    reach = 10 * math.sqrt(mean)
    return np.arange(max(0, math.floor(mean - reach)), math.ceil(mean + reach) + 51, dtype=np.float64)


def _first(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], m: float, n: float, limit: float
) -> npt.NDArray[np.int64]:
    """Return for each x the place in y from which on the statistic is below ``limit`` (or at it, when negative)."""
    low, high = np.zeros(len(x), dtype=np.int64), np.full(len(x), len(y), dtype=np.int64)
    while (open_ := low < high).any():
        middle = (low + high) // 2
        statistic = _standardised(x, y[np.minimum(middle, len(y) - 1)], m, n)
        beyond = statistic < limit if limit > 0 else statistic <= limit
        high = np.where(open_ & beyond, middle, high)
        low = np.where(open_ & ~beyond, middle + 1, low)
    return low


def _standardised(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], m: float, n: float
) -> npt.NDArray[np.float64]:
    spread = np.sqrt(x / m**2 + y / n**2)
    difference = np.asarray(x / m - y / n, dtype=np.float64)
    return np.divide(difference, spread, out=np.zeros_like(difference), where=spread > 0)
