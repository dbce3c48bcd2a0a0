"""Intervals of time at places: joined, subtracted and measured, for all places at once.

All places lie on one axis of time, each shifted by a whole span, so that one sorted array serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Intervals:
    """Disjoint intervals by place and time; read-only.

    Attributes
    ----------
    start, end : the period in which all of them lie, seconds
    place : int64[n], rising
    begin, until : float64[n], seconds; equal ends are a moment
    """

    start: float
    end: float
    place: Ints
    begin: Floats
    until: Floats

    def __post_init__(self) -> None:
        for array in (self.place, self.begin, self.until):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.place)

    @classmethod
    def of(
        cls,
        place: npt.ArrayLike,
        begin: npt.ArrayLike,
        until: npt.ArrayLike,
        *,
        start: float,
        end: float,
        joined: float = 0.0,
    ) -> Self:
        """Cut intervals to the period and join those of a place that overlap, or lie at most ``joined`` seconds apart."""
        where = np.asarray(place, np.int64)
        low, high = np.maximum(np.asarray(begin, np.float64), start), np.minimum(np.asarray(until, np.float64), end)
        ok = low <= high
        where, low, high = where[ok], low[ok], high[ok]
        shift = where * _stride(start, end, joined) - start
        order = np.argsort(low + shift, kind="stable")
        where, low, high, shift = where[order], low[order], high[order], shift[order]
        if not len(where):
            return cls(start=start, end=end, place=where, begin=low, until=high)
        reach = np.maximum.accumulate(high + shift)
        fresh = np.r_[True, low[1:] + shift[1:] > reach[:-1] + joined]
        first = np.flatnonzero(fresh)
        last = np.r_[first[1:], len(where)] - 1
        return cls(start=start, end=end, place=where[first], begin=low[first], until=reach[last] - shift[first])

    def joined(self, seconds: float) -> Intervals:
        """Return the intervals with those of a place joined that lie at most ``seconds`` apart."""
        return Intervals.of(self.place, self.begin, self.until, start=self.start, end=self.end, joined=seconds)

    def without(self, other: Intervals) -> Intervals:
        """Return what of these intervals lies in none of ``other`` (of the same period); moments vanish."""
        stride = _stride(self.start, self.end, 0.0)
        a, b = self._line(stride), other._line(stride)
        cuts = np.unique(np.concatenate([*a, *b]))
        if len(cuts) < 2:
            return Intervals.of([], [], [], start=self.start, end=self.end)
        middle = 0.5 * (cuts[:-1] + cuts[1:])
        kept = _covers(a, middle) & ~_covers(b, middle)
        low, high = cuts[:-1][kept], cuts[1:][kept]
        place = np.floor(0.5 * (low + high) / stride).astype(np.int64)
        shift = place * stride - self.start
        return Intervals.of(place, low - shift, high - shift, start=self.start, end=self.end)

    def seconds(self, places: int, edges: Floats) -> Floats:
        """Return how much of each bin is covered, float64[places, b], for float64[b + 1] rising ``edges`` in the period."""
        stride = _stride(self.start, self.end, 0.0)
        low, high = self._line(stride)
        at = np.arange(places)[:, None] * stride + (edges - self.start)[None, :]
        if not len(low):
            return np.zeros((places, len(edges) - 1))
        whole = np.r_[0.0, np.cumsum(high - low)]
        row = np.searchsorted(low, at, side="right")
        done = whole[row]
        over = np.where(row > 0, np.maximum(high[np.maximum(row - 1, 0)] - at, 0.0), 0.0)
        return np.asarray(np.diff(done - over, axis=1))

    def touches(self, places: int, edges: Floats) -> npt.NDArray[np.bool_]:
        """Tell which bins hold any moment of an interval, bool[places, b]; a bin has its beginning and not its end."""
        out = np.zeros((places, len(edges)), np.int64)
        first = np.searchsorted(edges, self.begin, side="right") - 1
        last = np.searchsorted(edges, self.until, side="left") - 1
        last = np.maximum(last, first)
        ok = (first >= 0) & (first < len(edges) - 1)
        np.add.at(out, (self.place[ok], first[ok]), 1)
        np.add.at(out, (self.place[ok], np.minimum(last[ok], len(edges) - 2) + 1), -1)
        return np.asarray(np.cumsum(out, axis=1)[:, :-1] > 0)

    def _line(self, stride: float) -> tuple[Floats, Floats]:
        shift = self.place * stride - self.start
        return self.begin + shift, self.until + shift


def everywhere(places: int, begin: Floats, until: Floats, *, start: float, end: float) -> Intervals:
    """Return the same intervals, float64[n] each, at every one of ``places``."""
    row = np.repeat(np.arange(places), len(begin))
    return Intervals.of(row, np.tile(begin, places), np.tile(until, places), start=start, end=end)


def _stride(start: float, end: float, joined: float) -> float:
    return end - start + joined + 1.0


def _covers(line: tuple[Floats, Floats], at: Floats) -> npt.NDArray[np.bool_]:
    low, high = line
    if not len(low):
        return np.zeros(len(at), bool)
    row = np.searchsorted(low, at, side="right") - 1
    return np.asarray((row >= 0) & (at < high[np.maximum(row, 0)]))
