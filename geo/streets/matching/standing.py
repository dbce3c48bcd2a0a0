"""Positions sent while standing, taken together: their mean is known better than any one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.streets.matching.track import Track

RADIUS: Final = 2.5
"""How many times the noise a position may lie from the mean of a stop."""
SHORTEST_SECONDS: Final = 20.0
MOST_COUNTED: Final = 9
"""Noise of receivers drifts slowly: more positions than these make a mean no better."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fixes:
    """Positions, those of one stop as one.

    Attributes
    ----------
    lonlat, xy : float64[f, 2], in degrees and in metres
    begin, end : float64[f], first and last time, equal for a single position
    noise_m : float64[f]
    first : int64[f + 1], rows of the track that each fix stands for
    """

    lonlat: Floats
    xy: Floats
    begin: Floats
    end: Floats
    noise_m: Floats
    first: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.begin)


class Stops:
    """Finds the runs of positions that belong together, as positions come in one by one."""

    def __init__(self, noise_m: float) -> None:
        self._noise_m = noise_m
        self._xy: list[Floats] = []
        self._seconds: list[float] = []
        self._mean = np.zeros(2)
        self._run = 0

    def add(self, xy: Floats, seconds: float) -> list[int]:
        """Take in a position in metres; return the sizes of the runs that it ends."""
        self._xy.append(xy)
        self._seconds.append(seconds)
        return self._ended()

    def rest(self) -> list[int]:
        """Return the sizes of the runs among the positions of which it was open; none is any more."""
        out: list[int] = []
        while self._xy:
            out += [self._take(), *self._ended()]
        return out

    def _ended(self) -> list[int]:
        out: list[int] = []
        while self._run < len(self._xy):
            j, at = self._run, self._xy[self._run]
            if j == 0:
                self._mean = at
            elif float(np.hypot(*(at - self._mean))) <= RADIUS * self._noise_m * np.sqrt(1.0 + 1.0 / j):
                self._mean = self._mean + (at - self._mean) / (j + 1)
            else:
                out.append(self._take())
                continue
            self._run = j + 1
        return out

    def _take(self) -> int:
        """Take the run away, or its first position alone where it was no stop, and begin again with what follows."""
        j = self._run
        stands = j >= 2 and self._seconds[j - 1] - self._seconds[0] >= SHORTEST_SECONDS
        size = j if stands else 1
        del self._xy[:size], self._seconds[:size]
        self._run = 0
        return size


def fixes_of(track: Track, metric: Floats, noise_m: float) -> Fixes:
    """Take stops together: runs of 20 s or more in which every position stays near the mean of those before it.

    ``metric`` is float64[k, 2], the positions in metres.
    """
    stops = Stops(noise_m)
    sizes = [
        size for xy, seconds in zip(metric, track.seconds.tolist(), strict=True) for size in stops.add(xy, seconds)
    ]
    return gathered(track.lonlat, metric, track.seconds, np.array([*sizes, *stops.rest()], np.int64), noise_m)


def gathered(lonlat: Floats, metric: Floats, seconds: Floats, sizes: npt.NDArray[np.int64], noise_m: float) -> Fixes:
    """Return positions in runs of int64[f] ``sizes`` as fixes."""
    first = np.r_[0, np.cumsum(sizes)].astype(np.int64)
    return Fixes(
        lonlat=_means(lonlat, first), xy=_means(metric, first), begin=seconds[first[:-1]], end=seconds[first[1:] - 1],
        noise_m=noise_m / np.sqrt(np.minimum(sizes, MOST_COUNTED)), first=first,
    )  # fmt: skip


def _means(values: Floats, starts: npt.NDArray[np.int64]) -> Floats:
    if len(starts) < 2:
        return np.zeros((0, 2))
    out: Floats = np.add.reduceat(values, starts[:-1], axis=0) / np.diff(starts)[:, None]
    return out
