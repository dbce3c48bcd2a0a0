"""The p-centre, exactly: the least time within which p posts reach every demand point.

``d_ij`` seconds from site ``j`` to demand point ``i``; ``S`` a set of ``p`` sites, all fixed ones, no closed one::

    minimise over S   max_i min_{j in S} d_ij

The optimum is one of the times ``d_ij``. ``p`` posts reach all within ``r`` exactly when the set covering problem with
limit ``r`` needs at most ``p`` posts, and that is monotone in ``r``: halve the sorted list of times. A step is answered by
the first that can: exchange that covers every point (yes), the Lagrangian bound on what ``p`` sites cover (no), the
reduced covering program (either).

Minieka, E. (1970). The m-center problem. SIAM Review 12, 138-139. Daskin, M. (1995). Network and Discrete Location.
Contardo, C., Iori, M. and Kramer, R. (2019). A scalable exact algorithm for the vertex p-center problem. Computers and
Operations Research 103, 211-220.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.integer_program import IntegerProgram, solve_program
from planners.posts.allocation import AllocationProblem, allocate, check_allocation
from planners.posts.choice import Sites
from planners.posts.covering import ONCE, CoverSearch
from planners.posts.neighbours import Floats
from planners.posts.plan import PostPlan
from planners.posts.reachable import padded, sites_that_reach_all
from planners.posts.reduce import Indices, Reduced, Starts
from planners.posts.set_cover import SmallCover, small_cover
from planners.posts.volume import Climb

SOLVER = "posts.p_center.exact"
SHAKES: Final = 12
CLIMBS: Final = 400


def solve_p_center(problem: AllocationProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[PostPlan]:
    """Find the p-centre and prove it, or the best plan found and a bound when the budget ends.

    ``budget.iterations`` limits the nodes of each covering program.
    """
    began = time.perf_counter()
    search = _Search(problem=problem, budget=budget, observe=observe, began=began)
    best = allocate(problem, _first(problem))
    value = check_allocation(problem, best)[1]
    usable = problem.seconds[:, problem.usable]
    least = float(usable.min(axis=1).max())
    times = np.unique(usable[(usable >= least) & (usable <= value)])
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
        answer = search.cover(float(times[middle]))
        if answer.sites is not None:
            found = allocate(problem, answer.sites)
            reached = check_allocation(problem, found)[1]
            best, value = found, reached
            high = int(np.searchsorted(times, value))
        elif answer.termination is Termination.OPTIMAL:
            low = middle + 1
        else:
            termination = answer.termination
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


def _first(problem: AllocationProblem) -> Sites:
    """Open the fixed sites, then again and again the usable site nearest to the point that is worst off."""
    seconds = np.where(problem.usable[None, :], problem.seconds, np.inf)
    opened = problem.fixed.astype(np.int64).tolist()
    nearest = seconds[:, opened].min(axis=1) if opened else np.full(len(seconds), np.inf)
    while len(opened) < problem.p:
        site = int(np.argmin(seconds[int(np.argmax(nearest))]))
        if site in opened:
            break
        opened.append(site)
        nearest = np.minimum(nearest, seconds[:, site])
    sites = padded(problem, np.sort(np.array(opened, np.int64)))
    return sites if np.isfinite(seconds[:, sites].min(axis=1)).all() else sites_that_reach_all(problem)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Answer:
    """Sites that reach all, or None: proved impossible where the termination is optimal."""

    sites: Sites | None
    termination: Termination


_NO = _Answer(sites=None, termination=Termination.OPTIMAL)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Search:
    problem: AllocationProblem
    budget: Budget
    observe: Observer
    began: float

    def cover(self, radius: float) -> _Answer:
        """Say whether ``p`` sites reach all within ``radius``."""
        problem = self.problem
        starts, columns = _within(problem.seconds, radius)
        fixed = np.zeros(problem.seconds.shape[1], bool)
        fixed[problem.fixed] = True
        reached = np.zeros(len(problem.seconds), bool)
        rows = np.repeat(np.arange(len(reached)), np.diff(starts))
        reached[rows[problem.usable[columns]]] = True
        if not reached.all():
            return _NO
        small = small_cover(starts, columns, np.ones(len(fixed)), usable=problem.usable, fixed=fixed)
        left = problem.p - len(small.must)
        if left < 0 or (left == 0 and small.rows):
            return _NO
        if small.rows == 0:
            return self._yes(small.must)
        return self._guessed(small, left) or self._solved(small, left)

    def _guessed(self, small: SmallCover, left: int) -> _Answer | None:
        """Try exchange, then the Lagrangian bound."""
        rows = small.rows
        if left >= len(small.sites):
            return self._yes(np.concatenate([small.must, small.sites]))
        reduced = Reduced(
            sites=small.sites, q=left, weights=np.ones(rows), row_starts=small.row_starts, row_sites=small.row_sites,
            site_starts=small.site_starts, site_rows=small.site_rows, constant=0.0,
        )  # fmt: skip
        search = CoverSearch(reduced, left, ONCE)
        none = np.zeros(len(small.sites), bool)
        value, opened, _ = search.first_plan()
        rng = np.random.default_rng(self.budget.seed)
        relaxed, at, step = None, search.first_multipliers(), 1.0
        for done in range(0, CLIMBS, 100):
            for _ in range(SHAKES):
                if value <= -rows:
                    return self._yes(np.concatenate([small.must, small.sites[opened]]))
                found, sites = search.shaken(opened, rng)
                if found <= value:
                    value, opened = found, sites
            share = 0.1 if done < CLIMBS // 2 else 0.03
            climb = Climb(iterations=100, enough=-rows + 1e-6, shares=np.array([share]), step=step, after=relaxed)
            relaxed = search.climb(at, climb, fixed=none, closed=none, best=value)
            if relaxed.bound > -rows + 1e-6:
                return _NO
            at, step = relaxed.multipliers, relaxed.step
            found, sites = search.plan_near(relaxed.lean, fixed=none, closed=none)
            if found < value:
                value, opened = found, sites
        return None

    def _solved(self, small: SmallCover, left: int) -> _Answer:
        """Ask the covering program for at most ``left`` sites."""
        m, rows = len(small.sites), small.rows
        ones = np.ones(len(small.row_sites))
        cover = sparse.csr_matrix((ones, small.row_sites, small.row_starts), shape=(rows, m))
        program = IntegerProgram(
            costs=np.ones(m),
            lower=np.zeros(m),
            upper=np.ones(m),
            whole=np.ones(m, bool),
            rows=sparse.csr_matrix(sparse.vstack([cover, sparse.csr_matrix(np.ones((1, m)))])),
            row_lower=np.concatenate([np.ones(rows), [0.0]]),
            row_upper=np.concatenate([np.full(rows, np.inf), [float(left)]]),
            sense=-1,
            slack=float(left),
        )
        answer = solve_program(program, self.budget, observe=self._alive, began=self.began)
        if answer.values is not None:
            return self._yes(np.concatenate([small.must, small.sites[answer.values > 0.5]]))
        return _Answer(sites=None, termination=Termination.OPTIMAL if not answer.feasible else answer.termination)

    def _alive(self, progress: Progress) -> bool:
        return self.observe(Progress(seconds=progress.seconds))

    def _yes(self, sites: Sites) -> _Answer:
        return _Answer(sites=padded(self.problem, np.sort(sites)), termination=Termination.OPTIMAL)


def _within(seconds: Floats, radius: float) -> tuple[Starts, Indices]:
    near = seconds <= radius
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(near.sum(axis=1))])
    return starts, np.nonzero(near)[1].astype(np.int32)
