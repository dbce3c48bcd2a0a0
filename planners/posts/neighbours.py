"""The cheapest sites of each demand point, in order: what searches and bounds by travel time read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

MOST_PAIRS: Final = 8_000_000
"""Above this many pairs the rows are cut, at no fewer than ``DEPTH`` times as many sites as are open on average."""

DEPTH: Final = 12
BLOCK: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbours:
    """Rows of sites by rising cost, and the same pairs by site; a row may end before all sites are listed.

    A plan that has no listed site of row ``i`` is charged ``limit[i]`` there, the cost of the first site that is not
    listed: never more than the truth, so that bounds hold.

    Attributes
    ----------
    sites : int32[n, k], of each row, rising cost, ties by lower index
    costs : float64[n, k]
    limit : float64[n], inf where every site is listed
    starts : int64[m + 1], pairs of each site
    rows, row_costs : int32[n * k], float64[n * k], the demand points of each site, rising
    """

    sites: Ints
    costs: Floats
    limit: Floats
    starts: npt.NDArray[np.int64]
    rows: Ints
    row_costs: Floats

    @classmethod
    def of(cls, costs: Floats, *, p: int, most_pairs: int = MOST_PAIRS) -> Self:
        """List the sites of costs float64[n, m] by rising cost; whole rows where ``most_pairs`` allows."""
        n, m = costs.shape
        k = m if n * m <= most_pairs else min(m, max(most_pairs // n, DEPTH * -(-m // p), 32))
        sites, listed, limit = np.empty((n, k), np.int32), np.empty((n, k)), np.full(n, np.inf)
        for first in range(0, n, BLOCK):
            block = costs[first : first + BLOCK]
            last = first + len(block)
            if k < m:
                near = np.sort(np.argpartition(block, k, axis=1)[:, : k + 1], axis=1)
                values = np.take_along_axis(block, near, axis=1)
                order = np.argsort(values, axis=1, kind="stable")
                near, values = np.take_along_axis(near, order, axis=1), np.take_along_axis(values, order, axis=1)
                sites[first:last], listed[first:last] = near[:, :k], values[:, :k]
                limit[first:last] = values[:, k]
            else:
                order = np.argsort(block, axis=1, kind="stable")
                sites[first:last], listed[first:last] = order, np.take_along_axis(block, order, axis=1)
        return cls.sorted(sites, listed, limit, m)

    @classmethod
    def sorted(cls, sites: Ints, costs: Floats, limit: Floats, count: int) -> Self:
        """Take rows that are sorted already and list their pairs by site; site -1 ends a row."""
        starts = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(sites[sites >= 0], minlength=count), out=starts[1:])
        rows, row_costs = _by_site(sites, costs, starts)
        return cls(sites=sites, costs=costs, limit=limit, starts=starts, rows=rows, row_costs=row_costs)

    @property
    def count(self) -> int:
        """Number of sites."""
        return len(self.starts) - 1

    def without(self, closed: Flags) -> tuple[Self, npt.NDArray[np.int64]]:
        """Return the same rows without closed sites, and which sites are left; their numbers change."""
        left = np.flatnonzero(~closed)
        number = np.full(self.count, -1, np.int32)
        number[left] = np.arange(len(left), dtype=np.int32)
        sites, costs = _thinned(self.sites, self.costs, number)
        return self.sorted(sites, costs, self.limit, len(left)), left


@compiled()
def _by_site(sites: Ints, costs: Floats, starts: npt.NDArray[np.int64]) -> tuple[Ints, Floats]:
    place = starts.copy()
    rows = np.empty(starts[-1], np.int32)
    row_costs = np.empty(starts[-1])
    for i in range(sites.shape[0]):
        for k in range(sites.shape[1]):
            j = sites[i, k]
            if j < 0:
                break
            rows[place[j]] = i
            row_costs[place[j]] = costs[i, k]
            place[j] += 1
    return rows, row_costs


@compiled()
def _thinned(sites: Ints, costs: Floats, number: Ints) -> tuple[Ints, Floats]:
    n, k = sites.shape
    longest = 0
    for i in range(n):
        kept = 0
        for e in range(k):
            if sites[i, e] >= 0 and number[sites[i, e]] >= 0:
                kept += 1
        longest = max(longest, kept)
    out = np.full((n, longest), -1, np.int32)
    out_costs = np.full((n, longest), np.inf)
    for i in range(n):
        at = 0
        for e in range(k):
            if sites[i, e] >= 0 and number[sites[i, e]] >= 0:
                out[i, at] = number[sites[i, e]]
                out_costs[i, at] = costs[i, e]
                at += 1
    return out, out_costs
