"""A least number of open sites out of some, such as those that are open today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.posts.neighbours import Flags, Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quota:
    """At least ``least`` of the sites that ``member`` bool[m] marks are open; 0 asks for nothing."""

    member: Flags
    least: int

    @classmethod
    def none(cls, count: int) -> Self:
        """Ask for nothing of ``count`` sites."""
        return cls(member=np.zeros(count, bool), least=0)

    def among(self, sites: npt.NDArray[np.int64], *, always: npt.NDArray[np.int64]) -> Quota:
        """Return what is asked of some of the sites once others are always open."""
        return Quota(member=self.member[sites], least=max(0, self.least - int(self.member[always].sum())))

    def met(self, sites: npt.NDArray[np.int64]) -> bool:
        """Say whether enough of the sites are open."""
        return int(self.member[sites].sum()) >= self.least

    def shaken(
        self, opened: npt.NDArray[np.int64], *, fixed: Flags, closed: Flags, rng: np.random.Generator, count: int
    ) -> npt.NDArray[np.int64]:
        """Exchange up to ``count`` open sites for others at random, so that enough members stay open."""
        inside = np.zeros(len(self.member), bool)
        inside[opened] = True
        for _ in range(count):
            may_go, may_come = np.flatnonzero(inside & ~fixed), np.flatnonzero(~inside & ~closed)
            if not len(may_go) or not len(may_come):
                break
            out = int(rng.choice(may_go))
            if self.least and self.member[out] and int(self.member[inside].sum()) <= self.least:
                may_come = may_come[self.member[may_come]]
            if len(may_come):
                inside[out] = False
                inside[int(rng.choice(may_come))] = True
        return np.flatnonzero(inside)

    def top(self, ranked: Floats, p: int) -> npt.NDArray[np.int64]:
        """Return the ``p`` sites of the highest rank, enough members among them, rising."""
        order = np.argsort(-ranked, kind="stable")
        members = order[self.member[order]][: self.least]
        others = order[~np.isin(order, members)][: p - len(members)]
        return np.sort(np.concatenate([members, others]))


@compiled()
def choose(
    rho: Floats, p: int, member: Flags, least: int, fixed: Flags, closed: Flags, chosen: npt.NDArray[np.bool_]
) -> float:
    """Mark the fixed sites and the cheapest others, ``p`` in all, none of them closed, ``least`` of them members.

    Return their sum. Where there are too few members, all are marked.
    """
    m = len(rho)
    total = 0.0
    left, wanted = p, least
    for j in range(m):
        chosen[j] = fixed[j]
        if fixed[j]:
            total += rho[j]
            left -= 1
            if member[j]:
                wanted -= 1
    if wanted > 0:
        wanted = min(wanted, left)
        marked, added = _cheapest(rho, wanted, closed, member, True, chosen)
        left -= marked
        total += added
    _, added = _cheapest(rho, left, closed, member, False, chosen)
    return total + added


@compiled()
def _cheapest(
    rho: Floats,
    count: int,
    closed: Flags,
    member: Flags,
    members_only: bool,  # noqa: FBT001
    chosen: npt.NDArray[np.bool_],
) -> tuple[int, float]:
    """Mark the ``count`` cheapest that are free and not marked yet; return how many were and their sum."""
    m = len(rho)
    values = np.empty(m)
    free = 0
    for j in range(m):
        if not chosen[j] and not closed[j] and (member[j] or not members_only):
            values[free] = rho[j]
            free += 1
    left = min(count, free)
    if left <= 0:
        return 0, 0.0
    last = np.partition(values[:free], left - 1)[left - 1]
    done, total = 0, 0.0
    for ties in range(2):
        for j in range(m):
            fits = rho[j] == last if ties else rho[j] < last
            if fits and done < left and not chosen[j] and not closed[j] and (member[j] or not members_only):
                chosen[j] = True
                total += rho[j]
                done += 1
    return done, total
