"""The covering problem made smaller without changing its answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geo.compiled import compiled
from planners.posts.problem import MclpProblem

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reduced:
    """What is left to decide: choose at most ``q`` of ``sites`` to cover the heaviest rows.

    Attributes
    ----------
    sites : int64[m'], the sites of the full problem that are left, rising
    q : posts left to choose
    weights : float64[n']
    row_starts, row_sites : each row's sites, as positions in ``sites``
    site_starts, site_rows : each site's rows
    constant : weight that the fixed posts cover
    """

    sites: Ints
    q: int
    weights: Floats
    row_starts: Ints
    row_sites: Ints
    site_starts: Ints
    site_rows: Ints
    constant: float


def reduce_mclp(problem: MclpProblem) -> Reduced:
    """Drop what cannot matter; an optimum of the rest, with the fixed posts, is an optimum of the whole.

    Rows that a fixed post covers become a constant; rows that nothing covers and closed sites go; rows with the same
    sites become one with the sum of the weights; a site whose rows are all rows of another goes, since the other may
    take its place. The result does not depend on the order of the demand points: rows are sorted by their sites.
    """
    coverage = problem.coverage
    is_fixed = np.zeros(problem.sites, bool)
    is_fixed[problem.fixed] = True
    done = coverage.count_open(is_fixed) > 0
    constant = math.fsum(problem.weights[done].tolist())
    keep = problem.usable & ~is_fixed
    pair_rows = coverage.row_of_pair()
    wanted = keep[coverage.sites] & ~done[pair_rows] & (problem.weights[pair_rows] > 0)
    shape = (problem.demand, problem.sites)
    ones = np.ones(int(wanted.sum()), np.int8)
    matrix = sparse.csr_matrix((ones, (pair_rows[wanted], coverage.sites[wanted])), shape=shape)
    weights, sites = problem.weights, np.flatnonzero(keep).astype(np.int64)
    matrix = matrix[:, sites]
    before = -1
    while matrix.nnz != before:
        before = matrix.nnz
        matrix, weights = _merged(matrix, weights)
        columns = sparse.csc_matrix(matrix)
        columns.sort_indices()
        alive = _undominated(
            matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64),
            columns.indptr.astype(np.int64), columns.indices.astype(np.int64),
        )  # fmt: skip
        matrix, sites = matrix[:, np.flatnonzero(alive)], sites[alive]
    matrix.sort_indices()
    columns = sparse.csc_matrix(matrix)
    columns.sort_indices()
    return Reduced(
        sites=sites,
        q=min(problem.p - len(problem.fixed), len(sites)),
        weights=weights,
        row_starts=matrix.indptr.astype(np.int64),
        row_sites=matrix.indices.astype(np.int64),
        site_starts=columns.indptr.astype(np.int64),
        site_rows=columns.indices.astype(np.int64),
        constant=constant,
    )


def _merged(matrix: sparse.csr_matrix, weights: Floats) -> tuple[sparse.csr_matrix, Floats]:
    matrix.sort_indices()
    starts, indices = matrix.indptr, matrix.indices.astype(">i4")
    groups: dict[bytes, list[int]] = {}
    for row in np.flatnonzero(np.diff(starts)).tolist():
        groups.setdefault(indices[starts[row] : starts[row + 1]].tobytes(), []).append(row)
    ordered = sorted(groups)
    heads = np.array([groups[key][0] for key in ordered], np.int64)
    summed = np.array([math.fsum(weights[groups[key]].tolist()) for key in ordered], np.float64)
    return matrix[heads], summed


@compiled()
def _undominated(row_starts: Ints, row_sites: Ints, site_starts: Ints, site_rows: Ints) -> npt.NDArray[np.bool_]:
    """Find the sites whose rows are not all rows of one other site that stays; of equal ones the first stays."""
    m = len(site_starts) - 1
    alive = np.ones(m, np.bool_)
    marks = np.full(len(row_starts) - 1, -1, np.int64)
    hits = np.zeros(m, np.int64)
    for a in range(m):
        size = site_starts[a + 1] - site_starts[a]
        if size == 0:
            alive[a] = False
            continue
        shortest = site_rows[site_starts[a]]
        for e in range(site_starts[a], site_starts[a + 1]):
            row = site_rows[e]
            marks[row] = a
            if row_starts[row + 1] - row_starts[row] < row_starts[shortest + 1] - row_starts[shortest]:
                shortest = row
        for f in range(row_starts[shortest], row_starts[shortest + 1]):
            b = row_sites[f]
            other = site_starts[b + 1] - site_starts[b]
            if b == a or not alive[b] or other < size or (other == size and b > a):
                continue
            hits[b] = 0
            for e in range(site_starts[b], site_starts[b + 1]):
                if marks[site_rows[e]] == a:
                    hits[b] += 1
            if hits[b] == size:
                alive[a] = False
                break
    return alive
