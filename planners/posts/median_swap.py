"""Exchange for the p-median: put one site in and take one out, while that saves time.

For a site that comes in, one pass over its demand points gives what it saves with each site that could go: what the
nearest open site loses to it, and what the leaving site's points would lose to their second nearest. Every site is tried
with its best partner at once, without waiting for the best pair of all.

Teitz, M. and Bart, P. (1968). Heuristic methods for estimating the generalized vertex median of a weighted graph.
Operations Research 16, 955-961. Resende, M. and Werneck, R. (2007). A fast swap-based local search procedure for location
problems. Annals of Operations Research 150, 205-230. Schubert, E. and Rousseeuw, P. (2021). Fast and eager k-medoids
clustering. Information Systems 101, 101804.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.posts.cover_swap import partner
from planners.posts.neighbours import Flags, Floats, Ints, Neighbours
from planners.posts.quota import Quota


class Exchange:
    """Exchange on listed neighbours; a plan is a rising list of site numbers."""

    def __init__(self, neighbours: Neighbours, p: int, fixed: Flags, closed: Flags, quota: Quota) -> None:
        self.neighbours = neighbours
        self.p = p
        self.fixed = fixed
        self.closed = closed
        self.quota = quota
        # A cut row costs its limit where no listed site is open; a whole row can always be served, at whatever cost.
        dearest = np.where(np.isfinite(neighbours.costs), neighbours.costs, 0.0).max(axis=1, initial=0.0)
        self._limit: Floats = np.where(np.isfinite(neighbours.limit), neighbours.limit, 2.0 * dearest + 1.0)

    def greedy(self) -> npt.NDArray[np.int64]:
        """Open the fixed sites, then one after another the site that saves most."""
        near = self.neighbours
        opened = _greedy(
            near.starts, near.rows, near.row_costs, self._limit, self.p, self.fixed, self.closed,
            self.quota.member, self.quota.least,
        )  # fmt: skip
        return np.flatnonzero(opened)

    def improved(self, opened: npt.NDArray[np.int64]) -> tuple[float, npt.NDArray[np.int64]]:
        """Exchange until nothing helps; return the cost of the listed pairs and the open sites."""
        near = self.neighbours
        flags = np.zeros(near.count, np.bool_)
        flags[opened] = True
        value = _improve(
            near.sites, near.costs, self._limit, near.starts, near.rows, near.row_costs, self.fixed, self.closed,
            self.quota.member, self.quota.least, flags,
        )  # fmt: skip
        return float(value), np.flatnonzero(flags)

    def shaken(
        self, opened: npt.NDArray[np.int64], rng: np.random.Generator, count: int
    ) -> tuple[float, npt.NDArray[np.int64]]:
        """Exchange ``count`` sites at random, then improve."""
        return self.improved(self.quota.shaken(opened, fixed=self.fixed, closed=self.closed, rng=rng, count=count))


@compiled()
def _greedy(
    starts: npt.NDArray[np.int64],
    rows: Ints,
    costs: Floats,
    limit: Floats,
    p: int,
    fixed: Flags,
    closed: Flags,
    member: Flags,
    least: int,
) -> npt.NDArray[np.bool_]:
    """Open greedily; savings only shrink, so a site is looked at again only when it leads the list."""
    m = len(starts) - 1
    opened = np.zeros(m, np.bool_)
    nearest = limit.copy()
    count, wanted = 0, least
    for j in range(m):
        if fixed[j]:
            opened[j] = True
            count += 1
            wanted -= member[j]
            for e in range(starts[j], starts[j + 1]):
                nearest[rows[e]] = min(nearest[rows[e]], costs[e])
    saves = np.full(m, np.inf)
    for j in range(m):
        if opened[j] or closed[j]:
            saves[j] = -1.0
    while count < p:
        if p - count <= wanted:
            for j in range(m):
                if not member[j]:
                    saves[j] = -1.0
        j = int(np.argmax(saves))
        if saves[j] < 0.0:
            break
        known = saves[j]
        now = 0.0
        for e in range(starts[j], starts[j + 1]):
            now += max(0.0, nearest[rows[e]] - costs[e])
        saves[j] = now
        if now < known and now < saves.max():
            continue
        opened[j] = True
        saves[j] = -1.0
        count += 1
        wanted -= member[j]
        for e in range(starts[j], starts[j + 1]):
            nearest[rows[e]] = min(nearest[rows[e]], costs[e])
    return opened


@compiled()
def _look(
    i: int, sites: Ints, costs: Floats, limit: Floats, opened: Flags, first: Ints, near: Floats, next_near: Floats
) -> None:
    """Find the two nearest open sites of a row."""
    first[i] = -1
    near[i] = limit[i]
    next_near[i] = limit[i]
    for k in range(sites.shape[1]):
        j = sites[i, k]
        if j < 0:
            break
        if opened[j]:
            if first[i] < 0:
                first[i] = j
                near[i] = min(costs[i, k], limit[i])
            else:
                next_near[i] = min(costs[i, k], limit[i])
                break


@compiled()
def _improve(
    sites: Ints,
    costs: Floats,
    limit: Floats,
    starts: npt.NDArray[np.int64],
    rows: Ints,
    row_costs: Floats,
    fixed: Flags,
    closed: Flags,
    member: Flags,
    least_members: int,
    opened: Flags,
) -> float:
    n, m = sites.shape[0], len(starts) - 1
    first = np.empty(n, np.int32)
    near, next_near = np.empty(n), np.empty(n)
    loss, change = np.zeros(m), np.zeros(m)
    total = 0.0
    for i in range(n):
        _look(i, sites, costs, limit, opened, first, near, next_near)
        total += near[i]
        if first[i] >= 0:
            loss[first[i]] += next_near[i] - near[i]
    may_go = np.flatnonzero(opened & ~fixed)
    least = 1e-9 * abs(total) + 1e-12
    spare = np.sum(member & opened) - least_members
    quiet, j = 0, 0
    while quiet < m and len(may_go) > 0:
        if not opened[j] and not closed[j]:
            for g in range(len(may_go)):
                change[may_go[g]] = loss[may_go[g]]
            saved = _saved(starts, rows, row_costs, first, near, next_near, change, j)
            at = partner(may_go, change, member, bool(spare <= 0 and not member[j]))
            out = may_go[at]
            if at >= 0 and saved - change[out] > least:
                spare += np.int64(member[j]) - np.int64(member[out])
                opened[out] = False
                opened[j] = True
                may_go[at] = j
                for site in (out, j):
                    for e in range(starts[site], starts[site + 1]):
                        i = rows[e]
                        if row_costs[e] <= next_near[i]:
                            _look_again(i, sites, costs, limit, opened, first, near, next_near, loss)
                quiet = 0
        quiet += 1
        j = (j + 1) % m
    total = 0.0
    for i in range(n):
        total += near[i]
    return total


@compiled()
def _saved(
    starts: npt.NDArray[np.int64],
    rows: Ints,
    row_costs: Floats,
    first: Ints,
    near: Floats,
    next_near: Floats,
    change: Floats,
    site: int,
) -> float:
    """Return what opening a site saves, and take from each open one's loss what the new one would make good."""
    saved = 0.0
    for e in range(starts[site], starts[site + 1]):
        i = rows[e]
        c = row_costs[e]
        if c < near[i]:
            saved += near[i] - c
            if first[i] >= 0:
                change[first[i]] -= next_near[i] - near[i]
        elif c < next_near[i]:
            change[first[i]] -= next_near[i] - c
    return saved


@compiled()
def _look_again(
    i: int,
    sites: Ints,
    costs: Floats,
    limit: Floats,
    opened: Flags,
    first: Ints,
    near: Floats,
    next_near: Floats,
    loss: Floats,
) -> None:
    """Look after a change and move the row's part of the losses."""
    if first[i] >= 0:
        loss[first[i]] -= next_near[i] - near[i]
    _look(i, sites, costs, limit, opened, first, near, next_near)
    if first[i] >= 0:
        loss[first[i]] += next_near[i] - near[i]
