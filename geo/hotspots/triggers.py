"""Which earlier calls may have triggered a call: those near it in place and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.errors import LimitError
from geo.hotspots.near_pairs import hashed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Halves = npt.NDArray[np.float32]
MOST: Final = 12_000_000
_LEAST_M: Final = 150.0
_LEAST_DAYS: Final = 14.0
_SAMPLE: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Triggers:
    """Pairs of a call and an earlier one within reach, as lists over calls in the order ``order``.

    Attributes
    ----------
    order : int64[n]
    indptr : int64[n + 1]
    gap : float32[k] days between the two, above 0; square : float32[k] metres squared
    furthest_m, longest_days : the reach that was used
    """

    order: Ints
    indptr: Ints
    gap: Halves
    square: Halves
    furthest_m: float
    longest_days: float


def triggers(xy: Floats, day: Floats, *, furthest_m: float, longest_days: float, most: int = MOST) -> Triggers:
    """Return pairs at most ``furthest_m`` and ``longest_days`` apart (equality counts).

    Where that would be more than ``most``, both reaches are cut back by steps of a fifth, down to 150 m and 14 days.

    Raises
    ------
    LimitError
        If there are more pairs even so.
    """
    by_day = np.argsort(day, kind="stable").astype(np.int64)
    xy, day = xy[by_day], day[by_day]
    while True:
        table = hashed(xy, furthest_m)
        # Points are hashed in the order of their days, so that those of a square stand in that order too.
        days = np.ascontiguousarray(day[table.order])
        arguments = (
            table.xy,
            days,
            table.column,
            table.row,
            table.starts,
            table.columns,
            table.rows,
            furthest_m,
            longest_days,
        )
        sample = np.unique(np.linspace(0, len(xy) - 1, min(len(xy), _SAMPLE)).astype(np.int64))
        guess = int(_count(*arguments, sample).sum() * (len(xy) / max(1, len(sample))))
        if guess <= most:
            count = _count(*arguments, np.arange(len(xy)))
            indptr = np.zeros(len(count) + 1, np.int64)
            np.cumsum(count, out=indptr[1:])
            gap, square = _fill(*arguments, indptr)
            return Triggers(
                order=by_day[table.order], indptr=indptr, gap=gap, square=square, furthest_m=furthest_m,
                longest_days=longest_days,
            )  # fmt: skip
        if furthest_m <= _LEAST_M and longest_days <= _LEAST_DAYS:
            raise LimitError(
                f"About {guess:,} pairs of calls lie within {furthest_m:g} m and {longest_days:g} days: choose classes or hours",
                f"{furthest_m:g} 米、{longest_days:g} 天内约有 {guess} 对警情，请选择类别或时段",
            )
        furthest_m = min(furthest_m, max(_LEAST_M, furthest_m * 0.8))
        longest_days = min(longest_days, max(_LEAST_DAYS, longest_days * 0.8))


@compiled()
def _count(
    xy: Floats, day: Floats, column: Ints, row: Ints, starts: Ints, columns: int, rows: int, reach: float, longest: float,
    wanted: Ints,
) -> Ints:  # fmt: skip
    found = np.zeros(len(wanted), np.int64)
    for k in range(len(wanted)):
        i = wanted[k]
        for r in range(max(row[i] - 1, 0), min(row[i] + 2, rows)):
            for c in range(max(column[i] - 1, 0), min(column[i] + 2, columns)):
                end = starts[r * columns + c + 1]
                first = starts[r * columns + c]
                for j in range(first + np.searchsorted(day[first:end], day[i] - longest), end):
                    if day[j] >= day[i]:
                        break
                    dx, dy = xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1]
                    found[k] += np.sqrt(dx * dx + dy * dy) <= reach
    return found


@compiled()
def _fill(
    xy: Floats, day: Floats, column: Ints, row: Ints, starts: Ints, columns: int, rows: int, reach: float, longest: float,
    indptr: Ints,
) -> tuple[Halves, Halves]:  # fmt: skip
    gap, square = np.empty(indptr[-1], np.float32), np.empty(indptr[-1], np.float32)
    at = 0
    for i in range(len(xy)):
        for r in range(max(row[i] - 1, 0), min(row[i] + 2, rows)):
            for c in range(max(column[i] - 1, 0), min(column[i] + 2, columns)):
                end = starts[r * columns + c + 1]
                first = starts[r * columns + c]
                for j in range(first + np.searchsorted(day[first:end], day[i] - longest), end):
                    if day[j] >= day[i]:
                        break
                    dx, dy = xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1]
                    if np.sqrt(dx * dx + dy * dy) <= reach:
                        gap[at], square[at] = day[i] - day[j], dx * dx + dy * dy
                        at += 1
    return gap, square


@compiled()
def shares(
    indptr: Ints, gap: Halves, square: Halves, density: Floats, k: float, d: float, s: float
) -> tuple[Floats, float, float, float]:
    """Return the rate at each call, and over all pairs the shares that earlier calls have in later ones: their sum, with days, with squares.

    ``density`` is the background's rate at each call; a pair adds ``k exp(-gap / d) / d * normal(distance; s)``.
    """
    total = np.empty(len(density))
    caused, days, squares = 0.0, 0.0, 0.0
    scale = k / d / (2 * np.pi * s * s)
    for i in range(len(density)):
        rate, with_gap, with_square = 0.0, 0.0, 0.0
        for p in range(indptr[i], indptr[i + 1]):
            part = scale * np.exp(-gap[p] / d - square[p] / (2 * s * s))
            rate += part
            with_gap += part * gap[p]
            with_square += part * square[p]
        total[i] = density[i] + rate
        caused += rate / total[i]
        days += with_gap / total[i]
        squares += with_square / total[i]
    return total, caused, days, squares
