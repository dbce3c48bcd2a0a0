"""How long the nearest free unit drives, by how many are free.

Kolesar, P. and Blum, E. (1973). Square root laws for fire engine response distances. Management Science 19(12), 1368-1378.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError
from planners.arrays import read_only

Floats = npt.NDArray[np.float64]
RIGHT_ANGLED = math.sqrt(2 * math.pi) / 4
"""Mean right-angled distance to the nearest of units spread at random, at one unit for one area: about 0.627."""


class Travel(Protocol):
    """Mean seconds to a call from the nearest of a number of free units."""

    def seconds(self, free: npt.ArrayLike) -> Floats:
        """Return the mean seconds by number of free units, 1 or more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareRootTravel:
    """The square-root law: ``factor * sqrt(area / free) / speed``, never below ``least_seconds``."""

    area_m2: float
    metres_per_second: float
    factor: float = RIGHT_ANGLED
    least_seconds: float = 0.0

    def __post_init__(self) -> None:
        if not (self.area_m2 > 0 and self.metres_per_second > 0 and self.factor > 0 and self.least_seconds >= 0):
            raise ParameterError("Area, speed and factor must be above 0", "面积、车速与系数必须大于 0")

    def seconds(self, free: npt.ArrayLike) -> Floats:
        """Return the mean seconds by number of free units."""
        metres = self.factor * np.sqrt(self.area_m2 / np.asarray(free, np.float64))
        return np.asarray(np.maximum(metres / self.metres_per_second, self.least_seconds), np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkTravel:
    """Means on the street network; ``table[k]`` are the seconds with ``k + 1`` free units, and stay after its end.

    Attributes
    ----------
    table : float64[n], not rising
    error : float64[n], standard error of each mean over the draws
    draws : number of draws of where free units stand
    """

    table: Floats
    error: Floats
    draws: int

    def __post_init__(self) -> None:
        for name in ("table", "error"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float64))
        if not len(self.table) or len(self.error) != len(self.table) or not np.isfinite(self.table).all():
            raise InputError("Travel seconds are missing or infinite", "行驶时间缺失或为无穷")

    def seconds(self, free: npt.ArrayLike) -> Floats:
        """Return the mean seconds by number of free units."""
        at = np.clip(np.asarray(free, np.int64) - 1, 0, len(self.table) - 1)
        return np.asarray(self.table[at], np.float64)


def network_travel(seconds: Floats, weights: Floats, *, most: int, draws: int = 60, seed: int = 1) -> NetworkTravel:
    """Measure on the streets how far the nearest of 1 to ``most`` free units is, which stand at random posts.

    Each draw puts the posts in a random order, again and again until ``most`` units stand; after n of them the nearest one
    to each call is known, so that one draw gives all numbers of units.

    Parameters
    ----------
    seconds
        Float64[demand, posts], inf where there is no way; demand that no post reaches is left out.
    weights
        Float64[demand], calls.
    """
    held = np.asarray(seconds, np.float64)
    weight = np.asarray(weights, np.float64)
    if held.ndim != 2 or held.shape[0] != len(weight) or held.shape[1] == 0 or most < 1 or draws < 1:
        raise InputError(
            "Travel needs calls, posts, and a number of units of 1 or more", "需要警情、屯警点与至少一个巡组"
        )
    reached = np.isfinite(held).all(axis=1) & (weight > 0)
    if not reached.any():
        raise InputError(
            "No call is reached from every post; check the streets around the posts",
            "没有各屯警点均可到达的警情，请检查屯警点附近的路网",
        )
    held, weight = held[reached], weight[reached] / weight[reached].sum()
    rng = np.random.default_rng(seed)
    posts = held.shape[1]
    means = np.empty((draws, most))
    for d in range(draws):
        order = np.concatenate([rng.permutation(posts) for _ in range(-(-most // posts))])[:most]
        nearest = np.full(len(held), np.inf)
        for n, post in enumerate(order.tolist()):
            np.minimum(nearest, held[:, post], out=nearest)
            means[d, n] = weight @ nearest
    error = means.std(axis=0, ddof=1) / math.sqrt(draws) if draws > 1 else np.zeros(most)
    return NetworkTravel(table=means.mean(axis=0), error=error, draws=draws)
