"""Contiguous parts of about equal weight."""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.synthetic.borders import Borders
from geo.synthetic.shares import totals

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

EVENNESS: Final = 3.0
"""How much equal weight counts against round shape."""


def contiguous_parts(*, borders: Borders, weight: Float, xy: Float, parts: int, passes: int = 30) -> Int:
    """Divide areas into contiguous ``parts`` of about equal weight: grown from seeds, then evened at their edges.

    Areas that touch no other join the nearest part and are the only ones that may lie apart from it.

    Parameters
    ----------
    borders
        Which areas touch.
    weight, xy : float64[n], float64[n, 2]
        Weight and centre (any metric unit) of each area.

    Returns
    -------
    int64[n]
        Part of each area, 0 to ``parts - 1``, numbered from north to south.
    """
    count = len(weight)
    parts = max(1, min(parts, count))
    near = [sorted(row) for row in borders.neighbours(count)]
    part = _grow(near, weight, xy, _seeds(xy, weight, parts))
    _even(near, weight, xy, part, parts, passes)
    return _north_to_south(part, xy, parts)


def _seeds(xy: Float, weight: Float, parts: int) -> Int:
    """Spread seeds: the first at the middle, each next where weight and distance are large."""
    middle = np.average(xy, axis=0, weights=np.maximum(weight, 1e-9))
    far = np.hypot(*(xy - middle).T)
    chosen = [int(far.argmin())]
    gap = np.hypot(*(xy - xy[chosen[0]]).T)
    while len(chosen) < parts:
        score = gap * np.sqrt(np.maximum(weight, 1e-9))
        score[chosen] = -1.0
        chosen.append(int(score.argmax()))
        gap = np.minimum(gap, np.hypot(*(xy - xy[chosen[-1]]).T))
    return np.array(chosen, dtype=np.int64)


def _grow(near: list[list[int]], weight: Float, xy: Float, seeds: Int) -> Int:
    """Let the lightest part take its nearest free neighbour, until nothing free can be reached."""
    part = np.full(len(weight), -1, dtype=np.int64)
    part[seeds] = np.arange(len(seeds))
    total = weight[seeds].astype(float)
    fringe: list[list[tuple[float, int]]] = [[] for _ in seeds]

    def push(area: int, owner: int) -> None:
        for other in near[area]:
            if part[other] < 0:
                heapq.heappush(fringe[owner], (float(np.hypot(*(xy[other] - xy[seeds[owner]]))), other))

    for owner, area in enumerate(seeds.tolist()):
        push(area, owner)
    queue = [(float(total[owner]), owner) for owner in range(len(seeds))]
    heapq.heapify(queue)
    while queue:
        _, owner = heapq.heappop(queue)
        while fringe[owner] and part[fringe[owner][0][1]] >= 0:
            heapq.heappop(fringe[owner])
        if not fringe[owner]:
            continue
        _, area = heapq.heappop(fringe[owner])
        part[area] = owner
        total[owner] += weight[area]
        push(area, owner)
        heapq.heappush(queue, (float(total[owner]), owner))
    for area in np.flatnonzero(part < 0).tolist():
        taken = np.flatnonzero(part >= 0)
        part[area] = part[taken[np.hypot(*(xy[taken] - xy[area]).T).argmin()]]
    return part


def _even(near: list[list[int]], weight: Float, xy: Float, part: Int, parts: int, passes: int) -> None:
    """Move edge areas where it makes the parts more equal or rounder and the giver stays in one piece; changes ``part``.

    A local search on the sum over parts of ``EVENNESS (T / mean - 1)**2`` plus the squared distances of the areas from the
    centre of their part, in units of their mean; centres are renewed after every pass.
    """
    total = totals(part, weight, parts)
    mean = max(float(total.mean()), 1e-9)
    # An area without people still counts for the shape.
    mass = np.maximum(weight, 0.25 * float(weight.mean())) + 1e-9
    scale = 0.0
    for _ in range(passes):
        held = totals(part, mass, parts)
        centre = np.stack([totals(part, mass * xy[:, k], parts) / np.maximum(held, 1e-9) for k in (0, 1)], axis=1)
        scale = scale or max(float(np.average(((xy - centre[part]) ** 2).sum(axis=1), weights=mass)), 1e-9)
        far = ((xy[:, None, :] - centre[None, :, :]) ** 2).sum(axis=2) * (mass / mass.sum() * parts / scale)[:, None]
        moved = 0
        for area in np.argsort(-far[np.arange(len(part)), part], kind="stable").tolist():
            home = int(part[area])
            best, gain = -1, 1e-6
            for other in sorted({int(part[k]) for k in near[area]} - {home}):
                share = weight[area] / mean
                tilt = (total[home] - total[other]) / mean - share
                better = 2 * EVENNESS * share * tilt + far[area, home] - far[area, other]
                if better > gain:
                    best, gain = other, better
            if best >= 0 and stays_whole(near, part, area):
                part[area] = best
                total[home] -= weight[area]
                total[best] += weight[area]
                moved += 1
        if not moved:
            return


def stays_whole(near: list[list[int]], part: Int, area: int) -> bool:
    """Whether the part of ``area`` remains connected without it."""
    home = part[area]
    members = [other for other in near[area] if part[other] == home]
    if not members:
        return False
    seen, stack, missing = {area, members[0]}, [members[0]], set(members[1:])
    while stack and missing:
        for other in near[stack.pop()]:
            if other not in seen and part[other] == home:
                seen.add(other)
                missing.discard(other)
                stack.append(other)
    return not missing


def _north_to_south(part: Int, xy: Float, parts: int) -> Int:
    size = np.maximum(np.bincount(part, minlength=parts), 1)
    north = np.bincount(part, weights=xy[:, 1], minlength=parts) / size
    rank = np.empty(parts, dtype=np.int64)
    rank[np.argsort(-north, kind="stable")] = np.arange(parts)
    return rank[part]
