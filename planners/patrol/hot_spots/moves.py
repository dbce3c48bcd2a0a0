"""Moves within and between tours that shorten them: compiled, first improvement.

A tour is a row ``start, places..., end`` of ``ways``; ``sizes`` counts its places.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
TINY = 1e-9
_CHAIN = 3


@compiled()
def length(way: Ints, size: int, legs: Floats) -> float:
    """Return the seconds of a tour."""
    total = 0.0
    for i in range(size + 1):
        total += legs[way[i], way[i + 1]]
    return total


@compiled()
def take(way: Ints, sizes: Ints, r: int, i: int) -> None:
    """Take the place at i out of tour r."""
    for k in range(i, sizes[r] + 1):
        way[k] = way[k + 1]
    sizes[r] -= 1


@compiled()
def put(way: Ints, sizes: Ints, r: int, i: int, place: int) -> None:
    """Put a place after the one at i of tour r."""
    for k in range(sizes[r] + 1, i, -1):
        way[k + 1] = way[k]
    way[i + 1] = place
    sizes[r] += 1


@compiled()
def shorten(way: Ints, size: int, legs: Floats) -> None:
    """Reverse parts of a tour (2-opt on lengths both ways) and move chains of up to three places while that shortens it."""
    while _reversed(way, size, legs) or _chained(way, size, legs):
        pass


@compiled()
def _reversed(way: Ints, size: int, legs: Floats) -> bool:
    changed = False
    for i in range(1, size):
        before = way[i - 1]
        forth, back = 0.0, 0.0
        for j in range(i + 1, size + 1):
            forth += legs[way[j - 1], way[j]]
            back += legs[way[j], way[j - 1]]
            now = legs[before, way[i]] + forth + legs[way[j], way[j + 1]]
            if legs[before, way[j]] + back + legs[way[i], way[j + 1]] < now - TINY:
                a, b = i, j
                while a < b:
                    way[a], way[b] = way[b], way[a]
                    a += 1
                    b -= 1
                forth, back = back, forth
                changed = True
    return changed


@compiled()
def _chained(way: Ints, size: int, legs: Floats) -> bool:
    changed = False
    for chain in range(1, min(_CHAIN, size - 1) + 1):
        for i in range(1, size - chain + 2):
            first, last = way[i], way[i + chain - 1]
            gain = legs[way[i - 1], first] + legs[last, way[i + chain]] - legs[way[i - 1], way[i + chain]]
            turned = 0.0
            for k in range(i, i + chain - 1):
                turned += legs[way[k + 1], way[k]] - legs[way[k], way[k + 1]]
            best, at, turn = gain - TINY, -1, False
            for j in range(size + 1):
                if i - 1 <= j < i + chain:
                    continue
                x, y = way[j], way[j + 1]
                cost = legs[x, first] + legs[last, y] - legs[x, y]
                if cost < best:
                    best, at, turn = cost, j, False
                if chain > 1:
                    cost = legs[x, last] + legs[first, y] - legs[x, y] + turned
                    if cost < best:
                        best, at, turn = cost, j, True
            if at < 0:
                continue
            if turn:
                way[i : i + chain] = way[i : i + chain][::-1].copy()
            _carry(way, i, chain, at)
            changed = True
    return changed


@compiled()
def _carry(way: Ints, i: int, chain: int, at: int) -> None:
    """Move the chain from i to behind the place at ``at``."""
    held = way[i : i + chain].copy()
    if at < i:
        for k in range(i - 1, at, -1):
            way[k + chain] = way[k]
        at += 1
    else:
        for k in range(i + chain, at + 1):
            way[k - chain] = way[k]
        at += 1 - chain
    way[at : at + chain] = held


@compiled()
def relocate(ways: Ints, sizes: Ints, lengths: Floats, legs: Floats, limit: float) -> bool:
    """Move single places to other tours where that shortens the whole."""
    changed = False
    for r in range(len(sizes)):
        i = 1
        while i <= sizes[r]:
            place = ways[r, i]
            gain = legs[ways[r, i - 1], place] + legs[place, ways[r, i + 1]] - legs[ways[r, i - 1], ways[r, i + 1]]
            best, to, at = gain - TINY, -1, -1
            for s in range(len(sizes)):
                if s == r:
                    continue
                room = limit - lengths[s]
                for j in range(sizes[s] + 1):
                    x, y = ways[s, j], ways[s, j + 1]
                    cost = legs[x, place] + legs[place, y] - legs[x, y]
                    if cost < best and cost <= room:
                        best, to, at = cost, s, j
            if to < 0:
                i += 1
                continue
            take(ways[r], sizes, r, i)
            lengths[r] -= gain
            put(ways[to], sizes, to, at, place)
            lengths[to] += best
            changed = True
    return changed


@compiled()
def swap(ways: Ints, sizes: Ints, lengths: Floats, legs: Floats, limit: float) -> bool:
    """Swap places of two tours where that shortens the whole."""
    changed = False
    for r in range(len(sizes)):
        for s in range(r + 1, len(sizes)):
            for i in range(1, sizes[r] + 1):
                a, one, b = ways[r, i - 1], ways[r, i], ways[r, i + 1]
                freed = legs[a, one] + legs[one, b]
                for j in range(1, sizes[s] + 1):
                    x, other, y = ways[s, j - 1], ways[s, j], ways[s, j + 1]
                    here = legs[a, other] + legs[other, b] - freed
                    there = legs[x, one] + legs[one, y] - legs[x, other] - legs[other, y]
                    if here + there < -TINY and lengths[r] + here <= limit and lengths[s] + there <= limit:
                        ways[r, i], ways[s, j] = other, one
                        lengths[r] += here
                        lengths[s] += there
                        changed = True
                        one = other
                        freed = legs[a, one] + legs[one, b]
    return changed


@compiled()
def cross(ways: Ints, sizes: Ints, lengths: Floats, legs: Floats, limit: float, spare: Ints) -> bool:
    """Exchange the ends of two tours where that shortens the whole (2-opt*)."""
    changed = False
    for r in range(len(sizes)):
        for s in range(r + 1, len(sizes)):
            i, ahead = 0, 0.0
            while i <= sizes[r]:
                best, at, one, other = lengths[r] + lengths[s] - TINY, -1, 0.0, 0.0
                behind = 0.0
                for j in range(sizes[s] + 1):
                    here = (
                        ahead
                        + legs[ways[r, i], ways[s, j + 1]]
                        + lengths[s]
                        - behind
                        - legs[ways[s, j], ways[s, j + 1]]
                    )
                    there = (
                        behind
                        + legs[ways[s, j], ways[r, i + 1]]
                        + lengths[r]
                        - ahead
                        - legs[ways[r, i], ways[r, i + 1]]
                    )
                    if here + there < best and here <= limit and there <= limit:
                        best, at, one, other = here + there, j, here, there
                    behind += legs[ways[s, j], ways[s, j + 1]]
                if at >= 0:
                    left, right = sizes[r] + 1 - i, sizes[s] + 1 - at
                    spare[:left] = ways[r, i + 1 : i + 1 + left]
                    ways[r, i + 1 : i + 1 + right] = ways[s, at + 1 : at + 1 + right]
                    ways[s, at + 1 : at + 1 + left] = spare[:left]
                    sizes[r], sizes[s] = i + right - 1, at + left - 1
                    lengths[r], lengths[s] = one, other
                    changed = True
                ahead += legs[ways[r, i], ways[r, i + 1]]
                i += 1
    return changed
