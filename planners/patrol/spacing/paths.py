"""Sets of points that units walk through within one window: how few walks there can be, and where a program has fewer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planners.patrol.problem import NO_WAY

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LARGEST = 80
"""Points of the largest set whose walks are counted by time; larger sets have one walk at least."""
_CLEAR = 0.02


def least_walks(legs: Floats, dwell: Floats, gap: float) -> int:
    """Return walks that are at least needed to begin each of some points within a window of ``gap`` seconds.

    The begins of ``r`` walks lie at most ``gap`` apart each, so that all dwell but the last of each and the ways fit ``r`` times
    the gap; ways of ``r`` walks are no shorter than a spanning forest of ``r`` trees.
    """
    n = len(dwell)
    ways = np.minimum(legs, legs.T)
    edges = _tree(ways)
    saved = np.cumsum(np.sort(dwell)[::-1])
    trees = np.concatenate([[0.0], np.cumsum(np.sort(edges))])
    for walks in range(1, n):
        if dwell.sum() - saved[walks - 1] + trees[n - walks] <= walks * gap:
            return walks
    return n


def _tree(ways: Floats) -> Floats:
    """Return the lengths of a minimum spanning tree."""
    n = len(ways)
    inside = np.zeros(n, np.bool_)
    inside[0] = True
    away = ways[0].copy()
    found = np.zeros(n - 1)
    for i in range(n - 1):
        away[inside] = np.inf
        new = int(away.argmin())
        found[i] = away[new]
        inside[new] = True
        away = np.minimum(away, ways[new])
    return found


class Clusters:
    """Sets of points of one gap that lie near each other, and the walks that each needs."""

    def __init__(self, legs: Floats, dwell: Floats, gap: Ints, *, exact: npt.NDArray[np.bool_]) -> None:
        """``exact`` says of which points each window has a visit; where a few may lack one, only one walk is counted."""
        self._legs, self._dwell, self._gap, self._exact = legs, dwell, gap, exact
        self._walks: dict[tuple[int, ...], int] = {}
        self._near = self._merged(-np.minimum(legs, legs.T), -float(NO_WAY))

    def crowded(self, share: Floats, known: list[tuple[int, ...]]) -> list[tuple[Ints, int]]:
        """Return sets and their walks inside which there are more moves than points less walks.

        ``share`` float64[n, n] are moves a window.
        """
        both = share + share.T
        have = set(known)
        found: list[tuple[float, Ints, int]] = []
        for held in {*self._near, *self._merged(both, 0.01)}:
            if held in have:
                continue
            members = np.array(held)
            inside = both[np.ix_(members, members)].sum() / 2
            if inside <= len(held) - self._most(len(held)) + 1e-6:
                continue
            walks = self._least(held)
            if inside > len(held) - walks + _CLEAR:
                found.append((inside - len(held) + walks, members, walks))
        found.sort(key=lambda item: -item[0])
        return [(members, walks) for _, members, walks in found[:200]]

    def _most(self, size: int) -> int:
        return size if size <= _LARGEST else 1

    def _least(self, held: tuple[int, ...]) -> int:
        if held not in self._walks:
            members = np.array(held)
            walks = 1
            if len(held) <= _LARGEST and self._exact[members].all():
                walks = least_walks(
                    self._legs[np.ix_(members, members)], self._dwell[members], float(self._gap[held[0]])
                )
            self._walks[held] = walks
        return self._walks[held]

    def _merged(self, weight: Floats, least: float) -> set[tuple[int, ...]]:
        """Return the sets that arise when points of one gap are joined by falling weight."""
        first, second = np.nonzero(np.triu((weight > least) & (self._gap[:, None] == self._gap[None, :]), 1))
        order = np.argsort(-weight[first, second], kind="stable")
        part = {i: frozenset([i]) for i in range(len(weight))}
        found: set[tuple[int, ...]] = set()
        for i, j in zip(first[order].tolist(), second[order].tolist(), strict=True):
            if part[i] is part[j]:
                continue
            joined = part[i] | part[j]
            for member in joined:
                part[member] = joined
            found.add(tuple(sorted(joined)))
        return found
