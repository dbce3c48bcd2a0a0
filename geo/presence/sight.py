"""When a unit was in sight of a place, and when a lost unit may have been.

A lost unit may have been at a place if it could get there after it was last heard and get away before it was heard again
(the prism of time geography: Hagerstrand, T. (1970). What about people in regional science? Papers of the Regional Science Association 24, 7-21).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.presence.intervals import Intervals
from geo.presence.legs import Legs, Losses

_AT_ONCE: Final = 2_000_000
"""Pairs of silence and place that are weighed in one go."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def in_sight(legs: Legs, places_xy: Floats, *, radius_m: float, start: float, end: float) -> Intervals:
    """Return when any unit was within ``radius_m`` of each place, float64[p, 2] in the metres of the legs."""
    place, begin, until = _passes(
        np.ascontiguousarray(legs.start_xy), np.ascontiguousarray(legs.end_xy), legs.begin, legs.until,
        *_binned(places_xy, radius_m), np.ascontiguousarray(places_xy), radius_m,
    )  # fmt: skip
    return Intervals.of(place, begin, until, start=start, end=end)


def maybe_there(
    losses: Losses, places_xy: Floats, *, radius_m: float, fastest_m_per_s: float, start: float, end: float
) -> Intervals:
    """Return when a lost unit may have been within ``radius_m`` of each place."""
    places, begins, untils = [], [], []
    step = max(1, _AT_ONCE // max(1, len(places_xy)))
    for first in range(0, len(losses), step):
        rows = slice(first, first + step)
        arrive = losses.begin[rows, None] + _way(losses.last_xy[rows], places_xy, radius_m) / fastest_m_per_s
        leave = losses.until[rows, None] - _way(losses.next_xy[rows], places_xy, radius_m) / fastest_m_per_s
        loss, place = np.nonzero(arrive < leave)
        places.append(place)
        begins.append(arrive[loss, place])
        untils.append(leave[loss, place])
    if not places:
        return Intervals.of([], [], [], start=start, end=end)
    return Intervals.of(np.concatenate(places), np.concatenate(begins), np.concatenate(untils), start=start, end=end)


def _way(xy: Floats, places_xy: Floats, radius_m: float) -> Floats:
    """Return metres to the circle of each place; 0 from where nobody knows."""
    far = np.hypot(xy[:, None, 0] - places_xy[None, :, 0], xy[:, None, 1] - places_xy[None, :, 1])
    return np.where(np.isnan(far), 0.0, np.maximum(far - radius_m, 0.0))


def _binned(xy: Floats, radius_m: float) -> tuple[Floats, float, Ints, Ints, Ints]:
    """Sort places into square bins: lower corner, side, shape, first rows and rows."""
    corner = xy.min(axis=0) if len(xy) else np.zeros(2)
    reach = float((xy.max(axis=0) - corner).max()) if len(xy) else 0.0
    # No more than a million bins, however far apart places lie.
    side = max(radius_m, reach / 1000.0)
    at = np.floor((xy - corner) / side).astype(np.int64)
    shape = at.max(axis=0) + 1 if len(xy) else np.ones(2, np.int64)
    flat = at[:, 0] * shape[1] + at[:, 1]
    order = np.argsort(flat, kind="stable")
    indptr = np.searchsorted(flat[order], np.arange(int(shape[0] * shape[1]) + 1))
    return corner, side, shape, indptr.astype(np.int64), order.astype(np.int64)


@compiled()
def _passes(
    start_xy: Floats, end_xy: Floats, begin: Floats, until: Floats,
    corner: Floats, side: float, shape: Ints, indptr: Ints, rows: Ints, places_xy: Floats, radius: float,
) -> tuple[Ints, Floats, Floats]:  # fmt: skip
    """Cut each leg with the circles around the places in the bins that it touches."""
    size = 1024
    place, low, high = np.empty(size, np.int64), np.empty(size), np.empty(size)
    n = 0
    for i in range(len(begin)):
        x0, y0, x1, y1 = start_xy[i, 0], start_xy[i, 1], end_xy[i, 0], end_xy[i, 1]
        left = max(0, int(np.floor((min(x0, x1) - radius - corner[0]) / side)))
        right = min(shape[0] - 1, int(np.floor((max(x0, x1) + radius - corner[0]) / side)))
        down = max(0, int(np.floor((min(y0, y1) - radius - corner[1]) / side)))
        up = min(shape[1] - 1, int(np.floor((max(y0, y1) + radius - corner[1]) / side)))
        dx, dy = x1 - x0, y1 - y0
        a = dx * dx + dy * dy
        span = until[i] - begin[i]
        for bx in range(left, right + 1):
            for k in range(indptr[bx * shape[1] + down], indptr[bx * shape[1] + up + 1] if down <= up else 0):
                p = rows[k]
                fx, fy = x0 - places_xy[p, 0], y0 - places_xy[p, 1]
                c = fx * fx + fy * fy - radius * radius
                u0, u1 = 0.0, 1.0
                if a > 0.0:
                    half = fx * dx + fy * dy
                    disc = half * half - a * c
                    if disc < 0.0:
                        continue
                    root = np.sqrt(disc)
                    u0, u1 = max(0.0, (-half - root) / a), min(1.0, (-half + root) / a)
                    if u0 > u1:
                        continue
                elif c > 0.0:
                    continue
                if n == size:
                    size *= 2
                    wider = np.empty(size, np.int64)
                    wider[:n] = place
                    place = wider
                    more = np.empty(size)
                    more[:n] = low
                    low = more
                    again = np.empty(size)
                    again[:n] = high
                    high = again
                place[n], low[n], high[n] = p, begin[i] + u0 * span, begin[i] + u1 * span
                n += 1
    return place[:n].copy(), low[:n].copy(), high[:n].copy()
