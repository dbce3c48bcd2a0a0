"""The p-median, exactly: least demand-weighted time to the nearest of p posts.

Sets: demand points ``i``, sites ``j``; ``w_i`` weight, ``d_ij`` seconds. ``x_ij`` is the share of ``i`` that ``j``
serves, ``y_j = 1`` when site ``j`` is open::

    minimise    sum_ij w_i d_ij x_ij
    subject to  sum_j x_ij = 1            for every i
                x_ij <= y_j               for every i, j
                sum_j y_j = p
                y_j = 1 for fixed sites, y_j = 0 for closed ones
                y_j in {0, 1},  x_ij >= 0

ReVelle, C. and Swain, R. (1970). Central facilities location. Geographical Analysis 2, 30-42.

A first plan comes from greedy and exchange (``median_swap``), bounds from Lagrangian relaxation (``median_dual``), the
proof from a tree over the few sites that the bound leaves open (``tree``; Christofides and Beasley 1982), or from the
program by radii once it is small (``median_radius``). Below
``MOST_PAIRS`` pairs the rows of times are whole; above, each row keeps its nearest sites and is charged the first that is
left out when none of them is open, which can only lower the bound.

Christofides, N. and Beasley, J. (1982). A tree search algorithm for the p-median problem. European Journal of Operational
Research 10, 196-204.
"""

from __future__ import annotations

import math
import time

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError
from planners.contract import Budget, Observer, Outcome, Termination, silent, stopped_before_any_plan
from planners.posts.allocation import AllocationProblem, allocate, check_allocation
from planners.posts.choice import Finish, Narrowed, Sites
from planners.posts.median_dual import MedianDual
from planners.posts.median_radius import radius_program, solve_by_radii
from planners.posts.median_swap import Exchange
from planners.posts.neighbours import Flags, Floats, Neighbours
from planners.posts.plan import PostPlan
from planners.posts.problem import brief, named
from planners.posts.quota import Quota
from planners.posts.reachable import sites_that_reach_all
from planners.posts.tree import Tree
from planners.posts.volume import Climb, Relaxed
from planners.posts.watch import Watch

SOLVER = "posts.p_median.exact"
SHAKES = 4
WHOLE = 2.0**50


class MedianSearch:
    """A p-median over sites that may be open, in the terms of ``tree.Problem``.

    ``costs`` float64[n, m] is all finite: what cannot be reached costs more than the first plan in all. ``settled``
    bool[m] are sites that every plan still looked for has open; costs of plans are multiples of ``step``, 0 for unknown.
    """

    def __init__(
        self, costs: Floats, sites: Sites, neighbours: Neighbours, p: int, fixed: Flags, *,
        quota: Quota | None = None, settled: Flags | None = None, step: float = 0.0,
    ) -> None:  # fmt: skip
        self.p = p
        self._step = step
        self._settled = fixed if settled is None else settled
        self._costs = costs
        self._sites = sites
        self._fixed = fixed
        self._neighbours = neighbours
        self.quota = Quota.none(len(sites)) if quota is None else quota
        self._dual = MedianDual(neighbours, p, self.quota)
        self._exchange = Exchange(neighbours, p, fixed, np.zeros(len(sites), bool), self.quota)

    def first_plan(self) -> tuple[float, Sites]:
        """Open greedily and exchange."""
        _, opened = self._exchange.improved(self._exchange.greedy())
        return self.value(opened), opened

    def first_multipliers(self) -> Floats:
        """Return where the first climb starts."""
        return self._dual.first_multipliers()

    def climb(
        self, start: npt.NDArray[np.floating], climb: Climb, *, fixed: Flags, closed: Flags, best: float
    ) -> Relaxed:
        """Climb from multipliers."""
        return self._dual.climb(start, climb, fixed=fixed, closed=closed, best=best)

    def plan_near(self, lean: Floats, *, fixed: Flags, closed: Flags) -> tuple[float, Sites]:
        """Open the sites that the relaxation leans to most, and exchange."""
        ranked = np.where(fixed, np.inf, np.where(closed, -np.inf, lean))
        _, opened = self._exchange.improved(self.quota.top(ranked, self.p))
        return self.value(opened), opened

    def shaken(self, sites: Sites, rng: np.random.Generator) -> tuple[float, Sites]:
        """Exchange a few sites at random and improve."""
        _, opened = self._exchange.shaken(sites, rng, int(rng.integers(2, SHAKES + 1)))
        return self.value(opened), opened

    def value(self, sites: Sites) -> float:
        """Return the cost of a plan, each demand point at its cheapest open site, inf where too few members are open."""
        if not self.quota.met(sites):
            return np.inf
        return float(self._costs[:, self._sites[sites]].min(axis=1).sum())

    def narrowed(self, fixed: Flags, closed: Flags, relaxed: Relaxed) -> Narrowed:
        """Leave out closed sites."""
        neighbours, left = self._neighbours.without(closed)
        fewer = MedianSearch(
            self._costs, self._sites[left], neighbours, self.p, self._fixed[left],
            quota=self.quota.among(left, always=np.zeros(0, np.int64)), settled=fixed[left], step=self._step,
        )  # fmt: skip
        same = relaxed.among(left, multipliers=relaxed.multipliers, way=relaxed.way)
        return Narrowed(problem=fewer, left=left, always=np.zeros(0, np.int64), relaxed=same)

    def finished(self, value: float, watch: Watch, *, lean: Floats) -> Finish | None:
        """Solve what is left by HiGHS where the program by radii is small."""
        slack = 0.999 * self._step or 1e-9 * abs(value)
        program = radius_program(self._neighbours, self.p, self._settled, quota=self.quota, slack=slack)
        if program is None:
            return None
        m = len(self._sites)
        within = Exchange(self._neighbours, self.p, self._settled, np.zeros(m, bool), self.quota)
        _, start = within.improved(self.quota.top(np.where(self._settled, np.inf, lean), self.p))
        answer = solve_by_radii(program, m, start, value, watch)
        proved = answer.termination is Termination.OPTIMAL
        bound = -np.inf if answer.bound is None else answer.bound
        if answer.values is None:
            return Finish(sites=None, value=np.inf, bound=bound, proved=proved)
        sites = np.flatnonzero(answer.values[:m] > 0.5)
        return Finish(sites=sites, value=self.value(sites), bound=bound, proved=proved)


def solve_p_median(
    problem: AllocationProblem, budget: Budget, *, observe: Observer = silent, quota: Quota | None = None
) -> Outcome[PostPlan]:
    """Find the p-median and prove it, or the best plan found and a bound when the budget (seconds, nodes) ends.

    ``quota`` over the sites of the problem asks for some of them.
    """
    began = time.perf_counter()
    usable = np.flatnonzero(problem.usable)
    costs = _costs(problem, usable, asked=quota is not None and quota.least > 0)
    fixed = np.isin(usable, problem.fixed)
    closed = np.zeros(len(usable), bool)
    names = np.arange(len(usable))
    asked = None if quota is None else quota.among(usable, always=np.zeros(0, np.int64))
    step = _step(costs)
    search = MedianSearch(costs, names, Neighbours.of(costs, p=problem.p), problem.p, fixed, quota=asked, step=step)
    value, opened = search.first_plan()
    watch = Watch(began=began, budget=budget, observe=observe)
    watch.on(value, 0.0, force=True)
    tree = Tree(search, opened, value, fixed=fixed, closed=closed, step=step, watch=watch)
    found = tree.run()
    plan = allocate(problem, usable[found.sites])
    if (plan.assignment < 0).any():
        raise _unreached(problem, plan) if found.termination is Termination.OPTIMAL else stopped_before_any_plan()
    objective = check_allocation(problem, plan)[0]
    return Outcome(
        plan=plan,
        objective=objective,
        bound=min(max(found.bound, 0.0), objective),
        sense=-1,
        termination=found.termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def _costs(problem: AllocationProblem, usable: Sites, *, asked: bool) -> Floats:
    """Return weighted seconds float64[n, usable]; where there is no way, more than a plan that reaches all costs.

    Where some sites are asked for, that is more than any plan costs.
    """
    seconds = problem.seconds[:, usable] if len(problem.closed) else problem.seconds
    reached = np.isfinite(seconds)
    if reached.all():
        return problem.weights[:, None] * seconds
    plan = allocate(problem, sites_that_reach_all(problem))
    beyond = check_allocation(problem, plan)[0] + 1.0
    if asked:
        dearest = problem.weights * np.where(reached, seconds, 0.0).max(axis=1)
        beyond = math.fsum(dearest.tolist()) + 1.0
    costs = np.full(seconds.shape, beyond)
    np.multiply(problem.weights[:, None], seconds, out=costs, where=reached)
    return costs


def _unreached(problem: AllocationProblem, plan: PostPlan) -> InfeasibleError:
    names = named(problem.demand_keys, np.flatnonzero(plan.assignment < 0))
    return InfeasibleError(
        f"With that many of today's posts kept, {brief(names)} cannot be reached; let more posts move",
        f"保留这么多现有点时，需求点 {brief(names)} 无法到达，请放宽可调整的点数",
        rows=names,
    )


def _step(costs: Floats) -> float:
    """Return 1 where all costs are whole numbers whose sum is exact, else 0."""
    dearest = float(costs.max(axis=1).sum())
    return 1.0 if dearest < WHOLE and all(bool((row == np.floor(row)).all()) for row in costs) else 0.0
