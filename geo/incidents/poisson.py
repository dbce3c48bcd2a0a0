"""The uncertainty of a count."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from geo.errors import ParameterError


def poisson_interval(
    counts: npt.ArrayLike, *, level: float = 0.95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the exact two-sided interval of the mean behind each Poisson count, as (low, high) of the same shape.

    ``low = chi2(a/2; 2n) / 2`` and ``high = chi2(1 - a/2; 2n + 2) / 2`` with ``a = 1 - level`` (Garwood 1936);
    the low end of 0 calls is 0.

    Raises
    ------
    ParameterError
        If a count is negative or not a whole number, or ``level`` is not within 0 and 1.
    """
    n = np.asarray(counts, dtype=np.float64)
    if not (np.isfinite(n).all() and (n >= 0).all() and (n == np.floor(n)).all()):
        raise ParameterError("A count is not a whole number of zero or more", "计数必须是非负整数")
    if not 0 < level < 1:
        raise ParameterError(
            f"The level {level} of an interval is not between 0 and 1", f"区间的置信水平 {level} 应在 0 与 1 之间"
        )
    tail = (1 - level) / 2
    # The chi-squared quantile of 2k degrees, halved, is the inverse of the regularised incomplete gamma function of k.
    low = np.where(n > 0, gammaincinv(np.maximum(n, 1), tail), 0.0)
    return low, np.asarray(gammaincinv(n + 1, 1 - tail), dtype=np.float64)
