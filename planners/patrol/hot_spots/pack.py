"""The best disjoint tours of all that were seen: a set packing by depth-first search."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


@compiled()
def best_disjoint(words: Words, worth: Floats, units: int, least: float, steps: int) -> Ints:
    """Return the rows of at most ``units`` disjoint tours that are worth more than ``least`` together, -1 where none.

    Tours are tried by falling worth; a branch ends where as many of the next tour's worth as may still come cannot
    beat the best. After ``steps`` the best so far is returned.

    Parameters
    ----------
    words
        uint64[tours, k], the places of each tour as bits.
    worth
        float64[tours].
    """
    order = np.argsort(-worth)
    total, width = words.shape
    found = np.full(units, -1)
    best = least
    at = np.zeros(units, np.int64)
    chosen = np.full(units, -1)
    used = np.zeros((units + 1, width), np.uint64)
    sums = np.zeros(units + 1)
    depth = 0
    for _ in range(steps):
        if depth < 0:
            break
        row = order[at[depth]] if at[depth] < total else -1
        if row < 0 or sums[depth] + worth[row] * (units - depth) <= best:
            depth -= 1
            if depth >= 0:
                at[depth] += 1
            continue
        free = True
        for k in range(width):
            if words[row, k] & used[depth, k]:
                free = False
                break
        if not free:
            at[depth] += 1
            continue
        chosen[depth] = row
        now = sums[depth] + worth[row]
        if now > best:
            best = now
            for k in range(units):
                found[k] = chosen[k] if k <= depth else -1
        if depth == units - 1:
            at[depth] += 1
            continue
        for k in range(width):
            used[depth + 1, k] = used[depth, k] | words[row, k]
        sums[depth + 1] = now
        at[depth + 1] = at[depth] + 1
        depth += 1
    return found
