"""The p-median as one integer program with a variable a pair: the reference for small problems (``p_median``)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from planners.integer_program import IntegerProgram
from planners.posts.allocation import AllocationProblem


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
