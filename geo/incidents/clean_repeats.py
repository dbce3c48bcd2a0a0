"""Calls that tell of the same event again: same class, near in place and time."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.incidents.flags import Mask

WITHIN_M: Final = 50.0
WITHIN_SECONDS: Final = 600
_MOST_COMPARED: Final = 2_000
"""Calls of one class within ten minutes that one is compared with; more only come of times that are not exact."""
_DEGREE_M: Final = 111_320.0


def repeats(
    lonlat: npt.NDArray[np.float64],
    seconds: npt.NDArray[np.int64],
    families: npt.NDArray[np.int64],
    *,
    usable: Mask,
    within_m: float = WITHIN_M,
    within_seconds: int = WITHIN_SECONDS,
) -> npt.NDArray[np.int64]:
    """Return int64[n]: the earliest call that a call repeats, or -1.

    Two calls belong together when they are of one class, at most ``within_m`` apart and at most ``within_seconds`` from
    each other; the earlier one stands (of two at the same second, the first in order). ``usable`` leaves calls out whose
    place or time is not exact.
    """
    out = np.full(len(lonlat), -1, dtype=np.int64)
    rows = np.flatnonzero(usable)
    if rows.size < 2:
        return out
    order = rows[np.lexsort((rows, seconds[rows], families[rows]))]
    middle = float(np.median(lonlat[rows, 1]))
    metres = lonlat[order] * [_DEGREE_M * np.cos(np.radians(middle)), _DEGREE_M]
    first = _earlier(
        np.ascontiguousarray(metres), seconds[order], families[order], float(within_m) ** 2, int(within_seconds)
    )
    hit = first >= 0
    out[order[hit]] = order[first[hit]]
    return out


@compiled()
def _earlier(
    metres: npt.NDArray[np.float64],
    seconds: npt.NDArray[np.int64],
    families: npt.NDArray[np.int64],
    square: float,
    span: int,
) -> npt.NDArray[np.int64]:
    n = len(seconds)
    out = np.full(n, -1, dtype=np.int64)
    start = 0
    for i in range(n):
        while families[start] != families[i] or seconds[i] - seconds[start] > span:
            start += 1
        for j in range(max(start, i - _MOST_COMPARED), i):
            dx = metres[i, 0] - metres[j, 0]
            dy = metres[i, 1] - metres[j, 1]
            if dx * dx + dy * dy <= square:
                out[i] = j if out[j] < 0 else out[j]
                break
    return out
