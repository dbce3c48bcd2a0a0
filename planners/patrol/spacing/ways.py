"""What the program behind the least number of units is about: points, the ways between them, and posts with few units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pools:
    """Units that leave from one post and end at one post.

    Attributes
    ----------
    into, out : float64[pools, n], seconds from the post to each point and from it to the post
    units : int64[pools]
    """

    into: Floats
    out: Floats
    units: Ints

    @classmethod
    def of(cls, problem: SpacingProblem, points: Ints) -> Pools:
        """Return the pools of units that may go out."""
        places = points + problem.posts
        into: list[Floats] = []
        out: list[Floats] = []
        units: list[int] = []
        for number, vehicle in enumerate(problem.vehicles):
            kind = problem.kind_of(number)
            may = problem.eligible[points, kind]
            if not problem.may_go(number) or not may.any() or not vehicle.available:
                continue
            seconds = problem.seconds[kind]
            into.append(np.where(may, seconds[vehicle.start_post, places], NO_WAY).astype(np.float64))
            out.append(np.where(may, seconds[places, vehicle.end_post], NO_WAY).astype(np.float64))
            units.append(vehicle.available)
        shape = (len(units), len(points))
        return cls(into=np.reshape(into, shape), out=np.reshape(out, shape), units=np.array(units, np.int64))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ways:
    """Points that units of some kinds visit.

    Attributes
    ----------
    shift : seconds
    legs : float64[n, n], the least seconds of any kind that may visit both, ``NO_WAY`` where there is none and on the diagonal
    again : float64[n], the least seconds from the end of a visit to the next of the same unit at the same point
    dwell, least_gap : float64[n]
    gap, windows : int64[n], and how many gaps begin in the shift
    alike : bool[n, n], whether two points have the same gap
    """

    shift: int
    legs: Floats
    again: Floats
    dwell: Floats
    least_gap: Floats
    gap: Ints
    windows: Ints
    alike: Flags
    pools: Pools

    @classmethod
    def of(cls, problem: SpacingProblem, points: Ints) -> Ways:
        """Take the ways of some points from the problem."""
        places = points + problem.posts
        legs = np.full((len(points), len(points)), float(NO_WAY))
        for k, seconds in enumerate(problem.seconds):
            may = problem.eligible[points, k]
            both = may[:, None] & may[None, :]
            legs = np.where(both, np.minimum(legs, seconds[np.ix_(places, places)]), legs)
        gap = problem.gap[points].astype(np.int64)
        dwell, least_gap = problem.dwell[points].astype(np.float64), problem.least_gap[points].astype(np.float64)
        again = np.maximum(np.maximum(np.diagonal(legs), least_gap - dwell), 0.0)
        np.fill_diagonal(legs, NO_WAY)
        return cls(
            shift=problem.shift_seconds, legs=legs, again=again, dwell=dwell, least_gap=least_gap, gap=gap,
            windows=-(-problem.shift_seconds // gap), alike=gap[:, None] == gap[None, :], pools=Pools.of(problem, points),
        )  # fmt: skip

    @property
    def even(self) -> bool:
        """Whether all ways between points are as long, so that one round through all costs no more than many."""
        off = self.legs[~np.eye(len(self.legs), dtype=np.bool_)]
        return not len(off) or bool(off.min() == off.max())

    @property
    def dwell_only(self) -> float:
        """The units that dwell alone asks for, without any way."""
        return float((self.dwell * (self.shift // self.gap)).sum()) / self.shift

    def longest(self, members: Ints) -> float:
        """Return travel that no closed walk through each of some points once exceeds."""
        legs = self.legs[np.ix_(members, members)]
        np.fill_diagonal(legs, 0.0)
        return float(np.where(legs >= NO_WAY, 0.0, legs).max(axis=1).sum())
