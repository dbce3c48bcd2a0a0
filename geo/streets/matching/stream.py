"""Map matching of one unit while its positions come in: the same as for the whole track, a little later."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.crs import to_metric
from geo.errors import InputError, ParameterError
from geo.streets.matching.match import WORSE, Matcher
from geo.streets.matching.standing import Fixes, Stops, gathered
from geo.streets.matching.trellis import Layer, Trellis, layer_of

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A position with its place on the streets for good.

    ``arc`` is -1, and ``share`` and ``apart_m`` nan, where it could not be matched; ``chain`` counts unbroken drives from 0.
    """

    seconds: float
    arc: int
    share: float
    apart_m: float
    chain: int


class Stream:
    """Matches the positions of one unit one by one.

    A position is placed as soon as all chains that may still win agree on it, as the whole track will; ``lag_seconds`` after
    it the best chain decides. A stop is open until the unit moves on.

    Parameters
    ----------
    matcher
        Its model must state the noise, for a stream has no track to estimate it from.
    lag_seconds
        How long a position may wait for those after it.
    """

    def __init__(self, matcher: Matcher, *, lag_seconds: float = 120.0) -> None:
        noise = matcher.model.noise_m
        if noise is None:
            raise ParameterError(
                "A stream of positions needs a stated noise: MatchModel(noise_m=…)", "实时匹配须给定定位误差 noise_m"
            )
        if lag_seconds <= 0:
            raise ParameterError("The lag of a stream must be above 0 seconds", "实时匹配的滞后应大于 0 秒")
        self._matcher, self._noise, self._lag = matcher, noise, lag_seconds
        self._trellis = Trellis(lambda last, fresh: matcher.join(last, fresh, matcher.room()))
        self._stops = Stops(noise)
        self._open: list[tuple[Floats, Floats, float]] = []
        self._fixes: deque[tuple[int, Fixes]] = deque()
        self._next, self._known, self._told = 0, 0, 0
        self._times: dict[int, tuple[float, ...]] = {}
        self._chains = 0
        self._now = -np.inf

    def add(self, seconds: float, lon: float, lat: float) -> list[Placed]:
        """Take in a position, later than those before it; return what is placed for good, in the order of time."""
        if not (np.isfinite([seconds, lon, lat]).all() and seconds > self._now):
            raise InputError(
                f"The position at {seconds} is not finite or not after the last one",
                f"时刻 {seconds} 的定位无效或未晚于上一个",
            )
        self._now = seconds
        lonlat = np.array([[lon, lat]])
        self._open.append((lonlat[0], to_metric(lonlat, self._matcher.streets.crs)[0], seconds))
        self._gather(self._stops.add(self._open[-1][1], seconds))
        self._walk(more=True)
        return self._settled()

    def finish(self) -> list[Placed]:
        """Place all that is left, at the end of a duty."""
        self._gather(self._stops.rest())
        self._walk(more=False)
        out = self._closed()
        last = self._trellis.layer
        return out + self._place(self._known, last, 0 if last is None else int(last.cost.argmin()))

    def _gather(self, sizes: list[int]) -> None:
        for size in sizes:
            run, self._open = self._open[:size], self._open[size:]
            lonlat, xy = np.array([r[0] for r in run]), np.array([r[1] for r in run])
            times = tuple(r[2] for r in run)
            made = gathered(lonlat, xy, np.array(times), np.array([size], np.int64), self._noise)
            self._fixes.append((self._known, made))
            self._times[self._known] = times
            self._known += 1

    def _walk(self, *, more: bool) -> None:
        """Take fixes into the trellis as far as they need none of those to come."""
        while self._next < self._known:
            if not self._trellis.step(self._next, self._layer, known=self._known, more=more):
                return
            self._next += 1
            while self._fixes and self._fixes[0][0] < self._next:
                self._fixes.popleft()

    def _layer(self, row: int) -> Layer | None:
        made = next(fix for number, fix in self._fixes if number == row)
        near = self._matcher.candidates(made.lonlat, self._noise)
        layer = layer_of(near, 0, made)
        if layer is not None:
            layer.row = row
        return layer

    def _closed(self) -> list[Placed]:
        """Place the chains that have ended."""
        out: list[Placed] = []
        for end in self._trellis.ends:
            out += self._place(end.row + 1, end, int(end.cost.argmin()))
            self._chains += 1
        self._trellis.ends.clear()
        return out

    def _settled(self) -> list[Placed]:
        """Place the fixes on which all chains that may still win agree, and those that have waited too long."""
        out = self._closed()
        top = self._trellis.layer
        if top is None:
            return out
        layer = top
        alive: npt.NDArray[np.integer] = np.flatnonzero(top.cost < top.cost.min() + WORSE)
        best = int(top.cost.argmin())
        origin = alive
        while layer.row >= self._told:
            late = layer.end <= self._now - self._lag
            if late or len(np.unique(origin)) == 1:
                if late:
                    # What was placed stays: chains through other places are given up.
                    lost = alive[origin != best]
                    top.cost[lost] = np.inf
                out += self._place(layer.row + 1, layer, best)
                layer.before = None
                break
            if layer.before is None:
                break
            origin, best = layer.came[origin], int(layer.came[best])
            layer = layer.before
        return out

    def _place(self, until: int, layer: Layer | None, choice: int) -> list[Placed]:
        """Place all fixes before ``until`` along the chain that goes through ``choice`` of ``layer``."""
        found: dict[int, tuple[int, float, float]] = {}
        while layer is not None and layer.row >= self._told:
            found[layer.row] = (int(layer.arc[choice]), float(layer.share[choice]), float(layer.apart[choice]))
            choice = int(layer.came[choice]) if layer.before is not None else 0
            layer = layer.before
        out = []
        for row in range(self._told, until):
            arc, share, apart = found.get(row, (-1, np.nan, np.nan))
            chain = self._chains if row in found else -1
            out += [Placed(seconds=at, arc=arc, share=share, apart_m=apart, chain=chain) for at in self._times.pop(row)]
        self._told = max(self._told, until)
        return out
