"""When calls happen that are only known to lie between two times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.errors import InputError, ParameterError
from geo.hotspots.when import MINUTES_PER_WEEK, local_minutes

Floats = npt.NDArray[np.float64]
_THURSDAY = 3 * 1440  # 1970-01-01 was one; weeks are counted from Monday


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aoristic:
    """Calls spread over their windows.

    Attributes
    ----------
    weights : float64[7, 24], by weekday (row 0 is Monday) and hour of day; their sum is ``n``
    n : calls counted
    wide : calls left out because their window is longer than allowed
    reversed : calls left out because they end before they begin
    """

    weights: Floats
    n: int
    wide: int
    reversed: int


def aoristic(
    start: npt.NDArray[np.datetime64], end: npt.NDArray[np.datetime64], *, longest_hours: float = 168.0
) -> Aoristic:
    """Give each call the weight 1, spread evenly over its window (datetime64[n] each, local clock), by the minute.

    A missing ``end`` or one equal to the start stands for a known time. Windows longer than ``longest_hours`` say little and are counted
    apart. Ratcliffe, J. H. (2002). Aoristic signatures and the spatio-temporal analysis of high volume crime patterns. Journal of
    Quantitative Criminology 18, 23-43.
    """
    if start.shape != end.shape:
        raise InputError("Starts and ends of windows differ in number", "起止时间的行数不一致")
    if not longest_hours > 0:
        raise ParameterError("The longest window must be above 0 hours", "最长时间窗应大于 0 小时")
    first = local_minutes(start).astype(np.int64)
    last = first.copy()
    known = ~np.isnat(end)
    last[known] = end[known].astype("datetime64[m]").astype(np.int64)
    backward = last < first
    wide = last - first > longest_hours * 60
    good = ~backward & ~wide
    weights = _spread(first[good] + _THURSDAY, last[good] + _THURSDAY, MINUTES_PER_WEEK)
    return Aoristic(
        weights=weights.reshape(7, 24), n=int(good.sum()), wide=int(wide.sum()), reversed=int(backward.sum())
    )


@compiled()
def _spread(first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], week: int) -> Floats:
    found = np.zeros(week // 60)
    for i in range(len(first)):
        if last[i] == first[i]:
            found[(first[i] % week) // 60] += 1.0
            continue
        share = 1.0 / (last[i] - first[i])
        at = first[i]
        while at < last[i]:
            until = min((at // 60 + 1) * 60, last[i])
            found[(at % week) // 60] += (until - at) * share
            at = until
    return found
