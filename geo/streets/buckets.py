"""One search from one source: Dijkstra's with buckets, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.streets.ends import UNREACHED

_Ints = npt.NDArray[np.int32]
_Numbers = npt.NDArray[np.uint32]


@compiled()
def _seed(
    seeds: _Numbers,
    seed_milliseconds: _Ints,
    shift: int,
    mask: int,
    distance: _Ints,
    bucket: _Numbers,
    entry: _Numbers,
    following: _Numbers,
) -> tuple[int, int]:
    """List the seeds; return one past the last entry, and the first bucket."""
    top = 1
    at = UNREACHED
    for k in range(len(seeds)):
        node, spent = seeds[k], seed_milliseconds[k]
        if spent < distance[node]:
            distance[node] = spent
            at = min(at, int(spent >> shift))
            slot = np.uint32((spent >> shift) & mask)
            entry[top] = node
            following[top] = bucket[slot]
            bucket[slot] = top
            top += 1
    return top, at


@compiled()
def _relist(
    distance: _Ints,
    scanned: _Ints,
    shift: int,
    mask: int,
    bucket: _Numbers,
    entry: _Numbers,
    following: _Numbers,
) -> int:
    """Drop stale entries by listing every waiting node once, where there is no room for more; return the new end."""
    bucket[:] = 0
    top = 1
    for node in range(len(distance)):
        if scanned[node] != distance[node]:
            slot = np.uint32((distance[node] >> shift) & mask)
            entry[top] = node
            following[top] = bucket[slot]
            bucket[slot] = top
            top += 1
    return top


@compiled()
def bucket_search(
    indptr: _Numbers,
    heads: _Numbers,
    weights: _Ints,
    shift: int,
    seeds: _Numbers,
    seed_milliseconds: _Ints,
    wanted: npt.NDArray[np.uint8],
    distance: _Ints,
    scanned: _Ints,
    bucket: _Numbers,
    entry: _Numbers,
    following: _Numbers,
) -> None:
    """Fill ``distance``; stop once the ``wanted`` nodes are final, search everything where there is none.

    ``bucket`` heads singly linked lists of entries (``entry`` = node, ``following`` = next entry, 0 = none) and is all
    0 before and after. A node is waiting where ``scanned`` differs from ``distance``. Indices are unsigned, which
    spares numba the test for indices that count from the end: a quarter of the time.
    """
    mask = len(bucket) - 1
    wanted_count = 0
    for k in range(len(distance)):
        distance[k] = UNREACHED
        scanned[k] = UNREACHED
        wanted_count += wanted[k]
    top, at = _seed(seeds, seed_milliseconds, shift, mask, distance, bucket, entry, following)
    waiting = top - 1
    remaining = wanted_count
    while waiting > 0:
        link = bucket[at & mask]
        if link == 0:
            if wanted_count > 0 and remaining == 0:
                break
            at += 1
            continue
        bucket[at & mask] = 0
        while link != 0:
            node = entry[link]
            link = following[link]
            waiting -= 1
            here = distance[node]
            if scanned[node] == here:
                continue
            if wanted_count > 0 and wanted[node] and scanned[node] == UNREACHED:
                remaining -= 1
            scanned[node] = here
            begin, end = indptr[node], indptr[node + np.uint32(1)]
            if top + (end - begin) > len(entry):
                top = _relist(distance, scanned, shift, mask, bucket, entry, following)
                waiting = top - 1
                link = np.uint32(0)
            for arc in range(begin, end):
                head = heads[arc]
                there = np.int32(here + weights[arc])
                known = distance[head]
                if there < known:
                    distance[head] = there
                    if scanned[head] == known or (known >> shift) != (there >> shift):
                        slot = np.uint32((there >> shift) & mask)
                        entry[top] = head
                        following[top] = bucket[slot]
                        bucket[slot] = top
                        top += 1
                        waiting += 1
    if waiting > 0:
        bucket[:] = 0
