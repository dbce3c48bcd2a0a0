"""Set covering made small: sites that must be open, rows that follow from others, sites that others can replace.

Beasley, J. (1987). An algorithm for set covering problem. European Journal of Operational Research 31, 85-93.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.posts.reduce import Floats, Indices, Starts, holds_marked, transposed, undominated, without


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmallCover:
    """Rows that are left, each of which needs one of its sites.

    Attributes
    ----------
    must : int64, sites of the whole problem that are open in some best plan, rising
    sites : int64[m'], sites of the whole problem that are left
    costs : float64[m']
    row_starts, row_sites : rows, of positions in ``sites``
    site_starts, site_rows : the same by site
    """

    must: Starts
    sites: Starts
    costs: Floats
    row_starts: Starts
    row_sites: Indices
    site_starts: Starts
    site_rows: Indices

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.row_starts) - 1


def small_cover(
    starts: Starts, columns: Indices, costs: Floats, *, usable: npt.NDArray[np.bool_], fixed: npt.NDArray[np.bool_]
) -> SmallCover:
    """Reduce until nothing changes; rows without a usable site are left out.

    A row whose sites hold all sites of another follows from it. A site whose rows are all rows of another that costs no
    more can be replaced. The only site of a row must be open.
    """
    count = len(costs)
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    open_rows = np.ones(len(starts) - 1, bool)
    open_rows[rows[fixed[columns]]] = False
    starts, columns = without(starts, columns, usable & ~fixed, open_rows)
    alive, must = usable & ~fixed, fixed.copy()
    while True:
        by_starts, by_rows = transposed(starts, columns, count)
        needed = _unimplied(starts, columns, by_starts, by_rows)
        starts, columns = without(starts, columns, alive, needed)
        starts, columns = _packed(starts, columns)
        by_starts, by_rows = transposed(starts, columns, count)
        before = int(alive.sum())
        alive &= undominated(starts, columns, by_starts, by_rows, costs)
        starts, columns = without(starts, columns, alive, np.ones(len(starts) - 1, bool))
        single = np.zeros(count, bool)
        single[columns[starts[:-1][np.diff(starts) == 1]]] = True
        if single.any():
            must |= single
            alive &= ~single
            rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
            left = np.ones(len(starts) - 1, bool)
            left[rows[single[columns]]] = False
            starts, columns = without(starts, columns, alive, left)
            starts, columns = _packed(starts, columns)
        elif int(alive.sum()) == before:
            break
    sites = np.flatnonzero(alive)
    number = np.cumsum(alive).astype(np.int32) - np.int32(1)
    columns = number[columns]
    by_starts, by_rows = transposed(starts, columns, len(sites))
    return SmallCover(
        must=np.flatnonzero(must), sites=sites, costs=costs[sites], row_starts=starts, row_sites=columns,
        site_starts=by_starts, site_rows=by_rows,
    )  # fmt: skip


def _packed(starts: Starts, columns: Indices) -> tuple[Starts, Indices]:
    """Drop rows without sites."""
    sizes = np.diff(starts)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes[sizes > 0])]), columns


@compiled()
def _unimplied(
    row_starts: Starts, row_sites: Indices, site_starts: Starts, site_rows: Indices
) -> npt.NDArray[np.bool_]:
    """Find the rows whose sites do not hold all sites of another row that stays; of equal ones the first stays."""
    n = len(row_starts) - 1
    stays = np.ones(n, np.bool_)
    marks = np.full(len(site_starts) - 1, -1, np.int64)
    order = np.argsort(row_starts[1:] - row_starts[:-1], kind="mergesort")
    for k in order:
        size = row_starts[k + 1] - row_starts[k]
        if size == 0 or not stays[k]:
            stays[k] = stays[k] and size > 0
            continue
        rare = row_sites[row_starts[k]]
        for e in range(row_starts[k], row_starts[k + 1]):
            site = row_sites[e]
            marks[site] = k
            if site_starts[site + 1] - site_starts[site] < site_starts[rare + 1] - site_starts[rare]:
                rare = site
        for f in range(site_starts[rare], site_starts[rare + 1]):
            i = site_rows[f]
            length = row_starts[i + 1] - row_starts[i]
            if i == k or not stays[i] or length < size:
                continue
            if holds_marked(row_starts, row_sites, i, marks, k, size):
                stays[i] = False
    return stays
