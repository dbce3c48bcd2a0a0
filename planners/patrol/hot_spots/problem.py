"""The question of hot-spot tours: which optional hot spots, in which order, so that the prize is largest.

Chao, I.-M., Golden, B. and Wasil, E. (1996). The team orienteering problem. European Journal of Operational Research
88(3), 464-474.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import CheckError, InfeasibleError, InputError, ParameterError
from planners.arrays import read_only

SLACK = 1e-6
"""Seconds that a tour may be over its limit: sums of legs are rounded."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HotSpotProblem:
    """Units go from ``start`` to ``end`` within ``limit`` seconds each; a hot spot's prize is collected once.

    Attributes
    ----------
    keys : keys of all places, start and end included
    seconds : float64[n, n] from place to place, inf where there is no way; expected to obey the triangle inequality
    dwell : float64[n], 0 at start and end
    prize : float64[n], 0 or more; 0 at start and end
    units : number of units
    limit : seconds of each tour, dwell included; equality is allowed
    start, end : places
    """

    keys: tuple[str, ...]
    seconds: npt.NDArray[np.float64]
    dwell: npt.NDArray[np.float64]
    prize: npt.NDArray[np.float64]
    units: int
    limit: float
    start: int
    end: int

    def __post_init__(self) -> None:
        for name in ("seconds", "dwell", "prize"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float64))
        n = len(self.keys)
        if self.seconds.shape != (n, n) or self.dwell.shape != (n,) or self.prize.shape != (n,):
            raise InputError(
                f"seconds, dwell and prize must be for {n} places", f"seconds、dwell、prize 应与 {n} 个地点一致"
            )
        if np.isnan(self.seconds).any() or (self.seconds < 0).any() or (self.dwell < 0).any():
            raise InputError("Travel and dwell must be 0 seconds or more", "行驶与驻守时间不得为负或缺失")
        bad = ~np.isfinite(self.prize) | (self.prize < 0)
        if bad.any():
            names = [self.keys[i] for i in np.flatnonzero(bad)]
            raise InputError(
                f"The prize of {', '.join(names[:5])} is negative or missing", f"{'、'.join(names[:5])} 的权重为负或缺失",
                rows=names,
            )  # fmt: skip
        if not (0 <= self.start < n and 0 <= self.end < n) or self.units < 1 or not self.limit > 0:
            raise ParameterError(
                "Hot-spot tours need a start, an end, at least one unit and more than 0 seconds",
                "热点巡逻需要起点、终点、至少一个巡组与大于 0 的时长",
            )
        if not self.seconds[self.start, self.end] <= self.limit + SLACK:
            raise InfeasibleError(
                f"{self.keys[self.end]} is not reached from {self.keys[self.start]} within {self.limit:g} seconds",
                f"{self.limit:g} 秒内无法由 {self.keys[self.start]} 到达 {self.keys[self.end]}",
            )

    @property
    def legs(self) -> npt.NDArray[np.float64]:
        """Seconds from place to place, the dwell at the second place included, float64[n, n]."""
        return np.asarray(self.seconds + self.dwell[None, :], np.float64)

    @property
    def reachable(self) -> npt.NDArray[np.bool_]:
        """Hot spots that a unit could visit if it did nothing else, bool[n]."""
        legs = self.legs
        alone = legs[self.start] + legs[:, self.end]
        found = (self.prize > 0) & (alone <= self.limit + SLACK)
        found[[self.start, self.end]] = False
        return np.asarray(found, np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpotPlan:
    """Hot spots of each unit in order, without start and end; a unit with nothing to do has an empty tour."""

    tours: tuple[tuple[int, ...], ...]


def tour_seconds(problem: HotSpotProblem, tour: tuple[int, ...]) -> float:
    """Return the seconds of one tour, dwell included."""
    way = np.array([problem.start, *tour, problem.end])
    return float(problem.legs[way[:-1], way[1:]].sum())


def check_hot_spots(problem: HotSpotProblem, plan: HotSpotPlan) -> float:
    """Return the prize of a plan, recomputed, or raise.

    Raises
    ------
    CheckError
        If there are more tours than units, a place is unknown or visited twice, or a tour is too long.
    """
    if len(plan.tours) > problem.units:
        raise CheckError(f"{len(plan.tours)} tours for {problem.units} units", f"路线 {len(plan.tours)} 条，多于巡组数")
    made = [place for tour in plan.tours for place in tour]
    if len(set(made)) != len(made) or not all(0 <= p < len(problem.keys) for p in made):
        raise CheckError("A hot spot is visited twice or does not exist", "热点重复到访或不存在")
    if {problem.start, problem.end} & set(made):
        raise CheckError("Start and end are no hot spots", "起点、终点不是热点")
    for number, tour in enumerate(plan.tours, start=1):
        seconds = tour_seconds(problem, tour)
        if not seconds <= problem.limit + SLACK:
            raise CheckError(
                f"Tour {number} takes {seconds:.1f} seconds, above {problem.limit:g}",
                f"第 {number} 条路线用时 {seconds:.1f} 秒，超过 {problem.limit:g} 秒",
            )
    return float(problem.prize[made].sum())
