"""Maximal covering, exactly: the integer program, solved by HiGHS from a good start, with its bound.

Maximal covering location problem (Church and ReVelle 1974). Sets: demand points ``i``, sites ``j``, ``N(i)`` the sites
that reach ``i`` within the limit (equality covers). ``w_i`` is the weight of demand point ``i``. ``x_j = 1`` when site
``j`` is open, ``z_i = 1`` when demand point ``i`` is covered::

    maximise    sum_i w_i z_i
    subject to  sum_{j in N(i)} x_j >= z_i    for every i
                sum_j x_j = p
                x_j = 1 for fixed sites, x_j = 0 for closed ones
                x_j in {0, 1},  0 <= z_i <= 1

``z`` needs not be declared whole: with ``w >= 0`` and whole ``x`` it takes 0 or 1 by itself.

Solved on the reduced problem (``planners.posts.reduce``), with ``<= p`` since any further post may be added without loss:
a first plan by greedy and exchange, bounds by Lagrangian relaxation (``cover_dual``), the proof by a tree (``tree``).

Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science Association
32, 101-118.
"""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np
from scipy import sparse

from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.integer_program import IntegerProgram, solve_program
from planners.posts.choice import Finish
from planners.posts.covering import ONCE, CoverSearch
from planners.posts.interchange import complete_plan, covered_weight
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem
from planners.posts.quota import Quota
from planners.posts.reduce import Floats, Reduced, reduce_mclp
from planners.posts.tree import Tree
from planners.posts.watch import Watch

SOLVER = "posts.mclp.exact"
MOST_SITES: Final = 700
MOST_PAIRS: Final = 200_000


def solve_mclp(
    problem: MclpProblem, budget: Budget, *, observe: Observer = silent, quota: Quota | None = None
) -> Outcome[PostPlan]:
    """Find the plan that covers most and prove it, or give the best one found and a bound when the budget ends.

    ``budget.iterations`` is the number of nodes of the search tree. The first progress report is the plan of greedy
    and exchange; returning False from ``observe`` ends the search with the best plan so far. ``quota`` over the sites of
    the problem asks for some of them.
    """
    began = time.perf_counter()
    asked = Quota.none(problem.sites) if quota is None else quota
    reduced = reduce_mclp(problem, dominance=not asked.least)
    inside = asked.among(reduced.sites, always=problem.fixed.astype(np.int64))
    search = CoverSearch(reduced, reduced.q, ONCE, quota=inside, finish=finish_by_program)
    value, opened, low = search.first_plan()
    watch = Watch(began=began, budget=budget, observe=observe, sign=-1.0)
    watch.on(value, low, force=True)
    none = np.zeros(len(reduced.sites), bool)
    step = 1.0 if bool((reduced.weights == np.floor(reduced.weights)).all()) else 0.0
    found = Tree(search, opened, value, fixed=none, closed=none, step=step, watch=watch, low=low).run()
    plan = complete_plan(problem, reduced.sites[found.sites])
    objective = covered_weight(problem, plan.sites)
    return Outcome(
        plan=plan,
        objective=objective,
        bound=max(objective, -found.bound),
        sense=1,
        termination=found.termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def finish_by_program(search: CoverSearch, value: float, watch: Watch, lean: Floats) -> Finish | None:
    """Solve what is left by HiGHS, whose cuts close the last of the gap, where it is small enough.

    The reductions are done and the plan is known, so HiGHS's own are switched off.
    """
    reduced = search.reduced
    m, n = len(reduced.sites), len(reduced.weights)
    if m > MOST_SITES or len(reduced.row_sites) > MOST_PAIRS or not n:
        return None
    program = program_of(reduced, quota=search.quota)
    none = np.zeros(m, bool)
    _, first = search.plan_near(lean, fixed=none, closed=none)
    start = np.zeros(m + n)
    start[first] = 1.0
    start[m:] = covered_rows(reduced, start[:m])

    def observe(progress: Progress) -> bool:
        bound = None if progress.bound is None else -progress.bound
        found = np.inf if progress.objective is None else -progress.objective
        return watch.on(min(value, found), -np.inf if bound is None else bound)

    answer = solve_program(program, watch.budget, start=start, observe=observe, began=watch.began, prepare=_only_cuts)
    if answer.termination is not Termination.OPTIMAL and watch.ended is None:
        watch.ended = answer.termination
    bound = -np.inf if answer.bound is None else -answer.bound
    if answer.values is None:
        return Finish(sites=None, value=np.inf, bound=bound, proved=answer.termination is Termination.OPTIMAL)
    sites = np.flatnonzero(answer.values[:m] > 0.5)
    spare = np.setdiff1d(np.arange(m), sites)[: search.p - len(sites)]
    sites = np.union1d(sites, spare)
    proved = answer.termination is Termination.OPTIMAL
    return Finish(sites=sites, value=search.value(sites), bound=bound, proved=proved)


def _only_cuts(highs: Any) -> None:
    highs.setOptionValue("presolve", "off")
    highs.setOptionValue("mip_heuristic_effort", 0.0)
    for name in ("rins", "rens", "root_reduced_cost", "zi_round", "shifting", "feasibility_jump"):
        highs.setOptionValue(f"mip_heuristic_run_{name}", False)


def covered_rows(reduced: Reduced, opened: Floats) -> Floats:
    """Return 1 for each row that open sites cover, else 0; ``opened`` float64[m]."""
    rows = np.repeat(np.arange(len(reduced.weights)), np.diff(reduced.row_starts))
    counts = np.bincount(rows, weights=opened[reduced.row_sites], minlength=len(reduced.weights))
    return (counts > 0).astype(np.float64)


def program_of(reduced: Reduced, *, quota: Quota | None = None) -> IntegerProgram:
    """Return the integer program of the reduced problem: first the sites' ``x``, then the rows' ``z``."""
    asked = Quota.none(len(reduced.sites)) if quota is None else quota
    m, n = len(reduced.sites), len(reduced.weights)
    ones = np.ones(len(reduced.row_sites))
    cover = sparse.csr_matrix((ones, reduced.row_sites, reduced.row_starts), shape=(n, m))
    rows = sparse.vstack(
        [
            sparse.hstack([cover, -sparse.identity(n)]),
            sparse.hstack([sparse.csr_matrix(np.ones((1, m))), sparse.csr_matrix((1, n))]),
            sparse.hstack([sparse.csr_matrix(asked.member[None, :].astype(np.float64)), sparse.csr_matrix((1, n))]),
        ],
        format="csr",
    )
    whole_weights = bool((reduced.weights == np.floor(reduced.weights)).all())
    return IntegerProgram(
        costs=np.concatenate([np.zeros(m), reduced.weights]),
        lower=np.zeros(m + n),
        upper=np.ones(m + n),
        whole=np.arange(m + n) < m,
        rows=sparse.csr_matrix(rows),
        row_lower=np.concatenate([np.zeros(n), [0.0, float(asked.least)]]),
        row_upper=np.concatenate([np.full(n, np.inf), [float(reduced.q), np.inf]]),
        sense=1,
        constant=reduced.constant,
        slack=0.999 if whole_weights else 1e-9 * max(1.0, float(reduced.weights.sum())),
    )
