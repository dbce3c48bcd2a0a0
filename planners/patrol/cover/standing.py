"""Where a number of units stand to cover most: greedy, then exchanges while they help."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from planners.patrol.cover.problem import CoverProblem

_RESTARTS = 4


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
