"""Greedy and exchange for covering, where a demand point may count more than once.

A demand point of weight ``w`` that ``t`` open sites reach is worth ``w * (v_1 + ... + v_t)``. Exchange tries each closed
site with its best partner at once (Teitz and Bart 1968; Resende and Werneck 2007).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.posts.neighbours import Flags, Floats
from planners.posts.quota import Quota
from planners.posts.reduce import Indices, Reduced, Starts

Sites = npt.NDArray[np.int64]


class CoverExchange:
    """Plans on one covering problem; a plan is a rising list of site numbers."""

    def __init__(self, reduced: Reduced, p: int, worth: Floats, fixed: Flags, closed: Flags, quota: Quota) -> None:
        self._reduced = reduced
        self._p = p
        self._worth = np.append(worth, 0.0)
        self._fixed = fixed
        self._closed = closed
        self._quota = quota

    def greedy(self) -> tuple[Sites, float]:
        """Open the fixed sites, then one after another the site that adds most; return also an upper bound.

        The bound is ``covered(S) + the largest gains beside S``, least over all S that greedy passes through; it holds
        where every further cover of a point is worth no more than the one before.
        """
        reduced = self._reduced
        opened, bound = _greedy(
            reduced.row_starts, reduced.row_sites, reduced.site_starts, reduced.site_rows, reduced.weights,
            self._worth, self._p, self._fixed, self._closed, self._quota.member, self._quota.least,
        )  # fmt: skip
        falls = bool((np.diff(self._worth) <= 0).all())
        return np.flatnonzero(opened), float(bound) if falls else np.inf

    def improved(self, opened: Sites) -> tuple[float, Sites]:
        """Exchange until nothing helps; return the worth and the open sites."""
        reduced = self._reduced
        flags = np.zeros(len(reduced.sites), np.bool_)
        flags[opened] = True
        value = _improve(
            reduced.row_starts, reduced.row_sites, reduced.site_starts, reduced.site_rows, reduced.weights,
            self._worth, self._fixed, self._closed, self._quota.member, self._quota.least, flags,
        )  # fmt: skip
        return float(value), np.flatnonzero(flags)

    def shaken(self, opened: Sites, rng: np.random.Generator, count: int) -> tuple[float, Sites]:
        """Exchange ``count`` sites at random, then improve."""
        return self.improved(self._quota.shaken(opened, fixed=self._fixed, closed=self._closed, rng=rng, count=count))

    def value(self, opened: Sites) -> float:
        """Return the worth of a plan."""
        return worth_of(self._reduced, self._worth, opened)


def worth_of(reduced: Reduced, worth: Floats, opened: Sites) -> float:
    """Return what open sites cover; ``worth`` float64[k] of each further cover."""
    flags = np.zeros(len(reduced.sites), bool)
    flags[opened] = True
    held = flags[reduced.row_sites].astype(np.int64)
    times = np.add.reduceat(np.append(held, 0), reduced.row_starts[:-1]) if len(reduced.weights) else held
    summed = np.concatenate([[0.0], np.cumsum(worth)])
    return float(reduced.weights @ summed[np.minimum(times, len(worth))])


@compiled()
def _greedy(
    row_starts: Starts,
    row_sites: Indices,
    starts: Starts,
    rows: Indices,
    weights: Floats,
    worth: Floats,
    p: int,
    fixed: Flags,
    closed: Flags,
    member: Flags,
    least: int,
) -> tuple[npt.NDArray[np.bool_], float]:
    m, last = len(starts) - 1, len(worth) - 1
    gains = np.zeros(m)
    opened = np.zeros(m, np.bool_)
    times = np.zeros(len(weights), np.int32)
    count = 0
    for j in range(m):
        for e in range(starts[j], starts[j + 1]):
            gains[j] += weights[rows[e]] * worth[0]
    order = np.flatnonzero(fixed)
    value, bound, wanted = 0.0, np.inf, least
    while count < p:
        if count < len(order):
            best = int(order[count])
        else:
            # More may be opened beside S than greedy still will, since the best plan need not hold S.
            bound = min(bound, value + _largest(gains, opened, closed, p - len(order)))
            best = -1
            for j in range(m):
                may = not opened[j] and not closed[j] and (p - count > wanted or member[j])
                if may and (best < 0 or gains[j] > gains[best]):
                    best = j
            if best < 0:
                break
        opened[best] = True
        count += 1
        wanted -= member[best]
        for e in range(starts[best], starts[best + 1]):
            row = rows[e]
            step = weights[row] * worth[min(times[row], last)]
            value += step
            times[row] += 1
            less = step - weights[row] * worth[min(times[row], last)]
            if less != 0.0:
                for f in range(row_starts[row], row_starts[row + 1]):
                    gains[row_sites[f]] -= less
    return opened, min(bound, value + _largest(gains, opened, closed, p - len(order)))


@compiled()
def _largest(gains: Floats, opened: Flags, closed: Flags, count: int) -> float:
    """Return the sum of the ``count`` largest gains of the free sites."""
    free = gains[~opened & ~closed]
    most = min(count, len(free))
    total = 0.0
    if most > 0:
        for gain in np.partition(free, len(free) - most)[len(free) - most :]:
            total += max(0.0, gain)
    return total


@compiled()
def partner(may_go: Sites, change: Floats, member: Flags, needed: bool) -> int:  # noqa: FBT001
    """Return the place in ``may_go`` of the site whose loss is least, -1 where none may go; members stay if needed."""
    at = -1
    for g in range(len(may_go)):
        if needed and member[may_go[g]]:
            continue
        if at < 0 or change[may_go[g]] < change[may_go[at]]:
            at = g
    return at


@compiled()
def _improve(
    row_starts: Starts,
    row_sites: Indices,
    starts: Starts,
    rows: Indices,
    weights: Floats,
    worth: Floats,
    fixed: Flags,
    closed: Flags,
    member: Flags,
    least_members: int,
    opened: Flags,
) -> float:
    """Exchange in place while it helps; return the worth."""
    m, last = len(starts) - 1, len(worth) - 1
    n = len(weights)
    times = np.zeros(n, np.int32)
    # The open sites of a row, known where no more than ``last`` of them reach it: only there does one more or less count.
    owners = np.full((n, last), -1, np.int32)
    loss, change = np.zeros(m), np.zeros(m)
    total = 0.0
    for i in range(n):
        total += weights[i]
    start = np.flatnonzero(opened)
    opened[:] = False
    for site in start:
        _open(starts, rows, weights, worth, opened, times, owners, loss, int(site))
    may_go = np.flatnonzero(opened & ~fixed)
    least = 1e-10 * total
    spare = np.sum(member & opened) - least_members
    quiet, j = 0, 0
    while quiet < m and len(may_go) > 0:
        if not opened[j] and not closed[j]:
            for g in range(len(may_go)):
                change[may_go[g]] = loss[may_go[g]]
            gain = _gain(starts, rows, weights, worth, times, owners, change, j)
            at = partner(may_go, change, member, bool(spare <= 0 and not member[j]))
            out = may_go[at]
            if at >= 0 and gain - change[out] > least:
                spare += np.int64(member[j]) - np.int64(member[out])
                _close(row_starts, row_sites, starts, rows, weights, worth, opened, times, owners, loss, out)
                _open(starts, rows, weights, worth, opened, times, owners, loss, j)
                may_go[at] = j
                quiet = 0
        quiet += 1
        j = (j + 1) % m
    value = 0.0
    for i in range(n):
        for k in range(min(times[i], last)):
            value += weights[i] * worth[k]
    return value


@compiled()
def _gain(
    starts: Starts,
    rows: Indices,
    weights: Floats,
    worth: Floats,
    times: Indices,
    owners: Indices,
    change: Floats,
    site: int,
) -> float:
    """Return what opening a site adds, and take from each open one's loss what the new one would make good."""
    last = len(worth) - 1
    gain = 0.0
    for e in range(starts[site], starts[site + 1]):
        row = rows[e]
        now = times[row]
        if now > last:
            continue
        gain += weights[row] * worth[now]
        if now > 0:
            both = weights[row] * (worth[now - 1] - worth[now])
            for k in range(now):
                change[owners[row, k]] -= both
    return gain


@compiled()
def _open(
    starts: Starts,
    rows: Indices,
    weights: Floats,
    worth: Floats,
    opened: Flags,
    times: Indices,
    owners: Indices,
    loss: Floats,
    site: int,
) -> None:
    """Open a site and keep what each open site alone adds."""
    last = len(worth) - 1
    loss[site] = 0.0
    for e in range(starts[site], starts[site + 1]):
        row = rows[e]
        before = times[row]
        times[row] = before + 1
        loss[site] += weights[row] * worth[min(before, last)]
        if 0 < before <= last:
            less = weights[row] * (worth[before - 1] - worth[before])
            for k in range(before):
                loss[owners[row, k]] -= less
        if before < last:
            owners[row, before] = site
    opened[site] = True


@compiled()
def _close(
    row_starts: Starts,
    row_sites: Indices,
    starts: Starts,
    rows: Indices,
    weights: Floats,
    worth: Floats,
    opened: Flags,
    times: Indices,
    owners: Indices,
    loss: Floats,
    site: int,
) -> None:
    """Close a site and keep what each open site alone adds."""
    last = len(worth) - 1
    opened[site] = False
    for e in range(starts[site], starts[site + 1]):
        row = rows[e]
        after = times[row] - 1
        times[row] = after
        if after > last:
            continue
        if after == last:
            at = 0
            for f in range(row_starts[row], row_starts[row + 1]):
                if opened[row_sites[f]]:
                    owners[row, at] = row_sites[f]
                    at += 1
        else:
            for k in range(after):
                if owners[row, k] == site:
                    owners[row, k] = owners[row, after]
        if after > 0:
            more = weights[row] * (worth[after - 1] - worth[after])
            for k in range(after):
                loss[owners[row, k]] += more
    loss[site] = 0.0
