"""Maximal covering with site costs and a budget instead of a number of posts.

``c_j > 0`` cost of site ``j``, ``B`` the budget, otherwise as ``mclp``::

    maximise    sum_i w_i z_i
    subject to  sum_{j in N(i)} x_j >= z_i    for every i
                sum_j c_j x_j <= B
                x_j = 1 for fixed sites, x_j = 0 for closed ones
                x_j in {0, 1},  0 <= z_i <= 1

The first plan opens by weight gained for cost, and the best single site is held against it: at least half of ``1 - 1/e``
of the optimum (Khuller, Moss and Naor 1999). Before the search, the bound is that of filling the budget, in parts, with
the best gains beside any set that greedy passes through.

Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science Association 32,
101-118. Khuller, S., Moss, A. and Naor, J. (1999). The budgeted maximum coverage problem. Information Processing Letters
70, 39-45.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geo.errors import CheckError, InfeasibleError, ParameterError
from planners.arrays import read_only
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.integer_program import IntegerProgram, solve_program
from planners.posts.check import require_open
from planners.posts.coverage import Coverage
from planners.posts.interchange import covered_weight
from planners.posts.plan import PostPlan
from planners.posts.problem import (
    MclpProblem,
    brief,
    named,
    require_costs,
    require_reach,
    require_sites,
    require_weights,
)
from planners.posts.reduce import Reduced, merge_alike

SOLVER = "posts.site_budget.exact"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteBudgetProblem:
    """Open sites that cost no more than ``budget`` together so that the weight of covered demand is largest.

    Attributes
    ----------
    coverage, weights, site_keys, demand_keys, fixed, closed : as ``MclpProblem``
    costs : float64[m], above 0
    budget : what the open sites, the fixed ones included, may cost together
    """

    coverage: Coverage
    weights: Floats
    site_keys: tuple[str, ...]
    costs: Floats
    budget: float
    demand_keys: tuple[str, ...] = ()
    fixed: npt.NDArray[np.int32]
    closed: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in ("weights", "costs"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float64))
        for name in ("fixed", "closed"):
            object.__setattr__(self, name, read_only(np.unique(np.asarray(getattr(self, name), np.int32)), np.int32))
        require_weights(self.weights, self.demand_keys, self.coverage.rows)
        require_sites(self.site_keys, self.coverage.count, p=None, fixed=self.fixed, closed=self.closed)
        require_costs(self.costs, self.site_keys)
        if not self.budget >= 0:
            raise ParameterError("The budget must be 0 or more", "预算应不小于 0")
        self._require_money()
        if not self.coverage.count_open(self.usable).any():
            require_reach(self.coverage)

    def _require_money(self) -> None:
        if len(self.fixed):
            needed = math.fsum(self.costs[self.fixed].tolist())
            names = named(self.site_keys, self.fixed.astype(np.int64))
            what, what_zh = f"the fixed sites ({brief(names)}) cost", f"固定点（{brief(names)}）共需"
        else:
            usable = np.flatnonzero(self.usable)
            cheapest = usable[np.argmin(self.costs[usable])] if len(usable) else 0
            needed, names = float(self.costs[cheapest]), [self.site_keys[int(cheapest)]]
            what, what_zh = f"the cheapest site ({names[0]}) costs", f"最便宜的点位（{names[0]}）需"
        if needed > self.budget:
            raise InfeasibleError(
                f"The budget is {self.budget:g} but {what} {needed:g}; ask with at least that",
                f"预算为 {self.budget:g}，而{what_zh} {needed:g}，请至少按此数提出",
                rows=names,
            )

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Sites that may be open, bool[m]."""
        out = np.ones(self.coverage.count, bool)
        out[self.closed] = False
        return out


def solve_site_budget(problem: SiteBudgetProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[PostPlan]:
    """Find the plan that covers most for the money and prove it, or the best found and a bound."""
    began = time.perf_counter()
    keep = problem.usable
    reduced = merge_alike(problem.coverage.indptr, problem.coverage.sites, problem.weights, keep, q=int(keep.sum()))
    costs = problem.costs[reduced.sites]
    must = np.isin(reduced.sites, problem.fixed)
    first, bound = _greedy(reduced, costs, must, problem.budget)
    best, value, termination = first, float(reduced.weights @ _covered(reduced, first)), Termination.OPTIMAL
    whole = bool((reduced.weights == np.floor(reduced.weights)).all())
    bound = float(np.floor(bound * (1 + 1e-12) + 1e-6)) if whole else bound * (1 + 1e-12)
    if not observe(Progress(seconds=time.perf_counter() - began, objective=value, bound=max(bound, value))):
        termination = Termination.CANCELLED
    elif bound > value:
        program = _program(reduced, costs, must, problem.budget, whole=whole)
        m = len(costs)
        start = np.concatenate([first.astype(np.float64), _covered(reduced, first)])
        answer = solve_program(program, budget, start=start, observe=observe, began=began)
        termination = answer.termination
        if answer.bound is not None:
            bound = min(bound, math.floor(answer.bound + 1e-6) if whole else answer.bound)
        if answer.values is not None:
            opened = answer.values[:m] > 0.5
            reached = float(reduced.weights @ _covered(reduced, opened))
            if reached > value and costs[opened].sum() <= problem.budget * (1 + 1e-12):
                best = opened
    is_open = np.zeros(problem.coverage.count, bool)
    is_open[reduced.sites[best]] = True
    plan = PostPlan(sites=np.flatnonzero(is_open).astype(np.int32), assignment=problem.coverage.nearest_open(is_open))
    objective = check_site_budget(problem, plan)
    return Outcome(
        plan=plan,
        objective=objective,
        bound=max(objective, bound),
        sense=1,
        termination=termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def check_site_budget(problem: SiteBudgetProblem, plan: PostPlan) -> float:
    """Return the covered weight of a plan within the budget, or raise ``CheckError``."""
    coverage = problem.coverage
    require_open(plan, sites=coverage.count, p=None, fixed=problem.fixed, closed=problem.closed, keys=problem.site_keys)
    spent = math.fsum(problem.costs[plan.sites].tolist())
    if spent > problem.budget * (1 + 1e-9):
        raise CheckError(
            f"The plan costs {spent:g}, more than the budget of {problem.budget:g}",
            f"方案费用 {spent:g} 超出预算 {problem.budget:g}",
        )
    return covered_weight(as_mclp(problem, posts=max(1, len(plan.sites))), plan.sites)


def as_mclp(problem: SiteBudgetProblem, *, posts: int) -> MclpProblem:
    """Return the same question by number of posts, for ``evaluate``."""
    return MclpProblem(
        coverage=problem.coverage, weights=problem.weights, site_keys=problem.site_keys, p=posts,
        demand_keys=problem.demand_keys, fixed=problem.fixed[:posts], closed=problem.closed,
    )  # fmt: skip


def _greedy(
    reduced: Reduced, costs: Floats, must: npt.NDArray[np.bool_], money: float
) -> tuple[npt.NDArray[np.bool_], float]:
    m, n = len(costs), len(reduced.weights)
    rows = np.repeat(np.arange(n), np.diff(reduced.row_starts))
    opened, covered = must.copy(), np.zeros(n, bool)
    covered[rows[must[reduced.row_sites]]] = True
    bound, whole_budget = np.inf, money - float(costs[must].sum())
    left = whole_budget
    while True:
        missing = np.where(covered, 0.0, reduced.weights)
        gain = np.asarray(np.bincount(reduced.row_sites, weights=missing[rows], minlength=m), np.float64)
        gain[opened] = 0.0
        ratio = gain / costs
        bound = min(bound, float(reduced.weights @ covered) + _filled(gain, costs, whole_budget))
        fits = np.where(costs <= left * (1 + 1e-12), ratio, 0.0)
        site = int(np.argmax(fits))
        if fits[site] <= 0:
            break
        opened[site] = True
        left -= float(costs[site])
        covered[reduced.site_rows[reduced.site_starts[site] : reduced.site_starts[site + 1]]] = True
    return _held_against_one(reduced, costs, must, opened, whole_budget), bound


def _held_against_one(
    reduced: Reduced, costs: Floats, must: npt.NDArray[np.bool_], opened: npt.NDArray[np.bool_], money: float
) -> npt.NDArray[np.bool_]:
    """Return the greedy plan, or the fixed sites and the one that covers most where that is more."""
    alone = np.array(
        [
            reduced.weights[reduced.site_rows[a:b]].sum()
            for a, b in zip(reduced.site_starts, reduced.site_starts[1:], strict=False)
        ]
    )
    alone[must | (costs > money)] = -1.0
    other = must.copy()
    if len(alone) and alone.max() > 0:
        other[int(np.argmax(alone))] = True
    better = float(reduced.weights @ _covered(reduced, other)) > float(reduced.weights @ _covered(reduced, opened))
    return other if better else opened


def _filled(gain: Floats, costs: Floats, money: float) -> float:
    """Return the most that a budget buys when sites can be bought in parts."""
    order = np.argsort(-gain / costs, kind="stable")
    spent = np.cumsum(costs[order])
    parts = np.clip((money - (spent - costs[order])) / costs[order], 0.0, 1.0)
    return float((gain[order] * parts).sum())


def _covered(reduced: Reduced, opened: npt.NDArray[np.bool_]) -> Floats:
    rows = np.repeat(np.arange(len(reduced.weights)), np.diff(reduced.row_starts))
    counts = np.bincount(rows, weights=opened[reduced.row_sites].astype(np.float64), minlength=len(reduced.weights))
    return (counts > 0).astype(np.float64)


def _program(
    reduced: Reduced, costs: Floats, must: npt.NDArray[np.bool_], money: float, *, whole: bool
) -> IntegerProgram:
    m, n = len(costs), len(reduced.weights)
    ones = np.ones(len(reduced.row_sites))
    cover = sparse.csr_matrix((ones, reduced.row_sites, reduced.row_starts), shape=(n, m))
    rows = sparse.vstack(
        [
            sparse.hstack([cover, -sparse.identity(n)]),
            sparse.hstack([sparse.csr_matrix(costs[None, :]), sparse.csr_matrix((1, n))]),
        ]
    )
    return IntegerProgram(
        costs=np.concatenate([np.zeros(m), reduced.weights]),
        lower=np.concatenate([must.astype(np.float64), np.zeros(n)]),
        upper=np.ones(m + n),
        whole=np.arange(m + n) < m,
        rows=sparse.csr_matrix(rows),
        row_lower=np.concatenate([np.zeros(n), [0.0]]),
        row_upper=np.concatenate([np.full(n, np.inf), [money]]),
        sense=1,
        slack=0.999 if whole else 1e-9 * max(1.0, float(reduced.weights.sum())),
    )
