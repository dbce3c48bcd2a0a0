"""A proved bound on the prize: flow through the hot spots, with the time of all units together, as a linear program.

With ``x_ij`` the moves, ``y_i`` the hot spots visited, ``m`` units and ``T`` seconds each::

    maximise    sum_i w_i y_i
    subject to  sum_j x_ij = y_i = sum_j x_ji        for every hot spot i
                sum_j x_sj = sum_i x_it = m           from the start s, to the end t
                sum_ij legs_ij x_ij <= m T
                0 <= y_i <= 1,  x_ij >= 0

Circles that no unit reaches are not forbidden, so that the bound is not always met.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from geo.errors import XungeError
from planners.contract import Budget
from planners.integer_program import IntegerProgram, solve_program
from planners.patrol.hot_spots.problem import SLACK, HotSpotProblem


def bound_prize(problem: HotSpotProblem) -> float:
    """Return a prize that no plan exceeds; whole where all prizes are."""
    spots = np.flatnonzero(problem.reachable)
    if not len(spots):
        return 0.0
    k = len(spots)
    legs = problem.legs
    inner = legs[np.ix_(spots, spots)]
    heads, tails = np.meshgrid(np.arange(k), np.arange(k))
    # A move that no unit has time for, with the way to it and on, is left out.
    fits = legs[problem.start, spots][:, None] + inner + legs[spots, problem.end][None, :] <= problem.limit + SLACK
    np.fill_diagonal(fits, False)
    tail, head, cost = tails[fits], heads[fits], inner[fits]
    moves = len(cost)
    out_cost, home_cost = legs[problem.start, spots], legs[spots, problem.end]
    direct = legs[problem.start, problem.end]
    # Columns: inner moves, moves out, moves home, straight ways, visits.
    columns = moves + 3 * k + 1
    out, home, straight, visit = moves, moves + k, moves + 2 * k, moves + 2 * k + 1
    own = np.arange(k)
    ones, minus = np.ones(moves), -np.ones(k)
    leave = sparse.coo_matrix(
        (np.r_[ones, np.ones(k), minus], (np.r_[tail, own, own], np.r_[np.arange(moves), home + own, visit + own])),
        shape=(k, columns),
    )
    enter = sparse.coo_matrix(
        (np.r_[ones, np.ones(k), minus], (np.r_[head, own, own], np.r_[np.arange(moves), out + own, visit + own])),
        shape=(k, columns),
    )
    ends = np.zeros((2, columns))
    ends[0, out : out + k], ends[1, home : home + k], ends[:, straight] = 1.0, 1.0, 1.0
    time = np.r_[cost, out_cost, home_cost, direct, np.zeros(k)]
    units = float(problem.units)
    answer = solve_program(
        IntegerProgram(
            costs=np.r_[np.zeros(visit), problem.prize[spots]],
            lower=np.zeros(columns), upper=np.r_[np.full(visit, units), np.ones(k)], whole=np.zeros(columns, bool),
            rows=sparse.csr_matrix(sparse.vstack([sparse.csr_matrix(time[None]), leave, enter, sparse.csr_matrix(ends)])),
            row_lower=np.r_[-np.inf, np.zeros(2 * k), units, units],
            row_upper=np.r_[units * (problem.limit + SLACK), np.zeros(2 * k), units, units],
            sense=1,
        ),
        Budget(),
    )  # fmt: skip
    if answer.bound is None:
        raise XungeError("The bound of the prize was not found", "未能得到热点权重上界")
    value = answer.bound * (1 + 1e-9)
    whole = bool((problem.prize[spots] == np.floor(problem.prize[spots])).all())
    return float(np.floor(value + 1e-6)) if whole else value
