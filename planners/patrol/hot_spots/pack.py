"""The best disjoint tours of all that were seen: a set packing by depth-first search."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]


@compiled()
def _apart(words: Words, one: int, rows: Ints, into: Ints) -> int:
    """Put those of ``rows`` that share no place with the tour ``one`` into a list, and return how many they are."""
    count = 0
    for row in rows:
        shared = np.uint64(0)
        for k in range(words.shape[1]):
            shared |= words[one, k] & words[row, k]
        if shared == 0:
            into[count] = row
            count += 1
    return count


@compiled()
def best_disjoint(words: Words, worth: Floats, fresh: Flags, units: int, least: float, steps: int) -> Ints:
    """Return the rows of at most ``units`` disjoint tours that are worth more than ``least`` together, -1 where none.

    One of them at least is ``fresh``: the others were looked at before. Tours are tried by falling worth; a branch ends where
    the next tours that are apart from all chosen cannot beat the best. After ``steps`` the best so far is returned.

    Parameters
    ----------
    words
        uint64[tours, k], the places of each tour as bits.
    worth
        float64[tours].
    """
    order = np.argsort(-worth)
    total = len(order)
    found = np.full(units, -1)
    chosen = np.full(units, -1)
    best = least
    lists = np.empty((units + 1, total), np.int64)
    sizes, at = np.zeros(units + 1, np.int64), np.zeros(units + 1, np.int64)
    sums = np.zeros(units + 1)
    for first in range(total):
        if worth[order[first]] + worth[order[0]] * (units - 1) <= best:
            break
        if not fresh[order[first]]:
            continue
        # The first is any fresh tour, with those that are no fresh tour of more worth.
        chosen[0] = order[first]
        sums[1] = worth[order[first]]
        if sums[1] > best:
            best = sums[1]
            found[:] = -1
            found[0] = chosen[0]
        later = order[(np.arange(total) > first) | ~fresh[order]]
        sizes[1], at[1] = _apart(words, chosen[0], later, lists[1]), 0
        steps -= total
        depth = 1
        while depth > 0:
            left, i = units - depth, at[depth]
            hope = sums[depth]
            for k in range(i, min(i + left, sizes[depth])):
                hope += worth[lists[depth, k]]
            if hope <= best or left == 0:
                depth -= 1
                continue
            row = lists[depth, i]
            at[depth] += 1
            chosen[depth] = row
            depth += 1
            sums[depth] = sums[depth - 1] + worth[row]
            if sums[depth] > best:
                best = sums[depth]
                for k in range(units):
                    found[k] = chosen[k] if k < depth else -1
            sizes[depth] = at[depth] = 0
            if depth < units:
                sizes[depth] = _apart(words, row, lists[depth - 1, i + 1 : sizes[depth - 1]], lists[depth])
                steps -= sizes[depth - 1] - i
            if steps < 0:
                return found
    return found
