"""Where a number of units stand to cover most: greedy, then exchanges while they help; or proved by an integer program."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from planners.patrol.cover.problem import CoverProblem

_RESTARTS = 4
_NODES = 2000
"""Nodes of the branching after which the best set so far is not proved."""


def best_posts(
    cover: CoverProblem, demand: npt.NDArray[np.float64], posts: Iterable[int], units: int
) -> tuple[int, ...]:
    """Return the posts, one unit each, from which most demand float64[demand] is reached, rising.

    Greedy within 1 - 1/e of the best (Nemhauser, Wolsey and Fisher 1978), then single exchanges until none helps,
    from there and from a few random starts. With more units than posts,
    all posts.
    """
    places = list(posts)
    reach = cover.reach[cover.spot_of_place[places]]
    worth = reach * demand[None, :]
    count = min(units, len(places))
    chosen: list[int] = []
    times = np.zeros(reach.shape[1], np.int64)
    for _ in range(count):
        gain = (worth * (times == 0)).sum(axis=1)
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
        times += reach[chosen[-1]]
    rng = np.random.default_rng(1)
    starts = [chosen, *(rng.permutation(len(places))[:count].tolist() for _ in range(_RESTARTS))]
    found = [_exchanged(reach, worth, demand, start) for start in starts]
    best = max(found, key=lambda held: float((demand * reach[held].any(axis=0)).sum()))
    return tuple(sorted(places[i] for i in best))


def _exchanged(
    reach: npt.NDArray[np.bool_], worth: npt.NDArray[np.float64], demand: npt.NDArray[np.float64], start: list[int]
) -> list[int]:
    """Exchange one post for another while that helps."""
    chosen = list(start)
    times = reach[chosen].sum(axis=0)
    improved = len(chosen) < len(reach)
    while improved:
        improved = False
        for k, out in enumerate(chosen):
            left = times - reach[out]
            lost = float((demand * ((times > 0) & (left == 0))).sum())
            gain = (worth * (left == 0)).sum(axis=1)
            gain[chosen] = -1.0
            best = int(gain.argmax())
            if gain[best] > lost * (1 + 1e-9) + 1e-12:
                chosen[k], times, improved = best, left + reach[best], True
    return chosen


def proved_posts(
    cover: CoverProblem, demand: npt.NDArray[np.float64], posts: Iterable[int], units: int
) -> tuple[tuple[int, ...], float]:
    """Return the posts from which most demand float64[demand] is reached, rising, and a proved bound above what any set reaches.

    Maximal covering (Church and ReVelle 1974): ``max sum_d w_d y_d`` with ``y_d <= sum of x_p that reach d`` and ``sum_p x_p <= units``, x whole.
    """
    places = list(posts)
    reach = cover.reach[cover.spot_of_place[places]]
    found = best_posts(cover, demand, places, units)
    value = float((demand * cover.reach[cover.spot_of_place[list(found)]].any(axis=0)).sum())
    p, d = reach.shape
    rows = vstack(
        [hstack([csr_array(-reach.T.astype(np.float64)), eye_array(d)]), np.r_[np.ones(p), np.zeros(d)][None]]
    )
    answer = milp(
        np.r_[np.zeros(p), -demand], integrality=np.r_[np.ones(p), np.zeros(d)], bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows.tocsr(), ub=np.r_[np.zeros(d), float(units)]),
        options={"node_limit": _NODES, "mip_rel_gap": 0.0},
    )  # fmt: skip
    bound = float(demand.sum()) if answer.mip_dual_bound is None else -float(answer.mip_dual_bound)
    if answer.x is not None and -float(answer.fun) > value * (1 + 1e-9):
        found = tuple(sorted(places[i] for i in np.flatnonzero(answer.x[:p] > 0.5)))
        value = -float(answer.fun)
    return found, max(bound, value)
