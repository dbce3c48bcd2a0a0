"""Maximal covering, exactly: the integer program, solved by HiGHS from a good start, with its bound.

Maximal covering location problem (Church and ReVelle 1974). Sets: demand points ``i``, sites ``j``, ``N(i)`` the sites
that reach ``i`` within the limit (equality covers). ``w_i`` is the weight of demand point ``i``. ``x_j = 1`` when site
``j`` is open, ``z_i = 1`` when demand point ``i`` is covered::

    maximise    sum_i w_i z_i
    subject to  sum_{j in N(i)} x_j >= z_i    for every i
                sum_j x_j = p
                x_j = 1 for fixed sites, x_j = 0 for closed ones
                x_j in {0, 1},  0 <= z_i <= 1

``z`` needs not be declared whole: with ``w >= 0`` and whole ``x`` it takes 0 or 1 by itself. The program that is solved
is the reduced one (``planners.posts.reduce``), with ``<= p`` since any further post may be added without loss.

Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science Association
32, 101-118.
"""

from __future__ import annotations

import time

import numpy as np
from scipy import sparse

from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.integer_program import IntegerProgram, solve_program
from planners.posts.interchange import Chosen, complete_plan, covered_weight, greedy_and_swap
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem
from planners.posts.reduce import Reduced, reduce_mclp

SOLVER = "posts.mclp.exact"


def solve_mclp(problem: MclpProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[PostPlan]:
    """Find the plan that covers most and prove it, or give the best one found and a bound when the budget ends.

    ``budget.iterations`` is the number of nodes of the search tree. The first progress report is the plan of greedy
    and exchange; returning False from ``observe`` ends the search with the best plan so far.
    """
    began = time.perf_counter()
    reduced = reduce_mclp(problem)
    first = greedy_and_swap(reduced)
    best, bound, termination = first, first.bound, Termination.OPTIMAL
    now = time.perf_counter() - began
    report = Progress(seconds=now, objective=first.value + reduced.constant, bound=first.bound + reduced.constant)
    if not observe(report):
        termination = Termination.CANCELLED
    elif first.value < first.bound:
        best, bound, termination = _searched(reduced, first, budget, observe, began)
    plan = complete_plan(problem, reduced.sites[best.sites])
    objective = covered_weight(problem, plan.sites)
    return Outcome(
        plan=plan,
        objective=objective,
        bound=max(objective, bound + reduced.constant),
        sense=1,
        termination=termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def program_of(reduced: Reduced) -> IntegerProgram:
    """Return the integer program of the reduced problem: first the sites' ``x``, then the rows' ``z``."""
    m, n = len(reduced.sites), len(reduced.weights)
    ones = np.ones(len(reduced.row_sites))
    cover = sparse.csr_matrix((ones, reduced.row_sites, reduced.row_starts), shape=(n, m))
    rows = sparse.vstack(
        [
            sparse.hstack([cover, -sparse.identity(n)]),
            sparse.hstack([sparse.csr_matrix(np.ones((1, m))), sparse.csr_matrix((1, n))]),
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
        row_lower=np.concatenate([np.zeros(n), [0.0]]),
        row_upper=np.concatenate([np.full(n, np.inf), [float(reduced.q)]]),
        sense=1,
        constant=reduced.constant,
        slack=0.999 if whole_weights else 1e-9 * max(1.0, float(reduced.weights.sum())),
    )


def _searched(
    reduced: Reduced, first: Chosen, budget: Budget, observe: Observer, began: float
) -> tuple[Chosen, float, Termination]:
    program = program_of(reduced)
    m = len(reduced.sites)
    start = np.zeros(len(program.costs))
    start[first.sites] = 1.0
    start[m:] = _covered(reduced, start[:m])

    def with_first(progress: Progress) -> bool:
        """Report no less than what is known from the start."""
        value, bound = first.value + reduced.constant, first.bound + reduced.constant
        known = Progress(
            seconds=progress.seconds,
            objective=value if progress.objective is None else max(value, progress.objective),
            bound=bound if progress.bound is None else min(bound, progress.bound),
            share=progress.share,
        )
        return observe(known)

    watching = silent if observe is silent else with_first
    answer = solve_program(program, budget, start=start, observe=watching, began=began)
    bound = first.bound
    if answer.bound is not None:
        proved = answer.bound - reduced.constant
        if program.slack == 0.999:
            proved = float(np.floor(proved + 1e-6))
        bound = min(bound, proved)
    best = first
    if answer.values is not None:
        opened = np.round(answer.values[:m])
        value = float(reduced.weights @ _covered(reduced, opened))
        if value > first.value:
            best = Chosen(sites=np.flatnonzero(opened).astype(np.int64), value=value, bound=bound)
    return best, bound, answer.termination


def _covered(reduced: Reduced, opened: np.ndarray) -> np.ndarray:
    rows = np.repeat(np.arange(len(reduced.weights)), np.diff(reduced.row_starts))
    return (np.bincount(rows, weights=opened[reduced.row_sites], minlength=len(reduced.weights)) > 0).astype(float)
