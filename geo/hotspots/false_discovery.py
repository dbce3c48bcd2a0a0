"""Many tests at once: which stand out when a share of false alarms is allowed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from geo.errors import InputError, ParameterError

Floats = npt.NDArray[np.float64]


def adjusted(p: npt.ArrayLike, *, any_dependence: bool = False) -> Floats:
    """Return for each p the least false discovery rate at which its place stands out, float64 of the same shape; NaN stays.

    Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society B
    57, 289-300. Neighbourhoods that overlap are positively dependent, which it allows (Benjamini and Yekutieli 2001); with
    ``any_dependence`` it holds whatever the dependence, at the cost of a factor of about ln n.
    """
    found = np.array(p, dtype=np.float64)
    known = ~np.isnan(found)
    mine = found[known]
    if ((mine < 0) | (mine > 1)).any():
        raise InputError("A probability lies from 0 to 1", "概率应在 0 与 1 之间")
    n = len(mine)
    if n:
        order = np.argsort(mine, kind="stable")
        steps = mine[order] * n / np.arange(1, n + 1)
        if any_dependence:
            steps = steps * (1 / np.arange(1, n + 1)).sum()
        least = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
        mine[order] = least
        found[known] = mine
    return found


def standing_out(p: npt.ArrayLike, *, rate: float = 0.05) -> npt.NDArray[np.bool_]:
    """Return which places stand out at a false discovery rate, bool of the same shape; NaN never does."""
    if not 0 < rate < 1:
        raise ParameterError(
            f"A false discovery rate lies between 0 and 1, not {rate}", f"误报率应在 0 与 1 之间，而不是 {rate}"
        )
    return np.asarray(adjusted(p) <= rate)


def chance_of_score(z: npt.ArrayLike) -> Floats:
    """Return the two-sided chance of standard scores; NaN stays."""
    return np.asarray(2 * ndtr(-np.abs(np.asarray(z, np.float64))), np.float64)
