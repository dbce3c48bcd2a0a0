"""Plan against actual: planned visits judged at their points, never by who was to make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from geo.presence.seen import Presence

Floats = npt.NDArray[np.float64]
Status = Literal["kept", "late", "not_seen", "unknown", "to_come"]
STATUSES: Final[tuple[Status, ...]] = ("kept", "late", "not_seen", "unknown", "to_come")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visits:
    """Planned visits: ``place`` int64[v], ``begin`` float64[v] seconds, ``dwell`` float64[v] seconds."""

    place: npt.NDArray[np.int64]
    begin: Floats
    dwell: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """What became of planned visits.

    Attributes
    ----------
    status : int8[v], index into ``STATUSES``
    seen_seconds : float64[v], time in sight from the tolerance before the begin to the tolerance after the end
    late_seconds : float64[v], how long after the planned begin the stay began; nan where none was seen
    """

    status: npt.NDArray[np.int8]
    seen_seconds: Floats
    late_seconds: Floats


def against_plan(
    made: Presence,
    visits: Visits,
    *,
    tolerance_seconds: float = 300.0,
    late_seconds: float = 1800.0,
    now: float = np.inf,
) -> Kept:
    """Judge each planned visit: kept within the tolerance, late, not seen, unknown, or still to come at ``now``.

    A visit is kept if a unit is in sight at some moment from the tolerance before to the tolerance after its begin, late if
    only then until ``late_seconds``, unknown if nobody was seen but a lost unit may have been there within the tolerance.
    Any unit will do: the point is what was to be visited.
    """
    if not 0 < tolerance_seconds <= late_seconds:
        raise ParameterError(
            "The tolerance must be above 0 and not above the time that is late", "容许偏差应大于 0 且不超过迟到时限"
        )
    v = len(visits.place)
    status, late = np.full(v, STATUSES.index("not_seen"), np.int8), np.full(v, np.nan)
    seconds = np.zeros(v)
    stays = made.stays()
    for i in range(v):
        place, begin = int(visits.place[i]), float(visits.begin[i])
        if begin > now:
            status[i] = STATUSES.index("to_come")
            continue
        a, b = np.searchsorted(stays.place, [place, place + 1])
        low, high = stays.begin[a:b], stays.until[a:b]
        early = begin - tolerance_seconds
        good = (high >= early) & (low <= begin + late_seconds)
        first = float(low[good].min()) if good.any() else np.inf
        seconds[i] = _overlap(made, place, early, begin + float(visits.dwell[i]) + tolerance_seconds)
        if first <= begin + tolerance_seconds:
            status[i] = STATUSES.index("kept")
        elif _maybe(made, place, early, min(begin + tolerance_seconds, now)):
            status[i] = STATUSES.index("unknown")
        elif np.isfinite(first):
            status[i] = STATUSES.index("late")
        elif begin + tolerance_seconds > now:
            status[i] = STATUSES.index("to_come")
        if np.isfinite(first):
            late[i] = max(0.0, first - begin)
    return Kept(status=status, seen_seconds=seconds, late_seconds=late)


def _overlap(made: Presence, place: int, begin: float, until: float) -> float:
    a, b = np.searchsorted(made.seen.place, [place, place + 1])
    low, high = np.maximum(made.seen.begin[a:b], begin), np.minimum(made.seen.until[a:b], until)
    return float(np.maximum(high - low, 0.0).sum())


def _maybe(made: Presence, place: int, begin: float, until: float) -> bool:
    a, b = np.searchsorted(made.unknown.place, [place, place + 1])
    return bool(((made.unknown.begin[a:b] < until) & (made.unknown.until[a:b] > begin)).any())
