"""Lower bounds on the p-median by Lagrangian relaxation, climbed by the volume algorithm.

Relax ``sum_j x_ij = 1`` with multipliers ``u_i``. What is left is solved by inspection: a site is worth
``rho_j = sum_i min(0, c_ij - u_i)``, the fixed sites and the cheapest others make ``p``, and

    ``L(u) = sum_i u_i + sum of the chosen rho_j``

is a lower bound for every ``u``. At its greatest it equals the bound of the linear relaxation of ``x_ij <= y_j``.
A site whose ``rho_j`` lies far above the dearest chosen one can be in no plan better than the best known, one far below
the cheapest that was left out is in all of them.

Narula, S., Ogbu, U. and Samuelsson, H. (1977). An algorithm for the p-median problem. Operations Research 25, 709-713.
Beasley, J. (1993). Lagrangean heuristics for location problems. European Journal of Operational Research 65, 383-399.
Barahona, F. and Anbil, R. (2000). The volume algorithm. Mathematical Programming 87, 385-399.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.posts.neighbours import Flags, Floats, Ints, Neighbours
from planners.posts.quota import Quota, choose
from planners.posts.volume import EVERY, Climb, Relaxed, forward, turned


class MedianDual:
    """The relaxation of one p-median problem over listed neighbours."""

    def __init__(self, neighbours: Neighbours, p: int, quota: Quota) -> None:
        self.neighbours = neighbours
        self.p = p
        self.quota = quota

    def first_multipliers(self) -> Floats:
        """Return the cost of a site about half as far again as the nearest open one would be."""
        near = self.neighbours
        listed = (near.sites >= 0).sum(axis=1)
        rank = np.minimum(listed - 1, int(1.5 * near.count / self.p))
        first: Floats = np.where(listed > 0, near.costs[np.arange(len(rank)), np.maximum(rank, 0)], 0.0)
        return np.where(np.isfinite(first), first, near.costs[:, 0])

    def climb(
        self, start: npt.NDArray[np.floating], climb: Climb, *, fixed: Flags, closed: Flags, best: float
    ) -> Relaxed:
        """Climb from ``start`` until the bound reaches ``climb.enough`` or the iterations end."""
        near = self.neighbours
        after = climb.after
        way = np.zeros(len(start)) if after is None else after.way.copy()
        lean = np.zeros(near.count) if after is None else after.lean.copy()
        bound, multipliers, reduced, step, done = _climb(
            near.sites, near.costs, near.limit, self.p, self.quota.member, self.quota.least, fixed, closed, best,
            np.minimum(start.astype(np.float64), near.limit), after is None, way, lean,
            climb.iterations, climb.enough, climb.shares, climb.step,
        )  # fmt: skip
        return Relaxed(
            bound=bound, multipliers=multipliers, reduced=reduced, lean=lean, way=way, step=step, iterations=done
        )


@compiled()
def _climb(
    sites: Ints,
    costs: Floats,
    limit: Floats,
    p: int,
    member: Flags,
    least: int,
    fixed: Flags,
    closed: Flags,
    known: float,
    start: Floats,
    anew: bool,  # noqa: FBT001
    way: Floats,
    lean: Floats,
    iterations: int,
    enough: float,
    shares: Floats,
    step: float,
) -> tuple[float, Floats, Floats, float, int]:
    n, width = sites.shape
    m = len(fixed)
    best = -np.inf
    held, now = start.copy(), start.copy()
    rho, best_rho = np.zeros(m), np.zeros(m)
    miss = np.zeros(n)
    chosen = np.zeros(m, np.bool_)
    quiet = 0
    done = 0
    while done < iterations and step > 1e-3:
        share = shares[min(done // EVERY, len(shares) - 1)]
        rho[:] = 0.0
        bound = 0.0
        for i in range(n):
            u = now[i]
            bound += u
            for k in range(width):
                gain = costs[i, k] - u
                if gain >= 0.0 or sites[i, k] < 0:
                    break
                rho[sites[i, k]] += gain
        bound += choose(rho, p, member, least, fixed, closed, chosen)
        _missed(sites, costs, now, chosen, miss)
        if done == 0 and anew:
            way[:] = miss
            lean[:] = chosen
        done += 1
        better = bound > best
        gained = bound - best > 1e-6 * abs(bound)
        agrees = 0.0
        if better:
            for i in range(n):
                agrees += miss[i] * way[i]
            best = bound
            held[:] = now
            best_rho[:] = rho
        step, quiet = turned(step, quiet, better, gained, agrees)
        if best >= enough:
            break
        length = forward(way, miss, share)
        for j in range(m):
            lean[j] += share * (chosen[j] - lean[j])
        if length < 1e-12:
            break
        move = step * max(known - best, 1e-9 * abs(known)) / length
        for i in range(n):
            now[i] = min(limit[i], max(0.0, held[i] + move * way[i]))
    return best, held, best_rho, step, done


@compiled()
def _missed(sites: Ints, costs: Floats, now: Floats, chosen: Flags, miss: Floats) -> None:
    """Write 1 less the number of chosen sites that serve each row at a gain."""
    for i in range(sites.shape[0]):
        left = 1.0
        for k in range(sites.shape[1]):
            if costs[i, k] >= now[i] or sites[i, k] < 0:
                break
            if chosen[sites[i, k]]:
                left -= 1.0
        miss[i] = left
