"""Near repeats: does one call make another more likely nearby and soon (Knox test over bands)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.errors import InputError, ParameterError
from geo.hotspots.near_pairs import Pairs, near_pairs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Convention = Literal["closed_right", "calculator"]
Counter = Callable[[Pairs, npt.NDArray[np.uint8], npt.NDArray[np.generic], tuple[int, int]], Ints]
_SAME_PLACE_M: Final = 1e-3
_HAIR: Final = 1e-9
_LOOKED_UP: Final = 20_000  # days; a table of as many bytes stays in the cache


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NearRepeats:
    """Pairs of calls by band of distance (rows) and of time (columns).

    Rows are the same place (where asked for), each band of distance, and what is further; columns each band of days, and what is
    longer.

    Attributes
    ----------
    space_m, days : upper ends of the bands
    observed : int64[r, c], pairs of calls
    mean : float64[r, c], pairs on average over the runs
    expected : float64[r, c], from the margins alone: pairs of the row times pairs of the column over all pairs
    p : float64[r, c], chance of as many pairs or more when times have nothing to do with places: (runs with that + 1) / (runs + 1)
    same_place : whether row 0 is the same place
    n, runs : calls, and permutations of their times
    """

    space_m: tuple[float, ...]
    days: tuple[float, ...]
    observed: Ints
    mean: Floats
    expected: Floats
    p: Floats
    same_place: bool
    n: int
    runs: int

    @property
    def ratio(self) -> Floats:
        """Observed over mean, float64[r, c]; NaN where the mean is 0."""
        found = np.full(self.mean.shape, np.nan)
        np.divide(self.observed, self.mean, out=found, where=self.mean > 0)
        return found

    def row_label(self, row: int, language: str = "zh") -> str:
        """Return the name of a band of distance."""
        zh = language.startswith("zh")
        if self.same_place and row == 0:
            return "同一地点" if zh else "same place"
        return _label(self.space_m, row - self.same_place, "米" if zh else "m", zh=zh)

    def column_label(self, column: int, language: str = "zh") -> str:
        """Return the name of a band of time."""
        zh = language.startswith("zh")
        return _label(self.days, column, "天" if zh else "days", zh=zh)


def near_repeats(
    xy: npt.ArrayLike,
    days: npt.ArrayLike,
    *,
    space_m: Sequence[float] = (100.0, 200.0, 300.0, 400.0),
    time_days: Sequence[float] = (7.0, 14.0, 21.0, 28.0),
    runs: int = 999,
    seed: int = 0,
    same_place: bool = True,
    convention: Convention = "closed_right",
) -> NearRepeats:
    """Count pairs of calls by distance and time, and shuffle the times to see how many chance gives.

    ``xy`` is float64[n, 2] in metres, ``days`` [n] in days (whole or not). Bands are **closed on the right**: 100 m belongs to the
    band up to 100 m, and 3 days to the band up to 3 days. ``calculator`` repeats the Near Repeat Calculator 1.3: distances along the
    axes from coordinates in single precision, and bands closed on the left, so that 3 days fall into the band after 3. Knox, E. G.
    (1964). The detection of space-time interactions. Applied Statistics 13, 25-29; Ratcliffe, J. H. and Rengert, G. F. (2008).
    Near-repeat patterns in Philadelphia shootings. Security Journal 21, 58-76.
    """
    places, when = _checked(xy, days, space_m, time_days, runs)
    old = convention == "calculator"
    if old:
        places = places.astype(np.float32).astype(np.float64)
    # A hair beyond the edge: from 0.1 to 0.4 days it is 0.3, whatever the last bit says.
    slack = 1 - _HAIR if old else 1 + _HAIR
    near_edges = np.r_[[_SAME_PLACE_M] if same_place else [], np.asarray(space_m) * slack]
    pairs = near_pairs(places, float(near_edges[-1]), manhattan=old)
    side: Literal["left", "right"] = "right" if old else "left"
    row = np.searchsorted(near_edges, pairs.metres, side=side).astype(np.uint8)
    edges = np.asarray(time_days, np.float64) * slack
    times, count = _counter(when[pairs.order], edges, closed_left=old)
    shape = (len(near_edges) + 1, len(edges) + 1)
    by_row = np.bincount(row, minlength=shape[0])[: shape[0]].astype(np.int64)
    total = len(when) * (len(when) - 1) // 2
    by_row[-1] = total - by_row[:-1].sum()
    by_column = _time_pairs(np.sort(when), edges, old)
    observed = _table(count(pairs, row, times, shape), by_row, by_column)
    rng = np.random.default_rng(seed)
    sums, as_many = np.zeros(shape), np.zeros(shape, np.int64)
    for _ in range(runs):
        table = _table(count(pairs, row, rng.permutation(times), shape), by_row, by_column)
        sums += table
        as_many += table >= observed
    return NearRepeats(
        space_m=tuple(float(v) for v in space_m), days=tuple(float(v) for v in time_days), observed=observed,
        mean=sums / runs, expected=by_row[:, None] * by_column[None, :] / max(total, 1), p=(as_many + 1) / (runs + 1),
        same_place=same_place, n=len(when), runs=runs,
    )  # fmt: skip


def _checked(
    xy: npt.ArrayLike, days: npt.ArrayLike, space_m: Sequence[float], time_days: Sequence[float], runs: int
) -> tuple[Floats, Floats]:
    places = np.asarray(xy, np.float64).reshape(-1, 2)
    when = np.asarray(days, np.float64)
    if len(places) != len(when) or len(when) < 2 or not np.isfinite(when).all():
        raise InputError(
            "Near repeats need at least 2 calls, each with a place and a day",
            "近重复分析至少需要 2 起有地点和日期的警情",
        )
    for edges, en, zh in ((space_m, "distance", "距离"), (time_days, "time", "时间")):
        if (
            not len(edges)
            or len(edges) > 200
            or not (np.diff(np.r_[0.0, edges]) > 0).all()
            or not np.isfinite(edges).all()
        ):
            raise ParameterError(f"Bands of {en} must rise from above 0", f"{zh}带应大于 0 且逐级递增")
    if runs < 1:
        raise ParameterError("Permutations are 1 or more", "置换次数应不小于 1")
    return places, when


def _table(near: Ints, by_row: Ints, by_column: Ints) -> Ints:
    """Fill in what the margins give: the last row and column, which no shuffling of near pairs needs to count."""
    near[:-1, -1] = by_row[:-1] - near[:-1, :-1].sum(axis=1)
    near[-1] = by_column - near[:-1].sum(axis=0)
    return near


def _time_pairs(times: Floats, edges: Floats, closed_left: bool) -> Ints:  # noqa: FBT001
    """Return how many pairs of all calls fall into each band of time, the longer ones last; ``times`` rise."""
    rank = np.arange(len(times))
    side: Literal["left", "right"] = "left" if closed_left else "right"
    upto = [int((np.searchsorted(times, times + edge, side=side) - 1 - rank).sum()) for edge in edges]
    total = len(times) * (len(times) - 1) // 2
    return np.diff([0, *upto, total]).astype(np.int64)


def _label(edges: tuple[float, ...], band: int, unit: str, *, zh: bool) -> str:
    if band == len(edges):
        return f"{edges[-1]:g} {unit}以上" if zh else f"over {edges[-1]:g} {unit}"
    low = edges[band - 1] if band else 0.0
    return f"{low:g}–{edges[band]:g} {unit}"


def _counter(when: Floats, edges: Floats, *, closed_left: bool) -> tuple[npt.NDArray[np.generic], Counter]:
    """Return the times as they are counted, and what counts near pairs; whole days are looked up instead of compared."""
    whole = np.rint(when)
    longest = int(edges[-1]) + 1
    if not (whole == when).all() or longest > _LOOKED_UP or float(np.ptp(when)) >= 2**31 - 1:
        return when, lambda pairs, row, times, shape: _compare(
            pairs.indptr, pairs.other, row, times, edges, closed_left, shape[0]
        )
    side: Literal["left", "right"] = "right" if closed_left else "left"
    band = np.searchsorted(edges, np.arange(longest + 1), side=side).astype(np.uint8)
    days = (whole - whole.min()).astype(np.int32)
    return days, lambda pairs, row, times, shape: _look_up(pairs.indptr, pairs.other, row, times, band, *shape)


@compiled()
def _look_up(
    indptr: Ints,
    other: npt.NDArray[np.int32],
    row: npt.NDArray[np.uint8],
    times: npt.NDArray[np.int32],
    band: npt.NDArray[np.uint8],
    rows: int,
    columns: int,
) -> Ints:
    """Return near pairs by row and band of time; the last row and column stay 0."""
    # Two tables by turns: an addition does not wait for the one before it.
    found = np.zeros((2, rows * columns), np.int64)
    longest = np.int32(len(band) - 1)
    for i in range(len(indptr) - 1):
        mine = times[i]
        for at in range(indptr[i], indptr[i + 1]):
            gap = min(abs(times[other[at]] - mine), longest)
            found[at & 1, np.int64(row[at]) * columns + band[gap]] += 1
    table = np.zeros((rows, columns), np.int64)
    table[:] = (found[0] + found[1]).reshape(rows, columns)
    table[:, -1] = 0
    table[-1, :] = 0
    return table


@compiled()
def _compare(
    indptr: Ints,
    other: npt.NDArray[np.int32],
    row: npt.NDArray[np.uint8],
    times: Floats,
    edges: Floats,
    closed_left: bool,  # noqa: FBT001
    rows: int,
) -> Ints:
    """Return near pairs by row and band of time; the last row and column stay 0."""
    found = np.zeros((rows, len(edges) + 1), np.int64)
    longest = edges[-1]
    for i in range(len(indptr) - 1):
        mine = times[i]
        for at in range(indptr[i], indptr[i + 1]):
            gap = abs(times[other[at]] - mine)
            if gap > longest:
                continue
            band = 0
            if closed_left:
                while band < len(edges) and gap >= edges[band]:
                    band += 1
            else:
                while gap > edges[band]:
                    band += 1
            found[row[at], band] += 1
    found[:, -1] = 0
    found[-1, :] = 0
    return found
