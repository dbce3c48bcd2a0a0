"""Patrol areas by the p-median with limits of load and contiguity, exactly.

Atoms ``i``, possible sources ``j``; ``a_i`` calls, ``d_ij`` travel, ``x_ij = 1`` when ``i`` belongs to the area of
source ``j``, ``N(i)`` the atoms that touch ``i``::

    minimise    sum_ij a_i d_ij x_ij
    subject to  sum_j x_ij = 1                                      for every i
                x_ij <= x_jj                                        for every i, j
                sum_j x_jj = number of areas
                low x_jj <= sum_i a_i x_ij <= high x_jj             for every j
                x_ij <= sum_{l in N(i), d_lj < d_ij} x_lj           for every i that is not j
                x_ij in {0, 1}

The last line keeps areas in one piece: each atom has a neighbour nearer to the source in the same area. It is the
published form and a little stricter than contiguity alone. Wheeler, A. P. (2019). Creating optimal patrol areas using
the p-median model. Policing 42(3), 318-333.
"""

from __future__ import annotations

import time

import numpy as np
from scipy import sparse

from geo.errors import InfeasibleError
from planners.contract import Budget, Observer, Outcome, silent, stopped_before_any_plan
from planners.districts.problem import DistrictPlan, DistrictProblem, check_districts
from planners.integer_program import IntegerProgram, solve_program


def solve_districts(problem: DistrictProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[DistrictPlan]:
    """Find the best areas and prove it, or the best found and a bound when the budget (seconds, nodes) ends."""
    began = time.perf_counter()
    n = len(problem.keys)
    answer = solve_program(program_of(problem), budget, observe=observe, began=began)
    if not answer.feasible:
        low, high = problem.load_limits
        raise InfeasibleError(
            f"No {problem.areas} areas in one piece carry {low:g} to {high:g} each; allow more disparity",
            f"不存在 {problem.areas} 个各承担 {low:g}–{high:g} 的连通区，请放宽均衡度",
        )
    if answer.values is None:
        raise stopped_before_any_plan()
    plan = DistrictPlan(source=np.argmax(answer.values.reshape(n, n), axis=1).astype(np.int32))
    objective = check_districts(problem, plan)
    return Outcome(
        plan=plan,
        objective=objective,
        bound=None if answer.bound is None else min(answer.bound, objective),
        sense=-1,
        termination=answer.termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver="districts.p_median.exact",
    )


def program_of(problem: DistrictProblem) -> IntegerProgram:
    """Return the integer program; variable ``i n + j`` is ``x_ij``."""
    n = len(problem.keys)
    low, high = problem.load_limits
    touching = problem.neighbours()
    rows: list[dict[int, float]] = []
    lower: list[float] = []
    upper: list[float] = []

    def add(row: dict[int, float], at_least: float, at_most: float) -> None:
        rows.append(row)
        lower.append(at_least)
        upper.append(at_most)

    for i in range(n):
        add({i * n + j: 1.0 for j in range(n)}, 1.0, 1.0)
    add({j * n + j: 1.0 for j in range(n)}, float(problem.areas), float(problem.areas))
    for j in range(n):
        calls = {i * n + j: float(problem.calls[i]) for i in range(n)}
        add({**calls, j * n + j: calls[j * n + j] - low}, 0.0, np.inf)
        add({**calls, j * n + j: calls[j * n + j] - high}, -np.inf, 0.0)
        for i in range(n):
            if i == j:
                continue
            add({j * n + j: 1.0, i * n + j: -1.0}, 0.0, np.inf)
            nearer = [m for m in touching[i] if problem.travel[m, j] < problem.travel[i, j]]
            add({**{m * n + j: 1.0 for m in nearer}, i * n + j: -1.0}, 0.0, np.inf)
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    indices = np.array([k for row in rows for k in row], np.int64)
    values = np.array([v for row in rows for v in row.values()])
    return IntegerProgram(
        costs=(problem.calls[:, None] * problem.travel).ravel(),
        lower=np.zeros(n * n),
        upper=np.ones(n * n),
        whole=np.ones(n * n, bool),
        rows=sparse.csr_matrix((values, indices, starts), shape=(len(rows), n * n)),
        row_lower=np.array(lower),
        row_upper=np.array(upper),
        sense=-1,
    )
