"""How good a prediction of places was: PAI, PEI, RRI and likelihood."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, xlogy

from geo.errors import InputError

Floats = npt.NDArray[np.float64]


def pai(observed: npt.ArrayLike, areas: npt.ArrayLike | None = None) -> Floats:
    """Return the predictive accuracy index after the first 1, 2, ... n places, float64[n].

    The share of calls that fell into the places divided by their share of the area. ``observed`` are calls that came
    later, most likely place first; ``areas`` are equal where not given. Chainey, S., Tompson, L. and Uhlig, S. (2008).
    The utility of hotspot mapping for predicting spatial patterns of crime. Security Journal 21, 4-28.
    """
    calls = _counts(observed)
    size = np.ones(len(calls)) if areas is None else np.asarray(areas, np.float64)
    if len(size) != len(calls) or not (size > 0).all():
        raise InputError("Each place needs an area above 0", "每个地点的面积都应大于 0")
    return np.asarray(np.cumsum(calls) / calls.sum() / (np.cumsum(size) / size.sum()), np.float64)


def pei(observed: npt.ArrayLike) -> Floats:
    """Return the predictive efficiency index after the first 1, 2, ... n places of equal area, float64[n].

    The PAI divided by the best that as many places could have had. Hunt, J. (2016). Do crime hot spots move?
    Exploring the effects of the modifiable areal unit problem. American University.
    """
    calls = _counts(observed)
    return np.asarray(np.cumsum(calls) / np.cumsum(np.sort(calls)[::-1]), np.float64)


def rri(before: npt.ArrayLike, after: npt.ArrayLike, chosen: npt.NDArray[np.bool_]) -> float:
    """Return the recapture rate index of the ``chosen`` places (bool[n]): their calls after over before, over the same of all places.

    1 says that they kept their share; NaN where they had no call before. Levine, N. (2008). The "hottest" part of a hotspot. Security Journal 21,
    295-302.
    """
    first, second = _counts(before), _counts(after)
    if not len(first) == len(second) == len(chosen):
        raise InputError("Counts before and after and the choice differ in length", "前后计数与所选地点的长度不一致")
    held = float(first[chosen].sum())
    return float(second[chosen].sum() / held / (second.sum() / first.sum())) if held else float("nan")


def poisson_log_likelihood(observed: npt.ArrayLike, expected: npt.ArrayLike) -> float:
    """Return the log probability of the counts when each is Poisson with the expected mean; -inf where a call was held to be impossible."""
    n, mean = np.asarray(observed, np.float64), np.asarray(expected, np.float64)
    if n.shape != mean.shape or (n < 0).any() or (mean < 0).any():
        raise InputError("Counts and means must be 0 or more, one for the other", "计数与期望应不小于 0 且一一对应")
    return float((xlogy(n, mean) - mean - gammaln(n + 1)).sum())


def _counts(observed: npt.ArrayLike) -> Floats:
    calls = np.asarray(observed, np.float64)
    if calls.ndim != 1 or not np.isfinite(calls).all() or (calls < 0).any() or not calls.any():
        raise InputError("Observed calls must be 0 or more and not all 0", "实际警情数应不小于 0 且不全为 0")
    return calls
