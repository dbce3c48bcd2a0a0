"""A covering problem in the terms of the tree search: costs are minus what is covered."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from planners.posts.choice import Finish, Narrowed, Sites
from planners.posts.cover_dual import CoverDual
from planners.posts.cover_swap import CoverExchange, worth_of
from planners.posts.neighbours import Flags, Floats
from planners.posts.quota import Quota
from planners.posts.reduce import Reduced, merged, without
from planners.posts.volume import Climb, Relaxed
from planners.posts.watch import Watch

ONCE = np.ones(1)
"""Worth of covers where only the first counts."""


class CoverSearch:
    """Open ``p`` of the reduced problem's sites so that the most weight is covered, as costs to be kept small.

    Parameters
    ----------
    worth
        float64[k], what the first, second, ... cover of a point adds to a weight of 1; no less than 0.
    fixed
        bool[m], sites that must be open.
    quota
        Sites of which some must be open.
    finish
        What may take over once the problem is small.
    """

    def __init__(
        self,
        reduced: Reduced,
        p: int,
        worth: Floats,
        fixed: Flags | None = None,
        *,
        quota: Quota | None = None,
        finish: Callable[[CoverSearch, float, Watch, Floats], Finish | None] | None = None,
    ) -> None:
        self._finish = finish
        self.p = p
        self.reduced = reduced
        self.worth = worth
        none = np.zeros(len(reduced.sites), bool)
        self._fixed = none if fixed is None else fixed
        self.quota = Quota.none(len(none)) if quota is None else quota
        self._dual = CoverDual(reduced, p, worth, self.quota)
        self._exchange = CoverExchange(reduced, p, worth, self._fixed, none, self.quota)

    def first_plan(self) -> tuple[float, Sites, float]:
        """Open greedily and exchange; return the cost, the sites and a bound on every cost."""
        opened, bound = self._exchange.greedy()
        _, opened = self._exchange.improved(opened)
        return self.value(opened), opened, -bound * (1 + 1e-12) - self.reduced.constant

    def first_multipliers(self) -> Floats:
        """Return where the first climb starts."""
        return self._dual.first_multipliers()

    def climb(
        self, start: npt.NDArray[np.floating], climb: Climb, *, fixed: Flags, closed: Flags, best: float
    ) -> Relaxed:
        """Climb from multipliers."""
        constant = self.reduced.constant
        inside = replace(climb, enough=climb.enough + constant)
        found = self._dual.climb(start, inside, fixed=fixed, closed=closed, best=best + constant)
        return replace(found, bound=found.bound - constant)

    def plan_near(self, lean: Floats, *, fixed: Flags, closed: Flags) -> tuple[float, Sites]:
        """Open the sites that the relaxation leans to most, and exchange."""
        ranked = np.where(fixed, np.inf, np.where(closed, -np.inf, lean))
        value, opened = self._exchange.improved(self.quota.top(ranked, self.p))
        return -value - self.reduced.constant, opened

    def shaken(self, sites: Sites, rng: np.random.Generator) -> tuple[float, Sites]:
        """Exchange a few sites at random and improve."""
        value, opened = self._exchange.shaken(sites, rng, int(rng.integers(2, 5)))
        return -value - self.reduced.constant, opened

    def value(self, sites: Sites) -> float:
        """Return minus the worth of a plan, inf where too few members are open."""
        return (
            np.inf if not self.quota.met(sites) else -worth_of(self.reduced, self.worth, sites) - self.reduced.constant
        )

    def narrowed(self, fixed: Flags, closed: Flags, relaxed: Relaxed) -> Narrowed:
        """Leave out closed sites and, where one cover is enough, fixed sites with all that they cover."""
        reduced, once = self.reduced, len(self.worth) == 1
        keep = ~closed & ~fixed if once else ~closed
        settled = np.zeros(len(reduced.weights), bool)
        if once:
            rows = np.repeat(np.arange(len(settled)), np.diff(reduced.row_starts))
            settled[rows[fixed[reduced.row_sites]]] = True
        starts, columns = without(reduced.row_starts, reduced.row_sites, keep, ~settled)
        constant = reduced.constant + math.fsum(reduced.weights[settled].tolist())
        fewer, became, left = merged(
            starts, columns, reduced.weights, np.flatnonzero(keep), keep,
            q=self.p - (int(fixed.sum()) if once else 0), constant=constant, dominance=once and not self.quota.least,
        )  # fmt: skip
        kept = became >= 0
        count = len(fewer.weights)
        multipliers = np.bincount(became[kept], weights=relaxed.multipliers[kept], minlength=count).astype(np.float64)
        members = np.maximum(np.bincount(became[kept], minlength=count), 1)
        way = np.bincount(became[kept], weights=relaxed.way[kept], minlength=count) / members
        left = np.flatnonzero(keep)[left]
        always = np.flatnonzero(fixed) if once else np.zeros(0, np.int64)
        return Narrowed(
            problem=CoverSearch(
                fewer,
                fewer.q,
                self.worth,
                None if once else self._fixed[left],
                quota=self.quota.among(left, always=always),
                finish=self._finish,
            ),
            left=left,
            always=always,
            relaxed=relaxed.among(left, multipliers=multipliers, way=way),
        )

    def finished(self, value: float, watch: Watch, *, lean: Floats) -> Finish | None:
        """Hand over to ``finish`` where there is one."""
        return None if self._finish is None else self._finish(self, value, watch, lean)
