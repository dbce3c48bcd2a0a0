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


def fixes_of(track: Track, metric: Floats, noise_m: float) -> Fixes:
    """Take stops together: runs of 20 s or more in which every position stays near the mean of those before it.

    ``metric`` is float64[k, 2], the positions in metres.
    """
    first = [0]
    k = len(track)
    while first[-1] < k:
        i = first[-1]
        mean = metric[i]
        j = i + 1
        while j < k and float(np.hypot(*(metric[j] - mean))) <= RADIUS * noise_m * np.sqrt(1.0 + 1.0 / (j - i)):
            mean = mean + (metric[j] - mean) / (j - i + 1)
            j += 1
        stands = j - i >= 2 and track.seconds[j - 1] - track.seconds[i] >= SHORTEST_SECONDS
        first.append(j if stands else i + 1)
    starts = np.array(first, np.int64)
    count = np.diff(starts)
    return Fixes(
        lonlat=_means(track.lonlat, starts), xy=_means(metric, starts), begin=track.seconds[starts[:-1]], end=track.seconds[starts[1:] - 1],
        noise_m=noise_m / np.sqrt(np.minimum(count, MOST_COUNTED)), first=starts,
    )  # fmt: skip


def _means(values: Floats, starts: npt.NDArray[np.int64]) -> Floats:
    if len(starts) < 2:
        return np.zeros((0, 2))
    out: Floats = np.add.reduceat(values, starts[:-1], axis=0) / np.diff(starts)[:, None]
    return out
