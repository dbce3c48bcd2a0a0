"""Pairs of places within a time of each other: searches that stop at the limit and keep only what they reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.streets.ends import UNREACHED

_Ints = npt.NDArray[np.int32]
_Longs = npt.NDArray[np.int64]
_Numbers = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Within:
    """The pairs of an origin and a destination within a limit, by origin; equality counts.

    Attributes
    ----------
    indptr : int64[o + 1], pairs of each origin
    destinations : int32[pairs], rising within an origin
    seconds : float64[pairs], walks at both kerbs counted
    """

    indptr: npt.NDArray[np.int64]
    destinations: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float64]


@compiled()
def search_within(
    indptr: _Numbers,
    heads: _Numbers,
    weights: _Ints,
    shift: int,
    seed_indptr: _Ints,
    seeds: _Numbers,
    seed_milliseconds: _Ints,
    target_indptr: _Longs,
    target: _Ints,
    target_milliseconds: _Ints,
    direct_indptr: _Longs,
    direct: _Ints,
    direct_milliseconds: _Ints,
    walk_before: npt.NDArray[np.float64],
    walk_after: npt.NDArray[np.float64],
    limit: float,
    first: int,
    last: int,
) -> tuple[_Longs, _Ints, npt.NDArray[np.float64]]:
    """Return counts, destinations and seconds of origins ``first .. last - 1``.

    ``target*`` lists for each node the destinations that are driven to from it, ``direct*`` for each origin those ahead
    on its own arc.
    """
    size = len(indptr) - 1
    distance = np.full(size, UNREACHED, np.int32)
    scanned = np.full(size, UNREACHED, np.int32)
    touched = np.empty(size, np.uint32)
    slots = (int(limit * 1000.0) >> shift) + 3
    bucket = np.zeros(slots, np.uint32)
    entry = np.empty(size + 2 * len(heads) + len(seeds) + 2, np.uint32)
    following = np.empty(len(entry), np.uint32)
    best = np.full(len(walk_after), UNREACHED, np.int32)
    hit = np.empty(len(walk_after), np.int32)
    counts = np.zeros(last - first, np.int64)
    found = np.empty(1024, np.int32)
    seconds = np.empty(1024, np.float64)
    total = 0
    for row in range(first, last):
        # A millisecond of room: what is kept is decided by the same sum in seconds as everywhere else.
        most = min(int((limit - walk_before[row]) * 1000.0) + 1, (slots - 1) << shift)
        begin, end = seed_indptr[row], seed_indptr[row + 1]
        marks = _search(
            indptr, heads, weights, shift, most, seeds[begin:end], seed_milliseconds[begin:end],
            distance, scanned, touched, bucket, entry, following,
        )  # fmt: skip
        hits = 0
        for e in range(direct_indptr[row], direct_indptr[row + 1]):
            if best[direct[e]] == UNREACHED:
                hit[hits] = direct[e]
                hits += 1
            best[direct[e]] = min(best[direct[e]], direct_milliseconds[e])
        for k in range(marks):
            node = touched[k]
            for e in range(target_indptr[node], target_indptr[node + np.uint32(1)]):
                if best[target[e]] == UNREACHED:
                    hit[hits] = target[e]
                    hits += 1
                best[target[e]] = min(best[target[e]], np.int32(distance[node] + target_milliseconds[e]))
            distance[node] = UNREACHED
            scanned[node] = UNREACHED
        reached = np.sort(hit[:hits])
        for place in reached:
            spent_seconds = best[place] / 1000.0 + (walk_before[row] + walk_after[place])
            best[place] = UNREACHED
            if spent_seconds <= limit:
                if total == len(found):
                    found = np.concatenate((found, np.empty(total, np.int32)))
                    seconds = np.concatenate((seconds, np.empty(total, np.float64)))
                found[total] = place
                seconds[total] = spent_seconds
                total += 1
                counts[row - first] += 1
    return counts, found[:total], seconds[:total]


@compiled()
def _search(
    indptr: _Numbers,
    heads: _Numbers,
    weights: _Ints,
    shift: int,
    most: int,
    seeds: _Numbers,
    seed_milliseconds: _Ints,
    distance: _Ints,
    scanned: _Ints,
    touched: _Numbers,
    bucket: _Numbers,
    entry: _Numbers,
    following: _Numbers,
) -> int:
    """Fill ``distance`` of the nodes within ``most`` milliseconds and list them in ``touched``; return how many.

    Buckets and lists are those of ``geo.streets.buckets``; ``distance`` and ``scanned`` are UNREACHED before.
    """
    marks, top, waiting, at = 0, np.uint32(1), 0, 0
    for e in range(len(seeds)):
        node, spent = seeds[e], seed_milliseconds[e]
        if spent <= most and spent < distance[node]:
            if distance[node] == UNREACHED:
                touched[marks] = node
                marks += 1
            distance[node] = spent
            entry[top], following[top] = node, bucket[spent >> shift]
            bucket[spent >> shift] = top
            top += np.uint32(1)
            waiting += 1
    while waiting > 0:
        link = bucket[at]
        if link == 0:
            at += 1
            continue
        bucket[at] = 0
        while link != 0:
            node = entry[link]
            link = following[link]
            waiting -= 1
            here = distance[node]
            if scanned[node] == here:
                continue
            scanned[node] = here
            if top + (indptr[node + np.uint32(1)] - indptr[node]) >= len(entry):
                top = _relist(shift, touched[:marks], distance, scanned, bucket, entry, following)
                waiting, link = int(top) - 1, np.uint32(0)
            for arc in range(indptr[node], indptr[node + np.uint32(1)]):
                head = heads[arc]
                there = np.int32(here + weights[arc])
                known = distance[head]
                if there < known and there <= most:
                    if known == UNREACHED:
                        touched[marks] = head
                        marks += 1
                    distance[head] = there
                    if scanned[head] == known or (known >> shift) != (there >> shift):
                        entry[top], following[top] = head, bucket[there >> shift]
                        bucket[there >> shift] = top
                        top += np.uint32(1)
                        waiting += 1
    return marks


@compiled()
def _relist(
    shift: int,
    nodes: _Numbers,
    distance: _Ints,
    scanned: _Ints,
    bucket: _Numbers,
    entry: _Numbers,
    following: _Numbers,
) -> np.uint32:
    """Drop stale entries by listing every waiting node once, where there is no room for more; return the new end."""
    bucket[:] = 0
    top = np.uint32(1)
    for node in nodes:
        if scanned[node] != distance[node]:
            slot = distance[node] >> shift
            entry[top], following[top] = node, bucket[slot]
            bucket[slot] = top
            top += np.uint32(1)
    return top
