"""The p-median, exactly: least demand-weighted time to the nearest of p posts.

Sets: demand points ``i``, sites ``j``; ``w_i`` weight, ``d_ij`` seconds. ``x_ij`` is the share of ``i`` that ``j``
serves, ``y_j = 1`` when site ``j`` is open::

    minimise    sum_ij w_i d_ij x_ij
    subject to  sum_j x_ij = 1            for every i
                x_ij <= y_j               for every i, j
                sum_j y_j = p
                y_j = 1 for fixed sites, y_j = 0 for closed ones
                y_j in {0, 1},  x_ij >= 0

ReVelle, C. and Swain, R. (1970). Central facilities location. Geographical Analysis 2, 30-42. The program has a
variable a pair: it is the reference for hundreds of demand points, not for a city.
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
from scipy import sparse

from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent, stopped_before_any_plan
from planners.integer_program import IntegerProgram, solve_program
from planners.posts.allocation import AllocationProblem, allocate, check_allocation
from planners.posts.plan import PostPlan

SOLVER = "posts.p_median.exact"


def solve_p_median(problem: AllocationProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[PostPlan]:
    """Find the p-median and prove it, or the best plan found and a bound when the budget (seconds, nodes) ends."""
    began = time.perf_counter()
    first = first_sites(problem)
    best = allocate(problem, first)
    value = check_allocation(problem, best)[0] if (best.assignment >= 0).all() else float("inf")
    bound: float = 0.0
    termination = Termination.OPTIMAL
    if not observe(Progress(seconds=time.perf_counter() - began, objective=value, bound=bound)):
        termination = Termination.CANCELLED
    else:
        program, rows, columns = program_of(problem)
        start = None
        if np.isfinite(value):
            m = problem.seconds.shape[1]
            start = np.zeros(m + len(rows))
            start[first] = 1.0
            start[m:] = best.assignment[rows] == columns
        answer = solve_program(program, budget, start=start, observe=observe, began=began)
        termination = answer.termination
        bound = bound if answer.bound is None else answer.bound
        if answer.values is not None:
            found = allocate(problem, np.flatnonzero(answer.values[: problem.seconds.shape[1]] > 0.5))
            reached = check_allocation(problem, found)[0]
            if reached < value:
                best, value = found, reached
    if not np.isfinite(value):
        raise stopped_before_any_plan()
    return Outcome(
        plan=best,
        objective=value,
        bound=min(bound, value),
        sense=-1,
        termination=termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def first_sites(problem: AllocationProblem) -> npt.NDArray[np.int64]:
    """Open the fixed sites, then one after another the site that saves most."""
    finite = problem.seconds[np.isfinite(problem.seconds)]
    far = 2.0 * float(finite.max()) + 1.0
    times = np.where(np.isfinite(problem.seconds), problem.seconds, far)
    opened = problem.fixed.astype(np.int64).tolist()
    nearest = times[:, opened].min(axis=1) if opened else np.full(len(times), far)
    while len(opened) < problem.p:
        saved = problem.weights @ np.maximum(nearest[:, None] - times, 0.0)
        saved[~problem.usable] = -1.0
        saved[opened] = -1.0
        best = int(np.argmax(saved))
        opened.append(best)
        nearest = np.minimum(nearest, times[:, best])
    return np.sort(np.asarray(opened, np.int64))


def program_of(problem: AllocationProblem) -> tuple[IntegerProgram, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the program, first ``y`` then ``x`` of the reachable pairs, and the demand point and site of each pair."""
    n, m = problem.seconds.shape
    rows, columns = np.nonzero(np.isfinite(problem.seconds) & problem.usable[None, :])
    pairs = len(rows)
    each = np.arange(pairs)
    one, served = np.ones(pairs), sparse.csr_matrix((np.ones(pairs), (rows, each)), shape=(n, pairs))
    linked = sparse.hstack([sparse.csr_matrix((one, (each, columns)), shape=(pairs, m)), -sparse.identity(pairs)])
    chosen = sparse.hstack([sparse.csr_matrix(np.ones((1, m))), sparse.csr_matrix((1, pairs))])
    lower, upper = np.zeros(m + pairs), np.ones(m + pairs)
    lower[problem.fixed] = 1.0
    upper[problem.closed] = 0.0
    program = IntegerProgram(
        costs=np.concatenate([np.zeros(m), problem.weights[rows] * problem.seconds[rows, columns]]),
        lower=lower,
        upper=upper,
        whole=np.arange(m + pairs) < m,
        rows=sparse.csr_matrix(sparse.vstack([sparse.hstack([sparse.csr_matrix((n, m)), served]), linked, chosen])),
        row_lower=np.concatenate([np.ones(n), np.zeros(pairs), [float(problem.p)]]),
        row_upper=np.concatenate([np.ones(n), np.full(pairs, np.inf), [float(problem.p)]]),
        sense=-1,
    )
    return program, rows.astype(np.int64), columns.astype(np.int64)
