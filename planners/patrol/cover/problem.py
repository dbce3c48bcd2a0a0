"""Where units can be, which demand they reach from there, and how much demand there is when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError
from planners.arrays import read_only

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leg:
    """A way as the spots that a unit passes, spots int64[k], from when on, seconds float64[k] rising from 0, and its whole length."""

    spots: Ints
    seconds: Floats
    whole_seconds: float


Ways = Callable[[int, int, int], Leg]
"""From kind, place and place to the way between."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoverProblem:
    """Demand and reach; arrays are read-only.

    Spots are positions on the streets, such as crossings. A unit at a spot covers a demand point where ``reach`` is True: it gets there within
    the response standard, equality counted.

    Attributes
    ----------
    reach : bool[spots, demand]
    weights : float64[periods, demand], calls expected in each period of the shift
    period_seconds : length of a period; the last one goes on to the end of the shift
    spot_of_place : int64[places], posts, then points, as in the spacing problem
    ways : the way between two places of a kind of units
    """

    reach: npt.NDArray[np.bool_]
    weights: Floats
    period_seconds: int
    spot_of_place: Ints
    ways: Ways

    def __post_init__(self) -> None:
        object.__setattr__(self, "reach", read_only(self.reach, np.bool_))
        object.__setattr__(self, "weights", read_only(self.weights, np.float64))
        object.__setattr__(self, "spot_of_place", read_only(self.spot_of_place, np.int64))
        if self.reach.ndim != 2 or self.weights.ndim != 2 or self.weights.shape[1] != self.reach.shape[1]:
            raise InputError("Reach and weights must be over the same demand", "可达与权重须针对相同的需求点")
        if not np.isfinite(self.weights).all() or (self.weights < 0).any() or self.weights.sum() <= 0:
            raise InputError("Demand must be 0 or more, and not 0 everywhere", "需求不得为负，且不能全为 0")
        if (self.spot_of_place < 0).any() or (self.spot_of_place >= len(self.reach)).any():
            raise InputError("A place lies at a spot that does not exist", "有地点所在位置不存在")
        if self.period_seconds < 1:
            raise ParameterError("A period must last at least 1 second", "时段至少 1 秒")


def cover_problem(
    seconds: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    standard_seconds: float,
    spot_of_place: npt.ArrayLike,
    period_seconds: int = 3600,
    ways: Ways | None = None,
) -> CoverProblem:
    """Build the problem from times float[spots, demand] of a unit called from each spot, and weights float[demand] or [periods, demand].

    Without ``ways`` a unit under way counts at its start for the first half of the time, then at its end.
    """
    places = np.asarray(spot_of_place, np.int64)
    demand = np.atleast_2d(np.asarray(weights, np.float64))
    return CoverProblem(
        reach=np.asarray(seconds, np.float64) <= standard_seconds, weights=demand, period_seconds=period_seconds,
        spot_of_place=places, ways=ways or halves(places),
    )  # fmt: skip


def halves(spot_of_place: Ints) -> Ways:
    """Return ways on which a unit counts at their start for the first half of the time, then at their end."""
    half = np.array([0.0, 0.5])

    def way(_kind: int, here: int, there: int) -> Leg:
        return Leg(spots=spot_of_place[[here, there]], seconds=half, whole_seconds=1.0)

    return way
