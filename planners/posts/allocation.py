"""The question of posts by travel time: open p sites, each demand point belongs to the nearest open one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import CheckError, InfeasibleError, InputError
from planners.arrays import read_only
from planners.posts.check import require_open
from planners.posts.plan import PostPlan
from planners.posts.problem import brief, named, require_seconds, require_sites, require_weights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AllocationProblem:
    """Open exactly ``p`` of ``m`` sites; demand point ``i`` is served by the open site with the least seconds.

    Attributes
    ----------
    seconds : float64[n, m], travel time from site to demand point (or any cost), inf where unreachable, read-only
    weights : float64[n], at least 0
    site_keys, demand_keys : keys, the second possibly empty
    fixed, closed : int32, sites that must and that may not be open
    p : posts to open, the fixed ones included

    Raises
    ------
    InputError, InfeasibleError
        As ``MclpProblem``; also where a demand point is reached from no usable site: exclude it first.
    """

    seconds: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    site_keys: tuple[str, ...]
    p: int
    demand_keys: tuple[str, ...] = ()
    fixed: npt.NDArray[np.int32]
    closed: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", read_only(self.seconds, np.float64))
        object.__setattr__(self, "weights", read_only(self.weights, np.float64))
        for name in ("fixed", "closed"):
            object.__setattr__(self, name, read_only(np.unique(np.asarray(getattr(self, name), np.int32)), np.int32))
        if self.seconds.ndim != 2:
            raise InputError("Travel times must be a table of demand points by sites", "行程时间应为需求点×点位的表")
        n, m = self.seconds.shape
        require_weights(self.weights, self.demand_keys, n)
        require_sites(self.site_keys, m, p=self.p, fixed=self.fixed, closed=self.closed)
        require_seconds(self.seconds, self.demand_keys)
        usable = self.seconds[:, self.usable] if len(self.closed) else self.seconds
        cut_off = np.flatnonzero(~np.isfinite(usable.min(axis=1)))
        if len(cut_off):
            names = named(self.demand_keys, cut_off)
            raise InfeasibleError(
                f"No site that may be open reaches {brief(names)}; leave these demand points out or add sites",
                f"可用点位到不了需求点 {brief(names)}，请排除这些需求点或增加点位",
                rows=names,
            )

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Sites that may be open, bool[m]."""
        out = np.ones(self.seconds.shape[1], bool)
        out[self.closed] = False
        return out


def build_allocation(
    seconds: npt.NDArray[np.float64],
    *,
    weights: npt.ArrayLike,
    site_keys: Sequence[str],
    p: int,
    demand_keys: Sequence[str] = (),
    fixed: Sequence[int] = (),
    closed: Sequence[int] = (),
) -> AllocationProblem:
    """Build the problem from travel seconds float64[demand, sites]."""
    return AllocationProblem(
        seconds=seconds,
        weights=np.asarray(weights, np.float64),
        site_keys=tuple(site_keys),
        demand_keys=tuple(demand_keys),
        p=p,
        fixed=np.asarray(list(fixed), np.int32),
        closed=np.asarray(list(closed), np.int32),
    )


def allocate(problem: AllocationProblem, sites: npt.ArrayLike) -> PostPlan:
    """Return the plan of open ``sites``, each demand point at its nearest one, -1 where none reaches it."""
    opened = np.sort(np.asarray(sites, np.int32))
    times = problem.seconds[:, opened]
    column = np.argmin(times, axis=1)
    reached = np.isfinite(times[np.arange(len(times)), column])
    return PostPlan(sites=opened, assignment=np.where(reached, opened[column], -1).astype(np.int32))


def check_allocation(problem: AllocationProblem, plan: PostPlan) -> tuple[float, float]:
    """Return the weighted sum and the greatest of the times to the nearest open site; see ``check_mclp`` for errors.

    The greatest time is over all demand points, also those without weight.
    """
    require_open(
        plan, sites=problem.seconds.shape[1], p=problem.p, fixed=problem.fixed, closed=problem.closed,
        keys=problem.site_keys,
    )  # fmt: skip
    times: list[float] = []
    wrong: list[int] = []
    for row, nearest in enumerate(plan.assignment.tolist()):
        reach = [(float(problem.seconds[row, site]), site) for site in plan.sites.tolist()]
        if min(reach)[1] != nearest or not math.isfinite(min(reach)[0]):
            wrong.append(row)
        times.append(min(reach)[0])
    if wrong or len(times) != len(problem.weights):
        names = named(problem.demand_keys, np.asarray(wrong, np.int64))
        raise CheckError(
            f"The plan does not assign {brief(names)} to the nearest open site",
            f"方案中 {brief(names)} 未归属最近的已设点位",
            rows=names,
        )
    return math.fsum(t * w for t, w in zip(times, problem.weights.tolist(), strict=True) if w > 0), max(times)
