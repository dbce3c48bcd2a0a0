"""The covering problem made smaller without changing its answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.posts.problem import MclpProblem

Starts = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reduced:
    """What is left to decide: choose at most ``q`` of ``sites`` to cover the heaviest rows.

    Attributes
    ----------
    sites : int64[m'], the sites of the full problem that are left, rising
    q : posts left to choose
    weights : float64[n']
    row_starts, row_sites : each row's sites, as positions in ``sites``, rising
    site_starts, site_rows : each site's rows, rising
    constant : weight that the fixed posts cover
    """

    sites: Starts
    q: int
    weights: Floats
    row_starts: Starts
    row_sites: Indices
    site_starts: Starts
    site_rows: Indices
    constant: float


def reduce_mclp(problem: MclpProblem, *, dominance: bool = True) -> Reduced:
    """Drop what cannot matter; an optimum of the rest, with the fixed posts, is an optimum of the whole.

    Rows that a fixed post covers become a constant; rows that nothing covers and closed sites go; rows with the same
    sites become one with the sum of the weights; a site whose rows are all rows of another goes, since the other may
    take its place (unless ``dominance`` is false). The result does not depend on the order of the demand points: rows are sorted by their sites.
    """
    coverage = problem.coverage
    is_fixed = np.zeros(problem.sites, bool)
    is_fixed[problem.fixed] = True
    done = coverage.count_open(is_fixed) > 0 if is_fixed.any() else np.zeros(problem.demand, bool)
    constant = math.fsum(problem.weights[done].tolist())
    keep = problem.usable & ~is_fixed
    starts, columns = without(coverage.indptr, coverage.sites, keep, ~done & (problem.weights > 0))
    return merged(
        starts, columns, problem.weights, np.flatnonzero(keep).astype(np.int64), keep,
        q=problem.p - len(problem.fixed), constant=constant, dominance=dominance,
    )[0]  # fmt: skip


def merge_alike(starts: Starts, columns: Indices, weights: Floats, keep: npt.NDArray[np.bool_], *, q: int) -> Reduced:
    """Merge rows with the same sites, leave out rows without weight or sites; all kept sites stay."""
    starts, columns = without(starts, columns, keep, weights > 0)
    return merged(starts, columns, weights, np.flatnonzero(keep), keep, q=q, constant=0.0, dominance=False)[0]


def merged(
    starts: Starts,
    columns: Indices,
    weights: Floats,
    sites: Starts,
    keep: npt.NDArray[np.bool_],
    *,
    q: int,
    constant: float,
    dominance: bool = True,
) -> tuple[Reduced, Starts, Starts]:
    """Merge rows and drop dominated sites until nothing changes.

    Parameters
    ----------
    starts, columns : rows, of sites that ``keep`` numbers
    keep : bool[m], the sites that ``sites`` lists

    Returns
    -------
    The reduced problem, for each row the row it became (-1 where it has none left), and the positions in ``sites`` of
    those that are left.
    """
    number = np.full(len(keep), -1, np.int32)
    number[keep] = np.arange(int(keep.sum()), dtype=np.int32)
    columns = number[columns]
    left = np.arange(len(sites))
    became = np.arange(len(weights))
    before = -1
    while before != len(columns):
        before = len(columns)
        starts, columns, weights, now = _merged(starts, columns, weights)
        became = np.where(became >= 0, now[became], -1)
        by_starts, by_rows = transposed(starts, columns, len(left))
        if not dominance:
            break
        alive = undominated(starts, columns, by_starts, by_rows, np.zeros(len(left)))
        if not alive.all():
            starts, columns = without(starts, columns, alive, np.ones(len(weights), bool))
            number = np.cumsum(alive).astype(np.int32) - np.int32(1)
            columns = number[columns]
            left = left[alive]
    by_starts, by_rows = transposed(starts, columns, len(left))
    reduced = Reduced(
        sites=sites[left], q=max(0, min(q, len(left))), weights=weights, row_starts=starts, row_sites=columns,
        site_starts=by_starts, site_rows=by_rows, constant=constant,
    )  # fmt: skip
    return reduced, became, left


def _merged(starts: Starts, columns: Indices, weights: Floats) -> tuple[Starts, Indices, Floats, Starts]:
    """Merge rows of the same sites; rows without sites go. Return also what each row became, -1 for those."""
    n = len(weights)
    one, other = _hashed(starts, columns)
    sizes = np.diff(starts)
    some = np.flatnonzero(sizes > 0)
    first = columns[starts[some]]
    order = some[np.lexsort((weights[some], other[some], one[some], first))]
    became = np.full(n, -1, np.int64)
    if not len(order):
        return np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0), became
    new = _differs(starts, columns, order)
    heads = np.flatnonzero(new)
    became[order] = np.cumsum(new) - 1
    kept = order[heads]
    out = np.zeros(len(kept) + 1, np.int64)
    np.cumsum(sizes[kept], out=out[1:])
    return out, _gathered(starts, columns, kept, out), np.add.reduceat(weights[order], heads), became


@compiled()
def _hashed(starts: Starts, columns: Indices) -> tuple[Longs, Longs]:
    """Return two sums of mixed site numbers a row; the mixing is that of splitmix64 (Steele, Lea and Flood 2014)."""
    n = len(starts) - 1
    one, other = np.zeros(n, np.uint64), np.zeros(n, np.uint64)
    for i in range(n):
        for e in range(starts[i], starts[i + 1]):
            z = np.uint64(columns[e] + 1) * np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            one[i] += z ^ (z >> np.uint64(27))
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            other[i] += z ^ (z >> np.uint64(31))
    return one, other


@compiled()
def _differs(starts: Starts, columns: Indices, order: Starts) -> npt.NDArray[np.bool_]:
    """Say of each row in order whether its sites differ from those of the row before."""
    out = np.ones(len(order), np.bool_)
    for k in range(1, len(order)):
        a, b = starts[order[k - 1]], starts[order[k]]
        size = starts[order[k] + 1] - b
        if starts[order[k - 1] + 1] - a != size:
            continue
        same = True
        for e in range(size):
            if columns[a + e] != columns[b + e]:
                same = False
                break
        out[k] = not same
    return out


@compiled()
def _gathered(starts: Starts, columns: Indices, rows: Starts, out_starts: Starts) -> Indices:
    out = np.empty(out_starts[-1], np.int32)
    for k in range(len(rows)):
        begin = starts[rows[k]]
        for e in range(out_starts[k + 1] - out_starts[k]):
            out[out_starts[k] + e] = columns[begin + e]
    return out


@compiled()
def without(
    starts: Starts, columns: Indices, keep: npt.NDArray[np.bool_], rows: npt.NDArray[np.bool_]
) -> tuple[Starts, Indices]:
    """Return the rows, emptied where ``rows`` is false, without the sites that ``keep`` does not hold."""
    n = len(starts) - 1
    out_starts = np.zeros(n + 1, np.int64)
    out = np.empty(len(columns), np.int32)
    at = 0
    for i in range(n):
        if rows[i]:
            for e in range(starts[i], starts[i + 1]):
                if keep[columns[e]]:
                    out[at] = columns[e]
                    at += 1
        out_starts[i + 1] = at
    return out_starts, out[:at].copy()


@compiled()
def transposed(starts: Starts, columns: Indices, count: int) -> tuple[Starts, Indices]:
    """Return each column's rows, rising."""
    out_starts = np.zeros(count + 1, np.int64)
    for e in range(len(columns)):
        out_starts[columns[e] + 1] += 1
    for j in range(count):
        out_starts[j + 1] += out_starts[j]
    place = out_starts[:-1].copy()
    out = np.empty(len(columns), np.int32)
    for i in range(len(starts) - 1):
        for e in range(starts[i], starts[i + 1]):
            j = columns[e]
            out[place[j]] = i
            place[j] += 1
    return out_starts, out


@compiled()
def undominated(
    row_starts: Starts, row_sites: Indices, site_starts: Starts, site_rows: Indices, costs: Floats
) -> npt.NDArray[np.bool_]:
    """Find the sites whose rows are not all rows of one other site that stays and costs no more.

    Of equal ones the first stays.
    """
    m = len(site_starts) - 1
    stays = np.ones(m, np.bool_)
    marks = np.full(len(row_starts) - 1, -1, np.int64)
    for a in range(m):
        size = site_starts[a + 1] - site_starts[a]
        if size == 0:
            stays[a] = False
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
            if b == a or not stays[b] or other < size or costs[b] > costs[a]:
                continue
            if other == size and costs[b] == costs[a] and b > a:
                continue
            if holds_marked(site_starts, site_rows, b, marks, a, size):
                stays[a] = False
                break
    return stays


@compiled()
def holds_marked(starts: Starts, members: Indices, one: int, marks: Starts, mark: int, size: int) -> bool:
    """Say whether the list of ``one`` holds all ``size`` members that are marked with ``mark``."""
    hits, spare = 0, starts[one + 1] - starts[one] - size
    for e in range(starts[one], starts[one + 1]):
        if marks[members[e]] == mark:
            hits += 1
        else:
            spare -= 1
            if spare < 0:
                return False
    return hits == size
