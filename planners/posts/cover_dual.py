"""Upper bounds on covered weight by Lagrangian relaxation, climbed by the volume algorithm.

Relax ``sum_k z_ik <= sum_j a_ij x_j`` (``z_ik``: demand point ``i`` is covered a ``k``-th time, worth ``w_i v_k``,
``v_1 >= v_2 >= ...``) with multipliers ``u_i >= 0``. What is left is solved by inspection: a site is worth
``r_j = sum_i a_ij u_i``, the fixed sites and the dearest others make ``p``, and

    ``L(u) = sum_i sum_k max(0, w_i v_k - u_i) + sum of the chosen r_j``

is an upper bound for every ``u``; at its least it equals the bound of the linear relaxation. Here everything is a cost
to be kept small: ``-L``. Where the worth of a further cover does not fall, its concave hull is taken, which is no less.

Galvao, R. and ReVelle, C. (1996). A Lagrangean heuristic for the maximal covering location problem. European Journal of
Operational Research 88, 114-123. Barahona, F. and Anbil, R. (2000). The volume algorithm. Mathematical Programming 87,
385-399.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.posts.neighbours import Flags, Floats
from planners.posts.quota import Quota, choose
from planners.posts.reduce import Indices, Reduced, Starts
from planners.posts.volume import EVERY, Climb, Relaxed, turned


class CoverDual:
    """The relaxation of one covering problem; ``worth`` float64[k] is what each further cover adds to a weight of 1."""

    def __init__(self, reduced: Reduced, p: int, worth: Floats, quota: Quota) -> None:
        self._reduced = reduced
        self._p = p
        self._quota = quota
        self._slopes = concave_slopes(worth)

    def first_multipliers(self) -> Floats:
        """Return the weight shared among the sites that would be open around each demand point."""
        reduced = self._reduced
        around = np.diff(reduced.row_starts) * (self._p / max(len(reduced.sites), 1))
        first: Floats = reduced.weights * self._slopes[0] / np.maximum(1.0, around)
        return first

    def climb(
        self, start: npt.NDArray[np.floating], climb: Climb, *, fixed: Flags, closed: Flags, best: float
    ) -> Relaxed:
        """Climb from ``start`` until the bound, a cost, reaches ``climb.enough`` or the iterations end."""
        reduced, after = self._reduced, climb.after
        way = np.zeros(len(start)) if after is None else after.way.copy()
        lean = np.zeros(len(reduced.sites)) if after is None else after.lean.copy()
        bound, multipliers, costs, step, done = _climb(
            reduced.site_starts, reduced.site_rows, reduced.weights, self._slopes, self._p,
            self._quota.member, self._quota.least, fixed, closed, best,
            np.minimum(start.astype(np.float64), reduced.weights * self._slopes[0]), after is None, way, lean,
            climb.iterations, climb.enough, climb.shares, climb.step,
        )  # fmt: skip
        return Relaxed(
            bound=bound, multipliers=multipliers, reduced=costs, lean=lean, way=way, step=step, iterations=done
        )


def concave_slopes(worth: Floats) -> Floats:
    """Return the steps of the least concave function that is never below the summed ``worth``."""
    slopes: list[float] = []
    sizes: list[int] = []
    for value in np.asarray(worth, np.float64).tolist():
        slopes.append(value)
        sizes.append(1)
        while len(slopes) > 1 and slopes[-2] < slopes[-1]:
            size = sizes[-2] + sizes[-1]
            slopes[-2:] = [(slopes[-2] * sizes[-2] + slopes[-1] * sizes[-1]) / size]
            sizes[-2:] = [size]
    return np.repeat(np.array(slopes), sizes)


@compiled(fastmath=True)
def _summed(starts: Starts, rows: Indices, values: Floats, closed: Flags, out: Floats) -> None:
    """Write minus the sum of the values of each open or free site's rows."""
    for j in range(len(out)):
        total = 0.0
        if not closed[j]:
            for e in range(starts[j], starts[j + 1]):
                total += values[rows[e]]
        out[j] = -total


@compiled()
def _climb(
    starts: Starts,
    rows: Indices,
    weights: Floats,
    slopes: Floats,
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
    n, m = len(weights), len(fixed)
    best = -np.inf
    held, now = start.copy(), start.copy()
    rho, best_rho = np.zeros(m), np.zeros(m)
    miss = np.zeros(n)
    chosen = np.zeros(m, np.bool_)
    quiet, done = 0, 0
    while done < iterations and step > 1e-3:
        share = shares[min(done // EVERY, len(shares) - 1)]
        _summed(starts, rows, now, closed, rho)
        bound = choose(rho, p, member, least, fixed, closed, chosen)
        bound -= _spared(starts, rows, weights, slopes, now, chosen, miss)
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
        length = 0.0
        for i in range(n):
            way[i] += share * (miss[i] - way[i])
            if (held[i] > 0.0 or way[i] > 0.0) and (held[i] < weights[i] * slopes[0] or way[i] < 0.0):
                length += way[i] * way[i]
        for j in range(m):
            lean[j] += share * (chosen[j] - lean[j])
        if length < 1e-12:
            break
        move = step * max(known - best, 1e-9 * abs(known)) / length
        for i in range(n):
            now[i] = min(weights[i] * slopes[0], max(0.0, held[i] + move * way[i]))
    return best, held, best_rho, step, done


@compiled()
def _spared(
    starts: Starts, rows: Indices, weights: Floats, slopes: Floats, now: Floats, chosen: Flags, miss: Floats
) -> float:
    """Return what covers are worth above their multipliers; write how many are taken less how many are chosen."""
    miss[:] = 0.0
    for j in range(len(chosen)):
        if chosen[j]:
            for e in range(starts[j], starts[j + 1]):
                miss[rows[e]] -= 1.0
    total = 0.0
    for i in range(len(weights)):
        low, high = 0, 0
        for k in range(len(slopes)):
            spare = weights[i] * slopes[k] - now[i]
            if spare < 0.0:
                break
            if spare > 0.0:
                total += spare
                low += 1
            high += 1
        miss[i] += min(max(-miss[i], float(low)), float(high))
    return total
