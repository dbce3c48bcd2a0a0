"""The p-centre, exactly: the least time within which p posts reach every demand point.

``d_ij`` seconds from site ``j`` to demand point ``i``; ``S`` a set of ``p`` sites, all fixed ones, no closed one::

    minimise over S   max_i min_{j in S} d_ij

The optimum is one of the times ``d_ij``. ``p`` posts reach all within ``r`` exactly when the set covering problem with
limit ``r`` needs at most ``p`` posts, and that is monotone in ``r``: halve the sorted list of times. Each step is
solved exactly by ``planners.posts.lscp`` with all demand points asked for.

Minieka, E. (1970). The m-center problem. SIAM Review 12, 138-139. Daskin, M. (1995). Network and Discrete Location.
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.posts.allocation import AllocationProblem, allocate, check_allocation
from planners.posts.build import build_coverage
from planners.posts.lscp import LscpProblem, solve_lscp
from planners.posts.p_median import first_sites
from planners.posts.plan import PostPlan

SOLVER = "posts.p_center.exact"


def solve_p_center(problem: AllocationProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[PostPlan]:
    """Find the p-centre and prove it, or the best plan found and a bound when the budget ends.

    The first plan opens sites by greedy; ``budget.iterations`` limits the nodes of each covering step.
    """
    began = time.perf_counter()
    best = _first(problem)
    value = check_allocation(problem, best)[1]
    usable_times = problem.seconds[:, problem.usable]
    least = float(usable_times.min(axis=1).max())
    times = np.unique(usable_times[np.isfinite(usable_times)])
    times = times[(times >= least) & (times <= value)]
    low, high = 0, len(times) - 1
    termination = Termination.OPTIMAL
    while low < high:
        now = time.perf_counter() - began
        if not observe(Progress(seconds=now, objective=value, bound=float(times[low]))):
            termination = Termination.CANCELLED
            break
        if budget.seconds is not None and now >= budget.seconds:
            termination = Termination.TIME
            break
        middle = (low + high) // 2
        sites, enough = _cover(problem, float(times[middle]), budget, now)
        if sites is not None:
            best = allocate(problem, sites)
            value = check_allocation(problem, best)[1]
            high = int(np.searchsorted(times, value))
        elif enough:
            low = middle + 1
        else:
            termination = Termination.ITERATIONS
            break
    return Outcome(
        plan=best,
        objective=value,
        bound=min(float(times[low]), value),
        sense=-1,
        termination=termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def _first(problem: AllocationProblem) -> PostPlan:
    plan = allocate(problem, first_sites(problem))
    if (plan.assignment >= 0).all():
        return plan
    sites, _ = _cover(problem, float(problem.seconds[np.isfinite(problem.seconds)].max()), Budget(), 0.0)
    if sites is None:
        raise InfeasibleError(
            f"{problem.p} posts cannot reach every demand point at any time; ask for more posts",
            f"{problem.p} 个屯警点无论多久都不能到达全部需求点，请增加点数",
        )
    return allocate(problem, sites)


def _cover(
    problem: AllocationProblem, radius: float, budget: Budget, spent: float
) -> tuple[npt.NDArray[np.int64] | None, bool]:
    """Return p sites that reach all within ``radius``, or None and whether it is proved that there are none."""
    n, m = problem.seconds.shape
    coverage = build_coverage(problem.seconds, demand=n, sites=m, radius_seconds=radius, closed=problem.closed.tolist())
    cover = LscpProblem(coverage=coverage, site_keys=problem.site_keys, fixed=problem.fixed, closed=problem.closed)
    if len(cover.beyond):
        return None, True
    left = None if budget.seconds is None else max(0.1, budget.seconds - spent)
    outcome = solve_lscp(cover, Budget(seconds=left, iterations=budget.iterations, seed=budget.seed))
    if outcome.objective <= problem.p:
        opened = np.zeros(m, bool)
        opened[outcome.plan.sites] = True
        free = np.flatnonzero(problem.usable & ~opened)
        opened[free[: problem.p - len(outcome.plan.sites)]] = True
        return np.flatnonzero(opened), True
    return None, outcome.bound is not None and outcome.bound > problem.p
