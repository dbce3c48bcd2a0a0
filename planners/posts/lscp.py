"""The fewest or the cheapest posts that cover all demand that can be covered, exactly.

Location set covering problem (Toregas et al. 1971). ``N(i)`` are the sites that reach demand point ``i`` within the
limit (equality covers), ``c_j`` the cost of site ``j`` (1 where none is given), ``x_j = 1`` when it is open::

    minimise    sum_j c_j x_j
    subject to  sum_{j in N(i)} x_j >= 1   for every demand point i with N(i) not empty
                x_j = 1 for fixed sites, x_j = 0 for closed ones,  x_j in {0, 1}

Toregas, C., Swain, R., ReVelle, C. and Bergman, L. (1971). The location of emergency service facilities. Operations
Research 19, 1363-1373.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geo.errors import CheckError
from planners.arrays import read_only
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.integer_program import IntegerProgram, solve_program
from planners.posts.check import require_open
from planners.posts.coverage import Coverage
from planners.posts.plan import PostPlan
from planners.posts.problem import brief, named, require_costs, require_reach, require_sites
from planners.posts.set_cover import SmallCover, small_cover

SOLVER = "posts.lscp.exact"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LscpProblem:
    """Open as few sites as possible so that each demand point that can be covered is.

    Attributes
    ----------
    coverage : which site covers which demand point
    site_keys, demand_keys : keys, the second possibly empty
    fixed, closed : int32, sites that must and that may not be open
    costs : float64[m], above 0, of opening each site; None counts posts
    """

    coverage: Coverage
    site_keys: tuple[str, ...]
    demand_keys: tuple[str, ...] = ()
    fixed: npt.NDArray[np.int32]
    closed: npt.NDArray[np.int32]
    costs: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name in ("fixed", "closed"):
            object.__setattr__(self, name, read_only(np.unique(np.asarray(getattr(self, name), np.int32)), np.int32))
        require_sites(self.site_keys, self.coverage.count, p=None, fixed=self.fixed, closed=self.closed)
        if self.costs is not None:
            object.__setattr__(self, "costs", read_only(self.costs, np.float64))
            require_costs(self.costs, self.site_keys)
        if not self.coverage.count_open(self.usable).any():
            require_reach(self.coverage)

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Sites that may be open, bool[m]."""
        out = np.ones(self.coverage.count, bool)
        out[self.closed] = False
        return out

    @property
    def site_costs(self) -> npt.NDArray[np.float64]:
        """Cost of opening each site, 1 where none is given; float64[m]."""
        return np.ones(self.coverage.count) if self.costs is None else self.costs

    @property
    def beyond(self) -> npt.NDArray[np.int64]:
        """Demand points that no usable site covers; they are not asked for."""
        return np.flatnonzero(self.coverage.count_open(self.usable) == 0)


def solve_lscp(problem: LscpProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[PostPlan]:
    """Find the cheapest posts and prove it, or the best found and a bound when the budget (seconds, nodes) ends.

    The problem is reduced first (``set_cover``); most that is asked of cities is solved by that alone.
    """
    began = time.perf_counter()
    coverage, costs = problem.coverage, problem.site_costs
    fixed = np.zeros(coverage.count, bool)
    fixed[problem.fixed] = True
    small = small_cover(coverage.indptr, coverage.sites, costs, usable=problem.usable, fixed=fixed)
    settled = math.fsum(costs[small.must].tolist())
    whole = bool((costs == np.floor(costs)).all())
    first = _greedy(small)
    best, bound, termination = first, settled, Termination.OPTIMAL
    start = settled + float(small.costs[first].sum())
    if not observe(Progress(seconds=time.perf_counter() - began, objective=start, bound=settled)):
        termination = Termination.CANCELLED
    elif small.rows:
        ones = np.ones(len(small.row_sites))
        m = len(small.sites)
        program = IntegerProgram(
            costs=small.costs,
            lower=np.zeros(m),
            upper=np.ones(m),
            whole=np.ones(m, bool),
            rows=sparse.csr_matrix((ones, small.row_sites, small.row_starts), shape=(small.rows, m)),
            row_lower=np.ones(small.rows),
            row_upper=np.full(small.rows, np.inf),
            sense=-1,
            constant=settled,
            slack=0.999 if whole else 1e-7 * max(1.0, start),
        )
        answer = solve_program(program, budget, start=first.astype(np.float64), observe=observe, began=began)
        termination = answer.termination
        bound = settled if answer.bound is None else answer.bound
        bound = float(math.ceil(bound - 1e-6)) if whole else bound
        if answer.values is not None:
            found = answer.values > 0.5
            if float(small.costs[found].sum()) < float(small.costs[first].sum()):
                best = found
    opened = np.zeros(coverage.count, bool)
    opened[small.must] = True
    opened[small.sites[best]] = True
    plan = PostPlan(sites=np.flatnonzero(opened).astype(np.int32), assignment=coverage.nearest_open(opened))
    objective = check_lscp(problem, plan)
    return Outcome(
        plan=plan,
        objective=objective,
        bound=min(bound, objective),
        sense=-1,
        termination=termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def check_lscp(problem: LscpProblem, plan: PostPlan) -> float:
    """Return the posts, or their cost, of a plan that covers all that can be covered, or raise ``CheckError``."""
    coverage = problem.coverage
    require_open(plan, sites=coverage.count, p=None, fixed=problem.fixed, closed=problem.closed, keys=problem.site_keys)
    opened, usable = set(plan.sites.tolist()), set(np.flatnonzero(problem.usable).tolist())
    left: list[int] = []
    for row in range(coverage.rows):
        reach = set(coverage.sites[coverage.indptr[row] : coverage.indptr[row + 1]].tolist())
        if reach & usable and not reach & opened:
            left.append(row)
    if left:
        names = named(problem.demand_keys, np.asarray(left, np.int64))
        raise CheckError(f"The plan leaves {brief(names)} uncovered", f"方案未覆盖需求点 {brief(names)}", rows=names)
    return math.fsum(problem.site_costs[plan.sites].tolist())


def _greedy(small: SmallCover) -> npt.NDArray[np.bool_]:
    """Open the site that covers most missing rows for its cost, then close what is not needed, dearest first."""
    m, rows = len(small.sites), np.repeat(np.arange(small.rows), np.diff(small.row_starts))
    opened, times = np.zeros(m, bool), np.zeros(small.rows, np.int64)
    while (times == 0).any():
        missing = (times == 0)[rows]
        gain = np.bincount(small.row_sites, weights=missing.astype(np.float64), minlength=m)
        site = int(np.argmax(gain / np.maximum(small.costs, 1e-12)))
        opened[site] = True
        times[small.site_rows[small.site_starts[site] : small.site_starts[site + 1]]] += 1
    for site in sorted(np.flatnonzero(opened).tolist(), key=lambda j: (-small.costs[j], -j)):
        mine = small.site_rows[small.site_starts[site] : small.site_starts[site + 1]]
        if (times[mine] > 1).all():
            opened[site] = False
            times[mine] -= 1
    return opened
