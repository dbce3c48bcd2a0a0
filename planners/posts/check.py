"""Recompute what a plan of posts claims from the problem alone, or raise."""

from __future__ import annotations

import math

import numpy as np

from geo.errors import CheckError
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem, brief, named


def check_mclp(problem: MclpProblem, plan: PostPlan) -> float:
    """Return the covered weight of a plan, recomputed demand point by demand point from the pairs within the limit.

    Raises
    ------
    CheckError
        Not exactly p different sites, a fixed one left out, a closed one open, or an assignment that is not the
        nearest open covering site.
    """
    require_open(
        plan, sites=problem.sites, p=problem.p, fixed=problem.fixed, closed=problem.closed, keys=problem.site_keys
    )
    if len(plan.assignment) != problem.demand:
        raise CheckError("The plan does not assign each demand point", "方案未给出每个需求点的归属")
    open_sites = set(plan.sites.tolist())
    coverage = problem.coverage
    wrong: list[int] = []
    covered: list[float] = []
    for row in range(problem.demand):
        first, last = int(coverage.indptr[row]), int(coverage.indptr[row + 1])
        reach = [
            (seconds, site)
            for site, seconds in zip(
                coverage.sites[first:last].tolist(), coverage.seconds[first:last].tolist(), strict=True
            )
            if site in open_sites and seconds <= coverage.radius_seconds
        ]
        nearest = min(reach)[1] if reach else -1
        if nearest != int(plan.assignment[row]):
            wrong.append(row)
        if reach:
            covered.append(float(problem.weights[row]))
    if wrong:
        names = named(problem.demand_keys, np.asarray(wrong, np.int64))
        raise CheckError(
            f"The plan assigns {brief(names)} to another site than the nearest open one in reach",
            f"方案中 {brief(names)} 未归属到时限内最近的已设点位",
            rows=names,
        )
    return math.fsum(covered)


def require_open(
    plan: PostPlan,
    *,
    sites: int,
    p: int | None,
    fixed: np.ndarray,
    closed: np.ndarray,
    keys: tuple[str, ...],
) -> None:
    """Raise unless the plan opens ``p`` different existing sites, all fixed ones and no closed one."""
    chosen = plan.sites.astype(np.int64)
    if len(chosen) and (chosen.min() < 0 or chosen.max() >= sites):
        raise CheckError("The plan opens a site that does not exist", "方案启用了不存在的点位")
    if (np.diff(chosen) <= 0).any():
        raise CheckError("The plan's sites are not different and rising", "方案点位重复或未按序排列")
    if p is not None and len(chosen) != p:
        raise CheckError(
            f"The plan opens {len(chosen)} posts instead of {p}", f"方案启用 {len(chosen)} 个点，应为 {p} 个"
        )
    left_out = np.setdiff1d(fixed, chosen).astype(np.int64)
    if len(left_out):
        names = named(keys, left_out)
        raise CheckError(f"The plan leaves out the fixed {brief(names)}", f"方案遗漏固定点 {brief(names)}", rows=names)
    opened = np.intersect1d(closed, chosen).astype(np.int64)
    if len(opened):
        names = named(keys, opened)
        raise CheckError(f"The plan opens the closed {brief(names)}", f"方案启用了停用点 {brief(names)}", rows=names)
