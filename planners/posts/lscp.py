"""The fewest posts that cover all demand that can be covered, exactly.

Location set covering problem (Toregas et al. 1971). ``N(i)`` are the sites that reach demand point ``i`` within the
limit (equality covers), ``x_j = 1`` when site ``j`` is open::

    minimise    sum_j x_j
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
from planners.posts.problem import brief, named, require_reach, require_sites

SOLVER = "posts.lscp.exact"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LscpProblem:
    """Open as few sites as possible so that each demand point that can be covered is.

    Attributes
    ----------
    coverage : which site covers which demand point
    site_keys, demand_keys : keys, the second possibly empty
    fixed, closed : int32, sites that must and that may not be open
    """

    coverage: Coverage
    site_keys: tuple[str, ...]
    demand_keys: tuple[str, ...] = ()
    fixed: npt.NDArray[np.int32]
    closed: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in ("fixed", "closed"):
            object.__setattr__(self, name, read_only(np.unique(np.asarray(getattr(self, name), np.int32)), np.int32))
        require_sites(self.site_keys, self.coverage.count, p=None, fixed=self.fixed, closed=self.closed)
        if not self.coverage.count_open(self.usable).any():
            require_reach(self.coverage)

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Sites that may be open, bool[m]."""
        out = np.ones(self.coverage.count, bool)
        out[self.closed] = False
        return out

    @property
    def beyond(self) -> npt.NDArray[np.int64]:
        """Demand points that no usable site covers; they are not asked for."""
        return np.flatnonzero(self.coverage.count_open(self.usable) == 0)


def solve_lscp(problem: LscpProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[PostPlan]:
    """Find the fewest posts and prove it, or the best found and a bound when the budget (seconds, nodes) ends."""
    began = time.perf_counter()
    m = problem.coverage.count
    wanted = np.flatnonzero(problem.coverage.count_open(problem.usable) > 0)
    first = _greedy(problem)
    best, bound, termination = first, 0.0, Termination.OPTIMAL
    if not observe(Progress(seconds=time.perf_counter() - began, objective=float(first.sum()), bound=0.0)):
        termination = Termination.CANCELLED
    else:
        lower = np.zeros(m)
        lower[problem.fixed] = 1.0
        ones = np.ones(len(problem.coverage.sites))
        cover = sparse.csr_matrix(
            (ones, problem.coverage.sites, problem.coverage.indptr), shape=(problem.coverage.rows, m)
        )
        program = IntegerProgram(
            costs=np.ones(m),
            lower=lower,
            upper=problem.usable.astype(np.float64),
            whole=np.ones(m, bool),
            rows=sparse.csr_matrix(cover[wanted]),
            row_lower=np.ones(len(wanted)),
            row_upper=np.full(len(wanted), np.inf),
            sense=-1,
            slack=0.999,
        )
        answer = solve_program(program, budget, start=first.astype(np.float64), observe=observe, began=began)
        termination = answer.termination
        bound = 0.0 if answer.bound is None else float(math.ceil(answer.bound - 1e-6))
        if answer.values is not None and int((answer.values > 0.5).sum()) < int(first.sum()):
            best = answer.values > 0.5
    plan = PostPlan(sites=np.flatnonzero(best).astype(np.int32), assignment=problem.coverage.nearest_open(best))
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
    """Return the number of posts of a plan that covers all that can be covered, or raise ``CheckError``."""
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
    return float(len(opened))


def _greedy(problem: LscpProblem) -> npt.NDArray[np.bool_]:
    coverage = problem.coverage
    opened = np.zeros(coverage.count, bool)
    opened[problem.fixed] = True
    rows, usable = coverage.row_of_pair(), problem.usable
    while True:
        missing = coverage.count_open(opened) == 0
        gain = np.bincount(coverage.sites, weights=missing[rows].astype(np.float64), minlength=coverage.count)
        gain[~usable | opened] = 0.0
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            return opened
        opened[best] = True
