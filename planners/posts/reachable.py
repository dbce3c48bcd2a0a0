"""Whether p posts can reach every demand point at any time, and which."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError
from planners.contract import Budget
from planners.posts.allocation import AllocationProblem
from planners.posts.build import build_coverage
from planners.posts.lscp import LscpProblem, solve_lscp
from planners.posts.problem import brief, named


def sites_that_reach_all(problem: AllocationProblem) -> npt.NDArray[np.int64]:
    """Return ``p`` sites that reach every demand point, the fixed ones among them.

    Raises
    ------
    InfeasibleError
        More than ``p`` posts are needed; the sentence says how many.
    """
    n, m = problem.seconds.shape
    longest = float(problem.seconds[np.isfinite(problem.seconds)].max())
    coverage = build_coverage(
        problem.seconds, demand=n, sites=m, radius_seconds=longest, closed=problem.closed.tolist()
    )
    cover = LscpProblem(coverage=coverage, site_keys=problem.site_keys, fixed=problem.fixed, closed=problem.closed)
    plan = solve_lscp(cover, Budget()).plan
    if len(plan.sites) > problem.p:
        raise _too_few(problem, len(plan.sites))
    return padded(problem, plan.sites.astype(np.int64))


def padded(problem: AllocationProblem, sites: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Add usable sites in their order until there are ``p``."""
    opened = np.zeros(problem.seconds.shape[1], bool)
    opened[sites] = True
    free = np.flatnonzero(problem.usable & ~opened)
    opened[free[: problem.p - len(sites)]] = True
    return np.flatnonzero(opened)


def _too_few(problem: AllocationProblem, needed: int) -> InfeasibleError:
    few = np.isfinite(problem.seconds[:, problem.usable]).sum(axis=1)
    rows = np.argsort(few, kind="stable")[:5].astype(np.int64)
    names = named(problem.demand_keys, rows)
    return InfeasibleError(
        f"{problem.p} posts cannot reach every demand point; ask for at least {needed}, or leave out those that few "
        f"sites reach, such as {brief(names)}",
        f"{problem.p} 个屯警点不能到达全部需求点，请至少设 {needed} 个，或排除可达点位很少的需求点，如 {brief(names)}",
        rows=names,
    )
